//! Keys that a far side presses while it talks: as telephone events (RFC 4733) or as tones.
//!
//! The box tells control of each key once. The other side hears it as it can: events become events
//! of its own number and clock, or tones where it has none; tones become events where it has them.
//! That happens when packets come, in the stream that they came in. Keys that a request told are
//! said on the beat.

mod event;
mod listener;
mod tone_ear;
mod typist;

pub(crate) use event::Event;
pub(crate) use tone_ear::ToneEvent;
pub(crate) use typist::Typist;

use crate::rtp::Head;
use crate::transcode::{Room, events};
use call::{Codec, Formats, KeyPress};
use listener::Listener;
use std::time::{Duration, Instant};
use tone_ear::ToneEar;

/// What the other side is to hear of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Means {
    /// What it says.
    Itself,
    /// A key, in place of its sound.
    Key(ToneEvent),
    /// Nothing: it knows that already.
    Nothing,
}

/// Listens for the keys of one far side.
#[derive(Debug, Default)]
pub(crate) struct KeyEars {
    listener: Listener,
    /// The key that a request told last, and when.
    told: Option<(char, Instant)>,
    /// What says only what a request told already, by its timestamp.
    known: Option<u32>,
    /// The key that was heard as a tone last.
    tone: Option<(char, Instant)>,
    /// Where keys have to be found in the sound.
    tones: Option<Box<ToneEar>>,
}

impl KeyEars {
    /// Whether keys have to be found in the sound: that is work, and done where they are needed.
    pub(crate) fn listen_for_tones(&mut self, wanted: bool) {
        match wanted {
            true => drop(self.tones.get_or_insert_with(Box::default)),
            false => self.tones = None,
        }
    }

    /// A request told of a key. Whether the other side is still to hear of it: nobody needs to hear
    /// that twice.
    pub(crate) fn press(&mut self, press: KeyPress, now: Instant) -> bool {
        let tone = |(key, at): (char, Instant)| {
            key == press.key && now.saturating_duration_since(at) <= TOGETHER
        };
        let is_new =
            !self.listener.is_fresh(press.key, now, TOGETHER) && !self.tone.is_some_and(tone);
        if is_new {
            self.told = Some((press.key, now));
        }
        is_new
    }

    /// Whether a request told a key just now, which comes in the stream as well. It does so once.
    fn was_told(&mut self, key: char, now: Instant) -> bool {
        let same = |told: &mut (char, Instant)| {
            told.0 == key && now.saturating_duration_since(told.1) <= TOGETHER
        };
        self.told.take_if(same).is_some()
    }

    /// Takes a packet in, and tells of keys that were let go in it.
    pub(crate) fn hear(
        &mut self,
        head: Head,
        payload: &[u8],
        formats: &Formats,
        now: Instant,
        room: &mut Room,
        mut tell: impl FnMut(KeyPress),
    ) -> Means {
        let is_its = |it: &&call::Format| it.payload_type == head.payload_type;
        let Some(codec) = formats.receive.iter().find(is_its).map(|it| it.codec) else {
            return Means::Itself;
        };
        if let Codec::TelephoneEvent { clock } = codec {
            let Some(event) = Event::parse(payload) else { return Means::Itself };
            let begins = self.listener.begins(head.timestamp);
            if begins && event.key().is_some_and(|key| self.was_told(key, now)) {
                self.known = Some(head.timestamp);
            }
            self.listener.hear((head.ssrc, head.timestamp), event, clock, now, tell);
            return match self.known == Some(head.timestamp) {
                true => Means::Nothing,
                false => Means::Itself,
            };
        }
        if !codec.is_sound() {
            return Means::Itself;
        }
        let ear = self.tones.as_mut();
        let tone = ear.and_then(|ear| ear.hear(codec, head, payload, room, &mut tell));
        if let Some(tone) = tone
            && let Some(key) = tone.at(1).key()
        {
            self.tone = Some((key, now));
            if tone.begins && self.was_told(key, now) {
                self.known = Some(tone.timestamp);
            }
        }
        match tone {
            Some(tone) if self.known == Some(tone.timestamp) => Means::Nothing,
            Some(tone) => Means::Key(tone),
            None => Means::Itself,
        }
    }

    /// A key whose end was lost is let go when nothing more comes of it.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<KeyPress> {
        self.listener.expire(now)
    }

    /// When to look for that; nothing while no key is pressed.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.listener.due()
    }
}

/// Whether there are events for keys among what a far side sends or understands.
pub(crate) fn has_events(formats: &[call::Format]) -> bool {
    formats.iter().any(|format| matches!(format.codec, Codec::TelephoneEvent { .. }))
}

/// What a phone that tells a key in several ways tells within this is one key.
const TOGETHER: Duration = Duration::from_millis(700);
