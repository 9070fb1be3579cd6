//! Caller identity over bad lines, by every way of sending it, and what is refused.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod oracle;
#[path = "oracle/spandsp.rs"]
mod spandsp;

use media_dsp::caller_id::digits::{Collector, Form, Identity};
use media_dsp::caller_id::{
    Absence, Alert, AlertDetector, Composer, Delivery, Field, Kind, Lamp, Malformed, Message,
    Moment, Receiver, Sender, Standard, Text, japan,
};
use media_dsp::fsk::{self, BELL_202, Event, Framing, Modem, Transmitter, V23};
use media_dsp::tone::Dbm0;
use media_dsp::{dtmf, tone};
use oracle::{Chance, speech};
use proptest::prelude::*;

const SAID: [Field<'_>; 3] = [
    Field::Moment(moment()),
    Field::Number("+442079460958"),
    Field::Name(Text(b"John Doe & S\xf8n")),
];

const fn moment() -> Moment {
    match Moment::new(3, 24, 9, 2) {
        Some(moment) => moment,
        None => panic!("there is such a minute"),
    }
}

fn message() -> Vec<u8> {
    let composer = SAID.into_iter().try_fold(Composer::new(Kind::Call), Composer::say);
    composer.unwrap().finish().to_vec()
}

fn japanese() -> Vec<u8> {
    let mut octets = [0; 128];
    let fields = [
        Field::Number("0312345678"),
        Field::Other { kind: 0x21, body: &[0x10] },
        Field::Called("0398765432"),
    ];
    let length = japan::compose(&fields, &mut octets).unwrap();
    octets[..length].to_vec()
}

fn octets(standard: Standard) -> Vec<u8> {
    if standard == Standard::Japan { japanese() } else { message() }
}

fn sent(standard: Standard, delivery: Delivery, level: f32) -> Vec<i16> {
    let mut sender = Sender::new(standard, delivery, Dbm0(level), &octets(standard)).unwrap();
    let mut pcm = vec![0; 800];
    loop {
        let mut chunk = [0; 160];
        let count = sender.fill(&mut chunk);
        pcm.extend(&chunk[..count]);
        if count < chunk.len() {
            break;
        }
    }
    pcm.resize(pcm.len() + 800, 0);
    pcm
}

fn heard(standard: Standard, pcm: &[i16]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let mut receiver = Receiver::new(standard);
    for chunk in pcm.chunks(160) {
        receiver.hear(chunk, |octets| all.push(octets.to_vec()));
    }
    all
}

const STANDARDS: [Standard; 3] = [Standard::Telcordia, Standard::Etsi, Standard::Japan];

#[test]
fn what_is_sent_in_every_way_is_heard() {
    for standard in STANDARDS {
        for delivery in [
            Delivery::DuringRinging,
            Delivery::BeforeRingingWithAlert,
            Delivery::BeforeRinging,
            Delivery::DuringCall,
        ] {
            let pcm = sent(standard, delivery, -13.0);
            assert_eq!(heard(standard, &pcm), [octets(standard)], "{standard:?} {delivery:?}");
        }
    }
}

#[test]
fn noise_20_db_below_the_signal_changes_nothing() {
    for standard in STANDARDS {
        let clean = sent(standard, Delivery::DuringRinging, -13.5);
        for seed in 0..20 {
            let pcm = with_noise(&clean, Dbm0(-33.5), seed);
            assert_eq!(heard(standard, &pcm), [octets(standard)], "{standard:?} {seed}");
        }
    }
}

#[test]
fn a_signal_of_minus_40_dbm0_with_noise_20_db_below_is_heard() {
    for standard in STANDARDS {
        let clean = sent(standard, Delivery::DuringRinging, -40.0);
        for seed in 0..20 {
            let pcm = with_noise(&clean, Dbm0(-60.0), seed);
            assert_eq!(heard(standard, &pcm), [octets(standard)], "{standard:?} {seed}");
        }
    }
}

#[test]
fn a_clock_2_percent_fast_or_slow_changes_nothing() {
    for (standard, modem) in [(Standard::Telcordia, BELL_202), (Standard::Etsi, V23)] {
        for off in [-0.02, -0.01, 0.01, 0.02] {
            let message = message();
            // The rate alone, and the frequencies with it.
            let rate = Modem { baud: modem.baud * (1.0 + off), ..modem };
            let all =
                Modem { mark: rate.mark * (1.0 + off), space: rate.space * (1.0 + off), ..rate };
            for modem in [rate, all] {
                let pcm = keyed(modem, -20.0, Framing::ON_HOOK, &message);
                let pcm = with_noise(&pcm, Dbm0(-40.0), 1);
                assert_eq!(
                    heard(standard, &pcm),
                    std::slice::from_ref(&message),
                    "{standard:?} {off}"
                );
            }
        }
    }
}

#[test]
fn a_line_that_takes_6_db_more_of_one_frequency_changes_nothing() {
    for standard in STANDARDS {
        let clean = sent(standard, Delivery::DuringRinging, -13.5);
        for tilt in [-0.6_f32, 0.6] {
            let mut before = 0.0;
            let tilted: Vec<i16> = clean
                .iter()
                .map(|it| {
                    let now = f32::from(*it);
                    let out = (now + tilt * before) / 1.6;
                    before = now;
                    out as i16
                })
                .collect();
            let pcm = with_noise(&tilted, Dbm0(-40.0), 5);
            assert_eq!(heard(standard, &pcm), [octets(standard)], "{standard:?} {tilt}");
        }
    }
}

#[test]
fn two_messages_in_a_row_are_two() {
    let one = sent(Standard::Etsi, Delivery::DuringCall, -13.0);
    let pcm = [one.clone(), one].concat();
    assert_eq!(heard(Standard::Etsi, &pcm), [message(), message()]);
}

#[test]
fn ten_marks_between_octets_are_borne() {
    let framing = Framing { stops: 10, ..Framing::ON_HOOK };
    let pcm = keyed(BELL_202, -13.0, framing, &message());
    assert_eq!(heard(Standard::Telcordia, &pcm), [message()]);
}

#[test]
fn a_receiver_says_what_there_is_on_the_line() {
    let pcm = keyed(V23, -13.0, Framing { tail: 40, ..Framing::OFF_HOOK }, b"UU");
    let mut events = Vec::new();
    fsk::Receiver::new(V23).hear(&pcm, |event| events.push(event));
    let [Event::Carrier, Event::Octet { octet: b'U', marks }, Event::Octet { .. }, ..] = events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(events.last(), Some(&Event::Silence));
    assert!((55..=80).contains(&marks), "{marks}");
}

#[test]
fn the_alert_is_heard_and_is_not_speech() {
    let mut durations = Vec::new();
    let mut detector = AlertDetector::new();
    let pcm = sent(Standard::Etsi, Delivery::BeforeRingingWithAlert, -13.0);
    detector.hear(&pcm, |duration| durations.push(duration));
    let [duration] = durations[..] else { panic!("{durations:?}") };
    assert!(duration.abs_diff(800) <= 40, "{duration}");
    let Some(samples) = speech(20 * 60) else { return };
    detector.hear(&samples, |duration| panic!("an alert of {duration} in speech"));
}

#[test]
fn an_alert_during_a_call_is_heard_and_a_beep_is_none() {
    for (samples, count) in [(Alert::DURING_CALL, 1), (Alert::ON_HOOK, 1), (400, 0), (1_200, 0)] {
        let mut pcm = [0; 2_400];
        Alert::new(samples).fill(&mut pcm[333..]);
        let pcm = with_noise(&pcm, Dbm0(-35.0), 2);
        let mut heard = 0;
        AlertDetector::new().hear(&pcm, |_| heard += 1);
        assert_eq!(heard, count, "{samples} samples");
    }
}

#[test]
fn how_the_samples_are_cut_makes_no_difference() {
    let pcm = sent(Standard::Etsi, Delivery::DuringRinging, -13.0);
    let whole = heard(Standard::Etsi, &pcm);
    let (mut chance, mut rest, mut all) = (Chance::new(11), &pcm[..], Vec::new());
    let mut receiver = Receiver::new(Standard::Etsi);
    while !rest.is_empty() {
        let (now, later) = rest.split_at(chance.below(100).min(rest.len()));
        receiver.hear(now, |octets| all.push(octets.to_vec()));
        rest = later;
    }
    assert_eq!(all, whole);
}

#[test]
fn speech_is_no_message() {
    let Some(samples) = speech(5 * 60) else { return };
    for standard in STANDARDS {
        for octets in heard(standard, &samples) {
            assert!(Message::parse(&octets).is_err() && japan::parse(&octets).is_err());
        }
    }
}

#[test]
fn a_message_says_what_was_said() {
    let octets = message();
    let parsed = Message::parse(&octets).unwrap();
    assert_eq!(parsed.kind(), Kind::Call);
    assert!(parsed.fields().eq(SAID));
    let name =
        parsed.fields().find_map(|it| if let Field::Name(name) = it { Some(name) } else { None });
    assert_eq!(name.unwrap().to_string(), "John Doe & Søn");
}

#[test]
fn every_field_comes_back() {
    let fields = [
        Field::Moment(moment()),
        Field::NumberAbsent(Absence::Private),
        Field::NameAbsent(Absence::Unavailable),
        Field::Called("201"),
        Field::Redirecting("02079460000"),
        Field::Lamp(Lamp::On),
        Field::MessagesWaiting(3),
        Field::CallType(2),
        Field::Other { kind: 0x50, body: b"\x01hello" },
    ];
    let composer = fields.into_iter().try_fold(Composer::new(Kind::Waiting), Composer::say);
    let mut composer = composer.unwrap();
    let octets = composer.finish();
    assert!(Message::parse(octets).unwrap().fields().eq(fields));
}

/// The examples of microEngineering Labs; the second and third with the sums that they should have.
#[test]
fn messages_of_others_are_understood() {
    let single = b"\x04\x12093012246095551212\x51";
    let parsed = Message::parse(single).unwrap();
    assert_eq!(parsed.kind(), Kind::SingleCall);
    let at = Moment::new(9, 30, 12, 24).unwrap();
    assert!(parsed.fields().eq([Field::Moment(at), Field::Number("6095551212")]));
    let parsed = Message::parse(b"\x04\x0909301224P\x0e").unwrap();
    assert!(parsed.fields().eq([Field::Moment(at), Field::NumberAbsent(Absence::Private)]));
    let multiple = b"\x80\x20\x01\x0803240902\x07\x08JOHN DOE\x02\x0a8005551212\x84";
    let parsed = Message::parse(multiple).unwrap();
    let name = Field::Name(Text(b"JOHN DOE"));
    assert!(parsed.fields().eq([Field::Moment(moment()), name, Field::Number("8005551212")]));
}

#[test]
fn single_messages_are_composed_as_they_are_read() {
    let at = Moment::new(9, 30, 12, 24).unwrap();
    let composer = Composer::new(Kind::SingleCall).say(Field::Moment(at)).unwrap();
    let mut composer = composer.say(Field::NumberAbsent(Absence::Private)).unwrap();
    assert_eq!(composer.finish(), b"\x04\x0909301224P\x0e");
    assert!(Composer::new(Kind::SingleCall).say(Field::Number("1")).is_err());
    let mut lamp = Composer::new(Kind::SingleWaiting).say(Field::Lamp(Lamp::Off)).unwrap();
    assert!(Message::parse(lamp.finish()).unwrap().fields().eq([Field::Lamp(Lamp::Off)]));
}

#[test]
fn malformed_messages_are_refused() {
    let sound = message();
    assert_eq!(Message::parse(&sound[..sound.len() - 1]), Err(Malformed::Length));
    assert_eq!(Message::parse(&[]), Err(Malformed::Length));
    for at in 0..sound.len() {
        for flip in [1, 0x80] {
            let mut broken = sound.clone();
            broken[at] ^= flip;
            assert!(Message::parse(&broken).is_err(), "octet {at}");
        }
    }
    assert_eq!(Message::parse(&sealed(&[0x55, 0])), Err(Malformed::Kind));
    let beyond = sealed(&[0x80, 3, 0x02, 9, b'1']);
    assert_eq!(Message::parse(&beyond), Err(Malformed::Field));
    for body in
        [&b"\x01\x0813240902"[..], b"\x01\x0703240902", b"\x02\x00", b"\x02\x02x1", b"\x04\x01Q"]
    {
        let mut octets = vec![0x80, body.len() as u8];
        octets.extend(body);
        assert_eq!(Message::parse(&sealed(&octets)), Err(Malformed::Field), "{body:?}");
    }
    for body in [&b""[..], b"0930122", b"09301224", b"09301224Q", b"99301224123"] {
        let mut octets = vec![0x04, body.len() as u8];
        octets.extend(body);
        assert_eq!(Message::parse(&sealed(&octets)), Err(Malformed::Field), "{body:?}");
    }
}

#[test]
fn a_message_takes_255_octets_and_no_more() {
    let body = [b'x'; 253];
    let full = Field::Name(Text(&body));
    let mut composer = Composer::new(Kind::Call).say(full).unwrap();
    assert_eq!(composer.finish().len(), 258);
    assert!(Message::parse(composer.finish()).is_ok());
    assert!(composer.say(Field::MessagesWaiting(1)).is_err());
}

#[test]
fn a_japanese_frame_says_what_was_said_and_its_check_guards_it() {
    let frame = japanese();
    let notice = japan::parse(&frame).unwrap();
    let fields: Vec<_> = notice.fields().collect();
    assert_eq!(
        fields,
        [
            Field::Number("0312345678"),
            Field::Other { kind: 0x21, body: &[0x10] },
            Field::Called("0398765432")
        ]
    );
    for at in 0..frame.len() {
        for bit in 0..8 {
            let mut broken = frame.clone();
            broken[at] ^= 1 << bit;
            assert!(japan::parse(&broken).is_err(), "octet {at}, bit {bit}");
        }
    }
    for end in 0..frame.len() {
        assert!(japan::parse(&frame[..end]).is_err(), "{end} octets");
    }
}

#[test]
fn digits_say_who_calls_in_every_form() {
    let caller = Identity::new("02079460958").unwrap();
    for form in [Form::Fields, Form::Hash, Form::Between] {
        let digits = caller.compose(form).unwrap();
        assert_eq!(Identity::parse(digits.as_str()), Ok(caller), "{form:?}");
    }
    let forwarded = caller.redirected_by("12345").unwrap();
    assert_eq!(forwarded.compose(Form::Fields).unwrap().as_str(), "A02079460958D12345C");
    assert_eq!(Identity::parse("A02079460958D12345C"), Ok(forwarded));
    assert_eq!(Identity::parse("B10C"), Ok(Identity::absent(Absence::Private)));
    assert_eq!(Identity::parse("B00C"), Ok(Identity::absent(Absence::Unavailable)));
    assert_eq!(Identity::parse("D1#"), Ok(Identity::absent(Absence::Private)));
    assert_eq!(Identity::parse("02079460958#").unwrap().number(), "02079460958");
    for wrong in ["", "C", "#", "A#", "AC", "A1", "B20C", "A12B3C", "X1C", "A1A#", "AéC"] {
        assert!(Identity::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn digits_are_gathered_off_the_line() {
    let caller = Identity::new("02079460958").unwrap();
    let mut pcm = vec![0; 400];
    for sign in caller.compose(Form::Fields).unwrap().as_str().chars() {
        let digit = dtmf::Digit::parse(sign).unwrap();
        let mut samples = [0; 1_120];
        dtmf::Generator::new(digit, (Dbm0(-14.0), Dbm0(-12.0)), 560, 560).fill(&mut samples);
        pcm.extend(samples);
    }
    let (mut collector, mut found) = (Collector::default(), Vec::new());
    dtmf::Detector::new().hear(&pcm, |event| {
        if let dtmf::Event::Began(heard) = event {
            found.extend(collector.take(heard.digit));
        }
    });
    assert_eq!(found, [Ok(caller)]);
}

#[test]
fn a_peer_hears_what_is_sent() {
    for (standard, number) in [(Standard::Telcordia, 1), (Standard::Etsi, 2), (Standard::Japan, 4)]
    {
        let Some(mut peer) = spandsp::Receiver::caller_id(number) else { return };
        // It counts a double DLE twice, so this has none; and it keeps the checks to itself.
        let mut frame = [0; 40];
        let length = japan::compose(&[Field::Number("0312345678")], &mut frame).unwrap();
        let (octets, checks) = match standard {
            Standard::Japan => (frame[..length].to_vec(), 2),
            Standard::Telcordia | Standard::Etsi => (message(), 1),
        };
        let level = Dbm0(-13.0);
        let mut sender = Sender::new(standard, Delivery::DuringRinging, level, &octets).unwrap();
        let mut pcm = [0; 16_000];
        sender.fill(&mut pcm);
        peer.hear(&pcm);
        let mut expected = octets[..octets.len() - checks].to_vec();
        if standard == Standard::Japan {
            expected.iter_mut().for_each(|octet| *octet &= 0x7f);
        }
        assert_eq!(peer.octets(), expected, "{standard:?}");
    }
}

#[test]
fn what_a_peer_sends_is_heard() {
    let body = b"\x80\x20\x01\x0803240902\x07\x08JOHN DOE\x02\x0a8005551212";
    for (standard, number) in [(Standard::Telcordia, 1), (Standard::Etsi, 2)] {
        let Some(pcm) = spandsp::caller_id(number, body) else { return };
        let [octets] = &heard(standard, &pcm)[..] else { panic!("{standard:?}: not one message") };
        assert_eq!(Message::parse(octets).unwrap().fields().count(), 3);
    }
    let Some(pcm) = spandsp::caller_id(4, b"\x40\x0c\x02\x0a0312345678") else { return };
    let [octets] = &heard(Standard::Japan, &pcm)[..] else { panic!("not one frame") };
    let notice = japan::parse(octets).unwrap();
    assert!(notice.fields().eq([Field::Number("0312345678")]));
}

fn sealed(octets: &[u8]) -> Vec<u8> {
    let sum = octets.iter().fold(0_u8, |sum, octet| sum.wrapping_add(*octet));
    [octets, &[sum.wrapping_neg()]].concat()
}

fn keyed(modem: Modem, level: f32, framing: Framing, octets: &[u8]) -> Vec<i16> {
    let mut pcm = vec![0; 24_000];
    let mut bits = framing.bits(octets);
    let count = Transmitter::new(modem, Dbm0(level)).fill(&mut bits, &mut pcm[400..]);
    assert!(count < 23_000);
    pcm.truncate(400 + count + 800);
    pcm
}

fn with_noise(pcm: &[i16], level: Dbm0, seed: u64) -> Vec<i16> {
    let mut chance = Chance::new(0x1234_5678 + seed * 977);
    let peak = (level.mean_square() * 3.0).sqrt();
    let noisy = |it: &i16| f32::from(*it) + peak * f32::from(chance.sample()) / 32_768.0;
    pcm.iter().map(noisy).map(|it| it.round() as i16).collect()
}

proptest! {
    #[test]
    fn no_octets_make_the_parsers_panic(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Message::parse(&octets);
        let _ = Message::parse(&sealed(&octets)).map(|it| it.fields().count());
        let _ = japan::parse(&octets);
    }

    #[test]
    fn any_parameters_are_read_or_refused(
        kind in prop::sample::select(vec![0x04_u8, 0x06, 0x80, 0x82]),
        body in proptest::collection::vec(prop_oneof![0_u8..32, any::<u8>()], 0..40),
    ) {
        let mut octets = vec![kind, body.len() as u8];
        octets.extend(body);
        let _ = Message::parse(&sealed(&octets)).map(|it| it.fields().count());
    }

    #[test]
    fn no_digits_make_the_parser_panic(digits in "[0-9A-D*#é]{0,40}[C#]") {
        let _ = Identity::parse(&digits);
    }

    #[test]
    fn no_samples_make_the_receivers_panic(
        samples in proptest::collection::vec(any::<i16>(), 0..3_000),
    ) {
        for standard in STANDARDS {
            heard(standard, &samples);
        }
        AlertDetector::new().hear(&samples, |_| ());
    }
}

#[test]
fn what_is_sent_has_its_level() {
    let pcm = keyed(V23, -13.5, Framing::ON_HOOK, b"hello");
    let sounding = &pcm[400..4_000];
    let squares: f32 = sounding.iter().map(|it| f32::from(*it).powi(2)).sum();
    let level = tone::Dbm0::of_mean_square(squares / sounding.len() as f32).0;
    assert!((level + 13.5).abs() < 0.2, "{level}");
}
