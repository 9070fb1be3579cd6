//! Between sampling rates: 8, 16, 32 and 48 kHz, any to any, as one polyphase filter of integers.
//!
//! The pass band is flat within 0.1 dB up to 0.9 of the lower Nyquist frequency, and what lies
//! above that frequency comes out (folded, or as an image) at least 70 dB down. The delay is the
//! same at all frequencies: 32 sampling intervals of the lower rate, which is 4 ms at 8 kHz and 2
//! ms at 16 kHz.
//!
//! A rise by `up` and a fall by `down` turn each group of `down` samples into `up` samples. The
//! input is dealt out to `down` streams, so that each of the `up` phases is a sum of plain
//! correlations, which are worked out for many groups at once ([`crate::arch`]). Where the input is
//! cut makes no difference.

mod prototype;

use crate::arch::Level;
use crate::arch::fir::{self, Bank, TILE};
use prototype::Prototype;
use std::fmt;

/// A sampling rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rate {
    /// 8,000 samples a second.
    Hz8000,
    /// 16,000 samples a second.
    Hz16000,
    /// 32,000 samples a second.
    Hz32000,
    /// 48,000 samples a second.
    Hz48000,
}

impl Rate {
    /// All of them, the lowest first.
    pub const ALL: [Self; 4] = [Self::Hz8000, Self::Hz16000, Self::Hz32000, Self::Hz48000];

    /// Samples a second.
    pub const fn hz(self) -> usize {
        match self {
            Self::Hz8000 => 8_000,
            Self::Hz16000 => 16_000,
            Self::Hz32000 => 32_000,
            Self::Hz48000 => 48_000,
        }
    }
}

/// Misuse: the output is too short. The state is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRoom {
    /// Samples needed.
    pub needed: usize,
}

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the output has no room for {} samples", self.needed)
    }
}

impl std::error::Error for NoRoom {}

/// One direction of one channel. The state is at most 3.2 kB, most of it on the heap.
#[derive(Debug, Clone)]
pub struct Resampler {
    from: Rate,
    to: Rate,
    level: Level,
    /// Nothing where the rates are equal.
    filter: Option<&'static Filter>,
    /// The streams, each `STRIDE` samples long: what the filter still remembers, then what is new.
    line: Box<[i16]>,
    /// New samples in all streams.
    new: usize,
}

impl Resampler {
    /// From one rate to another; between equal rates samples pass as they are.
    pub fn new(from: Rate, to: Rate) -> Self {
        Self::with_level(from, to, Level::current())
    }

    /// The same with other vector instructions, if the machine has them. All give the same result.
    pub fn with_level(from: Rate, to: Rate, level: Level) -> Self {
        let level = level.or_scalar();
        let filter = Filter::between(from, to);
        let line = vec![0; filter.map_or(0, |it| it.down) * STRIDE].into_boxed_slice();
        Self { from, to, level, filter, line, new: 0 }
    }

    /// How much later sound comes out, in samples of the output rate: 32 of the lower rate.
    pub const fn delay(&self) -> usize {
        match self.filter {
            None => 0,
            Some(_) if self.to.hz() < self.from.hz() => REACH,
            Some(_) => REACH * self.to.hz() / self.from.hz(),
        }
    }

    /// How many samples come out next for so many that go in.
    pub const fn output_len(&self, input: usize) -> usize {
        match self.filter {
            None => input,
            Some(filter) => (self.new + input) / filter.down * filter.up,
        }
    }

    /// Converts all of `input`; returns how many samples were written to `output`. Up to five
    /// samples that do not fill a group wait for the next call; 10 ms are whole groups between all
    /// rates.
    pub fn resample(&mut self, input: &[i16], output: &mut [i16]) -> Result<usize, NoRoom> {
        let needed = self.output_len(input.len());
        let Some(output) = output.get_mut(..needed) else { return Err(NoRoom { needed }) };
        let Some(filter) = self.filter else {
            output.copy_from_slice(input);
            return Ok(needed);
        };
        let (mut input, mut output) = (input, output);
        while !input.is_empty() {
            let (now, later) = input.split_at(input.len().min(BLOCK * filter.down - self.new));
            self.deal(filter, now);
            let groups = self.new / filter.down;
            let (made, rest) = output.split_at_mut(groups * filter.up);
            filter.convert(self.level, &self.line, made);
            self.forget(filter, groups);
            (input, output) = (later, rest);
        }
        Ok(needed)
    }

    /// Puts samples into the streams in turn.
    fn deal(&mut self, filter: &Filter, samples: &[i16]) {
        let begun = (filter.down - self.new % filter.down) % filter.down;
        let (head, groups) = samples.split_at(samples.len().min(begun));
        for &sample in head {
            self.deal_one(filter, sample);
        }
        let whole = groups.len() / filter.down * filter.down;
        let (groups, tail) = groups.split_at(whole);
        let at = filter.memory() + self.new / filter.down;
        match filter.down {
            1 => deal_groups::<1>(&mut self.line, at, groups),
            2 => deal_groups::<2>(&mut self.line, at, groups),
            3 => deal_groups::<3>(&mut self.line, at, groups),
            4 => deal_groups::<4>(&mut self.line, at, groups),
            _ => deal_groups::<6>(&mut self.line, at, groups),
        }
        self.new += whole;
        for &sample in tail {
            self.deal_one(filter, sample);
        }
    }

    fn deal_one(&mut self, filter: &Filter, sample: i16) {
        let stream = self.new % filter.down;
        self.line[stream * STRIDE + filter.memory() + self.new / filter.down] = sample;
        self.new += 1;
    }

    /// Moves the streams on by so many groups, with what has begun of the next one.
    fn forget(&mut self, filter: &Filter, groups: usize) {
        for stream in self.line.chunks_exact_mut(STRIDE) {
            stream.copy_within(groups..groups + filter.span, 0);
        }
        self.new -= groups * filter.down;
    }
}

fn deal_groups<const DOWN: usize>(line: &mut [i16], at: usize, samples: &[i16]) {
    let (groups, _) = samples.as_chunks::<DOWN>();
    for (place, stream) in line.chunks_exact_mut(STRIDE).enumerate().take(DOWN) {
        for (slot, group) in stream[at..].iter_mut().zip(groups) {
            *slot = group[place];
        }
    }
}

/// The taps for one ratio of rates, in the order in which they are used.
#[derive(Debug)]
struct Filter {
    up: usize,
    down: usize,
    /// Taps of one phase over one stream.
    span: usize,
    /// Phases that are worked out together.
    together: usize,
    scale: u32,
    taps: &'static [i16],
}

impl Filter {
    fn between(from: Rate, to: Rate) -> Option<&'static Self> {
        match (to.hz() / 8_000, from.hz() / 8_000) {
            (2, 1) | (4, 2) => Some(&UP_2),
            (6, 2) => Some(&UP_3),
            (4, 1) => Some(&UP_4),
            (6, 1) => Some(&UP_6),
            (1, 2) | (2, 4) => Some(&DOWN_2),
            (2, 6) => Some(&DOWN_3),
            (1, 4) => Some(&DOWN_4),
            (1, 6) => Some(&DOWN_6),
            (6, 4) => Some(&UP_3_DOWN_2),
            (4, 6) => Some(&UP_2_DOWN_3),
            _ => None,
        }
    }

    const fn new(up: usize, down: usize, taps: &'static [i16]) -> Self {
        let (span, together) = (span(up, down), together(up));
        Self { up, down, span, together, scale: Prototype::of(up, down).scale, taps }
    }

    /// Samples of a stream that are kept.
    const fn memory(&self) -> usize {
        self.span - 1
    }

    fn convert(&self, level: Level, line: &[i16], output: &mut [i16]) {
        match self.together {
            1 => self.convert_together::<1>(level, line, output),
            2 => self.convert_together::<2>(level, line, output),
            _ => self.convert_together::<3>(level, line, output),
        }
    }

    fn convert_together<const P: usize>(&self, level: Level, line: &[i16], output: &mut [i16]) {
        let (passes, _) = self.taps.as_chunks::<2>();
        for (pass, taps) in passes.chunks_exact(passes.len() * P / self.up).enumerate() {
            let bank = Bank {
                taps,
                streams: self.down,
                stride: STRIDE,
                pairs: self.span / 2,
                gain: self.up as i32,
                scale: self.scale,
            };
            for (tile, groups) in output.chunks_mut(TILE * self.up).enumerate() {
                let phases = fir::tile::<P>(level, &bank, &line[tile * TILE..]);
                self.interleave(pass, &phases, groups);
            }
        }
    }

    /// Puts phases from `pass * P` on into their places in each group.
    fn interleave<const P: usize>(
        &self,
        pass: usize,
        phases: &[[i16; TILE]; P],
        groups: &mut [i16],
    ) {
        if self.up == P {
            for (place, group) in groups.as_chunks_mut::<P>().0.iter_mut().enumerate().take(TILE) {
                *group = std::array::from_fn(|phase| phases[phase][place]);
            }
            return;
        }
        for (place, group) in groups.chunks_exact_mut(self.up).enumerate() {
            for (sample, phase) in group[pass * P..].iter_mut().zip(phases) {
                *sample = phase[place];
            }
        }
    }
}

/// Taps of one phase over one stream, an even number.
const fn span(up: usize, down: usize) -> usize {
    let proto = Prototype::of(up, down);
    let last = 2 * (proto.half.len() - 1);
    ((last + (down - 1) * up) / (up * down) + 2) & !1
}

const fn together(up: usize) -> usize {
    if up.is_multiple_of(3) {
        3
    } else if up.is_multiple_of(2) {
        2
    } else {
        1
    }
}

/// The taps of a filter by pass, stream, pair of taps and phase.
///
/// With inputs `i * down + j` and outputs `i * up + r` at the filter's rate, output `r` of group
/// `i` takes from input `j` of group `i - d` what tap `up * down * d + r * down - j * up` weighs it
/// with.
const fn taps<const N: usize>(up: usize, down: usize) -> [i16; N] {
    let proto = Prototype::of(up, down);
    let (span, together) = (span(up, down), together(up));
    let mut taps = [0; N];
    let mut at = 0;
    while at < N {
        let phase = at / 2 % together;
        let pair = at / 2 / together % (span / 2);
        let stream = at / together / span % down;
        let pass = at / together / span / down;
        let before = span - 1 - (2 * pair + at % 2);
        let place = (up * down * before + (pass * together + phase) * down) as isize;
        taps[at] = proto.tap(place - (stream * up) as isize);
        at += 1;
    }
    taps
}

macro_rules! filters {
    ($($name:ident = $up:literal, $down:literal;)*) => {$(
        static $name: Filter = {
            static TAPS: [i16; $up * $down * span($up, $down)] = taps($up, $down);
            Filter::new($up, $down, &TAPS)
        };
    )*};
}

filters! {
    UP_2 = 2, 1;
    UP_3 = 3, 1;
    UP_4 = 4, 1;
    UP_6 = 6, 1;
    DOWN_2 = 1, 2;
    DOWN_3 = 1, 3;
    DOWN_4 = 1, 4;
    DOWN_6 = 1, 6;
    UP_3_DOWN_2 = 3, 2;
    UP_2_DOWN_3 = 2, 3;
}

/// Half the length of the filters, in samples of the lower rate.
const REACH: usize = 32;
/// Groups that are converted at a time: 20 ms between 8 and 16 kHz.
const BLOCK: usize = 160;
/// Room of a stream: the longest memory, a block, and what the last tile reads beyond it.
const STRIDE: usize = 66 + BLOCK + TILE;

#[cfg(test)]
mod tests {
    use super::*;

    /// The kernels add up half the taps of a stream in 32 bits, and the halves of all streams after
    /// [`fir::HEADROOM`] bits were dropped.
    #[test]
    fn no_sum_of_a_filter_leaves_its_word() {
        for filter in [
            &UP_2,
            &UP_3,
            &UP_4,
            &UP_6,
            &DOWN_2,
            &DOWN_3,
            &DOWN_4,
            &DOWN_6,
            &UP_3_DOWN_2,
            &UP_2_DOWN_3,
        ] {
            let passes = filter.taps.chunks_exact(filter.taps.len() * filter.together / filter.up);
            for (pass, phase) in
                passes.flat_map(|pass| (0..filter.together).map(move |it| (pass, it)))
            {
                let mut all = 0;
                for stream in pass.chunks_exact(filter.span * filter.together) {
                    let pairs: Vec<_> = stream.chunks_exact(2 * filter.together).collect();
                    for half in <[_; 2]>::from(pairs.split_at(pairs.len().div_ceil(2))) {
                        let taps = half.iter().flat_map(|pair| &pair[2 * phase..2 * phase + 2]);
                        let sum: i64 = taps.map(|&tap| i64::from(tap).abs()).sum::<i64>() << 15;
                        assert!(sum <= i64::from(i32::MAX), "{filter:?}: {sum}");
                        all += sum >> fir::HEADROOM;
                    }
                }
                assert!(all * (filter.up as i64) < i64::from(i32::MAX) - (1 << 15), "{all}");
            }
        }
    }

    #[test]
    fn the_state_is_as_small_as_stated() {
        for (from, to) in Rate::ALL.iter().flat_map(|&from| Rate::ALL.map(|to| (from, to))) {
            let state = Resampler::new(from, to);
            assert!(size_of_val(&state) + size_of_val(&*state.line) <= 3_200);
        }
    }
}
