//! What the engine answers.

use call::PortId;
use std::net::SocketAddr;

/// The box itself said something: what [`super::Engine::poll_packet`] gives leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spoken {
    /// From the RTP socket of this pair.
    pub port: PortId,
    /// To this address.
    pub to: SocketAddr,
}

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It leaves as it lies where it was read; its header may have been changed there.
    Forward {
        /// From this pair.
        port: PortId,
        /// From its RTCP socket instead of its RTP socket.
        rtcp: bool,
        /// To this address.
        to: SocketAddr,
    },
    /// The other side speaks otherwise: what [`super::Engine::poll_packet`] gives leaves in its
    /// place, be it several packets, one, or none because the sound still waits for more.
    Translated {
        /// From the RTP socket of this pair.
        port: PortId,
        /// To this address.
        to: SocketAddr,
    },
    /// One of the two sides is encrypted, or it went through another call of the box on its way:
    /// what [`super::Engine::poll_packet`] gives leaves in its place.
    Ciphered {
        /// From this pair.
        port: PortId,
        /// From its RTCP socket instead of its RTP socket.
        rtcp: bool,
        /// To this address.
        to: SocketAddr,
    },
    /// It is a part of the far side's handshake (DTLS), for whoever shakes hands with it.
    Handshake,
    /// It goes to a browser: what [`super::Engine::poll_parcel`] gives leaves in its place.
    Enclosed,
    /// It goes to a B channel, whose card has it: [`super::Engine::exchange`] gives what it says.
    Carried,
    /// It ends here.
    Drop(DropReason),
}

/// Why a packet ends here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropReason {
    /// The pair is not lent.
    NotLent,
    /// It is not what this port is for.
    Malformed,
    /// It comes from somebody who is not believed.
    Stranger,
    /// The far side sends more than any call needs.
    Flood,
    /// Nobody hears this pair.
    NotBridged,
    /// Nobody said where the other side listens, or it listens nowhere.
    Nowhere,
    /// It was to be translated, and came when others after it already had been.
    Late,
    /// The other side hears the tone of a key in its place.
    Keyed,
    /// It was to be translated, and is no payload of what it says it is, or nothing that the other
    /// side has a word for.
    Untranslatable,
    /// Its far side is encrypted, and it is not what that sent, or under another key.
    Forged,
    /// Its far side is encrypted, and it came before, or so late that it may have.
    Repeated,
    /// Its far side is to be encrypted, and has no keys yet.
    Keyless,
    /// The other side is encrypted, and it could not be.
    Unprotected,
    /// The box itself speaks to the other side.
    SpokenOver,
    /// It reports of what the box itself says, which has noted it.
    Reported,
    /// It went from one call of the box to the next, and so on without an end.
    Circle,
}
