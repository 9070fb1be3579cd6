//! A lamp on a pin, which has nobody else who makes it blink.

use std::time::{Duration, Instant};

use embedded_hal::digital::OutputPin;

use super::{Light, SHORTEST, Shine};
use crate::Fault;

/// A lamp on a pin that is lit when the pin is high: [`crate::gpio::Output`] and any other pin of
/// embedded-hal whose error says who is at fault.
#[derive(Debug)]
pub struct PinLamp<P> {
    pin: P,
    blinking: Option<Blinking>,
}

#[derive(Clone, Copy, Debug)]
struct Blinking {
    on: Duration,
    off: Duration,
    lit: bool,
    until: Instant,
}

impl<P: OutputPin<Error = Fault>> PinLamp<P> {
    /// The lamp on this pin, dark.
    ///
    /// # Errors
    /// The pin's.
    pub fn new(mut pin: P) -> Result<PinLamp<P>, Fault> {
        pin.set_low()?;
        Ok(PinLamp { pin, blinking: None })
    }

    fn light(&mut self, lit: bool) -> Result<(), Fault> {
        if lit { self.pin.set_high() } else { self.pin.set_low() }
    }
}

impl<P: OutputPin<Error = Fault> + Send> Light for PinLamp<P> {
    fn shine(&mut self, shine: Shine, now: Instant) -> Result<(), Fault> {
        self.blinking = match shine {
            Shine::Off | Shine::On => None,
            Shine::Blinking { on, off } if on < SHORTEST || off < SHORTEST => {
                return Err(Fault::Misuse);
            }
            Shine::Blinking { on, off } => Some(Blinking { on, off, lit: true, until: now + on }),
        };
        self.light(shine != Shine::Off)
    }

    fn turn(&mut self, now: Instant) -> Result<(), Fault> {
        let Some(blinking) = self.blinking.as_mut().filter(|blinking| now >= blinking.until) else {
            return Ok(());
        };
        blinking.lit = !blinking.lit;
        let length = if blinking.lit { blinking.on } else { blinking.off };
        // Who was late does not make up for it by flickering.
        blinking.until = (blinking.until + length).max(now + SHORTEST);
        let lit = blinking.lit;
        self.light(lit)
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.blinking.map(|blinking| blinking.until)
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests begin somewhere")]
mod tests {
    use embedded_hal::digital::ErrorType;

    use super::*;

    /// A pin that remembers its levels; taken away, it fails.
    #[derive(Default)]
    struct Fake {
        levels: Vec<bool>,
        gone: bool,
    }

    impl Fake {
        fn set(&mut self, level: bool) -> Result<(), Fault> {
            if self.gone {
                return Err(Fault::Lost);
            }
            self.levels.push(level);
            Ok(())
        }
    }

    impl ErrorType for Fake {
        type Error = Fault;
    }

    impl OutputPin for Fake {
        fn set_low(&mut self) -> Result<(), Fault> {
            self.set(false)
        }

        fn set_high(&mut self) -> Result<(), Fault> {
            self.set(true)
        }
    }

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_lamp_on_a_pin_begins_dark_and_is_lit() {
        let start = Instant::now();
        let mut lamp = PinLamp::new(Fake::default()).unwrap();
        lamp.shine(Shine::On, start).unwrap();
        lamp.shine(Shine::Off, start).unwrap();
        assert_eq!(lamp.pin.levels, [false, true, false]);
        assert_eq!(lamp.poll_timeout(), None);
    }

    #[test]
    fn it_blinks_by_the_millisecond_while_it_is_turned() {
        let start = Instant::now();
        let mut lamp = PinLamp::new(Fake::default()).unwrap();
        lamp.shine(Shine::Blinking { on: ms(100), off: ms(400) }, start).unwrap();
        let mut changed = Vec::new();
        for now in 0..1_000 {
            let before = lamp.pin.levels.len();
            lamp.turn(start + ms(now)).unwrap();
            if lamp.pin.levels.len() > before {
                changed.push((now, lamp.pin.levels[before]));
            }
        }
        assert_eq!(changed, [(100, false), (500, true), (600, false)]);
        assert_eq!(lamp.poll_timeout(), Some(start + ms(1_000)));
        lamp.shine(Shine::On, start + ms(1_000)).unwrap();
        lamp.turn(start + ms(5_000)).unwrap();
        assert_eq!(lamp.pin.levels.last(), Some(&true));
    }

    #[test]
    fn who_turns_it_late_sees_no_flicker() {
        let start = Instant::now();
        let mut lamp = PinLamp::new(Fake::default()).unwrap();
        lamp.shine(Shine::Blinking { on: ms(100), off: ms(100) }, start).unwrap();
        lamp.turn(start + ms(5_000)).unwrap();
        lamp.turn(start + ms(5_000)).unwrap();
        assert_eq!(lamp.pin.levels, [false, true, false]);
    }

    #[test]
    fn a_blink_of_no_time_is_misuse_and_a_pin_that_goes_is_lost() {
        let start = Instant::now();
        let mut lamp = PinLamp::new(Fake::default()).unwrap();
        let never = Shine::Blinking { on: Duration::ZERO, off: ms(100) };
        assert_eq!(lamp.shine(never, start), Err(Fault::Misuse));
        lamp.pin.gone = true;
        assert_eq!(lamp.shine(Shine::On, start), Err(Fault::Lost));
    }
}
