//! Where a call stands: for us by who began it, for the far side by the names of ITU-T Q.931 §2.1.

use core::fmt;
use std::time::Instant;

use crate::q931::message::Message;
use crate::q931::timers::{Side, Timer};

/// The state of a call as STATUS tells it (ITU-T Q.931 §2.1.1, §2.1.2; values of §4.5.7). The same name
/// means the call as the *user* has it: in Call Initiated the user called, on both sides.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum CallState {
    /// 0: no call.
    Null,
    /// 1: the user sent SETUP.
    CallInitiated,
    /// 2: the user sends digits.
    OverlapSending,
    /// 3: the network has all that it needs.
    OutgoingCallProceeding,
    /// 4: it rings at whom the user called.
    CallDelivered,
    /// 6: the network sent SETUP.
    CallPresent,
    /// 7: the user rings.
    CallReceived,
    /// 8: the user answered.
    ConnectRequest,
    /// 9: the user has all that it needs.
    IncomingCallProceeding,
    /// 10: they talk.
    Active,
    /// 11: the user sent DISCONNECT.
    DisconnectRequest,
    /// 12: the network sent DISCONNECT.
    DisconnectIndication,
    /// 19: RELEASE was sent.
    ReleaseRequest,
    /// 25: the user takes digits.
    OverlapReceiving,
    /// A state that we are never in: of basic interfaces, of several telephones, or of nobody; 0 to 63.
    Other(u8),
}

impl CallState {
    /// The state with this value; the six lower bits count.
    pub fn from_value(value: u8) -> Self {
        match value & 0x3f {
            0 => Self::Null,
            1 => Self::CallInitiated,
            2 => Self::OverlapSending,
            3 => Self::OutgoingCallProceeding,
            4 => Self::CallDelivered,
            6 => Self::CallPresent,
            7 => Self::CallReceived,
            8 => Self::ConnectRequest,
            9 => Self::IncomingCallProceeding,
            10 => Self::Active,
            11 => Self::DisconnectRequest,
            12 => Self::DisconnectIndication,
            19 => Self::ReleaseRequest,
            25 => Self::OverlapReceiving,
            other => Self::Other(other),
        }
    }

    /// Its value, 0 to 63.
    pub fn value(self) -> u8 {
        match self {
            Self::Null => 0,
            Self::CallInitiated => 1,
            Self::OverlapSending => 2,
            Self::OutgoingCallProceeding => 3,
            Self::CallDelivered => 4,
            Self::CallPresent => 6,
            Self::CallReceived => 7,
            Self::ConnectRequest => 8,
            Self::IncomingCallProceeding => 9,
            Self::Active => 10,
            Self::DisconnectRequest => 11,
            Self::DisconnectIndication => 12,
            Self::ReleaseRequest => 19,
            Self::OverlapReceiving => 25,
            Self::Other(value) => value & 0x3f,
        }
    }
}

impl fmt::Display for CallState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::Null => "null",
            Self::CallInitiated => "call initiated",
            Self::OverlapSending => "overlap sending",
            Self::OutgoingCallProceeding => "outgoing call proceeding",
            Self::CallDelivered => "call delivered",
            Self::CallPresent => "call present",
            Self::CallReceived => "call received",
            Self::ConnectRequest => "connect request",
            Self::IncomingCallProceeding => "incoming call proceeding",
            Self::Active => "active",
            Self::DisconnectRequest => "disconnect request",
            Self::DisconnectIndication => "disconnect indication",
            Self::ReleaseRequest => "release request",
            Self::OverlapReceiving => "overlap receiving",
            Self::Other(value) => return write!(f, "state {value}"),
        };
        f.write_str(words)
    }
}

/// Where a call stands, for us.
#[derive(Debug)]
pub(super) enum State {
    /// Over: the reference is free.
    Null,
    /// We sent SETUP.
    Outgoing(Outgoing),
    /// The far side sent SETUP.
    Incoming(Incoming),
    /// They talk.
    Active {
        /// T309: the D channel or the line is gone.
        t309: Option<Instant>,
    },
    /// One side wants the end.
    Clearing(Clearing),
}

/// A call that we began.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// U1, N6: SETUP is kept to be said once more.
    Sent {
        /// What was said.
        setup: Box<Message>,
        /// T303.
        t303: Option<Instant>,
        /// How often it may be said again.
        left: u8,
    },
    /// U2, N25: the far side wants digits.
    Overlap {
        /// T304; not while there is a tone or an announcement to dial after.
        t304: Option<Instant>,
    },
    /// U3, N9: the far side has all that it needs.
    Proceeding {
        /// T310; stopped by PROGRESS.
        t310: Option<Instant>,
    },
    /// U4, N7: it rings.
    Ringing {
        /// T301.
        t301: Option<Instant>,
    },
}

/// A call that the far side began.
#[derive(Debug)]
pub(super) enum Incoming {
    /// U6, N1: the owner has not said anything yet.
    Present,
    /// U25, N2: we want digits.
    Overlap {
        /// T302.
        t302: Option<Instant>,
    },
    /// U9, N3: we have all that we need.
    Proceeding,
    /// U7, N4: it rings.
    Ringing,
    /// U8: CONNECT was sent.
    Answered {
        /// T313.
        t313: Option<Instant>,
    },
}

/// A call that ends.
#[derive(Debug)]
pub(super) enum Clearing {
    /// U11, N12: we sent DISCONNECT.
    Asked {
        /// T305, or T306 where there is something to be heard.
        at: Option<Instant>,
        /// Whether there is.
        tones: bool,
    },
    /// U12, N11: the far side sent DISCONNECT, and there is something to be heard.
    Told,
    /// U19, N19: we sent RELEASE, which is kept to be said once more.
    Released {
        /// What was said.
        release: Box<Message>,
        /// T308.
        t308: Option<Instant>,
        /// How often it may be said again.
        left: u8,
    },
}

impl State {
    /// Its name on this side of the interface.
    pub(super) fn name(&self, side: Side) -> CallState {
        use CallState as S;
        let (user, network) = match self {
            Self::Null => (S::Null, S::Null),
            Self::Outgoing(Outgoing::Sent { .. }) => (S::CallInitiated, S::CallPresent),
            Self::Outgoing(Outgoing::Overlap { .. }) => (S::OverlapSending, S::OverlapReceiving),
            Self::Outgoing(Outgoing::Proceeding { .. }) => {
                (S::OutgoingCallProceeding, S::IncomingCallProceeding)
            }
            Self::Outgoing(Outgoing::Ringing { .. }) => (S::CallDelivered, S::CallReceived),
            Self::Incoming(Incoming::Present) => (S::CallPresent, S::CallInitiated),
            Self::Incoming(Incoming::Overlap { .. }) => (S::OverlapReceiving, S::OverlapSending),
            Self::Incoming(Incoming::Proceeding) => {
                (S::IncomingCallProceeding, S::OutgoingCallProceeding)
            }
            Self::Incoming(Incoming::Ringing) => (S::CallReceived, S::CallDelivered),
            Self::Incoming(Incoming::Answered { .. }) => (S::ConnectRequest, S::ConnectRequest),
            Self::Active { .. } => (S::Active, S::Active),
            Self::Clearing(Clearing::Asked { .. }) => {
                (S::DisconnectRequest, S::DisconnectIndication)
            }
            Self::Clearing(Clearing::Told) => (S::DisconnectIndication, S::DisconnectRequest),
            Self::Clearing(Clearing::Released { .. }) => (S::ReleaseRequest, S::ReleaseRequest),
        };
        match side {
            Side::User => user,
            Side::Network => network,
        }
    }

    /// The wait that belongs to it.
    pub(super) fn deadline(&self) -> Option<(Instant, Timer)> {
        let (at, timer) = match self {
            Self::Outgoing(Outgoing::Sent { t303, .. }) => (t303, Timer::T303),
            Self::Outgoing(Outgoing::Overlap { t304 }) => (t304, Timer::T304),
            Self::Outgoing(Outgoing::Proceeding { t310 }) => (t310, Timer::T310),
            Self::Outgoing(Outgoing::Ringing { t301 }) => (t301, Timer::T301),
            Self::Incoming(Incoming::Overlap { t302 }) => (t302, Timer::T302),
            Self::Incoming(Incoming::Answered { t313 }) => (t313, Timer::T313),
            Self::Active { t309 } => (t309, Timer::T309),
            Self::Clearing(Clearing::Asked { at, tones: false }) => (at, Timer::T305),
            Self::Clearing(Clearing::Asked { at, tones: true }) => (at, Timer::T306),
            Self::Clearing(Clearing::Released { t308, .. }) => (t308, Timer::T308),
            Self::Null | Self::Incoming(_) | Self::Clearing(Clearing::Told) => return None,
        };
        at.map(|at| (at, timer))
    }
}
