//! Session timers: a call whose peer is gone ends by itself, RFC 4028.

use std::time::{Duration, Instant};

use crate::header::session::{Refresher, SessionExpires};
use crate::{Malformed, Message};

/// What this side wants of a session timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The interval that we ask for: `Session-Expires`.
    pub wanted: Duration,
    /// The shortest that we put up with: `Min-SE`, at least [`SHORTEST`].
    pub minimum: Duration,
}

impl Default for Policy {
    /// 1800 s (recommended by RFC 4028 §4) and 90 s.
    fn default() -> Self {
        Self { wanted: Duration::from_secs(1800), minimum: SHORTEST }
    }
}

/// What a request says of session timers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// `timer` stands in `Supported` (or `Require`).
    pub supported: bool,
    /// `Session-Expires`.
    pub expires: Option<SessionExpires>,
    /// `Min-SE`.
    pub minimum: Option<Duration>,
}

impl Proposal {
    /// Reads an INVITE or UPDATE.
    pub fn of(request: &Message<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            supported: request.supports("timer"),
            expires: request.session_expires()?,
            minimum: request.min_se()?.map(seconds),
        })
    }
}

/// What goes into the 2xx.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The interval.
    pub interval: Duration,
    /// Who refreshes.
    pub refresher: Refresher,
    /// Whether the response says `Require: timer`.
    pub required: bool,
}

/// The answer to a [`Proposal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// 422 with this `Min-SE`.
    TooSmall(Duration),
    /// A session timer runs.
    Timed(Terms),
    /// None does.
    Untimed,
}

impl Policy {
    /// Answers a request, RFC 4028 §9 with its table 2.
    pub fn answer(&self, proposal: &Proposal) -> Verdict {
        let floor = proposal.minimum.unwrap_or(SHORTEST);
        let Some(expires) = proposal.expires else {
            if !proposal.supported {
                return Verdict::Untimed;
            }
            let interval = self.wanted.max(floor).max(self.minimum);
            return Verdict::Timed(Terms { interval, refresher: Refresher::Uas, required: true });
        };
        let asked = seconds(expires.interval);
        if asked < self.minimum && proposal.supported {
            return Verdict::TooSmall(self.minimum);
        }
        // It may be lowered, but not below the request's own minimum, and never be raised.
        let interval = asked.min(self.wanted.max(floor).max(self.minimum));
        let refresher = match expires.refresher {
            Some(Refresher::Uac) if proposal.supported => Refresher::Uac,
            _ => Refresher::Uas,
        };
        Verdict::Timed(Terms { interval, refresher, required: proposal.supported })
    }

    /// A 422 came with this `Min-SE`: asks for more. `false` if that changes nothing, so that
    /// trying again is useless (RFC 4028 §7.4).
    pub fn raise(&mut self, minimum: Duration) -> bool {
        if minimum <= self.wanted && minimum <= self.minimum {
            return false;
        }
        self.minimum = self.minimum.max(minimum);
        self.wanted = self.wanted.max(minimum);
        true
    }
}

/// The running timer of one session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionTimer {
    /// No timer was agreed upon.
    #[default]
    Untimed,
    /// We refresh at half the interval, RFC 4028 §10.
    Refreshing {
        /// What was agreed upon.
        interval: Duration,
        /// When the refresh goes out.
        refresh_at: Instant,
        /// When the session is over if the refresh was not answered.
        expires_at: Instant,
    },
    /// Our refresh is under way.
    Refreshed {
        /// What was agreed upon.
        interval: Duration,
        /// When the session is over.
        expires_at: Instant,
    },
    /// The peer refreshes, and we watch.
    Watching {
        /// What was agreed upon.
        interval: Duration,
        /// When the session is taken for dead: a little before it expires.
        expires_at: Instant,
    },
}

/// What a [`SessionTimer`] wants when its time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Send an UPDATE or re-INVITE with this `Session-Expires` and `refresher=uac`.
    Refresh(Duration),
    /// Send a BYE: the peer is gone.
    Expired,
}

impl SessionTimer {
    /// A 2xx was sent or received, in the first INVITE or in a refresh; `ours` says whether we are
    /// the refresher.
    pub fn agreed(interval: Duration, ours: bool, now: Instant) -> Self {
        if ours {
            let expires_at = now + interval;
            return Self::Refreshing { interval, refresh_at: now + interval / 2, expires_at };
        }
        // RFC 4028 §10: the lesser of 32 s and a third before the end.
        let early = (interval / 3).min(Duration::from_secs(32));
        Self::Watching { interval, expires_at: now + interval - early }
    }

    /// A 2xx came to our request, with this `Session-Expires` or none (RFC 4028 §7.2). A missing
    /// `refresher` leaves the work to us.
    pub fn answered(expires: Option<SessionExpires>, now: Instant) -> Self {
        let Some(expires) = expires else { return Self::Untimed };
        let ours = expires.refresher != Some(Refresher::Uas);
        Self::agreed(seconds(expires.interval).max(SHORTEST), ours, now)
    }

    /// When [`SessionTimer::timeout`] is due.
    pub fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Untimed => None,
            Self::Refreshing { refresh_at, .. } => Some(*refresh_at),
            Self::Refreshed { expires_at, .. } | Self::Watching { expires_at, .. } => {
                Some(*expires_at)
            }
        }
    }

    /// The deadline came.
    pub fn timeout(&mut self, now: Instant) -> Option<Due> {
        if now < self.deadline()? {
            return None;
        }
        match *self {
            Self::Untimed => None,
            Self::Refreshing { interval, expires_at, .. } => {
                *self = Self::Refreshed { interval, expires_at };
                Some(Due::Refresh(interval))
            }
            Self::Refreshed { .. } | Self::Watching { .. } => {
                *self = Self::Untimed;
                Some(Due::Expired)
            }
        }
    }
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

/// The absolute minimum of a session interval, RFC 4028 §5.
pub const SHORTEST: Duration = Duration::from_secs(90);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_time::FakeTime;

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn asks(interval: u32, refresher: Option<Refresher>) -> Proposal {
        let expires = Some(SessionExpires { interval, refresher });
        Proposal { supported: true, expires, minimum: None }
    }

    fn session_expires(refresher: Option<Refresher>) -> SessionExpires {
        SessionExpires { interval: 1800, refresher }
    }

    fn timed(interval: u64, refresher: Refresher, required: bool) -> Verdict {
        Verdict::Timed(Terms { interval: secs(interval), refresher, required })
    }

    #[test]
    fn a_proposal_is_read_from_the_request() {
        let text = "INVITE sip:a SIP/2.0\r\nk: 100rel, timer\r\nx: 600;refresher=uas\r\n\
                    Min-SE: 120\r\n\r\n";
        let proposal = Proposal::of(&Message::parse_datagram(text.as_bytes()).unwrap()).unwrap();
        let expected = Proposal { minimum: Some(secs(120)), ..asks(600, Some(Refresher::Uas)) };
        assert_eq!(proposal, expected);
    }

    #[test]
    fn a_request_keeps_its_refresher_and_an_interval_that_suits_us() {
        let policy = Policy::default();
        let verdict = policy.answer(&asks(600, Some(Refresher::Uac)));
        assert_eq!(verdict, timed(600, Refresher::Uac, true));
        let verdict = policy.answer(&asks(600, Some(Refresher::Uas)));
        assert_eq!(verdict, timed(600, Refresher::Uas, true));
        assert_eq!(policy.answer(&asks(600, None)), timed(600, Refresher::Uas, true));
    }

    #[test]
    fn a_long_interval_is_lowered_but_not_below_the_peers_minimum() {
        let policy = Policy::default();
        assert_eq!(policy.answer(&asks(7200, None)), timed(1800, Refresher::Uas, true));
        let patient = Proposal { minimum: Some(secs(3600)), ..asks(7200, None) };
        assert_eq!(policy.answer(&patient), timed(3600, Refresher::Uas, true));
    }

    #[test]
    fn a_short_interval_is_refused_with_422_if_the_peer_understands_that() {
        let policy = Policy { minimum: secs(300), ..Policy::default() };
        assert_eq!(policy.answer(&asks(120, None)), Verdict::TooSmall(secs(300)));
        let by_a_proxy = Proposal { supported: false, ..asks(120, Some(Refresher::Uac)) };
        assert_eq!(policy.answer(&by_a_proxy), timed(120, Refresher::Uas, false));
    }

    #[test]
    fn a_peer_that_supports_timers_gets_one_and_another_does_not() {
        let policy = Policy::default();
        let able = Proposal { supported: true, ..Proposal::default() };
        assert_eq!(policy.answer(&able), timed(1800, Refresher::Uas, true));
        assert_eq!(policy.answer(&Proposal::default()), Verdict::Untimed);
    }

    #[test]
    fn after_422_we_ask_for_the_peers_minimum_once() {
        let mut policy = Policy { wanted: secs(300), minimum: SHORTEST };
        assert!(policy.raise(secs(900)));
        assert_eq!(policy, Policy { wanted: secs(900), minimum: secs(900) });
        assert!(!policy.raise(secs(900)));
    }

    #[test]
    fn the_refresher_refreshes_at_half_the_interval_and_ends_at_its_end() {
        let time = FakeTime::start();
        let mut timer = SessionTimer::answered(Some(session_expires(None)), time.at(0));
        assert_eq!(timer.deadline(), Some(time.at(900_000)));
        assert_eq!(timer.timeout(time.at(899_999)), None);
        assert_eq!(timer.timeout(time.at(900_000)), Some(Due::Refresh(secs(1800))));
        assert_eq!(timer.deadline(), Some(time.at(1_800_000)));
        assert_eq!(timer.timeout(time.at(1_800_000)), Some(Due::Expired));
        assert_eq!(timer.deadline(), None);
    }

    #[test]
    fn the_other_side_ends_a_dead_session_32_s_or_a_third_before_its_end() {
        let time = FakeTime::start();
        let theirs = session_expires(Some(Refresher::Uas));
        let mut timer = SessionTimer::answered(Some(theirs), time.at(0));
        assert_eq!(timer.deadline(), Some(time.at(1_768_000)));
        assert_eq!(timer.timeout(time.at(1_768_000)), Some(Due::Expired));
        let timer = SessionTimer::agreed(secs(90), false, time.at(0));
        assert_eq!(timer.deadline(), Some(time.at(60_000)));
    }

    #[test]
    fn a_refresh_starts_the_interval_again() {
        let time = FakeTime::start();
        let mut timer = SessionTimer::agreed(secs(1800), true, time.at(0));
        timer.timeout(time.at(900_000));
        timer = SessionTimer::agreed(secs(1800), true, time.at(900_050));
        assert_eq!(timer.deadline(), Some(time.at(1_800_050)));
    }
}
