//! What is not a call: channels that are restarted or out of service, alarms.

use std::time::{Duration, Instant};

use tdm::q931::element::CauseValue;
use tdm::q931::interface::{Channel, Notice, Scope, Standing};
use tdm::trunk::Output;

use crate::bed::Bed;
use crate::calls::gone;
use crate::pretend::simulate;
use crate::sounds;
use crate::{Check, Outcome};

pub(crate) const ALL: &[Check] = &[
    ("we restart a channel, whose call ends there too", one_restarted),
    ("we restart all channels, whose calls end there too", all_restarted),
    ("calls outlive an alarm", alarm),
];

/// As soon as the link is up.
pub(crate) const THEIR_RESTART: &[Check] =
    &[("it restarts its channels, which are free then", restarted_there)];

/// Where nothing else is to be tried with what it knows.
pub(crate) const STARTED_ANEW: &[Check] =
    &[("it dies and is started anew, and we find that the call is over", started_anew)];

/// The last one.
pub(crate) const RELEASED: &[Check] = &[("we end our trunk, and its calls with it", released)];

/// Where the dialect has SERVICE.
pub(crate) const SERVICE: &[Check] = &[
    ("it takes a channel out of service and back", service_there),
    ("we take a channel out of service and back", service_here),
];

fn one_restarted(bed: &mut Bed) -> Outcome {
    let (call, other) = (bed.reach("2000")?, bed.reach("2000")?);
    let told = bed.told("Offered")?;
    let channel = bed.line.channel(call).ok_or("no channel")?;
    restart(bed, Scope::Channel(channel))?;
    bed.ended(call)?;
    bed.until("the end there", |bed| {
        bed.asterisk.take(|event| {
            event.get("Event").map(String::as_str) == Some("Hangup")
                && event.get("Channel") == told.get("Channel")
        })
    })?;
    if !bed.stands(other) {
        return Err("the other call ended too".into());
    }
    bed.hang_up(other, CauseValue::NORMAL)?;
    used_again(bed, channel)
}

fn all_restarted(bed: &mut Bed) -> Outcome {
    let calls = [bed.reach("2000")?, bed.reach("2000")?];
    let channel = bed.line.channel(calls[0]).ok_or("no channel")?;
    restart(bed, Scope::All)?;
    for call in calls {
        bed.ended(call)?;
    }
    // It confirms before it is through.
    bed.quiet()?;
    used_again(bed, channel)
}

fn restart(bed: &mut Bed, scope: Scope) -> Result<(), String> {
    bed.line.told.clear();
    bed.line.trunk.restart(scope, Instant::now());
    let confirmed = bed.until("an end of the restart", |bed| {
        bed.line.told.iter().find_map(|output| match output {
            Output::Notice(Notice::Restarted { scope: done, confirmed }) if *done == scope => {
                Some(*confirmed)
            }
            _ => None,
        })
    })?;
    if confirmed { Ok(()) } else { Err("it is not confirmed".into()) }
}

/// A call takes this channel, and is answered.
fn used_again(bed: &mut Bed, channel: Channel) -> Outcome {
    let call = bed.reach("2000")?;
    let taken = bed.line.channel(call);
    bed.hang_up(call, CauseValue::NORMAL)?;
    match taken == Some(channel) {
        true => Ok(String::new()),
        false => Err(format!("{taken:?}, not {channel:?}")),
    }
}

fn restarted_there(bed: &mut Bed) -> Outcome {
    let all = bed.line.trunk.describe().channels.len();
    let cleared = bed.until("restarts", |bed| {
        let cleared = bed
            .line
            .told
            .iter()
            .filter(|told| matches!(told, Output::Notice(Notice::Clear(_))))
            .count();
        (cleared >= all).then_some(cleared)
    })?;
    bed.until("free channels", |bed| {
        bed.line.trunk.describe().channels.iter().all(|(_, state)| state.is_free()).then_some(())
    })?;
    let call = bed.reach("2000")?;
    bed.hang_up(call, CauseValue::NORMAL)?;
    Ok(format!("{cleared} channels"))
}

fn alarm(bed: &mut Bed) -> Outcome {
    let call = bed.reach("2000")?;
    let told = bed.told("Offered")?;
    let span = bed.line.card.number();
    simulate(span, "red")?;
    let seen = bed.until("an alarm", |bed| {
        let status = bed.line.trunk.describe();
        (!status.alarms.is_empty() && !status.links[0].phase.is_up()).then_some(())
    });
    let stood = seen.and_then(|()| bed.run(Duration::from_secs(3)));
    simulate(span, "clear")?;
    stood?;
    bed.until("the link again", |bed| {
        let status = bed.line.trunk.describe();
        (status.alarms.is_empty() && status.links[0].phase.is_up()).then_some(())
    })?;
    bed.run(Duration::from_secs(1))?;
    if !bed.stands(call) {
        return Err("the call has ended".into());
    }
    // What is said comes back: it stands there too.
    let said = sounds::come_back(bed, &[call])?;
    gone(bed, told.get("Channel"), CauseValue::NORMAL)?;
    Ok(said)
}

fn started_anew(bed: &mut Bed) -> Outcome {
    let call = bed.reach("2000")?;
    bed.start_anew()?;
    let cause = bed.ended(call)?;
    let call = bed.reach("2000")?;
    bed.hang_up(call, CauseValue::NORMAL)?;
    Ok(cause.to_string())
}

fn released(bed: &mut Bed) -> Outcome {
    let call = bed.reach("2000")?;
    let told = bed.told("Offered")?;
    let cause = CauseValue::NETWORK_OUT_OF_ORDER;
    bed.line.trunk.release(cause, Duration::from_secs(10), Instant::now());
    bed.ended(call)?;
    gone(bed, told.get("Channel"), cause)?;
    bed.until("the end of the trunk", |bed| {
        bed.line.told.contains(&Output::Released).then_some(())
    })?;
    bed.until("the end of the link there", |bed| {
        // It asks for the link again at once, and is not answered.
        let spans = bed.asterisk.command("pri show spans").unwrap_or_default();
        (!spans.contains("Up, Active")).then_some(())
    })?;
    Ok(String::new())
}

fn service_there(bed: &mut Bed) -> Outcome {
    let channel = Channel { span: 0, number: 23 };
    for (word, standing) in [("disable", Standing::Out), ("enable", Standing::In)] {
        bed.asterisk.command(&format!("pri service {word} channel 23"))?;
        bed.until("a change of service", |bed| {
            let channels = bed.line.trunk.describe().channels;
            channels
                .iter()
                .any(|(id, state)| *id == channel && state.theirs == standing)
                .then_some(())
        })?;
        let call = bed.reach("2000")?;
        let taken = bed.line.channel(call);
        bed.hang_up(call, CauseValue::NORMAL)?;
        if (taken == Some(channel)) != (standing == Standing::In) {
            return Err(format!("{word}: a call takes {taken:?}"));
        }
    }
    Ok(String::new())
}

fn service_here(bed: &mut Bed) -> Outcome {
    // The one that Asterisk takes first.
    let channel = Channel { span: 0, number: 1 };
    for standing in [Standing::Out, Standing::In] {
        let now = Instant::now();
        bed.line
            .trunk
            .set_service(channel, standing, false, now)
            .map_err(|misuse| format!("{misuse:?}"))?;
        bed.run(Duration::from_millis(500))?;
        bed.let_call("5551", "2000")?;
        let call = bed.accept()?;
        let taken = bed.line.channel(call);
        bed.hang_up(call, CauseValue::NORMAL)?;
        if (taken == Some(channel)) != (standing == Standing::In) {
            return Err(format!("{standing:?}: a call takes {taken:?}"));
        }
    }
    Ok(String::new())
}
