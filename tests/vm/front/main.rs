//! What runs inside the virtual machines of tests/vm that have a front: a button and lamps on a GPIO chip,
//! which the kernel's driver gpio-sim pretends, and a watchdog, which QEMU has. It prints a line for each
//! check and closes with the count.
//!
//!     vm-front gpio MODULES       the checks of button and lamps
//!     vm-front watchdog MODULES   those of the watchdog; it restarts the machine once, and is to be
//!                                 started again then
//!     vm-front hold               holds the watchdog until it is killed
//!
//! Nothing here asserts milliseconds: the machine is emulated.
#![allow(clippy::disallowed_methods, reason = "a program of its own, with a clock")]
#![allow(clippy::indexing_slicing, reason = "a test")]

mod button;
mod chip;
mod dog;
mod lamp;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use board::{Fault, Sheet};

/// What a check found: words for its line, or what is wrong.
type Outcome = Result<String, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let sheet = match Sheet::parse(SHEET) {
        Ok(sheet) => sheet,
        Err(wrong) => {
            println!("FAIL {wrong}");
            return ExitCode::FAILURE;
        }
    };
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["gpio", modules] => {
            let mut bed = Bed::new(modules);
            button::checks(&mut bed, &sheet);
            lamp::checks(&mut bed, &sheet);
            bed.count()
        }
        ["watchdog", modules] => {
            // The machine's firmware may not have ended its line.
            println!();
            let mut bed = Bed::new(modules);
            dog::checks(&mut bed, &sheet)
        }
        ["hold"] => dog::hold(&sheet),
        _ => ExitCode::from(2),
    }
}

struct Bed {
    modules: PathBuf,
    passed: u32,
    failed: u32,
}

impl Bed {
    fn new(modules: &str) -> Bed {
        Bed { modules: modules.into(), passed: 0, failed: 0 }
    }

    fn check(&mut self, name: &str, test: impl FnOnce(&Path) -> Outcome) {
        let began = Instant::now();
        let (word, said) = match test(&self.modules) {
            Ok(said) => {
                self.passed += 1;
                ("ok", said)
            }
            Err(said) => {
                self.failed += 1;
                ("FAIL", said)
            }
        };
        let colon = if said.is_empty() { "" } else { ": " };
        println!("{word} {name}{colon}{said} ({:.1} s)", began.elapsed().as_secs_f64());
    }

    fn count(&self) -> ExitCode {
        println!("{} passed, {} failed, 0 skipped", self.passed, self.failed);
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

fn insert(modules: &Path, module: &str) -> Result<(), String> {
    let mut insert = Command::new("insmod");
    insert.arg(modules.join(format!("{module}.ko")));
    match insert.status() {
        Ok(status) if status.success() => Ok(()),
        other => Err(format!("{insert:?}: {other:?}")),
    }
}

fn expect<T>(outcome: Result<T, Fault>, wanted: Fault) -> Result<(), String> {
    match outcome {
        Err(fault) if fault == wanted => Ok(()),
        Err(fault) => Err(format!("{fault:?}, not {wanted:?}")),
        Ok(_) => Err(format!("no fault, not {wanted:?}")),
    }
}

fn at(place: &'static str) -> impl Fn(Fault) -> String {
    move |fault| format!("{place}: {fault}")
}

/// The board that this is.
#[cfg(target_arch = "x86_64")]
const SHEET: &str = include_str!("../../../board/qemu-x86_64/board.toml");
#[cfg(target_arch = "aarch64")]
const SHEET: &str = include_str!("../../../board/qemu-aarch64/board.toml");
