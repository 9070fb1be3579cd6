//! The INVITE client transaction, RFC 3261 §17.1.1 with the Accepted state of RFC 6026 §7.2.

use std::time::{Duration, Instant};

use super::{Event, Sent, Step, Tell, Timers, earlier};

/// Our INVITE, from the moment it is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct InviteClient {
    reliable: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nobody answered yet: timer A repeats the INVITE, timer B ends it.
    Calling {
        resend_at: Option<Instant>,
        interval: Duration,
        give_up_at: Instant,
    },
    /// It rings. A telephone may ring for long, so only a CANCEL sets an end (RFC 3261 §9.1).
    Proceeding {
        give_up_at: Option<Instant>,
    },
    /// Answered: further 2xx (a fork, a repetition) are the user's until timer M.
    Accepted {
        until: Instant,
    },
    /// Refused and acknowledged: the ACK is repeated until timer D.
    Completed {
        until: Instant,
    },
    Terminated,
}

impl InviteClient {
    /// The INVITE has just been sent.
    pub(super) fn start(reliable: bool, timers: &Timers, now: Instant) -> Self {
        let resend_at = (!reliable).then(|| now + timers.t1);
        let give_up_at = now + timers.patience();
        Self { reliable, state: State::Calling { resend_at, interval: timers.t1, give_up_at } }
    }

    /// When [`Event::Timeout`] is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Calling { resend_at, give_up_at, .. } => Some(earlier(resend_at, give_up_at)),
            State::Proceeding { give_up_at } => give_up_at,
            State::Accepted { until } | State::Completed { until } => Some(until),
            State::Terminated => None,
        }
    }

    /// Whether nobody answered yet: a CANCEL has to wait (RFC 3261 §9.1).
    pub(super) fn is_calling(&self) -> bool {
        matches!(self.state, State::Calling { .. })
    }

    /// Whether the final response is still to come.
    pub(super) fn is_pending(&self) -> bool {
        matches!(self.state, State::Calling { .. } | State::Proceeding { .. })
    }

    /// Whether it rings and was not cancelled.
    pub(super) fn is_ringing(&self) -> bool {
        matches!(self.state, State::Proceeding { give_up_at: None })
    }

    /// Whether the INVITE, or the ACK to its refusal, may have to go out again. While it rings the
    /// INVITE is what the CANCEL and the ACK are made from.
    pub(super) fn repeats(&self) -> bool {
        !matches!(self.state, State::Accepted { .. } | State::Terminated)
    }

    pub(super) fn handle(&mut self, event: Event, timers: &Timers, now: Instant) -> Step {
        match (self.state, event) {
            (State::Calling { .. }, Event::Response(100..=199)) => {
                self.state = State::Proceeding { give_up_at: None };
                Step::tell(Tell::Response)
            }
            (State::Proceeding { .. }, Event::Response(100..=199)) => Step::tell(Tell::Response),
            (State::Calling { .. } | State::Proceeding { .. }, Event::Response(200..=299)) => {
                self.state = State::Accepted { until: now + timers.patience() };
                Step::tell(Tell::Response)
            }
            (State::Accepted { .. }, Event::Response(200..=299)) => Step::tell(Tell::Response),
            (State::Calling { .. } | State::Proceeding { .. }, Event::Response(300..)) => {
                self.refused(timers, now)
            }
            (State::Completed { .. }, Event::Response(300..)) => Step::send(Sent::Ack),

            (State::Proceeding { give_up_at: None }, Event::Cancelled) => {
                self.state = State::Proceeding { give_up_at: Some(now + timers.patience()) };
                Step::NOTHING
            }

            (State::Calling { resend_at, interval, give_up_at }, Event::Timeout) => {
                self.call_again(resend_at, interval, give_up_at, now)
            }
            (State::Proceeding { give_up_at: Some(at) }, Event::Timeout) if now >= at => {
                self.end(Step::tell(Tell::TimedOut))
            }
            (State::Accepted { until } | State::Completed { until }, Event::Timeout)
                if now >= until =>
            {
                self.end(Step::NOTHING)
            }

            // The INVITE, or the ACK to a refusal, did not leave.
            (State::Calling { .. } | State::Completed { .. }, Event::TransportError) => {
                self.end(Step::tell(Tell::TransportFailed))
            }
            // What is late, early or not of this state changes nothing.
            _ => Step::NOTHING,
        }
    }

    fn refused(&mut self, timers: &Timers, now: Instant) -> Step {
        let step = Step { send: Some(Sent::Ack), tell: Some(Tell::Response), over: false };
        if self.reliable {
            return self.end(step);
        }
        self.state = State::Completed { until: now + timers.d() };
        step
    }

    fn call_again(
        &mut self,
        resend_at: Option<Instant>,
        interval: Duration,
        give_up_at: Instant,
        now: Instant,
    ) -> Step {
        if now >= give_up_at {
            return self.end(Step::tell(Tell::TimedOut));
        }
        if resend_at.is_none_or(|at| now < at) {
            return Step::NOTHING;
        }
        let interval = interval * 2;
        self.state = State::Calling { resend_at: Some(now + interval), interval, give_up_at };
        Step::send(Sent::Request)
    }

    fn end(&mut self, step: Step) -> Step {
        self.state = State::Terminated;
        step.and_over()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_time::FakeTime;

    const TIMERS: Timers = Timers {
        t1: Duration::from_millis(500),
        t2: Duration::from_secs(4),
        t4: Duration::from_secs(5),
    };

    fn over_udp(time: FakeTime) -> InviteClient {
        InviteClient::start(false, &TIMERS, time.at(0))
    }

    #[test]
    fn an_unanswered_invite_is_repeated_at_doubling_intervals_and_given_up_after_32_s() {
        let time = FakeTime::start();
        let mut invite = over_udp(time);
        for due in [500, 1_500, 3_500, 7_500, 15_500, 31_500] {
            assert_eq!(invite.deadline(), Some(time.at(due)));
            let early = invite.handle(Event::Timeout, &TIMERS, time.at(due - 1));
            assert_eq!(early, Step::NOTHING);
            let step = invite.handle(Event::Timeout, &TIMERS, time.at(due));
            assert_eq!(step, Step::send(Sent::Request));
        }
        assert_eq!(invite.deadline(), Some(time.at(32_000)));
        let step = invite.handle(Event::Timeout, &TIMERS, time.at(32_000));
        assert_eq!(step, Step::tell(Tell::TimedOut).and_over());
        assert_eq!(invite.deadline(), None);
    }

    #[test]
    fn over_a_stream_an_invite_is_sent_once() {
        let time = FakeTime::start();
        let mut invite = InviteClient::start(true, &TIMERS, time.at(0));
        assert_eq!(invite.deadline(), Some(time.at(32_000)));
        let step = invite.handle(Event::Timeout, &TIMERS, time.at(32_000));
        assert_eq!(step, Step::tell(Tell::TimedOut).and_over());
    }

    #[test]
    fn a_ringing_phone_may_ring_for_an_hour() {
        let time = FakeTime::start();
        let mut invite = over_udp(time);
        invite.handle(Event::Response(180), &TIMERS, time.at(20));
        assert_eq!(invite.deadline(), None);
        let step = invite.handle(Event::Timeout, &TIMERS, time.at(3_600_000));
        assert_eq!(step, Step::NOTHING);
        let step = invite.handle(Event::Response(200), &TIMERS, time.at(3_600_000));
        assert_eq!(step, Step::tell(Tell::Response));
    }

    #[test]
    fn a_cancelled_invite_without_a_final_response_is_given_up_after_32_s() {
        let time = FakeTime::start();
        let mut invite = over_udp(time);
        invite.handle(Event::Response(180), &TIMERS, time.at(20));
        invite.handle(Event::Cancelled, &TIMERS, time.at(1_000));
        invite.handle(Event::Cancelled, &TIMERS, time.at(2_000));
        invite.handle(Event::Response(180), &TIMERS, time.at(3_000));
        assert_eq!(invite.deadline(), Some(time.at(33_000)));
        let step = invite.handle(Event::Timeout, &TIMERS, time.at(33_000));
        assert_eq!(step, Step::tell(Tell::TimedOut).and_over());
    }

    #[test]
    fn every_2xx_reaches_the_user_for_32_s_and_nothing_else_does() {
        let time = FakeTime::start();
        let mut invite = over_udp(time);
        invite.handle(Event::Response(200), &TIMERS, time.at(100));
        let again = invite.handle(Event::Response(200), &TIMERS, time.at(600));
        assert_eq!(again, Step::tell(Tell::Response));
        for late in [100, 180, 486, 603] {
            assert_eq!(invite.handle(Event::Response(late), &TIMERS, time.at(700)), Step::NOTHING);
        }
        assert_eq!(invite.deadline(), Some(time.at(32_100)));
        assert_eq!(
            invite.handle(Event::Timeout, &TIMERS, time.at(32_100)),
            Step::NOTHING.and_over()
        );
    }

    #[test]
    fn a_refusal_is_acknowledged_each_time_and_told_once() {
        let time = FakeTime::start();
        let mut invite = over_udp(time);
        let step = invite.handle(Event::Response(486), &TIMERS, time.at(50));
        assert_eq!((step.send, step.tell), (Some(Sent::Ack), Some(Tell::Response)));
        let step = invite.handle(Event::Response(486), &TIMERS, time.at(550));
        assert_eq!(step, Step::send(Sent::Ack));
        assert_eq!(invite.handle(Event::Response(200), &TIMERS, time.at(560)), Step::NOTHING);
        assert_eq!(invite.deadline(), Some(time.at(32_050)));
        assert_eq!(invite.handle(Event::Timeout, &TIMERS, time.at(32_049)), Step::NOTHING);
        assert_eq!(
            invite.handle(Event::Timeout, &TIMERS, time.at(32_050)),
            Step::NOTHING.and_over()
        );
    }

    #[test]
    fn over_a_stream_a_refusal_ends_the_transaction_at_once() {
        let time = FakeTime::start();
        let mut invite = InviteClient::start(true, &TIMERS, time.at(0));
        let step = invite.handle(Event::Response(404), &TIMERS, time.at(50));
        assert_eq!((step.send, step.over), (Some(Sent::Ack), true));
    }

    #[test]
    fn a_transport_error_is_told() {
        let time = FakeTime::start();
        let mut invite = over_udp(time);
        let step = invite.handle(Event::TransportError, &TIMERS, time.at(5));
        assert_eq!(step, Step::tell(Tell::TransportFailed).and_over());
    }
}
