//! Keys that are heard as telephone events: each once, whatever is lost, doubled or late.

use super::Event;
use call::{KeyPress, KeySource};
use std::time::{Duration, Instant};

/// Hears the events of one far side.
#[derive(Debug, Default)]
pub(crate) struct Listener {
    /// The stream that they came in.
    ssrc: u32,
    last: Option<Pressing>,
}

/// The key that was pressed last.
#[derive(Debug, Clone, Copy)]
struct Pressing {
    key: Option<char>,
    number: u8,
    /// Of the segment that goes on (RFC 4733 §2.5.1.3).
    timestamp: u32,
    /// Ticks of the segment so far, and of those before it.
    duration: u16,
    before: u32,
    /// Ticks in a second.
    clock: u32,
    /// When its last packet came.
    heard: Instant,
    told: bool,
}

impl Listener {
    /// Takes an event in, and tells of keys that were let go.
    pub(crate) fn hear(
        &mut self,
        stream: (u32, u32),
        event: Event,
        clock: u32,
        now: Instant,
        mut tell: impl FnMut(KeyPress),
    ) {
        let (ssrc, timestamp) = stream;
        if self.ssrc != ssrc {
            self.last.take().and_then(Pressing::let_go).into_iter().for_each(&mut tell);
            self.ssrc = ssrc;
        }
        let begun = Pressing {
            key: event.key(),
            number: event.number,
            timestamp,
            duration: event.duration,
            before: 0,
            clock,
            heard: now,
            told: false,
        };
        let pressing = match &mut self.last {
            Some(last) if last.timestamp == timestamp => {
                if last.number != event.number {
                    return;
                }
                last.duration = last.duration.max(event.duration);
                last.heard = now;
                last
            }
            // It was overtaken by another key.
            Some(last) if last.is_after(timestamp) => return,
            Some(last) if last.goes_on(event, timestamp) => {
                last.before = last.before.saturating_add(timestamp.wrapping_sub(last.timestamp));
                (last.timestamp, last.duration, last.heard) = (timestamp, event.duration, now);
                last
            }
            last => {
                last.take().and_then(Pressing::let_go).into_iter().for_each(&mut tell);
                last.insert(begun)
            }
        };
        if event.end && !pressing.told {
            pressing.let_go().into_iter().for_each(tell);
            pressing.told = true;
        }
    }

    /// A key whose end was lost is let go when nothing more comes of it.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<KeyPress> {
        let due = self.due()?;
        let last = self.last.as_mut().filter(|_| due <= now)?;
        let press = last.let_go();
        last.told = true;
        press
    }

    /// Whether this key is pressed, or was until just now.
    pub(crate) fn is_fresh(&self, key: char, now: Instant, window: Duration) -> bool {
        let fresh = |last: &Pressing| now.saturating_duration_since(last.heard) <= window;
        self.last.as_ref().is_some_and(|last| last.key == Some(key) && fresh(last))
    }

    /// Whether an event with this timestamp is another key than the last.
    pub(crate) fn begins(&self, timestamp: u32) -> bool {
        let Some(last) = &self.last else { return true };
        let ticks = timestamp.wrapping_sub(last.timestamp);
        ticks != 0 && !last.is_after(timestamp) && (last.told || ticks != SEGMENT)
    }

    /// When to look whether the end of a key was lost; nothing while none is pressed.
    pub(crate) fn due(&self) -> Option<Instant> {
        let last = self.last.as_ref().filter(|last| !last.told)?;
        last.heard.checked_add(PATIENCE)
    }
}

impl Pressing {
    fn is_after(&self, timestamp: u32) -> bool {
        timestamp.wrapping_sub(self.timestamp).cast_signed() < 0
    }

    /// Whether it is held so long that a new segment begins where its last one ended.
    fn goes_on(&self, event: Event, timestamp: u32) -> bool {
        let ticks = timestamp.wrapping_sub(self.timestamp);
        !self.told && self.number == event.number && ticks == SEGMENT
    }

    /// What there is to tell of it, unless it was told.
    fn let_go(self) -> Option<KeyPress> {
        let key = self.key.filter(|_| !self.told)?;
        let ticks = u64::from(self.before) + u64::from(self.duration);
        let millis = ticks * 1_000 / u64::from(self.clock.max(1));
        let millis = u16::try_from(millis).unwrap_or(u16::MAX);
        Some(KeyPress { key, millis, source: KeySource::Rfc4733 })
    }
}

/// Packets of an event come every 50 ms at least (RFC 4733 §2.5.1.2); so many may be lost.
const PATIENCE: Duration = Duration::from_millis(250);
/// The longest segment of a long event (§2.5.1.3).
const SEGMENT: u32 = 0xffff;
