//! The RFC 3261 family: messages, transactions, dialogs, registration.
//!
//! Bytes become a [`Message`] once, without a copy; everything else is read from that view when
//! somebody asks for it. Nothing here has a socket, a clock or a random source.

pub mod alarm;
pub mod compose;
pub mod dialog;
pub mod digest;
pub mod flow;
pub mod header;
pub mod message;
pub mod method;
pub mod registration;
pub mod resolve;
pub mod session;
pub mod status;
pub mod stream;
pub mod transaction;
pub mod uri;

#[cfg(test)]
mod fake_time;
mod scan;

pub use compose::{Compose, response_to};
pub use header::name::Name;
pub use message::{Malformed, Message, OwnedMessage, Refusal, StartLine};
pub use method::Method;
pub use status::Status;
pub use uri::{Host, Scheme, Uri, UriBuf};
