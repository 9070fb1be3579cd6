//! The adaptive jitter buffer: packets in as they come, sound out as it is due.
//!
//! The receiving side of one stream. [`JitterBuffer::put`] takes packets when they arrive, in any
//! order; [`JitterBuffer::get`] is called every 10 or 20 ms and always fills its frame: with sound,
//! with what conceals a loss, or with the noise of a pause. In between the buffer learns how late
//! packets come, and plays a little slower or faster, by whole cycles of the voice, to wait as long
//! as that needs and no longer. It reads no clock.
//!
//! **Delay** is the time from when the fastest packet of the last seconds could have brought a
//! sound until that sound is given out. It is exact at any time, whatever is lost and however
//! packets bunch, and since the fastest packet is always one of late, a sender whose clock drifts
//! away is followed.
//!
//! All memory is taken at construction ([`JitterBuffer::octets`]); nothing is allocated for a
//! packet or a frame.
//!
//! Ideas of WebRTC's NetEQ are in it: the histogram that forgets, the wait for packets that are
//! often overtaken, and the shape of the cuts.
//!
//! ```
//! use call::Codec;
//! use media::codec::{Hearing, Types};
//! use media::jitter::{Decoder, Heard, JitterBuffer, Packet, Settings};
//! use media_dsp::resample::Rate;
//! use std::time::{Duration, Instant};
//!
//! let types = Types { sound: 8, noise: Some(13) };
//! let mut decoder = Hearing::new(Codec::Pcma, types, Rate::Hz8000).unwrap();
//! let mut buffer = JitterBuffer::new(decoder.format(), Settings::default());
//! let (start, mut frame) = (Instant::now(), [0; 160]);
//! for number in 0..500_u32 {
//!     let packet = Packet {
//!         ssrc: 7,
//!         sequence: number as u16,
//!         timestamp: 160 * number,
//!         payload_type: 8,
//!         payload: &[0x55; 160],
//!     };
//!     let now = start + Duration::from_millis(20) * number;
//!     buffer.put(&packet, &decoder, now);
//!     let heard = buffer.get(&mut decoder, &mut frame, now + Duration::from_millis(5));
//!     assert!(number < 4 || heard == Heard::Sound);
//! }
//! assert!(buffer.statistics().delay < Duration::from_millis(40));
//! ```

mod ahead;
mod arrival;
mod background;
mod decoder;
mod passing;
mod playout;
mod slots;
mod statistics;
mod stream;
pub mod stretch;
mod target;

pub use decoder::{Content, Decoder, Format};
pub use statistics::Statistics;

use ahead::Ahead;
use background::Background;
use playout::Playout;
use slots::{Kept, LONGEST, SLOTS, Slots};
use std::time::{Duration, Instant};
use stream::{Number, Place, Stream, Timing};

/// A packet of the stream, as its RTP header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Names the stream.
    pub ssrc: u32,
    /// Counts packets.
    pub sequence: u16,
    /// When its first sample was taken, in ticks of [`Format::clock`].
    pub timestamp: u32,
    /// What the payload is.
    pub payload_type: u8,
    /// At most 1,500 octets.
    pub payload: &'a [u8],
}

/// What an installer may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Octets of payloads that may wait. 32 KiB hold a second of 20 ms packets of everything that
    /// is no more than 256 kbit/s.
    pub octets: usize,
    /// The least that packets are waited for.
    pub least: Duration,
    /// The most that packets are waited for.
    pub most: Duration,
    /// Whether the sound may be stretched.
    pub pace: Pace,
}

/// Whether a stream is played at any but its own pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// A little slower or faster, by cycles of the voice.
    Voice,
    /// Never: a modem or a fax is on the line. The delay changes in pauses and by losses only.
    Fixed,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            octets: 32 * 1_024,
            least: Duration::ZERO,
            most: Duration::from_millis(400),
            pace: Pace::Voice,
        }
    }
}

/// What a frame that was given out ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Silence: nothing has come yet.
    Nothing,
    /// What was sent, or was recovered.
    Sound,
    /// Made up in place of what was sent.
    Concealed,
    /// The noise of a pause.
    Noise,
}

/// The receiving side of one stream.
#[derive(Debug)]
pub struct JitterBuffer {
    format: Format,
    settings: Settings,
    /// What all times are counted from.
    epoch: Option<Instant>,
    stream: Option<Stream>,
    slots: Slots,
    ahead: Ahead,
    playout: Playout,
    background: Background,
    /// Where a payload is put together.
    room: Box<[u8; LONGEST]>,
    /// Lost packets of the streams before.
    lost_before: u64,
    statistics: Statistics,
}

impl JitterBuffer {
    /// For a decoder of this format.
    pub fn new(format: Format, settings: Settings) -> Self {
        Self {
            format,
            settings,
            epoch: None,
            stream: None,
            slots: Slots::new(settings.octets),
            ahead: Ahead::new(format.micro_samples(AHEAD)),
            playout: Playout::new(),
            background: Background::new(format.rate),
            room: Box::new([0; LONGEST]),
            lost_before: 0,
            statistics: Statistics::default(),
        }
    }

    /// The memory that such a buffer takes, all of it at construction: 48 KiB for the default
    /// settings at 8 kHz, 67 at 48.
    pub fn octets(format: Format, settings: Settings) -> usize {
        let samples = format.micro_samples(AHEAD) * size_of::<i16>();
        size_of::<Self>() + Slots::octets(settings.octets) + LONGEST + samples
    }

    /// Whether the sound may be stretched from now on.
    pub fn set_pace(&mut self, pace: Pace) {
        self.settings.pace = pace;
    }

    /// Takes a packet that has come. What cannot be played is counted and dropped; says whether its
    /// sound came in time.
    pub fn put(&mut self, packet: &Packet<'_>, decoder: &impl Decoder, now: Instant) -> bool {
        let now = self.micros(now);
        self.statistics.received += 1;
        let (ticks, pause) = match decoder.content(packet.payload_type, packet.payload) {
            Content::Sound(ticks) => (i64::from(ticks), false),
            Content::Pause(ticks) => (i64::from(ticks), true),
            Content::Foreign => (0, false),
        };
        let lasts = self.format.tick_micros(ticks);
        let playable = lasts > 0 && lasts <= LONGEST_SOUND && packet.payload.len() <= LONGEST;
        if playable && self.stream.as_ref().is_none_or(|it| it.ssrc() != packet.ssrc) {
            self.begin(packet, now);
        }
        let Some(number) = self.number(packet, ticks, playable, now) else { return true };
        let kept = Kept {
            sequence: number.sequence,
            timestamp: number.timestamp,
            ticks,
            pause,
            payload_type: packet.payload_type,
            payload: packet.payload,
        };
        self.keep(kept)
    }

    /// Fills a frame with what is to be heard now; says what it ends with.
    ///
    /// `pcm`: linear 16-bit at [`Format::rate`], of any length; 10 or 20 ms are meant, and the time
    /// from one call to the next is to be as long as the frame, but for the jitter of the caller's
    /// own clock.
    pub fn get(&mut self, decoder: &mut impl Decoder, pcm: &mut [i16], now: Instant) -> Heard {
        let now = self.micros(now);
        self.play(decoder, pcm, now)
    }

    /// What was counted, and the times as they are now.
    pub fn statistics(&self) -> Statistics {
        let micros = |it: i64| Duration::from_micros(u64::try_from(it).unwrap_or_default());
        let mut statistics = self.statistics;
        statistics.lost = self.lost_before;
        statistics.delay = micros(self.playout.delay());
        if let Some(stream) = &self.stream {
            statistics.lost += stream.lost();
            statistics.target = micros(self.lateness(stream) + self.playout.pull());
            statistics.jitter = micros(stream.arrivals.jitter());
        }
        statistics
    }

    /// The number of a packet that may be played; all others are counted.
    fn number(
        &mut self,
        packet: &Packet<'_>,
        ticks: i64,
        playable: bool,
        now: i64,
    ) -> Option<Number> {
        let format = self.format;
        let stream = self.stream.as_mut().filter(|it| it.ssrc() == packet.ssrc)?;
        let number = match stream.place(packet) {
            Place::At(number) => number,
            Place::Twice => {
                self.statistics.duplicate += 1;
                return None;
            }
            Place::Anew if playable => {
                self.begin(packet, now);
                return self.number(packet, ticks, playable, now);
            }
            Place::Anew | Place::Astray => {
                self.statistics.discarded += 1;
                return None;
            }
        };
        if !playable {
            self.statistics.discarded += u64::from(ticks > 0);
            return None;
        }
        match stream.time(number, format, ticks, now) {
            Timing::Learned => Some(number),
            Timing::Anew => {
                self.begin(packet, now);
                self.number(packet, ticks, playable, now)
            }
            Timing::Beside => {
                self.statistics.discarded += 1;
                None
            }
        }
    }

    /// Begins with a stream, about to hear this packet of it.
    fn begin(&mut self, packet: &Packet<'_>, now: i64) {
        if let Some(before) = &self.stream {
            self.lost_before += before.lost();
            self.statistics.restarts += 1;
        }
        self.statistics.discarded += self.slots.clear() as u64;
        self.stream = Some(Stream::new(packet, self.format, now));
        self.playout.begin(i64::from(packet.sequence));
    }

    /// Keeps a packet until it is due; if there is no room, at the cost of the oldest. False: it
    /// came too late.
    fn keep(&mut self, kept: Kept<'_>) -> bool {
        self.playout.expect(kept.sequence);
        let end = kept.timestamp + kept.ticks;
        if self.playout.is_past(kept.sequence, end) {
            self.statistics.late += 1;
            return false;
        }
        let newest = self.stream.as_ref().map_or(kept.sequence, Stream::newest);
        while newest - self.playout.next() >= SLOTS as i64 || !self.slots.keep(kept) {
            let Some(oldest) = self.slots.first(self.playout.next(), newest) else {
                self.playout.pass(newest);
                if !self.slots.keep(kept) {
                    self.statistics.discarded += 1;
                }
                return true;
            };
            self.slots.drop(oldest.sequence);
            self.playout.pass(oldest.sequence + 1);
            self.statistics.discarded += 1;
        }
        true
    }

    /// How late packets may come, in microseconds.
    fn lateness(&self, stream: &Stream) -> i64 {
        let micros = |it: Duration| i64::try_from(it.as_micros()).unwrap_or(i64::MAX);
        let least = micros(self.settings.least);
        let repeated = self.format.tick_micros(self.playout.repeated());
        (stream.target.lateness() + repeated).clamp(least, micros(self.settings.most).max(least))
    }

    fn micros(&mut self, now: Instant) -> i64 {
        let since = now.saturating_duration_since(*self.epoch.get_or_insert(now));
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    }
}

/// Microseconds of the longest packet: that of Opus (RFC 6716 §2.1.4).
const LONGEST_SOUND: i64 = 120_000;
/// Microseconds that are decoded at most: 60 of a frame that is given out, 30 for a cut, the
/// longest packet, and 30 to spare.
const AHEAD: i64 = 240_000;
