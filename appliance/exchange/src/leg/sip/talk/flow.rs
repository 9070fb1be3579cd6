//! Where a request in a dialog goes (RFC 3261 §12.2.1.1, RFC 5626 §5.3).

use crate::frame::{Frame, Hop};
use crate::leg::sip::{Peer, SipLeg, State, Up};
use config::Subnet;
use sip::flow::Flow;
use sip::resolve::Target;
use std::net::SocketAddr;

impl SipLeg {
    /// A stream that broke is opened anew towards a peer that is where its Contact says.
    pub(super) fn mend_flow(&mut self, frame: &mut Frame) {
        let State::Up(up) = &mut self.state else { return };
        if frame.is_standing(&self.flow) {
            return;
        }
        let hop = up.dialog.next_hop();
        let Some(ip) = hop.host().ip().map(|ip| ip.to_canonical()) else { return };
        if ip != self.flow.remote.ip().to_canonical() {
            return;
        }
        let transport = self.flow.transport;
        let port = hop.port().unwrap_or(transport.default_port());
        let target = Target { transport, addr: SocketAddr::new(ip, port) };
        if let Some(flow) = frame.flow_to(target, &ip.to_string()) {
            self.flow = flow;
            up.dialog.moved(flow);
        }
    }

    /// Where our requests in the dialog go. A peer that stands in the open is found by its route set or
    /// Contact (RFC 3261 §12.2.1.1); one behind a NAT, or on a stream, only by its flow.
    pub(super) fn next_flow(&self, frame: &Frame) -> Flow {
        let State::Up(up) = &self.state else { return self.flow };
        let hop = up.dialog.next_hop();
        let Some(ip) = hop.host().ip().map(|ip| ip.to_canonical()) else { return self.flow };
        let remote = self.flow.remote.ip().to_canonical();
        let reachable = ip == remote || Subnet::is_private(ip) == Subnet::is_private(remote);
        let open = matches!(self.peer, Peer::Trunk { .. }) && reachable;
        if self.flow.connection.is_some() || !open || ip.is_ipv4() != remote.is_ipv4() {
            return self.flow;
        }
        let port = hop.port().unwrap_or(self.flow.transport.default_port());
        let remote = SocketAddr::new(ip, port);
        let local = frame.places.listener(self.flow.transport, ip).unwrap_or(self.flow.local);
        Flow { remote, local, ..self.flow }
    }
}

/// Where a request in the dialog goes that may be large.
pub(in crate::leg::sip) fn hop(peer: &Peer, up: &Up, frame: &Frame, flow: Flow) -> Hop {
    let hop = Hop::to(&up.dialog.next_hop(), flow);
    match peer {
        Peer::Extension { .. } => hop,
        Peer::Trunk { trunk, .. } => match frame.config.trunks.get(trunk) {
            Some(trunk) => hop.of_trunk(trunk),
            None => Hop { takes_streams: false, ..hop },
        },
    }
}
