//! Which way the media of a call goes, and in which codec, as the call shows it.

use crate::connect;
use call::{CallId, Container, Layout, LegPath, MediaKind, MediaPath, RecordingStop, Stay, Suite};
use config::{Encryption, PathPolicy};
use exchange::{Command, Input, Wanted};
use media::recording::Taped;
use sim::{Lab, Speaks};
use std::time::Duration;

/// How the legs of the call are, as the live call shows it.
fn shown(lab: &Lab) -> Vec<LegPath> {
    lab.exchange.calls().remove(0).paths
}

fn leg(name: &str, codec: &str, translated: bool) -> LegPath {
    LegPath {
        leg: name.to_owned(),
        kind: MediaKind::Audio,
        codec: Some(codec.to_owned()),
        path: MediaPath::Anchored,
        translated,
        repacked: false,
        stays: None,
    }
}

#[test]
fn a_call_shows_the_codec_of_each_leg_and_the_record_keeps_it() {
    let mut lab = Lab::office(51, &["201", "202"]);
    connect(&mut lab, "201", "202");
    let expected = [leg("201", "PCMA", false), leg("202", "PCMA", false)];
    assert_eq!(shown(&lab), expected);
    lab.phone("201").hangs_up();
    lab.rest();
    assert_eq!(lab.record().paths, expected);
}

#[test]
fn a_call_between_phones_without_a_common_codec_shows_that_both_hear_a_translation() {
    let mut lab = Lab::office(52, &["201", "202"]);
    let keys = (101, "telephone-event/8000");
    lab.phone("201").habits(|habits| habits.codecs = vec![keys, (8, "PCMA/8000")]);
    lab.phone("202").habits(|habits| habits.codecs = vec![(9, "G722/8000"), keys]);
    connect(&mut lab, "201", "202");
    assert_eq!(shown(&lab), [leg("201", "PCMA", true), leg("202", "G722", true)]);
    lab.phone("201").hangs_up();
    lab.rest();
}

/// Where a phone was told to send sound: the address and port of the line of a description.
fn told(lab: &mut Lab, name: &str) -> std::net::SocketAddr {
    lab.phone(name).talk().remote_rtp.unwrap()
}

/// Why both legs stay by the box, if not by what the settings say.
fn stays(lab: &Lab) -> Option<Stay> {
    let [here, there]: [Option<Stay>; 2] =
        shown(lab).into_iter().map(|leg| leg.stays).collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(here, there);
    here
}

const COUNTER_MODE: &[Suite] = &[Suite::AesCm128HmacSha1_80];
const BOTH: &[Suite] = &[Suite::AeadAes128Gcm, Suite::AesCm128HmacSha1_80];

/// An office where sound is encrypted, and two phones that talk past the box, which speak like this.
fn past_encrypted(seed: u64, speaks: [Speaks; 2]) -> Lab {
    let mut lab = Lab::office(seed, &["201", "202", "203"]);
    lab.media_path(PathPolicy::DirectEncrypted);
    lab.encryption(Encryption::Opportunistic);
    for (name, speaks) in ["201", "202"].into_iter().zip(speaks) {
        lab.phone(name).habits(|habits| habits.speaks = speaks);
    }
    connect(&mut lab, "201", "202");
    lab.run_ms(500);
    lab
}

/// An office whose phones may talk past the box, two of which do.
fn past(seed: u64) -> Lab {
    let mut lab = Lab::office(seed, &["201", "202", "203"]);
    lab.media_path(PathPolicy::Direct);
    connect(&mut lab, "201", "202");
    lab.run_ms(500);
    lab
}

/// Whether the media of both legs is shown to go past the box, and does.
fn is_past(lab: &mut Lab) -> bool {
    let ways: Vec<_> = shown(lab).into_iter().map(|leg| leg.path).collect();
    let shown = ways == [MediaPath::Direct; 2];
    let here = told(lab, "201") == lab.phone("202").talk().rtp;
    let there = told(lab, "202") == lab.phone("201").talk().rtp;
    assert!((shown, shown) == (here, there), "{ways:?}, {here}, {there}");
    shown
}

#[test]
fn two_phones_that_may_talk_past_the_box_do_and_silence_there_ends_nothing() {
    let mut lab = past(53);
    assert!(is_past(&mut lab));
    lab.talk("201", "202");
    let ports = lab.exchange.figures().ports_lent;
    assert_eq!(ports, 2, "the way back is kept");
    lab.run_for(std::time::Duration::from_secs(600));
    assert!(is_past(&mut lab) && lab.phone("201").is_up());
    lab.phone("202").hangs_up();
    lab.rest();
    assert_eq!(lab.record().paths[0].path, MediaPath::Direct);
}

#[test]
fn phones_with_different_packet_times_talk_past_the_box_and_each_knows_what_the_other_wants() {
    let mut lab = Lab::office(58, &["201", "202"]);
    lab.media_path(PathPolicy::Direct);
    let wants = |line: &str| vec![line.to_owned()];
    lab.phone("201").habits(|habits| habits.lines = wants("a=ptime:20"));
    lab.phone("202").habits(|habits| habits.lines = wants("a=ptime:30"));
    connect(&mut lab, "201", "202");
    lab.run_ms(500);
    assert!(is_past(&mut lab));
    assert!(lab.phone("201").talk().peer_sdp.contains("a=ptime:30\r\n"));
    assert!(lab.phone("202").talk().peer_sdp.contains("a=ptime:20\r\n"));
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn phones_stay_by_the_box_where_one_of_them_may_not_leave_it_or_only_one_is_encrypted() {
    let mut lab = Lab::office(54, &["201", "202"]);
    connect(&mut lab, "201", "202");
    lab.run_ms(500);
    assert!(!is_past(&mut lab), "nobody said that they may");
    assert_eq!(stays(&lab), None);
    lab.phone("201").hangs_up();
    lab.rest();
    let mut lab = Lab::office(55, &["201", "202"]);
    lab.media_path(PathPolicy::Direct);
    lab.encryption(Encryption::Opportunistic);
    lab.phone("201").habits(|habits| habits.speaks = Speaks::Encrypted(COUNTER_MODE));
    connect(&mut lab, "201", "202");
    lab.run_ms(500);
    assert!(!is_past(&mut lab));
    assert_eq!(stays(&lab), Some(Stay::Encryption));
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn phones_without_a_common_codec_stay_by_the_box() {
    let mut lab = Lab::office(56, &["201", "202"]);
    lab.media_path(PathPolicy::Direct);
    lab.phone("201").habits(|habits| habits.codecs = vec![(8, "PCMA/8000")]);
    lab.phone("202").habits(|habits| habits.codecs = vec![(9, "G722/8000")]);
    connect(&mut lab, "201", "202");
    lab.run_ms(500);
    assert!(!is_past(&mut lab));
    assert_eq!(stays(&lab), Some(Stay::Codec));
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn who_is_put_on_hold_comes_back_for_the_music_and_goes_again_afterwards() {
    let mut lab = past(57);
    lab.settings(|settings| settings.hold_music = true);
    for _ in 0..5 {
        lab.phone("201").holds();
        lab.run_ms(500);
        let ways: Vec<_> = shown(&lab).into_iter().map(|leg| leg.path).collect();
        assert_eq!(ways, [MediaPath::Anchored; 2]);
        assert_eq!(stays(&lab), Some(Stay::Held));
        let told = told(&mut lab, "202");
        assert_ne!(told, lab.phone("201").talk().rtp, "it sends to the box");
        lab.hears_the_box("202");
        let held = lab.phone("202").talk().rtp;
        assert_ne!(held, told);
        lab.phone("201").resumes();
        lab.run_ms(500);
        assert!(is_past(&mut lab));
        lab.talk("201", "202");
    }
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_transfer_takes_both_back_and_leads_the_new_pair_past_the_box() {
    let mut lab = past(58);
    lab.phone("201").transfers("203");
    lab.run_ms(500);
    lab.phone("203").answers();
    lab.run_ms(1_000);
    assert_eq!(told(&mut lab, "202"), lab.phone("203").talk().rtp);
    assert_eq!(told(&mut lab, "203"), lab.phone("202").talk().rtp);
    lab.talk("202", "203");
    lab.phone("202").hangs_up();
    lab.rest();
}

#[test]
fn a_phone_that_refuses_to_leave_the_box_takes_its_partner_back_with_it() {
    let mut lab = Lab::office(59, &["201", "202"]);
    lab.media_path(PathPolicy::Direct);
    lab.phone("202").habits(|habits| habits.refuses_offers = Some(488));
    connect(&mut lab, "201", "202");
    lab.run_ms(1_000);
    assert!(!is_past(&mut lab));
    assert_eq!(stays(&lab), Some(Stay::Refused));
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_recording_takes_both_back_to_the_box_as_long_as_it_runs() {
    let mut lab = past(60);
    let call = lab.exchange.calls()[0].id;
    let (container, layout, by) = (Container::Opus, Layout::Sides, "admin".to_owned());
    lab.input(Input::Command(Command::Record(Wanted { call, container, layout, by })));
    lab.run_ms(500);
    assert!(!is_past(&mut lab), "what is recorded is heard by the box");
    assert_eq!(stays(&lab), Some(Stay::Heard));
    lab.talk("201", "202");
    lab.input(Input::Command(Command::StopRecord(call)));
    lab.run_ms(500);
    assert!(is_past(&mut lab));
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_recording_that_the_disk_ends_lets_the_phones_talk_past_the_box_again() {
    let mut lab = past(63);
    let call = *lab.records.keys().next_back().unwrap();
    record(&mut lab, call);
    lab.run_ms(500);
    assert!(!is_past(&mut lab));
    lab.talk("201", "202");
    let (recording, why) = (lab.exchange.recording(call).unwrap().id, RecordingStop::DiskFull);
    lab.input(Input::TapeEnded { recording, why, kept: true });
    lab.run_ms(500);
    assert!(is_past(&mut lab));
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn encrypted_phones_talk_past_the_box_under_each_others_keys_and_come_back_under_new_ones() {
    // Where the suites of the legs differ, one phone is asked to take that of the other.
    let pairs = [
        [Speaks::Encrypted(COUNTER_MODE), Speaks::Encrypted(COUNTER_MODE)],
        [Speaks::Encrypted(BOTH), Speaks::Either(BOTH)],
        [Speaks::Encrypted(COUNTER_MODE), Speaks::Either(BOTH)],
    ];
    for (seed, speaks) in (70..).zip(pairs) {
        let mut lab = past_encrypted(seed, speaks);
        assert!(is_past(&mut lab), "{speaks:?}: {:?}", stays(&lab));
        lab.talk("201", "202");
        lab.settings(|settings| settings.hold_music = false);
        for _ in 0..2 {
            lab.phone("201").holds();
            lab.run_ms(500);
            assert!(!is_past(&mut lab));
            assert_eq!(stays(&lab), Some(Stay::Held));
            lab.phone("201").resumes();
            lab.run_ms(500);
            assert!(is_past(&mut lab));
            lab.talk("201", "202");
        }
        lab.phone("201").hangs_up();
        lab.rest();
        assert_eq!(lab.record().paths[0].path, MediaPath::Direct);
    }
}

#[test]
fn an_encrypted_call_is_taken_back_to_be_recorded_and_to_be_captured() {
    let mut lab = past_encrypted(73, [Speaks::Encrypted(BOTH); 2]);
    let call = lab.exchange.calls()[0].id;
    assert!(is_past(&mut lab));
    let (container, layout, by) = (Container::Opus, Layout::Sides, "admin".to_owned());
    let wanted = Wanted { call, container, layout, by };
    let pairs = [
        (Command::Record(wanted), Command::StopRecord(call)),
        (Command::Capture(call), Command::StopCapture(call)),
    ];
    for (begin, end) in pairs {
        lab.input(Input::Command(begin));
        lab.run_ms(500);
        assert!(!is_past(&mut lab), "the box has to hear it");
        assert_eq!(stays(&lab), Some(Stay::Heard));
        lab.talk("201", "202");
        assert_eq!(tones(&mut lab), [TONE; 2]);
        lab.input(Input::Command(end));
        lab.run_ms(500);
        assert!(is_past(&mut lab));
        lab.talk("201", "202");
    }
    lab.phone("202").hangs_up();
    lab.rest();
}

#[test]
fn a_phone_that_answers_with_another_key_has_its_partner_told_of_it() {
    let mut lab = Lab::office(74, &["201", "202"]);
    lab.media_path(PathPolicy::DirectEncrypted);
    lab.encryption(Encryption::Opportunistic);
    for name in ["201", "202"] {
        lab.phone(name).habits(|habits| {
            habits.speaks = Speaks::Encrypted(BOTH);
            habits.new_keys = true;
        });
    }
    connect(&mut lab, "201", "202");
    lab.run_ms(5_000);
    assert!(is_past(&mut lab), "{:?}", stays(&lab));
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_phone_that_does_not_come_back_is_not_recorded_and_the_story_says_so() {
    let mut lab = past(64);
    let call = *lab.records.keys().next_back().unwrap();
    for phone in ["201", "202"] {
        lab.phone(phone).habits(|habits| habits.refuses_offers = Some(488));
    }
    record(&mut lab, call);
    lab.run_ms(500);
    assert!(lab.exchange.recording(call).is_none() && lab.phone("201").is_up());
    let told = "The call is recorded no longer: the phones talk past the box and do not come back.";
    let known = lab.exchange.call(call).unwrap();
    assert!(known.steps.iter().any(|it| it.text == told), "{:?}", known.steps);
}

/// How many packets of the box 201 and 202 heard.
fn tones(lab: &mut Lab) -> [usize; 2] {
    ["201", "202"].map(|name| lab.phone(name).talk().sounds)
}

/// A quarter of a second in packets of 20 ms.
const TONE: usize = 13;

/// Whether a recording has begun since this was asked last.
fn has_begun(lab: &mut Lab) -> bool {
    std::iter::from_fn(|| lab.engine.poll_taped()).any(|it| matches!(it, Taped::Begin(..)))
}

#[test]
fn who_talks_past_the_box_hears_the_whole_tone_once_it_is_back_and_the_tape_begins_no_sooner() {
    let plain = |seed| past(seed);
    let encrypted = |seed| past_encrypted(seed, [Speaks::Encrypted(BOTH); 2]);
    let offices: [&dyn Fn(u64) -> Lab; 2] = [&plain, &encrypted];
    for (seed, office) in (80..).zip(offices) {
        let mut lab = office(seed);
        assert!(is_past(&mut lab));
        // One of them takes its time, and both hear only who they talk to.
        for (name, millis) in [("201", 100), ("202", 900)] {
            lab.phone(name).habits(|habits| {
                habits.strict = true;
                habits.thinks = Duration::from_millis(millis);
            });
        }
        let call = lab.exchange.calls()[0].id;
        record(&mut lab, call);
        lab.run_ms(800);
        assert!(!has_begun(&mut lab), "half a conversation is on the tape");
        assert_eq!(tones(&mut lab), [0; 2]);
        lab.run_ms(600);
        assert!(has_begun(&mut lab));
        lab.talk("201", "202");
        assert_eq!(tones(&mut lab), [TONE; 2]);
        lab.phone("201").hangs_up();
        lab.rest();
        assert_eq!(lab.record().recordings.len(), 1);
    }
}

#[test]
fn a_recording_that_ends_before_the_phones_are_back_leaves_nothing() {
    for hangs_up in [false, true] {
        let mut lab = past(82);
        for name in ["201", "202"] {
            lab.phone(name).habits(|habits| habits.thinks = Duration::from_millis(500));
        }
        let call = lab.exchange.calls()[0].id;
        record(&mut lab, call);
        lab.run_ms(200);
        match hangs_up {
            true => lab.phone("201").hangs_up(),
            false => lab.input(Input::Command(Command::StopRecord(call))),
        }
        lab.run_ms(5_000);
        assert!(!has_begun(&mut lab) && lab.exchange.recording(call).is_none());
        assert_eq!(tones(&mut lab), [0; 2]);
        if !hangs_up {
            assert!(is_past(&mut lab));
            lab.talk("201", "202");
            lab.phone("201").hangs_up();
        }
        lab.rest();
        assert_eq!(lab.record().recordings, []);
    }
}

#[test]
fn a_phone_that_cannot_come_back_just_now_is_asked_again_and_then_recorded() {
    let mut lab = past(83);
    lab.phone("202").habits(|habits| habits.refuses_offers = Some(491));
    let call = lab.exchange.calls()[0].id;
    record(&mut lab, call);
    lab.run_ms(1_000);
    assert!(!has_begun(&mut lab));
    lab.phone("202").habits(|habits| habits.refuses_offers = None);
    lab.run_ms(6_000);
    assert!(has_begun(&mut lab) && !is_past(&mut lab));
    assert_eq!(tones(&mut lab), [TONE; 2]);
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn who_refuses_to_come_back_has_its_partner_with_it_again() {
    let plain = |seed| past(seed);
    let encrypted = |seed| past_encrypted(seed, [Speaks::Encrypted(BOTH); 2]);
    let offices: [&dyn Fn(u64) -> Lab; 2] = [&plain, &encrypted];
    for (seed, office) in (84..).zip(offices) {
        let mut lab = office(seed);
        lab.phone("202").habits(|habits| habits.refuses_offers = Some(488));
        let call = lab.exchange.calls()[0].id;
        let capture =
            |begin| if begin { Command::Capture(call) } else { Command::StopCapture(call) };
        record(&mut lab, call);
        lab.run_ms(500);
        assert!(lab.exchange.recording(call).is_none() && !has_begun(&mut lab));
        for begin in [true, false] {
            assert!(is_past(&mut lab));
            lab.talk("201", "202");
            lab.input(Input::Command(capture(begin)));
            lab.run_ms(500);
        }
        assert_eq!(tones(&mut lab), [0; 2]);
        // Whoever asks next finds it willing.
        lab.phone("202").habits(|habits| habits.refuses_offers = None);
        record(&mut lab, call);
        lab.run_ms(1_000);
        assert!(has_begun(&mut lab) && !is_past(&mut lab));
        lab.talk("201", "202");
        lab.phone("201").hangs_up();
        lab.rest();
    }
}

fn record(lab: &mut Lab, call: CallId) {
    let (container, layout, by) = (Container::Wav, Layout::Sides, "admin".to_owned());
    lab.input(Input::Command(Command::Record(Wanted { call, container, layout, by })));
    assert!(lab.exchange.recording(call).is_some());
}

#[test]
fn keys_of_encrypted_signalling_are_not_told_in_the_clear() {
    let mut lab = Lab::office(75, &["202"]);
    lab.media_path(PathPolicy::DirectEncrypted);
    lab.encryption(Encryption::Opportunistic);
    lab.extension("201");
    lab.add_phone_at("201", "192.168.1.77:5060", "192.168.1.10:5061");
    lab.phone("201").ua().transport = "TLS";
    lab.phone("201").registers();
    for name in ["201", "202"] {
        lab.phone(name).habits(|habits| habits.speaks = Speaks::Encrypted(BOTH));
    }
    lab.run_ms(500);
    connect(&mut lab, "201", "202");
    lab.run_ms(500);
    assert!(!is_past(&mut lab));
    assert_eq!(stays(&lab), Some(Stay::Signalling));
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn encrypted_phones_that_are_not_said_to_take_other_keys_stay_by_the_box() {
    let mut lab = Lab::office(76, &["201", "202"]);
    lab.media_path(PathPolicy::Direct);
    lab.encryption(Encryption::Opportunistic);
    for name in ["201", "202"] {
        lab.phone(name).habits(|habits| habits.speaks = Speaks::Encrypted(BOTH));
    }
    connect(&mut lab, "201", "202");
    lab.run_ms(500);
    assert!(!is_past(&mut lab));
    assert_eq!(stays(&lab), Some(Stay::Keys));
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}
