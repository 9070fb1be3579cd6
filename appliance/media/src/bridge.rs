//! Who hears whom.

use crate::ports::Ports;
use crate::transcode::Interpreter;
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

    /// What this pair or its partner agreed on has changed, or who its partner is: both directions
    /// are arranged anew. Where one side said nothing, sound passes as it is.
    pub(crate) fn interpret(&mut self, id: PortId) {
        let Some(partner) = self.of(id).and_then(|port| port.partner) else { return };
        for (heard, out) in [(id, partner), (partner, id)] {
            let said = self.of_mut(heard).and_then(|port| port.formats.take());
            if let Some(port) = self.of_mut(out) {
                match (&said, &port.formats) {
                    (Some(said), Some(understood)) => port
                        .interpreter
                        .get_or_insert_with(|| Box::new(Interpreter::new()))
                        .arrange(&said.receive, understood, port.keys_told),
                    // Its numbers go on.
                    _ => port.interpreter.iter_mut().for_each(|it| it.disarrange()),
                }
            }
            if let Some(port) = self.of_mut(heard) {
                port.formats = said;
            }
        }
    }
}
