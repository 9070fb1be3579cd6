//! What a box is made of, behind roles: nobody above knows whether a span is a card or a simulation.
//!
//! [`Span`], [`Bearer`] and [`Signalling`] are what a line's thread needs of a digital trunk. [`dahdi`]
//! fills these roles with cards of the DAHDI driver, [`sim`] with two ends of a simulated line in given
//! time. A [`Light`] is a lamp, of the kernel's LED class or on a pin; a [`Button`] is felt through
//! [`gpio`], and [`Press`] says what was meant by it. [`Watchdog`] restarts what hangs. [`Sheet`] reads the
//! fact sheet of a board, `board/<name>/board.toml`.

mod button;
mod fault;
#[cfg(target_os = "linux")]
mod lamp;
mod law;
pub mod sheet;
mod span;
#[cfg(target_os = "linux")]
mod watchdog;

#[cfg(target_os = "linux")]
pub mod dahdi;
#[cfg(target_os = "linux")]
pub mod gpio;
pub mod sim;

pub use button::{Button, Change, Meaning, Press};
pub use fault::Fault;
#[cfg(target_os = "linux")]
pub use lamp::{Led, Light, PinLamp, Shine, light};
pub use law::Law;
pub use sheet::Sheet;
pub use span::{
    Alarms, Bearer, BuildOut, ClockSource, Counters, E1Framing, Event, Facts, FrameFault,
    LONGEST_FRAME, LineCode, LineKind, LineSetting, Loop, Setting, Signalling, Span, Status,
    T1Framing, Timeslot,
};
#[cfg(target_os = "linux")]
pub use watchdog::Watchdog;
