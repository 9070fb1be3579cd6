//! Transactions: one request and its answers, RFC 3261 §17 with RFC 6026.
//!
//! Four small machines (`invite_client`, `client`, `invite_server`, `server`) know only status
//! codes and time; [`Transactions`] owns them all, finds the one a message belongs to, and keeps
//! the bytes that may have to be sent again.
//!
//! A machine never waits without an end: every state has a deadline, or an exit that its user owns
//! (an INVITE that rings, ours or the peer's, ends when the user says so).

mod client;
mod derived;
mod invite_client;
mod invite_server;
mod key;
mod machine;
mod server;
mod slots;
mod table;

pub use table::{Out, Received, Setup, TransactionId, Transactions};

use std::time::{Duration, Instant};

/// The timer base of RFC 3261 §17.1.1.1, from which timers A to M follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// Estimate of the round trip, T1.
    pub t1: Duration,
    /// Longest interval between retransmissions of a non-INVITE request or an INVITE response, T2.
    pub t2: Duration,
    /// Longest time that a message stays in the network, T4.
    pub t4: Duration,
}

impl Default for Timers {
    /// RFC 3261 table 4: 500 ms, 4 s, 5 s.
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
        }
    }
}

impl Timers {
    /// How long anybody tries: 64*T1, timers B, F, H, J, L and M.
    pub fn patience(&self) -> Duration {
        self.t1 * 64
    }

    /// How long a refused INVITE is remembered over datagrams: timer D, at least 32 s.
    fn d(&self) -> Duration {
        self.patience().max(Duration::from_secs(32))
    }

    /// The interval after `interval`: doubled, up to T2 (timers E and G).
    pub(crate) fn backed_off(&self, interval: Duration) -> Duration {
        (interval * 2).min(self.t2)
    }
}

/// What happens to a transaction. A machine ignores the events that are not of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// The peer's request came (again).
    Request,
    /// An ACK came to the peer's INVITE.
    Ack,
    /// The user answers the peer's request with this status.
    Respond(u16),
    /// A response came to our request.
    Response(u16),
    /// A CANCEL went out after our INVITE.
    Cancelled,
    /// The deadline came.
    Timeout,
    /// The message could not be sent.
    TransportError,
}

/// What a machine wants done after one event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Step {
    /// What goes on the wire, again or for the first time.
    send: Option<Sent>,
    /// What the transaction's user must hear.
    tell: Option<Tell>,
    /// The machine reached its end and can be dropped.
    over: bool,
}

impl Step {
    const NOTHING: Self = Self { send: None, tell: None, over: false };

    fn send(sent: Sent) -> Self {
        Self { send: Some(sent), ..Self::NOTHING }
    }

    fn tell(tell: Tell) -> Self {
        Self { tell: Some(tell), ..Self::NOTHING }
    }

    /// The same, and the machine is at its end.
    fn and_over(self) -> Self {
        Self { over: true, ..self }
    }
}

/// Which of a transaction's messages goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    /// The request that opened it.
    Request,
    /// The ACK to a refusal, RFC 3261 §17.1.1.3.
    Ack,
    /// The latest response.
    Response,
}

/// What a transaction's user hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tell {
    /// A response that the user has not seen.
    Response,
    /// An ACK that belongs to the user, because a 2xx was sent (RFC 6026 §7.1).
    Ack,
    /// Nobody answered in time, or the ACK never came.
    TimedOut,
    /// The transport gave up.
    TransportFailed,
}

/// The earlier of a retransmission that may not exist and the end.
fn earlier(resend_at: Option<Instant>, end: Instant) -> Instant {
    resend_at.map_or(end, |resend_at| resend_at.min(end))
}
