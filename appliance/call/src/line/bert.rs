//! A test of the bit errors of a B channel that carries no call (ITU-T O.150).

use crate::UnixMillis;
use serde::{Deserialize, Serialize};

/// Which pseudo-random sequence is sent and looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BertPattern {
    /// 2^11 - 1 bits, what is usual on a channel of 64 kbit/s (ITU-T O.150 §5.2, O.152).
    Bits2047,
    /// 2^15 - 1 bits, inverted (ITU-T O.150 §5.3, O.151).
    Bits32767,
}

/// Whether what comes is the sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BertSync {
    /// It is not, or not any more.
    #[default]
    Searching,
    /// It is.
    Found,
    /// It is, with each bit inverted: something on the way does that, or the far end's tester.
    Inverted,
}

/// What a test has counted. All of it begins when the sequence is found for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BertFigures {
    /// Whether what comes is the sequence.
    pub sync: BertSync,
    /// Bits that were compared.
    pub bits: u64,
    /// Those of them that were wrong: by `bits` it is the ratio of bit errors.
    pub errors: u64,
    /// Bits that came while the sequence was lost.
    pub uncompared: u64,
    /// How often it was lost: more than a fifth of the bits were wrong.
    pub losses: u64,
    /// How often it jumped: octets were lost or doubled on the way.
    pub slips: u64,
    /// Seconds that are over, of 8000 octets each.
    pub seconds: u64,
    /// Those with an error, a slip or without the sequence (ITU-T G.821).
    pub errored_seconds: u64,
    /// Those with one error in 1000 bits or more, or without the sequence (ITU-T G.821).
    pub severely_errored_seconds: u64,
    /// Errors that were asked for, and put into what is sent.
    pub inserted: u64,
    /// How often the box itself was too late for the line: that is a slip of its own, not the line's.
    pub late: u64,
}

/// A test of bit errors, as it stands or as it ended. It is kept until the next one on its channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Bert {
    /// What is sent and looked for.
    pub pattern: BertPattern,
    /// When it was started.
    pub begun: UnixMillis,
    /// When it ended; nothing while it runs.
    pub ended: Option<UnixMillis>,
    /// Since when `sync` is as it is.
    pub since: UnixMillis,
    /// What it has counted.
    #[serde(flatten)]
    pub figures: BertFigures,
}

impl Bert {
    /// One that starts.
    pub fn new(pattern: BertPattern, begun: UnixMillis) -> Self {
        Self { pattern, begun, ended: None, since: begun, figures: BertFigures::default() }
    }

    /// Whether it goes on.
    pub fn runs(&self) -> bool {
        self.ended.is_none()
    }

    /// What it has counted by now.
    pub fn count(&mut self, figures: BertFigures, now: UnixMillis) {
        if figures.sync != self.figures.sync {
            self.since = now;
        }
        self.figures = figures;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_when_it_is_in_step_is_not_changed_by_what_it_counts() {
        let mut bert = Bert::new(BertPattern::Bits2047, UnixMillis(1_000));
        let figures =
            |sync, errors| BertFigures { sync, errors, bits: 64_000, ..BertFigures::default() };
        bert.count(figures(BertSync::Found, 0), UnixMillis(2_000));
        bert.count(figures(BertSync::Found, 3), UnixMillis(3_000));
        assert_eq!((bert.since, bert.figures.errors), (UnixMillis(2_000), 3));
        bert.count(figures(BertSync::Searching, 3), UnixMillis(4_000));
        assert_eq!(bert.since, UnixMillis(4_000));
        assert!(bert.runs());
        let told = serde_json::to_value(bert).unwrap();
        assert_eq!((&told["pattern"], &told["sync"]), (&"bits2047".into(), &"searching".into()));
    }
}
