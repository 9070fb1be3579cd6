//! What a trunk wants done, and what it tells.

use super::Line;
use crate::q921::{self, Refusal, Released, Setup};
use crate::q931::interface::{LinkId, Notice};

/// What a trunk wants done, or tells, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// Send this frame on this D channel; flags and check are the sender's.
    Frame {
        /// The D channel.
        link: LinkId,
        /// Address, control and information.
        octets: Vec<u8>,
    },
    /// The link of a D channel came up, went down or lost something.
    Link {
        /// The D channel.
        link: LinkId,
        /// What happened to it.
        change: LinkChange,
    },
    /// What the calls and the channels do.
    Notice(Notice),
    /// Something is wrong with a link.
    Fault(Fault),
    /// The trunk has come to its end ([`Trunk::release`](super::Trunk::release)).
    Released,
    /// What was said, frame by frame and message by message: only with [`Trunk::trace`](super::Trunk::trace).
    Trace(Line),
}

/// What happened to the link of a D channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkChange {
    /// It is up (DL-ESTABLISH).
    Up {
        /// Who asked for it, and what a reset took.
        by: Setup,
    },
    /// It is down (DL-RELEASE).
    Down {
        /// Why.
        why: Released,
    },
}

/// What is wrong with a link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// In layer 2 (MDL-ERROR); what follows of it is told besides. A link that was begun anew with
    /// nothing on its way is told only here.
    Link {
        /// The D channel.
        link: LinkId,
        /// What went wrong, and who is at fault.
        code: q921::Code,
    },
    /// A message of ours was not sent; the waits of layer 3 make up for it. The settings are at fault, or
    /// a peer that takes nothing.
    Unsent {
        /// The D channel.
        link: LinkId,
        /// Why.
        why: Refusal,
        /// The message.
        octets: Vec<u8>,
    },
}
