//! How long each side waits: ITU-T Q.931 (05/98) §9, tables 9-1 (network) and 9-2 (user).

use core::time::Duration;

/// Which side of the interface we are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The side of a private exchange or a telephone; in QSIG, side B (ECMA-143).
    User,
    /// The side of the public network; in QSIG, side A.
    Network,
}

impl Side {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::User => Self::Network,
            Self::Network => Self::User,
        }
    }
}

/// What a wait is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are those of the tables, `Timers` says what each is for")]
pub enum Timer {
    T301,
    T302,
    T303,
    T304,
    T305,
    T306,
    T308,
    T309,
    T310,
    T313,
    T314,
    T316,
    T317,
    T321,
    T322,
    Hold,
    Retrieve,
    Service,
}

/// How long we wait for what. A zero never expires at once: it means that the wait is not limited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timers {
    /// It rings on the far side: at least 3 min.
    pub t301: Duration,
    /// Digits may follow: 10 to 15 s in the network, 15 s at the user.
    pub t302: Duration,
    /// SETUP was sent: 4 s, and once more.
    pub t303: Duration,
    /// The far side wants digits: 20 s in the network, 30 s at the user.
    pub t304: Duration,
    /// DISCONNECT was sent: 30 s.
    pub t305: Duration,
    /// DISCONNECT was sent, and there is something to be heard: 30 s, or as long as the announcement.
    pub t306: Duration,
    /// RELEASE was sent: 4 s, and once more.
    pub t308: Duration,
    /// The D channel or the line is gone under an active call: 6 to 90 s.
    pub t309: Duration,
    /// The far side is at work: 10 s in the network, 30 to 120 s at the user.
    pub t310: Duration,
    /// CONNECT was sent: 4 s.
    pub t313: Duration,
    /// Part of a long message was received: 4 s until the next.
    pub t314: Duration,
    /// RESTART was sent: 2 min, and once more.
    pub t316: Duration,
    /// RESTART was received and the owner clears up: less than T316.
    pub t317: Duration,
    /// The D channel has failed and its spare is asked: 30 s.
    pub t321: Duration,
    /// STATUS ENQUIRY was sent: 4 s, and once more.
    pub t322: Duration,
    /// HOLD was sent: 4 s (EN 300 196-1 §8.2, T-HOLD).
    pub hold: Duration,
    /// RETRIEVE was sent: 4 s (EN 300 196-1 §8.2, T-RETRIEVE).
    pub retrieve: Duration,
    /// SERVICE was sent: 2 min, and once more (T3M1 of AT&T TR 41459).
    pub service: Duration,
}

impl Timers {
    /// What the Recommendation has for this side.
    pub fn of(side: Side) -> Self {
        let seconds = Duration::from_secs;
        let (t304, t310) = match side {
            Side::Network => (seconds(20), seconds(10)),
            Side::User => (seconds(30), seconds(30)),
        };
        Self {
            t301: seconds(180),
            t302: seconds(15),
            t303: seconds(4),
            t304,
            t305: seconds(30),
            t306: seconds(30),
            t308: seconds(4),
            t309: seconds(90),
            t310,
            t313: seconds(4),
            t314: seconds(4),
            t316: seconds(120),
            t317: seconds(60),
            t321: seconds(30),
            t322: seconds(4),
            hold: seconds(4),
            retrieve: seconds(4),
            service: seconds(120),
        }
    }
}
