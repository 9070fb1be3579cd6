//! Call features: functions from what legs say to what legs are told.
//!
//! [`Pbx`] owns every call. It never sees a SIP header: a feature written here works for every kind
//! of leg. Where a call goes is decided by [`route`], a pure function of the configuration, which
//! also answers "who would this reach?".

mod announce;
mod call;
mod calls;
mod conference;
mod desk;
mod forward;
mod placing;
pub mod route;
mod serve;
mod transfer;
mod typing;
mod user;

pub use calls::{Act, Pbx, World};
pub use typing::Taping;
