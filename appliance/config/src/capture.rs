//! How much may be captured, and how long it stays.

use serde::{Deserialize, Serialize};

/// Bounds of the captures of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct CaptureLimits {
    /// How long one may last, 1 to 86,400 s.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub seconds: u32,
    /// How large the file of one may be, 1 to 4,096 MB.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub megabytes: u16,
    /// How many may run at a time, 1 to 32.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub at_once: u8,
    /// After so many days one is deleted, 1 to 3,650; 0 for when there is no more room only.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub keep_days: u16,
    /// When all of them are larger than so many MB, 1 to 1,000,000, the oldest are deleted.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub keep_megabytes: u32,
}

impl CaptureLimits {
    /// How large the file of one may be, in octets.
    pub fn octets(&self) -> u64 {
        u64::from(self.megabytes) << 20
    }

    /// How large all of them may be, in octets.
    pub fn kept_octets(&self) -> u64 {
        u64::from(self.keep_megabytes) << 20
    }
}

/// An hour of a voice call, which Wireshark opens at once. A fault is looked for within days; and a capture
/// holds what people said.
impl Default for CaptureLimits {
    fn default() -> Self {
        Self { seconds: 3_600, megabytes: 64, at_once: 8, keep_days: 7, keep_megabytes: 512 }
    }
}
