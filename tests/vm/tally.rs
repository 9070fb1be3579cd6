//! A line for each check, and the count.

use std::process::ExitCode;
use std::time::Instant;

use crate::Outcome;

#[derive(Default)]
pub(crate) struct Tally {
    passed: u32,
    failed: u32,
}

impl Tally {
    pub(crate) fn count(&mut self, name: &str, began: Instant, outcome: Outcome) {
        let (word, said) = match outcome {
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

    pub(crate) fn end(&self) -> ExitCode {
        println!("{} passed, {} failed, 0 skipped", self.passed, self.failed);
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
