//! Keys by DTLS: what came of handshakes that others do for the engine.

use super::Engine;
use call::{HandshakeFault, Keys, MediaEvent, PortId};
use std::net::SocketAddr;
use std::time::Instant;

impl Engine {
    /// A handshake gave keys. One that is not agreed on any more gives none.
    pub(super) fn shaken(
        &mut self,
        port: PortId,
        reports: bool,
        from: Option<SocketAddr>,
        keys: &Keys,
        now: Instant,
    ) {
        let Some(it) = self.ports.of_mut(port).filter(|it| it.shaking.is_agreed()) else { return };
        it.shaken(reports, from, keys, now);
        if !reports {
            self.events.push_back(MediaEvent::Secured { port, suite: keys.inbound.suite() });
        }
    }

    /// There were none in time.
    pub(super) fn unshaken(&mut self, port: PortId, fault: HandshakeFault) {
        if self.ports.of(port).is_some_and(|it| it.shaking.is_agreed()) {
            self.events.push_back(MediaEvent::Unsecured { port, fault });
        }
    }
}
