//! Recordings: the code for them keyed in, and the number that plays them.

use call::{CallId, Container, Fetch, Layout, MediaCommand, RecordingId, RecordingStop, Reel, Why};
use config::{Entry, Feature, FeatureId, FeatureKind, FeatureTone, Number, Revision, TenantId};
use exchange::{Command, Input, Wanted};
use media::recording::Taped;
use sim::Lab;

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
            sound: None,
            repeat: false,
            then: None,
        }));
    }
    lab
}

/// An office where a conference, an echo and the test tone are beside these.
fn house(seed: u64) -> Lab {
    let mut lab = office(seed);
    let kinds = [FeatureKind::Conference, FeatureKind::Echo, FeatureKind::Tone];
    for (number, kind) in ["600", "601", "602"].into_iter().zip(kinds) {
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
            sound: None,
            repeat: false,
            then: None,
        }));
    }
    lab
}

/// How much of what was recorded is no silence, left and right, since this was asked last.
fn sounding(lab: &mut Lab) -> [usize; 2] {
    let mut sum = [0; 2];
    while let Some(taped) = lab.engine.poll_taped() {
        let Taped::Sound(block) = taped else { continue };
        for (sum, side) in sum.iter_mut().zip([block.caller(), block.callee()]) {
            *sum += side.iter().filter(|it| it.unsigned_abs() > 100).count();
        }
        lab.engine.reuse(block);
    }
    sum
}

/// What phones send that say nothing, in samples: far below a tenth of a second.
const QUIET: usize = 400;

fn record(lab: &mut Lab, call: CallId) -> Option<RecordingId> {
    let (container, layout, by) = (Container::Wav, Layout::Sides, "admin".to_owned());
    lab.input(Input::Command(Command::Record(Wanted { call, container, layout, by })));
    lab.exchange.recording(call).map(|it| it.id)
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
    let (call, recording) = (*lab.records.keys().next_back().unwrap(), RecordingId(9));
    lab.input(Input::Found { call, reel: Some(Reel { recording, rate: 16_000 }) });
    let (port, play, wanted) = lab.feeds.pop().unwrap();
    assert_eq!(wanted, recording);
    for last in [false, false, true] {
        let (block, now) = (vec![1_000; 16_000].into(), lab.now);
        lab.engine.handle(MediaCommand::Feed { port, play, block, last }, now);
    }
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
    assert!(matches!(&fetch, Fetch::Newest { by, .. } if by == "202"), "{fetch:?}");
    let call = *lab.records.keys().next_back().unwrap();
    lab.input(Input::Found { call, reel: None });
    lab.hears_the_box("202");
    lab.run_ms(4_000);
    assert!(!lab.phone("202").is_up());
    assert_eq!(lab.ended().last().unwrap().end.as_ref().unwrap().why, Why::NoRecording);
}

#[test]
fn who_talks_with_the_box_is_left_and_the_box_is_right() {
    let mut lab = house(6);
    lab.phone("201").dials("601");
    lab.run_ms(500);
    let call = *lab.records.keys().next_back().unwrap();
    let recording = record(&mut lab, call).unwrap();
    // An echo of silence is silence on both sides.
    lab.run_ms(1_000);
    assert!(sounding(&mut lab).iter().all(|it| *it < QUIET));
    lab.input(Input::Command(Command::StopRecord(call)));
    assert_eq!(lab.exchange.call(call).unwrap().recordings, [recording]);
    lab.phone("201").hangs_up();
    lab.run_ms(500);
    lab.phone("201").dials("602");
    lab.run_ms(500);
    let call = *lab.records.keys().next_back().unwrap();
    record(&mut lab, call).unwrap();
    lab.run_ms(2_000);
    let [left, right] = sounding(&mut lab);
    assert!(left < QUIET && right > 10_000, "{left} {right}");
}

#[test]
fn a_member_of_a_conference_records_with_the_code_while_it_waits_and_while_it_talks() {
    let mut lab = house(7);
    lab.phone("201").dials("600");
    lab.run_ms(500);
    let call = *lab.records.keys().next_back().unwrap();
    keys(&mut lab, "201", "*1", 300);
    assert_eq!(lab.exchange.recording(call).unwrap().by, "201");
    lab.run_ms(2_000);
    let [_, music] = sounding(&mut lab);
    assert!(music > 5_000, "{music}");
    lab.phone("202").dials("600");
    lab.run_ms(1_000);
    sounding(&mut lab);
    lab.run_ms(1_000);
    let both = sounding(&mut lab);
    assert!(both.iter().all(|it| *it < QUIET), "nobody speaks, and the music has ended: {both:?}");
    keys(&mut lab, "201", "*1", 300);
    assert!(lab.exchange.recording(call).is_none());
    let told: Vec<bool> = lab.taped.iter().map(|(_, _, begun)| *begun).collect();
    assert_eq!((told, lab.taped[0].1.as_str()), (vec![true, false], "201"));
}

#[test]
fn a_call_that_is_transferred_to_the_box_is_recorded_on() {
    let mut lab = house(8);
    let call = call_up(&mut lab);
    record(&mut lab, call).unwrap();
    lab.phone("202").transfers("602");
    lab.run_ms(1_000);
    sounding(&mut lab);
    lab.run_ms(1_000);
    let [left, right] = sounding(&mut lab);
    assert!(left < QUIET && right > 5_000, "{left} {right}");
}

#[test]
fn before_the_answer_nothing_can_be_recorded_and_on_hold_it_can() {
    let mut lab = house(9);
    lab.phone("201").dials("202");
    lab.run_ms(500);
    let call = *lab.records.keys().next_back().unwrap();
    assert_eq!(record(&mut lab, call), None);
    lab.phone("202").answers();
    lab.run_ms(500);
    lab.phone("201").holds();
    lab.run_ms(500);
    assert!(record(&mut lab, call).is_some());
}

#[test]
fn a_recording_that_the_disk_ends_is_told_in_the_story_and_the_call_goes_on() {
    let mut lab = house(10);
    let call = call_up(&mut lab);
    let first = record(&mut lab, call).unwrap();
    let why = RecordingStop::DiskFull;
    lab.input(Input::TapeEnded { recording: first, why, kept: true });
    assert!(lab.exchange.recording(call).is_none());
    let second = record(&mut lab, call).unwrap();
    lab.input(Input::TapeEnded { recording: second, why, kept: false });
    // What came too late ends nothing.
    lab.input(Input::TapeEnded { recording: first, why, kept: true });
    let known = lab.exchange.call(call).unwrap();
    assert_eq!(known.recordings, [first], "of the other one there is nothing");
    let told = "The call is recorded no longer: the disk is full.";
    assert_eq!(known.steps.iter().filter(|it| it.text == told).count(), 2);
    lab.talk("201", "202");
}
