//! What concerns the box as a whole.

use crate::{CaptureLimits, Country, Network, Number, Revision};
use serde::{Deserialize, Serialize};

/// Settings of the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Settings {
    /// The change that last touched them.
    pub revision: Revision,
    /// What people call this box.
    pub name: String,
    /// Where it stands: numbering plan and emergency numbers follow.
    pub country: Country,
    /// Numbers that summon help, beside those of the country.
    pub extra_emergency: Vec<Number>,
    /// The set-up wizard was walked to its end.
    pub wizard_done: bool,
    /// Where it stands in the network.
    pub network: Network,
    /// How long an unanswered call rings before it ends, 10 to 3,600 s.
    pub ring_seconds: u16,
    /// A call without a media packet for so long is ended, 0 never; not while it is held.
    pub silence_seconds: u16,
    /// The session interval that we ask for, at least 90 s (RFC 4028 §4).
    pub session_seconds: u32,
    /// Calls that may be up at a time; over that, new ones are refused but for emergencies.
    pub max_calls: u32,
    /// Who is held by a phone hears music of the box; else whatever the phone lets him hear.
    pub hold_music: bool,
    /// How much of the time that the box measured for media the calls may take, in percent, 0 to 95:
    /// over that, new ones are refused but for emergencies. 0 sets no limit.
    pub load_percent: u8,
    /// Call records are kept for so many days, 0 to 36,500; 0 for ever.
    pub cdr_days: u16,
    /// So many call records are kept, the newest: 0 any number, else 1,000 to 100,000,000.
    pub cdr_count: u32,
    /// Recordings are kept for so many days, 0 to 36,500; 0 until something else deletes them.
    pub recording_days: u16,
    /// So many megabytes (2^20 octets) recordings may take of the disk; over that the oldest go. 0
    /// sets no limit.
    pub recording_mb: u32,
    /// So much of the disk recordings leave free, in percent, 0 to 90: when there is less, the oldest
    /// go. 0 deletes none for that, and recordings end when 64 MB are left.
    pub recording_free_percent: u8,
    /// How much may be captured, and how long it stays.
    pub captures: CaptureLimits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            revision: Revision::default(),
            name: "Strowger".to_owned(),
            country: Country::default(),
            extra_emergency: Vec::new(),
            wizard_done: false,
            network: Network::default(),
            ring_seconds: 180,
            silence_seconds: 60,
            session_seconds: 1800,
            max_calls: 2000,
            hold_music: true,
            load_percent: 70,
            cdr_days: 731,
            cdr_count: 1_000_000,
            recording_days: 0,
            recording_mb: 0,
            recording_free_percent: 0,
            captures: CaptureLimits::default(),
        }
    }
}
