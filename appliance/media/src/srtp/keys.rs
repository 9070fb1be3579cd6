//! The two keys of a leg.

use super::{Inbound, MasterKey, Outbound};

/// Both keys of a leg, seen from the box: each side chose its own, or a handshake gave both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// For what the box sends.
    pub outbound: MasterKey,
    /// For what the peer sends.
    pub inbound: MasterKey,
}

impl Keys {
    /// The contexts of the two directions.
    pub fn contexts(&self) -> (Outbound, Inbound) {
        (Outbound::new(&self.outbound), Inbound::new(&self.inbound))
    }
}
