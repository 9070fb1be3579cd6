//! Spans of the DAHDI driver: cards of many makers, and the driver's own spans without a card. No library
//! and no program of DAHDI's is needed, only its modules.
//!
//! [`Driver`] finds spans and numbers; [`Card`] is one of them in the role of a [`Span`](crate::Span).
//! What is not here: channels with bits of their own (robbed bits, CAS), analog lines, cards that do HDLC
//! in hardware, the driver's echo cancellers.

mod abi;
mod card;
mod channel;
mod driver;
mod dynamic;
mod ioctl;

pub use card::Card;
pub use driver::{Driver, Found};
pub use dynamic::Cross;
