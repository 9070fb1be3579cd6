//! What runs inside the virtual machine of tests/vm for the whole chain: a telephone that nobody here wrote,
//! the daemon on the real driver, and Asterisk with its own ISDN stack as the carrier at the other end of the
//! line. It prints a line for each check and closes with the count.
//!
//!     vm-chain MODULES SETTINGS     the checks; the driver's modules, Asterisk's settings
//!     vm-chain simulate SPAN red|clear
//!
//! Nothing here asserts milliseconds: the machine is emulated.
#![allow(clippy::disallowed_methods, reason = "a program of its own, with a clock")]
#![allow(clippy::indexing_slicing, reason = "a test")]

#[path = "../asterisk.rs"]
#[expect(dead_code, reason = "it is not ended here before the machine is")]
mod asterisk;
mod bed;
mod calls;
mod line;
#[path = "../modules.rs"]
mod modules;
mod phone;
#[path = "../pretend.rs"]
mod pretend;
mod sound;
mod strowgerd;
#[path = "../tally.rs"]
mod tally;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use board::Fault;
use board::dahdi::Driver;

use bed::Bed;
use pretend::simulated;
use tally::Tally;

/// What a check found: words for its line, or what is wrong.
type Outcome = Result<String, String>;
/// A check, and its sentence.
type Check = (&'static str, fn(&mut Bed) -> Outcome);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let driver = Driver::new(Path::new("/dev/dahdi"));
    match &arguments[..] {
        [word, span, what] if word == "simulate" => simulated(&driver, span, what),
        [modules, settings] => {
            let mut tally = Tally::default();
            all(&mut tally, &driver, Path::new(modules), Path::new(settings));
            tally.end()
        }
        _ => ExitCode::from(2),
    }
}

fn all(tally: &mut Tally, driver: &Driver, modules: &Path, settings: &Path) {
    let began = Instant::now();
    let opened = modules::load(modules).and_then(|()| Bed::open(driver, settings));
    let mut bed = match opened {
        Ok(bed) => bed,
        Err(why) => {
            last_words();
            return tally.count("all of the chain starts", began, Err(why));
        }
    };
    let up = bed.comes_up();
    if up.is_err() {
        last_words();
    }
    tally.count("all of the chain starts, and the line is up", began, up);
    let quiet = |bed: &mut Bed, said| bed.quiet().map(|()| said);
    for (sentence, check) in line::ALL.iter().chain(calls::ALL) {
        tried(tally, sentence, &mut bed, |bed| check(bed).and_then(|said| quiet(bed, said)));
    }
    for (sentence, check) in calls::LAST {
        tried(tally, sentence, &mut bed, check);
    }
}

fn tried(
    tally: &mut Tally,
    sentence: &str,
    bed: &mut Bed,
    check: impl FnOnce(&mut Bed) -> Outcome,
) {
    let began = Instant::now();
    let outcome = check(bed);
    if outcome.is_err() {
        println!("  events of the telephone that nobody wanted: {}", bed.phone.untaken());
        last_words();
    }
    tally.count(sentence, began, outcome);
}

fn last_words() {
    println!("  strowgerd, of late:\n  {}", strowgerd::log());
    println!("  the telephone, of late:\n  {}", phone::log());
    println!("  Asterisk, of late:\n  {}", asterisk::log());
}

/// A program of the system that made this machine, with its own libraries.
fn here(program: &str) -> Command {
    let mut command = Command::new("/here/lib/ld-linux-x86-64.so.2");
    command.args(["--library-path", "/here/lib"]).arg(Path::new("/here").join(program));
    command
}

fn at(place: &'static str) -> impl Fn(Fault) -> String {
    move |fault| format!("{place}: {fault}")
}
