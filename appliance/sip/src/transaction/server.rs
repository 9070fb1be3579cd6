//! The non-INVITE server transaction, RFC 3261 §17.2.2 with RFC 4320.

use std::time::Instant;

use super::{Event, Sent, Step, Tell, Timers};

/// A peer's request (REGISTER, BYE, OPTIONS, ...), from the moment it arrived.
#[derive(Clone, Copy, Debug)]
pub(super) struct Server {
    reliable: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not answered. At the end the peer's timer F has fired: an answer would come too late
    /// (RFC 4320 §4.2).
    Trying {
        until: Instant,
    },
    /// Provisionally answered.
    Proceeding {
        until: Instant,
    },
    /// Answered: repeated requests get the same answer until timer J.
    Completed {
        until: Instant,
    },
    Terminated,
}

impl Server {
    /// The request has just arrived.
    pub(super) fn start(reliable: bool, timers: &Timers, now: Instant) -> Self {
        Self { reliable, state: State::Trying { until: now + timers.patience() } }
    }

    /// When [`Event::Timeout`] is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Trying { until } | State::Proceeding { until } | State::Completed { until } => {
                Some(until)
            }
            State::Terminated => None,
        }
    }

    /// Whether the latest response may have to go out again.
    pub(super) fn repeats(&self) -> bool {
        matches!(self.state, State::Proceeding { .. } | State::Completed { .. })
    }

    pub(super) fn handle(&mut self, event: Event, timers: &Timers, now: Instant) -> Step {
        match (self.state, event) {
            (State::Proceeding { .. } | State::Completed { .. }, Event::Request) => {
                Step::send(Sent::Response)
            }

            (State::Trying { until } | State::Proceeding { until }, Event::Respond(100..=199)) => {
                self.state = State::Proceeding { until };
                Step::send(Sent::Response)
            }
            (State::Trying { .. } | State::Proceeding { .. }, Event::Respond(200..)) => {
                self.answer(timers, now)
            }

            (State::Trying { until } | State::Proceeding { until }, Event::Timeout)
                if now >= until =>
            {
                self.end(Step::tell(Tell::TimedOut))
            }
            (State::Completed { until }, Event::Timeout) if now >= until => self.end(Step::NOTHING),

            (State::Proceeding { .. } | State::Completed { .. }, Event::TransportError) => {
                self.end(Step::tell(Tell::TransportFailed))
            }
            // What is late, early or not of this state changes nothing.
            _ => Step::NOTHING,
        }
    }

    fn answer(&mut self, timers: &Timers, now: Instant) -> Step {
        let step = Step::send(Sent::Response);
        if self.reliable {
            return self.end(step);
        }
        self.state = State::Completed { until: now + timers.patience() };
        step
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
    use std::time::Duration;

    const TIMERS: Timers = Timers {
        t1: Duration::from_millis(500),
        t2: Duration::from_secs(4),
        t4: Duration::from_secs(5),
    };

    #[test]
    fn a_repeated_request_gets_the_same_answer_for_32_s() {
        let time = FakeTime::start();
        let mut server = Server::start(false, &TIMERS, time.at(0));
        assert_eq!(server.handle(Event::Request, &TIMERS, time.at(1)), Step::NOTHING);
        let step = server.handle(Event::Respond(200), &TIMERS, time.at(10));
        assert_eq!(step, Step::send(Sent::Response));
        let step = server.handle(Event::Request, &TIMERS, time.at(500));
        assert_eq!(step, Step::send(Sent::Response));
        assert_eq!(server.deadline(), Some(time.at(32_010)));
        assert_eq!(server.handle(Event::Timeout, &TIMERS, time.at(32_009)), Step::NOTHING);
        assert_eq!(
            server.handle(Event::Timeout, &TIMERS, time.at(32_010)),
            Step::NOTHING.and_over()
        );
    }

    #[test]
    fn a_second_answer_is_not_sent() {
        let time = FakeTime::start();
        let mut server = Server::start(false, &TIMERS, time.at(0));
        server.handle(Event::Respond(200), &TIMERS, time.at(10));
        assert_eq!(server.handle(Event::Respond(500), &TIMERS, time.at(20)), Step::NOTHING);
    }

    #[test]
    fn over_a_stream_the_answer_ends_the_transaction() {
        let time = FakeTime::start();
        let mut server = Server::start(true, &TIMERS, time.at(0));
        let step = server.handle(Event::Respond(200), &TIMERS, time.at(10));
        assert_eq!(step, Step::send(Sent::Response).and_over());
    }

    #[test]
    fn an_answer_that_the_peer_no_longer_waits_for_is_not_owed() {
        let time = FakeTime::start();
        let mut server = Server::start(false, &TIMERS, time.at(0));
        server.handle(Event::Respond(100), &TIMERS, time.at(3_500));
        assert_eq!(server.deadline(), Some(time.at(32_000)));
        let step = server.handle(Event::Timeout, &TIMERS, time.at(32_000));
        assert_eq!(step, Step::tell(Tell::TimedOut).and_over());
    }

    #[test]
    fn a_transport_error_ends_an_answered_transaction() {
        let time = FakeTime::start();
        let mut server = Server::start(false, &TIMERS, time.at(0));
        server.handle(Event::Respond(200), &TIMERS, time.at(10));
        let step = server.handle(Event::TransportError, &TIMERS, time.at(11));
        assert_eq!(step, Step::tell(Tell::TransportFailed).and_over());
    }
}
