//! The INVITE server transaction, RFC 3261 §17.2.1 with the Accepted state of RFC 6026 §7.1.

use std::time::{Duration, Instant};

use super::{Event, Sent, Step, Tell, Timers, earlier};

/// A peer's INVITE, from the moment it arrived. Its user answers 100 at once, or something better.
#[derive(Clone, Copy, Debug)]
pub(super) struct InviteServer {
    reliable: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It rings here. The end is the user's final response, whenever that comes.
    Proceeding,
    /// Answered with a 2xx, which the user repeats; repeated INVITEs are absorbed until timer L.
    Accepted {
        until: Instant,
    },
    /// Refused: timer G repeats the refusal until the ACK comes, timer H gives up.
    Completed {
        resend_at: Option<Instant>,
        interval: Duration,
        give_up_at: Instant,
    },
    /// The ACK came; its repetitions are absorbed until timer I.
    Confirmed {
        until: Instant,
    },
    Terminated,
}

impl InviteServer {
    /// The INVITE has just arrived.
    pub(super) fn start(reliable: bool) -> Self {
        Self { reliable, state: State::Proceeding }
    }

    /// When [`Event::Timeout`] is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Proceeding | State::Terminated => None,
            State::Accepted { until } | State::Confirmed { until } => Some(until),
            State::Completed { resend_at, give_up_at, .. } => Some(earlier(resend_at, give_up_at)),
        }
    }

    /// Whether the latest response may have to go out again.
    pub(super) fn repeats(&self) -> bool {
        matches!(self.state, State::Proceeding | State::Completed { .. })
    }

    pub(super) fn handle(&mut self, event: Event, timers: &Timers, now: Instant) -> Step {
        match (self.state, event) {
            (State::Proceeding | State::Completed { .. }, Event::Request) => {
                Step::send(Sent::Response)
            }

            (State::Proceeding, Event::Respond(100..=199)) => Step::send(Sent::Response),
            (State::Proceeding, Event::Respond(200..=299)) => {
                self.state = State::Accepted { until: now + timers.patience() };
                Step::send(Sent::Response)
            }
            (State::Accepted { .. }, Event::Respond(200..=299)) => Step::send(Sent::Response),
            (State::Proceeding, Event::Respond(300..)) => {
                self.state = State::Completed {
                    resend_at: (!self.reliable).then(|| now + timers.t1),
                    interval: timers.t1,
                    give_up_at: now + timers.patience(),
                };
                Step::send(Sent::Response)
            }

            (State::Accepted { .. }, Event::Ack) => Step::tell(Tell::Ack),
            (State::Completed { .. }, Event::Ack) if self.reliable => self.end(Step::NOTHING),
            (State::Completed { .. }, Event::Ack) => {
                self.state = State::Confirmed { until: now + timers.t4 };
                Step::NOTHING
            }

            (State::Completed { give_up_at, .. }, Event::Timeout) if now >= give_up_at => {
                self.end(Step::tell(Tell::TimedOut))
            }
            (State::Completed { resend_at: Some(at), interval, give_up_at }, Event::Timeout)
                if now >= at =>
            {
                let interval = timers.backed_off(interval);
                let resend_at = Some(now + interval);
                self.state = State::Completed { resend_at, interval, give_up_at };
                Step::send(Sent::Response)
            }
            (State::Accepted { until } | State::Confirmed { until }, Event::Timeout)
                if now >= until =>
            {
                self.end(Step::NOTHING)
            }

            // The transaction stays, so that a repeated INVITE is not taken for a new one
            // (RFC 6026 §8.7).
            (
                State::Proceeding | State::Accepted { .. } | State::Completed { .. },
                Event::TransportError,
            ) => Step::tell(Tell::TransportFailed),
            // What is late, early or not of this state changes nothing.
            _ => Step::NOTHING,
        }
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

    #[test]
    fn a_refusal_is_repeated_up_to_every_4_s_and_given_up_without_an_ack_after_32_s() {
        let time = FakeTime::start();
        let mut invite = InviteServer::start(false);
        let step = invite.handle(Event::Respond(486), &TIMERS, time.at(0));
        assert_eq!(step, Step::send(Sent::Response));
        for due in [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500] {
            assert_eq!(invite.deadline(), Some(time.at(due)));
            let early = invite.handle(Event::Timeout, &TIMERS, time.at(due - 1));
            assert_eq!(early, Step::NOTHING);
            let step = invite.handle(Event::Timeout, &TIMERS, time.at(due));
            assert_eq!(step, Step::send(Sent::Response));
        }
        assert_eq!(invite.deadline(), Some(time.at(32_000)));
        let step = invite.handle(Event::Timeout, &TIMERS, time.at(32_000));
        assert_eq!(step, Step::tell(Tell::TimedOut).and_over());
    }

    #[test]
    fn an_ack_stops_the_refusal_and_further_acks_are_absorbed_for_5_s() {
        let time = FakeTime::start();
        let mut invite = InviteServer::start(false);
        invite.handle(Event::Respond(486), &TIMERS, time.at(0));
        assert_eq!(invite.handle(Event::Ack, &TIMERS, time.at(40)), Step::NOTHING);
        assert_eq!(invite.deadline(), Some(time.at(5_040)));
        assert_eq!(invite.handle(Event::Ack, &TIMERS, time.at(540)), Step::NOTHING);
        assert_eq!(invite.handle(Event::Request, &TIMERS, time.at(541)), Step::NOTHING);
        assert_eq!(
            invite.handle(Event::Timeout, &TIMERS, time.at(5_040)),
            Step::NOTHING.and_over()
        );
    }

    #[test]
    fn over_a_stream_a_refusal_is_sent_once_and_the_ack_ends_the_transaction() {
        let time = FakeTime::start();
        let mut invite = InviteServer::start(true);
        invite.handle(Event::Respond(486), &TIMERS, time.at(0));
        assert_eq!(invite.deadline(), Some(time.at(32_000)));
        assert_eq!(invite.handle(Event::Ack, &TIMERS, time.at(40)), Step::NOTHING.and_over());
    }

    #[test]
    fn a_repeated_invite_gets_the_latest_response_again() {
        let time = FakeTime::start();
        let mut invite = InviteServer::start(false);
        assert_eq!(
            invite.handle(Event::Respond(180), &TIMERS, time.at(0)),
            Step::send(Sent::Response)
        );
        assert_eq!(
            invite.handle(Event::Request, &TIMERS, time.at(500)),
            Step::send(Sent::Response)
        );
        invite.handle(Event::Respond(404), &TIMERS, time.at(600));
        assert_eq!(
            invite.handle(Event::Request, &TIMERS, time.at(700)),
            Step::send(Sent::Response)
        );
    }

    #[test]
    fn after_a_2xx_repeated_invites_are_absorbed_and_acks_passed_on_for_32_s() {
        let time = FakeTime::start();
        let mut invite = InviteServer::start(false);
        invite.handle(Event::Respond(200), &TIMERS, time.at(1_000));
        assert_eq!(invite.handle(Event::Request, &TIMERS, time.at(1_500)), Step::NOTHING);
        assert_eq!(invite.handle(Event::Ack, &TIMERS, time.at(1_600)), Step::tell(Tell::Ack));
        assert_eq!(
            invite.handle(Event::Respond(200), &TIMERS, time.at(1_700)),
            Step::send(Sent::Response)
        );
        assert_eq!(invite.handle(Event::Respond(486), &TIMERS, time.at(1_800)), Step::NOTHING);
        assert_eq!(invite.deadline(), Some(time.at(33_000)));
        assert_eq!(
            invite.handle(Event::Timeout, &TIMERS, time.at(33_000)),
            Step::NOTHING.and_over()
        );
    }

    #[test]
    fn a_transport_error_does_not_make_the_next_repetition_a_new_call() {
        let time = FakeTime::start();
        let mut invite = InviteServer::start(false);
        invite.handle(Event::Respond(486), &TIMERS, time.at(0));
        let step = invite.handle(Event::TransportError, &TIMERS, time.at(1));
        assert_eq!(step, Step::tell(Tell::TransportFailed));
        let step = invite.handle(Event::Request, &TIMERS, time.at(500));
        assert_eq!(step, Step::send(Sent::Response));
    }
}
