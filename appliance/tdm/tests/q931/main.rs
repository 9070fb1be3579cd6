//! Messages of layer 3 from outside: octets and meaning, round trips, what is wrong, and another decoder.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod elements;
mod messages;
mod operations;
mod problems;
mod round_trips;
mod tshark;

use tdm::q931::element::Element;
use tdm::q931::message::{CallReference, Message, MessageKind, ReferenceLength};

/// Call 5 of a primary rate interface, from its caller.
fn call() -> CallReference {
    CallReference::new(5, true, ReferenceLength::Two)
}

/// A message that must have no element, with these.
fn information(elements: impl IntoIterator<Item = Element>) -> Message {
    elements.into_iter().fold(Message::new(call(), MessageKind::Information), Message::with)
}

/// The octets of such a message before its elements.
const INFORMATION: [u8; 5] = [0x08, 0x02, 0x00, 0x05, 0x7b];
