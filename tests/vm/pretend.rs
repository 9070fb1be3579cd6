//! Alarms that a span without a card pretends.

use std::process::{Command, ExitCode};

use board::Alarms;
use board::dahdi::{Cross, Driver};

/// Makes a span pretend `red`, or nothing any more: in a process of its own, which must end before modules
/// can be unloaded.
pub(crate) fn simulate(span: i32, what: &str) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|wrong| wrong.to_string())?;
    let mut again = Command::new(program);
    again.args(["simulate", &span.to_string(), what]);
    done(again)
}

/// That process.
pub(crate) fn simulated(driver: &Driver, span: &str, what: &str) -> ExitCode {
    let alarms = Alarms { red: what == "red", ..Alarms::default() };
    match Cross::simulate(driver, span.parse().unwrap_or(0), alarms) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            println!("{fault}");
            ExitCode::FAILURE
        }
    }
}

pub(crate) fn done(mut command: Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        other => Err(format!("{command:?}: {other:?}")),
    }
}
