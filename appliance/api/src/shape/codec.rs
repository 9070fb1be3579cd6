//! Codec policies as they are sent.

use utoipa::ToSchema;

/// Which encodings a side is offered and may speak, and whether the box translates for it.
#[derive(ToSchema)]
pub(crate) struct CodecPolicy {
    /// Only these, preferred first; none named means all, also those that the box does not know.
    allow: Vec<CodecName>,
    /// Never these, also where `allow` names them.
    deny: Vec<CodecName>,
    /// Whose order an offer to this side has.
    order: CodecOrder,
    /// Whether the box translates between this side and one that shares no codec with it. When it does
    /// not, such a call is refused with 488; emergency calls are translated all the same.
    translate: bool,
    /// How much sound this side is asked to put in a packet, in milliseconds: 10, 20, 30, 40, 50 or 60.
    /// `null` passes on what the other side of the call asks for.
    packet_millis: Option<u8>,
}

/// Whose order of codecs counts.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum CodecOrder {
    /// The other side's of the call, so that the least is translated.
    Theirs,
    /// That of `allow`.
    Allowed,
}

/// An encoding of sound that the box knows, whatever its rate or packing.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum CodecName {
    /// G.711 µ-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// G.722 at 64 kbit/s.
    G722,
    /// G.726 at 16 to 40 kbit/s, in either packing.
    G726,
    /// G.729 with Annex A.
    G729,
    /// G.723.1.
    G723,
    /// GSM full rate.
    Gsm,
    /// AMR-WB.
    AmrWb,
    /// Opus.
    Opus,
    /// Linear samples.
    L16,
}
