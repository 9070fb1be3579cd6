//! SIP over UDP. A datagram is answered from the address that it came to, also on a machine that has
//! many (RFC 3581 §4), and an ICMP error is told to whom it concerns (RFC 3261 §18.4).

use mio::event::Source;
use mio::{Interest, Registry, Token};
use nix::cmsg_space;
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrIn, SockaddrIn6, SockaddrLike,
    SockaddrStorage, recvmsg, sendmsg,
};
use sip::flow::Flow;
use std::io::{IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

/// One listening socket for datagrams.
#[derive(Debug)]
pub(crate) struct Udp {
    socket: mio::net::UdpSocket,
    local: SocketAddr,
    control: Vec<u8>,
}

/// Why a datagram did not leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsent {
    /// The network has no way there, or nobody listens.
    Unreachable,
    /// The socket's buffer is full: lost, as datagrams may be.
    Full,
}

impl Udp {
    /// Takes over a bound socket.
    pub(crate) fn new(socket: std::net::UdpSocket) -> std::io::Result<Self> {
        let local = socket.local_addr()?;
        let control = cmsg_space!(libc::in6_pktinfo, libc::sock_extended_err, libc::sockaddr_in6);
        Ok(Self { socket: mio::net::UdpSocket::from_std(socket), local, control })
    }

    /// Where it is bound; the address may be unspecified.
    pub(crate) fn local(&self) -> SocketAddr {
        self.local
    }

    /// For another poll.
    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Wakes the poll when datagrams come.
    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> std::io::Result<()> {
        self.socket.register(registry, token, Interest::READABLE)
    }

    /// The next datagram: its flow and how long it is. `None` when there is none.
    pub(crate) fn receive(&mut self, buffer: &mut [u8]) -> Option<(Flow, usize)> {
        // An error of an earlier datagram is reported once and then gone; the next call succeeds.
        for _ in 0..RETRIES {
            let received = if self.local.is_ipv4() {
                self.receive_as::<SockaddrIn>(buffer, MsgFlags::empty())
            } else {
                self.receive_as::<SockaddrIn6>(buffer, MsgFlags::empty())
            };
            match received {
                Ok(Received { remote: Some(remote), local, length, .. }) => {
                    return Some((Flow::udp(local, remote), length));
                }
                Ok(_) | Err(Errno::EAGAIN) => return None,
                Err(_) => {}
            }
        }
        None
    }

    /// The next flow that an ICMP message said leads nowhere.
    pub(crate) fn unreachable(&mut self) -> Option<Flow> {
        for _ in 0..RETRIES {
            let received = if self.local.is_ipv4() {
                self.receive_as::<SockaddrIn>(&mut [], MsgFlags::MSG_ERRQUEUE)
            } else {
                self.receive_as::<SockaddrIn6>(&mut [], MsgFlags::MSG_ERRQUEUE)
            };
            match received {
                // "Too long for the path" is for the system to note, and no end of the way.
                Ok(Received { error: Some(libc::EMSGSIZE), .. }) => {}
                Ok(Received { remote: Some(remote), local, error: Some(_), .. }) => {
                    return Some(Flow::udp(local, remote));
                }
                Ok(_) => {}
                Err(_) => return None,
            }
        }
        None
    }

    /// Sends a datagram from `local`, which this socket serves.
    pub(crate) fn send(&self, flow: &Flow, bytes: &[u8]) -> Result<(), Unsent> {
        let remote = SockaddrStorage::from(flow.remote);
        let data = [IoSlice::new(bytes)];
        let chosen = self.local.ip().is_unspecified() && !flow.local.ip().is_unspecified();
        let v4;
        let v6;
        let from = match flow.local.ip() {
            IpAddr::V4(address) if chosen => {
                v4 = from_v4(address);
                Some(ControlMessage::Ipv4PacketInfo(&v4))
            }
            IpAddr::V6(address) if chosen => {
                v6 = from_v6(address, &flow.remote);
                Some(ControlMessage::Ipv6PacketInfo(&v6))
            }
            IpAddr::V4(_) | IpAddr::V6(_) => None,
        };
        for _ in 0..RETRIES {
            let flags = MsgFlags::MSG_DONTWAIT;
            match sendmsg(self.socket.as_raw_fd(), &data, from.as_slice(), flags, Some(&remote)) {
                Ok(_) => return Ok(()),
                Err(Errno::EAGAIN | Errno::ENOBUFS) => return Err(Unsent::Full),
                // May be the error of an earlier datagram, which is reported once and then gone.
                Err(Errno::ECONNREFUSED | Errno::EHOSTUNREACH | Errno::EINTR) => {}
                Err(_) => return Err(Unsent::Unreachable),
            }
        }
        Err(Unsent::Unreachable)
    }

    fn receive_as<A: SockaddrLike + ToStd>(
        &mut self,
        buffer: &mut [u8],
        flags: MsgFlags,
    ) -> Result<Received, Errno> {
        let mut data = [IoSliceMut::new(buffer)];
        let flags = flags | MsgFlags::MSG_DONTWAIT;
        let fd = self.socket.as_raw_fd();
        let message = recvmsg::<A>(fd, &mut data, Some(&mut self.control), flags)?;
        let (mut local, mut error) = (self.local, None);
        for control in message.cmsgs()? {
            match control {
                ControlMessageOwned::Ipv4PacketInfo(info) => {
                    local.set_ip(v4_local(&info).into());
                }
                ControlMessageOwned::Ipv6PacketInfo(info) => {
                    local = v6_local(&info, self.local.port());
                }
                ControlMessageOwned::Ipv4RecvErr(reason, _)
                | ControlMessageOwned::Ipv6RecvErr(reason, _) => {
                    error = i32::try_from(reason.ee_errno).ok();
                }
                _ => {}
            }
        }
        let remote = message.address.as_ref().and_then(ToStd::to_std);
        Ok(Received { remote, local, length: message.bytes, error })
    }
}

/// What one system call brought.
struct Received {
    remote: Option<SocketAddr>,
    local: SocketAddr,
    length: usize,
    error: Option<i32>,
}

/// Addresses of the system as those of the standard library.
trait ToStd {
    fn to_std(&self) -> Option<SocketAddr>;
}

impl ToStd for SockaddrIn {
    fn to_std(&self) -> Option<SocketAddr> {
        Some(SocketAddrV4::new(self.ip(), self.port()).into())
    }
}

impl ToStd for SockaddrIn6 {
    fn to_std(&self) -> Option<SocketAddr> {
        // The flow label is the sender's affair and would make two flows of one.
        Some(SocketAddrV6::new(self.ip(), self.port(), 0, self.scope_id()).into())
    }
}

/// The address of ours that a datagram came to; a broadcast came to none, but there is one to answer
/// from. For an ICMP message the system gives only where it was sent to. The C library's addresses
/// are in network order, whatever the machine's is.
fn v4_local(info: &libc::in_pktinfo) -> Ipv4Addr {
    let [answer_from, sent_to] = [info.ipi_spec_dst, info.ipi_addr]
        .map(|address| Ipv4Addr::from(address.s_addr.to_ne_bytes()));
    if answer_from.is_unspecified() { sent_to } else { answer_from }
}

fn from_v4(address: Ipv4Addr) -> libc::in_pktinfo {
    libc::in_pktinfo {
        ipi_ifindex: 0,
        ipi_spec_dst: libc::in_addr { s_addr: u32::from_ne_bytes(address.octets()) },
        ipi_addr: libc::in_addr { s_addr: 0 },
    }
}

fn from_v6(address: Ipv6Addr, remote: &SocketAddr) -> libc::in6_pktinfo {
    let scope = match remote {
        SocketAddr::V6(remote) => remote.scope_id(),
        SocketAddr::V4(_) => 0,
    };
    libc::in6_pktinfo {
        ipi6_addr: libc::in6_addr { s6_addr: address.octets() },
        ipi6_ifindex: scope,
    }
}

/// A link-local address means something on its interface only (RFC 4007 §11.2).
fn v6_local(info: &libc::in6_pktinfo, port: u16) -> SocketAddr {
    let address = Ipv6Addr::from(info.ipi6_addr.s6_addr);
    let scope = if address.is_unicast_link_local() { info.ipi6_ifindex } else { 0 };
    SocketAddrV6::new(address, port, 0, scope).into()
}

/// Errors of earlier datagrams that are stepped over before giving up.
const RETRIES: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::Bound;
    use crate::options::Listen;
    use std::time::Duration;

    fn port(address: &str) -> Udp {
        let listen = Listen { addresses: vec![address.parse().unwrap()], asked: true };
        let mut bound = Bound::streams_and_datagrams("--sip", &listen).unwrap();
        Udp::new(bound.udp.remove(0)).unwrap()
    }

    fn phone(address: &str) -> std::net::UdpSocket {
        let socket = std::net::UdpSocket::bind(address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        socket
    }

    fn wait(mut take: impl FnMut() -> Option<(Flow, usize)>) -> (Flow, usize) {
        for _ in 0..200 {
            if let Some(found) = take() {
                return found;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("nothing came");
    }

    #[test]
    fn a_datagram_is_answered_from_the_address_that_it_came_to() {
        let mut port = port("0.0.0.0:0");
        let phone = phone("127.0.0.1:0");
        let asked = SocketAddr::new("127.0.0.7".parse().unwrap(), port.local().port());
        phone.send_to(b"hello", asked).unwrap();
        let mut buffer = [0; 100];
        let (flow, length) = wait(|| port.receive(&mut buffer));
        assert_eq!((&buffer[..length], flow.local), (&b"hello"[..], asked));
        assert_eq!(flow.remote, phone.local_addr().unwrap());
        port.send(&flow, b"world").unwrap();
        let (length, from) = phone.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..length], from), (&b"world"[..], asked));
    }

    #[test]
    fn ipv6_works_alike() {
        let mut port = port("[::]:0");
        let phone = phone("[::1]:0");
        let asked = SocketAddr::new("::1".parse().unwrap(), port.local().port());
        phone.send_to(b"hello", asked).unwrap();
        let mut buffer = [0; 100];
        let (flow, _) = wait(|| port.receive(&mut buffer));
        assert_eq!(flow.local, asked);
        port.send(&flow, b"world").unwrap();
        assert_eq!(phone.recv_from(&mut buffer).unwrap().1, asked);
    }

    #[test]
    fn a_phone_that_went_away_is_reported_and_harms_nobody_else() {
        let mut port = port("0.0.0.0:0");
        let local = SocketAddr::new("127.0.0.1".parse().unwrap(), port.local().port());
        let gone = phone("127.0.0.1:0").local_addr().unwrap();
        let flow = Flow::udp(local, gone);
        port.send(&flow, b"anybody there?").unwrap();
        let (reported, _) = wait(|| port.unreachable().map(|flow| (flow, 0)));
        assert_eq!(reported, flow);
        let other = phone("127.0.0.1:0");
        port.send(&flow, b"again").unwrap();
        std::thread::sleep(Duration::from_millis(20));
        port.send(&Flow::udp(local, other.local_addr().unwrap()), b"you").unwrap();
        assert_eq!(other.recv(&mut [0; 10]).unwrap(), 3);
    }
}
