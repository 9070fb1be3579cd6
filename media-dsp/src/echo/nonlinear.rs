//! The nonlinear processor: what the filter leaves of the echo gives way to comfort noise while only the
//! far end speaks (ITU-T G.168 Annex B and §6.4.2.9).

use super::comfort::Comfort;

/// Takes away the rest of the echo.
#[derive(Debug, Clone)]
pub(super) struct Nonlinear {
    /// The power of what is left, and of the echo estimate.
    rest: f32,
    echo: f32,
    /// The greatest power of the far end and of Sin within this tail's time and the one before.
    far: [f32; 2],
    came: [f32; 2],
    /// Milliseconds of a tail, and of those that passed of this one.
    tail: u32,
    age: u32,
    /// The part of the far end's power that may come back.
    back: f32,
    /// Milliseconds in which the near end was heard, and for which it is still believed to speak.
    heard: u32,
    hold: u32,
    /// The part of the echo that may be left: what the filter believes, but falling slowly.
    leak: f32,
    /// How much is let through.
    gain: f32,
    comfort: Comfort,
}

/// What a millisecond says of both ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hop {
    /// The mean power of the far end, of Sin, of the echo estimate, and of what was left.
    pub(super) far: f32,
    pub(super) came: f32,
    pub(super) echo: f32,
    pub(super) rest: f32,
    /// The part of the echo that the filter leaves.
    pub(super) leak: f32,
    /// Whether the far end sends a tone that the near end may answer by the same.
    pub(super) signalling: bool,
}

impl Nonlinear {
    /// For a tail of so many milliseconds.
    pub(super) fn new(tail: usize) -> Self {
        Self {
            rest: 0.0,
            echo: 0.0,
            far: [0.0; 2],
            came: [0.0; 2],
            back: LEAST_LOSS,
            tail: tail as u32,
            age: 0,
            heard: 0,
            hold: 0,
            leak: 1.0,
            gain: 1.0,
            comfort: Comfort::new(),
        }
    }

    /// Replaces what is left of the echo in these samples.
    pub(super) fn process(&mut self, samples: &mut [f32], echo_only: bool) {
        let (goal, pace) = if echo_only { (0.0, CLOSING) } else { (1.0, OPENING) };
        let shape = self.comfort.shape();
        for sample in samples {
            if !echo_only && self.gain > OPEN {
                continue;
            }
            self.gain += pace * (goal - self.gain);
            if echo_only && self.gain < CLOSED {
                self.gain = 0.0;
            }
            let noise = self.comfort.sample(&shape);
            *sample = self.gain * *sample + (1.0 - self.gain) * noise;
        }
    }

    /// Hears a millisecond, and says whether what follows is echo and nothing else.
    pub(super) fn hear(&mut self, hop: &Hop, samples: &[f32]) -> bool {
        self.rest += if hop.rest > self.rest { 0.5 } else { 0.1 } * (hop.rest - self.rest);
        self.echo = hop.echo.max(self.echo * 0.97);
        self.age += 1;
        if self.age >= self.tail {
            self.learn_loss();
        }
        self.far[0] = self.far[0].max(hop.far);
        self.came[0] = self.came[0].max(hop.came);
        if hop.echo > AUDIBLE {
            self.leak *= CAUTION;
        }
        self.leak = self.leak.max(hop.leak);
        // Before the path is known, echo may come with whatever the far end sent within the tail.
        let possible = if self.leak > UNKNOWN {
            self.echo.max(self.back * self.far[0].max(self.far[1]))
        } else {
            self.echo
        };
        self.comfort.learn(samples, hop.rest, self.leak * possible);
        let limit =
            (NEAR * self.leak.max(LEAST_LEAK)).min(2.0) * possible + 4.0 * self.comfort.power();
        self.heard = if self.rest > limit { self.heard + 1 } else { 0 };
        if self.heard >= ATTACK {
            self.hold = HOLD;
        }
        self.hold = self.hold.saturating_sub(1);
        possible > AUDIBLE && self.hold == 0 && !hop.signalling
    }

    /// A tail's time has passed: what the far end sent in the one before has come back by now, and the line
    /// has at least that loss. So the near end of a line without echo is not taken for one.
    fn learn_loss(&mut self) {
        if self.far[1] > LOUD {
            let back = 2.0 * self.came[0].max(self.came[1]) / self.far[1];
            self.back = back.min(self.back * RISE).min(LEAST_LOSS);
        }
        self.age = 0;
        self.far = [0.0, self.far[0]];
        self.came = [0.0, self.came[0]];
    }
}

/// How fast the processor closes and opens, per sample.
const CLOSING: f32 = 0.1;
const OPENING: f32 = 0.3;
/// The gain from which all is taken away.
const CLOSED: f32 = 1e-5;
/// The gain from which nothing is taken away.
const OPEN: f32 = 0.999;
/// Leak above which the path is not known.
const UNKNOWN: f32 = 0.03;
/// The echo return loss that a line has at least: 6 dB (ITU-T G.168 §6.4.2).
const LEAST_LOSS: f32 = 0.25;
/// The far end's power from which the line's loss is learned, -40 dBm0, and how fast it is forgotten.
const LOUD: f32 = 26_000.0;
const RISE: f32 = 1.05;
/// How fast the leak is believed to fall, per millisecond of echo: 3.5 dB in a second. The filter
/// speaks of the sounds that it has heard; the next one may be another.
const CAUTION: f32 = 0.9992;
/// What is above the echo's expected rest by this is the near end: 15 dB.
const NEAR: f32 = 32.0;
/// The least rest that is counted on: speech now and then leaves more than it does on the whole. With
/// [`NEAR`], the near end of a known line is heard from 2 dB below the echo on.
const LEAST_LEAK: f32 = 0.02;
/// An echo below this power needs no processing: -72 dBm0.
const AUDIBLE: f32 = 16.0;
/// Milliseconds of near end until it is believed, and for which it is believed.
const ATTACK: u32 = 5;
const HOLD: u32 = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_closes_in_a_fiftieth_of_a_second_and_no_further_than_to_nothing() {
        let mut nonlinear = Nonlinear::new(16);
        nonlinear.process(&mut [1000.0; 160], true);
        assert_eq!(nonlinear.gain, 0.0);
        let mut rest = [1000.0; 8];
        nonlinear.process(&mut rest, true);
        // No background was heard yet.
        assert_eq!(rest, [0.0; 8]);
    }
}
