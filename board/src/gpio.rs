//! Buttons and lamps on lines of GPIO chips, by the kernel's character device (Linux,
//! `Documentation/userspace-api/gpio/chardev.rst`).

mod input;
mod output;

use std::path::PathBuf;

use gpiocdev::Chip;
use gpiocdev_uapi as uapi;
use rustix::io::Errno;

pub use self::input::Input;
pub use self::output::Output;
use crate::Fault;
use crate::sheet::{Line, Pin};

/// The chip of a pin, and the number of its line there.
fn find(pin: &Pin) -> Result<(PathBuf, u32), Fault> {
    let mut found = None;
    let mut denied = false;
    for path in gpiocdev::chip::chips().map_err(|wrong| fault("finding GPIO chips", &wrong))? {
        let chip = match Chip::from_path(&path).map_err(|wrong| fault("open", &wrong)) {
            Ok(chip) => chip,
            Err(Fault::Denied) => {
                denied = true;
                continue;
            }
            // It went away meanwhile.
            Err(_) => continue,
        };
        let Ok(info) = chip.info() else { continue };
        if info.label != pin.chip {
            continue;
        }
        if found.is_some() {
            return Err(Fault::Sheet { said: "several GPIO chips have this label" });
        }
        found = Some((chip, path, info.num_lines));
    }
    let Some((chip, path, count)) = found else {
        return Err(if denied { Fault::Denied } else { Fault::Absent });
    };
    let names = (0..count)
        .map(|number| chip.line_info(number).map_or_else(|_| String::new(), |info| info.name));
    Ok((path, number(&pin.line, count, names)?))
}

/// The number of a line on a chip that has so many, with these names.
fn number(line: &Line, count: u32, names: impl Iterator<Item = String>) -> Result<u32, Fault> {
    match line {
        Line::Number(number) if *number < count => Ok(*number),
        Line::Number(_) => Err(Fault::Sheet { said: "the GPIO chip has fewer lines" }),
        Line::Name(wanted) => {
            let mut found = (0..).zip(names).filter(|(_, name)| name == wanted);
            match (found.next(), found.next()) {
                (Some((number, _)), None) => Ok(number),
                (Some(_), Some(_)) => {
                    Err(Fault::Sheet { said: "several lines of the GPIO chip have this name" })
                }
                (None, _) => Err(Fault::Sheet { said: "no line of the GPIO chip has this name" }),
            }
        }
    }
}

/// Who is at fault when a call fails.
fn fault(call: &'static str, wrong: &gpiocdev::Error) -> Fault {
    let errno = match wrong {
        gpiocdev::Error::Os(errno) | gpiocdev::Error::Uapi(_, uapi::Error::Os(errno)) => errno.0,
        gpiocdev::Error::GpioChip(..) | gpiocdev::Error::NoGpioChips() => return Fault::Absent,
        _ => 0,
    };
    match Errno::from_raw_os_error(errno.max(1)) {
        _ if errno <= 0 => Fault::Refused { call, errno: 0 },
        Errno::NOENT => Fault::Absent,
        Errno::NODEV => Fault::Lost,
        Errno::BUSY => Fault::Busy,
        Errno::ACCESS | Errno::PERM => Fault::Denied,
        Errno::NOTTY | Errno::OPNOTSUPP | Errno::NXIO => Fault::Unsupported,
        errno => Fault::Refused { call, errno: errno.raw_os_error() },
    }
}

/// Who has the line, as the kernel shows it to who asks.
const CONSUMER: &str = "strowger";

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> impl Iterator<Item = String> {
        names.iter().map(|name| (*name).to_owned())
    }

    #[test]
    fn a_line_is_found_by_its_number_or_its_one_name() {
        let by = |line: &Line| number(line, 3, names(&["", "RESET", "LAMP"]));
        assert_eq!(by(&Line::Number(2)), Ok(2));
        assert_eq!(by(&Line::Name("RESET".into())), Ok(1));
    }

    #[test]
    fn a_sheet_that_names_no_line_or_several_is_at_fault() {
        let by = |line: Line| number(&line, 3, names(&["A", "B", "A"]));
        for (line, word) in [
            (Line::Number(3), "fewer"),
            (Line::Name("C".into()), "no line"),
            (Line::Name("A".into()), "several"),
        ] {
            let Err(Fault::Sheet { said }) = by(line) else { panic!("{word}") };
            assert!(said.contains(word), "{said}");
        }
    }

    #[test]
    fn a_chip_that_nobody_has_is_absent() {
        let pin = Pin { chip: "no such chip".into(), line: Line::Number(0), active_low: false };
        assert_eq!(find(&pin), Err(Fault::Absent));
    }

    #[test]
    fn an_error_says_who_is_at_fault() {
        let of = |errno| {
            let errno = uapi::Errno(errno);
            fault(
                "request",
                &gpiocdev::Error::Uapi(gpiocdev::UapiCall::GetLine, uapi::Error::Os(errno)),
            )
        };
        assert_eq!(of(16), Fault::Busy);
        assert_eq!(of(19), Fault::Lost);
        assert_eq!(of(13), Fault::Denied);
        assert_eq!(of(22), Fault::Refused { call: "request", errno: 22 });
        assert_eq!(of(0), Fault::Refused { call: "request", errno: 0 });
    }
}
