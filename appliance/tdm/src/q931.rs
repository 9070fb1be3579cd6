//! ISDN call control: the messages of layer 3 (ITU-T Q.931) and what they are made of.
//!
//! [`message`] parses and prints whole messages, [`element`] what stands in them, [`dialect`] says in one
//! place what differs between Europe, North America and private networks.
//!
//! - Nothing is lost: a message keeps the octets of each element beside its meaning, so what was parsed
//!   prints back as it came, with shifts, wrong orders and elements that nobody knows.
//! - Nothing but a header that cannot be read is refused. What is wrong with the elements is a list of
//!   [`message::Problem`]s, each with the cause that Q.931 §5.8 has for it; the caller decides.
//! - Values that a Recommendation reserves stay as numbers in the types, so a later edition passes through.

pub mod call;
pub mod dialect;
pub mod element;
pub mod interface;
pub mod message;
pub mod timers;
