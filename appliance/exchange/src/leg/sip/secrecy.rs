//! The keys of a leg's lines: what is offered, what is answered, and which keys come of it (RFC 4568 §5,
//! RFC 3264). Each leg has its own, whatever the other leg of the call does.
//!
//! Who may speak in the clear is offered keys beside a plain line, and takes them or not (RFC 8643).

use crate::random::Random;
use call::{Keys, MasterKey, Security, Suite, Why};
use config::Encryption;
use sdp::{Crypto, KeyAndSalt, LineKeys, Media, Session};

/// The keys of all lines of one leg.
#[derive(Debug, Default)]
pub(super) struct Secrecy {
    policy: Encryption,
    lines: Vec<Line>,
}

#[derive(Debug, Default)]
struct Line {
    /// Ours, as they stand in the offer that is out; none when it was we who answered.
    offered: Vec<Own>,
    agreed: Option<Agreed>,
    /// Something was agreed on, keys or none.
    is_settled: bool,
}

/// A key of ours, under the tag and the name of the suite that it has in descriptions.
#[derive(Debug, Clone)]
struct Own {
    tag: u32,
    name: String,
    key: MasterKey,
}

#[derive(Debug, Clone)]
struct Agreed {
    own: Own,
    theirs: MasterKey,
    /// Whether the line is of `RTP/SAVP`, or of `RTP/AVP` with keys beside.
    is_marked: bool,
}

impl Secrecy {
    pub(super) fn new(policy: Encryption) -> Self {
        Self { policy, lines: Vec::new() }
    }

    /// Whether a line that the peer offers can be taken; if not, why.
    pub(super) fn check(&self, offered: &Media<'_>) -> Result<(), Why> {
        if !offered.takes_keys() {
            return Ok(());
        }
        match (self.policy, offered.transport().is_secure(), choose(offered).is_some()) {
            (Encryption::Off, true, _) => Err(Why::EncryptionOff),
            (Encryption::Required, false, false) => Err(Why::EncryptionRequired),
            (_, true, false) => Err(Why::NoCommonCipher),
            (Encryption::Off, false, _)
            | (Encryption::Opportunistic, false, _)
            | (Encryption::Opportunistic | Encryption::Required, _, true) => Ok(()),
        }
    }

    /// What an offer of ours says of keys, line by line: those that are agreed on, or new ones.
    pub(super) fn offer(&mut self, ours: &Session, random: &mut Random) -> Vec<LineKeys> {
        let policy = self.policy;
        let mut of_line = |(line, media): (&mut Line, Media<'_>)| {
            if !media.takes_keys() {
                line.offered.clear();
                return LineKeys::default();
            }
            line.offered = match (&line.agreed, policy) {
                (Some(agreed), _) => vec![agreed.own.clone()],
                (None, Encryption::Off) => Vec::new(),
                // Who took none is not asked again.
                (None, Encryption::Opportunistic) if line.is_settled => Vec::new(),
                (None, Encryption::Opportunistic) => fresh(&BESIDE, random),
                (None, Encryption::Required) => fresh(&ALONE, random),
            };
            let marked = match &line.agreed {
                Some(agreed) => agreed.is_marked,
                None => policy == Encryption::Required,
            };
            let transport = media.transport().encrypted().filter(|_| marked);
            LineKeys { transport, attributes: line.offered.iter().map(Own::attribute).collect() }
        };
        self.lines(ours).zip(ours.media()).map(&mut of_line).collect()
    }

    /// What our answer says of keys: for each line the first of the offer that the box can take.
    pub(super) fn answer(
        &mut self,
        ours: &Session,
        offer: &Session,
        random: &mut Random,
    ) -> Vec<LineKeys> {
        let policy = self.policy;
        let mut of_line = |(line, (ours, offered)): (&mut Line, (Media<'_>, Media<'_>))| {
            line.offered.clear();
            if !ours.takes_keys() || !offered.takes_keys() {
                return LineKeys::default();
            }
            line.is_settled = true;
            let chosen = choose(&offered).filter(|_| policy != Encryption::Off);
            let Some(Own { tag, name, key: theirs }) = chosen else {
                line.agreed = None;
                return LineKeys::default();
            };
            let suite = theirs.suite();
            let known = line.agreed.as_ref().map(|agreed| &agreed.own.key);
            let key = known.filter(|known| known.suite() == suite).cloned();
            let key = key.unwrap_or_else(|| MasterKey::random(suite, &random.bytes()));
            let own = Own { tag, name, key };
            let attributes = vec![own.attribute()];
            let is_marked = offered.transport().is_secure();
            line.agreed = Some(Agreed { own, theirs, is_marked });
            let transport = offered.transport().encrypted().filter(|_| is_marked);
            LineKeys { transport, attributes }
        };
        self.lines(ours).zip(ours.media().zip(offer.media())).map(&mut of_line).collect()
    }

    /// The peer said something: if we had offered keys, this is what came of it.
    pub(super) fn heard(&mut self, theirs: &Session) -> Result<(), Why> {
        let policy = self.policy;
        for (media, line) in theirs.media().zip(&mut self.lines) {
            if line.offered.is_empty() || !media.is_active() {
                continue;
            }
            line.is_settled = true;
            line.agreed = accept(&line.offered, &media)?;
            if line.agreed.is_none() && policy == Encryption::Required {
                return Err(Why::EncryptionRequired);
            }
        }
        Ok(())
    }

    /// What a line is protected with; nothing where it is not.
    pub(super) fn keys(&self, index: usize) -> Option<Keys> {
        let agreed = self.lines.get(index)?.agreed.as_ref()?;
        Some(Keys { outbound: agreed.own.key.clone(), inbound: agreed.theirs.clone() })
    }

    /// How that is shown.
    pub(super) fn security(&self, index: usize) -> Security {
        match self.lines.get(index).and_then(|line| line.agreed.as_ref()) {
            Some(agreed) => Security::Sdes { suite: agreed.theirs.suite() },
            None => Security::None,
        }
    }

    /// Whether the peer is asked for nothing but encrypted sound.
    pub(super) fn is_required(&self) -> bool {
        self.policy == Encryption::Required
    }

    /// The lines of a description, as many as it has.
    fn lines(&mut self, session: &Session) -> impl Iterator<Item = &mut Line> {
        let count = session.media().len();
        if self.lines.len() < count {
            self.lines.resize_with(count, Line::default);
        }
        self.lines.iter_mut()
    }
}

impl Own {
    fn attribute(&self) -> String {
        let Some(key) = KeyAndSalt::new(self.key.octets()) else { return String::new() };
        let crypto = Crypto { tag: self.tag, suite: &self.name, key, lifetime: None };
        format!("crypto:{crypto}")
    }
}

/// A key of ours for each suite.
fn fresh(suites: &[Suite], random: &mut Random) -> Vec<Own> {
    let own = |(suite, tag): (&Suite, u32)| Own {
        tag,
        name: suite.name().to_owned(),
        key: MasterKey::random(*suite, &random.bytes()),
    };
    suites.iter().zip(1..).map(own).collect()
}

/// The first of a line's attributes that the box can take, in the order of who offers (RFC 4568 §5.1.2).
fn choose(offered: &Media<'_>) -> Option<Own> {
    let taken = |crypto: Crypto<'_>| {
        let suite = Suite::named(crypto.suite)?;
        let key = MasterKey::new(suite, crypto.key.octets()).ok()?;
        Some(Own { tag: crypto.tag, name: crypto.suite.to_owned(), key })
    };
    offered.cryptos().filter_map(Result::ok).find_map(taken)
}

/// What an answer agrees to: nothing when it is in the clear (RFC 4568 §5.1.3).
fn accept(offered: &[Own], answered: &Media<'_>) -> Result<Option<Agreed>, Why> {
    let is_marked = answered.transport().is_secure();
    let theirs = match (answered.cryptos().next(), choose(answered)) {
        (None, _) if !is_marked => return Ok(None),
        (_, Some(theirs)) => theirs,
        (_, None) => return Err(Why::NoCommonCipher),
    };
    let same = |own: &&Own| own.tag == theirs.tag && own.key.suite() == theirs.key.suite();
    let own = offered.iter().find(same).ok_or(Why::NoCommonCipher)?.clone();
    Ok(Some(Agreed { own, theirs: theirs.key, is_marked }))
}

/// Offered where nothing else will do, the strongest first. The short tag of AES-256 is taken when a peer
/// insists, and not offered.
const ALONE: [Suite; 5] = [
    Suite::AeadAes256Gcm,
    Suite::AeadAes128Gcm,
    Suite::Aes256CmHmacSha1_80,
    Suite::AesCm128HmacSha1_80,
    Suite::AesCm128HmacSha1_32,
];
/// Offered beside a plain line: the good one and the one that all have, so that the offer still fits one
/// datagram.
const BESIDE: [Suite; 2] = [Suite::AeadAes128Gcm, Suite::AesCm128HmacSha1_80];
