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
    /// The timeslot, 1 to 31, when that trunk is a digital line; one that no route names if left out.
    #[serde(default)]
    pub slot: Option<u8>,
    /// How that line marks the called number; left out, `to` is written as the box reads it.
    #[serde(default)]
    pub number_type: Option<NumberMark>,
}

/// How a digital line marks a number (type of number, ITU-T Q.931 table 4-9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NumberMark {
    /// Nobody says; the digits tell by their prefix.
    Unknown,
    /// With the country code.
    International,
    /// With the area code.
    National,
    /// A number of the network's own services.
    NetworkSpecific,
    /// Within an area.
    Subscriber,
    /// A short code.
    Abbreviated,
}

/// Whose numbers they are (numbering plan, ITU-T Q.931 table 4-9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NumberPlan {
    /// Nobody says.
    Unknown,
    /// The world's telephones (E.164).
    Telephone,
    /// A house's.
    Private,
}

/// How a thought-of call would leave by a trunk of digital lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ByLine {
    /// The trunk's name.
    pub trunk: String,
    /// The digits of the called number.
    pub digits: String,
    /// How they are marked.
    pub number_type: NumberMark,
    /// In which plan.
    pub plan: NumberPlan,
    /// The lines whose channels it may take, in their order.
    pub lines: Vec<ByChannels>,
}

/// The channels of a line that a call may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ByChannels {
    /// The line.
    pub line: String,
    /// Its timeslots, as `1-15,17-31`.
    pub channels: String,
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
    /// How it would leave by each of the places that is a trunk of digital lines.
    pub lines: Vec<ByLine>,
}

impl ByLine {
    /// The same as a sentence for who asks the router.
    pub fn sentence(&self) -> String {
        let Self { trunk, digits, .. } = self;
        let marked = self.marked();
        let line = |it: &ByChannels| format!("timeslots {} of {}", it.channels, it.line);
        let lines: Vec<String> = self.lines.iter().map(line).collect();
        format!("On {trunk} its number is {digits}, {marked}; it may take {}.", lines.join(", "))
    }

    fn marked(&self) -> String {
        let kind = match self.number_type {
            NumberMark::Unknown => "of unknown type",
            NumberMark::International => "international",
            NumberMark::National => "national",
            NumberMark::NetworkSpecific => "network specific",
            NumberMark::Subscriber => "a subscriber's",
            NumberMark::Abbreviated => "abbreviated",
        };
        match self.plan {
            NumberPlan::Telephone => kind.to_owned(),
            NumberPlan::Unknown => format!("{kind}, in no plan"),
            NumberPlan::Private => format!("{kind}, in a private plan"),
        }
    }
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
