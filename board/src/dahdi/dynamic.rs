//! Spans without cards: two that the driver connects to each other, for tests and demonstrations.

use std::ops::RangeInclusive;

use super::abi::{self, Dynamic, OfSpan, alarm};
use super::driver::Driver;
use super::ioctl;
use crate::{Alarms, Fault, LineKind};

/// One end of a pair that the module `dahdi_dynamic_loc` connects: what is sent on one is received on
/// the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cross {
    /// Which pair: 0 to 15. Both ends name the same.
    pub pair: u8,
    /// Which end of it: 0 or 1.
    pub end: u8,
}

impl Cross {
    /// Makes the end, and returns the name of its span.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] when the modules for it are not loaded; [`Fault::Misuse`] for a pair or end
    /// that cannot be; refused when it is there already.
    pub fn create(self, driver: &Driver, kind: LineKind) -> Result<String, Fault> {
        let mut span = self.described(kind)?;
        let name = format!("DYN/loc/{}", abi::text(&span.address));
        ioctl::call(driver.control()?, abi::DYNAMIC_CREATE, &mut span)?;
        Ok(name)
    }

    /// Takes the end away.
    ///
    /// # Errors
    /// [`Fault::Busy`] while one of its channels is open; refused when it is not there.
    pub fn destroy(self, driver: &Driver) -> Result<(), Fault> {
        let mut span = self.described(LineKind::E1)?;
        ioctl::call(driver.control()?, abi::DYNAMIC_DESTROY, &mut span)
    }

    /// Makes a span without a card pretend alarms; the far end follows. Only some versions of the driver
    /// can, and those leave the calling process in a state in which modules cannot be unloaded: a process
    /// of its own should call this, and end.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] by other versions; [`Fault::Lost`] when the span has a card or is gone.
    pub fn simulate(driver: &Driver, number: i32, alarms: Alarms) -> Result<(), Fault> {
        let bits = [
            (alarms.red, alarm::RED),
            (alarms.yellow, alarm::YELLOW),
            (alarms.blue, alarm::BLUE),
            (alarms.no_signal, alarm::NO_SIGNAL),
            (alarms.no_frames, alarm::NO_FRAMES),
            (alarms.no_multiframes, alarm::NO_MULTIFRAMES),
            (alarms.recovering, alarm::RECOVERING),
            (alarms.looped, alarm::LOOPED),
        ];
        let what = bits.iter().filter(|(on, _)| *on).fold(0, |all, (_, bit)| all | bit);
        ioctl::call(driver.control()?, abi::SIMULATE_ALARM, &mut OfSpan { span: number, what })
    }

    fn described(self, kind: LineKind) -> Result<Dynamic, Fault> {
        if !PAIRS.contains(&self.pair) || !ENDS.contains(&self.end) {
            return Err(Fault::Misuse);
        }
        Ok(Dynamic {
            driver: abi::field("loc").ok_or(Fault::Misuse)?,
            address: abi::field(&format!("{:x}:{}", self.pair, self.end)).ok_or(Fault::Misuse)?,
            channels: i32::try_from(kind.timeslots().count()).map_err(|_| Fault::Misuse)?,
            timing: 0,
            span: 0,
        })
    }
}

const PAIRS: RangeInclusive<u8> = 0..=15;
const ENDS: RangeInclusive<u8> = 0..=1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_addressed_by_one_digit_each() {
        let span = Cross { pair: 11, end: 1 }.described(LineKind::T1).unwrap();
        assert_eq!(abi::text(&span.driver), "loc");
        assert_eq!(abi::text(&span.address), "b:1");
        assert_eq!(span.channels, 24);
        assert!(Cross { pair: 16, end: 0 }.described(LineKind::E1).is_err());
        assert!(Cross { pair: 0, end: 2 }.described(LineKind::E1).is_err());
    }
}
