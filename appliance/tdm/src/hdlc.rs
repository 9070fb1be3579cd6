//! Frames in a stream of bits (ISO/IEC 13239, as ITU-T Q.921 §2 uses it): flags, stuffed zeros, and
//! the check of 16 bits.
//!
//! A timeslot of 64 kbit/s gives an octet every 125 µs, and frames lie in its bits without regard to
//! where octets begin. [`Encoder`] makes the octets of a timeslot from frames, [`Decoder`] finds the
//! frames in them again. Neither allocates once it is made. [`fcs`] is for cards that look for flags
//! themselves and leave the check to us.

mod decoder;
mod encoder;
pub mod fcs;

pub use decoder::{Counters, Damage, Decoder};
pub use encoder::{Encoder, Refused};

/// How frames lie in a timeslot. Both directions may have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    /// Which bit of an octet is the first on the line.
    pub order: Order,
    /// What is sent when there is nothing to send.
    pub idle: Idle,
    /// Flags between two frames that follow each other: 1 (one flag ends the first and begins the
    /// second, Q.921 §2.2) to 255. Zero counts as 1.
    pub flags: u8,
    /// The shortest frame, in octets without its check. Default 3: two octets of address and one of
    /// control (Q.921 §2.9 b).
    pub shortest: usize,
    /// The longest frame, in octets without its check. Default 264: 260 of information (N201, Q.921
    /// §5.9.3), two of address, two of control.
    pub longest: usize,
    /// How many octets may wait in an encoder, checks and all; at least one frame. Default 4 KiB.
    pub waiting: usize,
}

impl Default for Params {
    fn default() -> Params {
        Params {
            order: Order::LowFirst,
            idle: Idle::Flags,
            flags: 1,
            shortest: 3,
            longest: 264,
            waiting: 4096,
        }
    }
}

/// Which bit of an octet of the timeslot is the first of the frame (Q.921 §2.8.2: the lowest).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The lowest bit: the octets of the timeslot are written as those of a frame.
    LowFirst,
    /// The highest bit: the octets are written as those of speech (G.704, bit 1 is the highest).
    HighFirst,
}

/// What goes between frames (Q.921 §2.2; I.431 wants flags on a primary rate).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// Flags without an end.
    Flags,
    /// Ones without an end, as on a line where nobody speaks.
    Mark,
}

/// The bits `0111_1110` that are before and behind each frame (Q.921 §2.2).
const FLAG: u8 = 0x7e;

#[cfg(test)]
mod tests;
