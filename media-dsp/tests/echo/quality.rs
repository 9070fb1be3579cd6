//! How well echo is taken away: eight models at two delays, each with speech of its own, so that no single
//! sentence decides. Speech alone for 15 s, three seconds of double talk, speech alone, at 30 s another path.

use super::line::{Law, Line};
use std::ops::Range;

/// An echo canceller under test: far end, near end with its echo, what is left.
pub(crate) type Canceller = Box<dyn FnMut(&[i16], &[i16], &mut [i16])>;

/// The enhancement in dB in each of [`SPANS`], over the sixteen runs.
pub(crate) struct Quality {
    pub(crate) mean: [f32; SPANS.len()],
    pub(crate) least: [f32; SPANS.len()],
    /// Seconds from another path on until [`SETTLED`] dB are there over a quarter of a second, of each run.
    pub(crate) settled: Vec<f32>,
}

impl Quality {
    /// The mean of [`Quality::settled`].
    pub(crate) fn mean_settled(&self) -> f32 {
        self.settled.iter().sum::<f32>() / self.settled.len() as f32
    }
}

/// The enhancement in dB with which another path is known again.
pub(crate) const SETTLED: f32 = 20.0;

/// What is measured: a name, and seconds from and to.
pub(crate) const SPANS: [(&str, f32, f32); 8] = [
    ("0-1 s", 0.0, 1.0),
    ("1-2 s", 1.0, 2.0),
    ("2-5 s", 2.0, 5.0),
    ("5-10 s", 5.0, 10.0),
    ("10-15 s", 10.0, 15.0),
    ("1 s after double talk", 18.0, 19.0),
    ("7-12 s after", 25.0, 30.0),
    ("1-2 s after a path change", 31.0, 32.0),
];

/// Runs all sixteen; `speech` is at least [`NEEDED`] seconds.
pub(crate) fn quality(speech: &[i16], make: &mut dyn FnMut() -> Canceller) -> Quality {
    let (mean, least) = ([0.0; SPANS.len()], [f32::INFINITY; SPANS.len()]);
    let mut quality = Quality { mean, least, settled: Vec::new() };
    for run in 0..16 {
        let (model, delay) = (2 + run % 8, if run < 8 { 80 } else { 400 });
        let far = &speech[run * 23 * SECOND..];
        let near = &speech[(run * 19 + 77) * SECOND..];
        let (rows, settled) = one(far, near, model, delay, make());
        quality.settled.push(settled);
        for (span, enhancement) in rows.into_iter().enumerate() {
            quality.mean[span] += enhancement / 16.0;
            quality.least[span] = quality.least[span].min(enhancement);
        }
    }
    quality
}

fn one(
    far: &[i16],
    near: &[i16],
    model: usize,
    delay: usize,
    mut canceller: Canceller,
) -> ([f32; SPANS.len()], f32) {
    let mut line = Line::new(model, 6.0, delay, Law::A).with_noise(-70.0);
    let (mut came, mut left) = (Vec::new(), Vec::new());
    for (start, far) in far[..32 * SECOND].chunks_exact(FRAME).enumerate() {
        let mut rin = [0; FRAME];
        let mut sin = [0; FRAME];
        let mut sout = [0; FRAME];
        for (place, &far) in far.iter().enumerate() {
            let time = start * FRAME + place;
            if time == 30 * SECOND {
                line.change(2 + (model - 1) % 8, 6.0, delay);
            }
            rin[place] = Law::A.through(f32::from(far)) as i16;
            let talks = (15 * SECOND..18 * SECOND).contains(&time);
            let near = if talks { f32::from(near[time - 15 * SECOND]) } else { 0.0 };
            sin[place] = line.turn(rin[place], near);
        }
        canceller(&rin, &sin, &mut sout);
        came.extend_from_slice(&sin);
        left.extend_from_slice(&sout);
    }
    let enhancement = |span: Range<usize>| {
        let power = |of: &[i16]| of.iter().map(|&it| f64::from(it).powi(2)).sum::<f64>();
        let ratio = power(&came[span.clone()]) / power(&left[span]).max(1.0);
        10.0 * ratio.log10() as f32
    };
    let windows = (30 * SECOND..).step_by(FRAME).map(|from| from..from + SECOND / 4);
    let settled =
        windows.take_while(|it| it.end <= came.len()).find(|it| enhancement(it.clone()) >= SETTLED);
    let settled = settled.map_or(f32::INFINITY, |it| (it.end - 30 * SECOND) as f32 / SECOND as f32);
    let spans = SPANS.map(|(_, from, to)| {
        enhancement((from * SECOND as f32) as usize..(to * SECOND as f32) as usize)
    });
    (spans, settled)
}

/// Seconds of speech that are needed.
pub(crate) const NEEDED: usize = 16 * 23 + 77;
/// Samples of a second.
const SECOND: usize = 8000;
/// Samples of a call of the canceller.
const FRAME: usize = 160;
