//! Recordings: the code for them keyed in, and the number that plays them.

use call::{CallId, Fetch, Samples, Why};
use config::{Entry, Feature, FeatureId, FeatureKind, FeatureTone, Number, Revision, TenantId};
use exchange::Input;
use sim::Lab;
use std::sync::Arc;

/// An office where `*1` records and `*2` plays.
fn office(seed: u64) -> Lab {
    let mut lab = Lab::office(seed, &["201", "202"]);
    for (number, kind) in [("*1", FeatureKind::Record), ("*2", FeatureKind::Playback)] {
        lab.put(Entry::Feature(Feature {
            id: FeatureId::NEW,
            revision: Revision::default(),
            tenant: TenantId::DEFAULT,
            number: Number::parse(number).unwrap(),
            name: String::new(),
            enabled: true,
            kind,
            tone: FeatureTone::default(),
            pin: None,
        }));
    }
    lab
}

fn call_up(lab: &mut Lab) -> CallId {
    lab.phone("201").dials("202");
    lab.run_ms(500);
    lab.phone("202").answers();
    lab.run_ms(500);
    assert!(lab.phone("201").is_up());
    *lab.records.keys().next_back().unwrap()
}

fn keys(lab: &mut Lab, name: &str, digits: &str, pause_ms: u64) {
    for key in digits.chars() {
        lab.phone(name).presses(key);
        lab.run_ms(pause_ms);
    }
}

#[test]
fn the_code_begins_a_recording_and_ends_it_whoever_of_the_two_keys_it_in() {
    let mut lab = office(1);
    let call = call_up(&mut lab);
    keys(&mut lab, "202", "*1", 300);
    let recording = lab.exchange.recording(call).unwrap().clone();
    assert_eq!((recording.by.as_str(), recording.tenant), ("202", 1));
    keys(&mut lab, "201", "9*1", 300);
    assert!(lab.exchange.recording(call).is_none());
    let steps: Vec<&str> = lab.records[&call].steps.iter().map(|it| it.text.as_str()).collect();
    let told = ["202 records the call.", "201 records the call no longer."];
    assert!(told.iter().all(|it| steps.contains(it)), "{steps:?}");
    lab.talk("201", "202");
}

#[test]
fn keys_with_a_long_pause_are_no_code_and_one_recording_ends_with_its_call() {
    let mut lab = office(2);
    let call = call_up(&mut lab);
    keys(&mut lab, "201", "*1", 5_000);
    assert!(lab.exchange.recording(call).is_none());
    keys(&mut lab, "201", "*1", 100);
    assert!(lab.exchange.recording(call).is_some());
    lab.phone("201").hangs_up();
    lab.run_ms(500);
    assert!(lab.exchange.recording(call).is_none());
}

#[test]
fn the_code_dialled_records_nothing_and_says_so() {
    let mut lab = office(3);
    lab.phone("201").dials("*1");
    lab.run_ms(200);
    lab.hears_the_box("201");
    lab.run_ms(4_000);
    assert!(!lab.phone("201").is_up());
    assert_eq!(lab.ended().last().unwrap().end.as_ref().unwrap().why, Why::NotInCall);
}

#[test]
fn the_newest_recording_of_whoever_asks_is_played_once() {
    let mut lab = office(4);
    lab.phone("201").dials("*2");
    lab.run_ms(200);
    assert!(lab.phone("201").is_up());
    let fetch = lab.fetched.pop().unwrap();
    assert!(matches!(&fetch, Fetch::Newest { tenant: 1, by, .. } if by == "201"), "{fetch:?}");
    lab.hears_nothing("201");
    let samples = Arc::new(Samples { rate: 16_000, pcm: vec![1_000; 3 * 16_000].into() });
    lab.input(Input::Fetched { key: fetch.key(), samples: Some(samples) });
    lab.hears_the_box("201");
    lab.run_ms(3_000);
    assert!(!lab.phone("201").is_up());
    assert_eq!(lab.ended().last().unwrap().end.as_ref().unwrap().why, Why::Played);
}

#[test]
fn who_has_no_recording_hears_so() {
    let mut lab = office(5);
    lab.phone("202").dials("*2");
    lab.run_ms(200);
    let fetch = lab.fetched.pop().unwrap();
    lab.input(Input::Fetched { key: fetch.key(), samples: None });
    lab.hears_the_box("202");
    lab.run_ms(4_000);
    assert!(!lab.phone("202").is_up());
    assert_eq!(lab.ended().last().unwrap().end.as_ref().unwrap().why, Why::NoRecording);
}
