//! 44.1 kHz, the one rate of RTP (L16, payload types 10 and 11) that is no multiple of a
//! telephone's.

use std::sync::OnceLock;

/// One direction between 44.1 and 48 kHz: a polyphase filter of 32 taps, flat up to 18 kHz. Delay:
/// 16 samples.
#[derive(Debug, Clone)]
pub(crate) struct Converter {
    ratio: &'static Ratio,
    /// The last samples, then room for new ones.
    line: Box<[f32]>,
    /// Where between the samples the next one lies, in parts of one.
    phase: usize,
}

/// So many samples come out for so many that go in.
#[derive(Debug)]
struct Ratio {
    out: usize,
    into: usize,
    taps: Box<[[f32; TAPS]]>,
}

impl Converter {
    /// From 44.1 to 48 kHz.
    pub(crate) fn up() -> Self {
        static UP: OnceLock<Ratio> = OnceLock::new();
        Self::new(UP.get_or_init(|| Ratio::new(160, 147)))
    }

    /// From 48 to 44.1 kHz.
    pub(crate) fn down() -> Self {
        static DOWN: OnceLock<Ratio> = OnceLock::new();
        Self::new(DOWN.get_or_init(|| Ratio::new(147, 160)))
    }

    fn new(ratio: &'static Ratio) -> Self {
        Self { ratio, line: vec![0.0; BEFORE + PIECE].into_boxed_slice(), phase: 0 }
    }

    /// Converts samples into places; how many. Nothing when there are not enough places. 10 ms make
    /// 10 ms, wherever they are cut.
    pub(crate) fn convert<'a>(
        &mut self,
        mut input: impl ExactSizeIterator<Item = i16>,
        mut places: impl ExactSizeIterator<Item = &'a mut i16>,
    ) -> Option<usize> {
        let made = self.output_len(input.len());
        if places.len() < made {
            return None;
        }
        while input.len() > 0 {
            let new = input.len().min(PIECE);
            for (slot, sample) in self.line.iter_mut().skip(BEFORE).zip(input.by_ref().take(new)) {
                *slot = f32::from(sample);
            }
            while self.phase < new * self.ratio.out {
                let (at, phase) = (self.phase / self.ratio.out, self.phase % self.ratio.out);
                let taps = self.ratio.taps.get(phase)?;
                let around = self.line.get(at..at + TAPS)?;
                let sum: f32 = taps.iter().zip(around).map(|(tap, sample)| tap * sample).sum();
                *places.next()? = sum.round() as i16;
                self.phase += self.ratio.into;
            }
            self.phase -= new * self.ratio.out;
            self.line.copy_within(new..new + BEFORE, 0);
        }
        Some(made)
    }

    fn output_len(&self, input: usize) -> usize {
        (input * self.ratio.out).saturating_sub(self.phase).div_ceil(self.ratio.into)
    }
}

impl Ratio {
    fn new(out: usize, into: usize) -> Self {
        // Half the band of the lower rate, as a part of the rate that comes in.
        let edge = EDGE * (out as f64 / into as f64).min(1.0);
        let taps = (0..out).map(|phase| {
            let later = phase as f64 / out as f64;
            let taps: [f64; TAPS] =
                std::array::from_fn(|tap| weight(tap as f64 - BEFORE as f64 / 2.0 - later, edge));
            let sum: f64 = taps.iter().sum();
            taps.map(|tap| (tap / sum) as f32)
        });
        Self { out, into, taps: taps.collect() }
    }
}

/// The impulse response of an ideal low-pass, in Blackman's window.
fn weight(time: f64, edge: f64) -> f64 {
    use std::f64::consts::{PI, TAU};
    let angle = TAU * edge * time;
    let sinc = if angle.abs() < 1e-9 { 1.0 } else { angle.sin() / angle };
    let place = (time / TAPS as f64).clamp(-0.5, 0.5);
    sinc * (0.42 + 0.5 * (2.0 * PI * place).cos() + 0.08 * (4.0 * PI * place).cos())
}

const TAPS: usize = 32;
/// Samples that are remembered.
const BEFORE: usize = TAPS - 1;
/// Samples that are taken at once.
const PIECE: usize = 480;
/// Of the lower rate.
const EDGE: f64 = 0.45;

#[cfg(test)]
mod tests {
    use super::*;

    fn convert(converter: &mut Converter, pcm: &[i16], piece: usize) -> Vec<i16> {
        let mut out = Vec::new();
        for pcm in pcm.chunks(piece) {
            let mut places = [0; 2_000];
            let made = converter.convert(pcm.iter().copied(), places.iter_mut()).unwrap();
            out.extend_from_slice(&places[..made]);
        }
        out
    }

    fn tone(hertz: f64, rate: f64, samples: usize) -> Vec<i16> {
        let wave = |n| (n as f64 * std::f64::consts::TAU * hertz / rate).sin();
        (0..samples).map(|n| (10_000.0 * wave(n)) as i16).collect()
    }

    fn power(pcm: &[i16]) -> f64 {
        pcm.iter().map(|it| f64::from(*it).powi(2)).sum::<f64>() / pcm.len() as f64
    }

    #[test]
    fn a_second_is_a_second_wherever_it_is_cut() {
        for piece in [1, 441, 882, 997] {
            let up = convert(&mut Converter::up(), &tone(1_000.0, 44_100.0, 44_100), piece);
            assert_eq!(up.len(), 48_000);
            assert_eq!(up, convert(&mut Converter::up(), &tone(1_000.0, 44_100.0, 44_100), 100));
        }
        for ten in tone(500.0, 48_000.0, 4_800).chunks(480) {
            assert_eq!(convert(&mut Converter::down(), ten, 480).len(), 441);
        }
    }

    #[test]
    fn tones_keep_their_loudness_and_what_no_disc_holds_is_gone() {
        for hertz in [50.0, 1_000.0, 10_000.0, 16_000.0] {
            let sent = tone(hertz, 48_000.0, 48_000);
            let down = convert(&mut Converter::down(), &sent, 960);
            let heard = convert(&mut Converter::up(), &down, 882);
            let level = 10.0 * (power(&heard[1_000..]) / power(&sent)).log10();
            assert!(level.abs() < 0.2, "{hertz} Hz: {level} dB");
        }
        let down = convert(&mut Converter::down(), &tone(23_500.0, 48_000.0, 48_000), 960);
        assert!(power(&down[1_000..]) < 5e7 / 1e4);
    }

    #[test]
    fn no_room_is_no_panic() {
        let mut places = [0; 10];
        assert_eq!(Converter::up().convert([0; 441].into_iter(), places.iter_mut()), None);
    }
}
