//! What is said on B channels arrives as it was said.

use board::Law;
use tdm::q931::element::CauseValue;
use tdm::q931::interface::CallId;

use crate::bed::Bed;
use crate::voice::{self, Follower, Row, Source};
use crate::{Check, Outcome};

pub(crate) const ALL: &[Check] = &[
    ("eight calls to it at once, and what is said comes back as it was", eight_there),
    ("eight calls of its at once, and what is said comes back as it was", eight_here),
    ("its tone is heard alone, at its level", tone),
    ("keys reach it as tones", keys_there),
    ("its keys reach us as tones", keys_here),
];

/// One call, and what is said comes back.
pub(crate) fn echoed(bed: &mut Bed) -> Outcome {
    let call = bed.reach("2000")?;
    come_back(bed, &[call])
}

fn eight_there(bed: &mut Bed) -> Outcome {
    let mut calls = Vec::new();
    for _ in 0..8 {
        calls.push(bed.dial("2000")?);
    }
    for call in &calls {
        bed.answered(*call)?;
    }
    come_back(bed, &calls)
}

fn eight_here(bed: &mut Bed) -> Outcome {
    for _ in 0..8 {
        bed.let_call("5551w", "2000")?;
    }
    let mut calls = Vec::new();
    for _ in 0..8 {
        calls.push(bed.accept()?);
    }
    come_back(bed, &calls)
}

/// Another row is said in each call, until enough of it has come back in one piece.
pub(crate) fn come_back(bed: &mut Bed, calls: &[CallId]) -> Outcome {
    for (call, key) in calls.iter().zip(1..) {
        bed.line.talk(*call, Source::Row(Row::of(key)))?;
    }
    let mut followers: Vec<_> = (1..).take(calls.len()).map(Follower::of).collect();
    let piece = match bed.line.law() {
        Law::A => PIECE,
        // It gives back minus zero as zero: between two of those.
        Law::Mu => PIECE / 4,
    };
    let outcome = bed.until("a row in one piece", |bed| {
        for (call, follower) in calls.iter().zip(&mut followers) {
            follower.hear(bed.line.heard(*call));
        }
        followers.iter().all(|follower| follower.longest >= piece).then_some(())
    });
    outcome.map_err(|why| {
        let longest: Vec<_> = followers.iter().map(|follower| follower.longest).collect();
        format!("{why}: {longest:?} octets")
    })?;
    let heard = calls.iter().map(|call| bed.line.heard(*call).len()).max().unwrap_or(0);
    for call in calls {
        bed.hang_up(*call, CauseValue::NORMAL)?;
    }
    Ok(format!("after {:.1} s", heard as f64 / 8_000.0))
}

fn tone(bed: &mut Bed) -> Outcome {
    let call = bed.reach("2001")?;
    milliwatt_of(bed, call)
}

/// A digital milliwatt is heard in a call, which ends.
pub(crate) fn milliwatt_of(bed: &mut Bed, call: CallId) -> Outcome {
    let law = bed.line.law();
    bed.line.talk(call, silence(law))?;
    bed.until("half a second of the tone", |bed| {
        let heard = bed.line.heard(call);
        (heard.len() % PIECE == 0 && voice::milliwatt(law, heard) >= PIECE).then_some(())
    })?;
    bed.hang_up(call, CauseValue::NORMAL)?;
    Ok(String::new())
}

fn keys_there(bed: &mut Bed) -> Outcome {
    let law = bed.line.law();
    let mut said = Vec::new();
    for keys in ["1234", "5678", "90*A"] {
        let call = bed.reach("2002")?;
        // It begins to listen a little later than it answers.
        let mut octets = vec![law.idle(); 4_000];
        octets.extend(voice::press(law, keys));
        bed.line.talk(call, Source::Octets(octets, law.idle()))?;
        let told = bed.told("Keys")?;
        if told.get("Keys").map(String::as_str) != Some(keys) {
            return Err(format!("{keys}: {:?}", told.get("Keys")));
        }
        bed.ended(call)?;
        said.push(keys);
    }
    Ok(said.join(" "))
}

fn keys_here(bed: &mut Bed) -> Outcome {
    let law = bed.line.law();
    let call = bed.reach("2003")?;
    bed.line.talk(call, silence(law))?;
    let mut keys = String::new();
    let all = bed.until("keys", |bed| {
        let heard = bed.line.heard(call);
        if heard.len() % PIECE == 0 {
            keys = voice::keys(law, heard);
        }
        (keys == KEYS).then_some(())
    });
    all.map_err(|why| format!("{why}, {keys}"))?;
    bed.hang_up(call, CauseValue::NORMAL)?;
    Ok(keys)
}

fn silence(law: Law) -> Source {
    Source::Octets(Vec::new(), law.idle())
}

/// Half a second.
const PIECE: usize = 4_000;
/// What Asterisk presses.
const KEYS: &str = "1590*#";
