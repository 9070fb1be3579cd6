//! The 2xx and its ACK: end to end, so repeated by the ends and not by a transaction.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::transaction::Timers;

/// Our 2xx to an INVITE, until the ACK comes: RFC 3261 §13.3.1.4. It is repeated over streams too,
/// because the hops behind the first one may lose it.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Sent, and not acknowledged.
    Unconfirmed {
        /// The `CSeq` number of the INVITE.
        cseq: u32,
        /// The whole response.
        bytes: Arc<[u8]>,
        /// When it is repeated.
        resend_at: Instant,
        /// The pause before that.
        interval: Duration,
        /// When the call is ended instead.
        give_up_at: Instant,
    },
    /// Acknowledged, or given up.
    Settled,
}

/// What an [`Answer`] wants when its time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overdue {
    /// Send the 2xx again.
    Repeat(Arc<[u8]>),
    /// No ACK in 64*T1: the dialog stands, but the session should end with a BYE.
    Unacknowledged,
}

impl Answer {
    /// The 2xx `bytes` to the INVITE with `cseq` has just been sent.
    pub fn sent(cseq: u32, bytes: Arc<[u8]>, timers: &Timers, now: Instant) -> Self {
        Self::Unconfirmed {
            cseq,
            bytes,
            resend_at: now + timers.t1,
            interval: timers.t1,
            give_up_at: now + timers.patience(),
        }
    }

    /// An ACK came in the dialog; whether it is the one that was missing.
    pub fn acknowledge(&mut self, acked: u32) -> bool {
        let matches = matches!(self, Self::Unconfirmed { cseq, .. } if *cseq == acked);
        if matches {
            *self = Self::Settled;
        }
        matches
    }

    /// Whether the ACK is still to come.
    pub fn is_unconfirmed(&self) -> bool {
        matches!(self, Self::Unconfirmed { .. })
    }

    /// When [`Answer::timeout`] is due.
    pub fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Unconfirmed { resend_at, give_up_at, .. } => Some(*resend_at.min(give_up_at)),
            Self::Settled => None,
        }
    }

    /// The deadline came.
    pub fn timeout(&mut self, timers: &Timers, now: Instant) -> Option<Overdue> {
        let Self::Unconfirmed { bytes, resend_at, interval, give_up_at, .. } = self else {
            return None;
        };
        if now >= *give_up_at {
            *self = Self::Settled;
            return Some(Overdue::Unacknowledged);
        }
        if now < *resend_at {
            return None;
        }
        *interval = timers.backed_off(*interval);
        *resend_at = now + *interval;
        Some(Overdue::Repeat(bytes.clone()))
    }
}

/// Our ACK to a 2xx, kept to be sent again whenever the 2xx is repeated: RFC 3261 §13.2.2.4.
#[derive(Clone, Debug)]
pub struct Acknowledgement {
    cseq: u32,
    bytes: Arc<[u8]>,
}

impl Acknowledgement {
    /// The ACK `bytes` to the 2xx of the INVITE with `cseq`.
    pub fn new(cseq: u32, bytes: Arc<[u8]>) -> Self {
        Self { cseq, bytes }
    }

    /// A 2xx came in the dialog: the ACK, if it is the one that was acknowledged before.
    pub fn repeat(&self, cseq: u32) -> Option<Arc<[u8]>> {
        (cseq == self.cseq).then(|| self.bytes.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_time::FakeTime;

    #[test]
    fn a_2xx_is_repeated_up_to_every_4_s_and_the_call_given_up_after_32_s() {
        let (time, timers) = (FakeTime::start(), Timers::default());
        let bytes: Arc<[u8]> = b"SIP/2.0 200 OK".as_slice().into();
        let mut answer = Answer::sent(7, bytes.clone(), &timers, time.at(0));
        for due in [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500] {
            assert_eq!(answer.deadline(), Some(time.at(due)));
            assert_eq!(answer.timeout(&timers, time.at(due - 1)), None);
            let overdue = answer.timeout(&timers, time.at(due));
            assert_eq!(overdue, Some(Overdue::Repeat(bytes.clone())));
        }
        assert_eq!(answer.deadline(), Some(time.at(32_000)));
        assert_eq!(answer.timeout(&timers, time.at(32_000)), Some(Overdue::Unacknowledged));
        assert_eq!(answer.deadline(), None);
    }

    #[test]
    fn only_the_ack_with_the_invites_number_stops_it() {
        let (time, timers) = (FakeTime::start(), Timers::default());
        let mut answer = Answer::sent(7, Arc::from(&b"2xx"[..]), &timers, time.at(0));
        assert!(!answer.acknowledge(6));
        assert!(answer.is_unconfirmed());
        assert!(answer.acknowledge(7));
        assert!(!answer.acknowledge(7));
        assert_eq!(answer.deadline(), None);
    }

    #[test]
    fn a_repeated_2xx_gets_the_same_ack_again() {
        let ack = Acknowledgement::new(3, Arc::from(&b"ACK"[..]));
        assert_eq!(ack.repeat(3).as_deref(), Some(&b"ACK"[..]));
        assert_eq!(ack.repeat(4), None);
    }
}
