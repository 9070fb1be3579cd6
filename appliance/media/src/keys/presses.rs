//! Keys that control knows of, because a request told them (INFO): the other side hears them in place
//! of the sound that comes meanwhile.

use super::{Event, ToneEvent};
use crate::rtp::Head;
use call::KeyPress;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The keys of one far side that wait or are being said.
#[derive(Debug, Default)]
pub(crate) struct Presses {
    waiting: VecDeque<KeyPress>,
    state: State,
    /// The one that was taken last, and when.
    last: Option<(char, Instant)>,
}

#[derive(Debug, Default, Clone, Copy)]
enum State {
    #[default]
    Idle,
    /// A key is said since the packet with this timestamp.
    Saying { number: u8, samples: u64, timestamp: u32, said: u64, left: u8 },
    /// So many packets of sound before the next key.
    Pause(u8),
}

impl Presses {
    /// Takes a key. When so many wait already, nobody presses them.
    pub(crate) fn push(&mut self, press: KeyPress, now: Instant) {
        if self.waiting.len() < MOST {
            self.waiting.push_back(press);
            self.last = Some((press.key, now));
        }
    }

    /// Whether a key was taken just now, which comes as an event as well. It does so once.
    pub(crate) fn take_same(&mut self, key: char, now: Instant) -> bool {
        let same = |last: &mut (char, Instant)| {
            last.0 == key && now.saturating_duration_since(last.1) <= TOGETHER
        };
        self.last.take_if(same).is_some()
    }

    /// What is said in place of a packet of sound that lasts so many samples at 8 kHz.
    pub(crate) fn next(&mut self, head: Head, samples: u64) -> Option<ToneEvent> {
        if let State::Pause(left) = &mut self.state {
            *left -= 1;
            if *left == 0 {
                self.state = State::Idle;
            }
            return None;
        }
        if let State::Idle = self.state {
            let press = self.waiting.pop_front()?;
            let millis = u64::from(press.millis.clamp(LEAST, LONGEST));
            self.state = State::Saying {
                number: Event::number_of(press.key)?,
                samples: millis * 8,
                timestamp: head.timestamp,
                said: 0,
                left: ToneEvent::COPIES,
            };
        }
        let State::Saying { number, samples: whole, timestamp, said, left } = &mut self.state
        else {
            return None;
        };
        let begins = *said == 0;
        *said = (*said + samples).min(*whole);
        let end = said == whole;
        let event =
            ToneEvent { number: *number, begins, end, timestamp: *timestamp, samples: *said };
        if end {
            *left -= 1;
            if *left == 0 {
                self.state = State::Pause(PAUSE);
            }
        }
        Some(event)
    }
}

/// What a phone that tells a key in several ways tells within this is one key.
pub(crate) const TOGETHER: Duration = Duration::from_millis(700);
/// What people type in a minute.
const MOST: usize = 64;
/// In milliseconds: shorter ones are not heard (ITU-T Q.24 table A-1), and a request may say anything.
const LEAST: u16 = 60;
const LONGEST: u16 = 6_000;
/// Packets of sound between two keys.
const PAUSE: u8 = 4;
