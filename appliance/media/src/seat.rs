//! One pair of ports in a conference: what the box hears there, how loud that is, and how it
//! answers.

use crate::ear::Ear;
use crate::mixer::{Level, Place, TICK};
use crate::mouth::Mouth;
use crate::rtp::Header;
use call::{Codec, Formats, RoomId};
use media_dsp::g711::Law;
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
    /// What payload types are G.711, whose level shows without decoding.
    laws: Vec<(u8, Law)>,
    loudest: Level,
    /// Whether the last packet showed its level.
    shown: bool,
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
        let nothing = Formats { receive: Vec::new(), send: Vec::new(), packet_millis: 0 };
        let formats = formats.unwrap_or(&nothing);
        let law = |codec| match codec {
            Codec::Pcmu => Some(Law::Mu),
            Codec::Pcma => Some(Law::A),
            _ => None,
        };
        let laws = formats.receive.iter().filter_map(|it| Some((it.payload_type, law(it.codec)?)));
        Self {
            room,
            place,
            rate,
            ear: Ear::new(formats, rate),
            mouth,
            laws: laws.collect(),
            loudest: Level::SILENCE,
            shown: false,
            pcm: vec![0; TICK.samples(rate)].into_boxed_slice(),
        }
    }

    /// Takes a packet that came.
    pub(crate) fn take(&mut self, header: &Header<'_>, now: Instant) {
        let law = self.laws.iter().find(|(number, _)| *number == header.payload_type());
        self.shown = law.is_some();
        if let (Some((_, law)), Some(payload)) = (law, header.unpadded()) {
            self.loudest = self.loudest.min(Level::of_g711(*law, payload));
        }
        self.ear.take(header, now);
    }

    /// How loud the far side is in this turn. What does not show that is decoded.
    pub(crate) fn level(&mut self, due: Instant) -> Level {
        if self.shown {
            return std::mem::replace(&mut self.loudest, Level::SILENCE);
        }
        self.ear.hear(&mut self.pcm, due);
        Level::of(&self.pcm)
    }

    /// What the far side says in this turn, after [`Self::level`].
    pub(crate) fn hear(&mut self, due: Instant) -> &[i16] {
        if self.shown {
            self.ear.hear(&mut self.pcm, due);
        }
        &self.pcm
    }

    /// Of what it hears.
    pub(crate) fn rate(&self) -> Rate {
        self.rate
    }
}
