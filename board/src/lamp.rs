//! Lamps on the front of a box: a role, and the kernel's LED class that fills it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::io::Errno;

use crate::Fault;

/// A lamp that can be lit.
pub trait Light: Send {
    /// Makes it shine like this until it is told otherwise.
    ///
    /// # Errors
    /// [`Fault::Lost`] when the lamp went away, [`Fault::Unsupported`] when it cannot blink.
    fn shine(&mut self, shine: Shine) -> Result<(), Fault>;
}

/// How a lamp shines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shine {
    /// Not at all.
    Off,
    /// As bright as it can.
    On,
    /// On and off in turn, without anybody's doing.
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
        led.shine(Shine::Off)?;
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
}

impl Light for Led {
    fn shine(&mut self, shine: Shine) -> Result<(), Fault> {
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

    #[test]
    fn a_lamp_begins_dark_and_shines_as_bright_as_it_can() {
        let files = Files::new("bright");
        let mut led = Led::open(&files.0, "red:line").unwrap();
        assert!(files.text("brightness").starts_with('0'));
        assert_eq!(files.text("trigger"), "none");
        led.shine(Shine::On).unwrap();
        assert_eq!(files.text("brightness"), "255");
    }

    #[test]
    fn a_lamp_blinks_by_the_kernel_and_not_by_us() {
        let files = Files::new("blink");
        let mut led = Led::open(&files.0, "red:line").unwrap();
        let half = Duration::from_millis(500);
        assert_eq!(
            led.shine(Shine::Blinking { on: half, off: Duration::ZERO }),
            Err(Fault::Misuse)
        );
        files.put("delay_on");
        files.put("delay_off");
        led.shine(Shine::Blinking { on: half, off: Duration::from_millis(1_500) }).unwrap();
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
        assert_eq!(led.shine(Shine::On), Err(Fault::Lost));
    }
}
