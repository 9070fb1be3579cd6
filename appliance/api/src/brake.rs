//! Slows down who guesses passwords, by the address that the guesses come from.
//!
//! Only log-ins and claims pass here: whoever has a token is never slowed down.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Wrong guesses by source. Five are free; each further one makes the source wait longer.
#[derive(Debug, Default)]
pub(crate) struct Brake {
    sources: Mutex<BTreeMap<IpAddr, Wrong>>,
}

#[derive(Debug, Clone, Copy)]
struct Wrong {
    guesses: u32,
    last: Instant,
}

impl Brake {
    /// Asks for a guess. It counts as wrong from now on, so that many at once gain nothing; the
    /// error says how long to wait.
    pub(crate) fn guess(&self, source: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut sources = self.sources();
        sources.retain(|_, wrong| now.saturating_duration_since(wrong.last) < FORGOTTEN);
        let source = network(source);
        if !sources.contains_key(&source) && sources.len() >= MOST_SOURCES {
            // Many addresses must not lock the owner out: who was quiet longest is forgotten.
            let quietest = sources.iter().min_by_key(|(_, wrong)| wrong.last);
            if let Some(quietest) = quietest.map(|(source, _)| *source) {
                sources.remove(&quietest);
            }
        }
        let wrong = sources.entry(source).or_insert(Wrong { guesses: 0, last: now });
        let wait = wrong.wait().saturating_sub(now.saturating_duration_since(wrong.last));
        if !wait.is_zero() {
            return Err(wait);
        }
        *wrong = Wrong { guesses: wrong.guesses.saturating_add(1), last: now };
        Ok(())
    }

    /// The guess was right: the source starts anew.
    pub(crate) fn was_right(&self, source: IpAddr) {
        self.sources().remove(&network(source));
    }

    fn sources(&self) -> MutexGuard<'_, BTreeMap<IpAddr, Wrong>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wrong {
    fn wait(self) -> Duration {
        let Some(beyond) = self.guesses.checked_sub(FREE) else { return Duration::ZERO };
        FIRST_WAIT.saturating_mul(1 << beyond.min(16)).min(LONGEST_WAIT)
    }
}

/// Whoever has one IPv6 address mostly has the /64 around it.
fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
    }
}

const FREE: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// 4 guesses an hour, and no longer wait for the owner who has come to his senses.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// Longer than the longest wait, or waiting would pay.
const FORGOTTEN: Duration = Duration::from_secs(60 * 60);
/// Bounds the memory that an attacker with many addresses can take.
const MOST_SOURCES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 1, 2));

    #[test]
    fn five_wrong_guesses_are_free_and_then_waiting_grows() {
        let (brake, mut now) = (Brake::default(), Instant::now());
        for _ in 0..5 {
            assert_eq!(brake.guess(ALICE, now), Ok(()));
        }
        for wait in [2, 4, 8, 16].map(Duration::from_secs) {
            assert_eq!(brake.guess(ALICE, now), Err(wait));
            now += wait;
            assert_eq!(brake.guess(ALICE, now), Ok(()));
        }
    }

    #[test]
    fn nobody_waits_longer_than_a_quarter_of_an_hour() {
        let (brake, mut now) = (Brake::default(), Instant::now());
        for _ in 0..100 {
            let wait = brake.guess(ALICE, now).err().unwrap_or_default();
            assert!(wait <= LONGEST_WAIT);
            now += wait;
        }
        now += FORGOTTEN;
        assert_eq!(brake.guess(ALICE, now), Ok(()));
        assert_eq!(brake.guess(ALICE, now), Ok(()));
    }

    #[test]
    fn a_right_guess_clears_the_source_and_others_never_wait_for_it() {
        let (brake, now) = (Brake::default(), Instant::now());
        for _ in 0..5 {
            brake.guess(ALICE, now).unwrap();
        }
        assert!(brake.guess(ALICE, now).is_err());
        assert_eq!(brake.guess("192.168.1.3".parse().unwrap(), now), Ok(()));
        brake.was_right(ALICE);
        assert_eq!(brake.guess(ALICE, now), Ok(()));
    }

    #[test]
    fn an_attacker_with_many_addresses_takes_little_memory_and_locks_nobody_out() {
        let (brake, mut now) = (Brake::default(), Instant::now());
        for number in 0..10_000 {
            now += Duration::from_millis(1);
            let source = std::net::Ipv4Addr::from_bits(number).into();
            assert_eq!(brake.guess(source, now), Ok(()));
        }
        assert_eq!(brake.sources().len(), MOST_SOURCES);
        assert_eq!(brake.guess(ALICE, now), Ok(()));
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_source() {
        let one = network("2001:db8::1".parse().unwrap());
        assert_eq!(one, network("2001:db8::ffff:1".parse().unwrap()));
        assert_ne!(one, network("2001:db8:0:1::1".parse().unwrap()));
        assert_eq!(network("::ffff:192.168.1.2".parse().unwrap()), ALICE);
    }
}
