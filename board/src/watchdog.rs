//! The hardware watchdog, by the kernel's class of them (Linux, `Documentation/watchdog/watchdog-api.rst`):
//! it restarts the board unless it is patted in time, whoever hangs.
//!
//! Where systemd is the first process it opens the device itself (`RuntimeWatchdogSec=`), restarts the
//! daemon by a watchdog of its own, and nobody else can open it: [`Fault::Busy`]. This is for a first
//! process that leaves it alone, as a rescue system's. So far only the virtual machine of the tests is one;
//! the daemon does not use it.

mod ioctl;

use std::fs::File;
use std::io::Write;
use std::time::Duration;

use rustix::io::Errno;

use crate::{Fault, sheet};

/// A watchdog that runs. Dropped without [`Watchdog::stop`], as by a crash, it goes on and restarts the
/// board.
#[derive(Debug)]
pub struct Watchdog {
    device: File,
    timeout: Duration,
}

impl Watchdog {
    /// Opens the watchdog of a fact sheet, which starts it.
    ///
    /// # Errors
    /// [`Fault::Absent`]: no such device, its driver is not loaded. [`Fault::Busy`]: another program has
    /// it. [`Fault::Sheet`]: it cannot wait for so long or so briefly. [`Fault::Denied`];
    /// [`Fault::Unsupported`]: the file is no watchdog. Then it does not run.
    pub fn open(sheet: &sheet::Watchdog) -> Result<Watchdog, Fault> {
        let device = std::fs::OpenOptions::new()
            .write(true)
            .open(&sheet.device)
            .map_err(|wrong| fault("open", Errno::from_io_error(&wrong).unwrap_or(Errno::IO)))?;
        let mut dog = Watchdog { device, timeout: Duration::ZERO };
        match dog.set_timeout(sheet.seconds) {
            Ok(timeout) => {
                dog.timeout = timeout;
                Ok(dog)
            }
            Err(fault) => {
                // What was started must not bite who was told that it was not.
                let _ = dog.stop();
                Err(fault)
            }
        }
    }

    /// How long it waits for a pat: as long as the sheet asks for, or what the hardware has instead. Pat
    /// it in half the time.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Says that the board is alive.
    ///
    /// # Errors
    /// [`Fault::Lost`] when the device went away.
    pub fn pat(&mut self) -> Result<(), Fault> {
        ioctl::keep_alive(&self.device).map_err(|errno| fault("WDIOC_KEEPALIVE", errno))
    }

    /// Whether it was this watchdog that restarted the board, as far as its hardware remembers.
    ///
    /// # Errors
    /// [`Fault::Lost`]; [`Fault::Unsupported`] where the driver does not say.
    pub fn last_reset_was_watchdog(&self) -> Result<bool, Fault> {
        let status = ioctl::boot_status(&self.device)
            .map_err(|errno| fault("WDIOC_GETBOOTSTATUS", errno))?;
        Ok(status & ioctl::CARD_RESET != 0)
    }

    /// Ends the watch in good order, where the kernel was not told that it never ends (`nowayout`).
    ///
    /// # Errors
    /// [`Fault::Lost`] when the device went away. Then it may run on.
    pub fn stop(mut self) -> Result<(), Fault> {
        // The letter that says that the close behind it is meant.
        self.device
            .write_all(b"V")
            .map_err(|wrong| fault("write", Errno::from_io_error(&wrong).unwrap_or(Errno::IO)))
    }

    fn set_timeout(&self, seconds: u16) -> Result<Duration, Fault> {
        let set = match ioctl::set_timeout(&self.device, seconds.into()) {
            // A watchdog that knows one time only.
            Err(Errno::OPNOTSUPP) => ioctl::timeout(&self.device),
            set => set,
        };
        match set {
            Ok(set) => Ok(Duration::from_secs(set.unsigned_abs().into())),
            Err(Errno::INVAL) => {
                Err(Fault::Sheet { said: "the watchdog cannot wait for that many seconds" })
            }
            Err(errno) => Err(fault("WDIOC_SETTIMEOUT", errno)),
        }
    }
}

fn fault(call: &'static str, errno: Errno) -> Fault {
    match errno {
        Errno::NOENT | Errno::NXIO => Fault::Absent,
        Errno::NODEV => Fault::Lost,
        Errno::BUSY => Fault::Busy,
        Errno::ACCESS | Errno::PERM => Fault::Denied,
        Errno::NOTTY | Errno::OPNOTSUPP => Fault::Unsupported,
        errno => Fault::Refused { call, errno: errno.raw_os_error() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(device: &str) -> sheet::Watchdog {
        sheet::Watchdog { device: device.into(), seconds: 30 }
    }

    #[test]
    fn a_file_that_is_no_watchdog_is_unsupported_and_one_that_is_not_there_absent() {
        assert_eq!(Watchdog::open(&sheet("/dev/null")).err(), Some(Fault::Unsupported));
        assert_eq!(Watchdog::open(&sheet("/dev/no such dog")).err(), Some(Fault::Absent));
    }

    /// The letter is written to a file here, as it would be to the device.
    #[test]
    fn who_could_not_set_it_up_stops_it_again() {
        let path = std::env::temp_dir().join(format!("watchdog-{}", std::process::id()));
        std::fs::write(&path, "").unwrap();
        let opened = Watchdog::open(&sheet(path.to_str().unwrap()));
        let written = std::fs::read_to_string(&path);
        let _ = std::fs::remove_file(&path);
        assert_eq!(opened.err(), Some(Fault::Unsupported));
        assert_eq!(written.unwrap(), "V");
    }

    #[test]
    fn an_error_says_who_is_at_fault() {
        assert_eq!(fault("open", Errno::BUSY), Fault::Busy);
        assert_eq!(fault("open", Errno::ACCESS), Fault::Denied);
        assert_eq!(fault("WDIOC_KEEPALIVE", Errno::NODEV), Fault::Lost);
    }
}
