//! One stream as it comes in: numbers and timestamps that do not wrap, and what came already.

use super::arrival::{Arrivals, STALL};
use super::target::{Order, Target};
use super::{Format, Packet};

/// A stream from its first packet on.
#[derive(Debug)]
pub(super) struct Stream {
    ssrc: u32,
    /// The number that the stream began with.
    base: i64,
    newest: i64,
    newest_timestamp: i64,
    /// Packets that came, doubled ones aside.
    received: u64,
    /// Which of the last [`REMEMBERED`] came.
    came: [u64; REMEMBERED / 64],
    /// The number that would confirm that the sender started anew.
    restart: Option<u16>,
    pub(super) arrivals: Arrivals,
    pub(super) target: Target,
}

/// Where a packet belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// There.
    At(Number),
    /// It was here before.
    Twice,
    /// Nowhere near: if the next one follows it, the sender has started anew.
    Astray,
    /// It shows that the sender has started anew.
    Anew,
}

/// What a packet's timestamp says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timing {
    /// It goes with those before.
    Learned,
    /// The sender has set its clock.
    Anew,
    /// It cannot be.
    Beside,
}

/// A packet's number and timestamp, which do not wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) sequence: i64,
    pub(super) timestamp: i64,
}

impl Stream {
    /// A stream that is about to hear its first packet.
    pub(super) fn new(packet: &Packet<'_>, format: Format, now: i64) -> Self {
        let (sequence, timestamp) = (i64::from(packet.sequence), i64::from(packet.timestamp));
        Self {
            ssrc: packet.ssrc,
            base: sequence,
            newest: sequence - 1,
            newest_timestamp: timestamp - 1,
            received: 0,
            came: [0; REMEMBERED / 64],
            restart: None,
            arrivals: Arrivals::new(now, format.tick_micros(timestamp)),
            target: Target::new(),
        }
    }

    pub(super) fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The highest number that has come.
    pub(super) fn newest(&self) -> i64 {
        self.newest
    }

    /// Packets that did not come.
    pub(super) fn lost(&self) -> u64 {
        let expected = u64::try_from(self.newest - self.base + 1).unwrap_or_default();
        expected.saturating_sub(self.received)
    }

    /// Whether none is missing of the numbers from `first` on and before `end`.
    pub(super) fn is_whole(&self, first: i64, end: i64) -> bool {
        end - first < REMEMBERED as i64 && (first..end).all(|it| self.has_come(it))
    }

    /// Finds the place of a packet of this stream, and remembers that it came.
    pub(super) fn place(&mut self, packet: &Packet<'_>) -> Place {
        let ahead = packet.sequence.wrapping_sub(self.newest as u16).cast_signed();
        if !(-MAX_MISORDER..MAX_DROPOUT).contains(&ahead) {
            let confirmed = self.restart == Some(packet.sequence);
            self.restart = Some(packet.sequence.wrapping_add(1));
            return if confirmed { Place::Anew } else { Place::Astray };
        }
        self.restart = None;
        let sequence = self.newest + i64::from(ahead);
        if ahead > 0 {
            for number in self.newest + 1..=sequence.min(self.newest + REMEMBERED as i64) {
                self.forget(number);
            }
            self.newest = sequence;
        } else if self.has_come(sequence) {
            return Place::Twice;
        }
        self.mark(sequence);
        self.base = self.base.min(sequence);
        self.received += 1;
        let ticks = packet.timestamp.wrapping_sub(self.newest_timestamp as u32).cast_signed();
        Place::At(Number { sequence, timestamp: self.newest_timestamp + i64::from(ticks) })
    }

    /// Learns from a packet's arrival, if its timestamp goes with those before.
    pub(super) fn time(&mut self, number: Number, format: Format, ticks: i64, now: i64) -> Timing {
        let in_turn = number.sequence == self.newest;
        let sent = format.tick_micros(number.timestamp);
        let beside = number.timestamp == self.newest_timestamp;
        let turned = in_turn != (number.timestamp > self.newest_timestamp);
        if beside || turned || self.arrivals.early(now, sent) > STALL {
            return if in_turn && !beside { Timing::Anew } else { Timing::Beside };
        }
        let lasts = format.tick_micros(ticks);
        let since = match in_turn {
            true => format.tick_micros(number.timestamp - self.newest_timestamp),
            false => lasts,
        };
        self.newest_timestamp = self.newest_timestamp.max(number.timestamp);
        if number.sequence == self.base && !in_turn {
            // What came first had overtaken this: it was no measure.
            self.arrivals = Arrivals::new(now, sent);
        }
        let overtakes = in_turn && !self.has_come(number.sequence - 1);
        let arrival = self.arrivals.hear(now, sent, lasts, overtakes);
        if arrival.moved != 0 {
            self.target.shift(arrival.moved);
        }
        let order = match in_turn {
            true if arrival.behind => Order::Behind,
            true => Order::InTurn,
            false => Order::Overtaken,
        };
        self.target.hear(since, arrival.late, order);
        Timing::Learned
    }

    fn has_come(&self, sequence: i64) -> bool {
        let (word, bit) = bit(sequence);
        self.came.get(word).is_some_and(|it| it & bit != 0)
    }

    fn mark(&mut self, sequence: i64) {
        let (word, bit) = bit(sequence);
        if let Some(word) = self.came.get_mut(word) {
            *word |= bit;
        }
    }

    fn forget(&mut self, sequence: i64) {
        let (word, bit) = bit(sequence);
        if let Some(word) = self.came.get_mut(word) {
            *word &= !bit;
        }
    }
}

fn bit(sequence: i64) -> (usize, u64) {
    let place = usize::try_from(sequence.rem_euclid(REMEMBERED as i64)).unwrap_or_default();
    (place / 64, 1 << (place % 64))
}

/// Numbers that are remembered.
const REMEMBERED: usize = 512;
/// RFC 3550 §A.1.
const MAX_DROPOUT: i16 = 3_000;
const MAX_MISORDER: i16 = 100;
