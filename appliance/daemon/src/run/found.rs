//! Where the box is found once it listens: told to people, to scripts and to whoever has the data folder.

use super::Sockets;
use crate::Failure;
use crate::options::Run;
use serde_json::json;
use std::net::{IpAddr, SocketAddr};

/// One line for scripts: the addresses that were really bound.
pub(super) fn listening(sockets: &Sockets) -> String {
    let list = |addresses: Vec<SocketAddr>| {
        addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    };
    format!(
        "listening http={} sip-udp={} sip-tcp={} sips={}",
        list(sockets.http.tcp_addresses()),
        list(sockets.sip.udp_addresses()),
        list(sockets.sip.tcp_addresses()),
        list(sockets.sips.tcp_addresses()),
    )
}

/// Where the box can be found, for people: not at an address that only itself can reach, unless it
/// has no other.
pub(super) fn urls(listeners: &[SocketAddr], addresses: &[(IpAddr, u8)]) -> Vec<String> {
    let networked = addresses.iter().any(|(own, _)| !own.is_loopback());
    let reachable = |listener: &SocketAddr| {
        if !listener.ip().is_unspecified() {
            return Some(*listener);
        }
        let same_family = |own: &&IpAddr| own.is_ipv4() == listener.is_ipv4();
        let mut own = addresses.iter().map(|(own, _)| own).filter(same_family);
        let own = own.find(|own| !(networked && own.is_loopback()));
        own.map(|own| SocketAddr::new(*own, listener.port()))
    };
    listeners.iter().filter_map(reachable).map(|address| format!("https://{address}/")).collect()
}

/// The addresses again, for whoever finds only the data folder.
pub(super) fn write_run_file(
    options: &Run,
    sockets: &Sockets,
    browsers: Option<exchange::Browsers>,
) -> Result<(), Failure> {
    let run = json!({
        "pid": std::process::id(),
        "http": sockets.http.tcp_addresses(),
        "sip_udp": sockets.sip.udp_addresses(),
        "sip_tcp": sockets.sip.tcp_addresses(),
        "sips": sockets.sips.tcp_addresses(),
        "browsers": browsers.map(|browsers| browsers.port),
    });
    let path = options.data.join("run.json");
    store::write_private(&path, format!("{run}\n").as_bytes()).map_err(Failure::failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_shown_addresses_that_they_can_reach() {
        let listeners = ["0.0.0.0:8443".parse().unwrap(), "[::]:8443".parse().unwrap()];
        let loopback = [("127.0.0.1".parse().unwrap(), 8), ("::1".parse().unwrap(), 128)];
        let shown = urls(&listeners, &loopback);
        assert_eq!(shown, ["https://127.0.0.1:8443/", "https://[::1]:8443/"]);
        let office = [("192.168.1.5".parse().unwrap(), 24), loopback[0], loopback[1]];
        assert_eq!(urls(&listeners, &office), ["https://192.168.1.5:8443/"]);
        let fixed = ["127.0.0.1:1".parse().unwrap()];
        assert_eq!(urls(&fixed, &office), ["https://127.0.0.1:1/"]);
    }
}
