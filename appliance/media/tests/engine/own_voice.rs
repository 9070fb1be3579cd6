//! What the box says itself, in fake time.

mod echo;
mod heard;
mod joints;
mod reports;
mod stream;

use crate::wire::*;
use call::{
    Codec, Decibels, Keys, Learn, MasterKey, MediaCommand, MediaEvent, PlayId, PortId, Rounds,
    Samples, Sound, Suite, Tone,
};
use heard::*;
use media::srtp::Inbound;
use media::{DropReason, Verdict};
use media_dsp::tone::Indication;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::{Duration, Instant};

const PHONE: &str = "203.0.113.5:4000";
const PLAY: PlayId = PlayId(5);
const DIAL: Sound = Sound::Tone { tone: Tone::Dial, country: *b"de" };

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
