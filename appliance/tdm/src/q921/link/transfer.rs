//! Numbers and acknowledgements: Q.921 §5.6.1 to §5.6.6.

use std::time::Instant;

use super::super::frame::Sequence;
use super::state::{Flow, State, Watch};
use super::{Body, Code, Kind, Link, Output};

impl Link {
    /// Sends what may go, then the acknowledgement that no I frame carried (§5.6.1, §5.6.2.2). In
    /// state 8 messages wait until it is known what the peer has.
    pub(super) fn transmit(&mut self, now: Instant) {
        match self.state {
            State::Established { mut flow, mut watch } => {
                if !flow.peer_busy {
                    self.send_waiting(&mut flow, &mut watch, now);
                }
                self.pay(&mut flow);
                self.state = State::Established { flow, watch };
            }
            State::TimerRecovery { mut flow, t200, rc } => {
                self.pay(&mut flow);
                self.state = State::TimerRecovery { flow, t200, rc };
            }
            State::Assigned { .. }
            | State::AwaitingEstablishment(_)
            | State::AwaitingRelease(_) => {}
        }
    }

    fn send_waiting(&mut self, flow: &mut Flow, watch: &mut Watch, now: Instant) {
        loop {
            let sent = flow.vs.since(flow.va);
            if sent >= self.params.k {
                return;
            }
            // Out and back again, so that nothing is copied but into the frame.
            let Some(message) = self.queue.get_mut(usize::from(sent)) else { return };
            let data = std::mem::take(message);
            let body = Body::I { ns: flow.vs, nr: flow.vr, p: false, data: &data };
            self.send(Kind::Command, body);
            if let Some(message) = self.queue.get_mut(usize::from(sent)) {
                *message = data;
            }
            if sent < flow.tried {
                self.counters.repeated += 1;
            } else {
                flow.tried = sent + 1;
            }
            flow.vs = flow.vs.next();
            flow.owing = false;
            if matches!(watch, Watch::T203(_)) {
                *watch = Watch::T200(now + self.params.t200);
            }
        }
    }

    fn pay(&mut self, flow: &mut Flow) {
        if flow.owing {
            self.supervise(Kind::Response, flow, false);
        }
    }

    /// RR, or RNR if the owner is busy: all before V(R) arrived.
    pub(super) fn supervise(&mut self, kind: Kind, flow: &mut Flow, pf: bool) {
        flow.owing = false;
        let nr = flow.vr;
        let body = if self.own_busy { Body::Rnr { nr, pf } } else { Body::Rr { nr, pf } };
        self.send(kind, body);
    }

    /// Asks the peer what it has (§5.6.7: by a supervisory command, never by the last I frame).
    pub(super) fn enquire(&mut self, flow: &mut Flow) {
        self.supervise(Kind::Command, flow, true);
    }

    /// Answers a command with P; reports a response with F that was not asked for (§5.8).
    pub(super) fn polled(&mut self, flow: &mut Flow, kind: Kind, pf: bool) {
        match (kind, pf) {
            (Kind::Command, true) => self.supervise(Kind::Response, flow, true),
            (Kind::Response, true) => self.error(Code::A),
            (_, false) => {}
        }
    }

    /// The information of an I frame: for the owner if it is the next one (§5.6.2, §5.8).
    pub(super) fn take(&mut self, flow: &mut Flow, ns: Sequence, p: bool, data: &[u8]) {
        if self.own_busy {
            self.counters.discarded += 1;
            if p {
                self.supervise(Kind::Response, flow, true);
            }
        } else if ns == flow.vr {
            flow.vr = flow.vr.next();
            flow.rejecting = false;
            self.outputs.push_back(Output::Data(data.to_vec()));
            flow.owing = true;
            if p {
                self.supervise(Kind::Response, flow, true);
            }
        } else {
            self.counters.discarded += 1;
            if !flow.rejecting {
                flow.rejecting = true;
                flow.owing = false;
                self.send(Kind::Response, Body::Rej { nr: flow.vr, pf: p });
            } else if p {
                self.supervise(Kind::Response, flow, true);
            }
        }
    }

    /// The peer has all before N(R), which is valid.
    pub(super) fn acknowledge(&mut self, flow: &mut Flow, nr: Sequence) {
        let count = nr.since(flow.va);
        self.queue.drain(..usize::from(count).min(self.queue.len()));
        flow.tried = flow.tried.saturating_sub(count);
        flow.va = nr;
    }

    /// The same in state 7 while the peer is not busy, and which timer runs now (§5.6.4).
    pub(super) fn progress(
        &mut self,
        flow: &mut Flow,
        nr: Sequence,
        watch: Watch,
        now: Instant,
    ) -> Watch {
        let news = nr != flow.va;
        self.acknowledge(flow, nr);
        if !flow.is_outstanding() {
            self.quiet(now)
        } else if news {
            Watch::T200(now + self.params.t200)
        } else {
            watch
        }
    }

    /// Nothing is on its way: T203.
    pub(super) fn quiet(&self, now: Instant) -> Watch {
        Watch::T203(now + self.params.t203)
    }

    /// The owner is busy or no more; a link that is up tells its peer (§5.6.6).
    pub(super) fn own_busy(&mut self, busy: bool) {
        if std::mem::replace(&mut self.own_busy, busy) == busy {
            return;
        }
        if let Some(mut flow) = self.state.flow().copied() {
            self.supervise(Kind::Response, &mut flow, false);
            match &mut self.state {
                State::Established { flow: place, .. }
                | State::TimerRecovery { flow: place, .. } => {
                    *place = flow;
                }
                State::Assigned { .. }
                | State::AwaitingEstablishment(_)
                | State::AwaitingRelease(_) => {}
            }
        }
    }
}
