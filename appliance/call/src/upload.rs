//! Sounds that were uploaded: music to wait by.

use crate::{Container, UnixMillis};
use serde::{Deserialize, Serialize};

/// One sound that was uploaded. It never changes; another one has another id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Upload {
    /// Its id, from 1 on.
    pub id: u32,
    /// What people call it.
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
}

impl Upload {
    /// The longest that is taken, in minutes: it is kept in memory while a tenant has it as music.
    pub const LONGEST_MINUTES: u64 = 10;
    /// The largest file that is taken, in octets: ten minutes of 16 bits in stereo at 48 kHz.
    pub const LARGEST: usize = 116 << 20;
}
