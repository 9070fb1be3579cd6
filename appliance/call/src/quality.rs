//! How well the sides of a call hear each other, from instant to instant, and in all.

mod summary;

use crate::{CallId, MediaKind};
use serde::{Deserialize, Serialize};

pub use summary::{QualitySummary, QualityTotal, StreamSummary};

/// How one stream fared in the last seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quality {
    /// What was lost of what should have come, in thousandths.
    pub loss_permille: u16,
    /// What came too late to be played, of what should have come, in thousandths; nothing where nobody
    /// says so: the box does where it listens itself, a telephone where it sends extended reports (RFC
    /// 3611 §4.7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discarded_permille: Option<u16>,
    /// Interarrival jitter in microseconds (RFC 3550 §A.8).
    pub jitter_micros: u32,
    /// The transmission rating R, 0 to 100: of ITU-T G.107, where 93 is a line without fault, or of the
    /// wide scale divided by 1.29 (G.107.1 Annex A), where 100 is.
    pub r: u8,
    /// The mean opinion that R stands for, in hundredths: 100 to 450 (G.107 Annex B).
    pub mos_hundredths: u16,
    /// Whose opinion that is.
    #[serde(default, skip_serializing_if = "Scale::is_narrow")]
    pub scale: Scale,
    /// What the box's own jitter buffer made of it; nothing where it does not listen itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub played: Option<Played>,
}

/// Whose opinion a rating is. Figures of one scale are not to be compared with those of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// That of people who know telephones with 3.1 kHz of sound: ITU-T G.107, at best 4.41.
    #[default]
    Narrow,
    /// That of people who know 7 kHz: ITU-T G.107.1, at best 4.5.
    Wide,
}

impl Scale {
    /// Of records from before there was another one, too.
    pub fn is_narrow(&self) -> bool {
        *self == Self::Narrow
    }
}

/// What a jitter buffer made of a stream in the last seconds. All but the delay in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Played {
    /// Of the sound: made up in place of what was lost or late.
    pub concealed_permille: u16,
    /// Of the sound: put in, to wait longer.
    pub stretched_permille: u16,
    /// Of the sound: left out, to wait shorter.
    pub compressed_permille: u16,
    /// Of the sound: noise in pauses.
    pub noise_permille: u16,
    /// Of the packets that came: not listened to, as those of who only listens in a conference.
    pub unheard_permille: u16,
    /// How long sound waited at the end, in microseconds.
    pub delay_micros: u32,
}

/// How both directions of one leg's sound fared in the seconds before an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QualityPoint {
    /// Milliseconds since the leg's media was set up.
    pub after_ms: u64,
    /// What the box hears of this leg.
    pub heard: Quality,
    /// What this leg hears of the box, as it reports by RTCP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Quality>,
    /// From the box to this leg and back, in microseconds (RFC 3550 §6.4.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_trip_micros: Option<u32>,
}

/// A point for one leg of a call that is up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallQuality {
    /// The call.
    pub call: CallId,
    /// `caller` or the number of the called party, as in the record's streams.
    pub leg: String,
    /// Voice.
    pub kind: MediaKind,
    /// The figures.
    pub point: QualityPoint,
}
