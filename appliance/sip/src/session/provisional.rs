//! Provisional responses that must not be lost: 100rel and PRACK, RFC 3262.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::transaction::Timers;

/// Our reliable provisional responses to one INVITE, RFC 3262 §3. One at a time is on its way;
/// others wait for its PRACK.
#[derive(Clone, Debug)]
pub struct Reliable {
    /// The `CSeq` number of the INVITE.
    cseq: u32,
    /// The number that the next response gets.
    next: u32,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Idle,
    Unacknowledged {
        rseq: u32,
        bytes: Arc<[u8]>,
        resend_at: Instant,
        interval: Duration,
        give_up_at: Instant,
        waiting: VecDeque<(u32, Arc<[u8]>)>,
    },
}

/// What [`Reliable`] wants when its time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overdue {
    /// Send the response again.
    Repeat(Arc<[u8]>),
    /// No PRACK in 64*T1: answer the INVITE with a 5xx (RFC 3262 §3).
    Unacknowledged,
}

/// What a PRACK was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pracked {
    /// 200, and the next response goes out, if there is one.
    Matched(Option<Arc<[u8]>>),
    /// 481: it acknowledges nothing that is unacknowledged.
    Unmatched,
}

impl Reliable {
    /// No response yet to the INVITE with `cseq`. The numbers start anywhere in the lower half, so
    /// that they never wrap (RFC 3262 §3).
    pub fn new(cseq: u32, random: u32) -> Self {
        Self { cseq, next: (random >> 1).max(1), state: State::Idle }
    }

    /// The `RSeq` for a response that is about to be composed for [`Reliable::send`].
    pub fn number(&mut self) -> u32 {
        let number = self.next;
        self.next = self.next.saturating_add(1);
        number
    }

    /// Hands over a composed response; gives it back if it goes out now.
    pub fn send(
        &mut self,
        rseq: u32,
        bytes: Arc<[u8]>,
        timers: &Timers,
        now: Instant,
    ) -> Option<Arc<[u8]>> {
        match &mut self.state {
            State::Unacknowledged { waiting, .. } => {
                waiting.push_back((rseq, bytes));
                None
            }
            State::Idle => {
                self.start(rseq, bytes.clone(), VecDeque::new(), timers, now);
                Some(bytes)
            }
        }
    }

    /// A PRACK came with this `RAck`: response number and the INVITE's `CSeq` number.
    pub fn acknowledge(
        &mut self,
        acked_rseq: u32,
        acked_cseq: u32,
        timers: &Timers,
        now: Instant,
    ) -> Pracked {
        let State::Unacknowledged { rseq, waiting, .. } = &mut self.state else {
            return Pracked::Unmatched;
        };
        if (*rseq, self.cseq) != (acked_rseq, acked_cseq) {
            return Pracked::Unmatched;
        }
        let mut waiting = std::mem::take(waiting);
        let Some((rseq, bytes)) = waiting.pop_front() else {
            self.state = State::Idle;
            return Pracked::Matched(None);
        };
        self.start(rseq, bytes.clone(), waiting, timers, now);
        Pracked::Matched(Some(bytes))
    }

    /// Whether a PRACK is still to come. A 2xx has to wait for it if the response carried SDP.
    pub fn is_unacknowledged(&self) -> bool {
        matches!(self.state, State::Unacknowledged { .. })
    }

    /// The final response went out: nothing provisional is repeated (RFC 3262 §3).
    pub fn stop(&mut self) {
        self.state = State::Idle;
    }

    /// When [`Reliable::timeout`] is due.
    pub fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Idle => None,
            State::Unacknowledged { resend_at, give_up_at, .. } => Some(*resend_at.min(give_up_at)),
        }
    }

    /// The deadline came. The interval doubles without a bound (RFC 3262 §3).
    pub fn timeout(&mut self, now: Instant) -> Option<Overdue> {
        let State::Unacknowledged { bytes, resend_at, interval, give_up_at, .. } = &mut self.state
        else {
            return None;
        };
        if now >= *give_up_at {
            self.state = State::Idle;
            return Some(Overdue::Unacknowledged);
        }
        if now < *resend_at {
            return None;
        }
        *interval *= 2;
        *resend_at = now + *interval;
        Some(Overdue::Repeat(bytes.clone()))
    }

    fn start(
        &mut self,
        rseq: u32,
        bytes: Arc<[u8]>,
        waiting: VecDeque<(u32, Arc<[u8]>)>,
        timers: &Timers,
        now: Instant,
    ) {
        self.state = State::Unacknowledged {
            rseq,
            bytes,
            resend_at: now + timers.t1,
            interval: timers.t1,
            give_up_at: now + timers.patience(),
            waiting,
        };
    }
}

/// A peer's reliable provisional responses in one early dialog, RFC 3262 §4: taken in order, once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    latest: Option<u32>,
}

/// What to do with a reliable provisional response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Send a PRACK and use it.
    Next,
    /// Seen before: its PRACK repeats itself.
    Repeated,
    /// One before it is missing: ignore it, it comes again (RFC 3262 §4).
    Early,
}

impl Received {
    /// A response with this `RSeq` came.
    pub fn take(&mut self, rseq: u32) -> Order {
        match self.latest {
            Some(latest) if rseq <= latest => Order::Repeated,
            Some(latest) if rseq != latest.saturating_add(1) => Order::Early,
            _ => {
                self.latest = Some(rseq);
                Order::Next
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_time::FakeTime;

    fn bytes(text: &str) -> Arc<[u8]> {
        text.as_bytes().into()
    }

    #[test]
    fn a_reliable_response_is_repeated_at_doubling_intervals_and_given_up_after_32_s() {
        let (time, timers) = (FakeTime::start(), Timers::default());
        let mut reliable = Reliable::new(1, 200);
        let rseq = reliable.number();
        assert_eq!(rseq, 100);
        assert!(reliable.send(rseq, bytes("183"), &timers, time.at(0)).is_some());
        for due in [500, 1_500, 3_500, 7_500, 15_500, 31_500] {
            assert_eq!(reliable.deadline(), Some(time.at(due)));
            assert_eq!(reliable.timeout(time.at(due - 1)), None);
            assert_eq!(reliable.timeout(time.at(due)), Some(Overdue::Repeat(bytes("183"))));
        }
        assert_eq!(reliable.deadline(), Some(time.at(32_000)));
        assert_eq!(reliable.timeout(time.at(32_000)), Some(Overdue::Unacknowledged));
        assert_eq!(reliable.deadline(), None);
    }

    #[test]
    fn the_second_response_waits_for_the_prack_of_the_first() {
        let (time, timers) = (FakeTime::start(), Timers::default());
        let mut reliable = Reliable::new(9, 0);
        let (one, two) = (reliable.number(), reliable.number());
        assert_eq!((one, two), (1, 2));
        assert!(reliable.send(one, bytes("183"), &timers, time.at(0)).is_some());
        assert_eq!(reliable.send(two, bytes("180"), &timers, time.at(100)), None);
        let pracked = reliable.acknowledge(two, 9, &timers, time.at(150));
        assert_eq!(pracked, Pracked::Unmatched);
        let pracked = reliable.acknowledge(one, 8, &timers, time.at(150));
        assert_eq!(pracked, Pracked::Unmatched);
        let pracked = reliable.acknowledge(one, 9, &timers, time.at(200));
        assert_eq!(pracked, Pracked::Matched(Some(bytes("180"))));
        assert_eq!(reliable.deadline(), Some(time.at(700)));
        let pracked = reliable.acknowledge(two, 9, &timers, time.at(250));
        assert_eq!(pracked, Pracked::Matched(None));
        assert!(!reliable.is_unacknowledged());
        assert_eq!(reliable.deadline(), None);
    }

    #[test]
    fn after_the_final_response_nothing_is_repeated() {
        let (time, timers) = (FakeTime::start(), Timers::default());
        let mut reliable = Reliable::new(1, 0);
        reliable.send(1, bytes("183"), &timers, time.at(0));
        reliable.stop();
        assert_eq!(reliable.deadline(), None);
        assert_eq!(reliable.acknowledge(1, 1, &timers, time.at(9)), Pracked::Unmatched);
    }

    #[test]
    fn a_peers_responses_are_taken_in_order_and_once() {
        let mut received = Received::default();
        assert_eq!(received.take(70), Order::Next);
        assert_eq!(received.take(70), Order::Repeated);
        assert_eq!(received.take(72), Order::Early);
        assert_eq!(received.take(71), Order::Next);
        assert_eq!(received.take(72), Order::Next);
        assert_eq!(received.take(u32::MAX), Order::Early);
    }
}
