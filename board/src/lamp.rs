//! Lamps on the front of a box: a role, and what fills it: the kernel's LED class, or a pin.

mod pin;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::io::Errno;

pub use self::pin::PinLamp;
use crate::sheet::{Lamp, Wiring};
use crate::{Fault, gpio};

/// A lamp that can be lit.
pub trait Light: Send {
    /// Makes it shine like this until it is told otherwise.
    ///
    /// # Errors
    /// [`Fault::Lost`] when the lamp went away, [`Fault::Unsupported`] when it cannot blink.
    fn shine(&mut self, shine: Shine, now: Instant) -> Result<(), Fault>;

    /// Goes on blinking. The kernel's lamps do that by themselves.
    ///
    /// # Errors
    /// [`Fault::Lost`] when the lamp went away.
    fn turn(&mut self, _now: Instant) -> Result<(), Fault> {
        Ok(())
    }

    /// When [`Light::turn`] has to be called next; `None`: never.
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}

/// The lamp of a fact sheet, dark; `sysfs` is `/sys`.
///
/// # Errors
/// Of [`Led::open`] or [`gpio::Output::open`].
pub fn light(lamp: &Lamp, sysfs: &Path) -> Result<Box<dyn Light>, Fault> {
    Ok(match &lamp.wiring {
        Wiring::Class(name) => Box::new(Led::open(sysfs, name)?),
        Wiring::Gpio(pin) => Box::new(PinLamp::new(gpio::Output::open(pin)?)?),
    })
}

/// How a lamp shines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shine {
    /// Not at all.
    Off,
    /// As bright as it can.
    On,
    /// On and off in turn.
    Blinking {
        /// How long it is on: 1 ms and more, in whole milliseconds.
        on: Duration,
        /// How long it is off, as `on`.
        off: Duration,
    },
}

/// A lamp of the kernel's LED class: `/sys/class/leds/<name>` (Linux, `Documentation/leds`).
#[derive(Debug)]
pub struct Led {
    folder: PathBuf,
    brightest: String,
}

impl Led {
    /// The lamp of this name; `sysfs` is `/sys`. Takes it from whatever lit it before.
    ///
    /// # Errors
    /// [`Fault::Absent`] when there is no such lamp, [`Fault::Denied`].
    pub fn open(sysfs: &Path, name: &str) -> Result<Led, Fault> {
        let folder = sysfs.join("class/leds").join(name);
        let brightest = std::fs::read_to_string(folder.join("max_brightness"))
            .map_err(|wrong| fault("reading max_brightness", &wrong))?;
        let mut led = Led { folder, brightest: brightest.trim().to_owned() };
        led.set(Shine::Off)?;
        Ok(led)
    }

    fn write(&self, file: &'static str, value: &str) -> Result<(), Fault> {
        // What is not there is not made.
        std::fs::OpenOptions::new()
            .write(true)
            .open(self.folder.join(file))
            .and_then(|mut opened| std::io::Write::write_all(&mut opened, value.as_bytes()))
            .map_err(|wrong| fault(file, &wrong))
    }

    fn set(&mut self, shine: Shine) -> Result<(), Fault> {
        let gone = |fault| if fault == Fault::Absent { Fault::Lost } else { fault };
        match shine {
            Shine::Off | Shine::On => {
                let lit = shine == Shine::On;
                self.write("trigger", "none").map_err(gone)?;
                self.write("brightness", if lit { &self.brightest } else { "0" }).map_err(gone)
            }
            Shine::Blinking { on, off } => {
                if on < SHORTEST || off < SHORTEST {
                    return Err(Fault::Misuse);
                }
                // A kernel without this trigger refuses its name.
                self.write("trigger", "timer").map_err(|fault| match gone(fault) {
                    Fault::Refused { .. } => Fault::Unsupported,
                    fault => fault,
                })?;
                self.write("delay_on", &on.as_millis().to_string())?;
                self.write("delay_off", &off.as_millis().to_string())
            }
        }
    }
}

impl Light for Led {
    fn shine(&mut self, shine: Shine, _: Instant) -> Result<(), Fault> {
        self.set(shine)
    }
}

fn fault(call: &'static str, wrong: &std::io::Error) -> Fault {
    match Errno::from_io_error(wrong) {
        Some(Errno::NOENT) => Fault::Absent,
        Some(Errno::NODEV | Errno::NXIO) => Fault::Lost,
        Some(Errno::ACCESS | Errno::PERM) => Fault::Denied,
        Some(Errno::BUSY) => Fault::Busy,
        Some(errno) => Fault::Refused { call, errno: errno.raw_os_error() },
        None => Fault::Absent,
    }
}

const SHORTEST: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;

    /// The files of a lamp as the kernel shows them, in a folder of the test.
    struct Files(PathBuf);

    impl Files {
        fn new(test: &str) -> Files {
            let sysfs = std::env::temp_dir().join(format!("lamp-{test}-{}", std::process::id()));
            let folder = sysfs.join("class/leds/red:line");
            std::fs::create_dir_all(&folder).unwrap();
            for (file, text) in [("max_brightness", "255\n"), ("brightness", "7"), ("trigger", "")]
            {
                std::fs::write(folder.join(file), text).unwrap();
            }
            Files(sysfs)
        }

        fn put(&self, file: &str) {
            std::fs::write(self.0.join("class/leds/red:line").join(file), "").unwrap();
        }

        fn text(&self, file: &str) -> String {
            std::fs::read_to_string(self.0.join("class/leds/red:line").join(file)).unwrap()
        }
    }

    impl Drop for Files {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn sheet(wiring: Wiring) -> Lamp {
        Lamp { label: "line".into(), colour: crate::sheet::Colour::Red, wiring }
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "tests begin somewhere")]
    fn a_lamp_is_lit_by_what_its_sheet_says() {
        let files = Files::new("sheet");
        let mut lamp = light(&sheet(Wiring::Class("red:line".into())), &files.0).unwrap();
        lamp.shine(Shine::On, Instant::now()).unwrap();
        assert_eq!(files.text("brightness"), "255");
        let pin = crate::sheet::Pin {
            chip: "no such chip".into(),
            line: crate::sheet::Line::Number(0),
            active_low: false,
        };
        assert_eq!(light(&sheet(Wiring::Gpio(pin)), &files.0).err(), Some(Fault::Absent));
    }

    #[test]
    fn a_lamp_begins_dark_and_shines_as_bright_as_it_can() {
        let files = Files::new("bright");
        let mut led = Led::open(&files.0, "red:line").unwrap();
        assert!(files.text("brightness").starts_with('0'));
        assert_eq!(files.text("trigger"), "none");
        led.set(Shine::On).unwrap();
        assert_eq!(files.text("brightness"), "255");
    }

    #[test]
    fn a_lamp_blinks_by_the_kernel_and_not_by_us() {
        let files = Files::new("blink");
        let mut led = Led::open(&files.0, "red:line").unwrap();
        let half = Duration::from_millis(500);
        assert_eq!(led.set(Shine::Blinking { on: half, off: Duration::ZERO }), Err(Fault::Misuse));
        files.put("delay_on");
        files.put("delay_off");
        led.set(Shine::Blinking { on: half, off: Duration::from_millis(1_500) }).unwrap();
        assert_eq!(
            [files.text("delay_on"), files.text("delay_off")],
            ["500".to_owned(), "1500".to_owned()]
        );
    }

    #[test]
    fn a_lamp_that_is_not_there_is_absent_and_one_that_goes_is_lost() {
        let files = Files::new("gone");
        assert_eq!(Led::open(&files.0, "green:line").err(), Some(Fault::Absent));
        let mut led = Led::open(&files.0, "red:line").unwrap();
        std::fs::remove_dir_all(files.0.join("class/leds/red:line")).unwrap();
        assert_eq!(led.set(Shine::On), Err(Fault::Lost));
    }
}
