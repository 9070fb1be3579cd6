//! The adaptive filter: a model of the echo path in partitions of 64 samples.
//!
//! The filter has two sets of weights. The *background* learns with every block by a Kalman filter in the
//! frequency domain: each bin of each partition has an uncertainty of its own, so that a step is large
//! where little is known and small where the near end speaks or the path is known already; once it is
//! known, only one in three blocks that leave no more than ever is learned from. The
//! *foreground* makes the echo estimate that is heard; [`Contest`] says when it takes over what the
//! background has learned. The foreground's first partition is convolved in the time domain, the others are
//! computed a block ahead, and so the output has no delay.
//!
//! G. Enzner, P. Vary, "Frequency-domain adaptive Kalman filter for acoustic echo control in hands-free
//! telephones", Signal Processing 86 (2006), partitioned.

#![allow(clippy::needless_range_loop)] // A bin is an index into several arrays.

use super::contest::{Contest, Energies, Knowledge, Verdict};
use super::narrow_band::{Band, NarrowBand};
use crate::arch::Level;
use crate::arch::echo::{self as kernel, BLOCK, Gain, HOP};
use crate::arch::fft::{BINS, Plan, SIZE, Spectrum};

/// Whether a block is learned from for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hearing {
    First,
    Again,
}

/// Model of the echo path, and the echo estimate that it makes.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    level: Level,
    plan: &'static Plan,
    /// The block before and the one that is filled; a millisecond more, so that the head can look there.
    far: [f32; SIZE + HOP],
    /// The near end's last blocks; the one that is filled is followed by older ones, around the end.
    near: [[f32; BLOCK]; OLDEST + 1],
    near_filled: usize,
    /// What the foreground leaves of the block that is filled.
    rest: [f32; BLOCK],
    filled: usize,
    /// The far end's last blocks, [`OLDEST`] more than there are partitions; `newest` is followed by
    /// older ones, around the end.
    spectra: Vec<Spectrum>,
    newest: usize,
    background: Vec<Spectrum>,
    foreground: Vec<Spectrum>,
    /// The expected square of the background's error.
    unsure: Vec<[f32; BINS]>,
    /// The power of what is no echo, as far as the background knows.
    noise: [f32; BINS],
    /// The foreground's first partition, backwards in time.
    head: [f32; BLOCK],
    /// The echo of all other partitions in the block that is filled.
    tail: [f32; BLOCK],
    /// The partition that is constrained next.
    turn: usize,
    /// Blocks that were learned from one after another, up to one more than [`OLDEST`].
    learned: usize,
    contest: Contest,
    narrow_band: NarrowBand,
    frozen: bool,
    /// Blocks of a path that is known that were not learned from since the last one that was.
    idle: u32,
}

impl Filter {
    pub(super) fn new(partitions: usize, level: Level) -> Self {
        Self {
            level,
            plan: Plan::shared(),
            far: [0.0; SIZE + HOP],
            near: [[0.0; BLOCK]; OLDEST + 1],
            near_filled: 0,
            rest: [0.0; BLOCK],
            filled: 0,
            spectra: vec![Spectrum::ZERO; partitions + OLDEST],
            newest: 0,
            background: vec![Spectrum::ZERO; partitions],
            foreground: vec![Spectrum::ZERO; partitions],
            unsure: vec![[UNKNOWN; BINS]; partitions],
            noise: [0.0; BINS],
            head: [0.0; BLOCK],
            tail: [0.0; BLOCK],
            turn: 0,
            learned: 0,
            contest: Contest::new(),
            narrow_band: NarrowBand::new(),
            frozen: false,
            idle: 0,
        }
    }

    /// Forgets the echo path.
    pub(super) fn reset(&mut self) {
        self.forget();
        self.spectra.fill(Spectrum::ZERO);
        self.far = [0.0; SIZE + HOP];
        self.near = [[0.0; BLOCK]; OLDEST + 1];
        self.noise = [0.0; BINS];
        self.contest = Contest::new();
    }

    /// Holds the weights as they are, or lets them learn again.
    pub(super) fn freeze(&mut self, frozen: bool) {
        self.frozen = frozen;
    }

    /// The part of the echo's power that the foreground leaves, as far as it is known.
    pub(super) fn leak(&self) -> f32 {
        self.contest.leak()
    }

    /// Whether the path is known to have changed, and nothing better has been found.
    pub(super) fn lost(&self) -> bool {
        self.contest.lost()
    }

    /// What the far end sends.
    pub(super) fn band(&self) -> Band {
        self.narrow_band.band()
    }

    /// The memory beside the value itself.
    pub(super) fn octets(&self) -> usize {
        let spectra = self.spectra.len() + self.background.len() + self.foreground.len();
        spectra * size_of::<Spectrum>() + self.unsure.len() * size_of::<[f32; BINS]>()
    }

    /// How many samples the block that is filled still takes.
    pub(super) fn room(&self) -> usize {
        BLOCK - self.filled
    }

    /// Takes the echo of `far` out of `near`: as many samples each as there is [`Filter::room`] for at most.
    pub(super) fn cancel(&mut self, far: &[f32], near: &[f32], rest: &mut [f32]) {
        let (from, to) = (self.filled, self.filled + far.len());
        self.far[BLOCK + from..BLOCK + to].copy_from_slice(far);
        let block = &mut self.near[self.near_filled];
        block[from..to].copy_from_slice(near);
        let rows = from / HOP..to.div_ceil(HOP);
        let left = kernel::head(self.level, &self.head, &self.far, &self.tail, block, rows);
        self.rest[from..to].copy_from_slice(&left[from..to]);
        rest.copy_from_slice(&left[from..to]);
        self.filled = to;
    }

    /// Learns, where a block is full; true then.
    pub(super) fn end(&mut self) -> bool {
        if self.filled < BLOCK {
            return false;
        }
        self.filled = 0;
        self.block();
        true
    }

    /// A block is full: learns from it, and computes the next one's echo of all partitions but the first.
    fn block(&mut self) {
        self.newest = self.newest.checked_sub(1).unwrap_or(self.spectra.len() - 1);
        self.spectra[self.newest] = self.transform();
        self.far.copy_within(BLOCK..SIZE, 0);
        self.narrow_band.hear(self.level, &self.spectra[self.newest]);
        let known = self.contest.leak() < CONVERGED;
        let learns = match self.narrow_band.band() {
            Band::Wide => !self.narrow_band.expects(),
            Band::Tones => !known,
            Band::Signalling => false,
        };
        if learns && !self.frozen {
            self.learned = (self.learned + 1).min(OLDEST + 1);
            if self.idle < IDLE && self.content() {
                self.idle += 1;
            } else {
                self.idle = 0;
                self.learn();
            }
        } else {
            self.learned = 0;
        }
        self.near_filled = self.near_filled.checked_sub(1).unwrap_or(OLDEST);
        let echo = kernel::convolve(self.level, self.newest_first(), &self.foreground[1..]);
        let echo = self.plan.inverse(self.level, &echo);
        self.tail.copy_from_slice(&echo[BLOCK..]);
    }

    /// Whether the path is known, and the block leaves no more than ever: it would teach little.
    fn content(&self) -> bool {
        let power = |block| kernel::power(self.level, block);
        self.contest.settled() && self.contest.content(power(self.near(0)), power(&self.rest))
    }

    fn learn(&mut self) {
        let rest = self.adapt(0, Hearing::First);
        // While a path is new, what was said is worth hearing again: one pass over speech, whose sounds come
        // one by one, does not tell what each of them says of the whole path. Of silence there is nothing to hear.
        let power = |block| kernel::power(self.level, block);
        let left = power(self.near(0)).max(power(&self.rest));
        let again: &[usize] = match self.contest.knowledge() {
            _ if !self.contest.sounds(left) => &[],
            Knowledge::New if !self.narrow_band.suspects() => &AGAIN,
            Knowledge::New | Knowledge::Rough => &[0],
            Knowledge::Fine => &[],
        };
        let learned = self.learned;
        for &age in again.iter().filter(|&&age| age < learned) {
            self.adapt(age, Hearing::Again);
        }
        let energies = kernel::energies(self.level, self.last(), self.near(0), &self.rest, &rest);
        if energies.iter().any(|it| !it.is_finite()) {
            // Nothing that was ever seen makes it so; but what is no number would stay so.
            self.reset();
            return;
        }
        let verdict = self.contest.judge(&Energies::of(energies));
        match verdict {
            Verdict::Learn => {}
            Verdict::Take => {
                self.head = kernel::constrain(self.level, self.plan, &mut self.background[0]);
                self.foreground.copy_from_slice(&self.background);
                self.head.reverse();
            }
            // Another path has nothing to do with the one before: to unlearn that would take as long again.
            Verdict::Probe => {
                self.background.fill(Spectrum::ZERO);
                self.unsure.fill([UNKNOWN; BINS]);
            }
            Verdict::GoBack => self.go_back(),
            Verdict::Forget => self.forget(),
        }
    }

    /// One Kalman step of the background, with the block that is `age` blocks old. Gives what it left of
    /// that block before the step, and its first partition after it.
    fn adapt(&mut self, age: usize, hearing: Hearing) -> [f32; BLOCK] {
        let (level, plan) = (self.level, self.plan);
        let (older, newer) = self.spectra.split_at((self.newest + age) % self.spectra.len());
        let far = (newer, older);
        let (echo, mut weight) = kernel::expect(level, far, &self.background, &self.unsure);
        let echo = plan.inverse(level, &echo);
        let mut rest = [0.0; SIZE];
        for ((rest, near), echo) in rest[BLOCK..].iter_mut().zip(self.near(age)).zip(&echo[BLOCK..])
        {
            *rest = near - echo;
        }
        let mut error = plan.forward(level, &rest);
        for bin in 0..BINS {
            let power = error.re[bin] * error.re[bin] + error.im[bin] * error.im[bin];
            if age == 0 {
                self.noise[bin] += NOISE_PACE * (power.max(LEAST) - self.noise[bin]);
            }
            weight[bin] = 1.0 / (weight[bin] + self.noise[bin].max(power) + QUANTUM);
            error.re[bin] *= weight[bin];
            error.im[bin] *= weight[bin];
        }
        let told = match hearing {
            Hearing::First => TOLD,
            Hearing::Again => TOLD_AGAIN,
        };
        let gain = Gain { weight, error, told, stays: 1.0 - self.contest.drift(), prior: PRIOR };
        kernel::adapt(level, far, &mut self.background, &mut self.unsure, &gain);
        // The circular convolution is a linear one only of partitions that end after 64 taps: they are cut to
        // that length in turn, as J.-S. Valin does in Speex.
        self.turn = (self.turn + 1) % self.background.len();
        kernel::constrain(level, plan, &mut self.background[self.turn]);
        let mut left = [0.0; BLOCK];
        left.copy_from_slice(&rest[BLOCK..]);
        left
    }

    /// The background was led astray: it begins again from the foreground, and knows how good that is.
    fn go_back(&mut self) {
        self.background.copy_from_slice(&self.foreground);
        let leak = self.contest.leak();
        for (w, unsure) in self.background.iter().zip(&mut self.unsure) {
            for (bin, unsure) in unsure.iter_mut().enumerate() {
                let power = w.re[bin] * w.re[bin] + w.im[bin] * w.im[bin];
                *unsure = unsure.min(leak * (power + UNKNOWN));
            }
        }
    }

    fn forget(&mut self) {
        self.background.fill(Spectrum::ZERO);
        self.foreground.fill(Spectrum::ZERO);
        self.unsure.fill([UNKNOWN; BINS]);
        self.head = [0.0; BLOCK];
        self.tail = [0.0; BLOCK];
    }

    /// The far end's last block.
    fn last(&self) -> &[f32; BLOCK] {
        self.far.first_chunk().unwrap_or(&[0.0; BLOCK])
    }

    /// The spectrum of the last two blocks.
    fn transform(&self) -> Spectrum {
        let Some(heard) = self.far.first_chunk() else { return Spectrum::ZERO };
        self.plan.forward(self.level, heard)
    }

    /// The near end's block that is `age` blocks old.
    fn near(&self, age: usize) -> &[f32; BLOCK] {
        &self.near[(self.near_filled + age) % self.near.len()]
    }

    fn newest_first(&self) -> (&[Spectrum], &[Spectrum]) {
        let (older, newer) = self.spectra.split_at(self.newest);
        (newer, older)
    }
}

/// The uncertainty of a partition before anything was heard: a gain of -10 dB.
const UNKNOWN: f32 = 0.1;
/// The power of a path's partition where none was found yet: it keeps the filter able to learn.
const PRIOR: f32 = 2e-3;
/// The part of a block's news that takes uncertainty away: of what is heard again, there is little.
const TOLD: f32 = 0.5;
const TOLD_AGAIN: f32 = 0.1;
/// How fast the power of the noise is learned, per block.
const NOISE_PACE: f32 = 0.2;
/// The least power in a bin that is reckoned with: silence does not go on falling.
const LEAST: f32 = 1.0;
/// The power in a bin of what G.711 adds to the faintest sounds.
const QUANTUM: f32 = 5000.0;
/// Leak below which tones teach nothing more: 10 dB of enhancement.
const CONVERGED: f32 = 0.1;
/// Blocks that teach little are learned from one by one after so many others.
const IDLE: u32 = 2;
/// The ages of the blocks that are heard again while a path is new, in blocks of 8 ms, and the greatest.
const AGAIN: [usize; 5] = [24, 12, 6, 2, 0];
const OLDEST: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    /// A line of white noise and its echo.
    struct Call {
        filter: Filter,
        state: u32,
        sent: [f32; BLOCK],
    }

    impl Call {
        fn new() -> Self {
            let filter = Filter::new(2, Level::Scalar);
            Self { filter, state: 1, sent: [0.0; BLOCK] }
        }

        /// Whether a block was learned from whose echo has this gain, 10 samples late.
        fn learns(&mut self, gain: f32) -> bool {
            let mut sound = || {
                self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (self.state >> 18) as f32 - 8192.0
            };
            let far: [f32; BLOCK] = std::array::from_fn(|_| sound());
            let near: [f32; BLOCK] = std::array::from_fn(|place| {
                let sent = if place < 10 { self.sent[BLOCK - 10 + place] } else { far[place - 10] };
                gain * sent + 0.001 * sound()
            });
            self.sent = far;
            self.filter.cancel(&far, &near, &mut [0.0; BLOCK]);
            assert!(self.filter.end());
            self.filter.idle == 0
        }

        /// How many of these blocks were learned from.
        fn learned(&mut self, blocks: usize) -> usize {
            (0..blocks).filter(|_| self.learns(0.3)).count()
        }
    }

    #[test]
    fn a_path_is_learned_from_every_block_until_it_is_known_and_then_from_one_in_three() {
        let mut call = Call::new();
        assert_eq!(call.learned(800), 800);
        call.learned(100);
        assert_eq!(call.learned(300), 100);
    }

    #[test]
    fn another_path_is_learned_from_at_once() {
        let mut call = Call::new();
        call.learned(1000);
        let learned = (0..100).filter(|_| call.learns(-0.3)).count();
        assert_eq!(learned, 100);
    }
}
