//! Frames of D channels: whole and in order.

use std::thread::sleep;
use std::time::{Duration, Instant};

use board::{LONGEST_FRAME, Signalling, Span, Timeslot};

use crate::{ATTEMPTS, Outcome, Pair, at, noise};

/// A hundred frames of all lengths each way; one that the line loses is sent again, as LAPD would.
pub(crate) fn frames(pair: &mut Pair, slot: Timeslot) -> Outcome {
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

const FRAMES: u8 = 100;
