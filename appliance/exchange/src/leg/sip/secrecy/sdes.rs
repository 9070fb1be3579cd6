//! Keys in the descriptions themselves (RFC 4568).

use crate::random::Random;
use call::{Keys, MasterKey, Suite, Why};
use sdp::{Crypto, KeyAndSalt, Media};

/// A key, under the tag and the name of the suite that it has in descriptions.
#[derive(Debug, Clone)]
pub(super) struct Own {
    tag: u32,
    name: String,
    key: MasterKey,
}

/// The keys of both directions.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) own: Own,
    pub(super) theirs: MasterKey,
}

impl Own {
    pub(super) fn attribute(&self) -> String {
        let Some(key) = KeyAndSalt::new(self.key.octets()) else { return String::new() };
        let crypto = Crypto { tag: self.tag, suite: &self.name, key, lifetime: None };
        format!("crypto:{crypto}")
    }
}

impl Pair {
    pub(super) fn keys(&self) -> Keys {
        Keys { outbound: self.own.key.clone(), inbound: self.theirs.clone() }
    }
}

/// A key of ours for each suite.
pub(super) fn fresh(suites: &[Suite], random: &mut Random) -> Vec<Own> {
    let own = |(suite, tag): (&Suite, u32)| Own {
        tag,
        name: suite.name().to_owned(),
        key: MasterKey::random(*suite, &random.bytes()),
    };
    suites.iter().zip(1..).map(own).collect()
}

/// The first of a line's attributes that the box can take, in the order of who offers (RFC 4568 §5.1.2).
pub(super) fn choose(offered: &Media<'_>) -> Option<Own> {
    let taken = |crypto: Crypto<'_>| {
        let suite = Suite::named(crypto.suite)?;
        let key = MasterKey::new(suite, crypto.key.octets()).ok()?;
        Some(Own { tag: crypto.tag, name: crypto.suite.to_owned(), key })
    };
    offered.cryptos().filter_map(Result::ok).find_map(taken)
}

/// Our answer to what was chosen: with the key that is in use, if it is for the same suite.
pub(super) fn answered(before: Option<&Pair>, theirs: Own, random: &mut Random) -> Pair {
    let Own { tag, name, key: theirs } = theirs;
    let suite = theirs.suite();
    let known = before.map(|pair| &pair.own.key).filter(|known| known.suite() == suite).cloned();
    let key = known.unwrap_or_else(|| MasterKey::random(suite, &random.bytes()));
    Pair { own: Own { tag, name, key }, theirs }
}

/// What an answer agrees to: nothing when it is in the clear (RFC 4568 §5.1.3).
pub(super) fn accept(offered: &[Own], answered: &Media<'_>) -> Result<Option<Pair>, Why> {
    let theirs = match (answered.cryptos().next(), choose(answered)) {
        (None, _) if !answered.transport().is_secure() => return Ok(None),
        (_, Some(theirs)) => theirs,
        (_, None) => return Err(Why::NoCommonCipher),
    };
    let same = |own: &&Own| own.tag == theirs.tag && own.key.suite() == theirs.key.suite();
    let own = offered.iter().find(same).ok_or(Why::NoCommonCipher)?.clone();
    Ok(Some(Pair { own, theirs: theirs.key }))
}

/// Offered where nothing else will do, the strongest first. The short tag of AES-256 is taken when a peer
/// insists, and not offered.
pub(super) const ALONE: [Suite; 5] = [
    Suite::AeadAes256Gcm,
    Suite::AeadAes128Gcm,
    Suite::Aes256CmHmacSha1_80,
    Suite::AesCm128HmacSha1_80,
    Suite::AesCm128HmacSha1_32,
];
/// Offered beside a plain line: the good one and the one that all have, so that the offer still fits one
/// datagram.
pub(super) const BESIDE: [Suite; 2] = [Suite::AeadAes128Gcm, Suite::AesCm128HmacSha1_80];
