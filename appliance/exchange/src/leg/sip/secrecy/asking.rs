//! How a peer is asked for keys: otherwise each time that it refuses, and at first as it is known to take
//! it. A phone that refuses only when somebody picks up rings anew each time.

use config::Encryption;

/// How keys are asked for in the first offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Way {
    /// As the policy says.
    #[default]
    First,
    /// Encrypted only: the peer may insist on it, and take no keys beside a plain line.
    Alone,
    /// Encrypted only, and keys in the way that the policy does not prefer.
    Otherwise,
}

/// How a peer is asked in one call.
#[derive(Debug, Default)]
pub(super) struct Asking {
    pub(super) way: Way,
    refused: Vec<Way>,
    /// What the box knew when the call began leaves nothing to find out.
    settled: bool,
    verdict: Option<Verdict>,
}

/// What the ways mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) policy: Encryption,
    /// Keys by a handshake are preferred.
    pub(super) by_dtls: bool,
    /// The box can shake hands.
    pub(super) shakes_hands: bool,
}

/// What a registered phone said to offers of keys, for the next call to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Experience {
    /// Under which rules it was asked.
    rules: Rules,
    /// How it is to be asked.
    way: Way,
    verdict: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It refused what was tried before this way.
    Open,
    /// It took this way.
    Took,
    /// It refused all: that is not for the keys.
    Refused,
}

impl Asking {
    /// The first offer, to a phone of which this is known.
    pub(super) fn begin(rules: Rules, known: Option<Experience>) -> Self {
        let Some(known) = known.filter(|known| known.rules == rules) else {
            return Self::default();
        };
        let settled = known.verdict != Verdict::Open;
        Self { way: known.way, refused: Vec::new(), settled, verdict: Some(known.verdict) }
    }

    /// The peer refused to be asked so. Whether there is another way, which is taken from now on.
    ///
    /// `rang`: somebody was called to the phone already, and is not called again by a phone that is
    /// known to take what it was offered, or nothing.
    pub(super) fn refused(&mut self, rules: Rules, rang: bool) -> bool {
        if self.settled && rang {
            self.verdict = self.verdict.filter(|verdict| *verdict == Verdict::Refused);
            return false;
        }
        self.refused.push(self.way);
        let is_way = |way: &Way| match way {
            Way::First => true,
            Way::Alone => !rules.policy.is_required(),
            Way::Otherwise => rules.shakes_hands,
        };
        let new = |way: &Way| is_way(way) && !self.refused.contains(way);
        let all = [Way::First, Way::Alone, Way::Otherwise];
        // Those behind this one first: those before it were refused in the call before, if any was.
        let behind = all.into_iter().skip_while(|way| *way != self.way);
        let next = behind.chain(all).find(new);
        (self.way, self.verdict) = match next {
            Some(way) => (way, Some(Verdict::Open)),
            None => (Way::First, Some(Verdict::Refused)),
        };
        next.is_some()
    }

    /// The peer took it.
    pub(super) fn took(&mut self) {
        self.verdict = Some(Verdict::Took);
    }

    /// What is known of the peer now.
    pub(super) fn experience(&self, rules: Rules) -> Option<Experience> {
        self.verdict.map(|verdict| Experience { rules, way: self.way, verdict })
    }
}
