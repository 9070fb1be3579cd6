//! Which encodings of sound a phone or a carrier is offered, and whether the box translates for it.

use serde::{Deserialize, Serialize};

/// What a leg may speak. As made by default it may speak all that there is, in the order of the other
/// side of the call, and the box translates where the two have nothing in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct CodecPolicy {
    /// Only these, preferred first; none named means all, also those that the box does not know.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub allow: Vec<CodecName>,
    /// Never these, also where `allow` names them.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub deny: Vec<CodecName>,
    /// Whose order an offer to this side has.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub order: CodecOrder,
    /// Whether the box translates between this side and one that shares no codec with it. When it does
    /// not, such a call is refused with 488; emergency calls are translated all the same.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub translate: bool,
    /// How much sound this side is asked to put in a packet, in milliseconds: 10, 20, 30, 40, 50 or 60.
    /// Without it (`null`), the box passes on what the other side of the call asks for.
    pub packet_millis: Option<u8>,
}

/// Whose order of codecs counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CodecOrder {
    /// The other side's of the call, so that the least is translated.
    #[default]
    Theirs,
    /// That of `allow`.
    Allowed,
}

/// An encoding of sound that the box knows, whatever its rate or packing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CodecName {
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

impl CodecPolicy {
    /// Whether this side may speak it. `None` is one that the box does not know.
    pub fn allows(&self, codec: Option<CodecName>) -> bool {
        let Some(codec) = codec else { return self.allow.is_empty() };
        (self.allow.is_empty() || self.allow.contains(&codec)) && !self.deny.contains(&codec)
    }

    /// The place of a codec in an offer to this side, if this side's order counts: lower is earlier.
    pub fn rank(&self, codec: CodecName) -> Option<usize> {
        match self.order {
            CodecOrder::Theirs => None,
            CodecOrder::Allowed => self.allow.iter().position(|known| *known == codec),
        }
    }
}

impl Default for CodecPolicy {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            deny: Vec::new(),
            order: CodecOrder::Theirs,
            translate: true,
            packet_millis: None,
        }
    }
}

impl CodecName {
    /// All that the box knows.
    pub const ALL: [Self; 10] = [
        Self::Pcmu,
        Self::Pcma,
        Self::G722,
        Self::G726,
        Self::G729,
        Self::G723,
        Self::Gsm,
        Self::AmrWb,
        Self::Opus,
        Self::L16,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_denied_is_denied_also_where_it_is_allowed() {
        let mut policy = CodecPolicy::default();
        assert!(policy.allows(Some(CodecName::Gsm)) && policy.allows(None));
        policy.allow = vec![CodecName::Pcma, CodecName::Gsm];
        assert!(policy.allows(Some(CodecName::Gsm)) && !policy.allows(Some(CodecName::Opus)));
        assert!(!policy.allows(None));
        policy.deny = vec![CodecName::Gsm];
        assert!(!policy.allows(Some(CodecName::Gsm)) && policy.allows(Some(CodecName::Pcma)));
    }

    #[test]
    fn an_order_of_its_own_counts_only_where_it_is_asked_for() {
        let allow = vec![CodecName::G729, CodecName::Pcma];
        let mut policy = CodecPolicy { allow, ..CodecPolicy::default() };
        assert_eq!(policy.rank(CodecName::Pcma), None);
        policy.order = CodecOrder::Allowed;
        assert_eq!(policy.rank(CodecName::Pcma), Some(1));
        assert_eq!(policy.rank(CodecName::Opus), None);
    }

    #[test]
    fn an_empty_document_is_the_default() {
        assert_eq!(serde_json::from_str::<CodecPolicy>("{}").unwrap(), CodecPolicy::default());
        let named = serde_json::to_string(&CodecName::ALL).unwrap();
        assert!(named.contains("\"amr_wb\"") && named.contains("\"g726\""), "{named}");
    }
}
