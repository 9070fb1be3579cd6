//! State 7, multiple frame established. Q.921 §5.6, Figure B.7.

use std::time::Instant;

use super::state::{Event, Flow, Purpose, State, Watch};
use super::{Body, Code, Kind, Link, Released};

impl Link {
    pub(super) fn established(
        &mut self,
        mut flow: Flow,
        watch: Watch,
        event: Event<'_>,
        now: Instant,
    ) -> State {
        match event {
            // T200: an acknowledgement is missing, and asking for it is the first repetition (§5.6.7).
            // T203: nothing was heard, and asking repeats nothing (§5.10).
            Event::Expiry => {
                self.enquire(&mut flow);
                let rc = u8::from(matches!(watch, Watch::T200(_)));
                State::TimerRecovery { flow, t200: now + self.params.t200, rc }
            }
            Event::Frame(kind, body) => match body {
                Body::I { ns, nr, p, data } => {
                    self.take(&mut flow, ns, p, data);
                    if !flow.is_valid(nr) {
                        return self.recover(Code::J, flow, now);
                    }
                    if flow.peer_busy {
                        self.acknowledge(&mut flow, nr);
                        return State::Established { flow, watch };
                    }
                    let watch = self.progress(&mut flow, nr, watch, now);
                    State::Established { flow, watch }
                }
                Body::Rr { nr, pf } => {
                    flow.peer_busy = false;
                    self.polled(&mut flow, kind, pf);
                    if !flow.is_valid(nr) {
                        return self.recover(Code::J, flow, now);
                    }
                    let watch = self.progress(&mut flow, nr, watch, now);
                    State::Established { flow, watch }
                }
                Body::Rnr { nr, pf } => {
                    flow.peer_busy = true;
                    self.polled(&mut flow, kind, pf);
                    if !flow.is_valid(nr) {
                        return self.recover(Code::J, flow, now);
                    }
                    self.acknowledge(&mut flow, nr);
                    // It is asked from time to time whether it is still busy (§5.6.5).
                    State::Established { flow, watch: Watch::T200(now + self.params.t200) }
                }
                Body::Rej { nr, pf } => {
                    flow.peer_busy = false;
                    self.polled(&mut flow, kind, pf);
                    if !flow.is_valid(nr) {
                        return self.recover(Code::J, flow, now);
                    }
                    self.acknowledge(&mut flow, nr);
                    flow.vs = nr;
                    State::Established { flow, watch: self.quiet(now) }
                }
                Body::Dm { f: true } => {
                    self.error(Code::B);
                    State::Established { flow, watch }
                }
                _ => {
                    let unchanged = State::Established { flow, watch };
                    self.while_up(unchanged, flow, body, now)
                }
            },
            Event::Establish => self.start_again(now),
            Event::Release => self.disconnect(now),
            Event::PhysicalUp => State::Established { flow, watch },
            Event::PhysicalDown => self.ended(Released::PhysicalDown, now),
            Event::Wrong(code) => self.recover(code, flow, now),
        }
    }

    /// Unnumbered frames that mean the same in states 7 and 8.
    pub(super) fn while_up(
        &mut self,
        unchanged: State,
        flow: Flow,
        body: Body<'_>,
        now: Instant,
    ) -> State {
        match body {
            Body::Sabme { p } => {
                self.send(Kind::Response, Body::Ua { f: p });
                self.error(Code::F);
                if flow.is_outstanding() {
                    self.tell_reset();
                }
                self.begun(now)
            }
            Body::Disc { p } => {
                self.send(Kind::Response, Body::Ua { f: p });
                self.ended(Released::ByPeer, now)
            }
            Body::Ua { f } => {
                self.error(if f { Code::C } else { Code::D });
                unchanged
            }
            Body::Dm { f } => self.recover(if f { Code::B } else { Code::E }, flow, now),
            Body::Frmr { .. } => self.recover(Code::K, flow, now),
            // UI and XID do not come here; the numbered ones are the state's own.
            _ => {
                self.counters.unexpected += 1;
                unchanged
            }
        }
    }

    /// The owner wants a fresh link: what was on its way is dropped (§5.7).
    pub(super) fn start_again(&mut self, now: Instant) -> State {
        self.discard();
        self.set_up(Purpose::Asked, now)
    }

    /// Something went wrong that only a reset mends (§5.7).
    pub(super) fn recover(&mut self, code: Code, flow: Flow, now: Instant) -> State {
        self.error(code);
        self.set_up(Purpose::Recovery { outstanding: flow.is_outstanding() }, now)
    }
}
