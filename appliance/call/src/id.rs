//! Names of calls and of their legs.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A call, unique for the life of the box: the time of its INVITE and a counter. Sorts by time.
///
/// As text 16 hexadecimal digits, because a script's numbers hold only 53 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, example = "19a2b3c4d5e60001"))]
#[serde(try_from = "String", into = "String")]
pub struct CallId(pub u64);

/// One side of a call: a phone, a trunk or a line. Unique while the daemon runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LegId(pub u64);

/// Not 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadCallId;

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for CallId {
    type Err = BadCallId;
    fn from_str(text: &str) -> Result<Self, BadCallId> {
        let hex = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let value = u64::from_str_radix(text, 16).map_err(|_| BadCallId)?;
        if hex { Ok(Self(value)) } else { Err(BadCallId) }
    }
}

impl TryFrom<String> for CallId {
    type Error = BadCallId;
    fn try_from(text: String) -> Result<Self, BadCallId> {
        text.parse()
    }
}

impl From<CallId> for String {
    fn from(id: CallId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for BadCallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a call is named by 16 hexadecimal digits")
    }
}

impl std::error::Error for BadCallId {}

impl fmt::Display for LegId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_id_survives_the_way_through_text() {
        let id = CallId(0x19a2_b3c4_d5e6_0001);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("+9a2b3c4d5e60001".parse::<CallId>(), Err(BadCallId));
        assert_eq!("1".parse::<CallId>(), Err(BadCallId));
    }
}
