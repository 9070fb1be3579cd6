//! The same codes in packets of another length, for a far side that wants more or less sound in each
//! (`a=ptime`, `a=maxptime`): cut and joined as they came, and never decoded, so that nothing is lost.

mod opus;

use super::inlet::LONGEST;
use super::numbering::{Numbering, Place};
use super::outlet::Name;
use super::timeline::Clocks;
use super::work::{MOST_MISSING, UNSTEADY};
use super::{Desk, Interpreter, Outcome, finish};
use crate::codec::{Shape, content, framing, opus_frame};
use crate::jitter::Content;
use crate::rtp::Head;
use call::{Codec, Formats, G726Bits};
use media_dsp::amrwb::{self, Frame, FrameType, Mode, rtp};
use media_dsp::resample::Rate;
use media_dsp::{g729, g7231};
use std::ops::{Range, RangeInclusive};
use std::time::{Duration, Instant};

/// How long the packets are in which a far side wants a codec that it understands as it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fit {
    codec: Codec,
    payload_type: u8,
    units: Units,
    /// Ticks of a packet that is cut.
    packet: u32,
    /// Ticks of those that are right as they come: at least, and at most.
    right: (u32, u32),
}

/// What a payload can be cut into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Units {
    /// So many octets for so many ticks.
    Even { octets: usize, ticks: u32 },
    /// Frames of one length, behind which a shorter one may describe noise (RFC 3551 §4.5.6).
    G729,
    /// Frames that say with their first octet how long they are.
    G723,
    /// Frames that each wait with the head of their packet, and may have any length.
    Opus,
    /// Frames behind a table of contents, which wait in the storage format (RFC 4867 §5.3).
    AmrWb(rtp::Framing),
}

/// The beginning of the next packet that is cut.
#[derive(Debug)]
pub(super) struct Cutter {
    fit: Fit,
    octets: Box<[u8]>,
    length: usize,
    /// How much sound that is.
    ticks: u32,
    /// The timestamp of what waits, or of what should come next.
    position: u32,
    /// Whether `position` says anything.
    begun: bool,
    /// Whether the next packet begins a talk spurt.
    marker: bool,
    /// When the next leaves of several packets that became of one.
    due: Option<Instant>,
    /// Which mode of AMR-WB the sender asks for.
    request: Option<Mode>,
}

impl Fit {
    /// Nothing where each length is right.
    pub(super) fn new(codec: Codec, payload_type: u8, other: &Formats) -> Option<Self> {
        let units = Units::of(codec)?;
        let wish = Some(other.packet_millis).filter(|it| WISHES.contains(it));
        let most = Some(other.most_millis).filter(|it| *it > 0);
        let limit = most.unwrap_or(u8::MAX).min(*WISHES.end());
        let millis = match (wish, most) {
            (Some(wish), _) => wish.min(limit),
            (None, Some(_)) => limit,
            (None, None) => return None,
        };
        let shape = Shape::new(codec, Rate::Hz48000, millis)?;
        let packet = shape.ticks(shape.packet());
        let right = match (wish, most) {
            (None, Some(most)) => (0, packet.max(codec.clock() * u32::from(most) / 1_000)),
            _ => (packet, packet),
        };
        Some(Self { codec, payload_type, units, packet, right })
    }

    pub(super) fn clock(&self) -> u32 {
        self.codec.clock()
    }

    /// How much sound is in a payload that has to be cut, and whether a pause follows.
    ///
    /// `waits`: it continues what was cut before.
    fn misfit(&self, payload: &[u8], waits: bool) -> Option<(u32, bool)> {
        let (ticks, pause) = match content(self.codec, payload) {
            Content::Sound(ticks) => (ticks, false),
            Content::Pause(ticks) => (ticks, true),
            Content::Foreign => return None,
        };
        let right = match pause {
            // The last packet before a pause is as long as it may be.
            true => ticks <= self.right.1 && !waits,
            false => (self.right.0..=self.right.1).contains(&ticks),
        };
        let most = LONGEST.ticks(self.clock()).unsigned_abs();
        let can_be_cut = self.units.fill(payload, self.packet) && ticks <= most;
        (!right && can_be_cut).then_some((ticks, pause))
    }

    /// Octets that wait at most: the longest packet, and what was left from before.
    fn room(&self) -> usize {
        match self.codec {
            Codec::L16 { rate } => rate as usize * 2 * MOST_MILLIS / 1_000,
            // 510 kbit/s, which is the most (RFC 6716 §2.1.1).
            Codec::Opus => 64 * MOST_MILLIS,
            _ => 8 * MOST_MILLIS,
        }
    }
}

impl Units {
    fn of(codec: Codec) -> Option<Self> {
        let even = |octets, ticks| Some(Self::Even { octets, ticks });
        match codec {
            Codec::Pcmu | Codec::Pcma | Codec::G722 | Codec::Clear => even(1, 1),
            Codec::L16 { .. } => even(2, 1),
            Codec::G726 { bits, .. } => match bits {
                G726Bits::Two => even(1, 4),
                G726Bits::Three => even(3, 8),
                G726Bits::Four => even(1, 2),
                G726Bits::Five => even(5, 8),
            },
            Codec::Gsm => even(33, 160),
            Codec::G729 { .. } => Some(Self::G729),
            Codec::G723 { .. } => Some(Self::G723),
            Codec::AmrWb { octet_aligned } => Some(Self::AmrWb(framing(octet_aligned))),
            Codec::Opus => Some(Self::Opus),
            Codec::TelephoneEvent { .. } | Codec::ComfortNoise { .. } => None,
        }
    }

    /// Whether a payload of the codec consists of them, and such packets may. A frame of Opus cannot be
    /// divided, and whoever hears it takes any length (RFC 7587 §7.1).
    fn fill(self, payload: &[u8], packet: u32) -> bool {
        match self {
            Self::Opus => payload.first().is_some_and(|it| packet.is_multiple_of(opus_frame(*it))),
            Self::Even { octets, .. } => payload.len().is_multiple_of(octets),
            Self::G729 | Self::G723 | Self::AmrWb(_) => true,
        }
    }

    /// How many octets at the beginning of what waits make a packet that lasts so long, and how long it
    /// lasts then.
    fn packet(self, waiting: &[u8], ticks: u32) -> (usize, u32) {
        let frames = |ticks_of_one: usize, length: fn(&[u8]) -> usize| {
            let frames = ticks as usize / ticks_of_one;
            let last = |at: usize, _| at + waiting.get(at..).map_or(0, length);
            (0..frames).fold(0, last)
        };
        let octets = match self {
            Self::Even { octets, ticks: each } => (ticks / each) as usize * octets,
            Self::G729 => ticks as usize / g729::FRAME * g729::SPEECH_OCTETS,
            Self::G723 => frames(g7231::FRAME_SAMPLES, |rest| {
                rest.first().map_or(0, |first| g7231::Frame::beginning(*first).octets())
            }),
            Self::AmrWb(_) => frames(amrwb::FRAME, |rest| Frame::read(rest).map_or(0, |it| it.1)),
            Self::Opus => return opus::of_one_packet(waiting, ticks, opus_frame),
        };
        (octets.min(waiting.len()), ticks)
    }

    /// Writes what waited as a payload.
    fn write(self, waited: &[u8], request: Option<Mode>, out: &mut [u8]) -> Option<usize> {
        let framing = match self {
            Self::AmrWb(framing) => framing,
            Self::Opus => return opus::put_together(waited, out),
            Self::Even { .. } | Self::G729 | Self::G723 => {
                out.get_mut(..waited.len())?.copy_from_slice(waited);
                return Some(waited.len());
            }
        };
        let mut frames = [Frame::empty(FrameType::NoData); MOST_FRAMES];
        let (mut count, mut rest) = (0, waited);
        while !rest.is_empty() {
            let (frame, octets) = Frame::read(rest).ok()?;
            *frames.get_mut(count)? = frame;
            (count, rest) = (count + 1, rest.get(octets..)?);
        }
        rtp::write(framing, request, frames.get(..count)?, out).ok()
    }
}

impl Cutter {
    fn new(fit: Fit) -> Self {
        let octets = vec![0; fit.room()].into_boxed_slice();
        Self {
            fit,
            octets,
            length: 0,
            ticks: 0,
            position: 0,
            begun: false,
            marker: false,
            due: None,
            request: None,
        }
    }

    /// Nothing waits, and nobody knows what comes.
    pub(super) fn clear(&mut self) {
        (self.length, self.ticks, self.begun, self.marker) = (0, 0, false, false);
        self.due = None;
    }

    /// What waits is cut like this from now on.
    pub(super) fn refit(&mut self, fits: &[Fit]) {
        let same = |fit: &&Fit| fit.codec == self.fit.codec;
        if let Some(fit) = fits.iter().find(same) {
            self.fit = *fit;
        }
    }

    /// Takes sound of another kind, or from another place on. Nothing waits.
    fn begin(&mut self, fit: Fit, position: u32) {
        self.clear();
        self.fit = fit;
        (self.position, self.begun) = (position, true);
        if self.octets.len() < fit.room() {
            self.octets = vec![0; fit.room()].into_boxed_slice();
        }
    }

    /// Where sound that comes next belongs; nothing when that is not cut.
    pub(super) fn end(&self) -> Option<u32> {
        self.begun.then(|| self.position.wrapping_add(self.ticks))
    }

    fn push(&mut self, payload: &[u8], ticks: u32) -> Option<()> {
        match self.fit.units {
            Units::AmrWb(framing) => {
                let payload = rtp::Payload::read(framing, payload).ok()?;
                for frame in payload.frames() {
                    self.length += frame.write(self.octets.get_mut(self.length..)?).ok()?;
                }
                self.request = payload.request();
            }
            Units::Opus => {
                self.length += opus::take_apart(payload, self.octets.get_mut(self.length..)?)?;
            }
            Units::Even { .. } | Units::G729 | Units::G723 => {
                let room = self.octets.get_mut(self.length..)?.get_mut(..payload.len())?;
                room.copy_from_slice(payload);
                self.length += payload.len();
            }
        }
        self.ticks += ticks;
        Some(())
    }

    /// Whether there is a whole packet.
    fn is_ready(&self) -> bool {
        self.ticks >= self.fit.packet.max(1)
    }

    /// When the next of several packets leaves: each as much later as it is long, for no phone waits
    /// for those that come all at once.
    fn wait(&mut self, from: Instant) {
        let micros = u64::from(self.fit.packet) * 1_000_000 / u64::from(self.fit.clock().max(1));
        self.due = self.is_ready().then(|| from + Duration::from_micros(micros));
    }

    /// Makes packets of all that waits.
    fn cut_all(&mut self, numbering: &mut Numbering, ssrc: u32, desk: &mut Desk) {
        while self.ticks > 0 {
            self.cut(numbering, ssrc, desk);
        }
    }

    /// Makes one packet, if anything waits.
    fn cut(&mut self, numbering: &mut Numbering, ssrc: u32, desk: &mut Desk) {
        let name = Name { sequence: numbering.count(), ssrc };
        let made = self.cut_as(name, desk);
        made.into_iter().for_each(|length| numbering.note_sent(length));
    }

    fn cut_as(&mut self, Name { sequence, ssrc }: Name, desk: &mut Desk) -> Option<usize> {
        let Fit { payload_type, units, packet, .. } = self.fit;
        let ticks = packet.min(self.ticks);
        let head =
            Head { marker: self.marker, payload_type, sequence, timestamp: self.position, ssrc };
        let waiting = self.octets.get(..self.length).unwrap_or_default();
        let (octets, ticks) = units.packet(waiting, ticks);
        // What waits and what it lasts never part, but nothing may turn here for ever.
        let ticks = if octets == 0 { self.ticks } else { ticks.min(self.ticks) };
        let waited = waiting.get(..octets).unwrap_or_default();
        let made = desk.packets.add(head, |room| units.write(waited, self.request, room));
        self.octets.copy_within(octets..self.length, 0);
        self.length -= octets;
        self.ticks -= ticks;
        self.position = self.position.wrapping_add(ticks);
        self.marker = false;
        made
    }
}

impl Interpreter {
    /// Sound that the other side understands as it comes: it passes if its packet is as long as that
    /// one wants, and is cut if not. A packet that fits after others that did not ends the cutting:
    /// what waits leaves before it, as it is.
    pub(super) fn fit(
        &mut self,
        fit: usize,
        head: Head,
        place: Place,
        (bytes, payload): (&mut [u8], Option<Range<usize>>),
        now: Instant,
        desk: &mut Desk,
    ) -> Outcome {
        let Some(fit) = self.plan.fits.get(fit).copied() else { return Outcome::Untranslatable };
        let head = Head { payload_type: fit.payload_type, ..head };
        let waits = self.cutter.as_ref().is_some_and(|it| it.ticks > 0);
        let misfit = payload.and_then(|it| {
            let payload = bytes.get(it)?;
            Some((payload, fit.misfit(payload, waits)?))
        });
        let Some((payload, (ticks, pause))) = misfit else {
            return self.pass(head, place, Some(fit.clock()), 0, bytes, desk);
        };
        if place == Place::Late {
            return Outcome::Late;
        }
        let clocks = Clocks { from: fit.clock(), to: fit.clock() };
        let at = self.at(head.timestamp, place, Some(clocks));
        if let Some(outlet) = &mut self.plan.outlet {
            finish(outlet, &mut self.numbering, desk);
        }
        self.follow(fit, at, place, desk);
        let ssrc = self.numbering.name().unwrap_or(head.ssrc);
        let Some(cutter) = &mut self.cutter else { return Outcome::Untranslatable };
        // What was to leave by now is late.
        while cutter.is_ready() {
            cutter.cut(&mut self.numbering, ssrc, desk);
        }
        cutter.marker |= head.marker || place == Place::Joins;
        if cutter.push(payload, ticks).is_none() {
            cutter.clear();
            return Outcome::Untranslatable;
        }
        match pause {
            true => cutter.cut_all(&mut self.numbering, ssrc, desk),
            false if cutter.is_ready() => cutter.cut(&mut self.numbering, ssrc, desk),
            false => {}
        }
        cutter.wait(now);
        Outcome::Cut
    }

    /// When the next leaves of several packets that became of one.
    pub(crate) fn cut_due(&self) -> Option<Instant> {
        self.cutter.as_ref()?.due
    }

    /// The next of several packets leaves, which is due now.
    pub(crate) fn cut_on(&mut self, due: Instant, desk: &mut Desk) {
        desk.packets.clear();
        let (Some(cutter), Some(ssrc)) = (&mut self.cutter, self.numbering.name()) else { return };
        if cutter.is_ready() {
            cutter.cut(&mut self.numbering, ssrc, desk);
        }
        cutter.wait(due);
    }

    /// Comes from what was last cut to what is cut now, which belongs `at` this timestamp.
    fn follow(&mut self, fit: Fit, at: u32, place: Place, desk: &mut Desk) {
        let cutter = self.cutter.get_or_insert_with(|| Box::new(Cutter::new(fit)));
        let same = (cutter.fit.codec, cutter.fit.payload_type) == (fit.codec, fit.payload_type);
        let gap = cutter.end().filter(|_| same).map(|end| at.wrapping_sub(end).cast_signed());
        let unsteady = UNSTEADY.ticks(fit.clock()).unsigned_abs();
        // Timestamps that go a little wrong are no gap: what waits is part of the same sound.
        if cutter.ticks > 0 && gap.is_some_and(|gap| gap.unsigned_abs() < unsteady) {
            cutter.fit = fit;
            return;
        }
        self.finish_cutting(desk);
        if let Place::Next { lost } = place
            && lost > 0
        {
            let packet = i32::try_from(fit.packet).unwrap_or(i32::MAX).max(1);
            let missing = gap.map_or(i32::from(lost), |gap| gap / packet);
            self.numbering.skip(u16::try_from(missing.clamp(1, MOST_MISSING)).unwrap_or(1));
        }
        if let Some(cutter) = &mut self.cutter {
            cutter.begin(fit, at);
        }
    }

    /// What waits to be cut leaves as it is. Whether anything did.
    pub(super) fn finish_cutting(&mut self, desk: &mut Desk) -> bool {
        let Some(cutter) = &mut self.cutter else { return false };
        let waited = cutter.ticks > 0;
        if let Some(ssrc) = self.numbering.name() {
            cutter.cut_all(&mut self.numbering, ssrc, desk);
        }
        cutter.clear();
        waited
    }
}

/// What the box cuts for; other wishes are the affair of those two.
const WISHES: RangeInclusive<u8> = 10..=60;
/// [`LONGEST`], and the longest packet that waits.
const MOST_MILLIS: usize = 260;
/// The same in frames of 20 ms.
const MOST_FRAMES: usize = 13;
