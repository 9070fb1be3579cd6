//! What the box tells whoever looks at it: its calls, conferences, phones and trunks, and its figures.

use crate::{Exchange, Signalling};
use call::RoomId;
use config::{FeatureId, TenantId};
use std::sync::Arc;

/// Figures for `/metrics` and the status page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Calls that are up or being placed.
    pub calls: usize,
    /// Legs, the ending ones included.
    pub legs: usize,
    /// Bindings of the registrar.
    pub registrations: usize,
    /// SIP transactions in memory.
    pub transactions: usize,
    /// Pairs of media ports that are lent.
    pub ports_lent: usize,
    /// Pairs of media ports that are free and in hand.
    pub ports_free: usize,
    /// Counters by name and label, in a stable order.
    pub counters: Vec<(&'static str, &'static str, u64)>,
}

impl Exchange {
    /// How many messages were dropped unread so far, because their source sends too much or guessed.
    pub fn unread(&self) -> u64 {
        self.unread
    }

    /// Records of all calls that are not over, oldest first.
    pub fn calls(&self) -> Vec<call::CallRecord> {
        self.pbx.records().map(|record| self.frame.streams.told(record)).collect()
    }

    /// The record of one call that is not over.
    pub fn call(&self, id: call::CallId) -> Option<call::CallRecord> {
        self.pbx.record(id).map(|record| self.frame.streams.told(record))
    }

    /// The recording of a call that runs.
    pub fn recording(&self, call: call::CallId) -> Option<&call::Recording> {
        self.frame.tapes.of(call)
    }

    /// By which names the messages of a call's legs are known on the wire.
    pub fn signalling(&self, call: call::CallId) -> Vec<Signalling> {
        self.legs.signalling(call, &self.frame.config)
    }

    /// All bindings, in order of their ids.
    pub fn registrations(&self) -> Vec<Arc<call::Registration>> {
        self.registrar.iter().cloned().collect()
    }

    /// The lines of the board, in order.
    pub fn lines(&self) -> Vec<call::LineStatus> {
        self.lines.statuses(&self.legs)
    }

    /// The conferences in which somebody is.
    pub fn conferences(&self) -> Vec<call::Conference> {
        let conferences = self.pbx.conferences(&self.frame.config).into_iter();
        conferences.map(|conference| self.with_speaker(conference)).collect()
    }

    /// Whether a call is in a conference.
    pub fn is_in_conference(&self, conference: u32, call: call::CallId) -> bool {
        self.pbx.is_in(FeatureId(conference), call)
    }

    pub(crate) fn with_speaker(&self, mut conference: call::Conference) -> call::Conference {
        let speaks = self.speaker(RoomId(conference.id.into()));
        for member in &mut conference.members {
            member.talking = speaks == Some(member.call);
        }
        conference
    }

    /// The call of whoever speaks in a conference.
    pub(crate) fn speaker(&self, room: RoomId) -> Option<call::CallId> {
        self.pbx.call_of(*self.frame.lent.get(self.speakers.get(&room)?)?)
    }

    /// How many phones of an extension are registered.
    pub fn registered(&self, tenant: TenantId, number: &str) -> usize {
        self.registrar.of(tenant, number).len()
    }

    /// How the trunks do.
    pub fn trunks(&self) -> Vec<call::TrunkStatus> {
        self.trunks.statuses().chain(self.lines.trunks()).cloned().collect()
    }

    /// How much of what the box can carry is in use.
    pub fn load(&self) -> call::Load {
        self.frame.load.told()
    }

    /// Figures.
    pub fn figures(&self) -> Figures {
        let counters = self.frame.counters.iter();
        Figures {
            calls: self.pbx.len(),
            legs: self.legs.len(),
            registrations: self.registrar.len(),
            transactions: self.frame.transactions.len(),
            ports_lent: self.frame.ports.lent(),
            ports_free: self.frame.ports.in_hand(),
            counters: counters.map(|((name, label), n)| (*name, *label, *n)).collect(),
        }
    }
}
