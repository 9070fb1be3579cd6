//! What a jitter buffer allocates: what it says at construction, and nothing after.
//!
//! A file of its own, because it counts what the whole program allocates.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod memory;

use call::Codec;
use media::codec::{Hearing, Types};
use media::jitter::{Decoder, JitterBuffer, Packet, Settings};
use media_dsp::resample::Rate;
use memory::{kept, taken};
use std::time::{Duration, Instant};

#[test]
fn a_buffer_takes_the_memory_that_it_says() {
    for rate in [8_000, 16_000, 48_000] {
        for octets in [0, 8_192, 32_768, 262_144] {
            let format = media::jitter::Format { clock: 8_000, rate };
            let before = kept();
            let settings = Settings { octets, ..Settings::default() };
            let buffer = JitterBuffer::new(format, settings);
            let taken = (kept() - before) as usize + size_of_val(&buffer);
            let said = JitterBuffer::octets(format, settings);
            println!("{rate} Hz, {octets}: {taken} octets, {said} said");
            assert!(taken <= said && said - taken < 512, "{taken}, {said} said");
        }
    }
}

#[test]
fn nothing_is_allocated_for_a_packet_or_a_frame() {
    let types = Types { sound: 96, noise: Some(13) };
    let codecs = [
        (Codec::Pcma, vec![0x55; 160]),
        (Codec::G722, vec![0x55; 160]),
        (Codec::G729 { annex_b: true }, vec![0x11; 20]),
        (Codec::G723 { annex_a: true }, vec![0x10; 24]),
        (Codec::Gsm, vec![0xd0; 33]),
        (Codec::AmrWb { octet_aligned: true }, {
            let mut payload = vec![0x33; 2 + 32];
            (payload[0], payload[1]) = (0xf0, 2 << 3 | 4);
            payload
        }),
        (Codec::Opus, vec![0x48; 40]),
    ];
    for (codec, payload) in codecs {
        let mut codec = Hearing::new(codec, types, Rate::Hz48000).unwrap();
        let format = codec.format();
        let mut buffer = JitterBuffer::new(format, Settings::default());
        let mut pcm = vec![0; format.rate as usize / 50];
        #[allow(clippy::disallowed_methods)]
        let epoch = Instant::now();
        let mut chance = 1_u64;
        let before = taken();
        for number in 0..3_000_u32 {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let now = epoch + Duration::from_millis(20) * number;
            let packet = Packet {
                // Another source now and then, and packets that are lost, doubled, late, early, at
                // once.
                ssrc: number / 1_000,
                sequence: (number as u16).wrapping_sub((chance >> 61) as u16),
                timestamp: number.wrapping_mul(format.clock / 50),
                payload_type: if chance >> 33 & 31 == 0 { 13 } else { 96 },
                payload: &payload,
            };
            for _ in 0..chance >> 40 & 3 {
                buffer.put(&packet, &codec, now + Duration::from_micros(chance >> 46));
            }
            buffer.get(&mut codec, &mut pcm, now);
        }
        let allocated = taken() - before;
        let statistics = buffer.statistics();
        assert_eq!(allocated, 0, "{codec:?}");
        assert!(statistics.concealed_samples > 0 && statistics.duplicate > 0, "{statistics:?}");
    }
}
