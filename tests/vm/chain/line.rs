//! The line as the daemon tells of it, beside what the driver says.

use board::Span;
use serde_json::{Value, json};

use crate::bed::{Bed, in_use};
use crate::pretend::simulate;
use crate::{Check, Outcome, at};

pub(crate) const ALL: &[Check] = &[
    ("the line is told of as the driver knows it", told),
    ("an alarm is told of while it lasts, at both ends", alarm),
];

fn told(bed: &mut Bed) -> Outcome {
    let line = bed.strowgerd.line()?;
    let driver = of_driver()?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let same = driver.contains(&text(&line["description"])) && !driver.contains("RED");
    let right = line["present"] == json!(true)
        && line["kind"] == "e1"
        && line["simulated"] == json!(false)
        && alarms(&line).is_empty()
        && line["loop_back"].is_null();
    // A span without a card counts nothing, here as there.
    let counters = line["counters"].as_object().ok_or("no counters")?;
    let counted = counters.iter().filter(|(_, count)| **count != json!(0)).count();
    let theirs = bed.theirs.status().map_err(at("their span"))?;
    let channels = line["channels"].as_array().map_or(0, Vec::len);
    if !same || !right || counted > 0 || !theirs.alarms.is_clear() || channels != 30 {
        return Err(format!("{line}; the driver: {driver:?}; their end: {theirs:?}"));
    }
    Ok(format!("{}, {} counters, {channels} channels", line["description"], counters.len()))
}

fn alarm(bed: &mut Bed) -> Outcome {
    simulate(OURS, "red")?;
    let seen = bed.until("an alarm", |bed| {
        let line = bed.strowgerd.line()?;
        let alarmed = alarms(&line) == ["red"] && in_use(&line).len() == 30;
        Ok(alarmed.then_some(line))
    });
    let there = bed.theirs.status().map_err(at("their span"));
    let driver = of_driver();
    simulate(OURS, "clear")?;
    let (seen, there, driver) = (seen?, there?, driver?);
    if !there.alarms.yellow || !driver.contains("RED") || seen["present"] != json!(true) {
        return Err(format!("{seen}; the driver: {driver:?}; their end: {there:?}"));
    }
    bed.until("no alarm", |bed| Ok(alarms(&bed.strowgerd.line()?).is_empty().then_some(())))?;
    bed.until("the D channel", Bed::is_up)?;
    Ok("red here, yellow there, no channel in use meanwhile".into())
}

/// The alarms that a line has.
fn alarms(line: &Value) -> Vec<String> {
    let all = line["alarms"].as_object().into_iter().flatten();
    all.filter(|(_, on)| **on == json!(true)).map(|(name, _)| name.clone()).collect()
}

/// What the driver says of our span, in its own words.
fn of_driver() -> Result<String, String> {
    let text = std::fs::read_to_string(format!("/proc/dahdi/{OURS}"));
    let text = text.map_err(|why| format!("/proc/dahdi/{OURS}: {why}"))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// The driver's number for our span.
const OURS: i32 = 2;
