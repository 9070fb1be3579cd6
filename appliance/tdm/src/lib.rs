//! What speaks on lines that are not IP, without any input or output: whoever owns a machine of this
//! crate says what came and what time it is, and does what it answers.
//!
//! [`hdlc`] makes frames of bits, [`q921`] makes a link that loses nothing of frames, and [`q931`] makes
//! calls of what that link carries. [`trunk`] is the last two in one: frames on one side, calls on the
//! other. [`bert`] measures how many bits a channel spoils.

pub mod bert;
pub mod hdlc;
pub mod q921;
pub mod q931;
pub mod trunk;
