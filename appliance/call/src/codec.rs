//! Which encodings of sound the box itself speaks, and under which numbers a far side knows them.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An encoding that the box can turn into sound and back, or pass on by meaning.
///
/// Each name is the one of SDP, with what tells two encodings of one name apart. An encoding that is not
/// here is passed on unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Codec {
    /// G.711 µ-law, `PCMU/8000`.
    Pcmu,
    /// G.711 A-law, `PCMA/8000`.
    Pcma,
    /// G.722 at 64 kbit/s, `G722/8000`: 16 kHz of sound under a clock of 8 kHz (RFC 3551 §4.5.2).
    G722,
    /// G.726, `G726-16/8000` to `G726-40/8000`, or `AAL2-G726-*` by its packing.
    G726 {
        /// Bits of a sample.
        bits: G726Bits,
        /// In which order samples stand in an octet.
        packing: G726Packing,
    },
    /// G.729 with Annex A, `G729/8000`.
    G729 {
        /// Whether pauses may be sent as Annex B says: `annexb=yes`, the default of RFC 4856 §2.1.9.
        annex_b: bool,
    },
    /// G.723.1, `G723/8000`.
    G723 {
        /// Whether pauses may be sent as Annex A says: `annexa=yes`, the default of RFC 4856 §2.1.8.
        annex_a: bool,
    },
    /// GSM full rate, `GSM/8000`.
    Gsm,
    /// AMR-WB, `AMR-WB/16000` (RFC 4867).
    AmrWb {
        /// `octet-align=1`; otherwise the bits are packed.
        octet_aligned: bool,
    },
    /// Opus, `opus/48000/2` (RFC 7587).
    Opus,
    /// Linear samples, 16 bits, network order, one channel.
    L16 {
        /// Samples a second: 8,000, 16,000, 32,000, 44,100 or 48,000.
        rate: u32,
    },
    /// Octets of a channel of 64 kbit/s as they are, `CLEARMODE/8000` (RFC 4040): data, and nothing to be heard.
    Clear,
    /// Keys pressed, `telephone-event` (RFC 4733).
    TelephoneEvent {
        /// Ticks of the clock in a second.
        clock: u32,
    },
    /// Comfort noise, `CN` (RFC 3389).
    ComfortNoise {
        /// Ticks of the clock in a second.
        clock: u32,
    },
}

/// Bits in which G.726 codes a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum G726Bits {
    /// 16 kbit/s.
    Two,
    /// 24 kbit/s.
    Three,
    /// 32 kbit/s.
    Four,
    /// 40 kbit/s.
    Five,
}

/// How samples of G.726 stand in octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum G726Packing {
    /// The first in the lowest bits (RFC 3551 §4.5.4).
    Rtp,
    /// The first in the highest bits (ITU-T I.366.2 Annex E).
    Aal2,
}

/// An encoding under the number by which one side knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// RTP payload type, 0 to 127.
    pub payload_type: u8,
    /// What it stands for.
    pub codec: Codec,
}

/// What one far side and the box agreed to speak.
///
/// A payload type that is in neither list passes through the box unread, under its own number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Formats {
    /// What the far side may send, by the numbers that the box gave it.
    pub receive: Vec<Format>,
    /// What the far side understands, preferred first, by the numbers that it gave.
    pub send: Vec<Format>,
    /// How much sound the far side wants in one packet, in milliseconds (`a=ptime`): 10 to 60. What it
    /// understands as it comes is put into packets of that length. Nothing when 0.
    pub packet_millis: u8,
    /// How much it takes at most (`a=maxptime`), where it says so; nothing when 0.
    pub most_millis: u8,
    /// How much it was asked to send in one; nothing when 0.
    pub asked_millis: u8,
}

impl Codec {
    /// Ticks of its RTP clock in a second.
    pub fn clock(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 | Self::Gsm | Self::Clear => 8_000,
            Self::G726 { .. } | Self::G729 { .. } | Self::G723 { .. } => 8_000,
            Self::AmrWb { .. } => 16_000,
            Self::Opus => 48_000,
            Self::L16 { rate } => rate,
            Self::TelephoneEvent { clock } | Self::ComfortNoise { clock } => clock,
        }
    }

    /// Whether it is what a call is about, and not keys or noise beside it.
    pub fn is_sound(self) -> bool {
        !matches!(self, Self::TelephoneEvent { .. } | Self::ComfortNoise { .. })
    }

    /// Whether what is sent as `self` is understood by who expects `other`, bit for bit: the annexes of
    /// G.729 and G.723.1 only say whether pauses may be left out.
    pub fn is_understood_as(self, other: Self) -> bool {
        match (self, other) {
            (Self::G729 { annex_b: a }, Self::G729 { annex_b: b }) => b || !a,
            (Self::G723 { annex_a: a }, Self::G723 { annex_a: b }) => b || !a,
            _ => self == other,
        }
    }
}

/// As people write it; keys and noise by their names in SDP.
impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pcmu => "G.711 µ-law",
            Self::Pcma => "G.711 A-law",
            Self::G722 => "G.722",
            Self::G726 { .. } => "G.726",
            Self::G729 { .. } => "G.729",
            Self::G723 { .. } => "G.723.1",
            Self::Gsm => "GSM",
            Self::AmrWb { .. } => "AMR-WB",
            Self::Opus => "Opus",
            Self::L16 { .. } => "L16",
            Self::Clear => "CLEARMODE",
            Self::TelephoneEvent { .. } => "telephone-event",
            Self::ComfortNoise { .. } => "CN",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_of_annex_b_are_only_understood_where_they_were_agreed() {
        let (with, without) = (Codec::G729 { annex_b: true }, Codec::G729 { annex_b: false });
        assert!(without.is_understood_as(with));
        assert!(with.is_understood_as(with));
        assert!(!with.is_understood_as(without));
        assert!(!Codec::Pcmu.is_understood_as(Codec::Pcma));
    }

    #[test]
    fn keys_and_noise_are_no_sound() {
        assert!(Codec::Opus.is_sound());
        assert!(!Codec::TelephoneEvent { clock: 48_000 }.is_sound());
        assert!(!Codec::ComfortNoise { clock: 8_000 }.is_sound());
    }
}
