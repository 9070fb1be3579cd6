//! The line card of a B channel: octets as they come from a timeslot and go to it on one side, packets on
//! the other. What the rest of the box does with a far side it does with a B channel, too.
//!
//! ```text
//!            ┌─ data? ─┐
//! heard ──► echo canceller ──► law ──► packets ──► whoever hears the channel
//!            ▲
//! said ◄─────┴── law ◄── jitter buffer ◄── packets ◄── who speaks to it
//! ```
//!
//! The clock of the line drives both ways: what it hears is stamped by its own octets, and what is said to
//! it leaves the jitter buffer when the line takes the next block, however the sender's clock drifts. Two
//! channels that only hear each other leave all that out: octets go from one card to the other (`store`).

mod clear;
mod data;
mod packets;
mod store;

use crate::ear::Ear;
use crate::jitter::Pace;
use crate::names::Name;
use crate::rtp::Header;
use call::{Codec, Formats, LineLaw, LineQuality, LineSound};
use clear::Straight;
use data::DataWatch;
use media_dsp::echo::{EchoCanceller, Processor, Settings, State, Tail};
use media_dsp::g711::{Decoder, Encoder, Law, Transcoder};
use media_dsp::resample::Rate;
use media_dsp::tone::Dbm0;
use packets::Packer;
use std::time::{Duration, Instant};
use store::Store;

/// What stands between a timeslot and the packets of its port.
///
/// All its memory is taken when it is made and when it is told what both sides speak.
#[derive(Debug)]
pub(crate) struct Card {
    sound: LineSound,
    decoder: Decoder,
    encoder: Encoder,
    /// Nothing where no echo is to be cancelled.
    canceller: Option<Box<EchoCanceller>>,
    /// Nothing on a channel that carries data anyway.
    watch: Option<Box<DataWatch>>,
    packer: Packer,
    playout: Playout,
    store: Store,
    looped: bool,
    /// When the block at hand was heard, by the line's own clock.
    clock: Option<Instant>,
    room: Box<Room>,
    meter: Meter,
}

/// How what is said to a channel comes out of packets.
#[derive(Debug)]
enum Playout {
    /// Nobody said yet what is spoken.
    Nothing,
    /// Sound.
    Voice(Box<Ear>),
    /// Octets as they are.
    Clear(Box<Straight>),
}

/// Room for the sound of one block.
#[derive(Debug)]
struct Room {
    heard: [i16; LONGEST],
    said: [i16; LONGEST],
    rest: [i16; LONGEST],
    octets: [u8; LONGEST],
}

/// What is counted, and what was by the last time that was told.
#[derive(Debug, Default)]
struct Meter {
    received: u64,
    sent: u64,
    /// Since the last time: octets, and the squares of both ways.
    octets: usize,
    heard: f64,
    said: f64,
}

impl Card {
    /// For a channel that sounds like this. `name`: names the stream that it sends.
    pub(crate) fn new(sound: LineSound, name: Name) -> Self {
        let law = law(sound.law);
        let cancels = sound.cancel_echo && !sound.clear;
        Self {
            sound,
            decoder: Decoder::new(law),
            encoder: Encoder::new(law),
            canceller: cancels.then(|| Box::new(EchoCanceller::new(ECHO))),
            watch: (!sound.clear).then(Box::default),
            packer: Packer::new(sound, name.stream),
            playout: Playout::Nothing,
            store: Store::new(law.silence()),
            looped: false,
            clock: None,
            room: Box::new(Room {
                heard: [0; LONGEST],
                said: [0; LONGEST],
                rest: [0; LONGEST],
                octets: [0; LONGEST],
            }),
            meter: Meter::default(),
        }
    }

    /// The channel sounds otherwise from now on; what need not change goes on.
    pub(crate) fn change(&mut self, sound: LineSound, formats: Option<&Formats>, name: Name) {
        if self.sound == sound {
            return;
        }
        let before = std::mem::replace(self, Self::new(sound, name));
        let same = LineSound { cancel_echo: before.sound.cancel_echo, ..sound } == before.sound;
        self.meter = before.meter;
        self.looped = before.looped;
        self.clock = before.clock;
        if same {
            (self.packer, self.playout) = (before.packer, before.playout);
            (self.store, self.watch) = (before.store, before.watch);
        } else {
            formats.into_iter().for_each(|it| self.describe(it));
        }
    }

    /// What the channel and the box agreed on: what is in its packets, both ways.
    pub(crate) fn describe(&mut self, formats: &Formats) {
        self.packer.describe(formats);
        let sends = Formats { receive: formats.send.clone(), ..Formats::default() };
        let clear = sends.receive.iter().find(|it| it.codec == Codec::Clear);
        self.playout = match (std::mem::replace(&mut self.playout, Playout::Nothing), clear) {
            (Playout::Voice(mut ear), _) if !self.sound.clear => {
                ear.describe(&sends);
                Playout::Voice(ear)
            }
            (_, Some(format)) if self.sound.clear => {
                let idle = law(self.sound.law).silence();
                Playout::Clear(Box::new(Straight::new(format.payload_type, idle)))
            }
            _ if self.sound.clear => Playout::Nothing,
            _ => Playout::Voice(Box::new(Ear::new(&sends, Rate::Hz8000))),
        };
        if let Playout::Voice(ear) = &mut self.playout {
            let first = sends.receive.iter().find(|it| it.codec.is_sound());
            first.into_iter().for_each(|it| ear.prepare(it.payload_type));
            ear.set_pace(pace(self.watch.as_deref()));
        }
    }

    /// Says what it hears from now on, or no longer.
    pub(crate) fn loop_back(&mut self, on: bool) {
        self.looped = on;
    }

    /// Whether the octets of this channel may be those of the other as they are, or by a table.
    pub(crate) fn fits(&self, other: &Self) -> bool {
        self.sound.clear == other.sound.clear && !self.looped && !other.looped
    }

    /// Takes a packet for the channel.
    pub(crate) fn take(&mut self, packet: &[u8], now: Instant) {
        let Ok(header) = Header::parse(packet) else { return };
        match &mut self.playout {
            Playout::Nothing => {}
            Playout::Voice(ear) => drop(ear.take(&header, now)),
            Playout::Clear(straight) => straight.take(&header),
        }
    }

    /// Takes octets that another channel heard, in its law.
    pub(crate) fn take_octets(&mut self, octets: &[u8], from: LineLaw) {
        if from == self.sound.law || self.sound.clear {
            return self.store.put(octets);
        }
        let mut other = [0; LONGEST];
        if let Some(other) = other.get_mut(..octets.len())
            && Transcoder::new(law(from)).transcode(octets, other).is_ok()
        {
            self.store.put(other);
        }
    }

    /// How its octets are companded.
    pub(crate) fn law(&self) -> LineLaw {
        self.sound.law
    }

    /// A block: what was heard, and room for what is said in the same time; of both the same length, at
    /// most [`LONGEST`].
    ///
    /// `direct`: another channel is heard, whose octets were [taken](Self::take_octets), and hears this one:
    /// there are no packets. Gives what is to be heard of the channel.
    pub(crate) fn exchange(
        &mut self,
        heard: &[u8],
        said: &mut [u8],
        direct: bool,
        now: Instant,
    ) -> &[u8] {
        let count = heard.len().min(said.len()).min(LONGEST);
        let (Some(heard), Some(said)) = (heard.get(..count), said.get_mut(..count)) else {
            return &[];
        };
        let due = self.tell_time(count, now);
        if self.looped {
            said.copy_from_slice(heard);
        } else if direct {
            self.store.get(said);
        } else {
            self.store.clear();
            self.play(said, due);
        }
        self.listen(heard, said);
        let octets = self.room.octets.get(..count).unwrap_or_default();
        match direct {
            true => self.packer.pass(count),
            false => self.packer.push(octets),
        }
        octets
    }

    /// The next packet of what was heard; how long it is.
    pub(crate) fn poll_packet(&mut self, packet: &mut [u8]) -> Option<usize> {
        self.packer.poll(packet)
    }

    /// How the channel fared, when it is time to tell.
    pub(crate) fn poll_quality(&mut self) -> Option<LineQuality> {
        if self.meter.octets < INTERVAL {
            return None;
        }
        let data = self.watch.as_ref().is_some_and(|it| it.is_data());
        let level = |squares: f64| {
            let level = Dbm0::of_mean_square((squares / INTERVAL as f64) as f32);
            (level.0 * 100.0).max(LEAST_LEVEL) as i16
        };
        let canceller = self.canceller.as_ref();
        let quality = LineQuality {
            erle: canceller.map_or(0, |it| (1_000.0 * it.enhancement().log10()).max(0.0) as i16),
            cancelling: canceller.is_some_and(|it| it.state() == State::Enabled) && !data,
            data,
            received_level: level(self.meter.heard),
            sent_level: level(self.meter.said),
            received: self.meter.received,
            sent: self.meter.sent,
            slips: self.slips(),
        };
        (self.meter.octets, self.meter.heard, self.meter.said) = (0, 0.0, 0.0);
        Some(quality)
    }

    /// What is made of packets for the channel; nothing where there is no sound in them.
    pub(crate) fn ear(&self) -> Option<&Ear> {
        match &self.playout {
            Playout::Voice(ear) => Some(ear),
            Playout::Nothing | Playout::Clear(_) => None,
        }
    }

    fn slips(&self) -> u64 {
        let clear = match &self.playout {
            Playout::Clear(straight) => straight.slips(),
            Playout::Nothing | Playout::Voice(_) => 0,
        };
        self.store.slips() + clear
    }

    /// The line's own time at the end of a block. A block is never earlier than it is due, so the line is as
    /// early as its earliest blocks; where its clock is the slower one, that is followed little by little.
    fn tell_time(&mut self, count: usize, now: Instant) -> Instant {
        let lasts = Duration::from_micros(count as u64 * MICROS / RATE);
        let due = match self.clock {
            Some(before) => before + lasts,
            None => now,
        };
        let late = now.saturating_duration_since(due);
        let due = match late > ASTRAY {
            true => now,
            false => (due + late / FOLLOWED).min(now),
        };
        self.clock = Some(due);
        due
    }

    /// What is said comes out of packets.
    fn play(&mut self, said: &mut [u8], due: Instant) {
        let idle = law(self.sound.law).silence();
        match &mut self.playout {
            Playout::Nothing => said.fill(idle),
            Playout::Clear(straight) => straight.get(said),
            Playout::Voice(ear) => {
                let Some(pcm) = self.room.said.get_mut(..said.len()) else { return };
                ear.hear(pcm, due);
                // As many as there are samples.
                let _ = self.encoder.encode(pcm, said);
            }
        }
    }

    /// What is heard, less the echo of what is said, is in the room.
    fn listen(&mut self, heard: &[u8], said: &[u8]) {
        let count = heard.len();
        self.meter.received += count as u64;
        self.meter.sent += count as u64;
        self.meter.octets += count;
        let room = &mut *self.room;
        if let Some(octets) = room.octets.get_mut(..count) {
            octets.copy_from_slice(heard);
        }
        let (Some(sin), Some(rin), Some(rest), Some(octets), Some(watch)) = (
            room.heard.get_mut(..count),
            room.said.get_mut(..count),
            room.rest.get_mut(..count),
            room.octets.get_mut(..count),
            &mut self.watch,
        ) else {
            return;
        };
        // Octets and samples are as many.
        let _ = (self.decoder.decode(heard, sin), self.decoder.decode(said, rin));
        self.meter.heard += squares(sin);
        self.meter.said += squares(rin);
        if watch.hear(sin, rin)
            && let Playout::Voice(ear) = &mut self.playout
        {
            ear.set_pace(pace(Some(watch)));
        }
        let Some(canceller) = self.canceller.as_mut().filter(|_| !watch.is_data()) else { return };
        if self.looped {
            return;
        }
        canceller.cancel(rin, sin, rest);
        if canceller.state() == State::Enabled {
            let _ = self.encoder.encode(rest, octets);
        }
    }
}

fn squares(pcm: &[i16]) -> f64 {
    let sum: i64 = pcm.iter().map(|it| i64::from(*it) * i64::from(*it)).sum();
    sum as f64
}

fn pace(watch: Option<&DataWatch>) -> Pace {
    match watch.is_some_and(DataWatch::is_data) {
        true => Pace::Fixed,
        false => Pace::Voice,
    }
}

fn law(law: LineLaw) -> Law {
    match law {
        LineLaw::A => Law::A,
        LineLaw::Mu => Law::Mu,
    }
}

/// The most octets that are exchanged at once: 20 ms.
pub const LONGEST: usize = 160;
/// Blocks of 5 ms that wait to be sent, so that who brings them may be late: the echo of what is said comes
/// that much later at least.
pub const PREFILL: usize = 2;
/// 128 ms, after what [`PREFILL`] is sure of even if one of its blocks is missing.
const ECHO: Settings =
    Settings { tail: Tail::Ms128, bulk_delay: 40, processor: Processor::ComfortNoise };
/// Octets in a second (ITU-T G.711 §2).
const RATE: u64 = 8_000;
const MICROS: u64 = 1_000_000;
/// Octets between two tellings: 2 s.
const INTERVAL: usize = 16_000;
/// Hundredths of dBm0: nothing is so quiet.
const LEAST_LEVEL: f32 = -7_000.0;
/// Which part of how late it is a line is taken to be late for good: a clock that is off by 200 ppm, which
/// is four times what is allowed (ITU-T G.703 §9.1), is followed within 0.3 ms.
const FOLLOWED: u32 = 256;
/// What is so late is another time.
const ASTRAY: Duration = Duration::from_millis(100);
