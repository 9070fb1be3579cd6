//! Every listening socket, bound before anything else happens: a port in use is found out while
//! nothing has been touched yet.

use crate::options::Listen;
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};

/// Sockets for one flag, with the addresses that they really have.
#[derive(Debug, Default)]
pub(crate) struct Bound {
    /// Streams.
    pub(crate) tcp: Vec<TcpListener>,
    /// Datagrams.
    pub(crate) udp: Vec<UdpSocket>,
}

/// A socket that could not be had.
#[derive(Debug)]
pub(crate) struct Unavailable {
    flag: &'static str,
    address: SocketAddr,
    error: io::Error,
}

impl Bound {
    /// Binds streams only.
    pub(crate) fn streams(flag: &'static str, listen: &Listen) -> Result<Self, Unavailable> {
        Self::bind(flag, listen, false)
    }

    /// Binds a stream and a datagram socket at each address, on the same port.
    pub(crate) fn streams_and_datagrams(
        flag: &'static str,
        listen: &Listen,
    ) -> Result<Self, Unavailable> {
        Self::bind(flag, listen, true)
    }

    /// Where the streams listen.
    pub(crate) fn tcp_addresses(&self) -> Vec<SocketAddr> {
        self.tcp.iter().filter_map(|socket| socket.local_addr().ok()).collect()
    }

    /// Where the datagrams arrive.
    pub(crate) fn udp_addresses(&self) -> Vec<SocketAddr> {
        self.udp.iter().filter_map(|socket| socket.local_addr().ok()).collect()
    }

    fn bind(flag: &'static str, listen: &Listen, datagrams: bool) -> Result<Self, Unavailable> {
        let mut bound = Self::default();
        let mut last = None;
        for &address in &listen.addresses {
            match pair(address, datagrams) {
                Ok((tcp, udp)) => {
                    bound.tcp.push(tcp);
                    bound.udp.extend(udp);
                }
                // Of the defaults, the family that the machine does not speak is left out.
                Err(error) if !listen.asked && is_no_such_address(&error) => {
                    last = Some(Unavailable { flag, address, error });
                }
                Err(error) => return Err(Unavailable { flag, address, error }),
            }
        }
        match last {
            Some(error) if bound.tcp.is_empty() => Err(error),
            _ => Ok(bound),
        }
    }
}

/// Binds at one address. With port 0 the system chooses one that is free for both.
fn pair(address: SocketAddr, datagrams: bool) -> io::Result<(TcpListener, Option<UdpSocket>)> {
    let mut attempts = if address.port() == 0 { ATTEMPTS } else { 1 };
    loop {
        attempts -= 1;
        let tcp = stream(address)?;
        if !datagrams {
            return Ok((tcp, None));
        }
        match datagram(SocketAddr::new(address.ip(), tcp.local_addr()?.port())) {
            Ok(udp) => return Ok((tcp, Some(udp))),
            Err(error) if attempts == 0 => return Err(error),
            Err(_) => {}
        }
    }
}

fn stream(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket(address, Type::STREAM, Protocol::TCP)?;
    // Otherwise a restart would wait for the connections of its predecessor to be forgotten.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn datagram(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = socket(address, Type::DGRAM, Protocol::UDP)?;
    if setsockopt(&socket, sockopt::RcvBufForce, &BUFFER).is_err() {
        socket.set_recv_buffer_size(BUFFER)?;
    }
    if setsockopt(&socket, sockopt::SndBufForce, &BUFFER).is_err() {
        socket.set_send_buffer_size(BUFFER)?;
    }
    // Which of our addresses a datagram came to, and who could not be reached.
    if address.is_ipv4() {
        setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
        setsockopt(&socket, sockopt::Ipv4RecvErr, &true)?;
        socket.set_tos_v4(SIGNALLING)?;
    } else {
        setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?;
        setsockopt(&socket, sockopt::Ipv6RecvErr, &true)?;
        socket.set_tclass_v6(SIGNALLING)?;
    }
    socket.bind(&address.into())?;
    Ok(socket.into())
}

fn socket(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn is_no_such_address(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(nix::libc::EAFNOSUPPORT)
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { flag, address, error } = self;
        match error.kind() {
            io::ErrorKind::AddrInUse => write!(
                f,
                "port {} at {} is in use by another program: stop that, or choose another with {flag}",
                address.port(),
                address.ip(),
            ),
            io::ErrorKind::PermissionDenied => write!(
                f,
                "the system does not let this user listen at {address}: choose a port above 1023 \
                 with {flag}",
            ),
            io::ErrorKind::AddrNotAvailable => write!(
                f,
                "this machine does not have the address {}: choose one of its own with {flag}",
                address.ip(),
            ),
            _ => write!(f, "cannot listen at {address}: {error}; choose another with {flag}"),
        }
    }
}

/// How often a port is sought that is free for streams and datagrams alike.
const ATTEMPTS: u32 = 16;
/// CS5, the class for signalling (RFC 4594 §4.2), as an octet of the header.
const SIGNALLING: u32 = 40 << 2;
/// Connections that wait to be accepted.
const BACKLOG: i32 = 1024;
/// Some 4,000 datagrams: what a burst of registrations after a power cut brings in 100 ms.
const BUFFER: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> Listen {
        Listen { addresses: vec![address.parse().unwrap()], asked: true }
    }

    #[test]
    fn streams_and_datagrams_share_the_port_that_the_system_chose() {
        let bound = Bound::streams_and_datagrams("--sip", &at("127.0.0.1:0")).unwrap();
        assert_ne!(bound.tcp_addresses()[0].port(), 0);
        assert_eq!(bound.tcp_addresses(), bound.udp_addresses());
    }

    #[test]
    fn a_port_in_use_is_named_in_the_sentence() {
        let first = Bound::streams("--http", &at("127.0.0.1:0")).unwrap();
        let address = first.tcp_addresses()[0].to_string();
        let second = Bound::streams("--http", &at(&address)).unwrap_err().to_string();
        let start = format!("port {} at 127.0.0.1 is in use", first.tcp_addresses()[0].port());
        assert!(second.starts_with(&start) && second.ends_with("--http"), "{second}");
    }

    #[test]
    fn an_address_of_another_machine_is_refused() {
        let sentence = Bound::streams("--sip", &at("192.0.2.1:0")).unwrap_err().to_string();
        assert!(sentence.starts_with("this machine does not have the address 192.0.2.1"));
    }
}
