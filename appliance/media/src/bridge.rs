//! Who hears whom.

use crate::ports::Ports;
use call::PortId;

impl Ports {
    /// What one pair hears the other says, and nobody else.
    pub(crate) fn bridge(&mut self, a: PortId, b: PortId) {
        if a == b || self.of(a).is_none() || self.of(b).is_none() {
            return;
        }
        for (one, other) in [(a, b), (b, a)] {
            if self.of(one).and_then(|port| port.partner) != Some(other) {
                self.part(one);
            }
        }
        for (one, other) in [(a, b), (b, a)] {
            if let Some(port) = self.of_mut(one) {
                port.partner = Some(other);
            }
        }
    }

    /// Nobody hears this pair any more.
    pub(crate) fn part(&mut self, id: PortId) {
        let Some(partner) = self.of_mut(id).and_then(|port| port.partner.take()) else { return };
        if let Some(port) = self.of_mut(partner) {
            port.partner = None;
        }
    }
}
