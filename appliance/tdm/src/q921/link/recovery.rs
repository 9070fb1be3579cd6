//! State 8, timer recovery: the peer was asked what it has. Q.921 §5.6.7, Figure B.8.

use std::time::Instant;

use super::state::{Event, Flow, State, Watch};
use super::{Body, Code, Kind, Link, Released};

impl Link {
    pub(super) fn timer_recovery(
        &mut self,
        mut flow: Flow,
        t200: Instant,
        rc: u8,
        event: Event<'_>,
        now: Instant,
    ) -> State {
        match event {
            Event::Expiry if rc < self.params.n200 => {
                self.enquire(&mut flow);
                State::TimerRecovery { flow, t200: now + self.params.t200, rc: rc + 1 }
            }
            Event::Expiry => self.recover(Code::I, flow, now),
            Event::Frame(kind, body) => match body {
                Body::I { ns, nr, p, data } => {
                    self.take(&mut flow, ns, p, data);
                    if !flow.is_valid(nr) {
                        return self.recover(Code::J, flow, now);
                    }
                    self.acknowledge(&mut flow, nr);
                    State::TimerRecovery { flow, t200, rc }
                }
                Body::Rr { nr, pf } | Body::Rnr { nr, pf } | Body::Rej { nr, pf } => {
                    flow.peer_busy = matches!(body, Body::Rnr { .. });
                    let answer = kind == Kind::Response && pf;
                    if !answer {
                        self.polled(&mut flow, kind, pf);
                    }
                    if !flow.is_valid(nr) {
                        return self.recover(Code::J, flow, now);
                    }
                    self.acknowledge(&mut flow, nr);
                    if !answer {
                        return State::TimerRecovery { flow, t200, rc };
                    }
                    // All that the peer does not have goes again.
                    flow.vs = nr;
                    let watch = if flow.peer_busy {
                        Watch::T200(now + self.params.t200)
                    } else {
                        self.quiet(now)
                    };
                    State::Established { flow, watch }
                }
                _ => self.while_up(State::TimerRecovery { flow, t200, rc }, flow, body, now),
            },
            Event::Establish => self.start_again(now),
            Event::Release => self.disconnect(now),
            Event::PhysicalUp => State::TimerRecovery { flow, t200, rc },
            Event::PhysicalDown => self.ended(Released::PhysicalDown, now),
            Event::Wrong(code) => self.recover(code, flow, now),
        }
    }
}
