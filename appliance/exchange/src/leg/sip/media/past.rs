//! The media of a leg that is led past the box: what it is offered then, and when it may be.

use super::agreement::learn;
use super::lock::Locked;
use super::{LegMedia, Whose, bare};
use crate::frame::Frame;
use call::{Learn, MasterKey, MediaCommand, Stay};
use config::PathPolicy;
use sdp::{Codec, FormatChange, LocalMedia, Media, Session, Transport};

/// Whether media may go past the box, and where it was led.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// What the peer's policy allows.
    policy: PathPolicy,
    /// Where the peer sends, if that is not the box.
    lines: Option<Lines>,
    /// It was offered to send elsewhere, and has not answered.
    asked: Option<Asked>,
    /// How often it was led past the box since it asked for anything itself.
    tries: u8,
    /// It stays by the box for now.
    stays: bool,
    /// It refused to come back to the box.
    sticks: bool,
}

/// Where media goes, line by line.
type Lines = Vec<Option<Stand>>;

/// Where a phone listens on a line, and under which key it sends there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::leg::sip) struct Stand {
    at: LocalMedia,
    key: Option<MasterKey>,
}

/// An offer that leads the peer past the box, or back.
#[derive(Debug)]
struct Asked {
    /// What the peer had been told, should it refuse.
    before: Option<Vec<u8>>,
    /// Where it is to send, if that is not the box.
    lines: Option<Lines>,
}

impl Past {
    pub(super) fn new(policy: PathPolicy) -> Self {
        Self { policy, ..Self::default() }
    }
}

impl LegMedia {
    /// Whether its peer's policy lets media go past the box.
    pub(in crate::leg::sip) fn passes(&self) -> bool {
        self.past.policy != PathPolicy::Anchored
    }

    /// Whether its peer sends elsewhere than to the box, or may: it was told so, and has not agreed to
    /// anything else since.
    pub(in crate::leg::sip) fn is_past(&self) -> bool {
        self.past.lines.is_some() || self.past.asked.as_ref().is_some_and(|it| it.lines.is_some())
    }

    /// Whether its peer was offered to go past the box, or to come back, and has not answered.
    pub(in crate::leg::sip) fn is_asked(&self) -> bool {
        self.past.asked.is_some()
    }

    /// Whether its peer is past the box and was not asked to come back.
    pub(in crate::leg::sip) fn may_be_recalled(&self) -> bool {
        let returns = self.past.asked.as_ref().is_some_and(|it| it.lines.is_none());
        self.is_past() && !returns && !self.past.sticks
    }

    /// Whether its peer refused to come back to the box.
    pub(in crate::leg::sip) fn sticks(&self) -> bool {
        self.past.sticks
    }

    /// It cannot be offered to come back.
    pub(in crate::leg::sip) fn cannot_return(&mut self) {
        self.past.sticks = true;
    }

    /// There is a new reason to come back: the peer may be asked once more.
    pub(in crate::leg::sip) fn may_return(&mut self) {
        self.past.sticks = false;
    }

    pub(in crate::leg::sip) fn is_led_to(&self, lines: &[Option<Stand>]) -> bool {
        self.past.lines.as_deref() == Some(lines)
    }

    /// Whether it was led past the box so often that it does not seem to want to.
    pub(in crate::leg::sip) fn is_tired(&self) -> bool {
        self.past.tries >= MOST_TRIES
    }

    /// The peer changes something itself: then it may be led past the box again.
    pub(in crate::leg::sip) fn asks(&mut self) {
        self.past.tries = 0;
        self.past.stays = false;
        self.past.sticks = false;
    }

    /// It stays by the box until its peer asks for anything.
    pub(in crate::leg::sip) fn stays(&mut self) {
        self.past.stays = true;
    }

    /// Where the peer's media stands, line by line.
    pub(in crate::leg::sip) fn stands(&self) -> Option<Vec<Option<Stand>>> {
        let at = |(index, media): (usize, Media<'_>)| {
            let remote = media.remote().filter(|_| media.is_active())?;
            let at = LocalMedia { rtp: remote.rtp, rtcp: remote.rtcp };
            Some(Stand { at, key: self.secrecy.theirs(index).cloned() })
        };
        self.theirs.as_ref().map(|theirs| theirs.media().enumerate().map(at).collect())
    }

    /// Whether this leg and another may talk past the box: in one network of the box, with the same codecs
    /// under the same numbers, nobody holds or hears the box, and the keys that both may have are theirs to
    /// tell. If not, why.
    pub(in crate::leg::sip) fn may_pass(
        &self,
        frame: &Frame,
        whose: Whose,
        (other, others): (&Self, Whose),
    ) -> Result<(), Stay> {
        let holds = |media: &Self| media.theirs.as_ref().is_some_and(|theirs| theirs.is_hold());
        if holds(self) || holds(other) {
            return Err(Stay::Held);
        }
        for (media, whose) in [(self, whose), (other, others)] {
            media.may_leave(frame, whose)?;
        }
        let near = frame.places.near(whose.remote);
        if near.is_none() || near != frame.places.near(others.remote) {
            return Err(Stay::Network);
        }
        let (Some(ours), Some(theirs)) = (&self.theirs, &other.theirs) else {
            return Err(Stay::Heard);
        };
        if ours.media().len() != theirs.media().len() {
            return Err(Stay::Codec);
        }
        let (mine, said) = (bare(ours), bare(theirs));
        let (ours, theirs) = (mine.as_ref().unwrap_or(ours), said.as_ref().unwrap_or(theirs));
        for (index, (one, two)) in ours.media().zip(theirs.media()).enumerate() {
            match (one.is_active(), two.is_active()) {
                (false, false) => continue,
                (true, true) => {}
                (true, false) | (false, true) => return Err(Stay::Codec),
            }
            if !stands(frame, &one, whose) || !stands(frame, &two, others) {
                return Err(Stay::Network);
            }
            self.may_tell_keys(index, whose, (other, others))?;
            shared(&one, &two).ok_or(Stay::Codec)?;
        }
        Ok(())
    }

    /// Whether this leg for itself may be led past the box.
    fn may_leave(&self, frame: &Frame, whose: Whose) -> Result<(), Stay> {
        if self.browser.is_some() {
            return Err(Stay::Outside);
        }
        if !frame.places.is_inside(&frame.config, whose.remote) {
            return Err(Stay::Network);
        }
        if self.voice.is_some() || self.met.iter().any(Option::is_some) {
            return Err(Stay::Heard);
        }
        if self.locked.iter().any(Locked::by_handshake) {
            return Err(Stay::Handshake);
        }
        match self.past.stays || (self.is_tired() && !self.is_past()) {
            true => Err(Stay::Refused),
            false => Ok(()),
        }
    }

    /// Whether its peer is said to take other keys in a call that is up.
    fn takes_keys(&self) -> bool {
        self.past.policy == PathPolicy::DirectEncrypted
    }

    /// Whether what is said of the keys on a line may be told the other phone: both have keys under the
    /// same rules, and they do not leave encrypted signalling.
    fn may_tell_keys(
        &self,
        index: usize,
        whose: Whose,
        (other, others): (&Self, Whose),
    ) -> Result<(), Stay> {
        match (self.secrecy.theirs(index), other.secrecy.theirs(index)) {
            (None, None) => Ok(()),
            (Some(_), Some(_)) if !self.takes_keys() || !other.takes_keys() => Err(Stay::Keys),
            // The box tells of no key identifiers.
            (Some(one), Some(two)) if one.mki().is_some() || two.mki().is_some() => Err(Stay::Keys),
            (Some(_), Some(_)) if !self.secrecy.is_like(&other.secrecy) => Err(Stay::Encryption),
            (Some(_), Some(_)) if whose.private != others.private => Err(Stay::Signalling),
            (Some(_), Some(_)) => Ok(()),
            (Some(_), None) | (None, Some(_)) => Err(Stay::Encryption),
        }
    }

    /// The offer that leads a leg to where its partner stands, who said `theirs`.
    pub(in crate::leg::sip) fn offer_past(
        &mut self,
        frame: &mut Frame,
        whose: Whose,
        theirs: &Session,
        lines: Vec<Option<Stand>>,
    ) -> Vec<u8> {
        let readable = bare(theirs);
        let theirs = readable.as_ref().unwrap_or(theirs);
        let mine = self.theirs.as_deref().and_then(bare);
        let mine = mine.as_ref().or(self.theirs.as_deref());
        let only = |(index, media): (usize, Media<'_>)| {
            let other = mine.and_then(|mine| mine.media_at(index));
            let kept = other.and_then(|other| shared(&media, &other)).unwrap_or_default();
            let all = media.codecs().into_iter().map(|codec| codec.payload_type);
            FormatChange {
                drop: all.filter(|it| !kept.contains(it)).collect(),
                ..FormatChange::default()
            }
        };
        let changes: Vec<FormatChange> = theirs.media().enumerate().map(only).collect();
        let narrowed = Session::parse(&sdp::change_formats(theirs, &changes)).ok();
        let theirs = narrowed.as_ref().unwrap_or(theirs);
        let mut origin = self.origin(frame, whose.remote);
        let before = self.ours.take();
        let local: Vec<_> = lines.iter().map(|line| line.as_ref().map(|it| it.at)).collect();
        let plain = sdp::relay_offer(theirs, &origin, &local);
        let said: Vec<_> = lines.iter().map(|line| line.as_ref()?.key.clone()).collect();
        let ours = Session::parse(&plain).ok();
        let keys = ours.as_ref().map(|ours| self.secrecy.pass_on(ours, &said));
        let body =
            origin.follow(before.as_deref(), |origin| match ours.as_ref().zip(keys.as_ref()) {
                Some((ours, keys)) => sdp::with_keys(ours, origin, keys),
                None => plain.clone(),
            });
        self.origin = Some(origin);
        self.ours = Some(body.clone());
        self.past.asked = Some(Asked { before, lines: Some(lines) });
        self.past.tries = self.past.tries.saturating_add(1);
        body
    }

    /// The peer took what it was offered: from now on it sends there.
    pub(in crate::leg::sip) fn arrives(&mut self, frame: &mut Frame) {
        if let Some(Asked { lines, .. }) = self.past.asked.take() {
            self.goes(frame, lines);
            self.past.sticks = false;
        }
    }

    /// The peer did not take an offer: all is as it was, and it is not asked again. True when it was to
    /// come back to the box.
    pub(in crate::leg::sip) fn stays_as_it_was(&mut self, frame: &mut Frame, again: bool) -> bool {
        let Some(Asked { before, lines }) = self.past.asked.take() else { return false };
        self.ours = before;
        self.hush(frame);
        match lines {
            _ if again => false,
            Some(_) => {
                self.stays();
                false
            }
            None => {
                self.past.sticks = true;
                true
            }
        }
    }

    /// The peer is offered to send to the box; before, it was told `before`.
    pub(super) fn is_offered_the_box(&mut self, before: Option<Vec<u8>>) {
        if self.is_past() {
            self.past.asked = Some(Asked { before, lines: None });
        }
    }

    /// The peer made an offer, and is answered to send to the box.
    pub(super) fn is_answered_the_box(&mut self, frame: &mut Frame) {
        self.past.asked = None;
        self.past.sticks = false;
        if self.past.lines.is_some() {
            self.goes(frame, None);
        }
    }

    /// From now on the peer sends there, or to the box.
    fn goes(&mut self, frame: &mut Frame, lines: Option<Lines>) {
        let past = lines.is_some();
        if past != self.past.lines.is_some() {
            for port in self.ports.iter().flatten() {
                frame.media(MediaCommand::Past { port: port.id, past });
            }
        }
        self.past.lines = lines;
        self.hush(frame);
    }

    /// Silence is expected while somebody holds, and while media goes past the box.
    pub(super) fn hush(&mut self, frame: &mut Frame) {
        let held = self.held || self.is_past();
        if self.hushed == held {
            return;
        }
        self.hushed = held;
        for port in self.ports.iter().flatten() {
            frame.media(MediaCommand::Held { port: port.id, held });
        }
    }
}

/// Whether a line's address is the phone's own, in the network that its signalling comes from.
fn stands(frame: &Frame, media: &Media<'_>, whose: Whose) -> bool {
    let at = media.remote().map(|remote| remote.rtp.ip());
    at.is_some_and(|at| {
        let near = frame.places.near(whose.remote);
        learn(at, whose.remote) == Learn::Never && frame.places.near(at) == near
    })
}

/// The payload types that mean the same on two lines. Nothing when the lines do not fit each other: there
/// is no codec among them, or not both have the keys that one has.
fn shared(one: &Media<'_>, other: &Media<'_>) -> Option<Vec<u8>> {
    let plain = matches!(one.transport(), Transport::RtpAvp | Transport::RtpAvpf);
    if one.kind() != other.kind() || one.transport() != other.transport() || !plain {
        return None;
    }
    let (mine, theirs) = (one.codecs(), other.codecs());
    let same = |codec: &&Codec<'_>| {
        let equal =
            |it: &Codec<'_>| it.payload_type == codec.payload_type && it.is_same_encoding(codec);
        theirs.iter().any(equal)
    };
    let both: Vec<&Codec<'_>> = mine.iter().filter(same).collect();
    let keys = |codecs: &[Codec<'_>]| codecs.iter().any(Codec::is_telephone_event);
    let keyed = both.iter().any(|codec| codec.is_telephone_event());
    let fits =
        both.iter().any(|codec| codec.is_media()) && keys(&mine) == keyed && keys(&theirs) == keyed;
    fits.then(|| both.into_iter().map(|codec| codec.payload_type).collect())
}

/// Who is led past the box and comes back so often does not mean it.
const MOST_TRIES: u8 = 3;
