//! What runs inside the virtual machine of tests/vm: spans of the real driver, set up and used by crate
//! `board` alone. It prints a line for each check and closes with the count.
//!
//!     vm-spans MODULES            the checks; MODULES is the folder with the driver's modules
//!     vm-spans simulate SPAN red|clear
//!
//! Nothing here asserts milliseconds: the machine is emulated.
#![allow(clippy::disallowed_methods, reason = "a program of its own, with a clock")]
#![allow(clippy::indexing_slicing, reason = "a test")]

mod frames;
mod machine;
mod pretend;
mod sound;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread::sleep;
use std::time::{Duration, Instant};

use board::dahdi::{Card, Cross, Driver};
use board::{
    Bearer, ClockSource, Event, Fault, LONGEST_FRAME, LineKind, Loop, Setting, Span, Timeslot,
};

use frames::frames;
use machine::{lamp, pull_out};
use pretend::{done, simulate, simulated};
use sound::{exact, looped, own_slots, woken};

/// What a check found: words for its line, or what is wrong.
type Outcome = Result<String, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let driver = Driver::new(Path::new("/dev/dahdi"));
    match &arguments[..] {
        [word, span, what] if word == "simulate" => simulated(&driver, span, what),
        [modules] => {
            let mut bed = Bed { driver, modules: modules.into(), passed: 0, failed: 0 };
            bed.run();
            println!("{} passed, {} failed, 0 skipped", bed.passed, bed.failed);
            if bed.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        _ => ExitCode::from(2),
    }
}

struct Bed {
    driver: Driver,
    modules: PathBuf,
    passed: u32,
    failed: u32,
}

/// Two spans, each the other's far end.
struct Pair {
    kind: LineKind,
    near: Card,
    far: Card,
}

impl Bed {
    fn run(&mut self) {
        self.check("a lamp of the keyboard is lit, blinks and is dark", |_| lamp());
        self.check("without its modules there is no driver", |bed| {
            expect(bed.driver.spans().map(|_| ()), Fault::Absent)
        });
        self.check("modules are loaded", |bed| bed.load("auto_assign_spans=1"));
        for kind in [LineKind::E1, LineKind::T1] {
            let mut pair = None;
            self.check(
                &format!("{kind:?}: two spans are made and set up without dahdi_cfg"),
                |bed| {
                    pair = Some(bed.pair(kind)?);
                    Ok(String::new())
                },
            );
            let Some(mut pair) = pair else { continue };
            self.span(kind, &mut pair);
        }
        self.check(
            "the driver's modules are unloaded and loaded, and it numbers its spans when told",
            |bed| {
                bed.unload(&["dahdi_dynamic_loc", "dahdi_dynamic", "dahdi"])?;
                expect(bed.driver.spans().map(|_| ()), Fault::Absent)?;
                bed.load("")?;
                // This time the driver waits to be told to number spans.
                bed.ends(LineKind::E1)?;
                let before = bed.driver.spans().map_err(at("spans"))?;
                Driver::number_spans(Path::new("/sys")).map_err(at("number"))?;
                let after = bed.driver.spans().map_err(at("spans"))?;
                if (before.len(), after.len()) != (0, 2) {
                    return Err(format!("{before:?}, then {after:?}"));
                }
                let mut pair = bed.set_up(LineKind::E1)?;
                exact(&mut pair, Timeslot(1), 2_000)
            },
        );
    }

    /// The checks of one kind of line.
    fn span(&mut self, kind: LineKind, pair: &mut Pair) {
        let signalling = pair.near.facts().setting.signalling[0];
        let last = pair.near.facts().bearers().last().unwrap_or(Timeslot(1));
        self.check(&format!("{kind:?}: a new span has no alarms and all its channels"), |bed| {
            quiet(bed, pair)
        });
        for slot in [Timeslot(1), last] {
            self.check(
                &format!("{kind:?}: sound is exact both ways in timeslot {}", slot.0),
                |_| exact(pair, slot, 8_000),
            );
        }
        self.check(&format!("{kind:?}: each timeslot is its own"), |_| own_slots(pair));
        self.check(&format!("{kind:?}: frames arrive whole and in order"), |_| {
            frames(pair, signalling)
        });
        self.check(&format!("{kind:?}: a channel is open once, and for what it is"), |_| {
            once(pair, signalling)
        });
        self.check(&format!("{kind:?}: a channel that is looped gives back what it hears"), |_| {
            looped(pair)
        });
        self.check(&format!("{kind:?}: who waits for a channel is woken"), |_| woken(pair));
        self.check(&format!("{kind:?}: red at one end is yellow at the other, and ends"), |_| {
            alarms(pair)
        });
        self.check(&format!("{kind:?}: a card is lost in use, comes back and is used"), |bed| {
            bed.lost(pair, signalling)
        });
    }

    fn check(&mut self, name: &str, test: impl FnOnce(&mut Bed) -> Outcome) {
        let began = Instant::now();
        let outcome = test(self);
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

    /// Both ends, set up: the far one is the clock.
    fn pair(&self, kind: LineKind) -> Result<Pair, String> {
        self.ends(kind)?;
        self.set_up(kind)
    }

    fn set_up(&self, kind: LineKind) -> Result<Pair, String> {
        let setting = match kind {
            LineKind::E1 => Setting::e1(),
            LineKind::T1 => Setting::t1(),
        };
        let clock = Setting { clock: ClockSource::Own, ..setting.clone() };
        let near = Card::open(&self.driver, &name(kind, 0), setting).map_err(at("near span"))?;
        let far = Card::open(&self.driver, &name(kind, 1), clock).map_err(at("far span"))?;
        Ok(Pair { kind, near, far })
    }

    fn ends(&self, kind: LineKind) -> Result<(), String> {
        for end in [0, 1] {
            let name_of = cross(kind, end).create(&self.driver, kind).map_err(at("create"))?;
            if name_of != name(kind, end) {
                return Err(format!("the span is named {name_of}"));
            }
        }
        Ok(())
    }

    fn load(&mut self, argument: &str) -> Outcome {
        for (module, argument) in
            [("dahdi", argument), ("dahdi_dynamic", ""), ("dahdi_dynamic_loc", "")]
        {
            let file = self.modules.join(format!("{module}.ko"));
            let mut insert = Command::new("insmod");
            insert.arg(file).args(Some(argument).filter(|argument| !argument.is_empty()));
            done(insert)?;
        }
        Ok(String::new())
    }

    fn unload(&self, modules: &[&str]) -> Result<(), String> {
        for module in modules {
            let mut remove = Command::new("rmmod");
            remove.arg(module);
            done(remove)?;
        }
        Ok(())
    }

    /// Takes a span away from the driver while its channels are open, as a card that is pulled out or
    /// fails; then its module too.
    fn lost(&self, pair: &mut Pair, signalling: Timeslot) -> Outcome {
        let mut bearer = pair.near.open_bearer(Timeslot(2), 160).map_err(at("open"))?;
        let mut messages = pair.near.open_signalling(signalling).map_err(at("open"))?;
        pull_out(pair.near.number())?;
        let mut octets = [0; 160];
        let mut frame = [0; LONGEST_FRAME];
        let removed = |event: Option<Event>| {
            if event == Some(Event::Removed) { Ok(()) } else { Err(format!("event {event:?}")) }
        };
        expect(bearer.write(&octets).map(|_| ()), Fault::Lost)?;
        expect(bearer.read(&mut octets).map(|_| ()), Fault::Lost)?;
        removed(bearer.next_event())?;
        expect(messages.receive(&mut frame).map(|_| ()), Fault::Lost)?;
        removed(messages.next_event())?;
        expect(pair.near.status().map(|_| ()), Fault::Lost)?;
        expect(pair.near.reopen(), Fault::Absent)?;
        expect(bearer.reopen(), Fault::Absent)?;

        self.unload(&["dahdi_dynamic_loc"])?;
        expect(pair.far.status().map(|_| ()), Fault::Lost)?;
        let mut insert = Command::new("insmod");
        insert.arg(self.modules.join("dahdi_dynamic_loc.ko"));
        done(insert)?;
        // In another order than before, so that numbers move; and only this line's.
        let number = pair.near.number();
        for end in [1, 0] {
            cross(pair.kind, end).create(&self.driver, pair.kind).map_err(at("create"))?;
        }
        pair.near.reopen().map_err(at("reopen near"))?;
        pair.far.reopen().map_err(at("reopen far"))?;
        bearer.reopen().map_err(at("reopen B"))?;
        messages.reopen().map_err(at("reopen D"))?;
        drop((bearer, messages));
        let said = exact(pair, Timeslot(2), 2_000)?;
        frames(pair, signalling)?;
        Ok(format!("span {number} came back as {}; {said}", pair.near.number()))
    }
}

fn cross(kind: LineKind, end: u8) -> Cross {
    Cross { pair: if kind == LineKind::E1 { 1 } else { 2 }, end }
}

/// The name that the driver gives an end.
fn name(kind: LineKind, end: u8) -> String {
    format!("DYN/loc/{}:{end}", cross(kind, end).pair)
}

fn quiet(bed: &Bed, pair: &mut Pair) -> Outcome {
    for card in [&mut pair.near, &mut pair.far] {
        let status = card.status().map_err(at("status"))?;
        if !status.alarms.is_clear() {
            return Err(format!("{:?}", status.alarms));
        }
        let found = bed.driver.spans().map_err(at("spans"))?;
        let Some(found) = found.iter().find(|found| found.name == card.facts().name) else {
            return Err(format!("{} is not among {found:?}", card.facts().name));
        };
        let channels = pair.kind.timeslots().count();
        if found.kind != Some(pair.kind) || found.set_up != channels {
            return Err(format!("{found:?}"));
        }
    }
    expect(pair.near.loop_back(Some(Loop::Local)), Fault::Unsupported)
}

fn once(pair: &mut Pair, signalling: Timeslot) -> Outcome {
    let first = pair.near.open_bearer(Timeslot(1), 160).map_err(at("open"))?;
    expect(pair.near.open_bearer(Timeslot(1), 160).map(drop), Fault::Busy)?;
    drop(first);
    pair.near.open_bearer(Timeslot(1), 160).map_err(at("open again"))?;
    expect(pair.near.open_bearer(signalling, 160).map(drop), Fault::Misuse)?;
    expect(pair.near.open_signalling(Timeslot(1)).map(drop), Fault::Misuse)?;
    expect(pair.near.open_bearer(Timeslot(0), 160).map(drop), Fault::Absent)?;
    expect(pair.near.open_bearer(Timeslot(32), 160).map(drop), Fault::Absent)?;
    let mut short = pair.near.open_bearer(Timeslot(1), 160).map_err(at("open"))?;
    expect(short.read(&mut [0; 20]).map(drop), Fault::Misuse)?;
    let name = pair.near.facts().name.clone();
    let other = if pair.kind == LineKind::E1 { Setting::t1() } else { Setting::e1() };
    let driver = Driver::new(Path::new("/dev/dahdi"));
    expect(Card::open(&driver, &name, other).map(drop), Fault::Misuse)
}

fn alarms(pair: &mut Pair) -> Outcome {
    let mut near = pair.near.open_bearer(Timeslot(1), 160).map_err(at("open near"))?;
    let mut far = pair.far.open_bearer(Timeslot(1), 160).map_err(at("open far"))?;
    simulate(pair.near.number(), "red")?;
    wait_for("alarms", || {
        let (near, far) = (pair.near.status(), pair.far.status());
        matches!((&near, &far), (Ok(near), Ok(far))
            if near.alarms.red && far.alarms.yellow && !far.alarms.red)
        .then_some(())
        .ok_or_else(|| format!("near {near:?}, far {far:?}"))
    })?;
    let told = |end: &mut dyn Bearer, wanted: Event| {
        wait_for("event", || {
            // Events have to reach also who only reads.
            end.read(&mut [0; 160]).map_err(|fault| fault.to_string())?;
            let event = end.next_event();
            if event == Some(wanted) { Ok(()) } else { Err(format!("{event:?}, not {wanted:?}")) }
        })
    };
    told(&mut *near, Event::Alarm)?;
    told(&mut *far, Event::Alarm)?;
    simulate(pair.near.number(), "clear")?;
    told(&mut *near, Event::AlarmsClear)?;
    told(&mut *far, Event::AlarmsClear)?;
    wait_for("silence", || {
        let clear = |card: &mut Card| card.status().is_ok_and(|status| status.alarms.is_clear());
        (clear(&mut pair.near) && clear(&mut pair.far)).then_some(()).ok_or_else(String::new)
    })?;
    Ok(String::new())
}

fn wait_for(what: &str, mut test: impl FnMut() -> Result<(), String>) -> Result<(), String> {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        match test() {
            Ok(()) => return Ok(()),
            Err(said) if Instant::now() > until => return Err(format!("{what}: {said}")),
            Err(_) => sleep(Duration::from_millis(5)),
        }
    }
}

fn expect(outcome: Result<(), Fault>, wanted: Fault) -> Outcome {
    if outcome == Err(wanted) {
        Ok(String::new())
    } else {
        Err(format!("{outcome:?}, not {wanted:?}"))
    }
}

fn at(place: &'static str) -> impl Fn(Fault) -> String {
    move |fault| format!("{place}: {fault}")
}

/// Octets of all values, from a seed.
fn noise(seed: u32, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state >> 24) as u8
        })
        .collect()
}

/// An emulator may stop for longer than the driver's buffers reach: then once more.
const ATTEMPTS: u32 = 4;
