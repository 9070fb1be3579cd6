//! What is kept of what was said in a call.

use crate::{CallId, UnixMillis};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A recording, unique for the life of the box: when it began and a counter. Sorts by time.
///
/// As text 16 hexadecimal digits, because a script's numbers hold only 53 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, example = "19a2b3c4d5e60001"))]
#[serde(try_from = "String", into = "String")]
pub struct RecordingId(pub u64);

/// Not 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadRecordingId;

/// What a recording is kept as.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Container {
    /// Linear 16-bit samples (RIFF WAVE): every program plays it; 115 MB for an hour of two sides at
    /// 8 kHz.
    Wav,
    /// Opus in Ogg (RFC 7845): every browser plays it; 22 MB for an hour of two sides.
    #[default]
    Opus,
}

/// What becomes of the two sides of a call.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// The caller left, the callee right. Neither is heard on the other channel: with Opus each is
    /// a stream of its own.
    #[default]
    Sides,
    /// Both in one channel.
    Mix,
}

/// One recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Recording {
    /// Its name.
    pub id: RecordingId,
    /// The call.
    pub call: CallId,
    /// The tenant's id.
    pub tenant: u32,
    /// What it is kept as.
    pub container: Container,
    /// What is on its channels.
    pub layout: Layout,
    /// Who began it: an account, or the number that dialled for it.
    pub by: String,
    /// When it began.
    pub started: UnixMillis,
    /// When it ended.
    pub ended: Option<UnixMillis>,
    /// Why it ended.
    pub stop: Option<RecordingStop>,
    /// How much of it there is.
    pub millis: u64,
    /// How large its file is.
    pub octets: u64,
    /// Sound that never reached the disk, because that was too slow; there is silence in its place.
    pub missed_millis: u64,
}

/// Why a recording ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RecordingStop {
    /// The call ended.
    Call,
    /// Somebody ended it.
    Asked,
    /// The disk is full, or so full that the rest is kept for the box itself.
    DiskFull,
    /// The disk refused it.
    DiskFailed,
    /// A WAV file held no more; files that are recorded now hold any call.
    FileFull,
    /// The phones talk past the box, and one of them refused to come back.
    Unheard,
    /// The box lost its power, or the program ended without a farewell.
    Crash,
}

impl fmt::Display for RecordingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for RecordingId {
    type Err = BadRecordingId;
    fn from_str(text: &str) -> Result<Self, BadRecordingId> {
        text.parse::<CallId>().map(|it| Self(it.0)).map_err(|_| BadRecordingId)
    }
}

impl TryFrom<String> for RecordingId {
    type Error = BadRecordingId;
    fn try_from(text: String) -> Result<Self, BadRecordingId> {
        text.parse()
    }
}

impl From<RecordingId> for String {
    fn from(id: RecordingId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for BadRecordingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a recording is named by 16 hexadecimal digits")
    }
}

impl std::error::Error for BadRecordingId {}

impl Container {
    /// What the names of its files end with.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Opus => "opus",
        }
    }

    /// Its media type (RFC 2361, RFC 7845 §9).
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Wav => "audio/vnd.wave",
            Self::Opus => "audio/ogg",
        }
    }
}

impl Recording {
    /// The name of its file.
    pub fn file_name(&self) -> String {
        format!("{}.{}", self.id, self.container.suffix())
    }
}
