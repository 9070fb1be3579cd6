//! Keys in the descriptions themselves (RFC 4568).

use crate::random::Random;
use call::{Keys, MasterKey, Mki, Suite, Why};
use sdp::{Crypto, KeyAndSalt, Media};

/// A key, under the tag and the name of the suite that it has in descriptions.
#[derive(Debug, Clone)]
pub(super) struct Own {
    tag: u32,
    name: String,
    key: MasterKey,
    /// It is that of the phone at the other end, to which this one speaks past the box.
    is_passed_on: bool,
}

/// The keys of both directions.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) own: Own,
    pub(super) theirs: MasterKey,
}

impl Own {
    /// The key under which another phone sends, as this one is told of it.
    pub(super) fn passed_on(key: MasterKey) -> Self {
        Self { tag: 1, name: key.suite().name().to_owned(), key, is_passed_on: true }
    }

    pub(super) fn attribute(&self) -> String {
        let Some(key) = KeyAndSalt::new(self.key.octets()) else { return String::new() };
        let crypto = Crypto { tag: self.tag, suite: &self.name, key, lifetime: None, mki: None };
        format!("crypto:{crypto}")
    }
}

impl Pair {
    /// The box sends for itself again: under a key of its own, and a new one.
    pub(super) fn come_back(&mut self, random: &mut Random) {
        if self.own.is_passed_on {
            let key = MasterKey::random(self.own.key.suite(), &random.bytes());
            self.own = Own { key, is_passed_on: false, ..self.own.clone() };
        }
    }

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
        is_passed_on: false,
    };
    suites.iter().zip(1..).map(own).collect()
}

/// The first of a line's attributes that the box can take, in the order of who offers (RFC 4568 §5.1.2).
///
/// What it says of its key is said of that direction alone: packets of the peer's may bear a key identifier
/// where ours bear none, and the other way round (§6.1). A lifetime is checked and not enforced, for phones
/// that name a million packets send on beyond them; what the suite allows is.
pub(super) fn choose(offered: &Media<'_>) -> Option<Own> {
    let taken = |crypto: Crypto<'_>| {
        let suite = Suite::named(crypto.suite)?;
        let key = MasterKey::new(suite, crypto.key.octets()).ok()?;
        let mki = crypto.mki.and_then(|(number, length)| Mki::new(number, length));
        let (key, name) = (key.with_mki(mki), crypto.suite.to_owned());
        Some(Own { tag: crypto.tag, name, key, is_passed_on: false })
    };
    offered.cryptos().filter_map(Result::ok).find_map(taken)
}

/// Our answer to what was chosen: with the key that is in use, if it is for the same suite.
pub(super) fn answered(before: Option<&Pair>, theirs: Own, random: &mut Random) -> Pair {
    let Own { tag, name, key: theirs, .. } = theirs;
    let suite = theirs.suite();
    let known = before.map(|pair| &pair.own);
    let known = known.filter(|it| it.key.suite() == suite && !it.key.is_same_key(&theirs));
    let is_passed_on = known.is_some_and(|known| known.is_passed_on);
    let key = known.map(|known| known.key.clone());
    let key = key.unwrap_or_else(|| MasterKey::random(suite, &random.bytes()));
    Pair { own: Own { tag, name, key, is_passed_on }, theirs }
}

/// What an answer agrees to: nothing when it is in the clear (RFC 4568 §5.1.3). One that gives our own key
/// back agrees to nothing: under it both sides would use the same keystream (§7.1.2).
pub(super) fn accept(offered: &[Own], answered: &Media<'_>) -> Result<Option<Pair>, Why> {
    let theirs = match (answered.cryptos().next(), choose(answered)) {
        (None, _) if !answered.transport().is_secure() => return Ok(None),
        (_, Some(theirs)) => theirs,
        (_, None) => return Err(Why::NoCommonCipher),
    };
    let same = |own: &&Own| own.tag == theirs.tag && own.key.suite() == theirs.key.suite();
    let own = offered.iter().find(same).ok_or(Why::NoCommonCipher)?.clone();
    if offered.iter().any(|own| own.key.is_same_key(&theirs.key)) {
        return Err(Why::NoCommonCipher);
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use sdp::Session;

    const CM: &str = "AES_CM_128_HMAC_SHA1_80";
    const THEIRS: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

    fn random() -> Random {
        Random::new([7; 32])
    }

    fn line(attributes: &[String]) -> Session {
        let mut text = "v=0\r\nm=audio 4000 RTP/SAVP 8\r\n".to_owned();
        attributes.iter().for_each(|attribute| text += &format!("a={attribute}\r\n"));
        Session::parse(text.as_bytes()).unwrap()
    }

    /// What comes of our offer of every suite when the peer answers so.
    fn accepted(offered: &[Own], attributes: &[String]) -> Result<Pair, Why> {
        let answer = line(attributes);
        accept(offered, &answer.media_at(0).unwrap()).map(|pair| pair.expect("keys"))
    }

    fn offered() -> Vec<Own> {
        fresh(&ALONE, &mut random())
    }

    fn tag_of(name: &str) -> u32 {
        offered().iter().find(|own| own.name == name).unwrap().tag
    }

    #[test]
    fn a_key_identifier_is_that_of_its_own_direction_whatever_was_offered() {
        let tag = tag_of(CM);
        for (said, mki) in [
            ("", None),
            ("|1:1", Mki::new(1, 1)),
            ("|2^20|1:4", Mki::new(1, 4)),
            ("|2^48", None),
            ("|65535:2", Mki::new(65_535, 2)),
        ] {
            let pair = accepted(&offered(), &[format!("crypto:{tag} {CM} inline:{THEIRS}{said}")]);
            let pair = pair.expect(said);
            assert_eq!(pair.theirs.mki().copied(), mki, "{said}");
            let keys = pair.keys();
            assert_eq!((keys.inbound.mki().copied(), keys.outbound.mki()), (mki, None), "{said}");
        }
        // The other way round: who offers with one is answered without one, and by its own tag.
        for said in ["|1:1", "|2^31|1066:4"] {
            let offer = line(&[format!("crypto:7 {CM} inline:{THEIRS}{said}")]);
            let theirs = choose(&offer.media_at(0).unwrap()).unwrap();
            let pair = answered(None, theirs, &mut random());
            let attribute = pair.own.attribute();
            assert!(attribute.starts_with(&format!("crypto:7 {CM} inline:")), "{attribute}");
            assert!(!attribute.contains('|'), "{attribute}");
            assert!(pair.theirs.mki().is_some() && pair.own.key.mki().is_none());
        }
    }

    #[test]
    fn an_answer_with_a_lifetime_or_an_identifier_that_is_none_agrees_to_nothing() {
        let tag = tag_of(CM);
        for said in
            ["|0", "|2^49", "|2^020", "|01000", "|2^20|1", "|1:0", "|256:1", "|1:129", "|1:9"]
        {
            let answer = [format!("crypto:{tag} {CM} inline:{THEIRS}{said}")];
            let refused = accepted(&offered(), &answer).map(drop);
            assert_eq!(refused, Err(Why::NoCommonCipher), "{said}");
        }
    }

    #[test]
    fn an_answer_takes_what_was_offered_under_its_tag() {
        let tag = tag_of(CM);
        for (tag, suite) in [(tag + 1, CM), (99, CM), (tag, "AES_CM_128_HMAC_SHA1_32")] {
            let refused = accepted(&offered(), &[format!("crypto:{tag} {suite} inline:{THEIRS}")]);
            assert_eq!(refused.map(drop), Err(Why::NoCommonCipher), "{tag} {suite}");
        }
        assert_eq!(accepted(&offered(), &[]).map(drop), Err(Why::NoCommonCipher));
    }

    #[test]
    fn our_own_key_is_not_taken_back_for_the_other_direction() {
        let (offered, tag) = (offered(), tag_of(CM));
        let ours = offered.iter().find(|own| own.tag == tag).unwrap();
        // The tag and the key that we offered, with a name or without one.
        for said in ["", "|1:4"] {
            let echo = format!("{}{said}", ours.attribute());
            assert_eq!(accepted(&offered, &[echo]).map(drop), Err(Why::NoCommonCipher), "{said}");
            // Later the peer offers it: our next key is another.
            let again = line(&[format!("{}{said}", ours.attribute())]);
            let theirs = choose(&again.media_at(0).unwrap()).unwrap();
            let before = Pair { own: ours.clone(), theirs: theirs.key.clone() };
            let pair = answered(Some(&before), theirs, &mut Random::new([8; 32]));
            assert!(!pair.own.key.is_same_key(&pair.theirs), "{said}");
        }
        // As long as it does not, ours stays.
        let theirs = line(&[format!("crypto:1 {CM} inline:{THEIRS}")]);
        let theirs = choose(&theirs.media_at(0).unwrap()).unwrap();
        let before = Pair { own: ours.clone(), theirs: theirs.key.clone() };
        let pair = answered(Some(&before), theirs, &mut Random::new([8; 32]));
        assert!(pair.own.key == ours.key);
    }

    /// RFC 4568 §7.1.5: the answerer has not F8, and takes the other.
    #[test]
    fn the_offer_of_rfc_4568_is_answered_as_there() {
        let key = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4";
        let first = "MTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5QUJjZGVm|2^20|1:4";
        let second = "QUJjZGVmMTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5|2^20|2:4";
        let f8 = "F8_128_HMAC_SHA1_80";
        let offer = line(&[
            format!("crypto:2 {f8} inline:{first};inline:{second} FEC_ORDER=FEC_SRTP"),
            format!("crypto:1 {CM} inline:{key} FEC_ORDER=FEC_SRTP"),
        ]);
        let taken = choose(&offer.media_at(0).unwrap()).unwrap();
        assert_eq!((taken.tag, taken.name.as_str()), (1, CM));
        assert_eq!(taken.key.mki().copied(), Mki::new(1, 4));
    }
}
