//! The codec that a far side hears, and the sound that waits for a whole packet of it.

use super::inlet::LONGEST;
use super::packets::Packets;
use crate::codec::{Encoder, Shape};
use crate::rtp::Head;
use call::Codec;
use media_dsp::amrwb::Mode;

/// What a far side hears, with the beginning of its next packet.
///
/// Its encoder is made for the first packet that needs one, which allocates, as no other does.
#[derive(Debug)]
pub(crate) struct Outlet {
    payload_type: u8,
    shape: Shape,
    /// The most that the far side wants to hear.
    mode: Option<Mode>,
    encoder: Option<Encoder>,
    /// The beginning of the next packet; no room before there is an encoder.
    waiting: Box<[i16]>,
    length: usize,
    /// The timestamp of what waits, or of what should come next.
    position: u32,
    /// Whether the next packet begins a talk spurt.
    marker: bool,
    /// Whether `position` says anything.
    begun: bool,
}

/// The next packet: its number and its stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name {
    pub(crate) sequence: u16,
    pub(crate) ssrc: u32,
}

impl Outlet {
    pub(crate) fn new(payload_type: u8, shape: Shape) -> Self {
        Self {
            payload_type,
            shape,
            mode: None,
            encoder: None,
            waiting: Box::default(),
            length: 0,
            position: 0,
            marker: false,
            begun: false,
        }
    }

    /// The same codec under another number.
    pub(crate) fn rename(&mut self, payload_type: u8) {
        self.payload_type = payload_type;
    }

    /// Whether this is its number.
    pub(crate) fn is_named(&self, payload_type: u8) -> bool {
        self.payload_type == payload_type
    }

    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    pub(crate) fn codec(&self) -> Codec {
        self.shape.codec()
    }

    /// Takes no more than this mode from the next packet on.
    pub(crate) fn obey(&mut self, mode: Mode) {
        self.mode = Some(mode);
        if let Some(encoder) = &mut self.encoder {
            encoder.obey(mode);
        }
    }

    /// Goes on as this encoder would, for a far side that has heard it until now.
    pub(crate) fn go_on_from(&mut self, other: &Encoder) {
        let mode = self.mode;
        let Some(encoder) = self.encoder() else { return };
        encoder.go_on_from(other);
        mode.into_iter().for_each(|mode| encoder.obey(mode));
    }

    /// How the last packets were encoded; nothing where none was encoded here.
    pub(crate) fn spoken(&self) -> Option<&Encoder> {
        self.encoder.as_ref()
    }

    /// Another stream begins: nothing waits.
    pub(crate) fn begin(&mut self) {
        (self.length, self.begun, self.marker) = (0, false, false);
    }

    /// Where sound that comes next belongs; nothing before the first.
    pub(crate) fn end(&self) -> Option<u32> {
        self.begun.then(|| self.position.wrapping_add(self.shape.ticks(self.length)))
    }

    /// The timestamp of what waits.
    pub(crate) fn position(&self) -> u32 {
        self.position
    }

    /// Nothing waits, and what comes next belongs here.
    pub(crate) fn place(&mut self, position: u32) {
        (self.length, self.position, self.begun) = (0, position, true);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// How many samples a whole packet lacks.
    pub(crate) fn lack(&self) -> usize {
        self.shape.packet().saturating_sub(self.length)
    }

    /// The next packet has this marker, unless it has one already.
    pub(crate) fn mark(&mut self, marker: bool) {
        self.marker |= marker;
    }

    /// Puts sound behind what waits.
    pub(crate) fn push(&mut self, pcm: &[i16]) {
        self.encoder();
        let Some(room) = self.waiting.get_mut(self.length..) else { return };
        for (slot, sample) in room.iter_mut().zip(pcm) {
            *slot = *sample;
        }
        self.length += room.len().min(pcm.len());
    }

    /// Makes a packet of what waits, if that is enough. How long its payload is.
    pub(crate) fn make(
        &mut self,
        mut name: impl FnMut() -> Name,
        packets: &mut Packets,
    ) -> Option<usize> {
        (self.lack() == 0).then_some(())?;
        self.make_of(self.shape.packet(), name(), packets)
    }

    /// Makes a shorter packet of what waits, as far as the codec can, and forgets the rest.
    pub(crate) fn finish(
        &mut self,
        mut name: impl FnMut() -> Name,
        packets: &mut Packets,
    ) -> Option<usize> {
        let whole = self.length / self.shape.grain() * self.shape.grain();
        let made = if whole > 0 { self.make_of(whole, name(), packets) } else { None };
        self.length = 0;
        made
    }

    /// Makes a packet of just this sound; nothing waits before it.
    pub(crate) fn say(&mut self, name: Name, pcm: &[i16], packets: &mut Packets) -> Option<usize> {
        let head = self.head(name);
        let encoder = self.encoder()?;
        let made = packets.add(head, |room| encoder.encode(pcm, room));
        self.went(pcm.len());
        made
    }

    /// Makes a packet of a payload that is written elsewhere, for so many samples.
    pub(crate) fn say_as(
        &mut self,
        name: Name,
        samples: usize,
        packets: &mut Packets,
        write: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> Option<usize> {
        let made = packets.add(self.head(name), write);
        self.went(samples);
        made
    }

    /// Makes a packet of just this sound, which was overtaken: it belongs elsewhere, and changes
    /// nothing here.
    pub(crate) fn say_late(
        &mut self,
        head: Head,
        pcm: &[i16],
        packets: &mut Packets,
    ) -> Option<usize> {
        let head = Head { payload_type: self.payload_type, ..head };
        let encoder = self.encoder()?;
        packets.add(head, |room| encoder.encode(pcm, room))
    }

    /// The same of a payload that is written elsewhere.
    pub(crate) fn say_late_as(
        &self,
        head: Head,
        packets: &mut Packets,
        write: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> Option<usize> {
        packets.add(Head { payload_type: self.payload_type, ..head }, write)
    }

    fn make_of(&mut self, samples: usize, name: Name, packets: &mut Packets) -> Option<usize> {
        let head = self.head(name);
        self.encoder()?;
        let (Some(encoder), Some(pcm)) = (&mut self.encoder, self.waiting.get(..samples)) else {
            return None;
        };
        let made = packets.add(head, |room| encoder.encode(pcm, room));
        self.waiting.copy_within(samples..self.length, 0);
        self.length -= samples;
        self.went(samples);
        made
    }

    fn encoder(&mut self) -> Option<&mut Encoder> {
        if self.encoder.is_none() {
            let mut encoder = Encoder::new(self.shape)?;
            self.mode.into_iter().for_each(|mode| encoder.obey(mode));
            self.encoder = Some(encoder);
            let room = 2 * self.shape.packet() + LONGEST.samples(self.shape.rate()) + SPARE;
            self.waiting = vec![0; room].into_boxed_slice();
        }
        self.encoder.as_mut()
    }

    fn head(&self, name: Name) -> Head {
        Head {
            marker: self.marker,
            payload_type: self.payload_type,
            sequence: name.sequence,
            timestamp: self.position,
            ssrc: name.ssrc,
        }
    }

    fn went(&mut self, samples: usize) {
        self.position = self.position.wrapping_add(self.shape.ticks(samples));
        self.marker = false;
    }
}

/// Samples that a resampler gives out beyond its input.
const SPARE: usize = 16;
