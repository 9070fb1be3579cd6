//! Sound made longer or shorter by whole cycles of the voice, so that its pitch stays (waveform
//! similarity overlap and add). Functions over slices; nothing is kept from one call to the next.
//!
//! The first cycle of the sound is faded over into the one after it. Where the two are not alike
//! enough nothing is done, and a later place may do.

// Windows and lags have lengths that are checked where they come in; the loops index within them.
#![allow(clippy::indexing_slicing)]

/// What may be changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effort {
    /// How much alike two cycles have to be, 0 to 1: 0.9 is not heard, 0.5 is, below is rough.
    pub likeness: f32,
    /// The mean square of samples in which any cut goes unheard: a pause.
    pub quiet: f32,
}

/// Takes one cycle out of the beginning of `pcm`; says how many samples that were. What is left
/// lies at the front.
///
/// `pcm`: [`window`] samples or more of sound, linear 16-bit; in a shorter one only shorter cycles
/// are found. `rate`: samples in a second, 8,000 to 48,000.
pub fn shrink(pcm: &mut [i16], rate: u32, effort: Effort) -> Option<usize> {
    let (lag, likeness) = cycle(pcm, rate, effort)?;
    for place in 0..lag {
        pcm[place] = fade(pcm[place], pcm[place + lag], place, lag, likeness);
    }
    pcm.copy_within(2 * lag.., lag);
    Some(lag)
}

/// Puts one cycle more in at the beginning of the first `length` samples of `pcm`; says how many
/// samples that were. Behind them has to be room for [`longest`] more.
pub fn grow(pcm: &mut [i16], length: usize, rate: u32, effort: Effort) -> Option<usize> {
    let (lag, likeness) = cycle(pcm.get(..length)?, rate, effort)?;
    if pcm.len() < length + lag {
        return None;
    }
    pcm.copy_within(lag..length, 2 * lag);
    for place in 0..lag {
        // The sound after the first cycle, which has moved, into the first cycle once more.
        pcm[lag + place] = fade(pcm[2 * lag + place], pcm[place], place, lag, likeness);
    }
    Some(lag)
}

/// Samples in which the longest cycle is found: 30 ms.
pub fn window(rate: u32) -> usize {
    2 * longest(rate)
}

/// Samples of the longest cycle: 15 ms, a voice of 67 Hz.
pub fn longest(rate: u32) -> usize {
    rate as usize * 15 / 1_000
}

/// After how many samples the sound is most like itself, and how much.
fn cycle(pcm: &[i16], rate: u32, effort: Effort) -> Option<(usize, f32)> {
    let pcm = &pcm[..pcm.len().min(window(rate))];
    let shortest = rate as usize / 400;
    let longest = pcm.len() / 2;
    if longest < shortest {
        return None;
    }
    let square: f32 = pcm.iter().map(|it| f32::from(*it) * f32::from(*it)).sum();
    if square <= effort.quiet * pcm.len() as f32 {
        return Some((longest, likeness(pcm, longest, longest).max(0.0)));
    }
    let lag = refine(pcm, coarse(pcm, rate), rate, shortest, longest);
    let likeness = likeness(pcm, lag, lag);
    (likeness >= effort.likeness).then_some((lag, likeness.clamp(0.0, 1.0)))
}

/// The lag, found at a rate of 4 kHz.
fn coarse(pcm: &[i16], rate: u32) -> usize {
    let step = (rate as usize / COARSE).max(1);
    let mut thin = [0_i16; 2 * COARSE_LONGEST];
    let count = (pcm.len() / step).min(thin.len());
    for (sample, samples) in thin.iter_mut().zip(pcm.chunks_exact(step)) {
        let sum: i32 = samples.iter().map(|it| i32::from(*it)).sum();
        *sample = (sum / step as i32) as i16;
    }
    let thin = &thin[..count];
    let longest = count / 2;
    let mut best = (longest, f32::MIN);
    for lag in COARSE_SHORTEST.min(longest)..=longest {
        // Longer cuts are fewer.
        let preference = LONGER * lag as f32 / COARSE_LONGEST as f32;
        let score = likeness(thin, lag, count - longest) + preference;
        if score > best.1 {
            best = (lag, score);
        }
    }
    best.0 * step
}

/// The best lag near the one that was found at the lower rate.
fn refine(pcm: &[i16], near: usize, rate: u32, shortest: usize, longest: usize) -> usize {
    let step = (rate as usize / COARSE).max(1);
    let from = near.saturating_sub(step).max(shortest);
    let to = (near + step).min(longest);
    let mut best = (near.clamp(shortest, longest), f32::MIN);
    for lag in from..=to {
        let score = likeness(pcm, lag, pcm.len() - longest);
        if score > best.1 {
            best = (lag, score);
        }
    }
    best.0
}

/// How much the first `length` samples are like those that are `lag` later: -1 to 1.
fn likeness(pcm: &[i16], lag: usize, length: usize) -> f32 {
    let (mut product, mut early, mut late) = (0.0, 1.0, 1.0);
    for (a, b) in pcm[..length].iter().zip(&pcm[lag..lag + length]) {
        let (a, b) = (f32::from(*a), f32::from(*b));
        product += a * b;
        early += a * a;
        late += b * b;
    }
    product / (early * late).sqrt()
}

/// From one sound into another, of equal loudness all the way whether they are alike or not.
fn fade(from: i16, to: i16, place: usize, of: usize, likeness: f32) -> i16 {
    let weight = (place as f32 + 0.5) / of as f32;
    let rest = 1.0 - weight;
    let power = weight * weight + rest * rest + 2.0 * likeness * weight * rest;
    let sum = f32::from(from) * rest + f32::from(to) * weight;
    (sum / power.sqrt()).round() as i16
}

/// Hertz at which the cycle is sought first: a voice's fundamental and its first harmonics are
/// there.
const COARSE: usize = 4_000;
/// Its samples in the shortest cycle, 2.5 ms, and in the longest, 15 ms.
const COARSE_SHORTEST: usize = COARSE / 400;
const COARSE_LONGEST: usize = COARSE * 15 / 1_000;
/// How much likeness several cycles at once may cost.
const LONGER: f32 = 0.05;

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    const RATES: [u32; 3] = [8_000, 16_000, 48_000];
    const FINE: Effort = Effort { likeness: 0.9, quiet: 0.0 };

    /// A voice of this pitch with harmonics up to 3 kHz.
    fn voice(hertz: f64, rate: u32, samples: usize) -> Vec<i16> {
        let sample = |at: usize| {
            let phase = TAU * hertz * at as f64 / f64::from(rate);
            let harmonics = (1..=(3_000.0 / hertz) as u32).map(f64::from);
            harmonics.map(|it| (it * phase + it * it).cos() / it).sum::<f64>() * 3_000.0
        };
        (0..samples).map(|at| sample(at) as i16).collect()
    }

    fn steepest(pcm: &[i16]) -> i32 {
        pcm.windows(2).map(|it| (i32::from(it[1]) - i32::from(it[0])).abs()).max().unwrap()
    }

    /// How well a sound agrees with a voice of that pitch: 1 is all of it.
    fn pitched(pcm: &[i16], hertz: f64, rate: u32) -> f32 {
        let lag = (f64::from(rate) / hertz).round() as usize;
        likeness(pcm, lag, pcm.len() - lag)
    }

    #[test]
    fn a_voice_gets_shorter_and_longer_by_whole_cycles_and_keeps_its_pitch() {
        for rate in RATES {
            for hertz in [80.0, 110.0, 160.0, 250.0, 320.0] {
                let whole = voice(hertz, rate, 2 * window(rate));
                let mut short = whole.clone();
                let removed = shrink(&mut short, rate, FINE).unwrap();
                short.truncate(whole.len() - removed);
                let mut long = whole.clone();
                long.resize(whole.len() + longest(rate), 0);
                let added = grow(&mut long, whole.len(), rate, FINE).unwrap();
                long.truncate(whole.len() + added);
                for (pcm, changed) in [(short, removed), (long, added)] {
                    let cycles = changed as f64 * hertz / f64::from(rate);
                    assert!((cycles - cycles.round()).abs() < 0.08, "{rate} {hertz}: {cycles}");
                    assert!(pitched(&pcm, hertz, rate) > 0.97, "{rate} {hertz}");
                    assert!(steepest(&pcm) <= steepest(&whole) * 9 / 8, "{rate} {hertz}: a click");
                    assert!((pcm[0] - whole[0]).abs() < 20, "{rate} {hertz}");
                    assert_eq!(pcm.last(), whole.last());
                }
            }
        }
    }

    #[test]
    fn what_is_no_voice_is_left_alone_unless_it_is_quiet_or_has_to_be() {
        let mut chance = 1_u32;
        let noise: Vec<i16> = std::iter::repeat_with(|| {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (chance >> 20) as i16 - 2_048
        })
        .take(240)
        .collect();
        for (effort, changes) in [
            (FINE, false),
            (Effort { likeness: 0.9, quiet: 2e6 }, true),
            (Effort { likeness: -1.0, quiet: 0.0 }, true),
        ] {
            let mut pcm = noise.clone();
            assert_eq!(shrink(&mut pcm, 8_000, effort).is_some(), changes, "{effort:?}");
            assert_eq!(pcm != noise, changes);
            let mut pcm = noise.clone();
            pcm.resize(360, 0);
            assert_eq!(grow(&mut pcm, 240, 8_000, effort).is_some(), changes, "{effort:?}");
        }
    }

    #[test]
    fn noise_is_as_loud_where_it_was_cut() {
        let mut chance = 7_u32;
        let mut sample = || {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (chance >> 20) as i16 - 2_048
        };
        let (mut cut, mut whole) = (0.0, 0.0);
        for _ in 0..200 {
            let mut pcm: Vec<i16> = (0..240).map(|_| sample()).collect();
            whole += pcm[..120].iter().map(|it| f64::from(*it).powi(2)).sum::<f64>();
            shrink(&mut pcm, 8_000, Effort { likeness: 0.9, quiet: 1e9 }).unwrap();
            cut += pcm[..120].iter().map(|it| f64::from(*it).powi(2)).sum::<f64>();
        }
        let decibels = 10.0 * (cut / whole).log10();
        assert!(decibels.abs() < 0.3, "{decibels:.2} dB");
    }

    #[test]
    fn too_little_sound_is_left_alone() {
        for length in 0..40 {
            let mut pcm = voice(200.0, 8_000, length);
            assert_eq!(shrink(&mut pcm, 8_000, FINE), None, "{length}");
        }
    }
}
