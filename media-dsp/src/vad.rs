//! Voice activity detection, for codecs that have none of their own (G.711, G.726, G.722, GSM):
//! whether a frame has to be sent, or comfort noise ([`crate::cn`], RFC 3389) may stand for it.
//!
//! Every 10 ms are weighed on their own: how far the sound, or what hisses in it, is above the
//! least of the last four seconds, which is the background. A steady tone is never background: it
//! may be a modem's, or a dial tone's. What follows speech counts as speech for a while, for the
//! ends of words are weak.

mod background;

use crate::arch::Level;
use crate::arch::lpc as kernel;
use crate::prediction::Prediction;
use crate::speech::Rate;
use background::Background;

/// What a frame holds; the greatest is what is most worth sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Activity {
    /// Background: noise of the same level may stand for it.
    Noise,
    /// The time after voice, in which it may still go on weakly: it has to be sent.
    Hangover,
    /// Speech, tones, music: it has to be sent.
    Voice,
}

/// Listens to one direction of a call. Frames (linear 16-bit) may have any length; 10 to 60 ms are
/// usual. Delay: none; a frame that ends within 10 ms is judged by those that were whole before.
/// State: at most 320 octets.
#[derive(Debug, Clone)]
pub struct Detector {
    block: Block,
    full: Background,
    high: Background,
    phase: Phase,
}

/// What the last 10 ms were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Above the background, for so many blocks.
    Voice {
        blocks: u32,
    },
    /// Not any more; counts as voice for so many blocks.
    Hangover {
        left: u32,
    },
    Noise,
}

/// The 10 ms that are being heard.
#[derive(Debug, Clone)]
struct Block {
    /// Samples in a block.
    length: usize,
    heard: usize,
    level: Level,
    /// The last samples.
    before: [f32; LAGS],
    /// Sums of products of each sample with those 0, 1, 2... before it.
    products: [f32; LAGS + 1],
    sum: f32,
    /// The sum of the squares of the differences of neighbours.
    differences: f32,
}

/// What was found in 10 ms.
struct Measure {
    /// Power in dBov, without what is constant.
    full: f32,
    /// Power of the differences of neighbours in dBov: the hissing of consonants.
    high: f32,
    /// By how many dB less is left when each sample is predicted from those before.
    gain: f32,
}

impl Detector {
    /// A detector that knows no background yet, and takes what is not very weak for voice.
    pub fn new(rate: Rate) -> Self {
        Self::with_level(rate, Level::current())
    }

    /// The same with these instructions; with none, where the machine lacks them.
    pub fn with_level(rate: Rate, level: Level) -> Self {
        Self {
            block: Block::new(rate.block(), level),
            full: Background::new(),
            high: Background::new(),
            phase: Phase::Noise,
        }
    }

    /// Hears a frame and says what it holds: the most that any of its parts does.
    pub fn detect(&mut self, pcm: &[i16]) -> Activity {
        let mut most = None;
        let mut rest = pcm;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(self.block.missing()));
            rest = later;
            let Some(measure) = self.block.hear(now) else { break };
            self.weigh(&measure);
            most = most.max(Some(self.activity()));
        }
        most.unwrap_or_else(|| self.activity())
    }

    fn activity(&self) -> Activity {
        match self.phase {
            Phase::Voice { .. } => Activity::Voice,
            Phase::Hangover { .. } => Activity::Hangover,
            Phase::Noise => Activity::Noise,
        }
    }

    fn weigh(&mut self, measure: &Measure) {
        let excess = self.full.excess(measure.full).max(self.high.excess(measure.high) - HISS);
        let tone = measure.gain > TONE_GAIN && measure.full > TONE_LEVEL;
        let voice = tone || excess > 0.0 && measure.full > FAINT;
        self.phase = match (self.phase, voice) {
            (Phase::Voice { blocks }, true) => Phase::Voice { blocks: blocks.saturating_add(1) },
            (Phase::Hangover { .. } | Phase::Noise, true) => Phase::Voice { blocks: 1 },
            (Phase::Voice { blocks }, false) if blocks < BURST => {
                Phase::Hangover { left: AFTER_BURST }
            }
            (Phase::Voice { .. }, false) => Phase::Hangover { left: AFTER_SPEECH },
            (Phase::Hangover { left }, false) if left > 1 => Phase::Hangover { left: left - 1 },
            (Phase::Hangover { .. } | Phase::Noise, false) => Phase::Noise,
        };
        if self.phase == Phase::Noise {
            self.full.confirm();
            self.high.confirm();
        }
    }
}

impl Block {
    fn new(length: usize, level: Level) -> Self {
        Self {
            length,
            heard: 0,
            level: kernel::usable(level),
            before: [0.0; LAGS],
            products: [0.0; LAGS + 1],
            sum: 0.0,
            differences: 0.0,
        }
    }

    fn missing(&self) -> usize {
        self.length - self.heard
    }

    /// Hears what is not more than missing; tells what was found when nothing is missing any more.
    fn hear(&mut self, pcm: &[i16]) -> Option<Measure> {
        let mut signal = [0.0; LAGS + LONGEST];
        signal[..LAGS].copy_from_slice(&self.before);
        for (float, sample) in signal[LAGS..].iter_mut().zip(pcm) {
            *float = f32::from(*sample);
        }
        self.before.copy_from_slice(&signal[pcm.len()..pcm.len() + LAGS]);
        // The zeros at the end add nothing.
        let signal = &signal[..LAGS + pcm.len().next_multiple_of(8)];
        let mut products = [0.0; LAGS + 1];
        kernel::autocorrelate(self.level, signal, &mut products);
        for (all, product) in self.products.iter_mut().zip(products) {
            *all += product;
        }
        self.sum += pcm.iter().map(|sample| i32::from(*sample)).sum::<i32>() as f32;
        self.differences += kernel::differences(self.level, &signal[LAGS - 1..LAGS + pcm.len()]);
        self.heard += pcm.len();
        if self.heard < self.length {
            return None;
        }
        let measure = self.measure();
        self.heard = 0;
        self.products = [0.0; LAGS + 1];
        self.sum = 0.0;
        self.differences = 0.0;
        Some(measure)
    }

    fn measure(&self) -> Measure {
        let all = self.length as f32;
        let mean = self.sum / all;
        let powers = self.products.map(|product| product / all - mean * mean);
        Measure {
            full: dbov(powers[0]),
            high: dbov(self.differences / all),
            gain: dbov(powers[0]) - dbov(Prediction::<LAGS>::of(&powers).error),
        }
    }
}

/// Of a mean square; the least is that of half a step of 13 bits.
fn dbov(power: f32) -> f32 {
    10.0 * (power.max(4.0) / (32_768.0 * 32_768.0)).log10()
}

/// Two tones can be predicted from four samples.
const LAGS: usize = 4;
/// Samples of a block at the higher rate.
const LONGEST: usize = Rate::Hz16000.block();
/// dB that hissing has to be further above its background.
const HISS: f32 = 1.0;
/// dBov: what is fainter (-59 dBm0) is never voice.
const FAINT: f32 = -65.0;
/// dB: noise of a telephone line is predicted less well than a tone.
const TONE_GAIN: f32 = 20.0;
/// dBov: the least level of tones, -43 dBm0 (that of data signals, ITU-T V.2, and a margin).
const TONE_LEVEL: f32 = -49.0;
/// Blocks of voice below which it may be a click.
const BURST: u32 = 3;
/// Blocks that count as voice after a click.
const AFTER_BURST: u32 = 5;
/// Blocks that count as voice after voice: the stops within words are shorter.
const AFTER_SPEECH: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_has_the_size_that_is_documented() {
        assert!(size_of::<Detector>() <= 320);
    }
}
