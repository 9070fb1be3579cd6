//! Whether fax or a modem is on the line: then nothing of it may be cancelled or stretched.

use media_dsp::inband::{BLOCK, Carries, InBand};

/// Listens to both directions of a channel, in blocks of any length.
#[derive(Debug, Default)]
pub(crate) struct DataWatch {
    ways: [Way; 2],
    /// Since when both have been quiet, in pieces of 10 ms; nothing while there are no data.
    quiet: Option<u32>,
}

#[derive(Debug)]
struct Way {
    inband: InBand,
    block: [f32; BLOCK],
    filled: usize,
    /// The last whole piece was one of sound, and of data.
    loud: bool,
    data: bool,
}

impl Default for Way {
    fn default() -> Self {
        let inband = InBand::default();
        Self { inband, block: [0.0; BLOCK], filled: 0, loud: false, data: false }
    }
}

impl DataWatch {
    /// Whether there are data.
    pub(crate) fn is_data(&self) -> bool {
        self.quiet.is_some()
    }

    /// Hears both directions, as many samples of each (8 kHz, linear 16-bit). True when data have begun or
    /// ended with them.
    pub(crate) fn hear(&mut self, heard: &[i16], said: &[i16]) -> bool {
        let before = self.is_data();
        for (heard, said) in heard.chunks(BLOCK).zip(said.chunks(BLOCK)) {
            let [near, far] = &mut self.ways;
            let whole = near.hear(heard) | far.hear(said);
            if whole {
                self.weigh();
            }
        }
        before != self.is_data()
    }

    /// A piece of both is whole.
    fn weigh(&mut self) {
        let [near, far] = &self.ways;
        let begun = near.data || far.data;
        self.quiet = match self.quiet {
            None if begun => Some(0),
            None => None,
            Some(_) if near.loud || far.loud => Some(0),
            Some(LONGEST_PAUSE..) => None,
            Some(quiet) => Some(quiet + 1),
        };
        if self.quiet.is_none() {
            return;
        }
        // From here on it is the sound of both that counts: what one says the other only hears.
        for way in &mut self.ways {
            if std::mem::take(&mut way.data) {
                way.inband = InBand::default();
            }
        }
    }
}

impl Way {
    /// Takes samples, no more than a piece; whether one is whole.
    fn hear(&mut self, pcm: &[i16]) -> bool {
        let mut whole = false;
        for sample in pcm {
            if let Some(room) = self.block.get_mut(self.filled) {
                *room = f32::from(*sample);
            }
            self.filled += 1;
            if self.filled == BLOCK {
                self.filled = 0;
                let power: f32 = self.block.iter().map(|it| it * it).sum();
                self.loud = power > LOUD * BLOCK as f32;
                self.data = matches!(self.inband.hear(&self.block), Carries::Data);
                whole = true;
            }
        }
        whole
    }
}

/// The mean power of -43 dBm0: what T.30 §4.1 hears at least.
const LOUD: f32 = 13_000.0;
/// Pieces of 10 ms in which both are quiet, after which data are over: one second more than T2 of ITU-T T.30
/// §5.4.3.1, the longest that a fax waits for the other.
const LONGEST_PAUSE: u32 = 700;

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    fn sine(hz: f32, amplitude: f32, millis: usize) -> Vec<i16> {
        let wave = |at: usize| amplitude * (TAU * hz * at as f32 / 8_000.0).sin();
        (0..millis * 8).map(|at| wave(at) as i16).collect()
    }

    /// After how many milliseconds data begin or end.
    fn changes(watch: &mut DataWatch, heard: &[i16], said: &[i16]) -> Vec<usize> {
        let blocks = heard.chunks(40).zip(said.chunks(40)).enumerate();
        blocks.filter_map(|(at, (near, far))| watch.hear(near, far).then_some(at * 5)).collect()
    }

    #[test]
    fn the_tones_of_a_fax_begin_data_whoever_sends_them() {
        for hz in [1_100.0, 2_100.0, 1_850.0] {
            for turned in [false, true] {
                let (tone, quiet) = (sine(hz, 1_500.0, 500), vec![0; 4_000]);
                let (near, far) = if turned { (quiet, tone) } else { (tone, quiet) };
                let mut watch = DataWatch::default();
                let begun = changes(&mut watch, &near, &far);
                assert!(matches!(begun[..], [250..=450]), "{hz}: {begun:?}");
            }
        }
    }

    #[test]
    fn a_page_that_only_one_side_sends_does_not_end_them_and_seven_quiet_seconds_do() {
        let mut watch = DataWatch::default();
        changes(&mut watch, &sine(2_100.0, 1_500.0, 3_000), &vec![0; 24_000]);
        assert!(watch.is_data());
        let page = sine(1_700.0, 1_500.0, 60_000);
        assert!(changes(&mut watch, &vec![0; page.len()], &page).is_empty());
        let quiet = vec![0; 8 * 8_000];
        assert!(matches!(changes(&mut watch, &quiet, &quiet)[..], [6_900..=7_100]));
        assert!(!watch.is_data());
    }

    #[test]
    fn a_voice_and_the_tones_of_keys_are_no_data() {
        let mut watch = DataWatch::default();
        let voice: Vec<i16> = (0..80_000)
            .map(|at| {
                let t = at as f32 / 8_000.0;
                let pitch = 120.0 + 30.0 * (TAU * 0.7 * t).sin();
                let harmonics = (1..12).map(|it| (TAU * pitch * it as f32 * t).sin() / it as f32);
                (2_500.0 * harmonics.sum::<f32>() * (TAU * 2.0 * t).sin().abs()) as i16
            })
            .collect();
        assert!(changes(&mut watch, &voice, &voice).is_empty());
        let keys: Vec<i16> = sine(770.0, 3_000.0, 1_000)
            .iter()
            .zip(sine(1_336.0, 3_000.0, 1_000))
            .map(|(a, b)| a + b)
            .collect();
        assert!(changes(&mut watch, &keys, &vec![0; 8_000]).is_empty());
    }
}
