//! A session: the INVITE usage of a dialog, once the first INVITE is answered or about to be.
//!
//! Each part is a small value with its own deadline, and all of them are pure: [`turn`] says whose
//! INVITE is under way (RFC 3261 §14), [`answer`] repeats our 2xx until the ACK and our ACK when a
//! 2xx is repeated (RFC 3261 §13), [`provisional`] does the same for 1xx (RFC 3262), and [`timer`]
//! keeps a session from outliving its peers (RFC 4028).

pub mod answer;
pub mod provisional;
pub mod timer;
pub mod turn;
