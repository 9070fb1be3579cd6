//! One pair of ports in a conference: what the box hears there, how loud that is, and how it
//! answers.

use crate::codec::loudness;
use crate::ear::Ear;
use crate::mixer::{Level, Place, TICK};
use crate::mouth::Mouth;
use crate::rtp::Header;
use call::{Codec, Format, Formats, RoomId};
use media_dsp::resample::Rate;
use std::time::Instant;

/// A member's way into its conference and out of it.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) room: RoomId,
    pub(crate) place: Place,
    rate: Rate,
    ear: Ear,
    /// Nothing where the far side knows no codec that the box has.
    pub(crate) mouth: Option<Mouth>,
    /// What the far side may send.
    formats: Vec<Format>,
    /// Of the packets of this turn that show it without being decoded.
    loudest: Level,
    /// For so many turns all is decoded to find out how loud it is, because a packet did not show it.
    attentive: u8,
    /// Whether this turn is decoded.
    heard: bool,
    /// 20 ms of what the far side says.
    pcm: Box<[i16]>,
}

/// How a far side speaks in a conference.
#[derive(Debug)]
pub(crate) struct Manner {
    pub(crate) rate: Rate,
    mouth: Option<Mouth>,
}

impl Manner {
    /// At the rate of the codec that the far side prefers. `own`: names the stream, where nobody
    /// spoke in it yet.
    pub(crate) fn of(formats: Option<&Formats>, own: u64) -> Self {
        let mouth = formats.and_then(|it| Mouth::new(it, Rate::Hz48000, own));
        let rate = mouth.as_ref().map_or(Rate::Hz8000, Mouth::natural_rate);
        let mut manner = Self { rate, mouth };
        if let Some(mouth) = &mut manner.mouth {
            mouth.tune(rate);
        }
        manner
    }
}

impl Seat {
    pub(crate) fn new(
        room: RoomId,
        place: Place,
        manner: Manner,
        formats: Option<&Formats>,
    ) -> Self {
        let Manner { rate, mouth } = manner;
        let nothing = Formats::default();
        let formats = formats.unwrap_or(&nothing);
        Self {
            room,
            place,
            rate,
            ear: Ear::new(formats, rate),
            mouth,
            formats: formats.receive.clone(),
            loudest: Level::SILENCE,
            attentive: 0,
            heard: false,
            pcm: vec![0; TICK.samples(rate)].into_boxed_slice(),
        }
    }

    /// Takes a packet that came; whether its sound came in time. `told`: how loud its sender says it is.
    pub(crate) fn take(&mut self, header: &Header<'_>, told: Option<Level>, now: Instant) -> bool {
        let known = self.formats.iter().find(|it| it.payload_type == header.payload_type());
        if let (Some(format), Some(payload)) = (known, header.unpadded()) {
            let level = match format.codec {
                // Keys are no sound.
                Codec::TelephoneEvent { .. } => Some(Level::SILENCE),
                // Where it costs nothing, nobody has to be believed.
                Codec::Pcmu | Codec::Pcma => loudness(format.codec, payload),
                codec => told.or_else(|| loudness(codec, payload)),
            };
            match level {
                Some(level) => self.loudest = self.loudest.min(level),
                None => self.attentive = ATTENTION,
            }
        }
        self.ear.take(header, now)
    }

    /// What was made of what the far side says.
    pub(crate) fn ear(&self) -> &Ear {
        &self.ear
    }

    /// How loud the far side is in this turn. What does not show that is decoded.
    pub(crate) fn level(&mut self, due: Instant) -> Level {
        let shown = std::mem::replace(&mut self.loudest, Level::SILENCE);
        self.heard = self.attentive > 0;
        if !self.heard {
            return shown;
        }
        self.attentive -= 1;
        self.ear.hear(&mut self.pcm, due);
        shown.min(Level::of(&self.pcm))
    }

    /// What the far side says in this turn, after [`Self::level`].
    pub(crate) fn hear(&mut self, due: Instant) -> &[i16] {
        if !self.heard {
            self.ear.hear(&mut self.pcm, due);
        }
        &self.pcm
    }

    /// Nobody hears what the far side says in this turn, after [`Self::level`]: when somebody does, it
    /// is not late by what was not listened to. Whether it was spared from being decoded.
    pub(crate) fn pass(&mut self, due: Instant) -> bool {
        if !self.heard {
            self.ear.pass(due);
        }
        !self.heard
    }

    /// Of what it hears.
    pub(crate) fn rate(&self) -> Rate {
        self.rate
    }
}

/// Turns: 1 s, longer than any packet waits until it is heard.
const ATTENTION: u8 = 50;
