//! Keys beside sound that is translated (RFC 4733).

use super::*;
use call::{Decibels, KeyPress, KeySource, MediaEvent, PlayId, Rounds, Sound, Tone};
use media_dsp::dtmf::{self, Detector, Digit, Generator};
use media_dsp::g722;
use media_dsp::resample::{Rate, Resampler};
use media_dsp::tone::Dbm0;

fn event(code: u8, end: bool, duration: u16) -> Vec<u8> {
    let [high, low] = duration.to_be_bytes();
    vec![code, u8::from(end) << 7 | 10, high, low]
}

#[test]
fn keys_have_the_number_and_the_clock_of_who_hears_them() {
    let keys = |clock| Codec::TelephoneEvent { clock };
    let mut bridge = Bridge::new(
        &[(0, Codec::Pcmu), (101, keys(8_000))],
        &[(111, Codec::Opus), (96, keys(48_000))],
    );
    let sound = mu_law(&tone(160));
    assert_eq!(names(&bridge.say(0, 1, 160, &sound)), [(111, 1, 160)]);
    assert_eq!(names(&bridge.say(0, 2, 320, &sound)), [(111, 2, 1_120)]);
    for (sequence, duration) in [(3, 160), (4, 320), (5, 480)] {
        let left = bridge.say(101, sequence, 480, &event(5, sequence == 5, duration));
        assert_eq!(names(&left), [(96, sequence, 2_080)]);
        assert_eq!(left[0].payload, event(5, sequence == 5, duration * 6));
    }
    assert_eq!(names(&bridge.say(0, 6, 960, &sound)), [(111, 6, 160 + 800 * 6)]);
}

#[test]
fn a_key_that_is_held_for_long_goes_on_in_segments() {
    let keys = |clock| Codec::TelephoneEvent { clock };
    let mut bridge = Bridge::new(
        &[(0, Codec::Pcmu), (101, keys(8_000))],
        &[(111, Codec::Opus), (96, keys(48_000))],
    );
    bridge.say(0, 0, 0, &mu_law(&tone(160)));
    let left = bridge.say(101, 1, 160, &event(1, false, 10_922));
    assert_eq!((left[0].timestamp, &left[0].payload), (960, &event(1, false, 65_532)));
    let left = bridge.say(101, 2, 160, &event(1, false, 11_082));
    let (later, rest) = (960 + 65_535, 11_082 * 6 - 65_535);
    assert_eq!((left[0].timestamp, &left[0].payload), (later, &event(1, false, rest as u16)));
}

#[test]
fn a_slower_clock_counts_fewer_ticks() {
    let keys = |clock| Codec::TelephoneEvent { clock };
    let mut bridge = Bridge::new(
        &[(111, Codec::Opus), (96, keys(48_000))],
        &[(0, Codec::Pcmu), (101, keys(8_000))],
    );
    let left = bridge.say(96, 7, 9_600, &event(11, true, 4_800));
    assert_eq!(names(&left), [(101, 7, 9_600)]);
    assert_eq!(left[0].payload, event(11, true, 800));
}

#[test]
fn keys_between_packets_of_another_length_are_numbered_among_them() {
    let keys = Codec::TelephoneEvent { clock: 8_000 };
    let mut bridge = Bridge::new(&[(0, Codec::Pcmu), (101, keys)], &[(8, Codec::Pcma), (96, keys)]);
    bridge.agree(B, &[(8, Codec::Pcma), (96, keys)], 30);
    let sound = mu_law(&tone(160));
    let mut heard = Vec::new();
    for n in 0..3 {
        heard.extend(bridge.say(0, n, u32::from(n) * 160, &sound));
    }
    heard.extend(bridge.say(101, 3, 480, &event(1, false, 160)));
    heard.extend(bridge.say(101, 4, 480, &event(1, true, 320)));
    for n in 5..8 {
        heard.extend(bridge.say(0, n, u32::from(n) * 160, &sound));
    }
    let expected = [(8, 0, 0), (8, 1, 240), (96, 2, 480), (96, 3, 480), (8, 4, 800), (8, 5, 1_040)];
    assert_eq!(names(&heard), expected);
}

/// A key for so many milliseconds in packets of 20 ms, with its end three times; what was heard.
fn press(bridge: &mut Bridge, first: u16, timestamp: u32, code: u8, millis: u16) -> Vec<Left> {
    let mut heard = Vec::new();
    let steps = millis / 20;
    for (n, step) in (1..=steps).chain([steps, steps]).enumerate() {
        let payload = event(code, step == steps, step * 160);
        heard.extend(bridge.say(101, first + n as u16, timestamp, &payload));
    }
    heard
}

fn keys_of(bridge: &mut Bridge) -> Vec<(char, u16, KeySource)> {
    let of_event = |event| match event {
        MediaEvent::Key { port: A, key } => Some((key.key, key.millis, key.source)),
        _ => None,
    };
    bridge.wire.events().into_iter().filter_map(of_event).collect()
}

/// The keys in G.711 of one law, and how long they sound.
fn tones_in(law: Law, packets: &[Left]) -> Vec<(char, u64)> {
    let (mut detector, mut heard) = (Detector::new(), Vec::new());
    let mut hear = |pcm: &[i16]| {
        detector.hear(pcm, |event| {
            if let dtmf::Event::Ended(it) = event {
                heard.push((it.digit.sign(), it.duration / 8));
            }
        });
    };
    for packet in packets {
        let mut pcm = vec![0; packet.payload.len()];
        g711::Decoder::new(law).decode(&packet.payload, &mut pcm).unwrap();
        hear(&pcm);
    }
    hear(&[0; 800]);
    heard
}

/// Tones of a key at 8 kHz.
fn dialled(key: char, millis: u32) -> Vec<i16> {
    let digit = Digit::parse(key).unwrap();
    let mut pcm = vec![0; millis as usize * 8];
    Generator::new(digit, (Dbm0(-9.0), Dbm0(-7.0)), u32::MAX, 0).fill(&mut pcm);
    pcm
}

const KEYS: Codec = Codec::TelephoneEvent { clock: 8_000 };

#[test]
fn a_key_is_told_once_whatever_comes_twice_or_late_or_not_at_all() {
    let mut bridge = Bridge::new(&[(0, Codec::Pcmu), (101, KEYS)], &[(0, Codec::Pcmu), (96, KEYS)]);
    press(&mut bridge, 1, 160, 5, 100);
    assert_eq!(keys_of(&mut bridge), [('5', 100, KeySource::Rfc4733)]);
    // A copy that comes late, and one of the key before, after the next has begun.
    bridge.say(101, 7, 160, &event(5, true, 800));
    bridge.say(101, 9, 3_200, &event(5, false, 160));
    bridge.say(101, 6, 160, &event(5, true, 800));
    bridge.say(101, 10, 3_200, &event(5, false, 400));
    assert_eq!(keys_of(&mut bridge), []);
    // All ends are lost: another key, or silence, says that it was let go.
    bridge.say(101, 20, 8_000, &event(11, false, 160));
    assert_eq!(keys_of(&mut bridge), [('5', 50, KeySource::Rfc4733)]);
    bridge.wire.wait(200);
    assert_eq!(keys_of(&mut bridge), []);
    bridge.wire.wait(60);
    assert_eq!(keys_of(&mut bridge), [('#', 20, KeySource::Rfc4733)]);
    bridge.wire.wait(1_000);
    bridge.say(101, 21, 8_000, &event(11, true, 320));
    assert_eq!(keys_of(&mut bridge), []);
    // A flash of the hook is no key.
    press(&mut bridge, 30, 16_000, 16, 100);
    assert_eq!(keys_of(&mut bridge), []);
}

#[test]
fn a_key_that_is_held_for_ten_seconds_is_one_key() {
    let mut bridge = Bridge::new(&[(0, Codec::Pcmu), (101, KEYS)], &[(0, Codec::Pcmu), (96, KEYS)]);
    for n in 0..500_u32 {
        let ticks = (n + 1) * 160;
        let (segment, rest) = (ticks / 65_535 * 65_535, ticks % 65_535);
        bridge.say(101, n as u16, 160 + segment, &event(9, n == 499, rest as u16));
    }
    assert_eq!(keys_of(&mut bridge), [('9', 10_000, KeySource::Rfc4733)]);
}

#[test]
fn who_knows_no_events_hears_the_tones_of_keys_and_each_once() {
    for (codec, law) in [(Codec::Pcmu, Law::Mu), (Codec::Pcma, Law::A)] {
        let mut bridge = Bridge::new(&[(0, Codec::Pcmu), (101, KEYS)], &[(8, codec)]);
        let mut heard = Vec::new();
        let quiet = mu_law(&[0; 160]);
        let (mut sequence, mut at) = (0, 0);
        for code in [5, 5, 11, 0] {
            for _ in 0..5 {
                heard.extend(bridge.say(0, sequence, at, &quiet));
                (sequence, at) = (sequence + 1, at + 160);
            }
            // One of its packets is lost.
            for (n, step) in [1, 2, 4, 5, 5, 5].into_iter().enumerate() {
                let payload = event(code, n >= 3, step * 160);
                heard.extend(bridge.say(101, sequence, at, &payload));
                sequence += 1;
            }
            // The phone speaks on meanwhile.
            assert_eq!(bridge.say_dropped(0, sequence, at + 320, &quiet), DropReason::Keyed);
            (sequence, at) = (sequence + 1, at + 800);
        }
        for _ in 0..5 {
            heard.extend(bridge.say(0, sequence, at, &quiet));
            (sequence, at) = (sequence + 1, at + 160);
        }
        let tones = tones_in(law, &heard);
        let keys: String = tones.iter().map(|it| it.0).collect();
        assert_eq!(keys, "55#0", "{codec:?}");
        assert!(tones.iter().all(|it| it.1.abs_diff(100) <= 5), "{tones:?}");
        // One stream without a gap, as long as what was said.
        assert!(heard.iter().map(|it| it.sequence).is_sorted());
        let ends: Vec<_> = heard.iter().map(|it| it.timestamp).collect();
        assert!(ends.windows(2).all(|it| it[1] - it[0] == 160), "{ends:?}");
        assert_eq!(keys_of(&mut bridge).len(), 4);
    }
}

#[test]
fn who_is_told_by_signalling_hears_no_tones() {
    let mut bridge = Bridge::new(&[(0, Codec::Pcmu), (101, KEYS)], &[(0, Codec::Pcmu)]);
    bridge.wire.tell(MediaCommand::KeysTold { port: B, told: true });
    assert_eq!(press(&mut bridge, 1, 160, 5, 100), []);
    assert_eq!(keys_of(&mut bridge), [('5', 100, KeySource::Rfc4733)]);
}

#[test]
fn tones_become_events_for_who_knows_them() {
    for (phone, carrier) in [(Codec::Pcmu, Codec::Pcmu), (Codec::Pcmu, Codec::G722)] {
        let mut bridge = Bridge::new(&[(0, phone)], &[(9, carrier), (96, KEYS)]);
        let mut pcm = tone(800);
        for key in ['7', '7', '*'] {
            pcm.extend(dialled(key, 90));
            pcm.extend([0; 1_520]);
        }
        let mut heard = Vec::new();
        for (n, pcm) in pcm.chunks(160).enumerate() {
            heard.extend(bridge.say(0, n as u16, n as u32 * 160, &mu_law(pcm)));
        }
        let told = keys_of(&mut bridge);
        let keys: Vec<_> = told.iter().map(|it| (it.0, it.2)).collect();
        let inband = |key| (key, KeySource::Inband);
        assert_eq!(keys, [inband('7'), inband('7'), inband('*')]);
        assert!(told.iter().all(|it| it.1.abs_diff(90) <= 6), "{told:?}");
        let events: Vec<&Left> = heard.iter().filter(|it| it.payload_type == 96).collect();
        let mut ends: Vec<_> =
            events.iter().filter(|it| it.payload[1] & 0x80 != 0).map(|it| it.timestamp).collect();
        assert_eq!(ends.len(), 9);
        ends.dedup();
        assert_eq!(ends.len(), 3);
        assert_eq!(events.iter().filter(|it| it.marker).count(), 3);
        let durations = events.iter().map(|it| u16::from_be_bytes([it.payload[2], it.payload[3]]));
        let longest = durations.max().unwrap();
        assert!(longest.abs_diff(720) <= 200, "{longest}");
        // Of the tone itself no more was heard than it takes to know it.
        if carrier == Codec::Pcmu {
            let sound: Vec<_> = heard.iter().filter(|it| it.payload_type == 9).cloned().collect();
            assert_eq!(tones_in(Law::Mu, &sound), []);
        }
        assert!(heard.windows(2).all(|it| it[1].sequence == it[0].sequence.wrapping_add(1)));
    }
}

#[test]
fn sound_is_not_listened_to_where_nobody_wants_to_know() {
    for other in [vec![(0, Codec::Pcmu)], vec![(0, Codec::Pcmu), (96, KEYS)]] {
        let with_events = other.len() == 2;
        let phone: &[_] = if with_events { &other } else { &[(0, Codec::Pcmu)] };
        let mut bridge = Bridge::new(phone, &other);
        for (n, pcm) in dialled('1', 200).chunks(160).enumerate() {
            let payload = mu_law(pcm);
            let left = bridge.say(0, n as u16, n as u32 * 160, &payload);
            assert_eq!(left[0].payload, payload);
        }
        assert_eq!(keys_of(&mut bridge), []);
        assert_eq!(bridge.wire.close(A).translated, 0);
    }
}

#[test]
fn the_box_itself_hears_tones_of_who_talks_with_nobody() {
    let mut bridge = Bridge::new(&[(9, Codec::G722)], &[(9, Codec::G722)]);
    bridge.wire.tell(MediaCommand::Unbridge { port: A });
    let mut encoder = g722::Encoder::new(g722::Mode::One);
    let mut resampler = Resampler::new(Rate::Hz8000, Rate::Hz16000);
    let sound = [dialled('D', 100), vec![0; 1_600]].concat();
    for (n, pcm) in sound.chunks(160).enumerate() {
        let (mut wide, mut payload) = ([0; 320], [0; 160]);
        resampler.resample(pcm, &mut wide).unwrap();
        encoder.encode(&wide, &mut payload).unwrap();
        let head = rtp(9, n as u16, n as u32 * 160, SSRC);
        let phone = bridge.phone;
        bridge.wire.hear(A, phone, &[&head[..12], &payload].concat());
    }
    let told = keys_of(&mut bridge);
    assert_eq!((told.len(), told[0].0, told[0].2), (1, 'D', KeySource::Inband));
}

/// So much silence in packets of 20 ms; what was heard.
fn listen(bridge: &mut Bridge, first: u16, packets: u16) -> Vec<Left> {
    let quiet = mu_law(&[0; 160]);
    let packets = (first..first + packets).map(|n| (n, u32::from(n) * 160));
    packets.flat_map(|(n, at)| talk(bridge, n, at, &quiet)).collect()
}

/// 20 ms of sound, and what was heard of that and of keys meanwhile.
fn talk(bridge: &mut Bridge, number: u16, timestamp: u32, payload: &[u8]) -> Vec<Left> {
    let mut heard = pause(bridge, 20);
    let head = rtp(0, number, timestamp, SSRC);
    let mut packet = [&head[..12], payload].concat();
    let (engine, now) = (&mut bridge.wire.engine, bridge.wire.now);
    match engine.packet(A, false, bridge.phone, &mut packet, now) {
        Verdict::Forward { .. } => heard.push(left_of(&packet)),
        Verdict::Translated { .. } => {
            heard.extend(std::iter::from_fn(|| engine.poll_packet().map(left_of)));
        }
        Verdict::Drop(reason) => assert_eq!(reason, DropReason::Keyed),
        other => panic!("{other:?}"),
    }
    heard
}

/// Nobody says anything for so long; what was heard of keys.
fn pause(bridge: &mut Bridge, millis: u64) -> Vec<Left> {
    let until = bridge.wire.now + Duration::from_millis(millis);
    let engine = &mut bridge.wire.engine;
    let mut heard = Vec::new();
    while let Some(due) = engine.next_speech().filter(|due| *due < until) {
        while let Some(spoken) = engine.speak(due) {
            assert_eq!((spoken.port, spoken.to), (B, carrier()));
            heard.extend(std::iter::from_fn(|| engine.poll_packet().map(left_of)));
        }
    }
    bridge.wire.now = until;
    heard
}

fn info(key: char) -> MediaCommand {
    MediaCommand::Press { port: B, key: KeyPress { key, millis: 160, source: KeySource::Info } }
}

#[test]
fn a_key_that_a_request_told_is_an_event_for_who_knows_them() {
    let mut bridge = Bridge::new(&[(0, Codec::Pcmu)], &[(8, Codec::Pcma), (96, KEYS)]);
    listen(&mut bridge, 0, 5);
    ['1', '1', '#'].into_iter().for_each(|key| bridge.wire.tell(info(key)));
    let heard = listen(&mut bridge, 5, 60);
    let events: Vec<_> = heard.iter().filter(|it| it.payload_type == 96).collect();
    let expected =
        [1, 1, 11].map(|code| (1..=8).chain([8, 8]).map(move |n| (code, n * 160, n == 8)));
    let expected: Vec<_> =
        expected.into_iter().flatten().map(|(code, ticks, end)| event(code, end, ticks)).collect();
    assert_eq!(events.iter().map(|it| it.payload.clone()).collect::<Vec<_>>(), expected);
    let begins: Vec<_> = events.iter().filter(|it| it.marker).map(|it| it.timestamp).collect();
    assert!(begins.windows(2).all(|it| it[1] - it[0] >= 1_280 + 400), "{begins:?}");
    assert_eq!(begins.len(), 3);
    // The sound goes on where the keys end, in time with its sender.
    let sound: Vec<_> = heard.iter().filter(|it| it.payload_type == 8).collect();
    assert_eq!(sound.last().unwrap().timestamp, 64 * 160);
    assert!(heard.windows(2).all(|it| it[1].timestamp >= it[0].timestamp), "{heard:?}");
    assert!(heard.windows(2).all(|it| it[1].sequence == it[0].sequence + 1));
    assert_eq!(keys_of(&mut bridge), []);
}

#[test]
fn a_key_that_a_request_told_is_tones_for_who_knows_no_events() {
    for (codec, law) in [(Codec::Pcmu, Law::Mu), (Codec::Pcma, Law::A)] {
        let mut bridge = Bridge::new(&[(0, Codec::Pcmu)], &[(0, codec)]);
        listen(&mut bridge, 0, 5);
        ['5', '5', 'A'].into_iter().for_each(|key| bridge.wire.tell(info(key)));
        let heard = listen(&mut bridge, 5, 60);
        let tones = tones_in(law, &heard);
        assert_eq!(tones.iter().map(|it| it.0).collect::<String>(), "55A");
        assert!(tones.iter().all(|it| it.1.abs_diff(160) <= 5), "{tones:?}");
    }
}

#[test]
fn a_phone_that_tells_a_key_in_two_ways_presses_it_once() {
    let both = || Bridge::new(&[(0, Codec::Pcmu), (101, KEYS)], &[(0, Codec::Pcmu), (96, KEYS)]);
    // The event first: the request says nothing new.
    let mut bridge = both();
    listen(&mut bridge, 0, 5);
    assert_eq!(press(&mut bridge, 5, 800, 5, 100).len(), 7);
    bridge.wire.tell(info('5'));
    assert!(listen(&mut bridge, 12, 20).iter().all(|it| it.payload_type == 0));
    // The request first: then its event does not.
    let mut bridge = both();
    listen(&mut bridge, 0, 5);
    bridge.wire.tell(info('5'));
    for (n, step) in [1, 2, 3, 3, 3].into_iter().enumerate() {
        let payload = event(5, n >= 2, step * 160);
        let dropped = bridge.say_dropped(101, 5 + n as u16, 800, &payload);
        assert_eq!(dropped, DropReason::Keyed);
    }
    let heard = listen(&mut bridge, 10, 30);
    assert_eq!(heard.iter().filter(|it| it.marker && it.payload_type == 96).count(), 1);
    // A second press of the same key is one, as an event.
    assert_eq!(press(&mut bridge, 60, 9_600, 5, 100).len(), 7);
    // And with tones beside the request.
    let mut bridge = Bridge::new(&[(0, Codec::Pcmu)], &[(0, Codec::Pcmu), (96, KEYS)]);
    listen(&mut bridge, 0, 5);
    bridge.wire.tell(info('5'));
    let sound = [dialled('5', 100), vec![0; 4_800]].concat();
    let mut heard = Vec::new();
    for (n, pcm) in sound.chunks(160).enumerate() {
        heard.extend(talk(&mut bridge, 5 + n as u16, (5 + n as u32) * 160, &mu_law(pcm)));
    }
    let begins = heard.iter().filter(|it| it.marker && it.payload_type == 96).count();
    assert_eq!(begins, 1);
}

#[test]
fn a_key_arrives_also_when_who_pressed_it_says_nothing() {
    // In a pause of the voice, and before the first word.
    for packets in [5, 0] {
        let mut bridge = Bridge::new(&[(0, Codec::Pcmu)], &[(0, Codec::Pcmu), (96, KEYS)]);
        let before = listen(&mut bridge, 0, packets);
        if packets == 0 {
            bridge.wire.now += Duration::from_millis(500);
        }
        ['4', '2'].into_iter().for_each(|key| bridge.wire.tell(info(key)));
        let (engine, mut heard) = (&mut bridge.wire.engine, Vec::new());
        while let Some(due) = engine.next_speech() {
            while engine.speak(due).is_some() {
                while let Some(packet) = engine.poll_packet() {
                    let header = Header::parse(packet).unwrap();
                    let numbers = (header.ssrc(), header.sequence(), header.timestamp());
                    heard.push((due, numbers, header.marker(), header.payload().to_vec()));
                }
            }
        }
        // The last press is over and nobody is waited for any more.
        assert_eq!(heard.len(), 20);
        let keys: Vec<_> = heard.iter().filter(|it| it.2).map(|it| it.3[0]).collect();
        assert_eq!(keys, [4, 2]);
        assert!(heard.windows(2).all(|it| it[1].1.0 == it[0].1.0));
        assert!(heard.windows(2).all(|it| it[1].1.1 == it[0].1.1.wrapping_add(1)));
        let apart = heard[10].0 - heard[0].0;
        let ticks = heard[10].1.2.wrapping_sub(heard[0].1.2);
        // The first may have to stand behind the sound of the packet before it.
        let late = apart.as_micros() * 8 / 1_000 - u128::from(ticks);
        assert!(late <= if packets == 0 { 0 } else { 160 }, "{late} of {apart:?}");
        if let Some(last) = before.last() {
            assert_eq!((heard[0].1.0, heard[0].1.1), (SSRC, last.sequence + 1));
            assert!(heard[0].1.2.wrapping_sub(last.timestamp) >= 160);
        }
    }
}

#[test]
fn a_key_waits_while_the_box_itself_speaks() {
    let mut bridge = Bridge::new(&[(0, Codec::Pcmu)], &[(0, Codec::Pcmu), (96, KEYS)]);
    listen(&mut bridge, 0, 5);
    let (sound, rounds) = (Sound::Tone { tone: Tone::Busy, country: *b"de" }, Rounds::Endless);
    let (port, play, gain) = (B, PlayId(1), Decibels(0));
    bridge.wire.tell(MediaCommand::Play { port, play, sound, rounds, gain });
    bridge.wire.tell(info('7'));
    assert!(pause(&mut bridge, 500).iter().all(|it| it.payload_type == 0));
    bridge.wire.tell(MediaCommand::Stop { port });
    let heard = pause(&mut bridge, 500);
    assert_eq!(heard.iter().filter(|it| it.payload_type == 96).count(), 10);
}
