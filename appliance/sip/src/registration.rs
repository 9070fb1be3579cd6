//! Our registration at a registrar, as a trunk needs it: RFC 3261 §10.2 with RFC 5626 §4.5.
//!
//! A [`Registration`] says when to send a REGISTER and what stands in it ([`Order`]); its user
//! composes it, sends it, and brings back the [`Answer`] or the failure. One REGISTER is under way
//! at a time.

mod answer;

pub use answer::Answer;

use std::time::{Duration, Instant};

/// How a trunk registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// For how long we ask to be registered.
    pub expires: Duration,
    /// The pause after the first failure; it doubles with each further one.
    pub first_pause: Duration,
    /// The longest pause after failures.
    pub longest_pause: Duration,
    /// The pause after a refusal: a carrier locks out who keeps trying.
    pub refused_pause: Duration,
}

impl Default for Policy {
    /// Ten minutes, so that a carrier that lost its memory is found soon; pauses from 10 s to 10
    /// minutes, 15 minutes after a refusal.
    fn default() -> Self {
        Self {
            expires: Duration::from_secs(600),
            first_pause: Duration::from_secs(10),
            longest_pause: Duration::from_secs(600),
            refused_pause: Duration::from_secs(900),
        }
    }
}

/// One address of record at one registrar.
#[derive(Clone, Debug)]
pub struct Registration {
    policy: Policy,
    /// What we ask for: the policy's, or more after a 423.
    expires: Duration,
    cseq: u32,
    failures: u32,
    state: State,
}

/// Where a registration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not started, or stopped.
    Idle,
    /// A REGISTER is under way.
    Registering {
        /// How often it was challenged, or told to ask for more time.
        rounds: u8,
        /// Until when an earlier registration holds.
        standing: Option<Instant>,
    },
    /// The registrar knows us.
    Registered {
        /// When the next REGISTER goes out.
        refresh_at: Instant,
        /// Until when the registration holds.
        expires_at: Instant,
    },
    /// The registrar did not answer or could not serve us.
    BackingOff {
        /// When it is tried again.
        until: Instant,
        /// The status, if there was an answer.
        status: Option<u16>,
        /// Until when an earlier registration holds.
        standing: Option<Instant>,
    },
    /// The registrar does not want us: wrong secret, unknown user, barred.
    Refused {
        /// When it is tried again all the same.
        until: Instant,
        /// What it said.
        status: u16,
    },
    /// The REGISTER that takes the registration back is under way.
    Unregistering {
        /// How often it was challenged.
        rounds: u8,
    },
}

/// A REGISTER to be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its `CSeq` number; the Call-ID stays the same (RFC 3261 §10.2.4).
    pub cseq: u32,
    /// Its `Expires`; zero takes the registration back.
    pub expires: Duration,
}

impl Registration {
    /// A registration that was not started.
    pub fn new(policy: Policy) -> Self {
        Self { policy, expires: policy.expires, cseq: 0, failures: 0, state: State::Idle }
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// Whether the registrar should know us at `now`, as far as we know.
    pub fn is_registered(&self, now: Instant) -> bool {
        self.standing().is_some_and(|until| now < until)
    }

    /// Registers now, whatever the pause: at the start, when the configuration or our address
    /// changed, or when an installer asks for it.
    pub fn start(&mut self) -> Option<Order> {
        match self.state {
            State::Registering { .. } => None,
            State::Idle
            | State::Registered { .. }
            | State::BackingOff { .. }
            | State::Refused { .. }
            | State::Unregistering { .. } => Some(self.register()),
        }
    }

    /// Takes the registration back, at shutdown or when the trunk is switched off.
    pub fn stop(&mut self, now: Instant) -> Option<Order> {
        let known = self.is_registered(now) || matches!(self.state, State::Registering { .. });
        if !known {
            self.state = State::Idle;
            return None;
        }
        self.state = State::Unregistering { rounds: 0 };
        Some(self.order(Duration::ZERO))
    }

    /// The final response to the REGISTER under way; an order is its continuation, to be sent at
    /// once with credentials for the latest challenge.
    pub fn answered(&mut self, answer: &Answer, random: u32, now: Instant) -> Option<Order> {
        match (self.state, answer.status) {
            (State::Registering { .. }, 200..=299) => self.registered(answer, random, now),
            (State::Registering { rounds, standing }, 401 | 407) => {
                if !may_try_credentials(rounds, answer) {
                    return self.refused(answer.status, random, now);
                }
                self.state = State::Registering { rounds: rounds + 1, standing };
                Some(self.order(self.expires))
            }
            (State::Registering { rounds, standing }, 423) => {
                let Some(minimum) = answer.minimum.filter(|minimum| *minimum > self.expires) else {
                    return self.refused(answer.status, random, now);
                };
                if rounds >= MOST_ROUNDS {
                    return self.refused(answer.status, random, now);
                }
                self.expires = minimum;
                self.state = State::Registering { rounds: rounds + 1, standing };
                Some(self.order(self.expires))
            }
            (State::Registering { .. }, 408 | 480 | 500..=599) => {
                self.back_off(Some(answer.status), answer.retry_after, random, now);
                None
            }
            (State::Registering { .. }, 300..) => self.refused(answer.status, random, now),

            (State::Unregistering { rounds }, 401 | 407) if may_try_credentials(rounds, answer) => {
                self.state = State::Unregistering { rounds: rounds + 1 };
                Some(self.order(Duration::ZERO))
            }
            (State::Unregistering { .. }, 200..) => {
                self.state = State::Idle;
                None
            }
            // A provisional response, or one to a REGISTER that was given up.
            _ => None,
        }
    }

    /// The REGISTER under way had no answer, or could not be sent. With `another` target at hand it
    /// is sent there at once (RFC 3263 §4.3).
    pub fn failed(&mut self, another: bool, random: u32, now: Instant) -> Option<Order> {
        match self.state {
            State::Registering { standing, .. } if another => {
                self.state = State::Registering { rounds: 0, standing };
                Some(self.order(self.expires))
            }
            State::Registering { .. } => {
                self.back_off(None, None, random, now);
                None
            }
            State::Unregistering { .. } => {
                self.state = State::Idle;
                None
            }
            State::Idle
            | State::Registered { .. }
            | State::BackingOff { .. }
            | State::Refused { .. } => None,
        }
    }

    /// When [`Registration::timeout`] is due. While a REGISTER is under way the transaction has the
    /// clock.
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Idle | State::Registering { .. } | State::Unregistering { .. } => None,
            State::Registered { refresh_at, .. } => Some(refresh_at),
            State::BackingOff { until, .. } | State::Refused { until, .. } => Some(until),
        }
    }

    /// The deadline came: it is time to register (again).
    pub fn timeout(&mut self, now: Instant) -> Option<Order> {
        let due = self.deadline().is_some_and(|at| now >= at);
        due.then(|| self.register())
    }

    fn register(&mut self) -> Order {
        self.state = State::Registering { rounds: 0, standing: self.standing() };
        self.order(self.expires)
    }

    fn registered(&mut self, answer: &Answer, random: u32, now: Instant) -> Option<Order> {
        let granted = answer.granted.unwrap_or(self.expires).min(LONGEST_GRANT);
        if granted.is_zero() {
            self.back_off(Some(answer.status), answer.retry_after, random, now);
            return None;
        }
        self.failures = 0;
        // A REGISTER that times out takes 32 s, and there should be room for another try.
        let margin = (granted / 10).max(Duration::from_secs(35)).min(granted / 2);
        self.state =
            State::Registered { refresh_at: now + granted - margin, expires_at: now + granted };
        None
    }

    fn refused(&mut self, status: u16, random: u32, now: Instant) -> Option<Order> {
        self.failures = self.failures.saturating_add(1);
        let until = now + jittered(self.policy.refused_pause, random);
        self.state = State::Refused { until, status };
        None
    }

    /// RFC 5626 §4.5: the pause doubles with each failure, and is drawn from its upper half so that
    /// a carrier's customers do not come back all at once. A `Retry-After` is obeyed.
    fn back_off(
        &mut self,
        status: Option<u16>,
        retry_after: Option<Duration>,
        random: u32,
        now: Instant,
    ) {
        let doublings = self.failures.min(16);
        let pause = (self.policy.first_pause * (1 << doublings)).min(self.policy.longest_pause);
        let asked = retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER);
        let until = now + jittered(pause, random).max(asked);
        self.failures = self.failures.saturating_add(1);
        self.state = State::BackingOff { until, status, standing: self.standing() };
    }

    fn standing(&self) -> Option<Instant> {
        match self.state {
            State::Registered { expires_at, .. } => Some(expires_at),
            State::Registering { standing, .. } | State::BackingOff { standing, .. } => standing,
            State::Idle | State::Refused { .. } | State::Unregistering { .. } => None,
        }
    }

    fn order(&mut self, expires: Duration) -> Order {
        self.cseq = self.cseq.saturating_add(1);
        Order { cseq: self.cseq, expires }
    }
}

/// The first challenge is normal, also when credentials for an old nonce were sent. A second one
/// means a wrong secret, unless it says that only the nonce was too old (RFC 3261 §22.1, RFC 7616
/// §3.3).
fn may_try_credentials(rounds: u8, answer: &Answer) -> bool {
    answer.challenged && (rounds == 0 || (answer.stale && rounds < MOST_ROUNDS))
}

/// Somewhere between half of `pause` and all of it.
fn jittered(pause: Duration, random: u32) -> Duration {
    let half = pause / 2;
    let share = half.as_millis() * u128::from(random) / u128::from(u32::MAX);
    half + Duration::from_millis(u64::try_from(share).unwrap_or(0))
}

/// Challenges and 423s in a row before a registrar is taken for mad.
const MOST_ROUNDS: u8 = 3;

/// A carrier that asks for more than an hour's silence would never be heard again.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Nobody should rely on a registration of more than a day.
const LONGEST_GRANT: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_time::FakeTime;

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn answer(status: u16) -> Answer {
        Answer { status, ..Answer::default() }
    }

    fn challenge(stale: bool) -> Answer {
        Answer { status: 401, challenged: true, stale, ..Answer::default() }
    }

    fn granted(seconds: u64) -> Answer {
        Answer { status: 200, granted: Some(secs(seconds)), ..Answer::default() }
    }

    fn order(cseq: u32, expires: u64) -> Option<Order> {
        Some(Order { cseq, expires: secs(expires) })
    }

    #[test]
    fn a_trunk_is_challenged_registers_and_refreshes_before_the_end() {
        let time = FakeTime::start();
        let mut trunk = Registration::new(Policy::default());
        assert_eq!(trunk.start(), order(1, 600));
        assert_eq!(trunk.deadline(), None);
        assert_eq!(trunk.answered(&challenge(false), 0, time.at(20)), order(2, 600));
        assert_eq!(trunk.answered(&granted(600), 0, time.at(40)), None);
        assert!(trunk.is_registered(time.at(600_039)));
        assert!(!trunk.is_registered(time.at(600_040)));
        assert_eq!(trunk.deadline(), Some(time.at(540_040)));
        assert_eq!(trunk.timeout(time.at(540_039)), None);
        assert_eq!(trunk.timeout(time.at(540_040)), order(3, 600));
        assert!(trunk.is_registered(time.at(600_039)));
    }

    #[test]
    fn a_short_grant_is_refreshed_at_its_half() {
        let time = FakeTime::start();
        for (seconds, refresh) in [(60, 30_000), (100, 65_000), (3_600, 3_240_000)] {
            let mut trunk = Registration::new(Policy::default());
            trunk.start();
            trunk.answered(&granted(seconds), 0, time.at(0));
            assert_eq!(trunk.deadline(), Some(time.at(refresh)));
        }
    }

    #[test]
    fn a_second_challenge_is_a_wrong_secret_and_not_tried_for_a_quarter_of_an_hour() {
        let time = FakeTime::start();
        let mut trunk = Registration::new(Policy::default());
        trunk.start();
        trunk.answered(&challenge(false), 0, time.at(20));
        assert_eq!(trunk.answered(&challenge(false), u32::MAX, time.at(40)), None);
        let until = time.at(900_040);
        assert_eq!(trunk.state(), State::Refused { until, status: 401 });
        assert_eq!(trunk.timeout(until), order(3, 600));
    }

    #[test]
    fn a_stale_nonce_is_not_a_wrong_secret_but_has_an_end() {
        let time = FakeTime::start();
        let mut trunk = Registration::new(Policy::default());
        trunk.start();
        for cseq in 2..=4 {
            assert_eq!(trunk.answered(&challenge(true), 0, time.at(1)), order(cseq, 600));
        }
        assert_eq!(trunk.answered(&challenge(true), 0, time.at(1)), None);
        assert!(matches!(trunk.state(), State::Refused { status: 401, .. }));
    }

    #[test]
    fn a_registrar_that_wants_longer_registrations_gets_them() {
        let time = FakeTime::start();
        let mut trunk = Registration::new(Policy::default());
        trunk.start();
        let too_brief = Answer { minimum: Some(secs(1800)), ..answer(423) };
        assert_eq!(trunk.answered(&too_brief, 0, time.at(5)), order(2, 1800));
        assert_eq!(trunk.answered(&too_brief, 0, time.at(9)), None);
        assert!(matches!(trunk.state(), State::Refused { status: 423, .. }));
    }

    #[test]
    fn silence_is_met_with_doubling_pauses_up_to_ten_minutes() {
        let time = FakeTime::start();
        let mut trunk = Registration::new(Policy::default());
        let mut at = 0;
        trunk.start();
        for pause in [10, 20, 40, 80, 160, 320, 600, 600] {
            trunk.failed(false, u32::MAX, time.at(at));
            at += pause * 1000;
            assert_eq!(trunk.deadline(), Some(time.at(at)));
            assert!(trunk.timeout(time.at(at)).is_some());
        }
        trunk.answered(&granted(600), 0, time.at(at));
        trunk.start();
        trunk.failed(false, 0, time.at(at));
        assert_eq!(trunk.deadline(), Some(time.at(at + 5_000)), "success forgets the failures");
    }

    #[test]
    fn another_target_is_tried_without_a_pause() {
        let time = FakeTime::start();
        let mut trunk = Registration::new(Policy::default());
        trunk.start();
        assert_eq!(trunk.failed(true, 0, time.at(32_000)), order(2, 600));
        assert_eq!(trunk.failed(false, 0, time.at(64_000)), None);
        assert_eq!(trunk.deadline(), Some(time.at(69_000)));
    }

    #[test]
    fn an_overloaded_registrar_is_left_alone_as_long_as_it_asks() {
        let time = FakeTime::start();
        let mut trunk = Registration::new(Policy::default());
        trunk.start();
        let busy = Answer { retry_after: Some(secs(120)), ..answer(503) };
        assert_eq!(trunk.answered(&busy, 0, time.at(0)), None);
        assert_eq!(trunk.deadline(), Some(time.at(120_000)));
    }

    #[test]
    fn a_failed_refresh_leaves_the_old_registration_standing() {
        let time = FakeTime::start();
        let mut trunk = Registration::new(Policy::default());
        trunk.start();
        trunk.answered(&granted(600), 0, time.at(0));
        trunk.timeout(time.at(540_000));
        trunk.failed(false, 0, time.at(572_000));
        assert!(trunk.is_registered(time.at(599_999)));
        assert!(!trunk.is_registered(time.at(600_000)));
        trunk.timeout(time.at(577_000));
        trunk.answered(&answer(403), 0, time.at(577_100));
        assert!(!trunk.is_registered(time.at(577_101)));
    }

    #[test]
    fn a_shutdown_takes_the_registration_back() {
        let time = FakeTime::start();
        let mut trunk = Registration::new(Policy::default());
        assert_eq!(trunk.stop(time.at(0)), None);
        trunk.start();
        trunk.answered(&granted(600), 0, time.at(0));
        assert_eq!(trunk.stop(time.at(1_000)), order(2, 0));
        assert_eq!(trunk.answered(&challenge(false), 0, time.at(1_010)), order(3, 0));
        assert_eq!(trunk.answered(&answer(200), 0, time.at(1_020)), None);
        assert_eq!((trunk.state(), trunk.deadline()), (State::Idle, None));
    }

    #[test]
    fn a_granted_nothing_is_a_failure() {
        let time = FakeTime::start();
        let mut trunk = Registration::new(Policy::default());
        trunk.start();
        trunk.answered(&granted(0), 0, time.at(0));
        assert_eq!(trunk.deadline(), Some(time.at(5_000)));
    }
}
