//! Keys in a description: the `a=crypto` attribute (RFC 4568).
//!
//! Each side says with which key it will send. An offer has an attribute for each suite, the answer has the
//! one that it takes, under the same tag. What a suite is called is kept as it was written: the answer
//! repeats it.

use crate::media::Media;
use base64ct::{Base64, Base64Unpadded, Encoding};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// One `a=crypto` attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crypto<'a> {
    /// Names it among the others of its media; the answer repeats it. Up to nine digits.
    pub tag: u32,
    /// Which ciphers it is for, in its author's words.
    pub suite: &'a str,
    /// With what its author will send.
    pub key: KeyAndSalt,
    /// How many packets of either kind its author means to send with it, if that was said. Many phones say
    /// it and never keep it.
    pub lifetime: Option<u64>,
    /// By what its author's packets say that they are under this key: a number, and in how many octets, 1
    /// to 4 (§6.1).
    pub mki: Option<(u32, usize)>,
}

/// A master key with its master salt behind it: at most 46 octets. It is wiped when it is dropped, and never
/// printed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct KeyAndSalt {
    octets: [u8; LONGEST],
    length: usize,
}

/// Why an attribute is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CryptoError {
    /// The peer wrote what is not of RFC 4568 §9.1.
    Malformed,
    /// The peer asks for what the box has not.
    Unsupported(CryptoFeature),
}

/// What of RFC 4568 the box has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CryptoFeature {
    /// A key that is not in line (§6.1).
    KeyMethod,
    /// Several keys that a master key identifier tells apart, or one of more than four octets (§6.1).
    MasterKeyIdentifier,
    /// A session parameter that has to be understood: no encryption, no authentication, a key derivation
    /// rate, forward error correction (§6.3).
    SessionParameter,
}

impl Media<'_> {
    /// The section's `a=crypto` attributes in order, each as what can be made of it.
    pub fn cryptos(&self) -> impl Iterator<Item = Result<Crypto<'_>, CryptoError>> {
        let own = self.attributes().filter(|attribute| attribute.is("crypto"));
        own.map(|it| Crypto::parse(it.text().ok_or(CryptoError::Malformed)?))
    }
}

impl<'a> Crypto<'a> {
    /// Reads what follows `a=crypto:`.
    pub fn parse(value: &'a str) -> Result<Self, CryptoError> {
        let mut words = value.split([' ', '\t']).filter(|word| !word.is_empty());
        let tag = digits(words.next(), 9)?;
        let suite = words.next().ok_or(CryptoError::Malformed)?;
        let keys = words.next().ok_or(CryptoError::Malformed)?;
        let tag = u32::try_from(tag).map_err(|_| CryptoError::Malformed)?;
        let (key, lifetime, mki) = key_parameter(keys)?;
        if !words.all(may_be_ignored) {
            return Err(CryptoError::Unsupported(CryptoFeature::SessionParameter));
        }
        Ok(Self { tag, suite, key, lifetime, mki })
    }
}

/// What to write behind `a=crypto:`. It holds the key: it goes into the description of its leg, and nowhere
/// else.
impl fmt::Display for Crypto<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut room = [0; ENCODED];
        // The room is that of the longest key, so there is no failure to tell of.
        let key = Base64::encode(self.key.octets(), &mut room).unwrap_or_default();
        let written = write!(f, "{} {} inline:{key}", self.tag, self.suite);
        room.zeroize();
        written?;
        if let Some(lifetime) = self.lifetime {
            write!(f, "|{lifetime}")?;
        }
        match self.mki {
            Some((number, length)) => write!(f, "|{number}:{length}"),
            None => Ok(()),
        }
    }
}

impl KeyAndSalt {
    /// Takes at most 46 octets.
    pub fn new(key_and_salt: &[u8]) -> Option<Self> {
        let mut octets = [0; LONGEST];
        octets.get_mut(..key_and_salt.len())?.copy_from_slice(key_and_salt);
        Some(Self { octets, length: key_and_salt.len() })
    }

    /// The key, and the salt behind it.
    pub fn octets(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }
}

impl fmt::Debug for KeyAndSalt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyAndSalt")
    }
}

/// What is said of a key: itself, for how many packets, and what it is called.
type KeyParameter = (KeyAndSalt, Option<u64>, Option<(u32, usize)>);

/// Reads the one key that there may be: `inline:` key and salt, and perhaps a lifetime and a master key
/// identifier (§6.1).
fn key_parameter(text: &str) -> Result<KeyParameter, CryptoError> {
    let (method, key) = text.split_once(':').ok_or(CryptoError::Malformed)?;
    if !method.eq_ignore_ascii_case("inline") {
        return Err(CryptoError::Unsupported(CryptoFeature::KeyMethod));
    }
    if key.contains(';') {
        return Err(CryptoError::Unsupported(CryptoFeature::MasterKeyIdentifier));
    }
    let mut parts = key.split('|');
    let key = decode(parts.next().unwrap_or_default())?;
    let (lifetime_said, mki_said) = match (parts.next(), parts.next(), parts.next()) {
        (None, ..) => (None, None),
        (Some(only), None, _) if only.contains(':') => (None, Some(only)),
        (Some(only), None, _) => (Some(only), None),
        (Some(first), Some(second), None) => (Some(first), Some(second)),
        (Some(_), Some(_), Some(_)) => return Err(CryptoError::Malformed),
    };
    let lifetime = lifetime_said.map(lifetime).transpose()?;
    Ok((key, lifetime, mki_said.map(mki).transpose()?))
}

/// A number, and in how many octets it stands in each packet.
fn mki(text: &str) -> Result<(u32, usize), CryptoError> {
    let unsupported = CryptoError::Unsupported(CryptoFeature::MasterKeyIdentifier);
    let (number, length) = text.split_once(':').ok_or(CryptoError::Malformed)?;
    let (number, length) = (digits(Some(number), 18)?, digits(Some(length), 3)?);
    if !(1..=4).contains(&length) {
        return Err(unsupported);
    }
    let number = u32::try_from(number).ok().filter(|it| u64::from(*it) >> (8 * length) == 0);
    Ok((number.ok_or(CryptoError::Malformed)?, usize::try_from(length).unwrap_or(4)))
}

/// Reads the key and its salt in base 64, padded or, as some write it, not.
fn decode(text: &str) -> Result<KeyAndSalt, CryptoError> {
    let mut room = [0; LONGEST];
    let text = text.trim_end_matches('=');
    let octets = Base64Unpadded::decode(text, &mut room).ok().filter(|it| !it.is_empty());
    let key = octets.and_then(KeyAndSalt::new).ok_or(CryptoError::Malformed);
    room.zeroize();
    key
}

/// A number of packets, or a power of two of them: up to 2^48, without leading zeroes (§6.1).
fn lifetime(text: &str) -> Result<u64, CryptoError> {
    if text.strip_prefix("2^").unwrap_or(text).starts_with('0') && text != "2^0" {
        return Err(CryptoError::Malformed);
    }
    let packets = match text.strip_prefix("2^") {
        Some(power) => match digits(Some(power), 2)? {
            power @ 0..=48 => 1 << power,
            _ => return Err(CryptoError::Malformed),
        },
        None => digits(Some(text), 15)?,
    };
    if (1..=1 << 48).contains(&packets) { Ok(packets) } else { Err(CryptoError::Malformed) }
}

fn digits(text: Option<&str>, most: usize) -> Result<u64, CryptoError> {
    let text = text.unwrap_or_default();
    if text.len() > most || !text.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(CryptoError::Malformed);
    }
    text.parse().map_err(|_| CryptoError::Malformed)
}

/// A hint about the replay window (§6.3.6), which is as long as most ask for; the default order of forward
/// error correction (§6.3.4), which the box has none of; or an extension that says itself that nobody has to
/// know it (§6.3.7).
fn may_be_ignored(parameter: &str) -> bool {
    let hint = parameter.split_once('=').is_some_and(|(name, _)| name.eq_ignore_ascii_case("WSH"));
    hint || parameter.eq_ignore_ascii_case("FEC_ORDER=FEC_SRTP") || parameter.starts_with('-')
}

/// The longest key, of 256 bits, and its salt (RFC 6188 §2.2).
const LONGEST: usize = 46;
/// The same in base 64.
const ENCODED: usize = LONGEST.div_ceil(3) * 4;
