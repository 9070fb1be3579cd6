//! The non-INVITE client transaction, RFC 3261 §17.1.2.

use std::time::{Duration, Instant};

use super::{Event, Sent, Step, Tell, Timers, earlier};

/// Our request (REGISTER, BYE, OPTIONS, ...), from the moment it is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client {
    reliable: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nobody answered yet: timer E repeats the request, timer F ends it.
    Trying {
        resend_at: Option<Instant>,
        interval: Duration,
        give_up_at: Instant,
    },
    /// Provisionally answered: timer E goes on at T2, and F as it was.
    Proceeding {
        resend_at: Option<Instant>,
        give_up_at: Instant,
    },
    /// Answered: repeated responses are absorbed until timer K.
    Completed {
        until: Instant,
    },
    Terminated,
}

impl Client {
    /// The request has just been sent.
    pub(super) fn start(reliable: bool, timers: &Timers, now: Instant) -> Self {
        let resend_at = (!reliable).then(|| now + timers.t1);
        let give_up_at = now + timers.patience();
        Self { reliable, state: State::Trying { resend_at, interval: timers.t1, give_up_at } }
    }

    /// When [`Event::Timeout`] is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Trying { resend_at, give_up_at, .. }
            | State::Proceeding { resend_at, give_up_at } => Some(earlier(resend_at, give_up_at)),
            State::Completed { until } => Some(until),
            State::Terminated => None,
        }
    }

    /// Whether the final response is still to come.
    pub(super) fn is_pending(&self) -> bool {
        matches!(self.state, State::Trying { .. } | State::Proceeding { .. })
    }

    /// Whether the request may have to go out again.
    pub(super) fn repeats(&self) -> bool {
        self.is_pending() && !self.reliable
    }

    pub(super) fn handle(&mut self, event: Event, timers: &Timers, now: Instant) -> Step {
        match (self.state, event) {
            (State::Trying { resend_at, give_up_at, .. }, Event::Response(100..=199)) => {
                self.state = State::Proceeding { resend_at, give_up_at };
                Step::tell(Tell::Response)
            }
            (State::Proceeding { .. }, Event::Response(100..=199)) => Step::tell(Tell::Response),
            (State::Trying { .. } | State::Proceeding { .. }, Event::Response(200..)) => {
                self.answered(timers, now)
            }

            (
                State::Trying { give_up_at, .. } | State::Proceeding { give_up_at, .. },
                Event::Timeout,
            ) if now >= give_up_at => self.end(Step::tell(Tell::TimedOut)),
            (State::Trying { resend_at: Some(at), interval, give_up_at }, Event::Timeout)
                if now >= at =>
            {
                let interval = timers.backed_off(interval);
                let resend_at = Some(now + interval);
                self.state = State::Trying { resend_at, interval, give_up_at };
                Step::send(Sent::Request)
            }
            (State::Proceeding { resend_at: Some(at), give_up_at }, Event::Timeout)
                if now >= at =>
            {
                self.state = State::Proceeding { resend_at: Some(now + timers.t2), give_up_at };
                Step::send(Sent::Request)
            }
            (State::Completed { until }, Event::Timeout) if now >= until => self.end(Step::NOTHING),

            (State::Trying { .. } | State::Proceeding { .. }, Event::TransportError) => {
                self.end(Step::tell(Tell::TransportFailed))
            }
            // What is late, early or not of this state changes nothing.
            _ => Step::NOTHING,
        }
    }

    fn answered(&mut self, timers: &Timers, now: Instant) -> Step {
        let step = Step::tell(Tell::Response);
        if self.reliable {
            return self.end(step);
        }
        self.state = State::Completed { until: now + timers.t4 };
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

    const TIMERS: Timers = Timers {
        t1: Duration::from_millis(500),
        t2: Duration::from_secs(4),
        t4: Duration::from_secs(5),
    };

    /// Lets time pass and notes when the request is repeated, and when the transaction ends.
    fn run(client: &mut Client, time: FakeTime) -> (Vec<u64>, u64, Step) {
        let mut repeated = Vec::new();
        loop {
            let due = client.deadline().unwrap();
            assert_eq!(
                client.handle(Event::Timeout, &TIMERS, due - Duration::from_millis(1)),
                Step::NOTHING
            );
            let step = client.handle(Event::Timeout, &TIMERS, due);
            if step.over {
                return (repeated, time.millis(due), step);
            }
            assert_eq!(step, Step::send(Sent::Request));
            repeated.push(time.millis(due));
        }
    }

    #[test]
    fn an_unanswered_request_is_repeated_up_to_every_4_s_and_given_up_after_32_s() {
        let time = FakeTime::start();
        let mut client = Client::start(false, &TIMERS, time.at(0));
        let (repeated, end, step) = run(&mut client, time);
        let every_4_s = [7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
        assert_eq!(repeated[..3], [500, 1_500, 3_500]);
        assert_eq!(repeated[3..], every_4_s);
        assert_eq!((end, step), (32_000, Step::tell(Tell::TimedOut).and_over()));
    }

    #[test]
    fn after_a_provisional_response_the_request_is_repeated_every_4_s() {
        let time = FakeTime::start();
        let mut client = Client::start(false, &TIMERS, time.at(0));
        let step = client.handle(Event::Response(100), &TIMERS, time.at(200));
        assert_eq!(step, Step::tell(Tell::Response));
        let (repeated, end, step) = run(&mut client, time);
        assert_eq!(repeated, [500, 4_500, 8_500, 12_500, 16_500, 20_500, 24_500, 28_500]);
        assert_eq!((end, step), (32_000, Step::tell(Tell::TimedOut).and_over()));
    }

    #[test]
    fn over_a_stream_a_request_is_sent_once_and_given_up_after_32_s() {
        let time = FakeTime::start();
        let mut client = Client::start(true, &TIMERS, time.at(0));
        let (repeated, end, step) = run(&mut client, time);
        assert_eq!((repeated, end), (vec![], 32_000));
        assert_eq!(step, Step::tell(Tell::TimedOut).and_over());
    }

    #[test]
    fn a_response_is_told_once_and_its_repetitions_are_absorbed_for_5_s() {
        let time = FakeTime::start();
        let mut client = Client::start(false, &TIMERS, time.at(0));
        let step = client.handle(Event::Response(200), &TIMERS, time.at(30));
        assert_eq!(step, Step::tell(Tell::Response));
        assert_eq!(client.handle(Event::Response(200), &TIMERS, time.at(530)), Step::NOTHING);
        assert_eq!(client.deadline(), Some(time.at(5_030)));
        assert_eq!(
            client.handle(Event::Timeout, &TIMERS, time.at(5_030)),
            Step::NOTHING.and_over()
        );
    }

    #[test]
    fn over_a_stream_a_response_ends_the_transaction() {
        let time = FakeTime::start();
        let mut client = Client::start(true, &TIMERS, time.at(0));
        let step = client.handle(Event::Response(401), &TIMERS, time.at(30));
        assert_eq!(step, Step::tell(Tell::Response).and_over());
    }

    #[test]
    fn a_transport_error_is_told_until_there_is_an_answer() {
        let time = FakeTime::start();
        let mut client = Client::start(false, &TIMERS, time.at(0));
        let mut answered = client;
        let step = client.handle(Event::TransportError, &TIMERS, time.at(1));
        assert_eq!(step, Step::tell(Tell::TransportFailed).and_over());
        answered.handle(Event::Response(200), &TIMERS, time.at(30));
        let step = answered.handle(Event::TransportError, &TIMERS, time.at(31));
        assert_eq!(step, Step::NOTHING);
    }
}
