//! Why an update did not come to be, in a type and in a sentence that says what to do.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Check, Version};

/// What went wrong. `Display` is the sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// The source gave nothing any more, and was asked often enough.
    Unreachable,
    /// The source said no.
    Refused {
        /// The status of HTTP.
        status: u16,
    },
    /// The upload broke off, by the browser or by a restart of the box.
    UploadBroken,
    /// The stick is gone, or the file on it cannot be read.
    Unreadable,
    /// What came is not what the server promised (its SHA-256 or its length).
    Damaged,
    /// Nobody whom the box trusts signed this, or it was changed afterwards.
    Signature,
    /// It is not a bundle, or has parts that the box does not know.
    Malformed,
    /// For another board.
    Board {
        /// What the bundle is for.
        bundle: String,
        /// What the box is.
        board: String,
    },
    /// Older than what runs.
    Older {
        /// The bundle's version.
        bundle: Version,
        /// What runs.
        running: Version,
    },
    /// There is no room for it.
    Room {
        /// What it takes, in octets.
        needed: u64,
        /// What there is, in octets.
        there: u64,
    },
    /// The slot could not be written.
    Install,
    /// The power failed in each attempt to write the slot.
    Interrupted,
    /// The database could not be copied.
    Copy,
    /// The boot loader did not take its order.
    Loader,
    /// A step took longer than it ever should.
    Stalled,
    /// A self-check said no, or nothing, until its time was over.
    Unhealthy {
        /// Which.
        check: Check,
    },
    /// The new software never reported: it hung, panicked, or its power failed.
    Silent,
    /// It was good, but did not start again afterwards.
    Vanished,
    /// Going back found the database's copy unusable.
    Restore,
    /// The boot loader starts the new software although it was told not to.
    Stuck,
    /// The boot loader went to the other slot by itself.
    OtherSlot,
    /// Somebody, or the fleet server, called it off.
    Cancelled,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = match self {
            Failure::Board { bundle, board } => {
                return write!(
                    f,
                    "This update is for the board {bundle:?}, and this box is {board:?}. Take the \
                     file for {board:?}."
                );
            }
            Failure::Older { bundle, running } => {
                return write!(
                    f,
                    "This update is version {bundle}, which is older than {running}, which runs. \
                     Take a newer one, or say that going to an older one is meant."
                );
            }
            Failure::Room { needed, there } => {
                let (needed, there) = (needed.div_ceil(1 << 20), there >> 20);
                return write!(
                    f,
                    "The update needs {needed} MB and there are {there} MB. Delete recordings or \
                     captures, then start it again."
                );
            }
            Failure::Unhealthy { check } => {
                return write!(
                    f,
                    "With the new software {}, so the box went back to the old one. Nothing has to \
                     be done; tell who made the update.",
                    check.subject()
                );
            }
            Failure::Refused { status } => {
                return write!(
                    f,
                    "The server did not give out the update (HTTP status {status}). Check its \
                     address, and whether this box is known there."
                );
            }
            Failure::Unreachable => {
                "The update could not be fetched. Check the network and the address, then start it \
                 again."
            }
            Failure::UploadBroken => "The upload broke off. Send the file again.",
            Failure::Unreadable => {
                "The file on the stick could not be read. Put the stick in again, or copy the file \
                 anew."
            }
            Failure::Damaged => {
                "The file is not what its server says it is. Start the update again; if it happens \
                 again, tell who runs the server."
            }
            Failure::Signature => {
                "The update is not signed by anybody whom this box trusts, or was changed after \
                 that. Get it from who made this box."
            }
            Failure::Malformed => {
                "This file is not an update for this kind of box. Take a file that ends in .raucb."
            }
            Failure::Install => {
                "The update could not be written to the disk. Start it again; if it happens again, \
                 the disk is worn out."
            }
            Failure::Interrupted => {
                "The power failed each time the update was being written. Check the power supply, \
                 then start it again."
            }
            Failure::Copy => {
                "The database could not be copied before the update, so nothing was changed. Delete \
                 recordings or captures, then start it again."
            }
            Failure::Loader => {
                "The boot loader did not take the order to start the other software. Nothing was \
                 changed; restart the box and start the update again."
            }
            Failure::Stalled => "The update did not get on for too long. Start it again.",
            Failure::Silent => {
                "The new software did not come up, so the box went back to the old one. Nothing has \
                 to be done; tell who made the update."
            }
            Failure::Vanished => {
                "The new software worked, but did not start again, so the box went back. What was \
                 recorded with it is kept aside."
            }
            Failure::Restore => {
                "The box went back to the old software, but the database's copy was unusable. \
                 Restore a backup."
            }
            Failure::Stuck => {
                "The new software did not pass its checks, and the boot loader starts it all the \
                 same. Install the box anew from a stick."
            }
            Failure::OtherSlot => {
                "The boot loader started the software of the other slot by itself. Check the disk, \
                 and install the update again."
            }
            Failure::Cancelled => "The update was called off. Nothing was changed.",
        };
        f.write_str(sentence)
    }
}

impl std::error::Error for Failure {}
