//! Floods and guessing: who sends too much, or too many wrong passwords, is not heard for a while.
//!
//! A source with a live registration is never banned: whoever shares an address with an attacker
//! (behind one router, say) keeps his telephone.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// What is known of the sources of messages, in bounded memory.
#[derive(Debug, Default)]
pub struct Flood {
    sources: BTreeMap<IpAddr, Source>,
    banned: u64,
}

/// What to do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Read it.
    Pass,
    /// Drop it unread: its source sends too much.
    TooMuch,
    /// Drop it unread: its source guessed passwords.
    Banned,
}

#[derive(Debug)]
struct Source {
    /// Messages that may come at once.
    tokens: u32,
    at: Instant,
    wrong: u32,
    banned_until: Option<Instant>,
}

impl Flood {
    /// Whether a message from `source` is read. `trusted`: a phone is registered from there.
    pub fn admit(&mut self, source: IpAddr, trusted: bool, now: Instant) -> Admission {
        if trusted {
            return Admission::Pass;
        }
        let source = self.source(source, now);
        if source.banned_until.is_some_and(|until| now < until) {
            return Admission::Banned;
        }
        source.refill(now);
        if source.tokens == 0 {
            return Admission::TooMuch;
        }
        source.tokens -= 1;
        Admission::Pass
    }

    /// A message from there had a wrong password or a name that nobody has.
    pub fn wrong(&mut self, source: IpAddr, now: Instant) {
        let source = self.source(source, now);
        source.wrong += 1;
        if source.wrong < MOST_WRONG {
            return;
        }
        source.wrong = 0;
        source.banned_until = Some(now + BAN);
        self.banned += 1;
    }

    /// Somebody there proved who he is.
    pub fn right(&mut self, source: IpAddr) {
        self.sources.remove(&network(source));
    }

    /// How many bans there were since the start.
    pub fn bans(&self) -> u64 {
        self.banned
    }

    /// How many sources are remembered.
    pub fn len(&self) -> usize {
        self.sources.len()
    }

    /// Whether none is remembered.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    fn source(&mut self, address: IpAddr, now: Instant) -> &mut Source {
        let key = network(address);
        if self.sources.len() >= MOST_SOURCES && !self.sources.contains_key(&key) {
            self.make_room(now);
        }
        self.sources.entry(key).or_insert(Source {
            tokens: BURST,
            at: now,
            wrong: 0,
            banned_until: None,
        })
    }

    /// Forgets who has been quiet; when all are loud, who is not banned: a flood from more addresses
    /// than fit is no reason to lose memory.
    fn make_room(&mut self, now: Instant) {
        let banned = |source: &Source| source.banned_until.is_some_and(|until| now < until);
        self.sources
            .retain(|_, source| banned(source) || now.saturating_duration_since(source.at) < QUIET);
        if self.sources.len() >= MOST_SOURCES {
            self.sources.retain(|_, source| banned(source));
        }
        if self.sources.len() >= MOST_SOURCES {
            self.sources.clear();
        }
    }
}

impl Source {
    fn refill(&mut self, now: Instant) {
        let micros = now.saturating_duration_since(self.at).as_micros();
        let earned = micros.saturating_mul(u128::from(PER_SECOND)) / 1_000_000;
        if earned == 0 {
            return;
        }
        self.at = now;
        let tokens = u128::from(self.tokens).saturating_add(earned).min(u128::from(BURST));
        self.tokens = u32::try_from(tokens).unwrap_or(BURST);
    }
}

/// Who has one address of IPv6 has the whole /64 (RFC 6177).
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX))),
    }
}

/// What one source may send: more than an office of 2,000 phones after a power cut.
const PER_SECOND: u32 = 20_000;
const BURST: u32 = 20_000;
/// Wrong passwords before a ban: a phone with an old password tries a few times a minute.
const MOST_WRONG: u32 = 100;
const BAN: Duration = Duration::from_secs(300);
const QUIET: Duration = Duration::from_secs(10);
/// About 80 octets each.
const MOST_SOURCES: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn start() -> Instant {
        #[allow(clippy::disallowed_methods)] // any instant will do
        Instant::now()
    }

    #[test]
    fn who_guesses_passwords_is_not_heard_for_five_minutes() {
        let (mut flood, now) = (Flood::default(), start());
        for _ in 0..MOST_WRONG {
            assert_eq!(flood.admit(ip("192.0.2.9"), false, now), Admission::Pass);
            flood.wrong(ip("192.0.2.9"), now);
        }
        assert_eq!(flood.admit(ip("192.0.2.9"), false, now), Admission::Banned);
        assert_eq!(flood.admit(ip("192.0.2.8"), false, now), Admission::Pass);
        assert_eq!(flood.admit(ip("192.0.2.9"), false, now + BAN), Admission::Pass);
    }

    #[test]
    fn a_registered_phone_is_heard_whatever_its_neighbour_does() {
        let (mut flood, now) = (Flood::default(), start());
        for _ in 0..MOST_WRONG {
            flood.wrong(ip("192.0.2.9"), now);
        }
        assert_eq!(flood.admit(ip("192.0.2.9"), true, now), Admission::Pass);
    }

    #[test]
    fn a_flood_is_dropped_unread_and_ends_with_itself() {
        let (mut flood, now) = (Flood::default(), start());
        let passed = (0..3 * BURST)
            .filter(|_| flood.admit(ip("2001:db8::1"), false, now) == Admission::Pass)
            .count();
        assert_eq!(passed, BURST as usize);
        assert_eq!(flood.admit(ip("2001:db8::2"), false, now), Admission::TooMuch);
        let later = now + Duration::from_secs(1);
        assert_eq!(flood.admit(ip("2001:db8::1"), false, later), Admission::Pass);
    }

    #[test]
    fn a_million_sources_do_not_fill_the_memory() {
        let (mut flood, now) = (Flood::default(), start());
        for n in 0..1_000_000u32 {
            flood.admit(IpAddr::V4(n.into()), false, now);
        }
        assert!(flood.len() <= MOST_SOURCES);
    }
}
