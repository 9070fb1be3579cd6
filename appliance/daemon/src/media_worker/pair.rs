//! Two bound sockets: RTP on an even port, RTCP on the next (RFC 3550 §11).

use rustix::fd::AsFd;
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with, sockopt};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

/// A bound pair.
#[derive(Debug)]
pub(super) struct Pair {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    dscp: u8,
    pub(super) lent: bool,
}

/// Why a pair could not be bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotBound {
    /// Somebody else has one of its ports.
    Taken,
    /// The system has no descriptors or no memory left.
    NoRoom,
}

impl Pair {
    /// `port`: the even one.
    pub(super) fn bind(address: IpAddr, port: u16) -> Result<Self, NotBound> {
        let rtp = open(address, port)?;
        let rtcp = open(address, port | 1)?;
        Ok(Self { rtp, rtcp, dscp: 0, lent: false })
    }

    #[inline]
    pub(super) fn socket(&self, rtcp: bool) -> &UdpSocket {
        if rtcp { &self.rtcp } else { &self.rtp }
    }

    /// Marks what leaves (RFC 2474). A network that refuses marks still carries packets.
    pub(super) fn mark(&mut self, dscp: u8) {
        if self.dscp == dscp {
            return;
        }
        self.dscp = dscp;
        for socket in [&self.rtp, &self.rtcp] {
            let octet = dscp << 2;
            let _ = match socket.local_addr() {
                Ok(SocketAddr::V6(_)) => sockopt::set_ipv6_tclass(socket, octet.into()),
                _ => sockopt::set_ip_tos(socket, octet),
            };
        }
    }
}

fn open(address: IpAddr, port: u16) -> Result<UdpSocket, NotBound> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(family, SocketType::DGRAM, flags, None).map_err(not_bound)?;
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, true).map_err(not_bound)?;
    }
    sockopt::set_socket_recv_buffer_size(socket.as_fd(), RECEIVE_BUFFER).map_err(not_bound)?;
    bind(&socket, &SocketAddr::new(address, port)).map_err(not_bound)?;
    Ok(UdpSocket::from(socket))
}

fn not_bound(error: Errno) -> NotBound {
    match error {
        Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM => NotBound::NoRoom,
        _ => NotBound::Taken,
    }
}

/// Makes room for so many descriptors for media and others beside, as far as the process may.
pub(super) fn make_room(descriptors: u64) {
    let wanted = descriptors + OTHER_FILES;
    raise_limit(wanted);
    widen_table(wanted);
}

fn raise_limit(wanted: u64) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= wanted) {
        return;
    }
    let raised =
        Rlimit { current: Some(wanted), maximum: maximum.map(|maximum| maximum.max(wanted)) };
    if setrlimit(Resource::Nofile, raised).is_err() {
        // Without the privilege the maximum is the end.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// Has the kernel make its table of descriptors as large as it will ever be. When it grows later,
/// whoever opens the next socket waits 5 to 16 ms until no other thread reads the old table, and that
/// would be the thread that relays packets.
fn widen_table(wanted: u64) {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(wanted);
    let last = wanted.min(limit).saturating_sub(1);
    if let (Ok(any), Ok(last)) = (UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)), i32::try_from(last)) {
        let _ = fcntl_dupfd_cloexec(&any, last);
    }
}

/// About 100 voice packets: a thread that is 2 s behind has other worries.
const RECEIVE_BUFFER: usize = 128 * 1024;
/// Connections, the database and the log.
const OTHER_FILES: u64 = 8_192;

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;

    #[test]
    fn what_leaves_is_marked() {
        let mut four = Pair::bind(Ipv4Addr::LOCALHOST.into(), 32_690).unwrap();
        four.mark(46);
        assert_eq!(sockopt::ip_tos(&four.rtp), Ok(46 << 2));
        let mut six = Pair::bind(Ipv6Addr::LOCALHOST.into(), 32_690).unwrap();
        six.mark(34);
        assert_eq!(sockopt::ipv6_tclass(&six.rtcp), Ok(34 << 2));
    }

    #[test]
    fn a_pair_is_taken_when_one_of_its_ports_is() {
        let other = UdpSocket::bind((Ipv4Addr::LOCALHOST, 32_693)).unwrap();
        let address = other.local_addr().unwrap().ip();
        assert_eq!(Pair::bind(address, 32_692).err(), Some(NotBound::Taken));
    }
}
