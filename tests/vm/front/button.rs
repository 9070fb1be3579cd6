//! The button: found, felt, pressed short and long, and taken away.

use std::process::Command;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use board::gpio::Input;
use board::sheet::{self, Line, Pin};
use board::{Button, Change, Fault, Meaning, Press, Sheet};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::chip::{CONFIG, Chip};
use crate::{Bed, Outcome, at, expect, insert};

/// The lines of the pretended chip that the fact sheet names.
const RESET: u32 = 3;

pub(crate) fn checks(bed: &mut Bed, sheet: &Sheet) {
    let Some(facts) = sheet.buttons.first() else { return };
    bed.check("without its chip a button is absent", |modules| {
        expect(open(facts), Fault::Absent)?;
        insert(modules, "configfs")?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "configfs", "configfs", CONFIG]);
        if !mount.status().is_ok_and(|status| status.success()) {
            return Err("no configfs".into());
        }
        insert(modules, "gpio-sim")?;
        expect(open(facts), Fault::Absent)?;
        Ok(String::new())
    });
    let mut chip = None;
    bed.check("a button is found by the label of its chip and the name of its line", |_| {
        let plugged = chip.insert(Chip::plug("front", &facts.gpio.chip, &[(RESET, "RESET")])?);
        plugged.pull(RESET, true)?;
        let mut input = open(facts).map_err(at("open"))?;
        if input.is_pressed().map_err(at("level"))? {
            return Err("pressed, though nobody does".into());
        }
        Ok(if input.settles_itself() { "bounces are ours" } else { "bounces are the kernel's" }
            .into())
    });
    let Some(mut chip) = chip else { return };
    bed.check("who is at fault is said: a busy line, a wrong sheet, two chips of a kind", |_| {
        faults(facts)
    });
    bed.check("a press wakes who waits, and is a claim as long as it was", |_| short(facts, &chip));
    bed.check("a contact that bounces is pressed once", |_| bouncing(facts, &chip));
    bed.check("who lets go after 4 s has done nothing", |_| {
        let heard = press(facts, &chip, Duration::from_secs(4), Duration::from_secs(5))?;
        meant(&heard, &[Meaning::Armed, Meaning::Disarmed])
    });
    bed.check("who holds it for 10 s resets the box while he holds it", |_| {
        let heard = press(facts, &chip, Duration::from_secs(12), Duration::from_secs(13))?;
        meant(&heard, &[Meaning::Armed, Meaning::FactoryReset])?;
        let [armed, reset] = [heard[0].1, heard[1].1];
        if reset < Duration::from_secs(10) || reset >= Duration::from_secs(12) {
            return Err(format!("after {reset:?}"));
        }
        Ok(format!(
            "armed after {:.2} s, reset after {:.2} s",
            armed.as_secs_f64(),
            reset.as_secs_f64()
        ))
    });
    bed.check("a button that is pressed already means nothing", |_| {
        chip.pull(RESET, false)?;
        sleep(Duration::from_millis(100));
        let mut input = open(facts).map_err(at("open"))?;
        let mut press = Press::new(input.is_pressed().map_err(at("level"))?);
        chip.pull(RESET, true)?;
        sleep(Duration::from_millis(300));
        press.follow(&mut input, Instant::now()).map_err(at("follow"))?;
        match press.poll_output() {
            None => Ok(String::new()),
            Some(meaning) => Err(format!("{meaning:?}")),
        }
    });
    bed.check("a chip that is pulled out is lost, comes back and is felt", |_| {
        let mut input = open(facts).map_err(at("open"))?;
        chip.unplug()?;
        expect(input.next_change(Instant::now()), Fault::Lost)?;
        expect(input.is_pressed(), Fault::Lost)?;
        expect(open(facts), Fault::Absent)?;
        chip.replug()?;
        chip.pull(RESET, true)?;
        short(facts, &chip)
    });
    bed.check("nothing is left on the chip", |_| chip.unplug().map(|()| String::new()));
}

fn open(facts: &sheet::Button) -> Result<Input, Fault> {
    Input::open(facts, Instant::now())
}

fn faults(facts: &sheet::Button) -> Outcome {
    let with = |line: Line, chip: &str| {
        let gpio = Pin { chip: chip.into(), line, active_low: true };
        open(&sheet::Button { gpio, ..facts.clone() })
    };
    let sheet = |opened: Result<Input, Fault>, word: &str| match opened {
        Err(Fault::Sheet { said }) if said.contains(word) => Ok(()),
        other => Err(format!("{other:?}, not {word}")),
    };
    let held = open(facts).map_err(at("open"))?;
    expect(open(facts), Fault::Busy)?;
    expect(with(Line::Number(RESET), &facts.gpio.chip), Fault::Busy)?;
    drop(held);
    with(Line::Number(RESET), &facts.gpio.chip).map_err(at("by its number"))?;
    sheet(with(Line::Number(8), &facts.gpio.chip), "fewer")?;
    sheet(with(Line::Name("CLAIM".into()), &facts.gpio.chip), "no line")?;
    let twins = [Chip::plug("left", "twin", &[])?, Chip::plug("right", "twin", &[])?];
    sheet(with(Line::Number(0), "twin"), "several")?;
    twins[1].unplug()?;
    with(Line::Number(0), "twin").map_err(at("the twin that is left"))?;
    twins[0].unplug()?;
    Ok(String::new())
}

/// Presses it for half a second while another waits for it.
fn short(facts: &sheet::Button, chip: &Chip) -> Outcome {
    let mut input = open(facts).map_err(at("open"))?;
    let woken = thread::scope(|scope| {
        let finger = scope.spawn(|| {
            sleep(Duration::from_millis(200));
            chip.pull(RESET, false)
        });
        let woken = wait(&input, Duration::from_secs(10));
        finger.join().map_err(|_| "the finger")??;
        woken
    })?;
    if !woken {
        return Err("nobody is woken".into());
    }
    sleep(Duration::from_millis(500));
    chip.pull(RESET, true)?;
    sleep(Duration::from_millis(300));
    let mut press = Press::new(false);
    let mut changes = Vec::new();
    let now = Instant::now();
    while let Some(change) = input.next_change(now).map_err(at("change"))? {
        press.change(change);
        changes.push(change);
    }
    let [Change { pressed: true, at: down }, Change { pressed: false, at: up }] = changes[..]
    else {
        return Err(format!("{changes:?}"));
    };
    // It was pressed half a second and let go a third of one ago; who asked only now knows it all the same.
    let (held, ago) = (up - down, now - up);
    let sane = Duration::from_millis(400)..Duration::from_secs(2);
    if !sane.contains(&held) || !(Duration::from_millis(200)..Duration::from_secs(2)).contains(&ago)
    {
        return Err(format!("held for {held:?}, until {ago:?} ago"));
    }
    match (press.poll_output(), press.poll_output()) {
        (Some(Meaning::Claim), None) => Ok(format!("held for {} ms", held.as_millis())),
        other => Err(format!("{other:?}")),
    }
}

fn bouncing(facts: &sheet::Button, chip: &Chip) -> Outcome {
    let mut attempts = Vec::new();
    // When the emulator stops between two bounces, each is a press: then once more.
    for _ in 0..4 {
        let mut input = open(facts).map_err(at("open"))?;
        for pressed in [true, false] {
            for bounce in 0..9 {
                chip.pull(RESET, pressed == (bounce % 2 == 1))?;
            }
            chip.pull(RESET, !pressed)?;
            sleep(Duration::from_millis(300));
        }
        let mut changes = Vec::new();
        while let Some(change) = input.next_change(Instant::now()).map_err(at("change"))? {
            changes.push(change.pressed);
        }
        if changes == [true, false] {
            return Ok(format!("20 edges, 2 changes, attempt {}", attempts.len() + 1));
        }
        attempts.push(changes);
    }
    Err(format!("{attempts:?}"))
}

/// Presses the button for so long, and returns what was meant, and how long after the press, until the
/// second time.
fn press(
    facts: &sheet::Button,
    chip: &Chip,
    held: Duration,
    until: Duration,
) -> Result<Vec<(Meaning, Duration)>, String> {
    let mut input = open(facts).map_err(at("open"))?;
    let mut press = Press::new(false);
    let mut heard = Vec::new();
    let start = Instant::now();
    chip.pull(RESET, false)?;
    let mut down = true;
    loop {
        let now = Instant::now();
        press.follow(&mut input, now).map_err(at("follow"))?;
        while let Some(meaning) = press.poll_output() {
            heard.push((meaning, now - start));
        }
        if down && now - start >= held {
            chip.pull(RESET, true)?;
            down = false;
        }
        if now - start >= until {
            return Ok(heard);
        }
        let next = start + if down { held } else { until };
        let due = press.poll_timeout().map_or(next, |due| due.min(next));
        wait(&input, due.saturating_duration_since(Instant::now()))?;
    }
}

fn meant(heard: &[(Meaning, Duration)], wanted: &[Meaning]) -> Outcome {
    if heard.iter().map(|(meaning, _)| meaning).eq(wanted) {
        Ok(String::new())
    } else {
        Err(format!("{heard:?}"))
    }
}

/// Waits for a change at most so long; whether there is one.
fn wait(input: &Input, most: Duration) -> Result<bool, String> {
    let Some(fd) = input.fd() else { return Err("nothing to wait for".into()) };
    let most = Timespec { tv_sec: most.as_secs() as i64, tv_nsec: most.subsec_nanos().into() };
    let mut fds = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
    poll(&mut fds, Some(&most)).map(|count| count > 0).map_err(|why| why.to_string())
}
