//! What was seen on the wire of one call.

use crate::{CallId, UnixMillis};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A capture, unique for the life of the box: when it began and a counter. Sorts by time.
///
/// As text 16 hexadecimal digits, because a script's numbers hold only 53 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, example = "19a2b3c4d5e60001"))]
#[serde(try_from = "String", into = "String")]
pub struct CaptureId(pub u64);

/// Not 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadCaptureId;

/// A capture: the signalling of one call and its media, as Wireshark opens them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Capture {
    /// Its name.
    pub id: CaptureId,
    /// The call.
    pub call: CallId,
    /// The tenant's id.
    pub tenant: u32,
    /// Whether encrypted media are in it as they were said, and not as they were on the wire.
    pub decrypted: bool,
    /// Who wanted it: the account.
    pub by: String,
    /// When it began. Messages that set the call up before are in it.
    pub started: UnixMillis,
    /// When it ends by itself at the latest.
    pub until: UnixMillis,
    /// When it ended.
    pub ended: Option<UnixMillis>,
    /// Why it ended.
    pub stop: Option<CaptureStop>,
    /// Messages of SIP in it.
    pub messages: u64,
    /// Packets of media in it.
    pub packets: u64,
    /// Packets that are missing, because the disk was too slow. The calls were not.
    pub missed: u64,
    /// How large its file is.
    pub octets: u64,
}

/// Why a capture ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CaptureStop {
    /// The call ended.
    Call,
    /// Somebody ended it.
    Asked,
    /// It took as long as was asked for.
    Time,
    /// Its file is as large as one may be.
    FileFull,
    /// The disk is full, or so full that the rest is kept for the box itself.
    DiskFull,
    /// The disk refused it.
    DiskFailed,
    /// The box lost its power, or the program ended without a farewell.
    Crash,
}

impl Capture {
    /// The name of its file.
    pub fn file_name(&self) -> String {
        format!("{}.pcapng", self.id)
    }
}

impl fmt::Display for CaptureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for CaptureId {
    type Err = BadCaptureId;
    fn from_str(text: &str) -> Result<Self, BadCaptureId> {
        text.parse::<CallId>().map(|it| Self(it.0)).map_err(|_| BadCaptureId)
    }
}

impl TryFrom<String> for CaptureId {
    type Error = BadCaptureId;
    fn try_from(text: String) -> Result<Self, BadCaptureId> {
        text.parse()
    }
}

impl From<CaptureId> for String {
    fn from(id: CaptureId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for BadCaptureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a capture is named by 16 hexadecimal digits")
    }
}

impl std::error::Error for BadCaptureId {}
