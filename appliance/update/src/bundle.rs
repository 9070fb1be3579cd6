//! What an update is made of: where it comes from, who wants it, what it says of itself.

use serde::{Deserialize, Serialize};

use crate::Version;

/// One of the two places on the disk that hold software.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Slot {
    /// The first.
    A,
    /// The second.
    B,
}

impl Slot {
    /// Where an update goes when this one runs.
    #[must_use]
    pub fn other(self) -> Slot {
        match self {
            Slot::A => Slot::B,
            Slot::B => Slot::A,
        }
    }
}

/// Where the bundle comes from. All three end as one file, and go one way from there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// Fetched from a server, and taken up again where it broke off (RFC 9110 §14.2, §13.1.5).
    Https {
        /// The address, as the fleet server or a person gave it.
        url: String,
        /// SHA-256 of the file in lower-case hexadecimal digits, where the server said it.
        sha256: Option<String>,
        /// Whether the address is of the fleet server itself, which alone is told the box's token.
        authorised: bool,
    },
    /// Sent by a browser to the web admin.
    Upload,
    /// Read from a stick.
    Usb {
        /// The name of the file on it.
        file: String,
    },
}

/// How much an update may disturb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Urgency {
    /// Waits for the maintenance window, and until nobody is in a call.
    Polite,
    /// Does not wait for the box's own window. Calls are drained for a time that has an end.
    Now,
}

/// Somebody wants an update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Where it is.
    pub source: Source,
    /// How much it may disturb.
    pub urgency: Urgency,
    /// Whether installing may begin when all checks said yes. A fleet server gives this leave later
    /// when it wants the download alone, or has a window of its own.
    pub leave: bool,
    /// Break-glass: somebody who may do that said that an older version is meant.
    pub older_too: bool,
    /// The fleet server's name of its action, which gets the feedback.
    pub action: Option<String>,
}

/// What a bundle says of itself, once its signature was found to be right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// For which board: RAUC's `compatible` (RAUC manual, "Manifest", section `update`).
    pub compatible: String,
    /// Its version.
    pub version: Version,
    /// What its root takes in a slot, in octets.
    pub size: u64,
}
