//! What a board shows and feels at its front: lamps, buttons, and the lines of GPIO chips they are on.

use std::time::Duration;

use serde::Deserialize;

/// A lamp.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "LampText")]
pub struct Lamp {
    /// What is printed beside it.
    pub label: String,
    /// How it shines.
    pub colour: Colour,
    /// What lights it.
    pub wiring: Wiring,
}

/// What lights a lamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wiring {
    /// The kernel's LED class: [`crate::Led`]. Its name in `/sys/class/leds`; `led` in the sheet.
    Class(String),
    /// A line of a GPIO chip that no driver of the kernel has: [`crate::PinLamp`]; `gpio` in the sheet.
    Gpio(Pin),
}

/// How a lamp shines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "colours are their names")]
pub enum Colour {
    Red,
    Green,
    Amber,
    Blue,
    White,
}

/// A button, on a line of a GPIO chip: [`crate::gpio::Input`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Button {
    /// What is printed beside it.
    pub label: String,
    /// Where it is.
    pub gpio: Pin,
    /// Milliseconds for which its contact has to stand still before it is believed: 0 to 1000. 20 unless
    /// the sheet says more: data sheets of such buttons promise 5 (Omron B3F).
    #[serde(default = "settles")]
    pub debounce_ms: u16,
}

/// A line of a GPIO chip.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The chip's label, as `gpiodetect` shows it; its number may change with every boot.
    pub chip: String,
    /// Which of its lines.
    pub line: Line,
    /// Whether the line is low when the button is pressed or the lamp lit.
    #[serde(default)]
    pub active_low: bool,
}

/// Which line of a GPIO chip.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Line {
    /// By its number on the chip, from 0.
    Number(u32),
    /// By the name that the kernel has for it, as `gpioinfo` shows it.
    Name(String),
}

impl Button {
    /// For how long its contact has to stand still before it is believed.
    #[must_use]
    pub fn debounce(&self) -> Duration {
        Duration::from_millis(self.debounce_ms.into())
    }
}

impl Pin {
    /// Whether its chip and its line have names at all.
    pub(super) fn is_named(&self) -> bool {
        !self.chip.is_empty() && !matches!(&self.line, Line::Name(name) if name.is_empty())
    }
}

fn settles() -> u16 {
    20
}

/// A lamp as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LampText {
    label: String,
    colour: Colour,
    led: Option<String>,
    gpio: Option<Pin>,
}

impl TryFrom<LampText> for Lamp {
    type Error = &'static str;

    fn try_from(text: LampText) -> Result<Lamp, &'static str> {
        let wiring = match (text.led, text.gpio) {
            (Some(led), None) => Wiring::Class(led),
            (None, Some(pin)) => Wiring::Gpio(pin),
            (Some(_), Some(_)) => return Err("a lamp is lit by `led` or by `gpio`, not by both"),
            (None, None) => return Err("a lamp is lit by `led` or by `gpio`"),
        };
        Ok(Lamp { label: text.label, colour: text.colour, wiring })
    }
}
