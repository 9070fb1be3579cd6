//! What is counted of a stream that comes in: loss and jitter as RFC 3550 §A.1, §A.3 and §A.8 do.

use crate::quality::{Fates, Pattern};
use crate::rtcp::Report;
use crate::rtp::Header;
use call::{Formats, MediaKind, StreamStats};
use std::time::{Duration, Instant};

/// The stream that a port hears, and what the ones before it lost.
#[derive(Debug, Default)]
pub(crate) struct Reception {
    stream: Option<Stream>,
    lost_before: u64,
}

#[derive(Debug)]
struct Stream {
    ssrc: u32,
    sequence: Sequence,
    clock: Clock,
    /// The last packet that began a new instant: its arrival and its timestamp.
    last: (Instant, u32),
    /// Jitter in sixteenths of a microsecond.
    jitter: i64,
    fates: Fates,
    /// Microseconds from one packet to the next by their timestamps, as it was last.
    spacing: i64,
}

/// Which packets came (§A.1).
#[derive(Debug)]
struct Sequence {
    base: u16,
    max: u16,
    cycles: u64,
    received: u64,
    /// What should have come, and did, by the last report.
    reported: (u64, u64),
    /// The number that would confirm that the sender started anew.
    restart: Option<u16>,
}

/// How fast a stream's timestamps run.
#[derive(Debug, Clone, Copy)]
enum Clock {
    /// Ticks in a second.
    Hertz(u32),
    /// A dynamic payload type that the description did not tell: it is measured.
    Unknown { since: Instant, from: u32 },
}

/// What the far side and the box agreed on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Agreed<'a> {
    pub(crate) kind: MediaKind,
    /// What it may send, where that is known here.
    pub(crate) formats: Option<&'a Formats>,
}

impl Agreed<'_> {
    fn clock(&self, payload_type: u8) -> Option<u32> {
        let receive = &self.formats?.receive;
        let format = receive.iter().find(|format| format.payload_type == payload_type)?;
        Some(format.codec.clock()).filter(|clock| *clock > 0)
    }
}

impl Reception {
    /// Counts a packet.
    pub(crate) fn count(
        &mut self,
        stats: &mut StreamStats,
        header: &Header<'_>,
        agreed: Agreed<'_>,
        now: Instant,
    ) {
        stats.payload_type = Some(header.payload_type());
        let stream = match &mut self.stream {
            Some(stream) if stream.ssrc == header.ssrc() => stream,
            before => {
                let lost = before.as_ref().map_or(0, |stream| stream.sequence.lost());
                self.lost_before = self.lost_before.saturating_add(lost);
                *before = Some(Stream::new(header, agreed, now));
                stats.lost = self.lost_before;
                return;
            }
        };
        let follows = header.sequence() == stream.sequence.max.wrapping_add(1);
        let lost = stream.sequence.count(header.sequence());
        stream.fates.came(header.sequence());
        self.lost_before = self.lost_before.saturating_add(lost);
        stats.lost = self.lost_before.saturating_add(stream.sequence.lost());
        stream.time(header.timestamp(), follows, now);
        stats.jitter_micros = u32::try_from(stream.jitter >> 4).unwrap_or(u32::MAX);
        stats.jitter_max_micros = stats.jitter_max_micros.max(stats.jitter_micros);
    }

    /// How the stream is heard, since the last time where that is asked for; nothing when nothing
    /// came since (§6.4).
    pub(crate) fn report(&mut self) -> Option<Report> {
        let Stream { ssrc, sequence, clock, jitter, .. } = self.stream.as_mut()?;
        let fraction_lost = sequence.fraction_lost()?;
        let doubled = sequence.received.saturating_sub(sequence.expected());
        let lost = match sequence.lost() {
            0 => -i32::try_from(doubled).unwrap_or(i32::MAX),
            lost => i32::try_from(lost).unwrap_or(i32::MAX),
        };
        let hertz = match clock {
            Clock::Hertz(hertz) => i64::from(*hertz),
            Clock::Unknown { .. } => 0,
        };
        let jitter = (*jitter >> 4).saturating_mul(hertz) / MICROS_SIGNED;
        Some(Report {
            ssrc: *ssrc,
            fraction_lost,
            lost,
            highest: sequence.highest() as u32,
            jitter: u32::try_from(jitter).unwrap_or(u32::MAX),
            last_report: 0,
            delay: 0,
        })
    }

    /// A packet that was counted is not played: its sound was due before.
    pub(crate) fn discard(&mut self, sequence: u16) {
        if let Some(stream) = &mut self.stream {
            stream.fates.discarded(sequence);
        }
    }

    /// How losses of the stream that is heard came, and how long a packet lasts.
    pub(crate) fn pattern(&self) -> Option<(Pattern, Duration)> {
        let stream = self.stream.as_ref()?;
        let spacing = Duration::from_micros(u64::try_from(stream.spacing).unwrap_or_default());
        Some((stream.fates.pattern(), spacing))
    }

    /// The stream that is heard now.
    pub(crate) fn ssrc(&self) -> Option<u32> {
        self.stream.as_ref().map(|stream| stream.ssrc)
    }

    /// So many ticks of the stream's clock in microseconds, once the clock is known.
    pub(crate) fn micros(&self, ticks: u32) -> Option<u32> {
        match self.stream.as_ref()?.clock {
            Clock::Hertz(hertz) => {
                let micros = u64::from(ticks) * MICROS / u64::from(hertz);
                Some(u32::try_from(micros).unwrap_or(u32::MAX))
            }
            Clock::Unknown { .. } => None,
        }
    }
}

impl Stream {
    fn new(header: &Header<'_>, agreed: Agreed<'_>, now: Instant) -> Self {
        let mut fates = Fates::default();
        fates.came(header.sequence());
        Self {
            ssrc: header.ssrc(),
            fates,
            spacing: 0,
            sequence: Sequence::new(header.sequence()),
            clock: Clock::new(header, agreed, now),
            last: (now, header.timestamp()),
            jitter: 0,
        }
    }

    /// Interarrival jitter (§A.8), in time instead of ticks.
    ///
    /// `follows`: the packet has the next number.
    fn time(&mut self, timestamp: u32, follows: bool, now: Instant) {
        let (arrival, before) = self.last;
        // Several packets of one instant: a picture, or a telephone event that lasts (RFC 4733).
        if timestamp == before {
            return;
        }
        self.last = (now, timestamp);
        let Some(hertz) = self.clock.hertz(timestamp, now) else { return };
        let waited = i64::try_from(now.duration_since(arrival).as_micros()).unwrap_or(i64::MAX);
        let ticks = i64::from(timestamp.wrapping_sub(before).cast_signed());
        let sent = ticks * MICROS_SIGNED / i64::from(hertz);
        if follows && (1..=LONGEST_PACKET).contains(&sent) {
            self.spacing = sent;
        }
        let difference = waited.saturating_sub(sent).abs();
        // A sender that sets its clock anew has no jitter.
        if difference < CLOCK_SET {
            self.jitter += difference - ((self.jitter + 8) >> 4);
        }
    }
}

impl Sequence {
    fn new(first: u16) -> Self {
        Self { base: first, max: first, cycles: 0, received: 1, reported: (0, 0), restart: None }
    }

    /// Counts one; returns what was lost before it if the sender started anew.
    fn count(&mut self, sequence: u16) -> u64 {
        let ahead = sequence.wrapping_sub(self.max);
        let behind = self.max.wrapping_sub(sequence);
        if ahead >= MAX_DROPOUT && behind >= MAX_MISORDER {
            if self.restart != Some(sequence) {
                self.restart = Some(sequence.wrapping_add(1));
                return 0;
            }
            let lost = self.lost();
            *self = Self::new(sequence);
            return lost;
        }
        if ahead < MAX_DROPOUT {
            if sequence < self.max {
                self.cycles += 1 << 16;
            }
            self.max = sequence;
        }
        self.restart = None;
        self.received += 1;
        0
    }

    /// Expected less received (§A.3); doubled packets make up for lost ones.
    fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received)
    }

    fn expected(&self) -> u64 {
        self.highest().saturating_sub(u64::from(self.base)) + 1
    }

    fn highest(&self) -> u64 {
        self.cycles + u64::from(self.max)
    }

    /// Lost since the last time, in 1/256 (§A.3); nothing when nothing came.
    fn fraction_lost(&mut self) -> Option<u8> {
        let (expected, received) = self.reported;
        self.reported = (self.expected(), self.received);
        let received = self.received.saturating_sub(received);
        if received == 0 {
            return None;
        }
        let expected = self.expected().saturating_sub(expected);
        let lost = expected.saturating_sub(received);
        Some((lost * 256).checked_div(expected).map_or(0, |it| it.min(255) as u8))
    }
}

impl Clock {
    fn new(header: &Header<'_>, agreed: Agreed<'_>, now: Instant) -> Self {
        if agreed.kind == MediaKind::Video {
            return Self::Hertz(90_000);
        }
        let payload_type = header.payload_type();
        match agreed.clock(payload_type).or_else(|| static_clock(payload_type)) {
            Some(hertz) => Self::Hertz(hertz),
            None => Self::Unknown { since: now, from: header.timestamp() },
        }
    }

    fn hertz(&mut self, timestamp: u32, now: Instant) -> Option<u32> {
        let (since, from) = match *self {
            Self::Hertz(hertz) => return Some(hertz),
            Self::Unknown { since, from } => (since, from),
        };
        let elapsed = now.duration_since(since);
        if elapsed < MEASURE {
            return None;
        }
        let ticks = u128::from(timestamp.wrapping_sub(from));
        let measured = ticks * u128::from(MICROS) / elapsed.as_micros().max(1);
        let off = |hertz: &u32| measured.abs_diff(u128::from(*hertz));
        let nearest = CLOCKS.into_iter().min_by_key(off);
        *self = match nearest.filter(|hertz| off(hertz) * 10 <= u128::from(*hertz)) {
            Some(hertz) => Self::Hertz(hertz),
            None => Self::Unknown { since: now, from: timestamp },
        };
        None
    }
}

/// The clocks of RFC 3551 §6, tables 4 and 5.
fn static_clock(payload_type: u8) -> Option<u32> {
    match payload_type {
        0 | 3..=5 | 7..=9 | 12 | 13 | 15 | 18 => Some(8_000),
        6 => Some(16_000),
        10 | 11 => Some(44_100),
        14 | 25 | 26 | 28 | 31..=34 => Some(90_000),
        16 => Some(11_025),
        17 => Some(22_050),
        _ => None,
    }
}

const MICROS: u64 = 1_000_000;
const MICROS_SIGNED: i64 = 1_000_000;
/// RFC 3550 §A.1.
const MAX_DROPOUT: u16 = 3_000;
const MAX_MISORDER: u16 = 100;
/// A jump of the timestamps by so many microseconds is no jitter.
const CLOCK_SET: i64 = 2_000_000;
/// Microseconds: no packet of sound lasts longer (RFC 3551 §4.2), what is longer is a pause.
const LONGEST_PACKET: i64 = 200_000;
/// How long a clock is measured: one part in ten is enough to tell the usual ones apart.
const MEASURE: Duration = Duration::from_secs(1);
/// The clocks of audio payload types in use.
const CLOCKS: [u32; 8] = [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 90_000];
