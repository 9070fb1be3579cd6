//! The fact sheet of a board: what spans, lamps and buttons it has, and where its drivers find them.
//! `board/<name>/board.toml`; one folder for each board that the firmware is built for.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;

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

/// A lamp, of the kernel's LED class: [`crate::Led`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lamp {
    /// What is printed beside it.
    pub label: String,
    /// Its name in `/sys/class/leds`.
    pub led: String,
    /// How it shines.
    pub colour: Colour,
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

/// A button, on a line of a GPIO chip. No driver here feels it yet.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Button {
    /// What is printed beside it.
    pub label: String,
    /// The label of its GPIO chip.
    pub chip: String,
    /// The number of its line there.
    pub line: u32,
    /// Whether it reads as 0 while it is pressed.
    #[serde(default)]
    pub active_low: bool,
}

/// What restarts the board when it hangs. The system's first process opens it, and restarts the daemon
/// by a watchdog of its own; no driver here does.
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
        if sheet.name.is_empty() || sheet.title.is_empty() {
            return Err(SheetError::Nameless);
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
            boards += 1;
        }
        assert!(boards >= 3, "{boards}");
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
}
