//! The watchdog: it lets be who pats it or stops it, and restarts the machine of who is killed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use board::{Fault, Sheet, Watchdog, sheet};

use crate::{Bed, at, expect, insert};

pub(crate) fn checks(bed: &mut Bed, sheet: &Sheet) -> ExitCode {
    let Some(facts) = &sheet.watchdog else { return ExitCode::from(2) };
    let mut restarted = None;
    bed.check(
        "without its driver a watchdog is absent, with it it says why the machine started",
        |modules| {
            expect(Watchdog::open(facts), Fault::Absent)?;
            // Where it is no part of the kernel itself.
            if modules.join("watchdog.ko").exists() {
                insert(modules, "watchdog")?;
            }
            insert(modules, "i6300esb")?;
            let dog = Watchdog::open(facts).map_err(at("open"))?;
            if dog.timeout() != Duration::from_secs(facts.seconds.into()) {
                return Err(format!("it waits for {:?}", dog.timeout()));
            }
            let by_dog = dog.last_reset_was_watchdog().map_err(at("boot status"))?;
            restarted = Some(by_dog);
            dog.stop().map_err(at("stop"))?;
            Ok(if by_dog { "it was the watchdog" } else { "it was not the watchdog" }.into())
        },
    );
    match restarted {
        None => bed.count(),
        Some(false) => first(bed, facts),
        Some(true) => {
            println!("ok the machine of who was killed was restarted, and knows it");
            bed.passed += 1;
            bed.count()
        }
    }
}

/// Holds it until the end of the process, which is violent.
pub(crate) fn hold(sheet: &Sheet) -> ExitCode {
    let Some(mut dog) = sheet.watchdog.as_ref().and_then(|facts| Watchdog::open(facts).ok()) else {
        return ExitCode::FAILURE;
    };
    println!("holding");
    while dog.pat().is_ok() {
        sleep(Duration::from_millis(300));
    }
    ExitCode::FAILURE
}

/// The checks before the machine is restarted.
fn first(bed: &mut Bed, facts: &sheet::Watchdog) -> ExitCode {
    let twice = Duration::from_secs(facts.seconds.into()) * 2 + Duration::from_secs(1);
    bed.check(
        "a time that it cannot wait for is the fact sheet's fault, and it does not run",
        |_| {
            let never = sheet::Watchdog { seconds: 3_600, ..facts.clone() };
            match Watchdog::open(&never) {
                Err(Fault::Sheet { .. }) => Ok(String::new()),
                other => Err(format!("{other:?}")),
            }
        },
    );
    bed.check("who stopped it in good order lives on without it", |_| {
        let dog = Watchdog::open(facts).map_err(at("open"))?;
        dog.stop().map_err(at("stop"))?;
        sleep(twice);
        Ok(format!("{twice:?}"))
    });
    let mut holder = None;
    bed.check("who pats it lives on, and has it alone", |_| {
        let child = holder.insert(holding()?);
        let began = Instant::now();
        expect(Watchdog::open(facts), Fault::Busy)?;
        sleep(twice.saturating_sub(began.elapsed()));
        match child.try_wait() {
            Ok(None) => Ok(format!("{twice:?}")),
            other => Err(format!("who pats it ended: {other:?}")),
        }
    });
    let Some(mut holder) = holder else { return bed.count() };
    println!("{} passed, {} failed, 0 skipped", bed.passed, bed.failed);
    let killed = holder.kill().and_then(|()| holder.wait());
    println!("who pats it is killed: {killed:?}");
    sleep(Duration::from_secs(60));
    println!("FAIL nobody pats it, and the machine still runs");
    println!("0 passed, 1 failed");
    ExitCode::FAILURE
}

/// A process that pats it.
fn holding() -> Result<Child, String> {
    let program = std::env::current_exe().map_err(|why| why.to_string())?;
    let mut child = Command::new(program)
        .arg("hold")
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|why| why.to_string())?;
    let mut said = String::new();
    let out = child.stdout.take().ok_or("no pipe")?;
    BufReader::new(out).read_line(&mut said).map_err(|why| why.to_string())?;
    if said == "holding\n" { Ok(child) } else { Err("it cannot be held".into()) }
}
