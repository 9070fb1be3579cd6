//! `tones`: makes what a line signals with, and tells what is heard on one.

use crate::options::{Failure, Options};
use media_dsp::dtmf::{self, Digit};
use media_dsp::tone::Dbm0;
use media_dsp::tone::answer;
use media_dsp::tone::cadence::{Player, Rounds};
use media_dsp::tone::information;
use media_dsp::tone::progress;
use media_dsp::tone::zones::{Indication, Zone};
use std::ops::RangeInclusive;

/// The samples of the tone that the next words name.
pub(crate) fn make(what: &str, options: &mut Options) -> Result<Vec<i16>, Failure> {
    let level = options.value("level", -9.0)?;
    if !LEVELS.contains(&level) {
        let (least, most) = (LEVELS.start(), LEVELS.end());
        return Err(Failure::usage(format!("--level is {least} to {most} dBm0, not {level}")));
    }
    let level = Dbm0(level);
    if what == "dtmf" {
        let digits = options.word().ok_or_else(|| Failure::usage("say which digits"))?;
        let ms = milliseconds(options, 80)?;
        options.done()?;
        return dial(&digits, level, ms);
    }
    let indication = match what {
        "dial" => Indication::Dial,
        "ringback" => Indication::Ringback,
        "busy" => Indication::Busy,
        "congestion" => Indication::Congestion,
        "call-waiting" => Indication::CallWaiting,
        other => return Err(Failure::usage(format!("there is no tone '{other}'"))),
    };
    let zone = zone(options)?;
    let ms = milliseconds(options, 10_000)?;
    options.done()?;
    let steps = zone.steps(indication);
    let steps = steps.ok_or_else(|| Failure::usage(format!("{} has no such tone", zone.code)))?;
    let mut pcm = vec![0; ms as usize * 8];
    Player::new(steps, Rounds::Endless, level).fill(&mut pcm);
    Ok(pcm)
}

fn milliseconds(options: &mut Options, default: u32) -> Result<u32, Failure> {
    let ms = options.value("ms", default)?;
    if ms > MOST {
        return Err(Failure::usage(format!("--ms is at most {MOST}, not {ms}")));
    }
    Ok(ms)
}

fn dial(digits: &str, level: Dbm0, ms: u32) -> Result<Vec<i16>, Failure> {
    let length = ms * 8;
    let mut pcm = Vec::new();
    for sign in digits.chars() {
        let digit = Digit::parse(sign)
            .ok_or_else(|| Failure::usage(format!("'{sign}' is no key of a telephone")))?;
        let mut sound = vec![0; length as usize * 2];
        dtmf::Generator::new(digit, (level, level), length, length).fill(&mut sound);
        pcm.extend(sound);
    }
    Ok(pcm)
}

/// A line for everything that is heard: when in seconds, what, how long, how loud.
pub(crate) fn hear(pcm: &[i16], zone: &'static Zone) -> String {
    let mut heard: Vec<(u64, String)> = Vec::new();
    dtmf::Detector::new().hear(pcm, |event| {
        if let dtmf::Event::Ended(it) = event {
            let (length, level) = (seconds(it.duration), it.level.0);
            heard.push((it.begin, format!("dtmf {} for {length:.3} s, {level:.1} dBm0", it.digit)));
        }
    });
    progress::Detector::new(zone).hear(pcm, |it| {
        let name = match it.indication {
            Indication::Dial => "dial",
            Indication::Ringback => "ringback",
            Indication::Busy => "busy",
            Indication::Congestion => "congestion",
            Indication::CallWaiting => "call-waiting",
        };
        heard.push((it.at, format!("{name} ({}), {:.1} dBm0", zone.code, it.level.0)));
    });
    // Tones tell how long they were, and their instants follow from where the listening stands.
    let mut answers = answer::Detector::new();
    let mut information = information::Detector::new();
    for (at, piece) in (0..).step_by(PIECE).zip(pcm.chunks(PIECE)) {
        answers.hear(piece, |event| heard.push((at, spelled(event))));
        information.hear(piece, |tones| {
            let [a, b, c] = tones.map(|tone| tone.hertz);
            heard.push((at, format!("special information, {a:.0} {b:.0} {c:.0} Hz")));
        });
    }
    heard.sort_by_key(|(at, _)| *at);
    heard.iter().map(|(at, what)| format!("{:.3} s {what}\n", seconds(*at))).collect()
}

fn spelled(event: answer::Event) -> String {
    let name = |tone| match tone {
        answer::Tone::Answer => "2100 Hz",
        answer::Tone::Calling => "1100 Hz",
        answer::Tone::Test => "1004 Hz",
    };
    match event {
        answer::Event::Began(tone, level) => format!("{} begins, {:.1} dBm0", name(tone), level.0),
        answer::Event::Reversed { .. } => "2100 Hz turns its phase over".to_owned(),
        answer::Event::Modulated => "2100 Hz is modulated at 15 Hz".to_owned(),
        answer::Event::Ended(tone, after) => {
            format!("{} ends after {:.3} s", name(tone), seconds(after))
        }
    }
}

pub(crate) fn zone(options: &mut Options) -> Result<&'static Zone, Failure> {
    let code = options.value("country", "DE".to_owned())?;
    Zone::find(&code).ok_or_else(|| Failure::usage(format!("the tones of '{code}' are not known")))
}

fn seconds(samples: u64) -> f64 {
    samples as f64 / 8_000.0
}

/// An hour, in ms.
const MOST: u32 = 3_600_000;
/// What G.711 can carry at most, and what no detector hears.
const LEVELS: RangeInclusive<f32> = -80.0..=3.0;
/// 10 ms.
const PIECE: usize = 80;
