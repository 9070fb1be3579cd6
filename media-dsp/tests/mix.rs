//! The conference mixer against a sum in 64 bits.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod oracle;

use media_dsp::arch::Level;
use media_dsp::mix::{Gain, LONGEST, Mixer, Seat, TickLength};
use oracle::Chance;

/// What a participant of the reference adds.
fn gained(sample: i16, gain: f64) -> i64 {
    let factor = (gain * 2_048.0).round().min(32_767.0) as i64;
    ((i64::from(sample) * factor + 1_024) >> 11).clamp(-32_768, 32_767)
}

#[test]
fn everybody_hears_the_saturated_sum_of_all_others_at_every_level() {
    let mut chance = Chance::new(3);
    for level in Level::here() {
        let mut mixer = Mixer::with_level(level);
        for samples in [80, 160, 320, 640, 960, 1, 37, 0] {
            let gains = [1.0, 0.0, 0.5, 2.0, 1.0, 7.9, 0.013, 15.9];
            let mut seats: Vec<_> =
                gains.map(|it: f64| Seat::new(Gain::from_db(20.0 * it.log10() as f32))).into();
            mixer.begin(samples).unwrap();
            let said: Vec<Vec<i16>> = (0..8)
                .map(|who| (0..samples).map(|_| chance.sample() >> (who % 3)).collect())
                .collect();
            for (seat, pcm) in seats.iter_mut().zip(&said) {
                mixer.add(seat, pcm).unwrap();
            }
            let mut out = vec![0; samples];
            for (who, seat) in seats.iter().enumerate() {
                mixer.others(seat, &mut out).unwrap();
                for (place, &heard) in out.iter().enumerate() {
                    let others = (0..8).filter(|&it| it != who);
                    let sum: i64 = others.map(|it| gained(said[it][place], gains[it])).sum();
                    assert_eq!(
                        i64::from(heard),
                        sum.clamp(-32_768, 32_767),
                        "{level:?} {who} {place}"
                    );
                }
            }
            mixer.all(&mut out).unwrap();
            for (place, &heard) in out.iter().enumerate() {
                let sum: i64 = (0..8).map(|it| gained(said[it][place], gains[it])).sum();
                assert_eq!(i64::from(heard), sum.clamp(-32_768, 32_767));
            }
        }
    }
}

#[test]
fn who_says_nothing_in_a_tick_hears_all_and_who_speaks_twice_is_heard_once() {
    let (mut mixer, mut talker, mut other) =
        (Mixer::new(), Seat::new(Gain::UNITY), Seat::new(Gain::UNITY));
    mixer.begin(80).unwrap();
    mixer.add(&mut other, &[9; 80]).unwrap();
    mixer.begin(80).unwrap();
    mixer.add(&mut talker, &[1; 80]).unwrap();
    mixer.add(&mut talker, &[5; 80]).unwrap();
    let mut out = [0; 80];
    mixer.others(&other, &mut out).unwrap();
    assert_eq!(out, [5; 80]);
    mixer.others(&talker, &mut out).unwrap();
    assert_eq!(out, [0; 80]);
}

#[test]
fn the_loudest_is_who_speaks_and_stays_so_between_words() {
    let (mut mixer, mut talker, mut quiet) =
        (Mixer::new(), Seat::new(Gain::UNITY), Seat::new(Gain::UNITY));
    let sine: Vec<_> = (0..160)
        .map(|n| (23_170.0 * (f64::from(n) * std::f64::consts::FRAC_PI_4).sin()) as i16)
        .collect();
    let hum: Vec<_> = sine.iter().map(|it| it / 50).collect();
    for tick in 0..30 {
        mixer.begin(160).unwrap();
        if tick < 20 {
            mixer.add(&mut talker, &sine).unwrap();
        } else {
            talker.rest();
        }
        mixer.add(&mut quiet, &hum).unwrap();
        assert!(talker.loudness() > quiet.loudness());
        if tick == 19 {
            assert!((talker.loudness().dbm0() - 0.13).abs() < 0.1, "{}", talker.loudness().dbm0());
        }
    }
    assert!((quiet.loudness().dbm0() + 33.9).abs() < 0.3, "{}", quiet.loudness().dbm0());
    for _ in 0..600 {
        talker.rest();
    }
    assert!(talker.loudness().dbm0() <= -100.0);
}

#[test]
fn sums_on_both_sides_of_overload_are_exact() {
    let edges = [-32_768, -32_767, -1, 0, 1, 32_766, 32_767];
    for level in Level::here() {
        for place in 0..7 * 7 * 7 {
            let [a, b, own] = [place / 49, place / 7 % 7, place % 7].map(|it| edges[it]);
            let (mut mixer, mut seats) =
                (Mixer::with_level(level), [0; 4].map(|_| Seat::new(Gain::UNITY)));
            mixer.begin(33).unwrap();
            for (seat, value) in seats.iter_mut().zip([own, a, b, a]) {
                mixer.add(seat, &[value; 33]).unwrap();
            }
            let mut out = [0; 33];
            mixer.others(&seats[0], &mut out).unwrap();
            let sum = 2 * i32::from(a) + i32::from(b);
            assert_eq!(out.map(i32::from), [sum.clamp(-32_768, 32_767); 33], "{a} {b} {own}");
        }
    }
}

#[test]
fn it_is_the_same_sum_whether_it_ever_fitted_16_bits_or_not() {
    let mut chance = Chance::new(16);
    for level in Level::here() {
        let mut mixer = Mixer::with_level(level);
        for turn in 0..200 {
            let samples = [160, 80, 320, 47][turn % 4];
            let mut seats: Vec<_> = (0..6).map(|_| Seat::new(Gain::UNITY)).collect();
            let mut said = vec![vec![0; samples]; 6];
            mixer.begin(samples).unwrap();
            // Whoever speaks again takes back what the sum went over by, or makes it go over at last.
            for _ in 0..9 {
                let who = chance.below(6);
                let quiet = chance.below(4);
                said[who] = (0..samples).map(|_| chance.sample() >> quiet).collect();
                mixer.add(&mut seats[who], &said[who]).unwrap();
                let mut out = vec![0; samples];
                let listener = chance.below(6);
                mixer.others(&seats[listener], &mut out).unwrap();
                for (place, &heard) in out.iter().enumerate() {
                    let others = (0..6).filter(|&it| it != listener);
                    let sum: i32 = others.map(|it| i32::from(said[it][place])).sum();
                    let sum = sum.clamp(-32_768, 32_767);
                    assert_eq!(i32::from(heard), sum, "{level:?} {turn} {place}");
                }
            }
        }
    }
}

#[test]
fn the_loudness_is_the_same_at_every_level() {
    let mut chance = Chance::new(17);
    for samples in [160, 80, 960, 47, 16, 33] {
        let said: Vec<Vec<i16>> =
            (0..9).map(|it| (0..samples).map(|_| chance.sample() >> (it % 3)).collect()).collect();
        let heard = |level| {
            let (mut mixer, mut seat) = (Mixer::with_level(level), Seat::new(Gain::UNITY));
            let mut other = seat.clone();
            for (tick, pcm) in said.iter().enumerate() {
                mixer.begin(samples).unwrap();
                // Loud enough now and then that the sum goes over before it.
                for _ in 0..tick % 3 {
                    mixer.add(&mut other.clone(), &vec![i16::MAX; samples]).unwrap();
                }
                mixer.add(&mut seat, pcm).unwrap();
                mixer.add(&mut other, pcm).unwrap();
            }
            (seat.loudness(), other.loudness())
        };
        for level in Level::here() {
            assert_eq!(heard(level), heard(Level::Scalar), "{level:?} {samples}");
        }
    }
}

#[test]
fn a_tick_of_another_length_is_refused_and_changes_nothing() {
    let (mut mixer, mut seat) = (Mixer::new(), Seat::new(Gain::UNITY));
    mixer.begin(80).unwrap();
    mixer.add(&mut seat, &[3; 80]).unwrap();
    assert_eq!(mixer.add(&mut seat, &[1; 81]), Err(TickLength { tick: 80, given: 81 }));
    assert!(mixer.begin(LONGEST + 1).is_err());
    assert!(mixer.others(&seat, &mut [0; 79]).is_err());
    let mut out = [0; 80];
    mixer.all(&mut out).unwrap();
    assert_eq!(out, [3; 80]);
}

#[test]
fn a_thousand_at_full_loudness_do_not_wrap() {
    for value in [i16::MIN, i16::MAX] {
        let (mut mixer, mut seat) = (Mixer::new(), Seat::new(Gain::UNITY));
        mixer.begin(80).unwrap();
        for _ in 0..1_000 {
            mixer.add(&mut Seat::new(Gain::from_db(24.0)), &[value; 80]).unwrap();
        }
        mixer.add(&mut seat, &[value; 80]).unwrap();
        let mut out = [0; 80];
        mixer.others(&seat, &mut out).unwrap();
        assert_eq!(out, [value; 80]);
    }
}
