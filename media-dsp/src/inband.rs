//! Whether a line carries speech, or signals that nobody may meddle with: tones, DTMF, fax and
//! data.
//!
//! A sum of two sines obeys `x[n+2] + x[n-2] = a (x[n+1] + x[n-1]) + b x[n]`, one sine already
//! `x[n+1] + x[n-1] = 2 cos(w) x[n]`. Ten milliseconds for which such numbers leave next to nothing
//! over, and the same numbers as in the ten before, are a tone. The answer tone of ITU-T V.25 and
//! V.8 (2100 Hz), the calling tone of T.30 (1100 Hz) and V.21 for longer than a tone of the special
//! information signal (1650 and 1850 Hz) announce data, which last until the line has been quiet
//! for longer than T.30 lets it be.

use std::f32::consts::TAU;

/// What a line carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// Speech, noise, nothing.
    Voice,
    /// One or two sines, for so many blocks by now.
    Tone(u32),
    /// Fax or a modem.
    Data,
}

/// Listens to one direction of one channel, in blocks of 10 ms.
#[derive(Debug, Clone, Default)]
pub struct InBand {
    /// Frequencies of the last block in Hz, and for how many blocks they have been the same.
    last: [f32; 2],
    power: f32,
    same: u32,
    announced: Announced,
    data: Data,
}

#[derive(Debug, Clone, Copy, Default)]
enum Data {
    #[default]
    No,
    /// For so many quiet blocks by now.
    Until(u32),
}

/// 10 ms as [`InBand`] takes them: at 16 kHz every second sample will do.
pub(crate) fn thinned(pcm: &[i16]) -> [f32; BLOCK] {
    let every = pcm.len() / BLOCK;
    std::array::from_fn(|at| f32::from(pcm[at * every]))
}

/// How many blocks in a row sounded like each beginning of data.
#[derive(Debug, Clone, Default)]
struct Announced {
    answer: u32,
    calling: u32,
    v21: u32,
}

impl InBand {
    /// Hears the next block: 10 ms at 8 kHz, 16-bit steps.
    pub fn hear(&mut self, block: &[f32; BLOCK]) -> Carries {
        let sums = Sums::of(block);
        let power = sums.s00 / BLOCK as f32;
        self.listen_for_data(&sums, power);
        let tone = sums.tone();
        let steady = power < 1.3 * self.power && self.power < 1.3 * power;
        let close = |a: [f32; 2], b: [f32; 2]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= CLOSE);
        self.same = match tone {
            Some(it) if steady && power > QUIET && close(it, self.last) => self.same + 1,
            Some(_) | None => 0,
        };
        self.last = tone.unwrap_or_default();
        self.power = power;
        match (self.data, self.same) {
            (Data::Until(_), _) => Carries::Data,
            (Data::No, 0) => Carries::Voice,
            (Data::No, same) => Carries::Tone(same),
        }
    }

    fn listen_for_data(&mut self, sums: &Sums, power: f32) {
        if let Data::Until(quiet) = self.data {
            self.data = match quiet {
                _ if power > QUIET => Data::Until(0),
                LONGEST_PAUSE.. => Data::No,
                quiet => Data::Until(quiet + 1),
            };
            return;
        }
        let hz = if power > QUIET { sums.one_sine(0.03) } else { None };
        let count = |it: &mut u32, low: f32, high: f32| {
            *it = if hz.is_some_and(|hz| (low..high).contains(&hz)) { *it + 1 } else { 0 };
            *it
        };
        let announced = &mut self.announced;
        let answer = count(&mut announced.answer, 2_070.0, 2_130.0) >= 30;
        let calling = count(&mut announced.calling, 1_055.0, 1_145.0) >= 30;
        let v21 = count(&mut announced.v21, 1_580.0, 1_920.0) >= 40;
        if answer || calling || v21 {
            (self.data, self.announced) = (Data::Until(0), Announced::default());
        }
    }
}

/// Products of `s0 = x[n]`, `s1 = x[n+1] + x[n-1]` and `s2 = x[n+2] + x[n-2]`, summed.
struct Sums {
    s00: f32,
    s01: f32,
    s11: f32,
    s02: f32,
    s12: f32,
    s22: f32,
}

impl Sums {
    fn of(block: &[f32; BLOCK]) -> Self {
        let mut lanes = [[0.0_f32; 4]; 6];
        for (place, x) in block.windows(5).enumerate() {
            let (s0, s1, s2) = (x[2], x[1] + x[3], x[0] + x[4]);
            let products = [s0 * s0, s0 * s1, s1 * s1, s0 * s2, s1 * s2, s2 * s2];
            for (lane, product) in lanes.iter_mut().zip(products) {
                lane[place % 4] += product;
            }
        }
        let [s00, s01, s11, s02, s12, s22] = lanes.map(|lane| lane.iter().sum());
        Self { s00, s01, s11, s02, s12, s22 }
    }

    /// The frequencies of one or two sines, where they leave next to nothing over.
    fn tone(&self) -> Option<[f32; 2]> {
        if let Some(hz) = self.one_sine(LEFT) {
            return (hz > LOWEST).then_some([hz, 0.0]);
        }
        let det = self.s11 * self.s00 - self.s01 * self.s01;
        if det <= 1e-6 * self.s11 * self.s00 {
            return None;
        }
        let a = (self.s12 * self.s00 - self.s02 * self.s01) / det;
        let b = (self.s02 * self.s11 - self.s12 * self.s01) / det;
        let left = self.s22 - a * self.s12 - b * self.s02;
        if left > LEFT * self.s00 * (2.0 + 2.0 * a * a + b * b) {
            return None;
        }
        // The cosines of both obey 4 cos^2 - 2 = 2 a cos + b.
        let apart = (a * a + 4.0 * (2.0 + b)).max(0.0).sqrt();
        let hz =
            [a - apart, a + apart].map(|it| (it / 4.0).clamp(-1.0, 1.0).acos() * 8_000.0 / TAU);
        hz.iter().all(|&hz| hz > LOWEST).then_some(hz)
    }

    /// The frequency of one sine, where no more than this part of the power is left over.
    fn one_sine(&self, part: f32) -> Option<f32> {
        if self.s00 <= 0.0 {
            return None;
        }
        let twice = self.s01 / self.s00;
        let left = self.s11 - twice * self.s01;
        (left < part * self.s00 * (2.0 + twice * twice) && twice.abs() < 2.0)
            .then(|| (twice / 2.0).acos() * 8_000.0 / TAU)
    }
}

/// Samples in a block: 10 ms at 8 kHz.
pub const BLOCK: usize = 80;
/// Mean power of -50 dBm0.
const QUIET: f32 = 2_600.0;
/// How far the frequencies of a tone may wander in 10 ms, in Hz.
const CLOSE: f32 = 12.0;
/// No telephone has tones this low, in Hz, but rooms and cars rumble.
const LOWEST: f32 = 150.0;
/// What a tone may leave over, as noise of that part of its power.
const LEFT: f32 = 0.02;
/// Quiet blocks after which data are over: one second more than T2 of ITU-T T.30 §5.4.3.1.
const LONGEST_PAUSE: u32 = 700;

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(it: &mut InBand, blocks: usize, mut wave: impl FnMut(f32) -> f32) -> Carries {
        let mut carries = Carries::Voice;
        for block in 0..blocks {
            let samples = std::array::from_fn(|n| wave((block * BLOCK + n) as f32 / 8_000.0));
            carries = it.hear(&samples);
        }
        carries
    }

    #[test]
    fn one_sine_and_two_are_tones_and_silence_is_not() {
        let sine = |hz: f32, t: f32| 3_000.0 * (TAU * hz * t).sin();
        let mut it = InBand::default();
        assert_eq!(hear(&mut it, 8, |t| sine(425.0, t)), Carries::Tone(7));
        assert_eq!(hear(&mut it, 8, |_| 0.0), Carries::Voice);
        assert_eq!(hear(&mut it, 8, |t| sine(770.0, t) + sine(1_336.0, t)), Carries::Tone(7));
    }

    #[test]
    fn the_answer_tone_announces_data_until_the_line_is_quiet_for_seven_seconds() {
        let mut it = InBand::default();
        assert_eq!(hear(&mut it, 35, |t| 3_000.0 * (TAU * 2_100.0 * t).sin()), Carries::Data);
        assert_eq!(hear(&mut it, 600, |_| 0.0), Carries::Data);
        assert_eq!(hear(&mut it, 10, |t| (t * 1e6).sin() * 3_000.0), Carries::Data);
        assert_eq!(hear(&mut it, 600, |_| 0.0), Carries::Data);
        assert_eq!(hear(&mut it, 200, |_| 0.0), Carries::Voice);
    }
}
