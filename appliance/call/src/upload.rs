//! Sounds that were uploaded: music to wait by, announcements, and what a conference says.

use crate::{Container, UnixMillis};
use serde::{Deserialize, Serialize};

/// One sound that was uploaded. But for its name it never changes; another one has another id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Upload {
    /// Its id, from 1 on.
    pub id: u32,
    /// Counts how often it got another name.
    #[serde(default)]
    pub revision: u64,
    /// What people call it, 1 to 80 characters.
    pub name: String,
    /// What its file is.
    pub container: Container,
    /// Samples a second at which it is played.
    pub rate: u32,
    /// How long it is.
    pub millis: u64,
    /// How large its file is.
    pub octets: u64,
    /// When it came.
    pub uploaded: UnixMillis,
    /// Who uploaded it.
    pub by: String,
    /// Its file is not on the disk any more, or another one: it cannot be played.
    #[serde(default)]
    pub lost: bool,
}

impl Upload {
    /// The longest that is taken, in minutes: it is kept in memory while anything plays it.
    pub const LONGEST_MINUTES: u64 = 10;
    /// How long all are together at the most, in minutes: 350 MB of memory at 48 kHz.
    pub const TOGETHER_MINUTES: u64 = 60;
    /// How large all files are together at the most, in octets: they are a part of every backup.
    pub const TOGETHER: u64 = 256 << 20;
    /// The largest file that is taken, in octets: ten minutes of 16 bits in stereo at 48 kHz.
    pub const LARGEST: usize = 116 << 20;
}
