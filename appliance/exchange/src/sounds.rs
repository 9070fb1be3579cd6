//! Sounds that the box makes itself, so that no recording of anybody's has to come with it.

use call::{CallId, Reel, Samples, SoundKey};
use std::collections::{BTreeMap, BTreeSet};
use std::f32::consts::TAU;
use std::sync::{Arc, OnceLock};

/// Sounds, each made when it is first wanted.
#[derive(Debug, Default)]
pub(crate) struct Sounds {
    test: OnceLock<Arc<Samples>>,
    music: OnceLock<Arc<Samples>>,
    ask: OnceLock<Arc<Samples>>,
    wrong: OnceLock<Arc<Samples>>,
    notice: OnceLock<Arc<Samples>>,
    /// From the disk.
    fetched: BTreeMap<SoundKey, Arc<Samples>>,
    /// Recordings that are played in calls.
    reels: BTreeMap<CallId, Reel>,
    /// Uploads with a pause behind them.
    paused: BTreeMap<u32, Arc<Samples>>,
    /// Uploads that are not on the disk.
    lost: BTreeSet<u32>,
}

impl Sounds {
    /// 1,004 Hz at -10 dBm0, in whole periods.
    pub(crate) fn test(&self) -> Arc<Samples> {
        self.test.get_or_init(|| Arc::new(test())).clone()
    }

    /// Two short beeps every four seconds: key in a PIN.
    pub(crate) fn ask(&self) -> Arc<Samples> {
        self.ask.get_or_init(|| Arc::new(beeps(&ASK))).clone()
    }

    /// A long low tone, and then the two beeps: that was not the PIN.
    pub(crate) fn wrong(&self) -> Arc<Samples> {
        self.wrong.get_or_init(|| Arc::new(beeps(&WRONG))).clone()
    }

    /// A short tone: the call is recorded.
    pub(crate) fn notice(&self) -> Arc<Samples> {
        self.notice.get_or_init(|| Arc::new(beeps(&NOTICE))).clone()
    }

    /// A sound that came from the disk.
    pub(crate) fn fetched(&self, key: SoundKey) -> Option<Arc<Samples>> {
        self.fetched.get(&key).cloned()
    }

    /// An upload that is asked with, and a pause to answer in.
    pub(crate) fn paused(&mut self, id: u32) -> Option<Arc<Samples>> {
        if let Some(made) = self.paused.get(&id) {
            return Some(made.clone());
        }
        let sound = self.fetched.get(&SoundKey::Upload(id))?;
        let pause = std::iter::repeat_n(0, sound.rate as usize * PAUSE_SECONDS);
        let pcm = sound.pcm.iter().copied().chain(pause).collect();
        let made = Arc::new(Samples { rate: sound.rate, pcm });
        self.paused.insert(id, made.clone());
        Some(made)
    }

    /// Whether an upload was looked for and is not there.
    pub(crate) fn is_lost(&self, id: u32) -> bool {
        self.lost.contains(&id)
    }

    /// Keeps a sound, or that there is none.
    pub(crate) fn keep(&mut self, key: SoundKey, samples: Option<Arc<Samples>>) {
        match (key, samples) {
            (_, Some(samples)) => drop(self.fetched.insert(key, samples)),
            (SoundKey::Upload(id), None) => drop(self.lost.insert(id)),
            (SoundKey::Playback(_), None) => {}
        }
    }

    /// The recording that is played in a call.
    pub(crate) fn reel(&self, call: CallId) -> Option<Reel> {
        self.reels.get(&call).copied()
    }

    /// This is it.
    pub(crate) fn keep_reel(&mut self, call: CallId, reel: Reel) {
        self.reels.insert(call, reel);
    }

    /// The call is over.
    pub(crate) fn forget_reel(&mut self, call: CallId) {
        self.reels.remove(&call);
    }

    /// What of these is to be read from the disk. Uploads that nobody wants any more are forgotten.
    pub(crate) fn missing(&mut self, wanted: &BTreeSet<u32>) -> Vec<u32> {
        self.lost.clear();
        self.paused.retain(|id, _| wanted.contains(id));
        self.fetched.retain(|key, _| match key {
            SoundKey::Upload(id) => wanted.contains(id),
            SoundKey::Playback(_) => true,
        });
        let there = |id: &u32| self.fetched.contains_key(&SoundKey::Upload(*id));
        wanted.iter().copied().filter(|id| !there(id)).collect()
    }

    /// Music to wait by: sixteen bars of plucked chords that end where they began.
    pub(crate) fn music(&self) -> Arc<Samples> {
        self.music.get_or_init(|| Arc::new(music())).clone()
    }
}

/// A quarter of a second holds 251 periods of 1,004 Hz.
fn test() -> Samples {
    let peak = FULL * 10f32.powf((-10.0 - FULL_DBM0) / 20.0);
    let sample = |n: u16| word(peak * (TAU * 1004.0 * f32::from(n) / 8000.0).sin());
    Samples { rate: 8000, pcm: (0..2000).map(sample).collect() }
}

/// Tones and pauses: hertz and milliseconds.
fn beeps(steps: &[(u16, u16)]) -> Samples {
    let peak = FULL * 10f32.powf((-13.0 - FULL_DBM0) / 20.0);
    let mut pcm = Vec::new();
    for (hertz, millis) in steps {
        let length = 8 * u32::from(*millis);
        for n in 0..length {
            // Five milliseconds of ramp: a beep, not a click.
            let ramp = (n.min(length - n) as f32 / 40.0).min(1.0);
            let phase = TAU * f32::from(*hertz) * n as f32 / 8000.0;
            pcm.push(word(peak * ramp * phase.sin()));
        }
    }
    Samples { rate: 8000, pcm: pcm.into() }
}

/// Arpeggios over four chords in F, four bars each way. A string that still sounds at the end sounds on
/// at the beginning: the loop has no seam.
fn music() -> Samples {
    let beats = CHORDS.len() * PATTERN.len();
    let length = beats * BEAT;
    let mut sum = vec![0f32; length];
    for beat in 0..beats {
        let (chord, step) = (beat / PATTERN.len(), beat % PATTERN.len());
        let Some(pitches) = CHORDS.get(chord) else { continue };
        let Some(pitch) = PATTERN.get(step).and_then(|voice| pitches.get(*voice)) else { continue };
        pluck(&mut sum, beat * BEAT, *pitch, if step == 0 { 1.0 } else { 0.6 });
        if step == 0
            && let Some(root) = pitches.first()
        {
            pluck(&mut sum, beat * BEAT, root - 12, 0.9);
        }
    }
    let peak = sum.iter().fold(1f32, |peak, sample| peak.max(sample.abs()));
    let scale = FULL * 10f32.powf(MUSIC_PEAK_DB / 20.0) / peak;
    Samples { rate: RATE, pcm: sum.into_iter().map(|sample| word(sample * scale)).collect() }
}

/// Adds a string that dies away; what is beyond the end goes to the beginning.
fn pluck(sum: &mut [f32], at: usize, semitones: i8, level: f32) {
    let length = sum.len();
    let hertz = 440.0 * (f32::from(semitones) / 12.0).exp2();
    let rate = RATE as f32;
    for n in 0..SUSTAIN {
        let time = n as f32 / rate;
        // Higher partials die sooner, as on a string.
        let partial =
            |k: f32| (TAU * (hertz * k * time).fract()).sin() * (-time * (1.2 + k)).exp() / k;
        let attack = (time / 0.006).min(1.0);
        let release = ((SUSTAIN - n) as f32 / 1600.0).min(1.0);
        let sample =
            level * attack * release * (1..=5u8).map(|k| partial(f32::from(k))).sum::<f32>();
        if let Some(slot) = sum.get_mut((at + n) % length) {
            *slot += sample;
        }
    }
}

fn word(sample: f32) -> i16 {
    // `as` saturates.
    sample.round() as i16
}

/// The loudest sine of G.711 µ-law in 16-bit words, and how loud it is (ITU-T G.711 §4).
const FULL: f32 = 32_636.0;
const FULL_DBM0: f32 = 3.17;
/// Music is heard beside speech, and not above it.
const MUSIC_PEAK_DB: f32 = -11.0;
const ASK: [(u16, u16); 4] = [(880, 150), (0, 100), (1175, 150), (0, 3600)];
const WRONG: [(u16, u16); 6] = [(330, 600), (0, 400), (880, 150), (0, 100), (1175, 150), (0, 3600)];
/// The 1,400 Hz of FS-1037C, "recorder warning tone", for half as long: meanwhile nobody else is heard.
const NOTICE: [(u16, u16); 1] = [(1400, 250)];
const RATE: u32 = 16_000;
/// To answer in, before it is asked again.
const PAUSE_SECONDS: usize = 3;
/// 0.3 s.
const BEAT: usize = 4_800;
const SUSTAIN: usize = 2 * 16_000;
/// Semitones from A4: F, D minor, B flat, C, and home by way of A minor and G minor.
const CHORDS: [[i8; 4]; 8] = [
    [-16, -12, -9, -4],
    [-19, -12, -7, -4],
    [-11, -7, -4, 1],
    [-9, -5, -2, 3],
    [-16, -9, -4, 0],
    [-12, -9, -5, 0],
    [-14, -11, -7, -2],
    [-9, -5, -2, 3],
];
const PATTERN: [usize; 8] = [0, 1, 2, 3, 2, 3, 1, 2];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loops_have_no_seam() {
        for samples in [test(), music()] {
            let steps = samples.pcm.windows(2).map(|pair| i32::from(pair[1]) - i32::from(pair[0]));
            let largest = steps.map(i32::abs).max().unwrap();
            let seam = i32::from(samples.pcm[0]) - i32::from(*samples.pcm.last().unwrap());
            assert!(seam.abs() <= largest, "{seam} beside {largest}");
        }
    }

    #[test]
    fn music_is_neither_loud_nor_silent_anywhere() {
        let music = music();
        assert!(music.pcm.len() > 15 * RATE as usize);
        for second in music.pcm.chunks(RATE as usize) {
            let peak = second.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
            assert!((500..12_000).contains(&peak), "{peak}");
        }
    }
}
