//! What becomes of each payload type that a far side may send: decided when both sides are known,
//! not for each packet.

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
    /// Keys, for a side whose clock runs differently.
    Keys { payload_type: u8, from: u32, to: u32 },
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
    pub(crate) inlets: Vec<Inlet>,
    pub(crate) outlet: Option<Outlet>,
}

impl Plan {
    /// Everything passes unread.
    pub(crate) fn nothing() -> Self {
        Self { ways: Box::new([Way::Unread; 128]), inlets: Vec::new(), outlet: None }
    }

    /// From what one side may send to what the other understands. What of the plan before still
    /// fits is taken over with its memory.
    pub(crate) fn new(receive: &[Format], other: &Formats, before: &mut Self) -> Self {
        let mut plan = Self::nothing();
        plan.outlet = outlet(receive, other, &mut before.outlet);
        for format in receive {
            let way = plan.way(*format, other, &mut before.inlets);
            if let Some(slot) = plan.ways.get_mut(usize::from(format.payload_type)) {
                *slot = way;
            }
        }
        plan
    }

    fn way(&mut self, format: Format, other: &Formats, kept: &mut Vec<Inlet>) -> Way {
        let codec = format.codec;
        if let Some(known) = understood(codec, other) {
            let clock = codec.is_sound().then(|| codec.clock());
            return Way::Known { payload_type: known.payload_type, clock };
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

    /// Keys go with the clock of the sound that they interrupt (RFC 4733 §2.1), if there is a
    /// choice.
    fn keys(&self, from: u32, other: &Formats) -> Way {
        let sound = self.outlet.as_ref().map(|outlet| outlet.codec().clock());
        let keys = || {
            other.send.iter().filter_map(|format| match format.codec {
                Codec::TelephoneEvent { clock } => Some((format.payload_type, clock)),
                _ => None,
            })
        };
        let best = keys().find(|(_, clock)| Some(*clock) == sound).or_else(|| keys().next());
        match best {
            Some((payload_type, to)) => Way::Keys { payload_type, from, to },
            None => Way::Unspeakable,
        }
    }
}

fn understood(codec: Codec, other: &Formats) -> Option<&Format> {
    other.send.iter().find(|format| codec.is_understood_as(format.codec))
}

/// What everything that has to be translated becomes: the first that the other side prefers. Where
/// only noise has to be, it becomes what the sound around it is.
fn outlet(receive: &[Format], other: &Formats, before: &mut Option<Outlet>) -> Option<Outlet> {
    let foreign = |format: &&Format| understood(format.codec, other).is_none();
    let sound = |format: &&Format| format.codec.is_sound();
    let first = other.send.iter().find(sound);
    let target = match receive.iter().filter(sound).find(foreign) {
        Some(_) => first,
        None => {
            receive.iter().filter(|format| !format.codec.is_sound()).find(foreign)?;
            receive.iter().filter(sound).find_map(|it| understood(it.codec, other)).or(first)
        }
    }?;
    // Opus takes any rate, and best the one that the sound has.
    let rate = |format: &Format| codec::rate(format.codec, Rate::Hz48000);
    let natural = receive.iter().filter(foreign).filter_map(rate).max()?;
    let shape = Shape::new(target.codec, natural, other.packet_millis)?;
    match before.take_if(|old| old.shape() == shape) {
        Some(mut old) => {
            old.rename(target.payload_type);
            Some(old)
        }
        None => Some(Outlet::new(target.payload_type, shape)),
    }
}
