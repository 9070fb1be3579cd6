//! How a span is set up: ITU-T G.704 (framing), G.703 (line codes), ANSI T1.403 (T1).

use crate::Law;

/// E1 or T1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// 2048 kbit/s, 32 timeslots of which 0 is framing (G.704 §2.3).
    E1,
    /// 1544 kbit/s, 24 timeslots and a bit of framing (G.704 §2.1).
    T1,
}

impl LineKind {
    /// Its timeslots for bearers and signalling: 1 to 31, or 1 to 24.
    pub fn timeslots(self) -> impl Iterator<Item = Timeslot> {
        (1..=self.last()).map(Timeslot)
    }

    /// Whether it has this timeslot.
    #[must_use]
    pub fn has(self, slot: Timeslot) -> bool {
        (1..=self.last()).contains(&slot.0)
    }

    /// Bits of a frame of 125 μs (G.704 §2.1.1, §2.3.1).
    #[must_use]
    pub fn frame_bits(self) -> u16 {
        match self {
            LineKind::E1 => 256,
            LineKind::T1 => 193,
        }
    }

    fn last(self) -> u8 {
        match self {
            LineKind::E1 => 31,
            LineKind::T1 => 24,
        }
    }
}

/// A timeslot by the number that the standards give it; 1 is the first of both kinds of line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timeslot(pub u8);

/// How a span is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Framing and line code.
    pub line: LineSetting,
    /// Where its clock comes from.
    pub clock: ClockSource,
    /// How samples are companded.
    pub law: Law,
    /// The timeslots that carry HDLC: 16 of an E1, 24 of a T1, none in spans of a group whose D channel
    /// is elsewhere (ITU-T Q.931 annex F).
    pub signalling: Vec<Timeslot>,
}

impl Setting {
    /// As European carriers deliver a primary rate: CRC-4, HDB3, A-law, the D channel in timeslot 16,
    /// and the carrier's clock (ITU-T I.431, ETSI ETS 300 011).
    #[must_use]
    pub fn e1() -> Setting {
        Setting {
            line: LineSetting::E1 { framing: E1Framing::Crc4, code: LineCode::Dense },
            clock: ClockSource::Line { priority: 1 },
            law: Law::A,
            signalling: vec![Timeslot(16)],
        }
    }

    /// As North American carriers deliver one: ESF, B8ZS, μ-law, the D channel in timeslot 24, and the
    /// carrier's clock (ANSI T1.403).
    #[must_use]
    pub fn t1() -> Setting {
        Setting {
            line: LineSetting::T1 {
                framing: T1Framing::Esf,
                code: LineCode::Dense,
                build_out: BuildOut::Short,
            },
            clock: ClockSource::Line { priority: 1 },
            law: Law::Mu,
            signalling: vec![Timeslot(24)],
        }
    }

    /// E1 or T1.
    #[must_use]
    pub fn kind(&self) -> LineKind {
        match self.line {
            LineSetting::E1 { .. } => LineKind::E1,
            LineSetting::T1 { .. } => LineKind::T1,
        }
    }
}

/// Framing and line code of the two kinds of line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineSetting {
    /// An E1.
    E1 {
        /// How frames are found.
        framing: E1Framing,
        /// HDB3 or AMI.
        code: LineCode,
    },
    /// A T1.
    T1 {
        /// How frames are found.
        framing: T1Framing,
        /// B8ZS or AMI.
        code: LineCode,
        /// The length of the cable.
        build_out: BuildOut,
    },
}

/// How frames of an E1 are found (G.704 §2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum E1Framing {
    /// By the alignment signal alone.
    Basic,
    /// With a cyclic check of each 1 ms, and its result sent back.
    Crc4,
}

/// How frames of a T1 are found (G.704 §2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum T1Framing {
    /// Superframes of 12, also called D4.
    Superframe,
    /// Extended superframes of 24, with a cyclic check.
    Esf,
}

/// How bits become pulses (G.703 annex A).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineCode {
    /// Alternate mark inversion: long rows of zeros have no pulses.
    Ami,
    /// Zeros are replaced by violations: HDB3 on an E1, B8ZS on a T1.
    Dense,
}

/// How much a T1's pulses are shaped for the cable (ANSI T1.102, T1.403).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildOut {
    /// To 133 feet of cable between devices of one room, or 0 dB to the carrier.
    Short,
    /// 133 to 266 feet.
    Feet266,
    /// 266 to 399 feet.
    Feet399,
    /// 399 to 533 feet.
    Feet533,
    /// 533 to 655 feet.
    Feet655,
    /// 7.5 dB less, to the carrier.
    Db7,
    /// 15 dB less, to the carrier.
    Db15,
    /// 22.5 dB less, to the carrier.
    Db22,
}

/// Where a span's clock comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockSource {
    /// We are the clock: the far end follows.
    Own,
    /// The far end is. Of several such spans the one of the smallest priority leads; 1 comes first.
    Line {
        /// 1 to 255.
        priority: u8,
    },
}
