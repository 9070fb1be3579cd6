//! Encryption as a phone does it: keys in descriptions (RFC 4568), and SRTP.

use super::Ua;
use call::{MasterKey, Suite};
use media::srtp::{Inbound, Outbound};
use sdp::{Crypto, KeyAndSalt, Session};
use std::time::Instant;

/// How a phone speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// In the clear; it knows nothing of keys.
    Plain,
    /// Encrypted if the other side does, under the first of these: it offers them beside a plain line.
    Either(&'static [Suite]),
    /// Only encrypted, under the first of these that the other side has.
    Encrypted(&'static [Suite]),
}

/// What one call is encrypted with.
#[derive(Debug, Default)]
pub(crate) struct Contexts {
    /// Ours that were offered, by their tags, or that we answered with.
    pub(crate) own: Vec<(u32, MasterKey)>,
    outbound: Option<Outbound>,
    inbound: Option<Inbound>,
}

impl Speaks {
    fn suites(self) -> &'static [Suite] {
        match self {
            Self::Plain => &[],
            Self::Either(suites) | Self::Encrypted(suites) => suites,
        }
    }
}

impl Ua {
    /// The transport of the audio line and the lines about keys; nothing when it will not speak so.
    /// `answers`: the offer.
    pub(super) fn keys_for(
        &mut self,
        call: usize,
        answers: Option<&str>,
    ) -> Option<(&'static str, Vec<String>)> {
        let speaks = self.habits.speaks;
        let fresh = self.habits.new_keys;
        let salt = u8::try_from(self.name.bytes().map(u32::from).sum::<u32>() % 251).unwrap_or(0);
        let contexts = self.contexts.entry(call).or_default();
        let mark = salt ^ (contexts.own.len() as u8) << 3;
        let made = |suite: Suite, tag: u32| {
            let octets = std::array::from_fn(|at| mark ^ (tag as u8) ^ (at as u8).wrapping_mul(29));
            MasterKey::random(suite, &octets)
        };
        let Some(offer) = answers else {
            if contexts.own.is_empty() || fresh {
                let suites = speaks.suites().iter().zip(contexts.own.len() as u32 + 1..);
                contexts.own = suites.map(|(suite, tag)| (tag, made(*suite, tag))).collect();
            }
            let marked = matches!(speaks, Speaks::Encrypted(_));
            let transport = if marked { "RTP/SAVP" } else { "RTP/AVP" };
            return Some((transport, contexts.own.iter().map(line).collect()));
        };
        let is_marked = offer.contains(" RTP/SAVP ");
        let transport = if is_marked { "RTP/SAVP" } else { "RTP/AVP" };
        let chosen =
            cryptos(offer).into_iter().find(|(_, key)| speaks.suites().contains(&key.suite()));
        let Some((tag, theirs)) = chosen else {
            contexts.outbound = None;
            contexts.inbound = None;
            let clear = !is_marked && !matches!(speaks, Speaks::Encrypted(_));
            return clear.then(|| (transport, Vec::new()));
        };
        let known = contexts.own.iter().find(|(_, key)| key.suite() == theirs.suite() && !fresh);
        let key = known.map_or_else(|| made(theirs.suite(), tag), |(_, key)| key.clone());
        contexts.own = vec![(tag, key)];
        let lines = contexts.own.iter().map(line).collect();
        contexts.agree(tag, &theirs, self.heard_at.unwrap());
        Some((transport, lines))
    }

    /// The peer answered: which of our keys it took.
    pub(super) fn keys_of(&mut self, call: usize, sdp: &str) {
        let contexts = self.contexts.entry(call).or_default();
        let answered = cryptos(sdp);
        match answered.as_slice() {
            [] => (contexts.outbound, contexts.inbound) = (None, None),
            [(tag, theirs)] => {
                if !contexts.agree(*tag, theirs, self.heard_at.unwrap()) {
                    self.complaints.push(format!("an answer with keys for nothing:\n{sdp}"));
                }
            }
            more => self.complaints.push(format!("an answer with {} keys", more.len())),
        }
    }

    /// What a packet is on the wire.
    pub(super) fn protect(&mut self, call: usize, bytes: Vec<u8>) -> Vec<u8> {
        let outbound = self.contexts.get_mut(&call).and_then(|contexts| contexts.outbound.as_mut());
        let Some(outbound) = outbound else { return bytes };
        let mut buffer = [&bytes[..], &[0; 32]].concat();
        let length = outbound.protect(&mut buffer, bytes.len()).unwrap();
        buffer.truncate(length);
        buffer
    }

    /// What a packet says; nothing when it is not genuine.
    pub(super) fn unprotect(&mut self, call: usize, bytes: &[u8], now: Instant) -> Option<Vec<u8>> {
        let inbound = self.contexts.get_mut(&call).and_then(|contexts| contexts.inbound.as_mut());
        let mut buffer = bytes.to_vec();
        if let Some(inbound) = inbound {
            match inbound.unprotect(&mut buffer, now) {
                Ok(length) => buffer.truncate(length),
                Err(error) => {
                    self.complaints.push(format!("a packet that is {error:?}"));
                    return None;
                }
            }
        }
        Some(buffer)
    }

    /// The suite under which a call is encrypted.
    pub fn suite(&self, call: usize) -> Option<Suite> {
        self.contexts.get(&call)?.outbound.as_ref().map(Outbound::suite)
    }
}

impl Contexts {
    fn agree(&mut self, tag: u32, theirs: &MasterKey, now: Instant) -> bool {
        let own = self.own.iter().find(|(own, key)| *own == tag && key.suite() == theirs.suite());
        let Some((_, own)) = own else { return false };
        match &mut self.outbound {
            Some(outbound) => outbound.rekey(own),
            none => *none = Some(Outbound::new(own)),
        }
        match &mut self.inbound {
            Some(inbound) => inbound.rekey(theirs, now),
            none => *none = Some(Inbound::new(theirs)),
        }
        true
    }
}

fn line((tag, key): &(u32, MasterKey)) -> String {
    let key_and_salt = KeyAndSalt::new(key.octets()).unwrap();
    let suite = key.suite().name();
    format!(
        "a=crypto:{}",
        Crypto { tag: *tag, suite, key: key_and_salt, lifetime: None, mki: None }
    )
}

/// The keys of the audio line of a description.
fn cryptos(sdp: &str) -> Vec<(u32, MasterKey)> {
    let session = Session::parse(sdp.as_bytes()).unwrap();
    let Some(media) = session.media_at(0) else { return Vec::new() };
    let key = |crypto: Crypto<'_>| {
        let suite = Suite::named(crypto.suite)?;
        Some((crypto.tag, MasterKey::new(suite, crypto.key.octets()).ok()?))
    };
    media.cryptos().filter_map(|crypto| key(crypto.ok()?)).collect()
}
