//! Melodies that never repeat, and how well they came out at the far end.

use std::path::Path;

use board::Law;

/// Samples of a melody, 8,000 a second: each tenth of a second another pair of tones, none like those of a
/// key (ITU-T Q.23).
pub(crate) fn melody(seed: u32, seconds: usize) -> Vec<i16> {
    let mut state = seed;
    let mut chance = |low: f64, high: f64| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        low + (high - low) * f64::from(state >> 8) / f64::from(1 << 24)
    };
    let mut samples = Vec::with_capacity(seconds * 8_000);
    for _ in 0..seconds * 10 {
        let (low, high) = (chance(300.0, 640.0), chance(1_750.0, 3_000.0));
        for at in 0..SLOT {
            let turn = std::f64::consts::TAU * at as f64 / 8_000.0;
            let ramp = (at.min(SLOT - 1 - at) as f64 / 40.0).min(1.0);
            samples.push((((turn * low).sin() + (turn * high).sin()) * ramp * 6_500.0) as i16);
        }
    }
    samples
}

/// Writes samples as a file of octets, as they are on a line.
pub(crate) fn write_octets(path: &Path, samples: &[i16]) -> Result<(), String> {
    let octets: Vec<u8> = samples.iter().map(|sample| Law::A.compress((*sample).into())).collect();
    std::fs::write(path, octets).map_err(|why| format!("{}: {why}", path.display()))
}

pub(crate) fn read_octets(path: &Path) -> Result<Vec<i16>, String> {
    let octets = std::fs::read(path).map_err(|why| format!("{}: {why}", path.display()))?;
    Ok(octets.into_iter().map(|octet| Law::A.expand(octet)).collect())
}

/// Writes samples as a WAV file of one channel.
pub(crate) fn write_wav(path: &Path, samples: &[i16]) -> Result<(), String> {
    let octets = samples.len() as u32 * 2;
    let mut file = Vec::from(*b"RIFF");
    file.extend((octets + 36).to_le_bytes());
    file.extend(*b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(8_000_u32.to_le_bytes());
    file.extend(16_000_u32.to_le_bytes());
    file.extend(*b"\x02\0\x10\0data");
    file.extend(octets.to_le_bytes());
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    std::fs::write(path, file).map_err(|why| format!("{}: {why}", path.display()))
}

/// Reads a WAV file of one channel, whose lengths may not have been written.
pub(crate) fn read_wav(path: &Path) -> Result<Vec<i16>, String> {
    let file = std::fs::read(path).map_err(|why| format!("{}: {why}", path.display()))?;
    let after = |word: &[u8; 4]| {
        let at = file.windows(4).position(|four| four == word);
        at.map(|at| at + 8).ok_or(format!("{}: no sound", path.display()))
    };
    let format = file.get(after(b"fmt ")?..).unwrap_or_default();
    // PCM, one channel, 8,000 samples a second.
    if format.get(..8) != Some(&[1, 0, 1, 0, 0x40, 0x1f, 0, 0]) {
        return Err(format!("{}: another format, {:?}", path.display(), format.get(..16)));
    }
    let samples = file.get(after(b"data")?..).unwrap_or_default().chunks_exact(2);
    Ok(samples.map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect())
}

/// How a recording compares with what was played.
pub(crate) struct Heard {
    seconds: f64,
    /// The median of all frames of 20 ms; 1 is the same wave.
    correlation: f64,
    /// Heard over played, the median.
    level: f64,
    frames: usize,
    /// Frames between the first and the last sound that are not of the source.
    gaps: usize,
    /// How often something was left out, or said twice.
    jumps: usize,
}

impl Heard {
    pub(crate) fn of(source: &[i16], recording: &[i16]) -> Result<Heard, String> {
        let sounds = |sample: &i16| sample.unsigned_abs() > 300;
        let (Some(first), Some(last)) =
            (recording.iter().position(sounds), recording.iter().rposition(sounds))
        else {
            return Err(format!("{} samples of silence", recording.len()));
        };
        let heard = &recording[first..=last];
        let seconds = heard.len() as f64 / 8_000.0;
        // Half a second later nothing begins any more.
        let begin = 4_000;
        let piece = heard.get(begin..begin + 1_600);
        let piece = piece.ok_or(format!("only {seconds:.2} s were heard"))?;
        // Every fourth sample tells enough of where it is, and is quicker.
        let sparse: Vec<i16> = piece.iter().copied().step_by(4).collect();
        let fits = |at: usize| -> i64 {
            let there = source[at..].iter().step_by(4);
            there.zip(&sparse).map(|(a, b)| i64::from(*a) * i64::from(*b)).sum()
        };
        let places = 0..source.len().min(LATEST).saturating_sub(piece.len());
        let place = places.max_by_key(|at| fits(*at)).ok_or("no source")?;
        // Where in the source what is heard begins.
        let mut lag = place as isize - begin as isize;
        let (mut fits, mut levels, mut gaps, mut jumps) = (Vec::new(), Vec::new(), 0, 0);
        for (index, frame) in heard.chunks_exact(FRAME).enumerate() {
            let at = (index * FRAME) as isize;
            let mut found = best(source, frame, lag + at, 0);
            if found.fit < 0.98 {
                found = best(source, frame, lag + at, NEAR);
            }
            if found.fit < 0.8 {
                let far = best(source, frame, lag + at, FAR);
                if far.fit > 0.95 {
                    found = far;
                    jumps += 1;
                }
            }
            if found.fit > 0.9 {
                lag = found.place - at;
            }
            gaps += usize::from(found.fit < 0.8);
            fits.push(found.fit);
            levels.push(found.level);
        }
        let (correlation, level) = (median(&mut fits), median(&mut levels));
        Ok(Heard { seconds, correlation, level, frames: fits.len(), gaps, jumps })
    }

    /// Words, or what is wrong: at least so much was heard, and it is the source but for this part of frames.
    pub(crate) fn demand(&self, seconds: f64, missing: f64) -> Result<String, String> {
        let Heard { seconds: heard, correlation, level, frames, gaps, jumps } = self;
        let words = format!(
            "{heard:.1} s, correlation {correlation:.3}, level {level:.2}, {gaps} of {frames} frames \
             are gaps, {jumps} jumps"
        );
        let good = *heard >= seconds
            && *correlation >= 0.95
            && (0.9..1.1).contains(level)
            && *gaps as f64 <= missing * *frames as f64;
        if good { Ok(words) } else { Err(words) }
    }
}

struct Found {
    fit: f64,
    level: f64,
    place: isize,
}

/// The best place for a frame, around this one.
fn best(source: &[i16], frame: &[i16], near: isize, slack: isize) -> Found {
    let energy = |samples: &[i16]| -> i64 {
        samples.iter().map(|sample| i64::from(*sample) * i64::from(*sample)).sum()
    };
    let power = energy(frame).max(1) as f64;
    let mut found = Found { fit: 0.0, level: 0.0, place: near };
    for place in near - slack..=near + slack {
        let there = usize::try_from(place).ok().and_then(|at| source.get(at..at + frame.len()));
        let Some(there) = there else { continue };
        let dot: i64 = there.iter().zip(frame).map(|(a, b)| i64::from(*a) * i64::from(*b)).sum();
        let source_power = energy(there).max(1) as f64;
        let fit = dot as f64 / (power * source_power).sqrt();
        if fit > found.fit {
            found = Found { fit, level: (power / source_power).sqrt(), place };
        }
    }
    found
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

const SLOT: usize = 800;
/// What is heard begins within the first of this many samples of the source.
const LATEST: usize = 64_000;
/// 20 ms.
const FRAME: usize = 160;
/// How far a frame may be from where the one before was, samples: 20 ms.
const NEAR: isize = 160;
/// The same behind a jump.
const FAR: isize = 4_000;
