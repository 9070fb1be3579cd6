//! Packets that are missing or out of order on their way to a translation.

use super::*;
use media_dsp::g729;

/// Packets of 20 ms with these numbers; what the carrier hears.
fn say(bridge: &mut Bridge, sequences: &[u16]) -> Vec<(u16, u32)> {
    let sound = mu_law(&tone(160));
    sequences
        .iter()
        .flat_map(|n| bridge.say(100, *n, u32::from(*n) * 160, &sound))
        .map(|left| (left.sequence, left.timestamp))
        .collect()
}

fn each(sequences: &[u16], ticks: u32) -> Vec<(u16, u32)> {
    sequences.iter().map(|n| (*n, u32::from(*n) * ticks)).collect()
}

#[test]
fn what_is_missing_stays_missing_for_as_long() {
    for (codec, ticks) in [
        (Codec::Pcma, 160),
        (Codec::G722, 160),
        (Codec::G729 { annex_b: false }, 160),
        (Codec::Opus, 960),
        (Codec::AmrWb { octet_aligned: true }, 320),
    ] {
        let mut bridge = Bridge::between(Codec::Pcmu, codec, 20);
        let first = say(&mut bridge, &[0, 1, 2, 5, 6, 20]);
        assert_eq!(first, each(&[0, 1, 2, 5, 6, 20], ticks), "{codec:?}");
    }
}

#[test]
fn an_overtaken_packet_keeps_its_place_where_each_stands_alone() {
    let mut bridge = Bridge::between(Codec::Pcmu, Codec::Pcma, 20);
    assert_eq!(say(&mut bridge, &[1, 2, 4, 3, 6, 7, 5]), each(&[1, 2, 4, 3, 6, 7, 5], 160));
    let mut bridge = Bridge::between(Codec::Pcmu, Codec::L16 { rate: 8_000 }, 20);
    assert_eq!(say(&mut bridge, &[1, 2, 4, 3, 5]), each(&[1, 2, 4, 3, 5], 160));
}

#[test]
fn an_overtaken_packet_is_dropped_and_counted_where_codecs_remember() {
    let mut bridge = Bridge::between(Codec::Pcmu, Codec::G722, 20);
    assert_eq!(say(&mut bridge, &[1, 2, 4, 3, 5]), each(&[1, 2, 4, 5], 160));
    assert_eq!(bridge.wire.close(A).untranslated, 1);
    let mut bridge = Bridge::between(Codec::Pcmu, Codec::Pcma, 30);
    say(&mut bridge, &[1, 2, 4, 3, 5]);
    assert_eq!(bridge.wire.close(A).untranslated, 1);
}

#[test]
fn a_gap_between_packets_of_another_length_begins_with_a_packet_that_is_made_whole() {
    let mut bridge = Bridge::between(Codec::Pcmu, Codec::Pcma, 30);
    // 20 ms wait when 4 packets are lost: 10 of the gap are spoken on, and 70 are missing.
    let heard = say(&mut bridge, &[0, 1, 2, 3, 8, 9, 10]);
    let expected = [(0, 0), (1, 240), (2, 480), (5, 1_280), (6, 1_520)];
    assert_eq!(heard, expected);
}

#[test]
fn what_is_spoken_on_into_a_gap_is_like_what_was_before() {
    let mut bridge = Bridge::between(Codec::Pcmu, Codec::L16 { rate: 8_000 }, 30);
    let sound = mu_law(&tone(160));
    let mut last = Vec::new();
    for n in [0_u16, 1, 2, 3, 8] {
        if let Some(left) = bridge.say(100, n, u32::from(n) * 160, &sound).pop() {
            last = left.payload;
        }
    }
    let pcm: Vec<i16> = last.as_chunks().0.iter().map(|pair| i16::from_be_bytes(*pair)).collect();
    let power = |pcm: &[i16]| pcm.iter().map(|it| f64::from(*it).powi(2)).sum::<f64>();
    let (heard, made) = (power(&pcm[80..160]), power(&pcm[160..]));
    assert!(made > heard / 4.0 && made < heard * 1.5, "{heard} {made}");
}

#[test]
fn a_sender_that_starts_anew_goes_on_as_one_stream() {
    let mut bridge = Bridge::between(Codec::Pcmu, Codec::Pcma, 30);
    let before = say(&mut bridge, &[0, 1, 2]);
    assert_eq!(before, [(0, 0), (1, 240)]);
    let after = say(&mut bridge, &[40_000, 40_001, 40_002]);
    assert_eq!(after, [(2, 40_000 * 160), (3, 40_000 * 160 + 240)]);
}

#[test]
fn another_stream_of_the_same_side_is_another_stream() {
    let mut bridge = Bridge::between(Codec::Pcmu, Codec::Pcma, 30);
    say(&mut bridge, &[0, 1]);
    for (sequence, expected) in [(900_u16, 0), (901, 1)] {
        let packet = rtp(100, sequence, u32::from(sequence) * 160, 99);
        let (engine, now) = (&mut bridge.wire.engine, bridge.wire.now);
        engine.packet(A, false, bridge.phone, &mut packet.clone(), now);
        let made: Vec<_> =
            std::iter::from_fn(|| engine.poll_packet().map(<[u8]>::to_vec)).collect();
        assert_eq!(made.len(), expected);
        if let Some(made) = made.first() {
            let header = Header::parse(made).unwrap();
            assert_eq!((header.ssrc(), header.sequence(), header.timestamp()), (99, 900, 144_000));
        }
    }
}

#[test]
fn no_payload_is_too_strange() {
    let codecs = [
        Codec::Pcmu,
        Codec::G722,
        Codec::G729 { annex_b: true },
        Codec::G723 { annex_a: true },
        Codec::Gsm,
        Codec::AmrWb { octet_aligned: false },
        Codec::AmrWb { octet_aligned: true },
        Codec::Opus,
        Codec::L16 { rate: 48_000 },
        Codec::ComfortNoise { clock: 8_000 },
    ];
    let mut chance = 1_u32;
    for codec in codecs {
        let mut bridge = Bridge::between(codec, Codec::Pcma, 20);
        let mut came = 0;
        for n in 0..400_u16 {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let length = (chance >> 16) as usize % 90;
            let payload: Vec<u8> =
                (0..length).map(|it| (chance >> (it % 24)) as u8 ^ (it * 37) as u8).collect();
            came += bridge.say(100, n, u32::from(n) * codec.clock() / 50, &payload).len();
        }
        let stats = bridge.wire.close(A);
        assert_eq!(stats.translated + stats.untranslated, 400, "{codec:?}");
        assert!(came > 0 || stats.translated == 0, "{codec:?}");
    }
}

#[test]
fn a_decoder_with_memory_is_told_of_a_short_gap() {
    let g729 = Codec::G729 { annex_b: false };
    let mut encoder = g729::Encoder::new(g729::Dtx::Off);
    let mut decoder = g729::Decoder::new();
    let mut bridge = Bridge::between(g729, Codec::L16 { rate: 8_000 }, 20);
    for (n, pcm) in (0_u16..).zip(tone(160 * 60).chunks(160)) {
        let mut payload = [0; 20];
        encoder.encode(pcm, &mut payload).unwrap();
        let mut expected = [0; 160];
        match n {
            20 | 21 => {
                decoder.conceal(&mut expected).unwrap();
                continue;
            }
            // More than 60 ms: what follows has nothing to do with what was before.
            40..44 => continue,
            _ => decoder.decode(&payload, &mut expected).unwrap(),
        };
        let left = bridge.say(100, n, u32::from(n) * 160, &payload);
        let heard: Vec<i16> =
            left[0].payload.as_chunks().0.iter().map(|pair| i16::from_be_bytes(*pair)).collect();
        assert_eq!(heard, expected, "packet {n}");
    }
}

#[test]
fn a_re_invite_that_changes_nothing_is_not_heard() {
    for (from, to) in [
        (Codec::G722, Codec::Pcma),
        (Codec::Pcmu, Codec::G729 { annex_b: false }),
        (Codec::Pcmu, Codec::Opus),
        (Codec::G722, Codec::AmrWb { octet_aligned: true }),
    ] {
        let [mut one, mut other] = [30, 30].map(|millis| Bridge::between(from, to, millis));
        for n in 0..40_u16 {
            if n % 7 == 3 {
                other.agree(A, &[(100, from)], 20);
                other.agree(B, &[(110, to)], 30);
            }
            let payload: Vec<u8> = (0..160).map(|it| (it * 7 + n * 13) as u8).collect();
            let timestamp = u32::from(n) * 160;
            assert_eq!(
                one.say(100, n, timestamp, &payload),
                other.say(100, n, timestamp, &payload)
            );
        }
    }
}
