//! What a box is made of, behind roles: nobody above knows whether a span is a card or a simulation.
//!
//! [`Span`], [`Bearer`] and [`Signalling`] are what a line's thread needs of a digital trunk. [`dahdi`]
//! fills these roles with cards of the DAHDI driver, [`sim`] with two ends of a simulated line in given
//! time. [`Led`] lights a lamp. [`Sheet`] reads the fact sheet of a board, `board/<name>/board.toml`.

mod fault;
#[cfg(target_os = "linux")]
mod lamp;
mod law;
mod sheet;
mod span;

#[cfg(target_os = "linux")]
pub mod dahdi;
pub mod sim;

pub use fault::Fault;
#[cfg(target_os = "linux")]
pub use lamp::{Led, Light, Shine};
pub use law::Law;
pub use sheet::{Button, Colour, Kind, Lamp, Port, Sheet, SheetError, Watchdog};
pub use span::{
    Alarms, Bearer, BuildOut, ClockSource, Counters, E1Framing, Event, Facts, FrameFault,
    LONGEST_FRAME, LineCode, LineKind, LineSetting, Loop, Setting, Signalling, Span, Status,
    T1Framing, Timeslot,
};
