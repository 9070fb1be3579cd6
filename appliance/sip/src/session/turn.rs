//! Whose INVITE is under way: glare, RFC 3261 §14.

use std::time::{Duration, Instant};

/// A dialog negotiates one thing at a time. The first INVITE counts as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Turn {
    /// Nobody's.
    #[default]
    Free,
    /// We sent an INVITE that has no final response.
    Ours,
    /// The peer sent one that we owe the final response.
    Theirs,
    /// Both had sent one (491); ours is tried again at this time.
    Paused {
        /// When ours may be sent again.
        until: Instant,
    },
}

/// What to do with a peer's re-INVITE or UPDATE with an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Go on with it.
    Admitted,
    /// 491: ours is under way (RFC 3261 §14.2).
    Pending,
    /// 500 with a `Retry-After` of 0 to 10 s: the peer's own previous one is (RFC 3261 §14.2).
    TooSoon,
}

impl Turn {
    /// Takes the turn for an INVITE of ours; `false` when it has to wait (RFC 3261 §14.1).
    pub fn take(&mut self) -> bool {
        let free = *self == Self::Free;
        if free {
            *self = Self::Ours;
        }
        free
    }

    /// A peer's INVITE arrived in the dialog. While ours is paused the peer's is welcome: that is
    /// what the pause is for.
    pub fn admit(&mut self) -> Admission {
        match self {
            Self::Free | Self::Paused { .. } => {
                *self = Self::Theirs;
                Admission::Admitted
            }
            Self::Ours => Admission::Pending,
            Self::Theirs => Admission::TooSoon,
        }
    }

    /// The INVITE under way had its final response.
    pub fn finish(&mut self) {
        *self = Self::Free;
    }

    /// Ours was answered with 491. The side that made the Call-ID waits 2.1 to 4 s, the other up to
    /// 2 s, in steps of 10 ms (RFC 3261 §14.1).
    pub fn collide(&mut self, made_call_id: bool, random: u16, now: Instant) {
        let steps = u64::from(random);
        let millis = if made_call_id { 2_100 + steps % 191 * 10 } else { steps % 201 * 10 };
        *self = Self::Paused { until: now + Duration::from_millis(millis) };
    }

    /// When [`Turn::timeout`] is due.
    pub fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Paused { until } => Some(*until),
            Self::Free | Self::Ours | Self::Theirs => None,
        }
    }

    /// Whether the pause is over: ours may be tried again, if it is still wanted.
    pub fn timeout(&mut self, now: Instant) -> bool {
        let over = self.deadline().is_some_and(|until| now >= until);
        if over {
            *self = Self::Free;
        }
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_time::FakeTime;

    #[test]
    fn one_invite_at_a_time() {
        let mut turn = Turn::default();
        assert!(turn.take());
        assert!(!turn.take());
        assert_eq!(turn.admit(), Admission::Pending);
        turn.finish();
        assert_eq!(turn.admit(), Admission::Admitted);
        assert_eq!(turn.admit(), Admission::TooSoon);
        assert!(!turn.take());
    }

    #[test]
    fn after_glare_the_maker_of_the_call_id_waits_2_1_to_4_s() {
        let time = FakeTime::start();
        let mut turn = Turn::Ours;
        for (random, millis) in [(0, 2_100), (190, 4_000), (191, 2_100), (u16::MAX, 2_320)] {
            turn.collide(true, random, time.at(0));
            assert_eq!(turn.deadline(), Some(time.at(millis)));
        }
    }

    #[test]
    fn after_glare_the_other_side_waits_up_to_2_s_and_lets_the_peer_go_first() {
        let time = FakeTime::start();
        let mut turn = Turn::Ours;
        for (random, millis) in [(0, 0), (200, 2_000), (201, 0)] {
            turn.collide(false, random, time.at(0));
            assert_eq!(turn.deadline(), Some(time.at(millis)));
        }
        turn.collide(false, 100, time.at(0));
        assert!(!turn.timeout(time.at(999)));
        assert!(turn.timeout(time.at(1_000)));
        assert_eq!(turn, Turn::Free);
        turn.collide(false, 100, time.at(2_000));
        assert_eq!(turn.admit(), Admission::Admitted);
        assert_eq!(turn.deadline(), None);
    }
}
