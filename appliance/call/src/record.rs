//! What remains of a call. It exists from the INVITE on and grows until the call is over.

use crate::{
    CallId, Diversion, End, KeySource, LegPath, LegSecurity, MediaKind, Party, QualityPoint,
    RecordingId, StreamStats, StreamSummary, UnixMillis,
};
use serde::{Deserialize, Serialize};

/// The record of one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallRecord {
    /// The call.
    pub id: CallId,
    /// The tenant's id.
    pub tenant: u32,
    /// Which way it crossed the box.
    pub direction: Direction,
    /// How far it came.
    pub state: CallState,
    /// Who called.
    pub from: Party,
    /// Where it came in.
    pub origin: Place,
    /// What was dialled.
    pub dialled: String,
    /// Who answered; until then, who is being called.
    pub to: Party,
    /// Where it went.
    pub destination: Option<Place>,
    /// The INVITE.
    pub started: UnixMillis,
    /// The first ringing.
    pub rang: Option<UnixMillis>,
    /// The answer.
    pub answered: Option<UnixMillis>,
    /// The end.
    pub ended: Option<UnixMillis>,
    /// One side is on hold.
    pub held: bool,
    /// Why it ended.
    pub end: Option<End>,
    /// How its way was found, step by step.
    pub steps: Vec<Step>,
    /// The forwardings that it went through.
    pub diverted: Vec<Diversion>,
    /// The keys that were pressed, in records from before their times were kept.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digits: String,
    /// The keys that were pressed while both sides talked, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyRecord>,
    /// The two who talk with each other once a transfer has changed it, or talked last; empty as long as
    /// that is `from` and `to`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub talking: Vec<Party>,
    /// How its streams are protected, each leg by itself; empty until a leg has agreed on its media.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security: Vec<LegSecurity>,
    /// Which way its streams go and in which codec, each leg by itself; empty until a leg has agreed on
    /// its media.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<LegPath>,
    /// The recordings that were made of it, in order; they stay named when they are deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recordings: Vec<RecordingId>,
    /// What went through its media ports.
    pub streams: Vec<StreamRecord>,
}

/// Which way a call crosses the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From one phone of ours to another.
    Internal,
    /// From a trunk to a phone of ours.
    Inbound,
    /// From a phone of ours to a trunk.
    Outbound,
    /// From one trunk to another: a forwarding.
    Transit,
}

/// How far a call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// Being placed.
    Dialling,
    /// It rings.
    Ringing,
    /// Two sides are talking.
    Up,
    /// It is over.
    Ended,
}

/// Where a call came in or went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// An extension of ours, by its number.
    Extension(String),
    /// A trunk, by its name.
    Trunk(String),
    /// The box itself, by the number that it answers.
    Number(String),
}

/// One step on the way of a call: what was decided, and on what grounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Step {
    /// Milliseconds after the INVITE; 0 in an answer to "who would this reach?".
    pub after_ms: u64,
    /// A sentence.
    pub text: String,
}

/// A key that was pressed in a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyRecord {
    /// Milliseconds after the INVITE until the box knew of it: when it was let go, if it was heard;
    /// when the request came, otherwise.
    pub after_ms: u64,
    /// The number of who pressed it.
    pub by: String,
    /// `0` to `9`, `*`, `#`, `A` to `D`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub key: char,
    /// How long it was held, in milliseconds.
    pub duration_ms: u16,
    /// How it came.
    pub source: KeySource,
}

/// One media stream of one leg.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StreamRecord {
    /// `caller` or the number of the called party.
    pub leg: String,
    /// Voice, video or other.
    pub kind: MediaKind,
    /// The figures.
    pub stats: StreamStats,
    /// How it fared, from the beginning on: every five seconds, and less often in a long call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quality: Vec<QualityPoint>,
    /// How it fared in all, by every five seconds of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<StreamSummary>,
}
