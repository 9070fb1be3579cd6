//! Noise suppression for speech: at least 10 dB less of what is there all the time.
//!
//! Blocks of 10 ms are taken with the end of the one before into a transform of 16 ms whose window
//! adds up to one, so that what is not attenuated comes out as it went in. Per bin, the noise is a
//! mean power that is followed while a smoothed power stays near its minimum of the last second
//! (minima-controlled recursive averaging, I. Cohen and B. Berdugo, IEEE Signal Processing Letters
//! 9(1), 2002), and the gain is Wiener's with the decision-directed a-priori ratio (Y. Ephraim and
//! D. Malah, IEEE Trans. ASSP 32(6), 1984), which does not chirp.
//!
//! Noise is smooth over frequency and tones are not: the noise of a bin is never taken for more
//! than twice what is a little below or above it, so that a tone stays what it is however long it
//! lasts; nor for much more than its own minimum, so that no speech goes with it. Tones, DTMF, fax
//! and data are recognised besides and pass as they are.
//!
//! The delay is 6 ms: 48 samples at 8 kHz, 96 at 16 kHz.

use crate::fft::{RealFft, Size, Spectrum};
use crate::fixed::nearest;
use crate::inband::{self, Carries, InBand};
use crate::speech::{BlockLength, Rate};

/// One direction of one channel. The state is at most 11.7 kB, most of it on the heap.
#[derive(Debug, Clone)]
pub struct Denoiser {
    rate: Rate,
    inband: InBand,
    fft: RealFft,
    spectrum: Spectrum,
    /// The rising edge of the window; the falling one is its mirror.
    edge: Box<[f32]>,
    /// The last samples of the block before.
    begun: Box<[f32]>,
    /// What the block before leaves to be added to.
    overlap: Box<[f32]>,
    frame: Box<[f32]>,
    bins: Bins,
    /// Blocks heard by now, up to where that no longer matters.
    heard: u32,
}

/// What is known of each bin.
#[derive(Debug, Clone)]
struct Bins {
    power: Box<[f32]>,
    smooth: Box<[f32]>,
    /// The least `smooth` of this window of minima and of the one before.
    least: [Box<[f32]>; 2],
    /// How likely speech is there.
    speech: Box<[f32]>,
    noise: Box<[f32]>,
    /// `noise`, as far as it is smooth.
    level: Box<[f32]>,
    gain: Box<[f32]>,
    /// Squared gain times ratio of the block before.
    before: Box<[f32]>,
}

impl Denoiser {
    /// Speech passes from the first block on, also from within a word; noise falls within a second.
    pub fn new(rate: Rate) -> Self {
        let size = match rate {
            Rate::Hz8000 => Size::Of128,
            Rate::Hz16000 => Size::Of256,
        };
        let (len, overlap) = (size.samples(), size.samples() - rate.block());
        let quarter = std::f32::consts::FRAC_PI_2 / overlap as f32;
        let zeros = |len: usize| vec![0.0; len].into_boxed_slice();
        Self {
            rate,
            inband: InBand::default(),
            fft: RealFft::new(size),
            spectrum: Spectrum::new(len / 2 + 1),
            edge: (0..overlap).map(|n| ((n as f32 + 0.5) * quarter).sin()).collect(),
            begun: zeros(overlap),
            overlap: zeros(overlap),
            frame: zeros(len),
            bins: Bins::new(len / 2 + 1),
            heard: 0,
        }
    }

    /// How much later sound comes out, in samples.
    pub const fn delay(&self) -> usize {
        match self.rate {
            Rate::Hz8000 => 48,
            Rate::Hz16000 => 96,
        }
    }

    /// Treats one or more blocks of 10 ms in place.
    pub fn process(&mut self, pcm: &mut [i16]) -> Result<(), BlockLength> {
        self.rate.blocks(pcm)?.for_each(|block| self.treat(block));
        Ok(())
    }

    fn treat(&mut self, block: &mut [i16]) {
        let carries = self.take(block);
        self.fft.forward(&self.frame, &mut self.spectrum);
        self.bins.hear(&self.spectrum, carries, self.heard);
        self.heard = if self.heard < 2 * LONG { self.heard + 1 } else { LONG };
        let bins = self.spectrum.re.iter_mut().zip(&mut self.spectrum.im);
        for ((re, im), gain) in bins.zip(&self.bins.gain) {
            (*re, *im) = (*re * gain, *im * gain);
        }
        self.fft.inverse(&self.spectrum, &mut self.frame);
        let (head, tail) = self.frame.split_at_mut(self.rate.block());
        for ((sample, edge), overlap) in head.iter_mut().zip(&self.edge).zip(&self.overlap) {
            *sample = *sample * edge + overlap;
        }
        for ((overlap, sample), edge) in
            self.overlap.iter_mut().zip(tail).zip(self.edge.iter().rev())
        {
            *overlap = *sample * edge;
        }
        for (out, sample) in block.iter_mut().zip(head) {
            *out = nearest(*sample);
        }
    }

    /// Puts the block behind the end of the one before, under the window.
    fn take(&mut self, block: &[i16]) -> Carries {
        let late = self.begun.len();
        self.frame[..late].copy_from_slice(&self.begun);
        for (sample, &pcm) in self.frame[late..].iter_mut().zip(block) {
            *sample = f32::from(pcm);
        }
        let kept = self.frame.len() - late;
        self.begun.copy_from_slice(&self.frame[kept..]);
        for (sample, edge) in self.frame.iter_mut().zip(&self.edge) {
            *sample *= edge;
        }
        for (sample, edge) in self.frame[kept..].iter_mut().zip(self.edge.iter().rev()) {
            *sample *= edge;
        }
        self.inband.hear(&inband::thinned(block))
    }
}

impl Bins {
    fn new(len: usize) -> Self {
        let all = |value: f32| vec![value; len].into_boxed_slice();
        Self {
            power: all(0.0),
            smooth: all(0.0),
            least: [all(f32::MAX), all(f32::MAX)],
            speech: all(0.0),
            noise: all(0.0),
            level: all(0.0),
            gain: all(1.0),
            before: all(1.0),
        }
    }

    /// Works out the gains for a spectrum.
    fn hear(&mut self, spectrum: &Spectrum, carries: Carries, heard: u32) {
        for ((power, re), im) in self.power.iter_mut().zip(&spectrum.re).zip(&spectrum.im) {
            // Digital silence is no division by zero.
            *power = re * re + im * im + 1.0;
        }
        if carries != Carries::Voice {
            self.gain.fill(1.0);
            self.before.fill(1.0);
            return;
        }
        self.follow(heard);
        self.flatten(heard);
        if self.is_modem() {
            self.gain.fill(1.0);
            return;
        }
        for k in 0..self.gain.len() {
            let ratio = (self.power[k] / self.level[k]).min(1e4);
            let prior = 0.92 * self.before[k] + 0.08 * (ratio - 1.0).max(0.0);
            let gain = prior / (1.0 + prior);
            self.before[k] = gain * gain * ratio;
            self.gain[k] = gain.max(LEAST);
        }
    }

    /// Follows the noise of each bin.
    fn follow(&mut self, heard: u32) {
        let quick = 1.0 / (heard + 1) as f32;
        if heard.is_multiple_of(MINIMA) {
            self.least.swap(0, 1);
            self.least[0].fill(f32::MAX);
        }
        let keep = if heard == 0 { 0.0 } else { 0.8 };
        for k in 0..self.power.len() {
            let smooth = keep * self.smooth[k] + (1.0 - keep) * self.power[k];
            self.smooth[k] = smooth;
            self.least[0][k] = self.least[0][k].min(smooth);
            let least = self.least[0][k].min(self.least[1][k]);
            let here = if k >= RUMBLE && smooth > SPEECH * least { 1.0 } else { 0.0 };
            self.speech[k] = 0.2 * self.speech[k] + 0.8 * here;
            let share = (1.0 - self.speech[k]) * quick.max(0.05);
            self.noise[k] += share * (self.power[k] - self.noise[k]);
        }
    }

    /// Whether what is there all the time has the shape of a modem's signal: flat where V.27ter,
    /// V.29 and V.17 all have their middle (1200 to 2400 Hz), and nothing at the edges of the
    /// telephone band.
    fn is_modem(&self) -> bool {
        let middle = &self.noise[19..39];
        let (least, most) = middle
            .iter()
            .fold((f32::MAX, 0.0_f32), |(least, most), &it| (it.min(least), it.max(most)));
        let mean = |bins: &[f32]| bins.iter().sum::<f32>() / bins.len() as f32;
        let edge = mean(&self.noise[2..5]).max(mean(&self.noise[51..55]));
        most < MODEM_FLAT * least && edge < MODEM_EDGE * mean(middle)
    }

    /// Takes no bin for noisier than its own minimum and its neighbours allow; and at first for
    /// less, because a call may begin within a word, whose minimum nobody has heard yet.
    fn flatten(&mut self, heard: u32) {
        let trust = (heard.min(WORD) as f32 / WORD as f32).powi(4);
        let last = self.noise.len() - 1;
        let around = |k: usize| {
            let k = if k > last { 2 * last - k } else { k };
            self.noise[k.max(1) - 1] + self.noise[k] + self.noise[(k + 1).min(last)]
        };
        for (k, level) in self.level.iter_mut().enumerate() {
            let near = around(k.abs_diff(AWAY)).max(around(k + AWAY));
            let least = self.least[0][k].min(self.least[1][k]) * OVER_LEAST;
            let noise = match self.noise[k] {
                rumble if k < RUMBLE => rumble,
                noise if k < LOWEST => noise.min(least),
                noise => noise.min(least).min(near * (PEAK / 3.0)),
            };
            *level = ((noise - INAUDIBLE) * trust).max(1.0);
        }
    }
}

/// The least gain of a bin: -16 dB.
const LEAST: f32 = 0.158;
/// Speech is in a bin whose smoothed power is so many times its minimum.
const SPEECH: f32 = 4.0;
/// Blocks of a window of minima: the minimum is that of the last 1.6 to 3.2 seconds.
const MINIMA: u32 = 160;
/// Blocks after which only whole windows of minima are counted.
const LONG: u32 = 10 * MINIMA;
/// Blocks within which each bin of speech has been weak for once.
const WORD: u32 = 100;
/// How many bins away noise is about as loud: 312 Hz.
const AWAY: usize = 5;
/// How far noise stands out of that at most.
const PEAK: f32 = 2.0;
/// The lowest bin with a tone of a telephone: what is below is the rumble of a car.
const LOWEST: usize = 4;
/// How far the mean of noise is above the minimum of its smoothed power at most: 5 dB.
const OVER_LEAST: f32 = 3.0;
/// The lowest bin with speech.
const RUMBLE: usize = 2;
/// Power in a bin of noise that nobody minds: white noise at -64 dBm0.
const INAUDIBLE: f32 = 10_000.0;
/// How flat the middle of a modem's signal is (10 dB), and how far its edges are down (15 dB).
const MODEM_FLAT: f32 = 10.0;
const MODEM_EDGE: f32 = 0.03;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_as_small_as_stated() {
        let it = Denoiser::new(Rate::Hz16000);
        let floats = 2 * it.spectrum.re.len()
            + it.edge.len()
            + it.begun.len()
            + it.overlap.len()
            + it.frame.len()
            + 9 * it.bins.power.len();
        assert!(size_of::<Denoiser>() + 4 * floats <= 11_700);
    }
}
