//! What is measured: how the two sides of a call differ, how packets come, and what the goal is.

use call::Codec;
use media::srtp::Suite;
use std::time::Duration;

/// A load, its goal, and beside what it runs.
pub(crate) struct Way {
    pub(crate) kind: Kind,
    pub(crate) bursts: bool,
    /// Of the CPU for a call: ours by the rival's.
    pub(crate) goal: &'static str,
    /// Beside which kind of call of the rival's it runs.
    pub(crate) beside: Beside,
    /// As it is called in the table.
    pub(crate) name: &'static str,
}

/// What the rival does meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    /// The same.
    Same,
    /// It passes plain calls on, whose price is the unit.
    Plain,
    /// Nothing.
    Nobody,
}

/// What the two sides of a call are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Two telephones.
    Plain,
    /// A is encrypted, with keys told in the description.
    Srtp,
    /// A is a browser.
    Browser,
    /// They speak differently.
    Codecs(Tongue, Tongue),
    /// Both are members of the one conference.
    Room(Tongue),
}

/// An encoding, and its name in a description (RFC 3551 §6, RFC 7587 §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tongue {
    pub(crate) word: &'static str,
    pub(crate) codec: Codec,
    pub(crate) payload_type: u8,
    pub(crate) described: &'static str,
}

impl Way {
    /// What is due within so long leaves at once, as from a sender with a coarse clock; without, as
    /// from many phones.
    pub(crate) fn tick(&self) -> Duration {
        if self.bursts { Duration::from_millis(1) } else { Duration::from_nanos(1) }
    }
}

impl Kind {
    /// How it is ordered, in one word.
    pub(crate) fn word(self) -> String {
        match self {
            Self::Plain => "plain".into(),
            Self::Srtp => "srtp".into(),
            Self::Browser => "browser".into(),
            Self::Codecs(a, b) => format!("{}-{}", a.word, b.word),
            Self::Room(tongue) => format!("room-{}", tongue.word),
        }
    }

    /// Which has this word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        WAYS.iter().map(|way| way.kind).find(|kind| kind.word() == word)
    }

    /// What A and B speak, where the box has to understand it.
    pub(crate) fn tongues(self) -> Option<[Tongue; 2]> {
        match self {
            Self::Plain | Self::Srtp | Self::Browser => None,
            Self::Codecs(a, b) => Some([a, b]),
            Self::Room(tongue) => Some([tongue; 2]),
        }
    }
}

const fn tongue(
    word: &'static str,
    codec: Codec,
    payload_type: u8,
    described: &'static str,
) -> Tongue {
    Tongue { word, codec, payload_type, described }
}

pub(crate) const PCMU: Tongue = tongue("pcmu", Codec::Pcmu, 0, "PCMU/8000");
pub(crate) const PCMA: Tongue = tongue("pcma", Codec::Pcma, 8, "PCMA/8000");
const G722: Tongue = tongue("g722", Codec::G722, 9, "G722/8000");
const G729: Tongue = tongue("g729", Codec::G729 { annex_b: false }, 18, "G729/8000");
const OPUS: Tongue = tongue("opus", Codec::Opus, 111, "opus/48000/2");

const fn way(
    name: &'static str,
    goal: &'static str,
    kind: Kind,
    bursts: bool,
    beside: Beside,
) -> Way {
    Way { kind, bursts, goal, beside, name }
}

/// All of it. In bursts a packet that is passed on costs least, so that what else is done to it weighs
/// most in a ratio.
pub(crate) const WAYS: [Way; 10] = [
    way("plain, spread evenly", "0.55", Kind::Plain, false, Beside::Same),
    way("plain, bursts every ms", "0.55", Kind::Plain, true, Beside::Same),
    way("SRTP to plain", "0.7", Kind::Srtp, true, Beside::Same),
    way("PCMU to PCMA", "0.45", Kind::Codecs(PCMU, PCMA), true, Beside::Same),
    way("G.722 to PCMA", "0.6", Kind::Codecs(G722, PCMA), true, Beside::Same),
    way("browser to plain", "1.7", Kind::Browser, true, Beside::Plain),
    way("G.729 to PCMU", "4", Kind::Codecs(G729, PCMU), true, Beside::Plain),
    way("Opus to PCMU", "4.7", Kind::Codecs(OPUS, PCMU), true, Beside::Plain),
    way("conference, PCMA", "", Kind::Room(PCMA), false, Beside::Nobody),
    way("conference, Opus", "", Kind::Room(OPUS), false, Beside::Nobody),
];

/// Of the encrypted side.
pub(crate) const SUITE: Suite = Suite::AesCm128HmacSha1_80;
