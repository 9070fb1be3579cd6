//! The states of Annex B, with what each of them knows.

use std::fmt::{self, Display, Formatter};
use std::time::Instant;

use super::super::frame::{Body, Kind, Sequence};
use super::Code;

/// The state of a link, with the timers that run in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum State {
    /// 4: there is no link.
    Assigned {
        /// When the link is asked for again.
        retry_at: Option<Instant>,
    },
    /// 5: SABME was sent.
    AwaitingEstablishment(SettingUp),
    /// 6: DISC was sent.
    AwaitingRelease(Releasing),
    /// 7: messages go.
    Established { flow: Flow, watch: Watch },
    /// 8: the peer was asked what it has, `rc` times.
    TimerRecovery { flow: Flow, t200: Instant, rc: u8 },
}

/// State 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct SettingUp {
    pub(super) t200: Instant,
    /// How often SABME was said again.
    pub(super) rc: u8,
    pub(super) purpose: Purpose,
    /// The owner wants the link no more: end it as soon as it is there (5.2 of Annex D).
    pub(super) release: bool,
}

/// What a link is set up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    /// The owner asked ("layer 3 initiated").
    Asked,
    /// It was up, and there was an error.
    Recovery {
        /// There were messages without acknowledgement: they are lost, and the owner is told.
        outstanding: bool,
    },
}

/// State 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Releasing {
    pub(super) t200: Instant,
    /// How often DISC was said again.
    pub(super) rc: u8,
    /// The owner wants the link again.
    pub(super) establish: bool,
}

/// What one of the two timers of state 7 waits for; always just one of them runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Watch {
    /// For an acknowledgement, or for a peer that is busy.
    T200(Instant),
    /// For any sign of life.
    T203(Instant),
}

/// The numbers and conditions of states 7 and 8 (Q.921 §3.5.2, §5.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Flow {
    /// V(S), the next number to send.
    pub(super) vs: Sequence,
    /// V(A), the first number that is not acknowledged.
    pub(super) va: Sequence,
    /// V(R), the next number to come.
    pub(super) vr: Sequence,
    /// How many messages from V(A) on were sent at least once.
    pub(super) tried: u8,
    /// The peer said RNR.
    pub(super) peer_busy: bool,
    /// REJ was sent, and what it asked for has not come ("reject exception").
    pub(super) rejecting: bool,
    /// Something came that is not acknowledged yet.
    pub(super) owing: bool,
}

impl Flow {
    /// Messages are without acknowledgement.
    pub(super) fn is_outstanding(&self) -> bool {
        self.vs != self.va
    }

    /// V(A) <= N(R) <= V(S), Q.921 §5.6.4.
    pub(super) fn is_valid(&self, nr: Sequence) -> bool {
        nr.since(self.va) <= self.vs.since(self.va)
    }
}

/// What happens in a state.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event<'a> {
    /// DL-ESTABLISH request, whatever there is.
    Establish,
    Release,
    PhysicalUp,
    PhysicalDown,
    /// The timer of the state.
    Expiry,
    Frame(Kind, Body<'a>),
    /// A frame that is none: codes L to O.
    Wrong(Code),
}

impl State {
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            State::Assigned { retry_at } => *retry_at,
            State::AwaitingEstablishment(SettingUp { t200, .. })
            | State::AwaitingRelease(Releasing { t200, .. })
            | State::TimerRecovery { t200, .. } => Some(*t200),
            State::Established { watch: Watch::T200(at) | Watch::T203(at), .. } => Some(*at),
        }
    }

    /// Whether whoever wants the link has it, or will.
    pub(super) fn serves(&self) -> bool {
        match self {
            State::Established { .. } | State::TimerRecovery { .. } => true,
            State::AwaitingEstablishment(setup) => !setup.release,
            State::Assigned { .. } | State::AwaitingRelease(_) => false,
        }
    }

    pub(super) fn phase(&self) -> Phase {
        match self {
            State::Assigned { .. } => Phase::Assigned,
            State::AwaitingEstablishment(_) => Phase::AwaitingEstablishment,
            State::AwaitingRelease(_) => Phase::AwaitingRelease,
            State::Established { .. } => Phase::Established,
            State::TimerRecovery { .. } => Phase::TimerRecovery,
        }
    }

    pub(super) fn flow(&self) -> Option<&Flow> {
        match self {
            State::Established { flow, .. } | State::TimerRecovery { flow, .. } => Some(flow),
            State::Assigned { .. }
            | State::AwaitingEstablishment(_)
            | State::AwaitingRelease(_) => None,
        }
    }

    /// Messages may wait here: the link is up, or comes back without the owner.
    pub(super) fn takes_data(&self) -> bool {
        match self {
            State::Established { .. } | State::TimerRecovery { .. } => true,
            State::AwaitingEstablishment(setup) => {
                setup.purpose != Purpose::Asked && !setup.release
            }
            State::Assigned { .. } | State::AwaitingRelease(_) => false,
        }
    }
}

/// The states of a point-to-point link with a fixed TEI (Q.921 §B.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// 4, TEI assigned: there is no link.
    Assigned,
    /// 5: we asked for a link.
    AwaitingEstablishment,
    /// 6: we asked for its end.
    AwaitingRelease,
    /// 7, multiple frame established: messages go.
    Established,
    /// 8: the link is up, and the peer is asked what it has.
    TimerRecovery,
}

impl Phase {
    /// The number in Annex B.
    pub fn number(self) -> u8 {
        match self {
            Phase::Assigned => 4,
            Phase::AwaitingEstablishment => 5,
            Phase::AwaitingRelease => 6,
            Phase::Established => 7,
            Phase::TimerRecovery => 8,
        }
    }

    /// Whether messages of layer 3 go: states 7 and 8.
    pub fn is_up(self) -> bool {
        matches!(self, Phase::Established | Phase::TimerRecovery)
    }
}

impl Display for Phase {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Assigned => "down",
            Phase::AwaitingEstablishment => "awaiting establishment",
            Phase::AwaitingRelease => "awaiting release",
            Phase::Established => "established",
            Phase::TimerRecovery => "established, peer does not answer",
        })
    }
}
