//! What runs inside the virtual machine of tests/vm: spans of the real driver, set up and used by crate
//! `board` alone. It prints a line for each check and closes with the count.
//!
//!     vm-spans MODULES            the checks; MODULES is the folder with the driver's modules
//!     vm-spans simulate SPAN red|clear
//!
//! Nothing here asserts milliseconds: the machine is emulated.
#![allow(clippy::disallowed_methods, reason = "a program of its own, with a clock")]
#![allow(clippy::indexing_slicing, reason = "a test")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread::sleep;
use std::time::{Duration, Instant};

use board::dahdi::{Card, Cross, Driver};
use board::{
    Alarms, Bearer, ClockSource, Event, Fault, LONGEST_FRAME, LineKind, Loop, Setting, Signalling,
    Span, Timeslot,
};

/// What a check found: words for its line, or what is wrong.
type Outcome = Result<String, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let driver = Driver::new(Path::new("/dev/dahdi"));
    match &arguments[..] {
        [word, span, what] if word == "simulate" => {
            let alarms = Alarms { red: what == "red", ..Alarms::default() };
            match Cross::simulate(&driver, span.parse().unwrap_or(0), alarms) {
                Ok(()) => ExitCode::SUCCESS,
                Err(fault) => {
                    println!("{fault}");
                    ExitCode::FAILURE
                }
            }
        }
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

/// Ends a span in the driver without asking who uses it.
fn pull_out(span: i32) -> Result<(), String> {
    let devices =
        std::fs::read_dir("/sys/bus/dahdi_devices/devices").map_err(|why| why.to_string())?;
    for device in devices.flatten().map(|device| device.path()) {
        if device.join(format!("span-{span}")).exists() {
            // Its only span, by the device's own count.
            return std::fs::write(device.join("unassign_span"), "1")
                .map_err(|why| format!("{}: {why}", device.display()));
        }
    }
    Err(format!("no device has span {span}"))
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

/// Sends `count` octets both ways at once in a timeslot, and wants them back exactly, in one row.
fn exact(pair: &mut Pair, slot: Timeslot, count: usize) -> Outcome {
    let mut attempts = Vec::new();
    // When the emulator stops for longer than the buffers reach, octets are lost: then once more.
    for attempt in 1..=ATTEMPTS {
        let mut near = pair.near.open_bearer(slot, 80).map_err(at("open near"))?;
        let mut far = pair.far.open_bearer(slot, 80).map_err(at("open far"))?;
        let (there, back) = (noise(u32::from(slot.0), count), noise(0x1000 + attempt, count));
        let heard = exchange([&mut *near, &mut *far], [&there, &back])?;
        if follows(&heard[1], &there) && follows(&heard[0], &back) {
            let which = if attempt == 1 { String::new() } else { format!(", attempt {attempt}") };
            return Ok(format!("{count}/{count} octets each way{which}"));
        }
        attempts.push(format!("{}/{} octets heard", heard[0].len(), heard[1].len()));
    }
    Err(format!("not exact in {ATTEMPTS} attempts: {}", attempts.join("; ")))
}

/// Writes to both channels and reads from both, until each heard what the other said and a rest.
fn exchange(ends: [&mut dyn Bearer; 2], says: [&[u8]; 2]) -> Result<[Vec<u8>; 2], String> {
    let mut said = [0, 0];
    let mut heard = [Vec::new(), Vec::new()];
    let until = Instant::now() + PATIENCE;
    let enough = says[0].len().max(says[1].len()) + 4_000;
    let [near, far] = ends;
    let mut ends = [near, far];
    while heard.iter().any(|heard| heard.len() < enough) {
        if Instant::now() > until {
            return Err(format!("only {}/{} octets in time", heard[0].len(), heard[1].len()));
        }
        let mut idle = true;
        for index in 0..2 {
            let end = &mut ends[index];
            let rest = says[index].get(said[index]..).unwrap_or_default();
            if !rest.is_empty() {
                let written =
                    end.write(&rest[..rest.len().min(end.block())]).map_err(at("write"))?;
                said[index] += written;
                idle &= written == 0;
            }
            let mut octets = [0; 160];
            let count = end.read(&mut octets).map_err(at("read"))?;
            heard[index].extend_from_slice(&octets[..count]);
            idle &= count == 0;
        }
        if idle {
            sleep(Duration::from_millis(1));
        }
    }
    Ok(heard)
}

/// Another constant octet in each of four timeslots, the neighbours of signalling among them.
fn own_slots(pair: &mut Pair) -> Outcome {
    let all: Vec<Timeslot> = pair.near.facts().bearers().collect();
    let middle = all.len() / 2;
    let slots = [all[0], all[middle - 1], all[middle], all[all.len() - 1]];
    let open = |card: &mut Card| -> Result<Vec<Box<dyn Bearer>>, Fault> {
        slots.iter().map(|slot| card.open_bearer(*slot, 80)).collect()
    };
    let mut near = open(&mut pair.near).map_err(at("open near"))?;
    let mut far = open(&mut pair.far).map_err(at("open far"))?;
    let until = Instant::now() + PATIENCE;
    let mut right = [0; 4];
    while right.iter().any(|right| *right < 8) {
        if Instant::now() > until {
            return Err(format!("blocks of the right octet: {right:?}"));
        }
        for (index, slot) in slots.iter().enumerate() {
            near[index].write(&[slot.0; 80]).map_err(at("write"))?;
            let mut octets = [0; 80];
            let count = far[index].read(&mut octets).map_err(at("read"))?;
            right[index] += u32::from(count == 80 && octets == [slot.0; 80]);
            if let Some(other) = slots.iter().find(|other| *other != slot && octets[40] == other.0)
            {
                return Err(format!("timeslot {} carries what {} says", slot.0, other.0));
            }
        }
        sleep(Duration::from_millis(1));
    }
    Ok(format!("{:?}", slots.map(|slot| slot.0)))
}

/// A hundred frames of all lengths each way; one that the line loses is sent again, as LAPD would.
fn frames(pair: &mut Pair, slot: Timeslot) -> Outcome {
    let near = pair.near.open_signalling(slot).map_err(at("open near"))?;
    let far = pair.far.open_signalling(slot).map_err(at("open far"))?;
    // What is sent right after opening is lost.
    sleep(Duration::from_millis(300));
    let mut again = 0;
    let mut ends = [near, far];
    for number in 0..FRAMES {
        let lengths =
            [3 + usize::from(number) * 257 / usize::from(FRAMES - 1), 4 + usize::from(number)];
        let frames = [0, 1].map(|end| {
            let mut frame = noise(u32::from(number) + 1 + 0x100 * end, lengths[end as usize]);
            frame[0] = number;
            frame
        });
        let mut arrived = [false, false];
        for attempt in 0..=ATTEMPTS {
            if attempt == ATTEMPTS {
                return Err(format!(
                    "frame {number} does not arrive: {arrived:?}, {}",
                    said(&mut ends)
                ));
            }
            again += u32::from(attempt > 0);
            for end in 0..2 {
                if !arrived[1 - end] && !ends[end].send(&frames[end]).map_err(at("send"))? {
                    return Err("the buffers are full".into());
                }
            }
            let until = Instant::now() + Duration::from_secs(3);
            while arrived != [true, true] && Instant::now() < until {
                for end in 0..2 {
                    let mut octets = [0; LONGEST_FRAME];
                    let Some(length) = ends[end].receive(&mut octets).map_err(at("receive"))?
                    else {
                        continue;
                    };
                    if octets[..length] == frames[1 - end] {
                        arrived[end] = true;
                    } else if octets[0] == number {
                        return Err(format!("frame {number} arrives changed, {length} octets"));
                    }
                }
                sleep(Duration::from_millis(1));
            }
            if arrived == [true, true] {
                break;
            }
        }
    }
    if again > FRAMES.into() {
        return Err(format!("{again} frames had to be sent again"));
    }
    Ok(format!("{FRAMES}/{FRAMES} each way, {again} sent again"))
}

fn said(ends: &mut [Box<dyn Signalling>; 2]) -> String {
    let mut events = Vec::new();
    for end in ends {
        while let Some(event) = end.next_event() {
            events.push(event);
        }
    }
    format!("{events:?}")
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

fn looped(pair: &mut Pair) -> Outcome {
    let mut near = pair.near.open_bearer(Timeslot(3), 80).map_err(at("open near"))?;
    let mut far = pair.far.open_bearer(Timeslot(3), 80).map_err(at("open far"))?;
    far.loop_back(true).map_err(at("loop"))?;
    let says = noise(7, 2_000);
    let mut whole = false;
    for _ in 0..ATTEMPTS {
        let heard = exchange([&mut *near, &mut *far], [&says, &[]])?;
        whole |= follows(&heard[0], &says);
        if whole {
            break;
        }
    }
    far.loop_back(false).map_err(at("loop"))?;
    let heard = exchange([&mut *near, &mut *far], [&says, &[]])?;
    match (whole, follows(&heard[0], &says)) {
        (true, false) => Ok(format!("{} octets", says.len())),
        (false, _) => Err("what was sent does not come back".into()),
        (true, true) => Err("the loop does not end".into()),
    }
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

/// In a process of its own, which must end before modules can be unloaded.
fn simulate(span: i32, what: &str) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|wrong| wrong.to_string())?;
    let mut again = Command::new(program);
    again.args(["simulate", &span.to_string(), what]);
    done(again)
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

fn done(mut command: Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        other => Err(format!("{command:?}: {other:?}")),
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

/// Whether these octets were heard in one row, wherever they began.
fn follows(heard: &[u8], says: &[u8]) -> bool {
    heard.windows(says.len()).any(|window| window == says)
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

const ATTEMPTS: u32 = 4;
const FRAMES: u8 = 100;
/// For what takes a second or two: an emulator may stand still in between.
const PATIENCE: Duration = Duration::from_secs(30);
