//! Calls both ways: how they are dialled, answered, refused and ended.

use std::time::Duration;

use tdm::q931::call::{Event, Request};
use tdm::q931::element::{CauseValue, Element, Number};
use tdm::trunk::{LinkChange, Output};

use crate::bed::Bed;
use crate::sounds;
use crate::{Check, Outcome};

pub(crate) const ALL: &[Check] = &[
    ("a call to it is answered, and ended by us", answered),
    ("a call to it is ended by it", ended_there),
    ("it calls, is answered, and we end it", answered_here),
    ("it calls, is answered, and ends it", ended_by_caller),
    ("digits one by one reach it", digits_there),
    ("its digits one by one reach us", digits_here),
    ("it rings there, and then we give up", rings_there),
    ("it rings here, and then it gives up", rings_here),
    ("what is heard before the answer is heard here", early),
    ("it refuses calls, and we hear why", refused_there),
    ("we refuse calls, and it hears why", refused_here),
];

/// For a dialect that differs in a few things.
pub(crate) const SOME: &[Check] = &[
    ("a call to it is answered, and ended by us", answered),
    ("it calls, is answered, and ends it", ended_by_caller),
    ("it refuses calls, and we hear why", refused_there),
    ("we refuse calls, and it hears why", refused_here),
    ("what is said comes back as it was", sounds::echoed),
];

pub(crate) fn comes_up(bed: &mut Bed) -> Outcome {
    bed.until("the link", |bed| {
        let up =
            |output: &Output| matches!(output, Output::Link { change: LinkChange::Up { .. }, .. });
        bed.line.told.iter().any(up).then_some(())
    })?;
    let mut said = String::new();
    for _ in 0..50 {
        said = bed.asterisk.command("pri show spans")?;
        if said.contains("Up, Active") {
            return Ok(String::new());
        }
        bed.run(Duration::from_millis(100))?;
    }
    Err(format!("Asterisk says: {said}"))
}

fn answered(bed: &mut Bed) -> Outcome {
    let call = bed.reach("2000")?;
    let told = bed.told("Offered")?;
    bed.hang_up(call, CauseValue::NORMAL)?;
    gone(bed, told.get("Channel"), CauseValue::NORMAL)
}

fn ended_there(bed: &mut Bed) -> Outcome {
    let call = bed.reach("2008")?;
    expect(bed.ended(call)?.value, CauseValue::NORMAL)
}

fn answered_here(bed: &mut Bed) -> Outcome {
    bed.let_call("5551w", "2000")?;
    let (call, offer) = bed.offered()?;
    let called = offer.setup.message.called_number().map(|number| number.digits.clone());
    if (called.as_deref(), offer.complete) != (Some("5551"), true) {
        return Err(format!("offered: {}", offer.setup.message));
    }
    bed.request(call, Request::Answer(Vec::new()))?;
    bed.until("a call that stands", |bed| bed.stands(call).then_some(()))?;
    bed.hang_up(call, CauseValue::NORMAL)?;
    gone(bed, None, CauseValue::NORMAL)
}

fn ended_by_caller(bed: &mut Bed) -> Outcome {
    bed.let_call("5551", "2008")?;
    let call = bed.accept()?;
    expect(bed.ended(call)?.value, CauseValue::NORMAL)
}

fn digits_there(bed: &mut Bed) -> Outcome {
    let call = bed.setup(vec![Element::CalledNumber(bed.dialect.number("2"))])?;
    bed.event(call, "SETUP ACKNOWLEDGE", |event| {
        matches!(event, Event::DigitsWanted(_)).then_some(())
    })?;
    for digit in ["0", "00"] {
        let number = bed.dialect.number(digit);
        bed.request(call, Request::Digits { number, complete: false })?;
    }
    bed.answered(call)?;
    let told = bed.told("Offered")?;
    bed.hang_up(call, CauseValue::NORMAL)?;
    gone(bed, told.get("Channel"), CauseValue::NORMAL)
}

fn digits_here(bed: &mut Bed) -> Outcome {
    bed.let_call("5", "2000")?;
    let (call, offer) = bed.offered()?;
    if offer.complete {
        return Err(format!("offered: {}", offer.setup.message));
    }
    let channel = channel(bed)?;
    bed.request(call, Request::AskDigits(Vec::new()))?;
    let mut digits = String::new();
    for digit in ["5", "5", "1"] {
        bed.asterisk.ask("PlayDTMF", &[("Channel", &channel), ("Digit", digit)])?;
        let more = bed.event(call, "INFORMATION", |event| match event {
            Event::Digits { number: Some(Number { digits, .. }), .. } => Some(digits.clone()),
            _ => None,
        })?;
        digits.push_str(&more);
    }
    if digits != "551" {
        return Err(format!("digits {digits}"));
    }
    bed.request(call, Request::Proceed(Vec::new()))?;
    bed.request(call, Request::Answer(Vec::new()))?;
    bed.until("a call that stands", |bed| bed.stands(call).then_some(()))?;
    bed.hang_up(call, CauseValue::NORMAL)?;
    Ok(String::new())
}

fn rings_there(bed: &mut Bed) -> Outcome {
    let call = bed.dial("2006")?;
    bed.event(call, "ALERTING", |event| matches!(event, Event::Ringing(_)).then_some(()))?;
    let told = bed.told("Offered")?;
    bed.hang_up(call, CauseValue::NORMAL)?;
    gone(bed, told.get("Channel"), CauseValue::NORMAL)
}

fn rings_here(bed: &mut Bed) -> Outcome {
    bed.let_call("5551w", "2000")?;
    let (call, _) = bed.offered()?;
    let channel = channel(bed)?;
    bed.request(call, Request::Proceed(Vec::new()))?;
    bed.request(call, Request::Alert(Vec::new()))?;
    // What it does at once would cross what we have just said.
    bed.run(Duration::from_millis(200))?;
    bed.asterisk.ask("Hangup", &[("Channel", &channel)])?;
    // Which of the two is by how far it has come.
    match bed.ended(call)?.value {
        CauseValue::NORMAL | CauseValue::NO_ANSWER => Ok(String::new()),
        other => Err(format!("it gives up for {other}")),
    }
}

fn early(bed: &mut Bed) -> Outcome {
    let call = bed.dial("2007")?;
    bed.event(call, "something to be heard", |event| match event {
        Event::Proceeding(said) | Event::Progress(said) | Event::Ringing(said) => {
            said.in_band.then_some(())
        }
        _ => None,
    })?;
    sounds::milliwatt_of(bed, call)
}

fn refused_there(bed: &mut Bed) -> Outcome {
    let of = |digits: &'static str, cause| (digits, CauseValue::new(cause));
    let cases = [of("1001", 1), of("1016", 16), of("1017", 17), of("1021", 21), of("1034", 34)];
    for (digits, cause) in cases {
        let call = bed.dial(digits)?;
        expect(bed.ended(call)?.value, cause)?;
    }
    // A number that it does not know.
    let call = bed.dial("3999")?;
    expect(bed.ended(call)?.value, CauseValue::UNALLOCATED)
}

fn refused_here(bed: &mut Bed) -> Outcome {
    for (cause, rings) in [(1, false), (16, true), (17, false), (17, true), (21, true), (34, false)]
    {
        bed.let_dial("5551w", "PLAN=33,SHOWN=allowed")?;
        let (call, _) = bed.offered()?;
        if rings {
            bed.request(call, Request::Proceed(Vec::new()))?;
            bed.request(call, Request::Alert(Vec::new()))?;
        }
        bed.hang_up(call, CauseValue::new(cause))?;
        let told = bed.told("Over")?;
        if told.get("Cause") != Some(&cause.to_string()) {
            return Err(format!("for cause {cause} it says {told:?}"));
        }
    }
    Ok(String::new())
}

/// The channel that Asterisk has begun to call with.
fn channel(bed: &mut Bed) -> Result<String, String> {
    let of_line = |told: &crate::asterisk::Told| {
        told.get("Event").map(String::as_str) == Some("Newchannel")
            && told.get("Channel").is_some_and(|channel| channel.starts_with("DAHDI/"))
    };
    let told = bed.until("a channel", |bed| bed.asterisk.take(of_line))?;
    told.get("Channel").cloned().ok_or_else(|| "a channel without a name".into())
}

/// Asterisk's channel, or any of the line, is hung up for this cause.
pub(crate) fn gone(bed: &mut Bed, channel: Option<&String>, cause: CauseValue) -> Outcome {
    let told = bed.until("a channel that is hung up", |bed| {
        bed.asterisk.take(|told| {
            told.get("Event").map(String::as_str) == Some("Hangup")
                && match channel {
                    Some(channel) => told.get("Channel") == Some(channel),
                    None => told.get("Channel").is_some_and(|name| name.starts_with("DAHDI/")),
                }
        })
    })?;
    match told.get("Cause") {
        Some(said) if *said == cause.value().to_string() => Ok(String::new()),
        _ => Err(format!("hung up there: {told:?}")),
    }
}

pub(crate) fn expect(cause: CauseValue, wanted: CauseValue) -> Outcome {
    if cause == wanted { Ok(String::new()) } else { Err(format!("{cause}, not {wanted}")) }
}
