//! Calls through all of the chain.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use crate::bed::{ANSWERS, ASKS, Bed, in_use, of_asterisk};
use crate::sound::{self, Heard};
use crate::{Check, Outcome};

pub(crate) const ALL: &[Check] = &[
    ("the telephone calls by the line, and both ends hear just what the other says", out_untouched),
    ("the same while echoes are cancelled", out_cancelled),
    ("Asterisk calls the telephone by its number, and both ends hear each other", into_cancelled),
    ("a call that Asterisk ends is over", ended_there),
    ("why Asterisk refuses a call reaches the telephone", refused_there),
    ("why a call to us is refused reaches Asterisk", refused_here),
    ("the records have the causes", records),
];

pub(crate) const LAST: &[Check] = &[
    ("a daemon that is stopped ends its call as one who hangs up does", stopped),
    ("a daemon that is started again has its line, its trunk and its telephone", started_again),
];

fn out_untouched(bed: &mut Bed) -> Outcome {
    out(bed, false)
}

fn out_cancelled(bed: &mut Bed) -> Outcome {
    let trunk = bed.trunk.clone();
    bed.strowgerd.change(&trunk, |trunk| trunk["isdn"]["cancels_echo"] = true.into())?;
    bed.until("the D channel", Bed::is_up)?;
    out(bed, true)
}

fn out(bed: &mut Bed, cancelling: bool) -> Outcome {
    bed.phone.dial("02009")?;
    bed.event("CALL_ESTABLISHED")?;
    let said = talk(bed, cancelling)?;
    bed.phone.hang_up()?;
    normal(bed)?;
    compare(bed, &said, cancelling)
}

fn into_cancelled(bed: &mut Bed) -> Outcome {
    let channel = format!("DAHDI/g1/{ANSWERS}");
    let with = [
        ("Channel", channel.as_str()),
        ("Context", "does"),
        ("Exten", "2009"),
        ("Priority", "1"),
        ("Timeout", "60000"),
        ("CallerID", "\"Carrier\" <8921999>"),
        ("Async", "true"),
    ];
    bed.asterisk.send("Originate", &with)?;
    bed.event("CALL_ESTABLISHED")?;
    let said = talk(bed, true)?;
    bed.asterisk.send("Hangup", &[("Channel", "/^DAHDI/"), ("Cause", "16")])?;
    bed.event("CALL_CLOSED")?;
    compare(bed, &said, true)
}

/// Lets both ends be heard for a while, and looks at the channel meanwhile.
fn talk(bed: &mut Bed, cancelling: bool) -> Outcome {
    let cpu = bed.strowgerd.cpu()?;
    sleep(TALK);
    let cpu = (bed.strowgerd.cpu()? - cpu) / TALK.as_secs_f64();
    let busy = in_use(&bed.strowgerd.line()?);
    let [channel] = &busy[..] else { return Err(format!("not one channel is busy: {busy:?}")) };
    if channel["sound"]["cancelling"] != cancelling {
        return Err(format!("whether its echo is cancelled: {channel}, wanted {cancelling}"));
    }
    Ok(format!("timeslot {}, {:.0} % of a processor", channel["slot"], cpu * 100.0))
}

/// Both recordings beside what was played.
fn compare(bed: &mut Bed, said: &str, cancelling: bool) -> Outcome {
    bed.quiet()?;
    let there = of_asterisk("heard.alaw");
    let here = bed.phone.recordings().pop().ok_or("the telephone has recorded nothing")?;
    complete(bed, &there)?;
    complete(bed, &here)?;
    let wanted = TALK.as_secs_f64() * 0.8;
    // The line has its idle pattern before the daemon begins. Where echoes are cancelled, two who sound without a rest take something from each other.
    let missing = if cancelling { 0.15 } else { 0.02 };
    let heard = Heard::of(&bed.melodies[0], &sound::read_octets(&there)?);
    let there = heard.and_then(|heard| heard.demand(wanted, 0.05));
    let heard = Heard::of(&bed.melodies[1], &sound::read_wav(&here)?);
    let here = heard.and_then(|heard| heard.demand(wanted, missing));
    match (there, here) {
        (Ok(there), Ok(here)) => Ok(format!("{said}; there {there}; back {here}")),
        (there, here) => Err(format!("{said}; there {there:?}; back {here:?}")),
    }
}

/// Waits until nothing more is written to a file.
fn complete(bed: &mut Bed, file: &Path) -> Result<(), String> {
    let mut before = 0;
    bed.until("a recording", |_| {
        let length = std::fs::metadata(file).map_or(0, |data| data.len());
        let complete = length > 0 && length == before;
        before = length;
        sleep(Duration::from_millis(150));
        Ok(complete.then_some(()))
    })
}

/// Asterisk sees its channel end as calls do.
fn normal(bed: &mut Bed) -> Result<(), String> {
    let cause = bed.cleared()?;
    if cause == "16" { Ok(()) } else { Err(format!("Asterisk is told cause {cause:?}")) }
}

fn ended_there(bed: &mut Bed) -> Outcome {
    bed.phone.dial("02008")?;
    bed.event("CALL_ESTABLISHED")?;
    bed.event("CALL_CLOSED")?;
    Ok(String::new())
}

fn refused_there(bed: &mut Bed) -> Outcome {
    let mut said = Vec::new();
    for (cause, status) in [("017", "486"), ("001", "404")] {
        bed.phone.dial(&format!("01{cause}"))?;
        let closed = bed.event("CALL_CLOSED")?;
        let why = closed["param"].as_str().unwrap_or_default();
        if !why.starts_with(status) {
            return Err(format!("cause {cause}: {closed}"));
        }
        said.push(format!("{} is {why}", cause.trim_start_matches('0')));
    }
    Ok(said.join(", "))
}

fn refused_here(bed: &mut Bed) -> Outcome {
    for (number, wanted) in [("299", "1"), (ASKS, "17")] {
        let variables =
            format!("DIAL=DAHDI/g1/{number},CALLING=8921555,NAME=Bert,PLAN=33,SHOWN=allowed");
        let with = [
            ("Channel", "Local/call@out/n"),
            ("Context", "does"),
            ("Exten", "2000"),
            ("Priority", "1"),
            ("Timeout", "60000"),
            ("Variable", &variables),
            ("Async", "true"),
        ];
        bed.asterisk.send("Originate", &with)?;
        if number == ASKS {
            bed.event("CALL_INCOMING")?;
            bed.phone.hang_up()?;
        }
        let told = bed.told("Over")?;
        if told.get("Cause").map(String::as_str) != Some(wanted) {
            return Err(format!("{number}: {told:?}, wanted {wanted}"));
        }
    }
    Ok("1 and 17".into())
}

fn records(bed: &mut Bed) -> Outcome {
    // They are on disk a little later.
    let records = bed.until("all records", |bed| {
        let records = bed.strowgerd.every("cdrs")?;
        let ended = records.iter().all(|record| !record["ended"].is_null());
        Ok((records.len() == 8 && ended).then_some(records))
    })?;
    let mut causes: Vec<_> =
        records.iter().map(|record| record["end"]["cause"].as_u64().unwrap_or(0)).collect();
    causes.sort_unstable();
    match causes[..] == [1, 1, 16, 16, 16, 16, 17, 17] {
        true => Ok(format!("{causes:?}")),
        false => Err(format!("{causes:?}: {records:?}")),
    }
}

fn stopped(bed: &mut Bed) -> Outcome {
    bed.phone.dial("02009")?;
    bed.event("CALL_ESTABLISHED")?;
    let taken = bed.strowgerd.stop()?;
    normal(bed)?;
    bed.event("CALL_CLOSED")?;
    Ok(format!("within {:.1} s", taken.as_secs_f64()))
}

fn started_again(bed: &mut Bed) -> Outcome {
    bed.strowgerd.start_again()?;
    bed.comes_up()?;
    bed.asterisk.forget();
    bed.phone.forget();
    ended_there(bed)
}

/// How long both ends play.
const TALK: Duration = Duration::from_secs(5);
