//! Conferences as they are now.

use crate::{CallId, Party, UnixMillis};
use serde::{Deserialize, Serialize};

/// A room in which somebody is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Conference {
    /// The id of the number that leads there.
    pub id: u32,
    /// The tenant's id.
    pub tenant: u32,
    /// The number that leads there.
    pub number: String,
    /// What people call it.
    pub name: String,
    /// Who is in it, whoever came first before the others.
    pub members: Vec<Member>,
}

/// Somebody in a conference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Member {
    /// The call by which he is there: ended, it takes him out.
    pub call: CallId,
    /// Who it is.
    pub party: Party,
    /// Since when he is in the room.
    pub since: UnixMillis,
    /// He is the one who speaks.
    pub talking: bool,
    /// He holds the conference and neither hears nor is heard.
    pub held: bool,
    /// He hears the others, and they do not hear him.
    #[serde(default)]
    pub muted: bool,
    /// How much louder than he is the others hear him, in dB: -24 to 24.
    #[serde(default)]
    pub gain: i8,
}

/// What is to be different for a member; what is left out stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Moderation {
    /// Whether the others do not hear him.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<bool>,
    /// How much louder than he is they hear him, in dB: -24 to 24.
    #[cfg_attr(feature = "openapi", schema(minimum = -24, maximum = 24))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gain: Option<i8>,
}

/// Somebody else speaks in a conference, or nobody does any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Speaker {
    /// The id of the number that leads to the conference.
    pub conference: u32,
    /// The call of the member who speaks, if somebody does.
    pub call: Option<CallId>,
}

impl Moderation {
    /// The most by which a member may be made louder or softer, in dB.
    pub const MOST_GAIN: i8 = 24;
}
