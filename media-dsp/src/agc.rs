//! Automatic gain control for speech: brings it to -22 dBm0, whatever the line or the talker did.
//!
//! The gain follows the level of speech only. In silence and noise it stays where it is, so that
//! nothing pumps; tones, DTMF, fax and data pass with the level they came with. There is no delay:
//! the gain of a block of 10 ms is known when it is there as a whole.

use crate::fixed::nearest;
use crate::inband::{self, Carries, InBand};
use crate::speech::{BlockLength, Rate};

/// One direction of one channel. The state is 104 bytes.
#[derive(Debug, Clone)]
pub struct Agc {
    rate: Rate,
    inband: InBand,
    /// Mean power of what is there when nobody speaks.
    floor: f32,
    /// Mean power of speech, and from how many blocks.
    speech: f32,
    blocks: u32,
    /// Mean power of the last few blocks, and how long none was far from it.
    lately: f32,
    steady: u32,
    /// What speech needs, in dB.
    gain: f32,
    /// The factor at the end of the last block.
    factor: f32,
}

impl Agc {
    /// At first everything passes as it is.
    pub fn new(rate: Rate) -> Self {
        let inband = InBand::default();
        Self {
            rate,
            inband,
            floor: f32::INFINITY,
            speech: 0.0,
            blocks: 0,
            lately: 0.0,
            steady: 0,
            gain: 0.0,
            factor: 1.0,
        }
    }

    /// Treats one or more blocks in place.
    pub fn process(&mut self, pcm: &mut [i16]) -> Result<(), BlockLength> {
        self.rate.blocks(pcm)?.for_each(|block| self.treat(block));
        Ok(())
    }

    /// What speech is raised by, in dB.
    pub fn gain(&self) -> f32 {
        self.gain
    }

    fn treat(&mut self, block: &mut [i16]) {
        let thinned = inband::thinned(block);
        let carries = self.inband.hear(&thinned);
        let power = thinned.iter().map(|it| it * it).sum::<f32>() / thinned.len() as f32;
        self.follow(power, carries);
        let peak = block.iter().fold(0, |peak, it| it.unsigned_abs().max(peak));
        let wanted = match carries {
            Carries::Data | Carries::Tone(SURE..) => 1.0,
            Carries::Voice | Carries::Tone(_) => 10_f32.powf(self.gain / 20.0),
        };
        let factor = wanted.min((CEILING / f32::from(peak.max(1))).max(1.0));
        // What was let through before must not overload now, either.
        let before = self.factor.min(factor.max(CEILING / f32::from(peak.max(1))));
        amplify(block, before, factor);
        self.factor = factor;
    }

    /// Takes a block into account: as speech, as noise or not at all.
    fn follow(&mut self, power: f32, carries: Carries) {
        let near = power < 1.6 * self.lately && self.lately < 1.6 * power;
        self.steady = if near { (self.steady + 1).min(5 * MACHINE) } else { self.steady / 2 };
        self.lately += 0.3 * (power - self.lately);
        if carries != Carries::Voice {
            return;
        }
        self.floor = if self.floor.is_infinite() {
            power.max(LEAST)
        } else if power < self.floor {
            (0.7 * self.floor + 0.3 * power).max(LEAST)
        } else {
            (self.floor * RISE).min(power)
        };
        if power < QUIETEST || power < ABOVE * self.floor || self.steady > MACHINE {
            return;
        }
        self.blocks = (self.blocks + 1).min(MEMORY);
        self.speech += (power - self.speech) / self.blocks as f32;
        if self.blocks < ENOUGH {
            return;
        }
        let needed = 10.0 * (TARGET / self.speech).log10();
        let step = needed.clamp(LEAST_GAIN, GREATEST_GAIN) - self.gain;
        self.gain += step.clamp(-DOWN, UP);
    }
}

fn amplify(block: &mut [i16], from: f32, to: f32) {
    if from == 1.0 && to == 1.0 {
        return;
    }
    let step = (to - from) / block.len() as f32;
    for (place, sample) in block.iter_mut().enumerate() {
        let factor = from + step * (place + 1) as f32;
        *sample = nearest(f32::from(*sample) * factor);
    }
}

/// Mean power of 0 dBm0, A-law: ITU-T G.711, note to table 1a (a sine of the greatest amplitude has
/// 3.14 dBm0).
const ZERO_DBM0: f32 = 2.605e8;
/// -21 dBm0 while somebody speaks, which with the pauses in it makes about -22.
const TARGET: f32 = ZERO_DBM0 * 7.943e-3;
/// Speech below -52 dBm0 is none.
const QUIETEST: f32 = ZERO_DBM0 * 6.31e-6;
/// The noise floor is no lower than -70 dBm0.
const LEAST: f32 = ZERO_DBM0 * 1e-7;
/// Speech is 8 dB above the floor.
const ABOVE: f32 = 6.31;
/// The floor rises by 2.2 dB a second.
const RISE: f32 = 1.005;
/// Blocks of speech that are remembered: one second.
const MEMORY: u32 = 100;
/// Blocks of speech after which its level is known.
const ENOUGH: u32 = 30;
/// Blocks of nearly the same power after which this is a machine: nobody speaks like that.
const MACHINE: u32 = 20;
/// The gain in dB, at least and at most.
const LEAST_GAIN: f32 = -12.0;
const GREATEST_GAIN: f32 = 20.0;
/// How much the gain changes in a block of speech, in dB.
const UP: f32 = 0.12;
const DOWN: f32 = 0.3;
/// What is made louder stays below this.
const CEILING: f32 = 30_000.0;
/// Blocks after which a tone is one, and no vowel.
const SURE: u32 = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_as_small_as_stated() {
        assert!(size_of::<Agc>() <= 104);
    }
}
