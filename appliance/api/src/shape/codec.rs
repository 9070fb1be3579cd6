//! Codec policies as they are sent.

use config::{CodecName, CodecOrder};
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
