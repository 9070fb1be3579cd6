//! The sides of calls, each by its own protocol.

pub(crate) mod isdn;
pub(crate) mod sip;
