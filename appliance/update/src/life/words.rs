//! What is said to the life of an update, and what it says.

use std::time::Duration;

use crate::{Bundle, Check, Failure, Kept, Request, Slot, Source, Urgency};

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The time of `poll_timeout` has come.
    Tick,
    /// Somebody wants an update.
    Begin(Request),
    /// Somebody does not want it any more.
    Cancel,
    /// It became more or less urgent.
    Urgency(Urgency),
    /// Leave to install is given or taken.
    Leave(bool),
    /// So many calls are up.
    Calls(u32),
    /// The maintenance window opened or closed. A box without one says at the start that it is open.
    Window(bool),
    /// The network works, or does not.
    Network(bool),
    /// The fleet server was reached, or could not be.
    Fleet(bool),
    /// A self-check has an answer; the last one counts.
    Check {
        /// Which.
        check: Check,
        /// Whether it worked.
        yes: bool,
    },
    /// Of a work: how far it is, or what came of it.
    Done {
        /// Its number in `Output::Do`.
        job: u32,
        /// What.
        done: Done,
    },
}

/// News of a work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// The source answered.
    Began {
        /// The length of the whole file, in octets.
        size: u64,
        /// The room that there is for the file, with what is there already, in octets.
        room: u64,
        /// A strong entity tag, if the server has one (RFC 9110 §8.8.3).
        tag: Option<String>,
    },
    /// So many octets of the file are on disk.
    Arrived {
        /// From its beginning.
        octets: u64,
    },
    /// The file is here and flushed; its SHA-256 is right, if one was named.
    Fetched,
    /// It is not.
    NotFetched(NotFetched),
    /// Signature and form are right, and this is what the bundle says.
    Verified {
        /// What it is.
        bundle: Bundle,
        /// What the other slot holds, in octets.
        room: u64,
    },
    /// They are not.
    NotVerified(NotVerified),
    /// The slot is written so far, in hundredths.
    Progress(u8),
    /// The slot is written and flushed, or could not be.
    Installed(bool),
    /// The database is copied and flushed, or could not be.
    Copied(bool),
    /// The copy is in place, or cannot be.
    Restored(bool),
    /// The boot loader took its order, or did not.
    Loader(bool),
}

/// Why a file did not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotFetched {
    /// It broke off, or nobody answered. What came may stay.
    Broken,
    /// The server said no.
    Refused {
        /// The status of HTTP.
        status: u16,
    },
    /// Its SHA-256 or length is not what was promised.
    Damaged,
    /// The stick is gone or cannot be read.
    Unreadable,
}

/// Why a file is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotVerified {
    /// The signature is missing, wrong, or of somebody unknown.
    Signature,
    /// It is no bundle.
    Malformed,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Write this to disk and flush it, as a whole, before the next output is asked for. A disk that
    /// does not take it is asked again; nothing that follows may happen meanwhile.
    Keep(Box<Kept>),
    /// Begin a work whose news come as `Input::Done` with this number. There is one at a time.
    Do {
        /// Its number.
        job: u32,
        /// What.
        work: Work,
    },
    /// Stop the work that was begun, if it can be stopped. Its news are not heard any more.
    Abandon,
    /// The box may open its database and serve. At a start nothing does before this.
    Run,
    /// The box restarts soon: tell who looks at the web admin, and the consoles of phones.
    Announce {
        /// In how long, at the earliest.
        within: Duration,
    },
    /// Refuse new calls, but for emergencies; or take them again.
    Drain(bool),
    /// Restart the machine.
    Restart,
    /// Begin these self-checks, and repeat each until it said yes.
    SelfCheck(Vec<Check>),
    /// Delete the file of the bundle, if there is one.
    DropBundle,
    /// Delete the copy of the database, if there is one.
    DropCopy,
    /// For the log, the web admin and the fleet server.
    Changed(Stage),
    /// What was asked for cannot be.
    Refused(Refusal),
}

/// Something that takes its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Bring the file onto the data partition.
    Fetch {
        /// From where.
        source: Source,
        /// From which octet.
        from: From,
    },
    /// Check signature and form of the file (RAUC: `Info`).
    Verify,
    /// Write it into the slot that does not run. The boot loader is not to start it by that (RAUC:
    /// `activate-installed=false` in system.conf, section `system`).
    Install,
    /// Copy the database, beside it.
    CopyDatabase,
    /// Put the database aside, unless that was done since the copy was made, then the copy in its
    /// place by one rename that leaves the copy where it is. Doing it again changes nothing.
    RestoreDatabase,
    /// Tell the boot loader.
    Loader(LoaderOrder),
}

/// Where a fetch begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// At the beginning; what is there is deleted.
    Start,
    /// Where the file on disk ends, if it is still the same on the server.
    Rest {
        /// Its entity tag, for `If-Range` (RFC 9110 §13.1.5).
        tag: String,
    },
}

/// What the boot loader is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoaderOrder {
    /// Start this slot next, and the other one again if that does not end well.
    Try(Slot),
    /// Start this slot from now on, and never the other one (RAUC: `Mark`, states `good` and `bad`).
    Stay(Slot),
}

/// Why a wish is not granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Another update is on its way.
    Busy,
    /// The slot is being written, the box restarts, the software is on trial, or there is nothing to
    /// call off.
    TooLate,
}

/// How far an update is, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// There was none.
    Idle,
    /// The file comes.
    Fetching {
        /// Octets that are here.
        have: u64,
        /// Of so many, once that is known.
        size: Option<u64>,
    },
    /// It is here and being checked.
    Fetched,
    /// It may be installed, and waits for leave or for the window.
    Verified,
    /// The slot is being written.
    Installing {
        /// Hundredths.
        percent: u8,
    },
    /// It waits for the window.
    Installed,
    /// New calls are refused until the last one ends.
    Draining,
    /// The box restarts.
    Restarting,
    /// The new software runs and is being tried.
    Trial {
        /// For which time.
        attempt: u8,
    },
    /// It is here to stay.
    Good,
    /// The box goes back.
    GoingBack(Failure),
    /// The box went back.
    RolledBack(Failure),
    /// It never came to a start.
    Failed(Failure),
}
