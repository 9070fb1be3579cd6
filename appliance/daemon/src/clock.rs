//! The wall clock and the machine's addresses: both may change under a running daemon.

use call::UnixMillis;
use nix::ifaddrs::InterfaceAddress;
use nix::sys::socket::SockaddrStorage;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What people's clocks show.
pub(crate) fn wall() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// The addresses of the machine's interfaces with the length of their networks' prefixes: the ones
/// that its default routes use first, those that no other machine can reach last.
pub(crate) fn addresses() -> Vec<(IpAddr, u8)> {
    let preferred: Vec<IpAddr> = ["192.0.2.1:9", "[2001:db8::1]:9"]
        .iter()
        .filter_map(|far| towards(far.parse().ok()?))
        .collect();
    let mut all = interfaces();
    all.sort_by_key(|(address, _)| {
        (address.is_loopback(), !preferred.contains(address), address.is_ipv6(), *address)
    });
    all.dedup();
    all
}

/// The address that the system would send from; nothing is sent.
fn towards(far: SocketAddr) -> Option<IpAddr> {
    let near = if far.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(near).ok()?;
    socket.connect(far).ok()?;
    socket.local_addr().ok().map(|local| local.ip())
}

fn interfaces() -> Vec<(IpAddr, u8)> {
    let Ok(interfaces) = nix::ifaddrs::getifaddrs() else { return Vec::new() };
    let address = |interface: InterfaceAddress| {
        let address = ip(&interface.address?)?;
        let mask = interface.netmask.as_ref().and_then(ip);
        // A link-local address means something on one interface only.
        let everywhere = match address {
            IpAddr::V4(_) => true,
            IpAddr::V6(v6) => !v6.is_unicast_link_local(),
        };
        everywhere.then(|| (address, mask.map_or(HOST, prefix).min(width(address))))
    };
    interfaces.filter_map(address).collect()
}

fn ip(storage: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = storage.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
    v4.or_else(|| storage.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
}

fn prefix(mask: IpAddr) -> u8 {
    let ones = match mask {
        IpAddr::V4(v4) => v4.to_bits().leading_ones(),
        IpAddr::V6(v6) => v6.to_bits().leading_ones(),
    };
    u8::try_from(ones).unwrap_or(HOST)
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// A network of one address.
const HOST: u8 = 128;
/// How often both are looked at.
pub(crate) const PERIOD: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_machine_has_an_address_and_its_loopback_comes_last() {
        let all = addresses();
        assert!(all.contains(&(IpAddr::from([127, 0, 0, 1]), 8)), "{all:?}");
        assert!(all.is_sorted_by_key(|(address, _)| address.is_loopback()));
    }
}
