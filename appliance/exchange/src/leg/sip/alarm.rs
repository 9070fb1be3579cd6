//! What is due on a leg, and when.

use super::renegotiation::Wanted;
use super::{Desk, Legs, SipLeg, State};
use call::{Cause, Decider, End, LegEvent, LegId, Why};
use sip::Status;
use sip::session::answer::Overdue;
use sip::session::provisional::{Overdue as Unconfirmed, Reliable};
use sip::session::timer::Due;
use std::time::Instant;

impl Legs {
    /// When a leg has something to do.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    pub(crate) fn timeout(&mut self, desk: &mut Desk<'_>) {
        while let Some((at, leg)) = self.timers.first().copied().filter(|(at, _)| *at <= desk.now) {
            self.timers.remove(&(at, leg));
            if let Some(leg) = self.legs.get_mut(&leg) {
                leg.alarm = None;
            }
            self.leg_timeout(desk, leg);
            self.settle(leg);
        }
    }

    /// Something is due on a leg.
    fn leg_timeout(&mut self, desk: &mut Desk<'_>, id: LegId) {
        let now = desk.now;
        let Some(leg) = self.legs.get_mut(&id) else { return };
        match &mut leg.state {
            State::Incoming(incoming) => {
                let due = incoming.reliable.as_mut().and_then(|reliable| reliable.timeout(now));
                match due {
                    Some(Unconfirmed::Repeat(bytes)) => {
                        desk.frame.send(leg.flow, bytes);
                    }
                    Some(Unconfirmed::Unacknowledged) => {
                        self.refuse(desk, id, Status::SERVER_TIMEOUT, None);
                        let end = End::ours(Cause::RECOVERY_ON_TIMER, Why::ProtocolError);
                        self.tell(id, LegEvent::Ended(end));
                        self.forget(desk.frame, id);
                    }
                    None => {}
                }
            }
            State::Outgoing(outgoing) => {
                let attempt = outgoing.attempt.as_ref();
                if attempt.and_then(|attempt| attempt.mute_until).is_some_and(|at| at <= now) {
                    return self.mute(desk, id);
                }
                if outgoing.way.deadline().is_some_and(|at| at <= now) {
                    outgoing.way.timeout(now);
                }
                self.try_way(desk, id);
            }
            State::Up(_) => self.up_timeout(desk, id),
            State::Ending(_) => self.forget(desk.frame, id),
            State::Line(_) => {}
        }
    }

    fn up_timeout(&mut self, desk: &mut Desk<'_>, id: LegId) {
        let now = desk.now;
        let Some(SipLeg { state: State::Up(up), flow, .. }) = self.legs.get_mut(&id) else {
            return;
        };
        let flow = *flow;
        match up.answer.timeout(&desk.frame.timers, now) {
            Some(Overdue::Repeat(bytes)) => desk.frame.send(flow, bytes),
            Some(Overdue::Unacknowledged) => {
                let end = End {
                    cause: Cause::RECOVERY_ON_TIMER,
                    status: None,
                    by: Decider::Network,
                    why: Why::DialogLost,
                };
                return self.lost(desk, id, end);
            }
            None => {}
        }
        if up.turn.timeout(now) {
            return self.continue_talk(desk, id);
        }
        match up.timer.timeout(now) {
            Some(Due::Refresh(_)) => {
                up.talk.wanted.get_or_insert(Wanted::Refresh);
                self.continue_talk(desk, id);
            }
            Some(Due::Expired) => {
                let end = End {
                    cause: Cause::RECOVERY_ON_TIMER,
                    status: None,
                    by: Decider::Network,
                    why: Why::SessionExpired,
                };
                self.lost(desk, id, end);
            }
            None => {}
        }
    }
}

impl SipLeg {
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Incoming(incoming) => incoming.reliable.as_ref().and_then(Reliable::deadline),
            State::Outgoing(outgoing) => {
                let mute = outgoing.attempt.as_ref().and_then(|attempt| attempt.mute_until);
                [mute, outgoing.way.deadline()].into_iter().flatten().min()
            }
            State::Up(up) => {
                let all = [up.turn.deadline(), up.timer.deadline(), up.answer.deadline()];
                all.into_iter().flatten().min()
            }
            State::Ending(ending) => Some(ending.until),
            // Its interface keeps its timers.
            State::Line(_) => None,
        }
    }
}
