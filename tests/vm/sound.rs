//! Octets of bearers: all of them, in order, in their own timeslot.

use std::thread::sleep;
use std::time::{Duration, Instant};

use board::dahdi::Card;
use board::{Bearer, Fault, Span, Timeslot};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::pretend::simulate;
use crate::{ATTEMPTS, Outcome, Pair, at, noise};

/// Sends `count` octets both ways at once in a timeslot, and wants them back exactly, in one row.
pub(crate) fn exact(pair: &mut Pair, slot: Timeslot, count: usize) -> Outcome {
    let mut attempts = Vec::new();
    // When the emulator stops for longer than the buffers reach, octets are lost: then once more.
    for attempt in 1..=ATTEMPTS {
        let mut near = pair.near.open_bearer(slot, 160).map_err(at("open near"))?;
        let mut far = pair.far.open_bearer(slot, 160).map_err(at("open far"))?;
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

/// Who waits for a channel is woken: by a block, by room for one, and by an event.
pub(crate) fn woken(pair: &mut Pair) -> Outcome {
    let mut near = pair.near.open_bearer(Timeslot(4), 160).map_err(at("open near"))?;
    let mut octets = [0; 160];
    for _ in 0..10 {
        wait(&*near, PollFlags::IN)?;
        let count = near.read(&mut octets).map_err(at("read"))?;
        if count != 160 {
            return Err(format!("woken for {count} octets"));
        }
    }
    let mut written = 0;
    while near.write(&octets).map_err(at("write"))? > 0 {
        written += 1;
        if written > 1_000 {
            return Err("the buffers are never full".into());
        }
    }
    wait(&*near, PollFlags::OUT)?;
    if near.write(&octets).map_err(at("write"))? == 0 {
        return Err("woken to write without room".into());
    }
    simulate(pair.near.number(), "red")?;
    let woken = wait(&*near, PollFlags::PRI);
    simulate(pair.near.number(), "clear")?;
    woken?;
    Ok(format!("{written} blocks until the buffers were full"))
}

fn wait(bearer: &dyn Bearer, wanted: PollFlags) -> Result<(), String> {
    let fd = bearer.fd().ok_or("nothing to wait for")?;
    let timeout = Timespec { tv_sec: 10, tv_nsec: 0 };
    let mut fds = [PollFd::new(&fd, wanted)];
    match poll(&mut fds, Some(&timeout)) {
        Ok(1) if fds[0].revents().contains(wanted) => Ok(()),
        other => Err(format!("{wanted:?}: {other:?}, {:?}", fds[0].revents())),
    }
}

/// Another constant octet in each of four timeslots, the neighbours of signalling among them.
pub(crate) fn own_slots(pair: &mut Pair) -> Outcome {
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

pub(crate) fn looped(pair: &mut Pair) -> Outcome {
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

/// Whether these octets were heard in one row, wherever they began.
fn follows(heard: &[u8], says: &[u8]) -> bool {
    heard.windows(says.len()).any(|window| window == says)
}

/// For what takes a second or two: an emulator may stand still in between.
const PATIENCE: Duration = Duration::from_secs(30);
