//! What becomes of each payload type that a far side may send: decided when both sides are known,
//! not for each packet.

use super::cut::Fit;
use super::inlet::Inlet;
use super::outlet::Outlet;
use crate::codec::{self, Shape};
use call::{Codec, Format, Formats};
use media_dsp::resample::Rate;

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Nobody said what it is: it passes unread.
    Unread,
    /// The other side understands it under this number.
    Known {
        payload_type: u8,
        /// For sound, ticks of its clock in a second.
        clock: Option<u32>,
    },
    /// It is understood, in packets of this length.
    Fitted(usize),
    /// Keys, for a side whose clock runs differently.
    Keys { payload_type: u8, from: u32, to: u32 },
    /// Keys, for a side that hears their tones, with so many ticks in a second.
    Tones { clock: u32 },
    /// It is decoded by this inlet.
    Decoded(usize),
    /// The other side has no word for it.
    Unspeakable,
}

/// For each payload type its way.
pub(crate) type Ways = Box<[Way; 128]>;

/// All ways from one side to the other.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) ways: Ways,
    pub(crate) fits: Vec<Fit>,
    pub(crate) inlets: Vec<Inlet>,
    pub(crate) outlet: Option<Outlet>,
}

impl Plan {
    /// Everything passes unread.
    pub(crate) fn nothing() -> Self {
        let ways = Box::new([Way::Unread; 128]);
        Self { ways, fits: Vec::new(), inlets: Vec::new(), outlet: None }
    }

    /// From what one side may send to what the other understands. What of the plan before still
    /// fits is taken over with its memory.
    ///
    /// `told`: the other side learns of keys by signalling where it has no events for them.
    pub(crate) fn new(receive: &[Format], other: &Formats, told: bool, before: &mut Self) -> Self {
        let mut plan = Self::nothing();
        plan.outlet = outlet(receive, other, &mut before.outlet);
        for format in receive {
            let way = match plan.way(*format, other, &mut before.inlets) {
                Way::Tones { .. } if told => Way::Unspeakable,
                way => way,
            };
            if let Some(slot) = plan.ways.get_mut(usize::from(format.payload_type)) {
                *slot = way;
            }
        }
        plan
    }

    fn way(&mut self, format: Format, other: &Formats, kept: &mut Vec<Inlet>) -> Way {
        let codec = format.codec;
        if let Some(known) = understood(codec, other) {
            let payload_type = known.payload_type;
            if let Some(fit) = Fit::new(codec, payload_type, other) {
                self.fits.push(fit);
                return Way::Fitted(self.fits.len() - 1);
            }
            let clock = codec.is_sound().then(|| codec.clock());
            return Way::Known { payload_type, clock };
        }
        if let Codec::TelephoneEvent { clock: from } = codec {
            return self.keys(from, other);
        }
        let Some(outlet) = &self.outlet else { return Way::Unspeakable };
        let shape = outlet.shape();
        let fits = kept.iter().position(|inlet| inlet.fits(codec, shape));
        let inlet = match fits {
            Some(place) => Some(kept.swap_remove(place)),
            None => Inlet::new(codec, shape),
        };
        let Some(inlet) = inlet else { return Way::Unspeakable };
        self.inlets.push(inlet);
        Way::Decoded(self.inlets.len() - 1)
    }

    fn keys(&self, from: u32, other: &Formats) -> Way {
        match (events(other), &self.outlet) {
            (Some((payload_type, to)), _) => Way::Keys { payload_type, from, to },
            (None, Some(_)) => Way::Tones { clock: from },
            (None, None) => Way::Unspeakable,
        }
    }
}

/// How a far side understands keys: the number and the clock of their events, best those of the sound
/// that they interrupt (RFC 4733 §2.1).
pub(crate) fn events(formats: &Formats) -> Option<(u8, u32)> {
    let sound = formats.send.iter().find(|format| format.codec.is_sound());
    let clock = sound.map(|format| format.codec.clock());
    let keys = || {
        formats.send.iter().filter_map(|format| match format.codec {
            Codec::TelephoneEvent { clock } => Some((format.payload_type, clock)),
            _ => None,
        })
    };
    keys().find(|(_, it)| Some(*it) == clock).or_else(|| keys().next())
}

fn understood(codec: Codec, other: &Formats) -> Option<&Format> {
    other.send.iter().find(|format| codec.is_understood_as(format.codec))
}

/// What everything that has to be translated becomes: the first that the other side prefers. Noise
/// and keys become what the sound around them is; a request may tell a key at any time.
fn outlet(receive: &[Format], other: &Formats, before: &mut Option<Outlet>) -> Option<Outlet> {
    let foreign = |format: &&Format| understood(format.codec, other).is_none();
    let sound = |format: &&Format| format.codec.is_sound();
    let first = other.send.iter().find(sound);
    let target = match receive.iter().filter(sound).find(foreign) {
        Some(_) => first,
        None => receive.iter().filter(sound).find_map(|it| understood(it.codec, other)).or(first),
    }?;
    // Opus takes any rate, and best the one that the sound has.
    let rate = |format: &Format| codec::rate(format.codec, Rate::Hz48000);
    let foreign_rates = receive.iter().filter(foreign).filter_map(rate);
    let natural = foreign_rates.max().unwrap_or(Rate::Hz8000);
    let shape = Shape::new(target.codec, natural, other.packet_millis)?;
    match before.take_if(|old| old.shape() == shape) {
        Some(mut old) => {
            old.rename(target.payload_type);
            Some(old)
        }
        None => Some(Outlet::new(target.payload_type, shape)),
    }
}
