//! Up to three frequencies at once, and how much of what is heard they explain: the least squares
//! fit of sines of just these frequencies, which need not be far enough apart for filters to tell
//! them.

use super::bank::{BLOCK, Complex, Ear, product};
use super::{RATE, Sound};
use std::f64::consts::TAU;

/// Frequencies that sound together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Chord {
    parts: [Option<f32>; 3],
    lanes: [usize; 3],
    count: usize,
    /// The lower half of the Cholesky factor of how alike the sines are in the window: row by row,
    /// below the diagonal complex, on it real.
    alike: [Complex; 3],
    own: [f32; 3],
}

/// Parts of the energy in the window: what a chord explains, and how much of that is right at its
/// frequencies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fit {
    pub(crate) explained: f32,
    pub(crate) direct: f32,
}

impl Chord {
    /// The frequencies by which a sound is recognised. A slow modulation is within a filter's
    /// width.
    pub(crate) fn parts(sound: Sound) -> [Option<f32>; 3] {
        if let Sound::Modulated(carrier, by) = sound
            && by < WIDTH
        {
            return [Some(carrier), None, None];
        }
        sound.parts().map(|(hertz, part)| (part > 0.0).then_some(hertz))
    }

    /// A chord in windows of so many blocks. `lane` says in which filter a frequency is.
    pub(crate) fn new(
        parts: [Option<f32>; 3],
        window: usize,
        mut lane: impl FnMut(f32) -> Option<usize>,
    ) -> Option<Self> {
        let mut lanes = [0; 3];
        let mut hertz = [0.0; 3];
        let count = parts.iter().flatten().count();
        for (at, part) in parts.iter().flatten().enumerate() {
            hertz[at] = *part;
            lanes[at] = lane(*part)?;
        }
        let g = |a: usize, b: usize| alike(hertz[b] - hertz[a], window);
        let (g10, g20, g21) = (g(1, 0), g(2, 0), g(2, 1));
        let own1 = (1.0 - square(g10)).max(LEAST_OWN).sqrt();
        let l21 = sub(g21, product(g20, conjugate(g10)));
        let l21 = (l21.0 / own1, l21.1 / own1);
        let own2 = (1.0 - square(g20) - square(l21)).max(LEAST_OWN).sqrt();
        Some(Self { parts, lanes, count, alike: [g10, g20, l21], own: [1.0, own1, own2] })
    }

    /// Whether it is the chord of these frequencies.
    pub(crate) fn is_of(&self, parts: [Option<f32>; 3]) -> bool {
        self.parts == parts
    }

    /// How many frequencies it has.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// What it explains of the energy, unless that is too little or one of its frequencies is
    /// missing.
    pub(crate) fn fit<const W: usize>(&self, ear: &Ear<W>, total: f32) -> Option<Fit> {
        let energies = ear.energies();
        let own = self.lanes[..self.count].iter().map(|lane| energies[*lane] / total);
        let direct: f32 = own.clone().sum();
        if self.count == 1 {
            if direct < ROUGH {
                return None;
            }
            let explained = ear.tone(self.lanes[0]).energy / total;
            return (explained >= CLEAN).then_some(Fit { explained, direct });
        }
        let least = own.fold(f32::INFINITY, f32::min);
        let explained = self.explained(ear) * 2.0 / ((BLOCK * W) as f32 * total);
        let is_there = explained >= CLEAN && least >= LEAST_PART * direct;
        is_there.then_some(Fit { explained, direct })
    }

    fn explained<const W: usize>(&self, ear: &Ear<W>) -> f32 {
        let mut along = [(0.0, 0.0); 3];
        for at in 0..self.count {
            let mut left = ear.phasor(self.lanes[at]);
            for (before, other) in along[..at].iter().enumerate() {
                left = sub(left, product(self.alike[at + before - 1], *other));
            }
            along[at] = (left.0 / self.own[at], left.1 / self.own[at]);
        }
        along.iter().map(|it| square(*it)).sum()
    }
}

/// The mean of a turning unit over the window, whose phase is that at the begin of its last block.
fn alike(hertz: f32, window: usize) -> Complex {
    let start = -((BLOCK * (window - 1)) as i32);
    let angle = |at: i32| TAU * f64::from(hertz) * f64::from(at) / f64::from(RATE);
    let samples = (start..BLOCK as i32).map(angle);
    let length = (BLOCK * window) as f64;
    let re: f64 = samples.clone().map(f64::cos).sum();
    let im: f64 = samples.map(f64::sin).sum();
    ((re / length) as f32, (im / length) as f32)
}

fn sub(a: Complex, b: Complex) -> Complex {
    (a.0 - b.0, a.1 - b.1)
}

fn conjugate(a: Complex) -> Complex {
    (a.0, -a.1)
}

fn square(a: Complex) -> f32 {
    a.0 * a.0 + a.1 * a.1
}

/// Hz; a window of 40 ms tells frequencies 25 Hz apart.
const WIDTH: f32 = 24.0;
/// The least part of the energy in a single filter, for a tone up to 15 Hz off.
const ROUGH: f32 = 0.24;
const CLEAN: f32 = 0.7;
/// The least part of the energy that the weakest of several frequencies has.
const LEAST_PART: f32 = 0.05;
/// Against frequencies that are all but the same.
const LEAST_OWN: f32 = 1e-3;

#[cfg(test)]
mod tests {
    use super::super::bank::Bank;
    use super::super::{Dbm0, Player, Rounds, Step};
    use super::*;

    #[test]
    fn a_chord_explains_itself_however_near_its_frequencies_are() {
        for sound in [
            Sound::Two(440.0, 480.0),
            Sound::Two(413.0, 438.0),
            Sound::Three(400.0, 425.0, 450.0),
            Sound::Modulated(400.0, 33.0),
        ] {
            let parts = Chord::parts(sound);
            let frequencies: Vec<f32> = parts.iter().flatten().copied().collect();
            let bank = Bank::new(&frequencies);
            let lane = |hertz: f32| frequencies.iter().position(|it| *it == hertz);
            let chord = Chord::new(parts, 8, lane).unwrap();
            let mut pcm = [0; 1_600];
            let steps = [Step(sound, 0)];
            Player::new(&steps, Rounds::Endless, Dbm0(-10.0)).fill(&mut pcm);
            let (mut ear, mut rest) = (Ear::<8>::new(), &pcm[..]);
            let mut windows = 0;
            while let Some(more) = ear.take(&bank, rest) {
                rest = more;
                windows += 1;
                if windows >= 8 {
                    let fit = chord.fit(&ear, ear.energy(8)).unwrap();
                    assert!((fit.explained - 1.0).abs() < 0.08, "{sound:?}: {fit:?}");
                }
            }
        }
    }
}
