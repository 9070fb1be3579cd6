//! Conferences among the pairs of an engine, in fake time.

mod joints;
mod table;
mod waking;

use call::{
    Codec, Decibels, MediaCommand, MediaEvent, PlayId, PortId, RoomId, Rounds, Sound, Tone,
};
use table::{Phone, ROOM, Table};

#[test]
fn everybody_hears_all_others_and_not_itself() {
    let mut table = Table::new(&[Codec::Pcma, Codec::Pcma, Codec::G722, Codec::G722]);
    table.run(2_000);
    for speaker in 0..4 {
        for (listener, amplitude) in table.amplitudes(speaker).into_iter().enumerate() {
            let wanted = if listener == speaker { 0.0 } else { 5_000.0 };
            assert!((amplitude - wanted).abs() < 500.0, "{speaker} at {listener}: {amplitude}");
        }
    }
    for phone in &table.phones {
        for pair in phone.headers.windows(2) {
            let ((ssrc, sequence, timestamp), next) = (pair[0], pair[1]);
            assert_eq!(next, (ssrc, sequence.wrapping_add(1), timestamp.wrapping_add(160)));
        }
    }
}

#[test]
fn listeners_share_one_encoding_and_hear_the_few_who_speak() {
    let mut table = Table::new(&[Codec::Pcma; 12]);
    for phone in &mut table.phones[2..] {
        phone.talks = false;
    }
    table.run(2_000);
    let amplitudes = table.amplitudes(0);
    assert!(amplitudes[0] < 100.0, "{amplitudes:?}");
    assert!(amplitudes[1..].iter().all(|it| (it - 5_000.0).abs() < 500.0), "{amplitudes:?}");
    let last = |phone: &Phone| phone.heard[phone.heard.len() - 4_000..].to_vec();
    assert!(table.phones[3..].iter().all(|it| last(it) == last(&table.phones[2])));
    // Somebody begins to speak, and another falls silent.
    table.phones[0].talks = false;
    table.phones[7].talks = true;
    table.run(3_000);
    assert!(table.amplitudes(7)[0] > 4_500.0 && table.amplitudes(7)[7] < 100.0);
    assert!(table.amplitudes(0).iter().all(|it| *it < 100.0));
    let ssrc = |phone: &Phone| phone.headers[0].0;
    assert!(table.phones.iter().all(|it| it.headers.iter().all(|head| head.0 == ssrc(it))));
}

#[test]
fn who_was_not_listened_to_is_heard_at_once_when_he_speaks() {
    let mut table = Table::new(&[Codec::Pcma; 12]);
    for phone in &mut table.phones[2..] {
        phone.talks = false;
    }
    table.run(20_000);
    table.phones[7].talks = true;
    let begun = table.phones[0].heard.len();
    table.run(1_000);
    let (phone, hertz) = (&table.phones[0], table.phones[7].hertz);
    let amplitude = |pcm: &[i16]| {
        let part = |of: fn(f64) -> f64| {
            let at = |(n, it): (usize, &i16)| {
                f64::from(*it) * of(n as f64 / 8_000.0 * hertz * std::f64::consts::TAU)
            };
            pcm.iter().enumerate().map(at).sum::<f64>()
        };
        2.0 * part(f64::sin).hypot(part(f64::cos)) / pcm.len() as f64
    };
    // A tenth of a second of a tone tells 1,100 Hz from 400 and 500.
    let turns = phone.heard[begun..].chunks_exact(800);
    let first = turns.map(amplitude).position(|it| it > 2_500.0);
    assert!(first.is_some_and(|turn| turn <= 1), "heard after {first:?} tenths of a second");
}

#[test]
fn who_only_listens_is_counted_as_not_listened_to_and_not_as_late() {
    let mut table = Table::new(&[Codec::Pcma; 12]);
    for phone in &mut table.phones[2..] {
        phone.talks = false;
    }
    let [speaker, listener] = [0, 11].map(|it: usize| table.phones[it].port);
    let mut events = Vec::new();
    for _ in 0..105 {
        events.extend(table.run(200));
        table.wire.engine.tick(table.wire.now);
    }
    let of = |wanted: PortId| {
        let points = events.iter().filter_map(move |event| match event {
            MediaEvent::Quality { port, point } if *port == wanted => Some(point.heard),
            _ => None,
        });
        points.skip(1).collect::<Vec<_>>()
    };
    for (port, unheard) in [(speaker, 0..=20), (listener, 980..=1_000)] {
        let all = of(port);
        assert!(all.len() >= 2, "{all:?}");
        for heard in all {
            let played = heard.played.unwrap();
            assert_eq!((heard.loss_permille, heard.discarded_permille), (0, Some(0)), "{heard:?}");
            assert_eq!((played.concealed_permille, heard.r), (0, 93), "{heard:?}");
            assert!(unheard.contains(&played.unheard_permille), "{heard:?}");
        }
    }
}

#[test]
fn mute_and_gain_hold_wherever_somebody_goes() {
    let mut table = Table::new(&[Codec::Pcma; 3]);
    let [a, b, _] = [0, 1, 2].map(|it: usize| table.phones[it].port);
    table.tell(MediaCommand::Mute { port: a, muted: true });
    table.tell(MediaCommand::Gain { port: b, gain: Decibels(-6) });
    table.run(1_500);
    for _ in 0..2 {
        assert!(table.amplitudes(0).iter().all(|it| *it < 50.0));
        assert!((table.amplitudes(1)[2] - 2_500.0).abs() < 250.0, "{:?}", table.amplitudes(1));
        // The others follow into another room.
        for number in 0..3 {
            let port = table.phones[number].port;
            table.tell(MediaCommand::Join { port, room: RoomId(2) });
        }
        table.run(1_500);
    }
    table.tell(MediaCommand::Mute { port: a, muted: false });
    table.run(1_000);
    assert!(table.amplitudes(0)[2] > 4_500.0);
}

#[test]
fn control_is_told_who_speaks() {
    let mut table = Table::new(&[Codec::Pcma; 3]);
    for phone in &mut table.phones {
        phone.talks = false;
    }
    assert!(!table.run(1_000).iter().any(|it| matches!(it, MediaEvent::Speaking { .. })));
    table.phones[1].talks = true;
    let port = Some(table.phones[1].port);
    assert_eq!(table.run(1_000), [MediaEvent::Speaking { room: ROOM, port }]);
    table.phones[1].talks = false;
    assert_eq!(table.run(4_000), [MediaEvent::Speaking { room: ROOM, port: None }]);
}

#[test]
fn what_is_played_to_a_member_comes_before_the_others_and_breaks_no_stream() {
    let mut table = Table::new(&[Codec::Pcma; 3]);
    let port = table.phones[0].port;
    table.run(1_000);
    let sound = Sound::Tone { tone: Tone::Busy, country: *b"de" };
    let (rounds, gain) = (Rounds::Endless, Decibels(0));
    table.tell(MediaCommand::Play { port, play: PlayId(1), sound, rounds, gain });
    table.run(1_000);
    assert!(table.amplitudes(2)[0] < 50.0 && table.amplitudes(0)[2] > 4_500.0);
    table.tell(MediaCommand::Stop { port });
    table.run(1_000);
    assert!(table.amplitudes(2)[0] > 4_500.0);
    let headers = &table.phones[0].headers;
    for pair in headers.windows(2) {
        assert_eq!(pair[1].1, pair[0].1.wrapping_add(1));
        assert_eq!(pair[1].0, pair[0].0);
        let step = pair[1].2.wrapping_sub(pair[0].2);
        assert!((1..=400).contains(&step), "{step}");
    }
    assert!(headers.len() > 145, "{}", headers.len());
}

#[test]
fn who_leaves_or_hangs_up_is_gone_and_an_empty_room_rests() {
    let mut table = Table::new(&[Codec::Pcma; 3]);
    table.run(1_000);
    table.tell(MediaCommand::Leave { port: table.phones[0].port });
    table.run(1_000);
    assert!(table.amplitudes(0)[1..].iter().all(|it| *it < 50.0));
    let heard = table.phones[0].heard.len();
    assert!(heard <= 8_000 + 160, "{heard}");
    table.tell(MediaCommand::Close { port: table.phones[1].port });
    table.tell(MediaCommand::Close { port: table.phones[2].port });
    assert_eq!(table.wire.engine.next_speech(), None);
}

#[test]
fn another_codec_is_spoken_from_the_next_turn_on() {
    let mut table = Table::new(&[Codec::Pcma; 2]);
    table.run(1_000);
    let port = table.phones[0].port;
    table.phones[0].turn_to(Codec::G722);
    table.describe(port, Codec::G722);
    table.run(2_000);
    assert!((table.amplitudes(1)[0] - 5_000.0).abs() < 500.0, "{:?}", table.amplitudes(1));
    assert!((table.amplitudes(0)[1] - 5_000.0).abs() < 500.0, "{:?}", table.amplitudes(0));
}
