//! What of an update must outlive a power cut.

use serde::{Deserialize, Serialize};

use crate::health::Before;
use crate::{Bundle, Failure, Request, Slot};

/// The notes about an update: one small value on the data partition, written as a whole (a new file,
/// flushed, renamed over the old one, the folder flushed) before any effect that depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The slot whose software was last called good.
    pub home: Slot,
    /// How far the update is.
    pub phase: Phase,
    /// What became of the one before.
    pub last: Option<Outcome>,
}

/// How an update ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Who asked, with the fleet server's action.
    pub request: Request,
    /// What it was, if that was known.
    pub bundle: Option<Bundle>,
    /// What came of it.
    pub ended: Ended,
}

/// The ways to end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ended {
    /// It runs and is here to stay.
    Good,
    /// It was tried, and the box went back.
    RolledBack(Failure),
    /// It was never started.
    Failed(Failure),
}

/// How far an update is, as the next start needs to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// There is none.
    Idle,
    /// The file is on its way.
    Fetching {
        /// Who asked.
        request: Request,
        /// The validator under which a rest may be asked for (RFC 9110 §13.1.5).
        tag: Option<String>,
    },
    /// The file is here. What was found out about it is found out again.
    Fetched {
        /// Who asked.
        request: Request,
    },
    /// The other slot is neither old nor new.
    Installing {
        /// Who asked.
        request: Request,
        /// Which time this is, from 1.
        attempt: u8,
    },
    /// The other slot holds the new software, which nothing starts yet.
    Installed {
        /// Who asked.
        request: Request,
        /// What it is.
        bundle: Bundle,
    },
    /// The database is copied, and the new software is started on trial.
    Trial(Trial),
    /// It passed, and the boot loader is being told so.
    Passed {
        /// What passed.
        trial: Trial,
        /// How often the old software was found running since.
        returns: u8,
    },
    /// It did not pass, or never reported. The old software takes the database's copy.
    GoingBack {
        /// What did not pass.
        trial: Trial,
        /// Why.
        why: Failure,
        /// How often the new software was found running since.
        returns: u8,
    },
}

/// An update on trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// Who asked.
    pub request: Request,
    /// What it is.
    pub bundle: Bundle,
    /// Where it is.
    pub slot: Slot,
    /// Which time this is, from 1.
    pub attempt: u8,
    /// Whether the new software found itself running in this attempt.
    pub begun: bool,
    /// What has to work.
    pub before: Before,
}

/// The notes cannot be read: they are of other software, or torn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

impl Kept {
    /// Nothing is going on, and this slot runs.
    pub fn idle(home: Slot) -> Kept {
        Kept { home, phase: Phase::Idle, last: None }
    }

    /// As it is on disk: JSON, so that the software on the other side of an update, older or newer,
    /// reads it too. What it does not know it skips.
    pub fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads what `write` wrote.
    pub fn read(octets: &[u8]) -> Result<Kept, Unreadable> {
        serde_json::from_slice(octets).map_err(|_| Unreadable)
    }
}
