//! The one UDP port for the media of all browsers, at every media address, and the certificate that is
//! shown there.

use crate::media_worker::{Browsers, Door};
use crate::udp::Udp;
use aws_lc_rs::digest::{SHA256, digest};
use nix::sys::socket::{setsockopt, sockopt};
use rcgen::{CertificateParams, KeyPair};
use sip::flow::Flow;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::BorrowedFd;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Bound sockets and a certificate, before the media thread takes them.
pub(crate) struct Entrance {
    doors: Vec<Udp>,
    certificate: media::Certificate,
    port: u16,
    /// The way of the RSA certificate to where handshakes are done.
    rsa: (SyncSender<media::Certificate>, Receiver<media::Certificate>),
}

impl Entrance {
    /// Binds `port`, or one that the system chooses when somebody else has that.
    pub(crate) fn open(addresses: &[IpAddr], port: u16) -> io::Result<Self> {
        let bound = match bind_all(addresses, port) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => chosen(addresses)?,
            bound => bound?,
        };
        let port = bound.first().map(UdpSocket::local_addr).transpose()?.map_or(0, |at| at.port());
        let doors = bound.into_iter().map(Udp::new).collect::<io::Result<_>>()?;
        let certificate = certificate().map_err(io::Error::other)?;
        Ok(Self { doors, certificate, port, rsa: sync_channel(1) })
    }

    /// What the exchange tells browsers.
    pub(crate) fn described(&self) -> exchange::Browsers {
        let fingerprint = sha_256(&self.certificate.certificate);
        exchange::Browsers { port: self.port, fingerprint }
    }

    /// Where an RSA certificate is handed in, once, when there is one.
    pub(crate) fn rsa(&self) -> SyncSender<media::Certificate> {
        self.rsa.0.clone()
    }
}

impl From<Entrance> for Browsers {
    fn from(entrance: Entrance) -> Self {
        let door = |udp: Udp| -> Box<dyn Door> { Box::new(udp) };
        Self {
            doors: entrance.doors.into_iter().map(door).collect(),
            certificate: entrance.certificate,
            rsa: entrance.rsa.1,
        }
    }
}

impl Door for Udp {
    fn fd(&self) -> BorrowedFd<'_> {
        self.as_fd()
    }

    fn local(&self) -> SocketAddr {
        Self::local(self)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Option<(SocketAddr, IpAddr, usize)> {
        let (flow, length) = Self::receive(self, buffer)?;
        Some((flow.remote, flow.local.ip(), length))
    }

    fn send(&self, from: IpAddr, to: SocketAddr, bytes: &[u8]) -> bool {
        let from = SocketAddr::new(from, Self::local(self).port());
        Self::send(self, &Flow::udp(from, to), bytes).is_ok()
    }
}

pub(crate) fn sha_256(certificate: &[u8]) -> [u8; 32] {
    let mut fingerprint = [0; 32];
    for (to, from) in fingerprint.iter_mut().zip(digest(&SHA256, certificate).as_ref()) {
        *to = *from;
    }
    fingerprint
}

/// A new one for each run: a browser knows it by the digest in the description, which TLS protects
/// (RFC 8827 §6.5), so that it need not last longer than calls do. The kind is what browsers demand,
/// whatever kind the installer's own is of.
fn certificate() -> Result<media::Certificate, rcgen::Error> {
    let key = KeyPair::generate()?;
    let made = CertificateParams::new(Vec::new())?.self_signed(&key)?;
    Ok(media::Certificate { certificate: made.der().to_vec(), key: key.serialize_der() })
}

/// The same port at each address, whichever is free at all of them.
fn chosen(addresses: &[IpAddr]) -> io::Result<Vec<UdpSocket>> {
    let mut tried = bind_all(addresses, 0);
    for _ in 0..ATTEMPTS {
        match tried {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                tried = bind_all(addresses, 0);
            }
            tried => return tried,
        }
    }
    tried
}

fn bind_all(addresses: &[IpAddr], mut port: u16) -> io::Result<Vec<UdpSocket>> {
    let mut bound = Vec::with_capacity(addresses.len());
    for address in addresses {
        let socket = bind(SocketAddr::new(*address, port))?;
        port = socket.local_addr()?.port();
        bound.push(socket);
    }
    Ok(bound)
}

fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    // The system may grant less.
    let _ = socket.set_recv_buffer_size(BUFFER);
    let _ = socket.set_send_buffer_size(BUFFER);
    // Which of our addresses a datagram came to: the answer leaves from there.
    if address.is_ipv4() {
        setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
        socket.set_tos_v4(VOICE)?;
    } else {
        socket.set_only_v6(true)?;
        setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?;
        socket.set_tclass_v6(VOICE)?;
    }
    socket.bind(&address.into())?;
    Ok(socket.into())
}

const ATTEMPTS: u32 = 16;
/// EF (RFC 4594 §4.1) as an octet of the header, for all that shares the port.
const VOICE: u32 = 46 << 2;
/// 100 ms of 500 browsers.
const BUFFER: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_somebody_has_is_replaced_by_another_one() {
        let here = ["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()];
        let first = Entrance::open(&here, 0).unwrap();
        let again = Entrance::open(&here, first.described().port).unwrap();
        assert_ne!(first.described().port, again.described().port);
        assert_ne!(first.described().fingerprint, again.described().fingerprint);
        let ports = again.doors.iter().map(|door| door.local().port());
        assert!(ports.eq([again.described().port; 2]));
    }
}
