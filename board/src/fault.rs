//! Why a driver did not do what it was asked, and who is at fault.

use std::fmt;

/// Why a driver did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The card or its module went away. What was open stays closed until `reopen` finds it again.
    Lost,
    /// Somebody else has it open.
    Busy,
    /// There is no such device, chip, span or timeslot, or the driver has not been set up for it.
    Absent,
    /// This process may not open the device.
    Denied,
    /// This driver or card cannot do it at all.
    Unsupported,
    /// The caller asked for something that cannot be: a block too small, a frame too long.
    Misuse,
    /// The fact sheet is that of another board, or wrong.
    Sheet {
        /// What is not as it says.
        said: &'static str,
    },
    /// The driver refused a call.
    Refused {
        /// The call by the name that its documentation gives it.
        call: &'static str,
        /// Linux' number for the reason.
        errno: i32,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Lost => out.write_str("the card or its driver went away"),
            Fault::Busy => out.write_str("another program has it open"),
            Fault::Absent => out.write_str("there is no such device, chip, span or timeslot"),
            Fault::Denied => out.write_str("this process may not open the device"),
            Fault::Unsupported => out.write_str("this driver cannot do that"),
            Fault::Misuse => out.write_str("what was asked for cannot be"),
            Fault::Sheet { said } => write!(out, "the fact sheet is not this board's: {said}"),
            Fault::Refused { call, errno } => {
                write!(out, "the driver refused {call}: errno {errno}")
            }
        }
    }
}

impl std::error::Error for Fault {}

impl embedded_hal::digital::Error for Fault {
    fn kind(&self) -> embedded_hal::digital::ErrorKind {
        embedded_hal::digital::ErrorKind::Other
    }
}
