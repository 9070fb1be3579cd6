//! G.711 beside loops over tables: 64 KiB to encode, 512 octets to decode.

use crate::{Bench, Goal, oracle};
use media_dsp::g711::{Decoder, Encoder, Law, Transcoder};
use std::hint::black_box;

pub(crate) fn run(bench: &mut Bench) {
    let speech = oracle::speech(1).unwrap_or_else(|| noise(8_000));
    for law in [Law::A, Law::Mu] {
        let name = format!("{law:?}");
        let name = name.to_lowercase();
        let mut codes = vec![0; speech.len()];
        let mut encoder = Encoder::new(law);
        let all: Vec<i16> = (0..=u16::MAX).map(|sample| sample as i16).collect();
        let mut table = vec![0_u8; 65_536];
        encoder.encode(&all, &mut table).unwrap();
        let mut table_codes = vec![0; speech.len()];
        bench.row(
            &format!("G.711 {name} encode"),
            Goal::Nanos(50.0),
            50,
            &mut || {
                for (pcm, out) in speech.chunks(160).zip(codes.chunks_mut(160)) {
                    black_box(encoder.encode(black_box(pcm), out)).unwrap();
                }
            },
            &mut [("table", &mut || {
                for (pcm, out) in speech.chunks(160).zip(table_codes.chunks_mut(160)) {
                    for (sample, code) in black_box(pcm).iter().zip(&mut *out) {
                        *code = table[usize::from(*sample as u16)];
                    }
                    black_box(out);
                }
            })],
        );

        let octets: Vec<u8> = (0..=255).collect();
        let mut decoder = Decoder::new(law);
        let mut values = vec![0_i16; 256];
        decoder.decode(&octets, &mut values).unwrap();
        let (mut pcm, mut table_pcm) = (speech.clone(), speech.clone());
        bench.row(
            &format!("G.711 {name} decode"),
            Goal::Nanos(50.0),
            50,
            &mut || {
                for (codes, out) in codes.chunks(160).zip(pcm.chunks_mut(160)) {
                    black_box(decoder.decode(black_box(codes), out)).unwrap();
                }
            },
            &mut [("table", &mut || {
                for (codes, out) in codes.chunks(160).zip(table_pcm.chunks_mut(160)) {
                    for (code, sample) in black_box(codes).iter().zip(&mut *out) {
                        *sample = values[usize::from(*code)];
                    }
                    black_box(out);
                }
            })],
        );

        let mut transcoder = Transcoder::new(law);
        let mut others = vec![0_u8; 256];
        transcoder.transcode(&octets, &mut others).unwrap();
        let (mut out, mut table_out) = (codes.clone(), codes.clone());
        bench.row(
            &format!("G.711 {name} transcode"),
            Goal::Nanos(50.0),
            50,
            &mut || {
                for (codes, out) in codes.chunks(160).zip(out.chunks_mut(160)) {
                    black_box(transcoder.transcode(black_box(codes), out)).unwrap();
                }
            },
            &mut [("table", &mut || {
                for (codes, out) in codes.chunks(160).zip(table_out.chunks_mut(160)) {
                    for (code, other) in black_box(codes).iter().zip(&mut *out) {
                        *other = others[usize::from(*code)];
                    }
                    black_box(out);
                }
            })],
        );
    }
}

fn noise(samples: usize) -> Vec<i16> {
    let mut chance = oracle::Chance::new(711);
    (0..samples).map(|_| chance.sample() / 16).collect()
}
