//! What a conference costs: for each tick of 20 ms, and as a share of one core.
//!
//! `cargo bench -p media --bench conference`. A member sends and hears PCMA; everything between the
//! payloads that came and the payloads that leave is in it: levels, choice, decoding of the
//! speakers, sums, and one encoding for all listeners and one for each speaker.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods, missing_docs)]

use media::mixer::{Level, Place, Room};
use media_dsp::g711::{Decoder, Encoder, Law};
use media_dsp::resample::Rate;
use std::hint::black_box;
use std::time::{Duration, Instant};

fn main() {
    for (members, speaking) in [(3, 1), (20, 3), (200, 1), (200, 5), (200, 200), (1_000, 5)] {
        measure(members, speaking);
    }
}

/// Prints the fastest second, which is the one least disturbed.
fn measure(members: usize, speaking: usize) {
    let mut room = Room::new();
    let places: Vec<Place> = (0..members).map(|_| room.join(Rate::Hz8000).unwrap()).collect();
    let payloads: Vec<[u8; 160]> = (0..members).map(|it| payload(it, it < speaking)).collect();
    let (mut decoder, mut encoder) = (Decoder::new(Law::A), Encoder::new(Law::A));
    let (mut pcm, mut out) = ([0; 160], vec![[0_u8; 160]; members]);
    let mut best = Duration::MAX;
    for _ in 0..20 {
        let start = Instant::now();
        for _ in 0..50 {
            room.begin();
            for (place, payload) in places.iter().zip(&payloads) {
                room.expect(*place, Level::of_g711(Law::A, payload));
            }
            room.choose();
            for (place, payload) in places.iter().zip(&payloads) {
                if room.has_floor(*place) {
                    decoder.decode(payload, &mut pcm).unwrap();
                    room.say(*place, &pcm);
                }
            }
            room.mix();
            room.hear_all(Rate::Hz8000, &mut pcm);
            let mut all = [0; 160];
            encoder.encode(&pcm, &mut all).unwrap();
            for (place, out) in places.iter().zip(&mut out) {
                if room.has_floor(*place) {
                    room.hear(*place, &mut pcm);
                    encoder.encode(&pcm, out).unwrap();
                } else {
                    *out = all;
                }
            }
            black_box(&out);
        }
        best = best.min(start.elapsed());
    }
    let tick = best / 50;
    let share = best.as_secs_f64() * 100.0;
    println!("{members:>5} members, {speaking:>3} speaking {tick:>12.2?} a tick {share:>8.3} %");
}

fn payload(member: usize, speaks: bool) -> [u8; 160] {
    let amplitude = if speaks { 5_000.0 } else { 20.0 };
    let sample = |n| ((n as f32 * (0.2 + member as f32 * 0.001)).sin() * amplitude) as i16;
    let mut payload = [0; 160];
    Encoder::new(Law::A).encode(&std::array::from_fn::<_, 160, _>(sample), &mut payload).unwrap();
    payload
}
