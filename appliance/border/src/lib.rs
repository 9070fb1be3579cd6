//! What may enter, and how the outside sees the box.
//!
//! [`flood`] decides before a message is parsed; [`stun`] asks a server how the world sees our address.

pub mod flood;
pub mod stun;
