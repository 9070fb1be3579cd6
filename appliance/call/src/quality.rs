//! How well the sides of a call hear each other, from instant to instant.

use crate::{CallId, MediaKind};
use serde::{Deserialize, Serialize};

/// How one stream fared in the last seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quality {
    /// What was lost of what should have come, in thousandths.
    pub loss_permille: u16,
    /// Interarrival jitter in microseconds (RFC 3550 §A.8).
    pub jitter_micros: u32,
    /// The transmission rating R of ITU-T G.107, 0 to 100; 93 is a line without fault.
    pub r: u8,
    /// The mean opinion that R stands for, in hundredths: 100 to 450 (G.107 Annex B).
    pub mos_hundredths: u16,
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
