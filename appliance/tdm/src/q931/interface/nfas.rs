//! The D channels: one, or one and its spare for the B channels of several spans (ITU-T Q.931 §5.8.8,
//! §5.8.9, annex F; ANSI T1.607 calls it NFAS).

use std::time::Instant;

use super::{CallId, Due, Interface, Notice, Output, Scope};
use crate::q931::call::{Call, Rules, after};
use crate::q931::message::{Message, MessageKind};
use crate::q931::timers::Timer;

/// A D channel: its place in [`super::Params::d_channels`], 0 the primary one, 1 the spare one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u8);

/// The D channels.
#[derive(Debug)]
pub(super) struct Links {
    list: Vec<Link>,
    active: Option<LinkId>,
    /// The far side has answered on the active one. Only asked where there is a spare.
    proven: bool,
    /// Whether it ever carried anything.
    begun: bool,
}

#[derive(Debug)]
struct Link {
    id: LinkId,
    up: bool,
}

impl Links {
    pub(super) fn new(spans: &[u8]) -> Self {
        let ids = spans.iter().zip([LinkId(0), LinkId(1)]);
        let list = ids.map(|(_, id)| Link { id, up: false }).collect();
        Self { list, active: None, proven: false, begun: false }
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = LinkId> {
        self.list.iter().map(|link| link.id)
    }

    pub(super) fn active(&self) -> Option<LinkId> {
        self.active
    }

    fn link_mut(&mut self, id: LinkId) -> Option<&mut Link> {
        self.list.iter_mut().find(|link| link.id == id)
    }

    fn other(&self, id: LinkId) -> Option<(LinkId, bool)> {
        self.list.iter().find(|link| link.id != id).map(|link| (link.id, link.up))
    }
}

impl Interface {
    /// The data link of a D channel is established (DL-ESTABLISH confirm or indication). Said of one that
    /// was up: it was begun anew, and messages may be lost.
    pub fn link_up(&mut self, id: LinkId, now: Instant) {
        let active = self.links.active;
        let Some(link) = self.links.link_mut(id) else { return };
        let was_up = std::mem::replace(&mut link.up, true);
        self.drop_segments(id);
        match active {
            Some(active) if active == id && was_up => {
                self.each_call(now, |call, rules, out| call.link_reset(rules, now, out));
            }
            Some(_) => {}
            // The spare one waits for the primary one to come up, unless that has failed.
            None if id != LinkId(0) && !self.links.begun => self.wait_for_switch(now),
            None => self.carry(id, now),
        }
    }

    /// The data link of a D channel is gone (DL-RELEASE). The spare one takes over, if there is one.
    pub fn link_down(&mut self, id: LinkId, now: Instant) {
        let Some(link) = self.links.link_mut(id) else { return };
        link.up = false;
        self.drop_segments(id);
        self.outputs.push_back(Output::Establish(id));
        if self.links.active != Some(id) {
            return;
        }
        self.links.active = None;
        self.each_call(now, |call, rules, out| call.link_lost(rules, now, out));
        match self.links.other(id) {
            None => {}
            Some((other, true)) => self.carry(other, now),
            Some((other, false)) => {
                self.outputs.push_back(Output::Establish(other));
                self.wait_for_switch(now);
            }
        }
    }

    fn wait_for_switch(&mut self, now: Instant) {
        let at = after(self.params.rules.timers.t321, now);
        self.clock.set(Due::SwitchOver, at.map(|at| (at, Timer::T321)));
    }

    /// From now on this D channel carries the calls: of each that stands the far side is asked whether it
    /// stands there too (§5.8.9, §5.8.10), which also shows that it hears us (annex F.2.2).
    fn carry(&mut self, id: LinkId, now: Instant) {
        self.links.active = Some(id);
        self.tell(Notice::Carries(id));
        self.links.proven = self.links.list.len() < 2;
        if self.links.proven {
            self.clock.set(Due::SwitchOver, None);
        } else {
            self.wait_for_switch(now);
        }
        let entries = self.calls.iter();
        let in_alarm = |channel| self.channels.state(channel).is_some_and(|state| state.alarm);
        let back = entries.filter(|(_, entry)| !entry.channel.is_some_and(in_alarm));
        let back: Vec<CallId> = back.map(|(id, _)| *id).collect();
        for id in back {
            self.with_call(id, now, |call, _, _, _| call.line_back());
        }
        if self.calls.is_empty() && !self.links.proven {
            self.send(&Message::new(self.global(), MessageKind::StatusEnquiry));
        }
        self.each_call(now, |call, rules, out| call.enquire(rules, now, out));
        let first = !std::mem::replace(&mut self.links.begun, true);
        self.announce_again(now);
        if first && self.params.restarts_at_first {
            self.restart(Scope::All, now);
        }
        self.next_restart(now);
    }

    /// Something came on a D channel: the far side uses it. False if it cannot be, since it is down.
    pub(super) fn heard_on(&mut self, id: LinkId, now: Instant) -> bool {
        if !self.links.link_mut(id).is_some_and(|link| link.up) {
            return false;
        }
        if self.links.active.is_none() {
            self.carry(id, now);
        }
        if self.links.active == Some(id) && !self.links.proven {
            self.links.proven = true;
            self.clock.set(Due::SwitchOver, None);
        }
        true
    }

    /// T321: the spare one does not come up, or nobody answers on it: whichever comes first is taken.
    pub(super) fn switch_over_failed(&mut self, now: Instant) {
        let up = self.links.list.iter().find(|link| link.up).map(|link| link.id);
        match (self.links.active, up) {
            (None, Some(id)) => self.carry(id, now),
            (None, None) => {
                let all: Vec<_> = self.links.ids().map(Output::Establish).collect();
                self.outputs.extend(all);
                self.wait_for_switch(now);
            }
            (Some(silent), _) => match self.links.other(silent) {
                Some((other, true)) => {
                    self.links.active = None;
                    self.each_call(now, |call, rules, out| call.link_lost(rules, now, out));
                    self.carry(other, now);
                }
                Some((other, false)) => {
                    self.outputs.push_back(Output::Establish(other));
                    self.wait_for_switch(now);
                }
                None => {}
            },
        }
    }

    fn each_call(
        &mut self,
        now: Instant,
        mut act: impl FnMut(&mut Call, &Rules, &mut Vec<super::Act>),
    ) {
        for id in self.ids() {
            self.with_call(id, now, |call, rules, _, out| act(call, rules, out));
        }
    }
}
