//! The sum of all voices at one rate.

use super::CHAIRS;
use super::limiter::Limiter;
use media_dsp::mix::{Gain, Mixer, Seat};
use media_dsp::resample::Rate;

/// How long a tick is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick(());

/// 20 ms.
pub const TICK: Tick = Tick(());

impl Tick {
    /// So many samples.
    pub const fn samples(self, rate: Rate) -> usize {
        rate.hz() / 50
    }
}

/// The sum, and what each chair has put into it.
#[derive(Debug)]
pub(super) struct Sum {
    rate: Rate,
    mixer: Mixer,
    seats: [Seat; CHAIRS],
    voices: [Voice; CHAIRS],
    limiter: Limiter,
}

/// What one chair says in this tick.
#[derive(Debug, Clone)]
struct Voice {
    present: bool,
    pcm: [i16; LONGEST],
}

impl Sum {
    pub(super) fn new(rate: Rate) -> Self {
        Self {
            rate,
            mixer: Mixer::new(),
            seats: std::array::from_fn(|_| Seat::new(Gain::UNITY)),
            voices: std::array::from_fn(|_| Voice { present: false, pcm: [0; LONGEST] }),
            limiter: Limiter::new(),
        }
    }

    pub(super) fn begin(&mut self) {
        for voice in &mut self.voices {
            voice.present = false;
        }
    }

    /// Takes a voice; a tick that is not whole is none.
    pub(super) fn add(&mut self, chair: usize, pcm: &[i16]) {
        let len = TICK.samples(self.rate);
        let Some(voice) = self.voices.get_mut(chair).filter(|_| pcm.len() == len) else { return };
        voice.present = true;
        voice.pcm.get_mut(..len).unwrap_or_default().copy_from_slice(pcm);
    }

    pub(super) fn mix(&mut self) {
        let len = TICK.samples(self.rate);
        if let Some(ramp) = self.limiter.limit(self.peak(), len / 20, len) {
            for voice in self.voices.iter_mut().filter(|it| it.present) {
                ramp.apply(voice.pcm.get_mut(..len).unwrap_or_default());
            }
        }
        // All lengths are those of the tick.
        let _ = self.mixer.begin(len);
        for (voice, seat) in self.voices.iter().zip(&mut self.seats).filter(|(it, _)| it.present) {
            let _ = self.mixer.add(seat, voice.pcm.get(..len).unwrap_or_default());
        }
    }

    /// All but what came from this chair.
    pub(super) fn hear(&mut self, chair: Option<usize>, out: &mut [i16]) {
        // The mixer leaves a slice of another length as it is.
        let _ = match chair.and_then(|it| self.seats.get(it)) {
            Some(seat) => self.mixer.others(seat, out),
            None => self.mixer.all(out),
        };
    }

    /// The greatest magnitude of the sum.
    fn peak(&self) -> i32 {
        let len = TICK.samples(self.rate);
        let mut sum = [0_i32; LONGEST];
        let sum = sum.get_mut(..len).unwrap_or_default();
        let mut voices = 0;
        for voice in self.voices.iter().filter(|it| it.present) {
            voices += 1;
            for (sum, sample) in sum.iter_mut().zip(&voice.pcm) {
                *sum += i32::from(*sample);
            }
        }
        // One alone never is too loud.
        if voices < 2 { 0 } else { sum.iter().map(|it| it.abs()).max().unwrap_or_default() }
    }
}

/// The most samples in a tick: at 48 kHz.
pub(super) const LONGEST: usize = TICK.samples(Rate::Hz48000);
