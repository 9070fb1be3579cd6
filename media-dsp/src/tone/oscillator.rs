//! A sine whose frequency may change at any sample without a step in its phase.

use super::RATE;

/// Makes samples of a sine. Its phase is exact: it does not drift however long it sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Oscillator {
    phase: u32,
    step: u32,
}

impl Oscillator {
    /// A sine of so many Hz that begins at zero. A negative frequency runs backwards.
    pub fn new(hertz: f64) -> Self {
        Self { phase: 0, step: step(hertz) }
    }

    /// Goes on at another frequency from where it is.
    pub fn tune(&mut self, hertz: f64) {
        self.step = step(hertz);
    }

    /// Turns the phase over by half a circle.
    pub fn reverse(&mut self) {
        self.phase = self.phase.wrapping_add(1 << 31);
    }

    /// The next sample, -1 to 1.
    #[inline]
    pub fn sample(&mut self) -> f32 {
        let value = sine(self.phase);
        self.phase = self.phase.wrapping_add(self.step);
        value
    }

    /// Adds samples with this peak to what is there.
    pub fn add_to(&mut self, peak: f32, samples: &mut [f32]) {
        let mut phase = self.phase;
        for sample in samples {
            *sample += peak * sine(phase);
            phase = phase.wrapping_add(self.step);
        }
        self.phase = phase;
    }
}

/// Turns of a circle, of 2^32 parts, for each sample.
fn step(hertz: f64) -> u32 {
    (hertz / f64::from(RATE) * 4_294_967_296.0).round() as i64 as u32
}

/// The sine of a part of the circle: a polynomial over the quarter next to zero.
#[inline]
fn sine(phase: u32) -> f32 {
    let signed = phase as i32;
    // In the outer two quarters sin(x) is sin(pi - x).
    let outer = (signed ^ (signed << 1)) < 0;
    let folded = if outer { i32::MIN.wrapping_sub(signed) } else { signed };
    let x = folded as f32 * (1.0 / 1_073_741_824.0);
    let x2 = x * x;
    let series = TAYLOR.iter().rev().fold(0.0, |sum, term| sum * x2 + term);
    x * series
}

/// sin(pi x / 2) around 0: the coefficients of x, x^3, x^5 and so on.
const TAYLOR: [f32; 6] = [
    std::f32::consts::FRAC_PI_2,
    -0.645_964_1,
    0.079_692_626,
    -0.004_681_754,
    0.000_160_441_18,
    -0.000_003_598_843_2,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sine_is_right_everywhere_on_the_circle() {
        for at in 0..=65_535_u32 {
            let phase = at << 16;
            let exact = (f64::from(phase) / 4_294_967_296.0 * std::f64::consts::TAU).sin();
            assert!((f64::from(sine(phase)) - exact).abs() < 2e-7, "{at}");
        }
    }

    #[test]
    fn after_a_day_the_phase_is_where_it_belongs() {
        let mut it = Oscillator::new(1_000.0);
        for _ in 0..8_000 {
            it.sample();
        }
        assert_eq!(it, Oscillator::new(1_000.0));
    }
}
