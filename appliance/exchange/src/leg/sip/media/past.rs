//! The media of a leg that is led past the box: what it is offered then, and when it may be.

use super::agreement::learn;
use super::lock::Locked;
use super::{LegMedia, Whose};
use crate::frame::Frame;
use call::{Learn, MediaCommand};
use sdp::{Codec, FormatChange, LocalMedia, Media, Session, Transport};
use std::sync::Arc;

/// Whether media may go past the box, and where it was led.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// The peer's policy allows it.
    allowed: bool,
    /// Where the peer was told to send, if that is not the box.
    lines: Option<Lines>,
    /// What the peer was told before it was led elsewhere, should it refuse.
    before: Option<Before>,
    /// How often it was led past the box since it asked for anything itself.
    tries: u8,
    /// It stays by the box for now.
    stays: bool,
}

/// Where media goes, line by line.
type Lines = Vec<Option<LocalMedia>>;

/// What the peer had been told.
#[derive(Debug)]
struct Before {
    ours: Option<Vec<u8>>,
    lines: Option<Lines>,
}

impl Past {
    pub(super) fn new(allowed: bool) -> Self {
        Self { allowed, ..Self::default() }
    }
}

impl LegMedia {
    /// Whether its peer's policy lets media go past the box.
    pub(in crate::leg::sip) fn passes(&self) -> bool {
        self.past.allowed
    }

    /// Whether its peer was told to send elsewhere than to the box.
    pub(in crate::leg::sip) fn is_past(&self) -> bool {
        self.past.lines.is_some()
    }

    /// Whether its peer was offered to go past the box, and has not answered.
    pub(in crate::leg::sip) fn is_asked(&self) -> bool {
        self.past.before.is_some()
    }

    pub(in crate::leg::sip) fn is_led_to(&self, lines: &[Option<LocalMedia>]) -> bool {
        self.past.lines.as_deref() == Some(lines)
    }

    /// The peer changes something itself: then it may be led past the box again.
    pub(in crate::leg::sip) fn asks(&mut self) {
        self.past.tries = 0;
        self.past.stays = false;
    }

    /// It stays by the box until its peer asks for anything.
    pub(in crate::leg::sip) fn stays(&mut self) {
        self.past.stays = true;
    }

    /// Where the peer's media stands, line by line.
    pub(in crate::leg::sip) fn stands(&self) -> Option<Vec<Option<LocalMedia>>> {
        let at = |media: Media<'_>| {
            let remote = media.remote().filter(|_| media.is_active())?;
            Some(LocalMedia { rtp: remote.rtp, rtcp: remote.rtcp })
        };
        self.theirs.as_ref().map(|theirs| theirs.media().map(at).collect())
    }

    /// Whether this leg and another may talk past the box: both in the clear, in one network of the box,
    /// with the same codecs under the same numbers, and nobody holds or hears the box.
    pub(in crate::leg::sip) fn may_pass(
        &self,
        frame: &Frame,
        whose: Whose,
        (other, others): (&Self, Whose),
    ) -> bool {
        let (Some(ours), Some(theirs)) = (&self.theirs, &other.theirs) else { return false };
        let near = |whose: Whose| frame.places.near(whose.remote);
        let ready = |media: &Self, whose: Whose| {
            let plain = media.browser.is_none() && media.locked.iter().all(Locked::is_clear);
            let alone = media.voice.is_none() && media.met.iter().all(Option::is_none);
            let tired = media.past.tries >= MOST_TRIES && !media.is_past();
            let open = media.past.allowed && !media.past.stays && !tired;
            let inside = frame.places.is_inside(&frame.config, whose.remote);
            plain && alone && open && inside
        };
        let stands = |media: &Media<'_>, whose: Whose| {
            let at = media.remote().map(|remote| remote.rtp.ip());
            at.is_some_and(|at| {
                learn(at, whose.remote) == Learn::Never && frame.places.near(at) == near(whose)
            })
        };
        let line = |(one, two): (Media<'_>, Media<'_>)| match (one.is_active(), two.is_active()) {
            (false, false) => true,
            (true, true) => {
                stands(&one, whose) && stands(&two, others) && shared(&one, &two).is_some()
            }
            (true, false) | (false, true) => false,
        };
        near(whose).is_some()
            && near(whose) == near(others)
            && ready(self, whose)
            && ready(other, others)
            && !ours.is_hold()
            && !theirs.is_hold()
            && ours.media().len() == theirs.media().len()
            && ours.media().zip(theirs.media()).all(line)
    }

    /// The offer that leads a leg to where its partner stands, who said `theirs`.
    pub(in crate::leg::sip) fn offer_past(
        &mut self,
        frame: &mut Frame,
        whose: Whose,
        theirs: &Session,
        lines: Vec<Option<LocalMedia>>,
    ) -> Vec<u8> {
        let mine: Option<Arc<Session>> = self.theirs.clone();
        let only = |(index, media): (usize, Media<'_>)| {
            let other = mine.as_ref().and_then(|mine| mine.media_at(index));
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
        let body =
            origin.follow(before.as_deref(), |origin| sdp::relay_offer(theirs, origin, &lines));
        self.origin = Some(origin);
        self.ours = Some(body.clone());
        self.past.before = Some(Before { ours: before, lines: self.past.lines.replace(lines) });
        self.past.tries = self.past.tries.saturating_add(1);
        body
    }

    /// The peer took the offer that led it past the box.
    pub(in crate::leg::sip) fn is_led(&mut self, frame: &mut Frame) {
        self.past.before = None;
        self.hush(frame);
    }

    /// The peer did not: all is as it was, and it is not asked again.
    pub(in crate::leg::sip) fn stays_as_it_was(&mut self, frame: &mut Frame, again: bool) {
        if let Some(Before { ours, lines }) = self.past.before.take() {
            self.ours = ours;
            self.past.lines = lines;
        }
        if !again {
            self.stays();
        }
        self.hush(frame);
    }

    /// The peer is told to send to the box.
    pub(super) fn comes_back(&mut self, frame: &mut Frame) {
        self.past.before = None;
        if self.past.lines.take().is_some() {
            self.hush(frame);
        }
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
