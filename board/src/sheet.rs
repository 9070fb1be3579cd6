//! The fact sheet of a board: what spans, lamps and buttons it has, and where its drivers find them.
//! `board/<name>/board.toml`; one folder for each board that the firmware is built for.

mod front;
mod known;

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;

pub use self::front::{Button, Colour, Lamp, Line, Pin, Wiring};
pub use self::known::KNOWN;

/// What a board has.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// The folder's name.
    pub name: String,
    /// What it is, in words for an installer.
    pub title: String,
    /// Debian's name of its processor: `amd64`, `arm64`.
    pub architecture: String,
    /// Where digital trunks are plugged in.
    #[serde(default, rename = "span")]
    pub spans: Vec<Port>,
    /// Lamps that a program can light.
    #[serde(default, rename = "lamp")]
    pub lamps: Vec<Lamp>,
    /// Buttons that a program can feel.
    #[serde(default, rename = "button")]
    pub buttons: Vec<Button>,
    /// What restarts the board when it hangs.
    #[serde(default)]
    pub watchdog: Option<Watchdog>,
}

/// Digital trunks of one driver.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, tag = "driver", rename_all = "lowercase")]
pub enum Port {
    /// Cards of the DAHDI driver, as many as are plugged in: [`crate::dahdi`].
    Dahdi {
        /// The folder of its devices.
        devices: String,
    },
    /// Both ends of a simulated line: [`crate::sim`].
    Sim {
        /// What is printed at the port.
        label: String,
        /// E1 or T1.
        line: Kind,
    },
}

/// The kind of line that a fact sheet names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// 2048 kbit/s.
    E1,
    /// 1544 kbit/s.
    T1,
}

/// What restarts the board when it hangs: [`crate::Watchdog`], which says who opens it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watchdog {
    /// Its device file.
    pub device: String,
    /// Seconds without a sign of life before it restarts the board: 1 to 3600.
    pub seconds: u16,
}

/// Why a fact sheet cannot be used: its author is at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SheetError {
    /// It is no TOML, lacks something or says something that nobody knows.
    Malformed {
        /// Where, and what was expected instead; of several lines.
        said: Box<str>,
    },
    /// Two things of a kind have the same label.
    SameLabel(Box<str>),
    /// Something that must be named has an empty name.
    Nameless,
    /// A watchdog's time is not within 1 and 3600 seconds.
    WatchdogTime(u16),
    /// A button's contact would have to stand still for more than a second.
    DebounceTime(u16),
}

impl Sheet {
    /// Reads a fact sheet.
    ///
    /// # Errors
    /// See [`SheetError`]; the text says the line.
    pub fn parse(text: &str) -> Result<Sheet, SheetError> {
        let sheet: Sheet = toml::from_str(text)
            .map_err(|wrong| SheetError::Malformed { said: wrong.to_string().into() })?;
        let spans = sheet.spans.iter().filter_map(|port| match port {
            Port::Dahdi { .. } => None,
            Port::Sim { label, .. } => Some(label.as_str()),
        });
        different(spans)?;
        different(sheet.lamps.iter().map(|lamp| lamp.label.as_str()))?;
        different(sheet.buttons.iter().map(|button| button.label.as_str()))?;
        let lit = sheet.lamps.iter().all(|lamp| match &lamp.wiring {
            Wiring::Class(name) => !name.is_empty(),
            Wiring::Gpio(pin) => pin.is_named(),
        });
        let felt = sheet.buttons.iter().all(|button| button.gpio.is_named());
        if sheet.name.is_empty() || sheet.title.is_empty() || !lit || !felt {
            return Err(SheetError::Nameless);
        }
        if let Some(button) = sheet.buttons.iter().find(|button| button.debounce_ms > 1_000) {
            return Err(SheetError::DebounceTime(button.debounce_ms));
        }
        match &sheet.watchdog {
            Some(dog) if !(1..=3_600).contains(&dog.seconds) => {
                Err(SheetError::WatchdogTime(dog.seconds))
            }
            _ => Ok(sheet),
        }
    }
}

fn different<'a>(labels: impl Iterator<Item = &'a str>) -> Result<(), SheetError> {
    let mut seen = BTreeSet::new();
    for label in labels {
        if label.is_empty() {
            return Err(SheetError::Nameless);
        }
        if !seen.insert(label) {
            return Err(SheetError::SameLabel(label.into()));
        }
    }
    Ok(())
}

impl fmt::Display for SheetError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SheetError::Malformed { said } => out.write_str(said),
            SheetError::SameLabel(label) => write!(out, "two of a kind are labelled {label:?}"),
            SheetError::Nameless => out.write_str("something has an empty name"),
            SheetError::WatchdogTime(seconds) => {
                write!(out, "a watchdog waits 1 to 3600 seconds, not {seconds}")
            }
            SheetError::DebounceTime(milliseconds) => {
                write!(out, "a button settles within 1000 ms, not {milliseconds}")
            }
        }
    }
}

impl std::error::Error for SheetError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sheets_of_all_boards_are_read() {
        let mut boards = 0;
        for entry in std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap() {
            let folder = entry.unwrap().path();
            let Ok(text) = std::fs::read_to_string(folder.join("board.toml")) else { continue };
            let sheet = Sheet::parse(&text).unwrap_or_else(|wrong| panic!("{folder:?}: {wrong}"));
            assert_eq!(sheet.name, folder.file_name().unwrap().to_str().unwrap());
            assert_eq!(Sheet::named(&sheet.name), Some(Ok(sheet)));
            boards += 1;
        }
        assert!(boards >= 3, "{boards}");
        assert_eq!(boards, KNOWN.len(), "all boards are known by name");
    }

    #[test]
    fn the_simulated_board_has_two_kinds_of_line() {
        let sheet = Sheet::parse(include_str!("../sim/board.toml")).unwrap();
        let kinds: Vec<_> = sheet
            .spans
            .iter()
            .filter_map(|port| match port {
                Port::Sim { line, .. } => Some(*line),
                Port::Dahdi { .. } => None,
            })
            .collect();
        assert!(kinds.contains(&Kind::E1) && kinds.contains(&Kind::T1), "{kinds:?}");
    }

    #[test]
    fn a_word_that_nobody_knows_is_named_with_its_line() {
        let said =
            Sheet::parse("name = \"x\"\ntitle = \"X\"\narchitecture = \"amd64\"\nlamps = 3\n");
        let Err(SheetError::Malformed { said }) = said else { panic!("{said:?}") };
        assert!(said.contains("line 4") && said.contains("lamps"), "{said}");
    }

    #[test]
    fn a_driver_that_nobody_knows_is_refused() {
        let said = Sheet::parse(
            "name = \"x\"\ntitle = \"X\"\narchitecture = \"amd64\"\n[[span]]\ndriver = \"wires\"\n",
        );
        let Err(SheetError::Malformed { said }) = said else { panic!("{said:?}") };
        assert!(said.contains("wires"), "{said}");
    }

    #[test]
    fn labels_are_different_and_times_are_sane() {
        let base = "name = \"x\"\ntitle = \"X\"\narchitecture = \"amd64\"\n";
        let lamp = "[[lamp]]\nlabel = \"power\"\nled = \"p\"\ncolour = \"green\"\n";
        let twice = Sheet::parse(&format!("{base}{lamp}{lamp}"));
        assert_eq!(twice, Err(SheetError::SameLabel("power".into())));
        let never = Sheet::parse(&format!("{base}[watchdog]\ndevice = \"w\"\nseconds = 0\n"));
        assert_eq!(never, Err(SheetError::WatchdogTime(0)));
        assert!(Sheet::parse(&format!("{base}[watchdog]\ndevice = \"w\"\nseconds = 30\n")).is_ok());
    }

    #[test]
    fn a_button_is_found_by_the_number_or_the_name_of_its_line() {
        let base = "name = \"x\"\ntitle = \"X\"\narchitecture = \"amd64\"\n";
        let button = |line: &str, more: &str| {
            Sheet::parse(&format!(
                "{base}[[button]]\nlabel = \"reset\"\ngpio = {{ chip = \"front\", {line} }}\n{more}"
            ))
            .map(|sheet| sheet.buttons[0].clone())
        };
        let by_name = button("line = \"RESET\", active_low = true", "").unwrap();
        assert_eq!(by_name.gpio.line, Line::Name("RESET".into()));
        assert!(by_name.gpio.active_low);
        assert_eq!(by_name.debounce(), std::time::Duration::from_millis(20));
        let by_number = button("line = 3", "debounce_ms = 50").unwrap();
        assert_eq!(by_number.gpio.line, Line::Number(3));
        assert!(!by_number.gpio.active_low);
        assert_eq!(by_number.debounce_ms, 50);
        assert_eq!(button("line = \"\"", ""), Err(SheetError::Nameless));
        assert_eq!(button("line = 3", "debounce_ms = 1001"), Err(SheetError::DebounceTime(1_001)));
        assert!(matches!(button("line = -1", ""), Err(SheetError::Malformed { .. })));
    }

    #[test]
    fn a_lamp_is_lit_by_one_thing() {
        let base = "name = \"x\"\ntitle = \"X\"\narchitecture = \"amd64\"\n";
        let lamp = |wiring: &str| {
            Sheet::parse(&format!("{base}[[lamp]]\nlabel = \"line\"\ncolour = \"red\"\n{wiring}\n"))
                .map(|sheet| sheet.lamps[0].wiring.clone())
        };
        let (led, gpio) = ("led = \"red:line\"", "gpio = { chip = \"front\", line = 0 }");
        assert_eq!(lamp(led), Ok(Wiring::Class("red:line".into())));
        let pin = Pin { chip: "front".into(), line: Line::Number(0), active_low: false };
        assert_eq!(lamp(gpio), Ok(Wiring::Gpio(pin)));
        for wrong in [String::new(), format!("{led}\n{gpio}")] {
            let Err(SheetError::Malformed { said }) = lamp(&wrong) else { panic!("{wrong}") };
            assert!(said.contains("a lamp is lit by"), "{said}");
        }
        assert_eq!(lamp("led = \"\""), Err(SheetError::Nameless));
    }
}
