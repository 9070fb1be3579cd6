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
}
