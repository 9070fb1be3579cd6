//! The sides of calls, each by its own protocol.

pub(crate) mod along;
pub(crate) mod isdn;
pub(crate) mod sip;
