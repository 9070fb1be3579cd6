//! What the box says itself, in fake time.

mod echo;
mod reports;
mod stream;

use crate::wire::*;
use call::{
    Codec, Decibels, Format, Formats, Keys, Learn, MasterKey, MediaCommand, MediaEvent, PlayId,
    PortId, Rounds, Samples, Sound, Suite, Tone,
};
use media::rtp::Header;
use media::srtp::Inbound;
use media::{DropReason, Spoken, Verdict};
use media_dsp::g711::{self, Law};
use media_dsp::tone::Indication;
use media_dsp::tone::Zone;
use media_dsp::tone::progress::Detector;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::{Duration, Instant};

const PHONE: &str = "203.0.113.5:4000";
const PLAY: PlayId = PlayId(5);
const DIAL: Sound = Sound::Tone { tone: Tone::Dial, country: *b"de" };

/// A packet that the phone at A heard.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Heard {
    at: Instant,
    payload_type: u8,
    marker: bool,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    payload: Vec<u8>,
}

fn heard(packet: &[u8], at: Instant) -> Heard {
    let header = Header::parse(packet).unwrap();
    Heard {
        at,
        payload_type: header.payload_type(),
        marker: header.marker(),
        ssrc: header.ssrc(),
        sequence: header.sequence(),
        timestamp: header.timestamp(),
        payload: header.payload().to_vec(),
    }
}

/// A phone at A that knows one codec as 100, and nobody bridged with it.
fn answered(codec: Codec, packet_millis: u8) -> Wire {
    let mut wire = Wire::empty();
    wire.open(A);
    wire.describe(A, at(PHONE), Learn::Never);
    agree(&mut wire, A, &[(100, codec)], packet_millis);
    wire
}

/// A phone at A and a carrier at B.
fn bridged(phone: &[(u8, Codec)], carrier: &[(u8, Codec)]) -> Wire {
    let mut wire = Wire::with(PHONE, Learn::Never);
    agree(&mut wire, A, phone, 20);
    agree(&mut wire, B, carrier, 20);
    wire
}

fn agree(wire: &mut Wire, port: PortId, formats: &[(u8, Codec)], packet_millis: u8) {
    let format = |&(payload_type, codec)| Format { payload_type, codec };
    let formats: Vec<_> = formats.iter().map(format).collect();
    let formats = Formats { receive: formats.clone(), send: formats, packet_millis };
    wire.tell(MediaCommand::Formats { port, formats: Box::new(formats) });
}

fn play(wire: &mut Wire, sound: Sound, rounds: Rounds) {
    wire.tell(MediaCommand::Play { port: A, play: PLAY, sound, rounds, gain: Decibels(0) });
}

/// What the phone hears in so many milliseconds of what the box says.
fn listen(wire: &mut Wire, millis: u64) -> Vec<Heard> {
    let until = wire.now + Duration::from_millis(millis);
    let mut all = Vec::new();
    while let Some(due) = wire.engine.next_speech().filter(|due| *due < until) {
        wire.now = wire.now.max(due);
        all.extend(speak(wire));
    }
    wire.now = until;
    all
}

/// What is due now.
fn speak(wire: &mut Wire) -> Vec<Heard> {
    let mut all = Vec::new();
    while let Some(spoken) = wire.engine.speak(wire.now) {
        assert_eq!(spoken, Spoken { port: A, to: at(PHONE) });
        while let Some(packet) = wire.engine.poll_packet() {
            all.push(heard(packet, wire.now));
        }
    }
    all
}

/// The carrier says 20 ms of PCMA at 8; what the phone hears of it.
fn relayed(wire: &mut Wire, sequence: u16, timestamp: u32) -> Heard {
    let mut packet = rtp(8, sequence, timestamp, 99);
    let verdict = wire.engine.packet(B, false, carrier(), &mut packet, wire.now);
    match verdict {
        Verdict::Forward { .. } => heard(&packet, wire.now),
        Verdict::Translated { .. } => heard(wire.engine.poll_packet().unwrap(), wire.now),
        other => panic!("{other:?}"),
    }
}

/// Each is one further than the one before, and its timestamp `ticks` more.
fn in_order(heard: &[Heard], ticks: u32) {
    for pair in heard.windows(2) {
        assert_eq!(pair[1].ssrc, pair[0].ssrc);
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        assert_eq!(pair[1].timestamp, pair[0].timestamp.wrapping_add(ticks));
    }
}

fn a_law(heard: &[Heard]) -> Vec<i16> {
    let mut decoder = g711::Decoder::new(Law::A);
    let mut all = Vec::new();
    for packet in heard {
        let mut pcm = vec![0; packet.payload.len()];
        decoder.decode(&packet.payload, &mut pcm).unwrap();
        all.extend(pcm);
    }
    all
}

fn indications(pcm: &[i16]) -> Vec<Indication> {
    let mut told = Vec::new();
    let mut detector = Detector::new(Zone::find("DE").unwrap());
    detector.hear(pcm, |it| told.push(it.indication));
    told
}

/// So many samples of a sine.
fn sine(rate: u32, hertz: f64, samples: usize) -> Arc<Samples> {
    let step = std::f64::consts::TAU * hertz / f64::from(rate);
    let pcm = (0..samples).map(|n| (8_000.0 * (n as f64 * step).sin()) as i16).collect();
    Arc::new(Samples { rate, pcm })
}

#[test]
fn a_tone_is_heard_as_its_country_has_it_every_20_ms() {
    for (tone, wanted) in [
        (Tone::Dial, Indication::Dial),
        (Tone::Ringback, Indication::Ringback),
        (Tone::Busy, Indication::Busy),
        (Tone::Congestion, Indication::Congestion),
    ] {
        let mut wire = answered(Codec::Pcma, 20);
        play(&mut wire, Sound::Tone { tone, country: *b"de" }, Rounds::Endless);
        let start = wire.now;
        let told = listen(&mut wire, 12_000);
        assert_eq!(told.len(), 600);
        in_order(&told, 160);
        for (n, packet) in told.iter().enumerate() {
            assert_eq!(packet.at, start + Duration::from_millis(20 * n as u64));
            assert_eq!((packet.payload_type, packet.marker), (100, n == 0));
        }
        assert_eq!(indications(&a_law(&told)), [wanted]);
    }
}

#[test]
fn nobody_speaks_after_a_stop_and_the_box_need_not_wake() {
    let mut wire = answered(Codec::Pcma, 20);
    assert_eq!(wire.engine.next_speech(), None);
    play(&mut wire, DIAL, Rounds::Endless);
    assert_eq!(listen(&mut wire, 100).len(), 5);
    wire.tell(MediaCommand::Stop { port: A });
    assert_eq!(wire.engine.next_speech(), None);
    play(&mut wire, DIAL, Rounds::Endless);
    let stats = wire.close(A);
    assert_eq!((stats.sent, stats.sent_octets), (5, 5 * 172));
    assert_eq!(wire.engine.next_speech(), None);
}

#[test]
fn every_codec_is_spoken_in_packets_as_long_as_the_far_side_wants_them() {
    let codecs = [
        (Codec::Pcmu, 8_000),
        (Codec::G722, 8_000),
        (Codec::G729 { annex_b: false }, 8_000),
        (Codec::Gsm, 8_000),
        (Codec::AmrWb { octet_aligned: true }, 16_000),
        (Codec::Opus, 48_000),
        (Codec::L16 { rate: 44_100 }, 44_100),
        (Codec::L16 { rate: 48_000 }, 48_000),
    ];
    for rate in [8_000, 16_000, 48_000] {
        for (codec, clock) in codecs {
            for millis in [10, 20, 40, 60] {
                let frame = match codec {
                    Codec::Gsm | Codec::AmrWb { .. } => 20,
                    _ => 10,
                };
                let packet = u32::from(millis) / frame * frame;
                let packet = packet.max(frame);
                let mut wire = answered(codec, millis);
                play(&mut wire, Sound::Samples(sine(rate, 440.0, 4_000)), Rounds::Endless);
                let told = listen(&mut wire, 1_200);
                assert_eq!(told.len(), 1_200 / packet as usize, "{codec:?} {millis}");
                in_order(&told, clock / 1_000 * packet + clock % 1_000 * packet / 1_000);
            }
        }
    }
}

#[test]
fn the_box_speaks_in_the_partners_stream_and_the_partner_goes_on_in_it() {
    for (carrier_codec, payload_type) in [(Codec::Pcma, 8), (Codec::Pcmu, 8)] {
        let mut wire = bridged(&[(100, Codec::Pcma)], &[(payload_type, carrier_codec)]);
        let mut all = Vec::new();
        for n in 0..5 {
            all.push(relayed(&mut wire, 40_000 + n, 160 * u32::from(n)));
            wire.wait(20);
        }
        wire.wait(1_000);
        play(&mut wire, DIAL, Rounds::Endless);
        for n in 5..10_u16 {
            let verdict = wire.hear(B, carrier(), &rtp(8, 40_000 + n, 160 * u32::from(n), 99));
            assert_eq!(verdict, Verdict::Drop(DropReason::SpokenOver));
            all.extend(listen(&mut wire, 20));
        }
        assert_eq!(all.len(), 10);
        wire.tell(MediaCommand::Stop { port: A });
        wire.wait(500);
        for n in 60..65 {
            all.push(relayed(&mut wire, 40_000 + n, 160 * u32::from(n)));
            wire.wait(20);
        }
        // Whom the phone hears does not change, nor does a number go missing.
        assert!(all.iter().all(|it| it.ssrc == 99 && it.payload_type == 100));
        assert!(all.windows(2).all(|it| it[1].sequence == it[0].sequence + 1));
        // The time that passed is in the timestamps.
        for pair in all.windows(2) {
            let passed = pair[1].at.duration_since(pair[0].at).as_millis() as u32 * 8;
            assert_eq!(pair[1].timestamp - pair[0].timestamp, passed);
        }
        let begin: Vec<_> = (0..15).filter(|n| all[*n].marker).collect();
        assert_eq!(begin, [5, 10]);
        let stats = wire.close(A);
        assert_eq!(stats.sent, 15);
    }
}

#[test]
fn a_stream_that_the_box_began_keeps_its_name_whoever_speaks_later() {
    let mut wire = answered(Codec::Pcma, 20);
    play(&mut wire, DIAL, Rounds::Endless);
    let mut all = listen(&mut wire, 100);
    wire.tell(MediaCommand::Stop { port: A });
    wire.open(B);
    wire.describe(B, carrier(), Learn::Never);
    agree(&mut wire, B, &[(8, Codec::Pcma)], 20);
    wire.tell(MediaCommand::Bridge { a: A, b: B });
    for n in 0..5 {
        all.push(relayed(&mut wire, 7 + n, 160 * u32::from(n)));
        wire.wait(20);
    }
    in_order(&all, 160);
    assert_ne!(all[0].ssrc, 99);
    // Its reports speak of it under that name, and the carrier hears its own.
    let name = all[0].ssrc;
    let mut report = report(name, 3, 0);
    wire.engine.packet(A, true, next(at(PHONE)), &mut report, wire.now);
    assert_eq!(report[8..12], 99_u32.to_be_bytes());
    let mut report = vec![0x80, 200, 0, 6, 0, 0, 0, 99];
    report.extend([0; 20]);
    wire.engine.packet(B, true, next(carrier()), &mut report, wire.now);
    assert_eq!(report[4..8], name.to_be_bytes());
    assert_eq!(report[20..24], 10_u32.to_be_bytes());
}

#[test]
fn what_was_overtaken_by_the_box_is_late() {
    let mut wire = bridged(&[(100, Codec::Pcma)], &[(8, Codec::Pcma)]);
    relayed(&mut wire, 10, 1_600);
    play(&mut wire, DIAL, Rounds::Endless);
    listen(&mut wire, 40);
    wire.tell(MediaCommand::Stop { port: A });
    relayed(&mut wire, 14, 2_240);
    let verdict = wire.hear(B, carrier(), &rtp(8, 13, 2_080, 99));
    assert_eq!(verdict, Verdict::Drop(DropReason::Late));
    assert_eq!(relayed(&mut wire, 15, 2_400).payload_type, 100);
}

#[test]
fn what_has_an_end_ends_and_says_so() {
    let times = |times| Rounds::Times(NonZeroU16::new(times).unwrap());
    for (samples, rounds, packets) in [
        (800, times(3), 15),
        (800, times(1), 5),
        (900, times(1), 6),
        (1, times(1), 1),
        (0, times(9), 0),
    ] {
        let mut wire = bridged(&[(100, Codec::Pcma)], &[(8, Codec::Pcma)]);
        play(&mut wire, Sound::Samples(sine(8_000, 440.0, samples)), rounds);
        assert_eq!(listen(&mut wire, 1_000).len(), packets, "{samples}");
        let finished = MediaEvent::Finished { port: A, play: PLAY };
        assert_eq!(wire.events().pop(), Some(finished));
        assert_eq!(wire.engine.next_speech(), None);
        relayed(&mut wire, 1, 0);
    }
    let mut wire = answered(Codec::Pcma, 20);
    let busy = Sound::Tone { tone: Tone::Busy, country: *b"de" };
    play(&mut wire, busy, times(2));
    assert_eq!(listen(&mut wire, 3_000).len(), 96);
    assert_eq!(wire.events(), [MediaEvent::Finished { port: A, play: PLAY }]);
}

#[test]
fn samples_are_looped_without_a_gap_and_as_loud_as_is_asked() {
    let mut wire = answered(Codec::L16 { rate: 8_000 }, 20);
    let sound = sine(8_000, 400.0, 1_000);
    let gain = Decibels(-6);
    wire.tell(MediaCommand::Play {
        port: A,
        play: PLAY,
        sound: Sound::Samples(sound.clone()),
        rounds: Rounds::Endless,
        gain,
    });
    let told = listen(&mut wire, 1_000);
    let octets: Vec<u8> = told.iter().flat_map(|it| it.payload.clone()).collect();
    let pcm = octets.chunks(2).map(|it| i16::from_be_bytes([it[0], it[1]]));
    for (n, sample) in pcm.enumerate() {
        let wanted = f32::from(sound.pcm[n % 1_000]) * 0.501;
        assert!((f32::from(sample) - wanted).abs() < 3.0, "{n}: {sample} {wanted}");
    }
}

#[test]
fn an_encrypted_phone_is_spoken_to_in_srtp() {
    let key = |octet| MasterKey::random(Suite::AesCm128HmacSha1_80, &[octet; _]);
    let keys = Keys { outbound: key(1), inbound: key(2) };
    let mut wire = answered(Codec::Pcma, 20);
    wire.tell(MediaCommand::Keys { port: A, keys: Some(Box::new(keys.clone())) });
    play(&mut wire, DIAL, Rounds::Endless);
    let mut phone = Inbound::new(&keys.outbound);
    let mut told = Vec::new();
    for _ in 0..100 {
        assert!(wire.engine.speak(wire.now).is_some());
        let mut packet = wire.engine.poll_packet().unwrap().to_vec();
        assert_eq!(packet.len(), 182);
        let length = phone.unprotect(&mut packet, wire.now).unwrap();
        told.push(heard(&packet[..length], wire.now));
        wire.wait(20);
    }
    in_order(&told, 160);
    assert_eq!(indications(&a_law(&told)), [Indication::Dial]);
}

#[test]
fn a_far_side_of_which_no_codec_is_known_is_told_nothing_until_it_is() {
    let mut wire = Wire::empty();
    wire.open(A);
    wire.describe(A, at(PHONE), Learn::Never);
    let speechless = [MediaEvent::Speechless { port: A, play: PLAY }];
    play(&mut wire, DIAL, Rounds::Endless);
    assert_eq!(wire.events(), speechless);
    assert_eq!(listen(&mut wire, 100), []);
    agree(&mut wire, A, &[(101, Codec::TelephoneEvent { clock: 8_000 })], 20);
    assert_eq!(wire.events(), speechless);
    agree(&mut wire, A, &[(8, Codec::Pcma)], 20);
    assert_eq!(wire.events(), []);
    assert_eq!(listen(&mut wire, 100).len(), 5);
    play(&mut wire, Sound::Samples(sine(11_025, 440.0, 100)), Rounds::Endless);
    assert_eq!(wire.events(), speechless);
}

#[test]
fn another_codec_or_another_sound_goes_on_without_a_step() {
    let mut wire = answered(Codec::Pcma, 20);
    play(&mut wire, DIAL, Rounds::Endless);
    let mut all = listen(&mut wire, 100);
    agree(&mut wire, A, &[(0, Codec::Pcmu)], 20);
    all.extend(listen(&mut wire, 100));
    play(&mut wire, Sound::Samples(sine(16_000, 440.0, 32_000)), Rounds::ONCE);
    all.extend(listen(&mut wire, 100));
    in_order(&all, 160);
    let types: Vec<_> = all.iter().map(|it| it.payload_type).collect();
    assert_eq!(types, [vec![100; 5], vec![0; 10]].concat());
}

#[test]
fn who_comes_late_says_all_of_it_and_who_comes_far_too_late_leaves_a_gap() {
    let mut wire = answered(Codec::Pcma, 20);
    play(&mut wire, DIAL, Rounds::Endless);
    let mut all = speak(&mut wire);
    wire.wait(95);
    all.extend(speak(&mut wire));
    assert_eq!(all.len(), 5);
    in_order(&all, 160);
    wire.wait(1_000);
    let late = speak(&mut wire);
    assert_eq!(late.len(), 2);
    assert_eq!(late[1].timestamp - all[4].timestamp, 160 * 50);
    assert!(late[1].marker);
}

#[test]
fn a_far_side_that_says_it_listens_where_the_box_does_is_not_spoken_to() {
    let mut wire = answered(Codec::Pcma, 20);
    wire.describe(A, (own(), A.port).into(), Learn::Never);
    play(&mut wire, DIAL, Rounds::Endless);
    assert_eq!(listen(&mut wire, 100), []);
    wire.describe(A, at(PHONE), Learn::Never);
    assert_eq!(listen(&mut wire, 100).len(), 5);
}

#[test]
fn many_voices_are_spread_over_the_time_that_they_have() {
    let mut wire = Wire::empty();
    for n in 0..80 {
        let port = PortId { address: 0, port: 20_000 + 2 * n };
        wire.open(port);
        wire.describe(port, at(PHONE), Learn::Never);
        agree(&mut wire, port, &[(8, Codec::Pcma)], 20);
        let gain = Decibels(0);
        let rounds = Rounds::Endless;
        wire.tell(MediaCommand::Play { port, play: PLAY, sound: DIAL, rounds, gain });
    }
    let mut sent = Vec::new();
    for _ in 0..8 {
        wire.now = wire.engine.next_speech().unwrap();
        let mut now = 0;
        while wire.engine.speak(wire.now).is_some() {
            now += 1;
        }
        sent.push(now);
    }
    assert_eq!(sent, [10; 8]);
}
