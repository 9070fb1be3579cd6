//! What runs inside the virtual machine of tests/vm beside Asterisk: our ISDN trunk on a span of the real
//! driver, against a stack that nobody here wrote. It prints a line for each check and closes with the
//! count.
//!
//!     vm-carrier MODULES SETTINGS     the checks; the driver's modules, Asterisk's settings
//!     vm-carrier simulate SPAN red|clear
//!
//! Nothing here asserts milliseconds: the machine is emulated.
#![allow(clippy::disallowed_methods, reason = "a program of its own, with a clock")]
#![allow(clippy::indexing_slicing, reason = "a test")]

#[path = "../asterisk.rs"]
mod asterisk;
mod bed;
mod calls;
mod line;
#[path = "../modules.rs"]
mod modules;
mod numbers;
#[path = "../pretend.rs"]
mod pretend;
mod sounds;
#[path = "../tally.rs"]
mod tally;
mod upkeep;
mod voice;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use board::dahdi::Driver;
use board::{Fault, LineKind};
use tdm::q931::dialect::Dialect;
use tdm::q931::timers::Side;

use bed::{Bed, Variant};
use pretend::simulated;
use tally::Tally;

/// What a check found: words for its line, or what is wrong.
type Outcome = Result<String, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let driver = Driver::new(Path::new("/dev/dahdi"));
    match &arguments[..] {
        [word, span, what] if word == "simulate" => simulated(&driver, span, what),
        [modules, settings, only @ ..] => {
            let mut run = Run { only: only.to_vec(), ..Run::default() };
            match modules::load(Path::new(modules)) {
                Ok(()) => run.all(&driver, Path::new(settings)),
                Err(why) => run.tally.count("modules are loaded", Instant::now(), Err(why)),
            }
            run.tally.end()
        }
        _ => ExitCode::from(2),
    }
}

#[derive(Default)]
struct Run {
    /// The variants to be checked, by words of their names; all, if there are none.
    only: Vec<String>,
    tally: Tally,
}

/// A check, and its sentence.
type Check = (&'static str, fn(&mut Bed) -> Outcome);

impl Run {
    fn all(&mut self, driver: &Driver, settings: &Path) {
        let (e1, t1) = (LineKind::E1, LineKind::T1);
        let of = |line, side, dialect, kind| Variant { line, side, dialect, kind };
        let whole = || calls::ALL.iter().chain(numbers::ALL).chain(sounds::ALL).chain(upkeep::ALL);
        let of_user = of("euroisdn-network", Side::User, Dialect::EuroIsdn, e1);
        let of_us = whole().chain(upkeep::STARTED_ANEW);
        self.line("EuroISDN, we at the carrier's", driver, settings, &of_user, of_us);
        let of_network = of("euroisdn-user", Side::Network, Dialect::EuroIsdn, e1);
        let restarts = upkeep::THEIR_RESTART.iter().chain(whole());
        self.line("EuroISDN, we the carrier", driver, settings, &of_network, restarts);
        let some = || calls::SOME.iter().chain(numbers::NAMES);
        // National ISDN without SERVICE: there libpri has the two types of its messages the other way round.
        for (name, dialect, kind, there) in [
            ("QSIG", Dialect::Qsig, e1, ["qsig-network", "qsig-user"]),
            ("National ISDN", Dialect::Ni2, t1, ["national-network", "national-user"]),
        ] {
            let user = of(there[0], Side::User, dialect, kind);
            self.line(&format!("{name}, we the user"), driver, settings, &user, some());
            let network = of(there[1], Side::Network, dialect, kind);
            self.line(&format!("{name}, we the network"), driver, settings, &network, some());
        }
        let of_5ess = of("5ess-network", Side::User, Dialect::Ess5, t1);
        self.line("5ESS", driver, settings, &of_5ess, some().chain(upkeep::SERVICE));
        let of_dms = of("dms100-network", Side::User, Dialect::Dms100, t1);
        self.line("DMS-100", driver, settings, &of_dms, calls::SOME.iter());
    }

    /// The checks of one line.
    fn line<'a>(
        &mut self,
        name: &str,
        driver: &Driver,
        settings: &Path,
        of: &Variant,
        checks: impl Iterator<Item = &'a Check>,
    ) {
        if !self.only.is_empty() && !self.only.iter().any(|word| of.line.contains(word.as_str())) {
            return;
        }
        let began = Instant::now();
        let mut bed = match Bed::open(driver, settings, of) {
            Ok(bed) => bed,
            Err(why) => {
                return self.tally.count(&format!("{name}: both ends start"), began, Err(why));
            }
        };
        let up = calls::comes_up(&mut bed);
        self.tally.count(&format!("{name}: both ends start, and the link comes up"), began, up);
        for (sentence, check) in checks.chain(upkeep::RELEASED) {
            let began = Instant::now();
            let outcome = check(&mut bed).and_then(|said| bed.quiet().map(|()| said));
            if outcome.is_err() {
                println!("  on the D channel, of late:\n  {}", bed.line.trace());
                println!("  Asterisk, of late:\n  {}", asterisk::log());
                // The next check is not to suffer.
                if let Err(why) = bed.quiet() {
                    println!("  and what was left does not end: {why}");
                }
            }
            self.tally.count(&format!("{name}: {sentence}"), began, outcome);
        }
        let began = Instant::now();
        let closed = bed.close(driver);
        self.tally.count(&format!("{name}: both ends stop"), began, closed.map(|()| String::new()));
    }
}

fn at(place: &'static str) -> impl Fn(Fault) -> String {
    move |fault| format!("{place}: {fault}")
}
