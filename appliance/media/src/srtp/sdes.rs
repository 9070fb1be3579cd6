//! Keys in SDP: the `a=crypto` attribute, offered, answered and agreed on (RFC 4568).
//!
//! Each side says with which key it will send. An offer has an attribute for each suite, the answer
//! has the one that it takes, under the same tag.
//!
//! ```
//! use media::srtp::{MasterKey, Suite, sdes};
//!
//! let offered = sdes::offer([[1; MasterKey::LONGEST], [2; _], [3; _], [4; _], [5; _]]);
//! let lines: Vec<_> = offered.iter().map(sdes::Crypto::attribute).collect();
//!
//! let (answer, theirs) = sdes::answer(lines.iter().map(String::as_str), &[9; _]).unwrap();
//! assert_eq!(theirs.outbound.suite(), Suite::AeadAes256Gcm);
//!
//! let ours = sdes::accept(&offered, [answer.attribute().as_str()]).unwrap();
//! assert_eq!(ours.inbound, theirs.outbound);
//! ```

use base64ct::{Base64, Base64Unpadded, Encoding};
use zeroize::Zeroize;

use super::{Keys, MasterKey, Suite};

/// One `a=crypto` attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crypto {
    /// Names it among the others of its media; the answer repeats it. Up to nine digits.
    pub tag: u32,
    /// The suite and the key with which its author will send.
    pub key: MasterKey,
    /// How many packets of either kind its author means to send with it, if that was said. Many
    /// phones say it and never keep it, so whether it binds is the caller's choice: see
    /// [`MasterKey::with_lifetime`].
    pub lifetime: Option<u64>,
    /// The name of the suite as the peer writes it.
    name: &'static str,
}

/// Why an attribute, or a set of them, is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The peer wrote no attribute at all.
    Absent,
    /// The peer wrote what is not of RFC 4568 §9.1, or a key of a wrong length.
    Malformed,
    /// The peer asks for what the box has not.
    Unsupported(Feature),
    /// The peer's answer is to none of the offered attributes, or to several.
    Misbehaved,
}

/// What of RFC 4568 the box has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// A suite that is not in [`Suite`].
    Suite,
    /// A key that is not in line (§6.1).
    KeyMethod,
    /// A master key identifier in each packet, or several keys that need one (§6.1).
    MasterKeyIdentifier,
    /// A session parameter that has to be understood: no encryption, no authentication, a key
    /// derivation rate, forward error correction (§6.3).
    SessionParameter,
}

/// The suites that an offer has, the best first. The short tag of AES-256 is taken when a peer
/// insists, and not offered.
pub const OFFERED: [Suite; 5] = [
    Suite::AeadAes256Gcm,
    Suite::AeadAes128Gcm,
    Suite::Aes256CmHmacSha1_80,
    Suite::AesCm128HmacSha1_80,
    Suite::AesCm128HmacSha1_32,
];

/// Makes the attributes of an offer, with a key of its own for each, out of octets that nobody
/// can guess.
pub fn offer(random: [[u8; MasterKey::LONGEST]; OFFERED.len()]) -> Vec<Crypto> {
    let keys = OFFERED.into_iter().zip(random).zip(1..);
    keys.map(|((suite, random), tag)| Crypto::new(tag, MasterKey::random(suite, &random))).collect()
}

/// Chooses from an offer by our own order, makes our key out of octets that nobody can guess, and
/// gives the attribute of the answer. `offered`: what follows `a=crypto:` in each.
pub fn answer<'a>(
    offered: impl IntoIterator<Item = &'a str>,
    random: &[u8; MasterKey::LONGEST],
) -> Result<(Crypto, Keys), Error> {
    let theirs = choose(offered)?;
    let key = MasterKey::random(theirs.key.suite(), random);
    let answer = Crypto { tag: theirs.tag, key, lifetime: None, name: theirs.name };
    let keys = Keys { outbound: answer.key.clone(), inbound: theirs.key };
    Ok((answer, keys))
}

/// The best attribute of an offer that the box can take. One that it cannot is passed over, and
/// tells why when there is no other.
pub fn choose<'a>(offered: impl IntoIterator<Item = &'a str>) -> Result<Crypto, Error> {
    let mut best: Result<Crypto, Error> = Err(Error::Absent);
    for value in offered {
        best = match (best, Crypto::parse(value)) {
            (Ok(best), Ok(next)) if next.key.suite() < best.key.suite() => Ok(next),
            (Ok(best), _) => Ok(best),
            (Err(Error::Absent), next) | (Err(_), next @ Ok(_)) => next,
            (Err(first), Err(_)) => Err(first),
        };
    }
    best
}

/// Finds the keys that an answer to `offered` agrees on. `answered`: what follows `a=crypto:`; it
/// has to be one attribute (§5.1.2).
pub fn accept<'a>(
    offered: &[Crypto],
    answered: impl IntoIterator<Item = &'a str>,
) -> Result<Keys, Error> {
    let mut answered = answered.into_iter();
    let theirs = Crypto::parse(answered.next().ok_or(Error::Absent)?)?;
    if answered.next().is_some() {
        return Err(Error::Misbehaved);
    }
    let same = |ours: &&Crypto| ours.tag == theirs.tag && ours.key.suite() == theirs.key.suite();
    let ours = offered.iter().find(same).ok_or(Error::Misbehaved)?;
    Ok(Keys { outbound: ours.key.clone(), inbound: theirs.key })
}

impl Crypto {
    /// An attribute of our own.
    pub fn new(tag: u32, key: MasterKey) -> Self {
        Self { tag, name: name(key.suite()), key, lifetime: None }
    }

    /// Reads what follows `a=crypto:`.
    pub fn parse(value: &str) -> Result<Self, Error> {
        let mut words = value.split([' ', '\t']).filter(|word| !word.is_empty());
        let tag = digits(words.next(), 9)?;
        let suite = words.next().ok_or(Error::Malformed)?;
        let keys = words.next().ok_or(Error::Malformed)?;
        let tag = u32::try_from(tag).map_err(|_| Error::Malformed)?;
        let (name, suite) = NAMES
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(suite))
            .ok_or(Error::Unsupported(Feature::Suite))?;
        let (key, lifetime) = key_parameter(keys, suite)?;
        if !words.all(may_be_ignored) {
            return Err(Error::Unsupported(Feature::SessionParameter));
        }
        Ok(Self { tag, key, lifetime, name })
    }

    /// What to write behind `a=crypto:`. It holds the key: it goes into the SDP of this leg, and
    /// nowhere else.
    pub fn attribute(&self) -> String {
        let mut room = [0; ENCODED];
        // The room is that of the longest key, so there is no failure to tell of.
        let key = Base64::encode(self.key.octets(), &mut room).unwrap_or_default();
        let mut attribute = format!("{} {} inline:{key}", self.tag, self.name);
        if let Some(lifetime) = self.lifetime {
            attribute.push_str(&format!("|{lifetime}"));
        }
        room.zeroize();
        attribute
    }
}

/// Reads the one key that there may be: `inline:` key and salt, and perhaps a lifetime (§6.1).
fn key_parameter(text: &str, suite: Suite) -> Result<(MasterKey, Option<u64>), Error> {
    let (method, key) = text.split_once(':').ok_or(Error::Malformed)?;
    if !method.eq_ignore_ascii_case("inline") {
        return Err(Error::Unsupported(Feature::KeyMethod));
    }
    if key.contains(';') {
        return Err(Error::Unsupported(Feature::MasterKeyIdentifier));
    }
    let mut parts = key.split('|');
    let key = decode(parts.next().unwrap_or_default(), suite)?;
    let lifetime = match (parts.next(), parts.next(), parts.next()) {
        (None, ..) => None,
        (Some(only), None, _) if !only.contains(':') => Some(lifetime(only)?),
        (Some(_), _, None) => return Err(Error::Unsupported(Feature::MasterKeyIdentifier)),
        (Some(_), _, Some(_)) => return Err(Error::Malformed),
    };
    Ok((key, lifetime))
}

/// Reads the key and its salt in base 64, padded or, as some write it, not.
fn decode(text: &str, suite: Suite) -> Result<MasterKey, Error> {
    let mut room = [0; MasterKey::LONGEST];
    let text = text.trim_end_matches('=');
    let octets = Base64Unpadded::decode(text, &mut room).map_err(|_| Error::Malformed);
    let key = octets.and_then(|it| MasterKey::new(suite, it).map_err(|_| Error::Malformed));
    room.zeroize();
    key
}

/// A number of packets, or a power of two of them: up to 2^48.
fn lifetime(text: &str) -> Result<u64, Error> {
    let packets = match text.strip_prefix("2^") {
        Some(power) => match digits(Some(power), 2)? {
            power @ 0..=48 => 1 << power,
            _ => return Err(Error::Malformed),
        },
        None => digits(Some(text), 15)?,
    };
    if (1..=1 << 48).contains(&packets) { Ok(packets) } else { Err(Error::Malformed) }
}

fn digits(text: Option<&str>, most: usize) -> Result<u64, Error> {
    let text = text.unwrap_or_default();
    if text.len() > most || !text.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(Error::Malformed);
    }
    text.parse().map_err(|_| Error::Malformed)
}

/// A hint about the replay window (§6.3.6), which is as long as most ask for, or an extension that
/// says itself that nobody has to know it (§6.3.7).
fn may_be_ignored(parameter: &str) -> bool {
    let hint = parameter.split_once('=').is_some_and(|(name, _)| name.eq_ignore_ascii_case("WSH"));
    hint || parameter.starts_with('-')
}

fn name(suite: Suite) -> &'static str {
    NAMES.iter().find(|(_, it)| *it == suite).map_or("", |(name, _)| name)
}

/// The names of the suites (RFC 4568 §6.2, RFC 6188 §4, RFC 7714 §14.1), then what older phones
/// call those of AES-256.
const NAMES: [(&str, Suite); 8] = [
    ("AEAD_AES_256_GCM", Suite::AeadAes256Gcm),
    ("AEAD_AES_128_GCM", Suite::AeadAes128Gcm),
    ("AES_256_CM_HMAC_SHA1_80", Suite::Aes256CmHmacSha1_80),
    ("AES_CM_128_HMAC_SHA1_80", Suite::AesCm128HmacSha1_80),
    ("AES_256_CM_HMAC_SHA1_32", Suite::Aes256CmHmacSha1_32),
    ("AES_CM_128_HMAC_SHA1_32", Suite::AesCm128HmacSha1_32),
    ("AES_CM_256_HMAC_SHA1_80", Suite::Aes256CmHmacSha1_80),
    ("AES_CM_256_HMAC_SHA1_32", Suite::Aes256CmHmacSha1_32),
];

/// The longest key in base 64.
const ENCODED: usize = MasterKey::LONGEST.div_ceil(3) * 4;
