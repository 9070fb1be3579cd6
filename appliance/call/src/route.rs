//! "Who would this reach?": the question and the router's answer.

use crate::{Place, Step, UnixMillis};
use serde::{Deserialize, Serialize};

/// A call that is only thought of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RouteQuestion {
    /// An internal number, or the outside caller's number together with `trunk`.
    pub from: String,
    /// What is dialled.
    pub to: String,
    /// When; now if left out.
    #[serde(default)]
    pub at: Option<UnixMillis>,
    /// The trunk's id when the call comes from outside.
    #[serde(default)]
    pub trunk: Option<u32>,
}

/// Where the call would go, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RouteReport {
    /// The outcome.
    pub verdict: Verdict,
    /// Every place that would be tried, in this order.
    pub places: Vec<Place>,
    /// The number as it would leave through a trunk.
    pub number: Option<String>,
    /// The name of the route that decided, if one did.
    pub route: Option<String>,
    /// How the router got there.
    pub steps: Vec<Step>,
    /// Whether the sound of each side would be encrypted, by what is set: of the caller's side, then of
    /// each of the places. A side stands here more than once where its phones differ, and not at all if
    /// it is the box itself or the call is refused.
    pub encryption: Vec<LegEncryption>,
}

/// What is set for the sound of one side of a thought-of call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LegEncryption {
    /// The side, as a call's record names it: the number of an extension, the name of a trunk.
    pub leg: String,
    /// What is set for it.
    pub policy: EncryptionPolicy,
}

/// Whether a side is encrypted, in the words of the setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EncryptionPolicy {
    /// Never.
    Off,
    /// If the phone or carrier can.
    Opportunistic,
    /// Always, or there is no call.
    Required,
    /// As `opportunistic`, by a handshake.
    OpportunisticDtls,
    /// As `required`, by a handshake.
    RequiredDtls,
    /// Always, by a handshake: it is a browser, whatever is set (RFC 8827).
    Browser,
}

/// What a thought-of call would come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Phones of an extension ring.
    Extension,
    /// It leaves through a trunk.
    Trunk,
    /// The box itself answers.
    Number,
    /// It is refused.
    Refused,
}
