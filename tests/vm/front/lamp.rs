//! Lamps on lines of a GPIO chip: lit, dark, blinking, and taken away.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use board::sheet::{Lamp, Wiring};
use board::{Fault, Sheet, Shine, light};

use crate::chip::Chip;
use crate::{Bed, Outcome, at, expect};

/// The line of the pretended chip that the fact sheet names.
const LINE: u32 = 5;

pub(crate) fn checks(bed: &mut Bed, sheet: &Sheet) {
    let lamp = sheet.lamps.iter().find_map(|lamp| match &lamp.wiring {
        Wiring::Gpio(pin) => Some((lamp.clone(), pin.clone())),
        Wiring::Class(_) => None,
    });
    let Some((lamp, pin)) = lamp else { return };
    let mut chip = None;
    bed.check("a lamp on a line is dark, lit and blinks", |_| {
        let chip = chip.insert(Chip::plug("lamps", &pin.chip, &[])?);
        shines(&lamp, chip, true)
    });
    let Some(chip) = chip else { return };
    bed.check("a lamp that is lit by a low line is lit by a low line", |_| {
        let mut low = pin.clone();
        low.active_low = true;
        shines(&Lamp { wiring: Wiring::Gpio(low), ..lamp.clone() }, &chip, false)
    });
    bed.check("a lamp whose chip is pulled out is lost", |_| {
        let mut shining = light(&lamp, Path::new("/sys")).map_err(at("open"))?;
        expect(light(&lamp, Path::new("/sys")), Fault::Busy)?;
        chip.unplug()?;
        expect(shining.shine(Shine::On, Instant::now()), Fault::Lost)?;
        expect(light(&lamp, Path::new("/sys")), Fault::Absent)?;
        Ok(String::new())
    });
}

/// `high`: how the line is when the lamp is lit.
fn shines(lamp: &Lamp, chip: &Chip, high: bool) -> Outcome {
    let lit = || Ok::<bool, String>(chip.is_high(LINE)? == high);
    let mut shining = light(lamp, Path::new("/sys")).map_err(at("open"))?;
    let dark = lit()?;
    shining.shine(Shine::On, Instant::now()).map_err(at("on"))?;
    let bright = lit()?;
    let half = Duration::from_millis(100);
    let start = Instant::now();
    shining.shine(Shine::Blinking { on: half, off: half }, start).map_err(at("blink"))?;
    let mut changes = 0;
    let mut before = lit()?;
    while start.elapsed() < Duration::from_secs(2) {
        shining.turn(Instant::now()).map_err(at("turn"))?;
        let now = lit()?;
        changes += u32::from(now != before);
        before = now;
        let due = shining.poll_timeout().ok_or("it does not blink")?;
        sleep(due.saturating_duration_since(Instant::now()));
    }
    shining.shine(Shine::Off, Instant::now()).map_err(at("off"))?;
    match (dark, bright, lit()?, changes) {
        (false, true, false, 10..=20) => Ok(format!("{changes} changes in 2 s")),
        found => Err(format!("{found:?}")),
    }
}
