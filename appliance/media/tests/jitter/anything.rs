//! Anything may come, at any time.

use crate::network::Chance;
use crate::plain::{FORMAT, NOISE, Plain, SOUND};
use call::Codec;
use media::codec::{Hearing, Types};
use media::jitter::{Decoder, JitterBuffer, Pace, Packet, Settings};
use media_dsp::resample::Rate;
use std::time::{Duration, Instant};

#[test]
fn no_packets_and_no_times_do_any_harm() {
    for seed in 0..200 {
        let mut chance = Chance::new(seed);
        let pace = if chance.below(4) == 0 { Pace::Fixed } else { Pace::Voice };
        let octets = chance.below(40_000) as usize;
        let mut buffer =
            JitterBuffer::new(FORMAT, Settings { octets, pace, ..Settings::default() });
        let mut decoder = Plain::new();
        #[allow(clippy::disallowed_methods)]
        let mut now = Instant::now();
        let (mut sequence, mut timestamp) = (chance.next() as u16, chance.next() as u32);
        let payload = vec![3; 1_600];
        let mut pcm = vec![0; 1_000];
        for _ in 0..600 {
            match chance.below(40) {
                0 => sequence = chance.next() as u16,
                1 => timestamp = chance.next() as u32,
                2 => now += Duration::from_millis(chance.below(5_000)),
                3 => now += Duration::from_secs(chance.below(1 << 20)),
                4 => now -= Duration::from_millis(chance.below(100)),
                5 => timestamp = timestamp.wrapping_sub(chance.below(4_000) as u32),
                6 => sequence = sequence.wrapping_sub(chance.below(200) as u16),
                _ => now += Duration::from_millis(chance.below(40)),
            }
            for _ in 0..chance.below(4) {
                let length = match chance.below(8) {
                    0 => chance.below(1_600) as usize,
                    _ => 320,
                };
                let packet = Packet {
                    ssrc: u32::from(chance.below(500) == 0),
                    sequence,
                    timestamp,
                    payload_type: [SOUND, SOUND, SOUND, NOISE, 101][chance.below(5) as usize],
                    payload: &payload[..length],
                };
                buffer.put(&packet, &decoder, now);
                sequence = sequence.wrapping_add(1 + chance.below(3) as u16 / 2);
                timestamp = timestamp.wrapping_add(160);
            }
            let length = match chance.below(8) {
                0 => chance.below(1_000) as usize,
                1 => 80,
                _ => 160,
            };
            pcm.fill(i16::MIN);
            buffer.get(&mut decoder, &mut pcm[..length], now);
            assert!(!pcm[..length].contains(&i16::MIN), "not filled");
            let statistics = buffer.statistics();
            assert!(statistics.delay < Duration::from_secs(1 << 24), "{statistics:?}");
        }
    }
}

#[test]
fn payloads_of_nonsense_do_no_harm_to_codecs_with_frames() {
    let codecs = [
        Codec::G729 { annex_b: true },
        Codec::G723 { annex_a: true },
        Codec::AmrWb { octet_aligned: false },
        Codec::AmrWb { octet_aligned: true },
        Codec::Opus,
    ];
    for codec in codecs {
        let types = Types { sound: 96, noise: None };
        let mut codec = Hearing::new(codec, types, Rate::Hz16000).unwrap();
        let format = codec.format();
        let mut chance = Chance::new(9);
        let mut buffer = JitterBuffer::new(format, Settings::default());
        #[allow(clippy::disallowed_methods)]
        let epoch = Instant::now();
        let mut pcm = vec![0; format.rate as usize / 50];
        let mut played = 0;
        for number in 0..4_000_u32 {
            let now = epoch + Duration::from_millis(20) * number;
            let payload: Vec<u8> = (0..chance.below(70)).map(|_| chance.next() as u8).collect();
            let packet = Packet {
                ssrc: 1,
                sequence: number as u16,
                timestamp: number * (format.clock / 50),
                payload_type: 96,
                payload: &payload,
            };
            buffer.put(&packet, &codec, now);
            buffer.get(&mut codec, &mut pcm, now);
            played += usize::from(pcm.iter().any(|it| *it != 0));
        }
        assert!(played > 100, "{played}");
    }
}
