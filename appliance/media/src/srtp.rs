//! SRTP and SRTCP: packets protected and unprotected where they lie (RFC 3711, RFC 6188, RFC 7714).
//!
//! An [`Outbound`] and an [`Inbound`] are the cryptographic contexts of a leg's two directions.
//! Each is made of the [`MasterKey`] that its sender chose, which session descriptions bring or
//! a DTLS handshake in [`dtls`]. They read no clock, allocate nothing for a packet, and keep nothing of a
//! stream before a packet of it proved to be genuine.
//!
//! Session keys are derived once (a key derivation rate of 0, RFC 3711 §4.3.1). Our packets carry no
//! master key identifier, a peer's do where its description says so; around a change of keys the
//! receiver tries both.
//!
//! ```
//! use media::srtp::{Inbound, MasterKey, Outbound, Suite};
//! use std::time::Instant;
//!
//! let key = MasterKey::random(Suite::AeadAes128Gcm, &[7; MasterKey::LONGEST]);
//! let (mut outbound, mut inbound) = (Outbound::new(&key), Inbound::new(&key));
//!
//! let plain = [0x80, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0xd5];
//! let mut buffer = [0; 64];
//! buffer[..plain.len()].copy_from_slice(&plain);
//! let length = outbound.protect(&mut buffer, plain.len()).unwrap();
//! assert_eq!(length, plain.len() + Suite::AeadAes128Gcm.rtp_overhead());
//!
//! let length = inbound.unprotect(&mut buffer[..length], Instant::now()).unwrap();
//! assert_eq!(buffer[..length], plain);
//! ```

mod counter_mode;
pub mod dtls;
mod epoch;
mod gcm;
mod hmac_sha1;
mod inbound;
mod master;
mod outbound;
mod streams;
mod transform;

pub use call::{Keys, MasterKey, Suite, WrongLength};
pub use inbound::{Inbound, UnprotectError};
pub use outbound::{Outbound, ProtectError};

pub(crate) use hmac_sha1::HmacSha1;

/// The longest packet that is taken, protected, in octets: no path carries more in one piece.
pub const LONGEST_PACKET: usize = 2048;

#[cfg(test)]
mod tests {
    /// Reads hexadecimal digits; blanks are for the eye.
    pub(super) fn octets(text: &str) -> Vec<u8> {
        let digits: String = text.split_whitespace().collect();
        let pairs = (0..digits.len()).step_by(2).map(|at| &digits[at..at + 2]);
        pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
    }
}
