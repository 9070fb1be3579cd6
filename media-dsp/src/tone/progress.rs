//! Hears the indication tones of a country: which sound there is, by its frequencies, and which
//! tone that is, by its cadence. ITU-T E.180 and its Supplement 2.

use super::Dbm0;
use super::bank::{BLOCK, Bank, Ear, LANES, RECENT};
use super::cadence::{Sound, Step};
use super::chord::Chord;
use super::runs::{Class, Runs};
use super::zones::{Indication, Zone};
use std::sync::Arc;

/// Hears the indication tones of one country. State: at most 1,792 octets, and tables of 2.7 kB,
/// which clones share.
#[derive(Debug, Clone)]
pub struct Detector {
    bank: Arc<Bank>,
    ear: Ear<WINDOW>,
    zone: &'static Zone,
    /// The different sounds of the country's tones.
    chords: [Option<Chord>; MOST_SOUNDS],
    runs: Runs,
    loudest: f32,
    heard: Option<Indication>,
    looks: u8,
}

/// A tone was recognised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heard {
    /// Which.
    pub indication: Indication,
    /// How loud the sound is.
    pub level: Dbm0,
    /// When that was clear, in samples since the detector was made.
    pub at: u64,
}

impl Detector {
    /// Has heard nothing yet.
    pub fn new(zone: &'static Zone) -> Self {
        let mut frequencies = [0.0; LANES];
        let mut used = 0;
        let mut chords: [Option<Chord>; MOST_SOUNDS] = [None; MOST_SOUNDS];
        let steps = zone.indications().flat_map(|(_, steps)| steps);
        for step in steps.filter(|step| step.0 != Sound::Off) {
            let parts = Chord::parts(step.0);
            if chords.iter().flatten().any(|chord| chord.is_of(parts)) {
                continue;
            }
            let Some(free) = chords.iter_mut().find(|it| it.is_none()) else { continue };
            *free = Chord::new(parts, WINDOW, |hertz| {
                let known = frequencies[..used].iter().position(|it| *it == hertz);
                known.or_else(|| {
                    *frequencies.get_mut(used)? = hertz;
                    used += 1;
                    Some(used - 1)
                })
            });
        }
        Self {
            bank: Arc::new(Bank::new(&frequencies[..used])),
            ear: Ear::new(),
            zone,
            chords,
            runs: Runs::new(),
            loudest: 0.0,
            heard: None,
            looks: 0,
        }
    }

    /// Listens to samples, and tells each tone once it is clear which; again when it changes, or
    /// after something else was heard.
    pub fn hear(&mut self, mut pcm: &[i16], mut tell: impl FnMut(Heard)) {
        while let Some(rest) = self.ear.take(&self.bank, pcm) {
            pcm = rest;
            let class = self.class();
            let is_plain = matches!(class, Class::Sound(at) if self.is_plain(at));
            let enough = if is_plain { LOOKS_PLAIN } else { LOOKS_MIXED };
            self.runs.look(class, enough, LATE);
            self.looks = (self.looks + 1) % LOOKS;
            if self.looks != 0 {
                continue;
            }
            let Some(indication) = self.indication() else { continue };
            if self.heard != Some(indication) {
                self.heard = Some(indication);
                let level = Dbm0::of_mean_square(self.loudest);
                tell(Heard { indication, level, at: self.ear.now() });
            }
        }
    }

    fn class(&mut self) -> Class {
        let recent = self.ear.energy(RECENT) / (RECENT * BLOCK) as f32;
        if recent < SILENT.mean_square().max(self.loudest * MUCH_LESS) {
            if self.runs.now().0 == Class::Other {
                self.loudest = 0.0;
            }
            return Class::Silence;
        }
        let total = self.ear.energy(WINDOW);
        let fit = |at: usize| {
            let chord = self.chords[at]?;
            Some((at, chord.count(), chord.fit(&self.ear, total)?))
        };
        let fits = || (0..MOST_SOUNDS).filter_map(fit);
        // Of those that say all the one with the fewest frequencies is right, and of several the
        // one that is nearest; where none says all, the one that says most.
        let sure = fits().filter(|(_, _, fit)| fit.explained >= SURE);
        let sure = sure.min_by(|a, b| a.1.cmp(&b.1).then(b.2.direct.total_cmp(&a.2.direct)));
        let best = || fits().max_by(|a, b| a.2.explained.total_cmp(&b.2.explained));
        match sure.or_else(best) {
            Some((at, ..)) => {
                self.loudest = total / (WINDOW * BLOCK) as f32;
                Class::Sound(at as u8)
            }
            None => Class::Other,
        }
    }

    fn is_plain(&self, at: u8) -> bool {
        let chord = self.chords.get(usize::from(at)).copied().flatten();
        chord.is_some_and(|it| it.count() == 1)
    }

    /// The tone that the runs so far can only be.
    fn indication(&mut self) -> Option<Indication> {
        let (class, lasted) = self.runs.now();
        if class == Class::Other || (class == Class::Silence && lasted > LONGEST_SILENCE) {
            self.heard = None;
            return None;
        }
        let matches = self.zone.indications().filter_map(|(indication, steps)| {
            let error = if let [Step(sound, 0)] = steps {
                self.endless(*sound).then_some(0.0)
            } else {
                (0..steps.len()).filter_map(|at| self.cadence(steps, at)).min_by(f32::total_cmp)
            };
            Some((indication, error?))
        });
        matches.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(indication, _)| indication)
    }

    /// Whether a sound has lasted for longer than in any cadence.
    fn endless(&self, sound: Sound) -> bool {
        let (class, lasted) = self.runs.now();
        let steps = self.zone.indications().flat_map(|(_, steps)| steps);
        let wanted = self.class_of(sound);
        let alike = steps.filter(|step| self.class_of(step.0) == wanted);
        let longest = alike.map(|step| step.1).max().unwrap_or(0);
        class == wanted && lasted > (f32::from(longest) * 1.2).max(LEAST_ENDLESS)
    }

    /// How far the runs are from a cadence whose step `at` is the one of now; `None` where they do
    /// not fit, or are too few to say.
    fn cadence(&self, steps: &[Step], at: usize) -> Option<f32> {
        let (class, lasted) = self.runs.now();
        let current = steps[at];
        let full = f32::from(current.1);
        if class != self.class_of(current.0) || lasted > full + slack(full) {
            return None;
        }
        let cycle: f32 = steps.iter().map(|step| f32::from(step.1)).sum();
        let sounding: f32 =
            steps.iter().filter(|it| it.0 != Sound::Off).map(|it| f32::from(it.1)).sum();
        let count = steps.len();
        // A long pause counts before it is over; short cadences and very short sounds have to come
        // more often.
        let in_long_pause = class == Class::Silence
            && steps.iter().all(|step| step.1 <= current.1)
            && full >= LONG
            && lasted >= (full * 0.6).min(LONG);
        let mut needed = if in_long_pause { count - 1 } else { count };
        if cycle < SHORT_CYCLE {
            needed = ((SHORT_CYCLE * count as f32 / cycle).ceil() as usize).clamp(3, 7);
        } else if sounding < SHORT_SOUND {
            needed += count;
        }
        let over = self.runs.over();
        let start = over.len().checked_sub(needed)?;
        let before = steps.iter().rev().cycle().skip(count - at);
        let mut error = 0.0;
        for ((class, lasted), Step(sound, millis)) in over[start..].iter().rev().zip(before) {
            let off = (lasted - f32::from(*millis)).abs();
            if *class != self.class_of(*sound) || off > slack(f32::from(*millis)) {
                return None;
            }
            error += off;
        }
        Some(error / needed as f32)
    }

    fn class_of(&self, sound: Sound) -> Class {
        if sound == Sound::Off {
            return Class::Silence;
        }
        let parts = Chord::parts(sound);
        let at = self.chords.iter().flatten().position(|chord| chord.is_of(parts));
        at.map_or(Class::Other, |at| Class::Sound(at as u8))
    }
}

/// E.180 §4 recommends cadences within 10 %; on top of it what runs are measured by.
fn slack(millis: f32) -> f32 {
    millis * 0.12 + 20.0
}

/// Blocks in a window: 40 ms.
const WINDOW: usize = 8;
const MOST_SOUNDS: usize = 8;
/// A silence is below this, or well below the sound before it.
const SILENT: Dbm0 = Dbm0(-46.0);
const MUCH_LESS: f32 = 0.06;
/// What a chord explains that says all, with noise 10 dB below.
const SURE: f32 = 0.86;
/// A sound is seen once it fills most of a window, a silence once the short window is quiet. In ms.
const LATE: (f32, f32) = (30.0, 12.0);
/// Looks that make a sound: the begin of a plain tone looks like several tones for a while.
const LOOKS_PLAIN: u8 = 3;
const LOOKS_MIXED: u8 = 6;
/// Blocks between looks for a cadence.
const LOOKS: u8 = 4;
/// Of a sound that goes on, in ms.
const LEAST_ENDLESS: f32 = 700.0;
/// A pause that is no mere gap, in ms.
const LONG: f32 = 1_300.0;
const SHORT_CYCLE: f32 = 1_300.0;
const SHORT_SOUND: f32 = 300.0;
/// No tone has a longer pause, in ms.
const LONGEST_SILENCE: f32 = 16_000.0;
