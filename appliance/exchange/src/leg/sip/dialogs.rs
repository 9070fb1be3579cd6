//! By which names the messages of a call are known on the wire.

use super::{Legs, SipLeg, State};
use call::CallId;
use config::Config;

/// One dialog of a call: what its messages have in common, and who is at the other end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signalling {
    /// The Call-ID (RFC 3261 §8.1.1.4).
    pub call_id: String,
    /// The number of the extension, or the name of the trunk.
    pub peer: String,
}

impl Legs {
    /// The dialogs of a call's legs, in their order.
    pub(crate) fn signalling(&self, call: CallId, config: &Config) -> Vec<Signalling> {
        let legs = self.legs.values().filter(|leg| leg.call == call);
        let told = legs.filter_map(|leg| {
            Some(Signalling { call_id: leg.call_id()?.to_owned(), peer: leg.peer.name(config) })
        });
        told.collect()
    }
}

impl SipLeg {
    fn call_id(&self) -> Option<&str> {
        match &self.state {
            State::Incoming(incoming) => Some(incoming.dialog.call_id()),
            State::Outgoing(outgoing) => Some(&outgoing.draft.call_id),
            State::Up(up) => Some(up.dialog.call_id()),
            State::Ending(ending) => ending.dialog.as_ref().map(|dialog| dialog.call_id()),
            State::Line(_) => None,
        }
    }
}
