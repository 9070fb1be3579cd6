//! G.722 against the ITU's vectors, ffmpeg, and itself in lanes.

// Writing to a program while it writes takes a thread.
#![allow(unsafe_code, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod oracle;

use media_dsp::arch::Level;
use media_dsp::codec::{DecodeError, EncodeError};
use media_dsp::g722::{Decoder, Encoder, Mode};
use oracle::{Chance, ffmpeg, speech, vector, words};
use proptest::prelude::*;

const MODES: [Mode; 3] = [Mode::One, Mode::Two, Mode::Three];

fn encoded(mode: Mode, pcm: &[i16]) -> Vec<u8> {
    let mut out = vec![0; pcm.len() / 2];
    assert_eq!(Encoder::new(mode).encode(pcm, &mut out), Ok(out.len()));
    out
}

fn decoded(mode: Mode, codes: &[u8]) -> Vec<i16> {
    let mut out = vec![0; codes.len() * 2];
    assert_eq!(Decoder::new(mode).decode(codes, &mut out), Ok(out.len()));
    out
}

fn octets(pcm: &[i16]) -> Vec<u8> {
    pcm.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

fn ffmpeg_encodes(pcm: &[i16]) -> Option<Vec<u8>> {
    let raw = ["-f", "s16le", "-ar", "16000", "-ac", "1"];
    ffmpeg(&raw, &["-c:a", "g722", "-f", "g722"], octets(pcm))
}

fn ffmpeg_decodes(mode: Mode, codes: &[u8]) -> Option<Vec<i16>> {
    let bits = ["8", "7", "6"][MODES.iter().position(|&it| it == mode).unwrap()];
    let before = ["-f", "g722", "-bits_per_codeword", bits];
    ffmpeg(&before, &["-f", "s16le"], codes.to_vec()).map(|out| words(&out))
}

/// Twice the rate, by halves of neighbours.
fn doubled(pcm: &[i16]) -> Vec<i16> {
    let next = pcm.iter().skip(1).chain([&0]);
    let pairs = pcm.iter().zip(next);
    pairs.flat_map(|(&a, &b)| [a, ((i32::from(a) + i32::from(b)) >> 1) as i16]).collect()
}

/// Noise at every level up to the fullest, squares of many lengths, the filters' worst, silence.
fn torture() -> Vec<i16> {
    let mut chance = Chance::new(722);
    let mut pcm = vec![0; 1_600];
    for level in 0..=15 {
        pcm.extend((0..1_600).map(|_| chance.sample() >> level));
    }
    pcm.extend((0..8_000).map(|_| if chance.below(2) == 0 { i16::MIN } else { i16::MAX }));
    for length in (1..60).chain([100, 200, 400]) {
        let half = |at: usize| if (at / length).is_multiple_of(2) { i16::MAX } else { i16::MIN };
        pcm.extend((0..1_200).map(half));
    }
    for step in 0..3_000 {
        let phase = f64::from(step * step) / 6_000.0;
        pcm.push((phase.sin() * 32_767.0) as i16);
    }
    pcm.extend(vec![0; 1_600]);
    pcm
}

/// Chance, all codes held for long, and runs of codes: what drives the predictor over its limits.
fn wild_codes() -> Vec<u8> {
    let mut chance = Chance::new(7);
    let mut codes: Vec<_> = (0..20_000).map(|_| chance.next() as u8).collect();
    codes.extend((0..=255).flat_map(|code| vec![code; 100]));
    while codes.len() < 150_000 {
        let (one, other) = (chance.next() as u8, chance.next() as u8);
        let (long, short) = (1 + chance.below(40), 1 + chance.below(6));
        for _ in 0..1 + chance.below(8) {
            codes.extend(vec![one; long]);
            codes.extend(vec![other; short]);
        }
    }
    codes
}

#[test]
fn the_vectors_of_the_itu_come_out_in_all_modes() {
    let Some(pcm) = vector("g722/inpsp.bin") else { return };
    let codes: Vec<_> =
        words(&vector("g722/codspw.cod").unwrap()).iter().map(|&word| word as u8).collect();
    assert!(encoded(Mode::One, &words(&pcm)) == codes);
    for (mode, name) in MODES.into_iter().zip(["outsp1", "outsp2", "outsp3"]) {
        let expected = words(&vector(&format!("g722/{name}.bin")).unwrap());
        assert!(decoded(mode, &codes) == expected, "{name}");
    }
}

#[test]
fn it_encodes_as_ffmpeg_does_in_overload_too() {
    let mut inputs = vec![torture()];
    inputs.extend(speech(20).map(|pcm| doubled(&pcm)));
    for pcm in inputs {
        let Some(expected) = ffmpeg_encodes(&pcm) else { return };
        let ours = encoded(Mode::One, &pcm);
        assert_eq!(ours.len(), expected.len());
        assert_eq!(ours.iter().zip(&expected).position(|(a, b)| a != b), None);
    }
}

#[test]
fn it_decodes_as_ffmpeg_does_whatever_the_octets() {
    let mut inputs = vec![wild_codes(), encoded(Mode::One, &torture())];
    inputs.extend(speech(10).map(|pcm| encoded(Mode::One, &doubled(&pcm))));
    for (mode, codes) in MODES.iter().flat_map(|&mode| inputs.iter().map(move |it| (mode, it))) {
        let Some(expected) = ffmpeg_decodes(mode, codes) else { return };
        let ours = decoded(mode, codes);
        assert_eq!(ours.len(), expected.len());
        assert_eq!(ours.iter().zip(&expected).position(|(a, b)| a != b), None, "{mode:?}");
    }
}

#[test]
fn the_delay_is_22_samples() {
    let phase = |step: i32| f64::from(step).powi(2) / 40_000.0;
    let pcm: Vec<_> = (0..16_000).map(|step| (phase(step).sin() * 8_000.0) as i16).collect();
    let out = decoded(Mode::One, &encoded(Mode::One, &pcm));
    let error = |delay: usize| {
        let pairs = pcm.iter().zip(&out[delay..]);
        pairs.map(|(&a, &b)| (i64::from(a) - i64::from(b)).pow(2)).sum::<i64>()
    };
    assert_eq!((0..64).min_by_key(|&delay| error(delay)), Some(22));
}

#[test]
fn the_auxiliary_bits_are_left_free() {
    let pcm = torture();
    let whole = encoded(Mode::One, &pcm);
    for (mode, mask) in [(Mode::Two, 0xfe), (Mode::Three, 0xfc)] {
        let expected: Vec<_> = whole.iter().map(|code| code & mask).collect();
        assert!(encoded(mode, &pcm) == expected);
    }
}

#[test]
fn channels_side_by_side_come_out_as_one_by_one_at_every_level() {
    let (pcm, codes) = (torture(), wild_codes());
    for (level, count) in Level::here().flat_map(|level| [(level, 19), (level, 16), (level, 6)]) {
        let modes = || MODES.into_iter().cycle().take(count);
        let mut encoders: Vec<_> = modes().map(Encoder::new).collect();
        let mut decoders: Vec<_> = modes().map(Decoder::new).collect();
        let (mut alone, mut silent) = (encoders.clone(), decoders.clone());
        for round in 0..12 {
            let pairs = [160, 1, 37, 0][round % 4];
            let sources = (0..count).map(|at| (at * 5_003 + round * 977) % 50_000);
            let sound: Vec<_> = sources.clone().map(|at| &pcm[at..at + 2 * pairs]).collect();
            let input: Vec<_> = sources.map(|at| &codes[at..at + pairs]).collect();
            let mut octets = vec![vec![0; pairs]; count];
            let mut samples = vec![vec![0; 2 * pairs]; count];
            let mut outs: Vec<_> = octets.iter_mut().map(|it| &mut it[..]).collect();
            let mut channels: Vec<_> = encoders.iter_mut().collect();
            let made = Encoder::encode_batch(level, &mut channels, &sound, &mut outs);
            assert_eq!(made, Ok(()));
            let mut outs: Vec<_> = samples.iter_mut().map(|it| &mut it[..]).collect();
            let mut channels: Vec<_> = decoders.iter_mut().collect();
            let made = Decoder::decode_batch(level, &mut channels, &input, &mut outs);
            assert_eq!(made, Ok(()));
            for at in 0..count {
                let (mut octet, mut sample) = (vec![0; pairs], vec![0; 2 * pairs]);
                alone[at].encode(sound[at], &mut octet).unwrap();
                silent[at].decode(input[at], &mut sample).unwrap();
                assert!((&octet, &sample) == (&octets[at], &samples[at]), "{level:?} {at}");
            }
            assert!((&alone, &silent) == (&encoders, &decoders), "{level:?}");
        }
    }
}

#[test]
fn a_batch_with_one_channel_that_does_not_fit_changes_none() {
    for level in Level::here() {
        let mut encoders = [0; 3].map(|_| Encoder::new(Mode::One));
        let mut decoders = [0; 3].map(|_| Decoder::new(Mode::One));
        let (sound, codes) = ([1_000; 40], [99; 20]);
        let mut encode = |pcm: [&[i16]; 3], room: [usize; 3]| {
            let mut outs = room.map(|room| vec![7; room]);
            let [a, b, c] = &mut encoders;
            let result = Encoder::encode_batch(
                level,
                &mut [a, b, c],
                &pcm,
                &mut outs.each_mut().map(|out| &mut out[..]),
            );
            let untouched = outs.iter().flatten().all(|&octet| octet == 7);
            (result, untouched && [&*a, b, c].iter().all(|it| **it == Encoder::new(Mode::One)))
        };
        let unequal = encode([&sound, &sound[..38], &sound], [20; 3]);
        assert_eq!(unequal, (Err(EncodeError::FrameLength { frame: 40, given: 38 }), true));
        let odd = encode([&sound[..39]; 3], [20; 3]);
        assert_eq!(odd, (Err(EncodeError::FrameLength { frame: 2, given: 39 }), true));
        let short = encode([&sound; 3], [20, 20, 19]);
        assert_eq!(short, (Err(EncodeError::NoRoom { needed: 20 }), true));
        assert_eq!(encode([&sound; 3], [20; 3]), (Ok(()), false));

        let mut decode = |payload: [&[u8]; 3], room: [usize; 3]| {
            let mut outs = room.map(|room| vec![7; room]);
            let [a, b, c] = &mut decoders;
            let result = Decoder::decode_batch(
                level,
                &mut [a, b, c],
                &payload,
                &mut outs.each_mut().map(|out| &mut out[..]),
            );
            let untouched = outs.iter().flatten().all(|&sample| sample == 7);
            (result, untouched && [&*a, b, c].iter().all(|it| **it == Decoder::new(Mode::One)))
        };
        let unequal = decode([&codes, &codes[..19], &codes], [40; 3]);
        assert_eq!(unequal, (Err(DecodeError::Malformed), true));
        let short = decode([&codes; 3], [40, 39, 40]);
        assert_eq!(short, (Err(DecodeError::NoRoom { needed: 40 }), true));
        assert_eq!(decode([&codes; 3], [40; 3]), (Ok(()), false));
    }
}

#[test]
fn what_is_behind_the_end_of_a_longer_output_is_left_alone() {
    let pcm = torture();
    for (level, count) in Level::here().flat_map(|level| [(level, 1), (level, 5), (level, 17)]) {
        let mut encoders = vec![Encoder::new(Mode::One); count];
        let mut decoders = vec![Decoder::new(Mode::One); count];
        let mut codes = vec![[7; 200]; count];
        let mut samples = vec![[7; 400]; count];
        for at in 0..5 {
            let sound = vec![&pcm[at * 90..][..90]; count];
            let mut channels: Vec<_> = encoders.iter_mut().collect();
            let mut outs: Vec<_> = codes.iter_mut().map(|it| &mut it[..]).collect();
            Encoder::encode_batch(level, &mut channels, &sound, &mut outs).unwrap();
            let payload: Vec<_> = codes.iter().map(|it| &it[..45]).collect();
            let mut channels: Vec<_> = decoders.iter_mut().collect();
            let mut outs: Vec<_> = samples.iter_mut().map(|it| &mut it[..]).collect();
            Decoder::decode_batch(level, &mut channels, &payload, &mut outs).unwrap();
        }
        assert!(codes.iter().all(|out| out[45..] == [7; 155]));
        assert!(samples.iter().all(|out| out[90..] == [7; 310]));
        let codes = encoded(Mode::One, &pcm[..450]);
        let mut alone = Decoder::new(Mode::One);
        alone.decode(&codes, &mut [0; 900]).unwrap();
        assert!(decoders.iter().all(|decoder| *decoder == alone), "{level:?} {count}");
    }
}

#[test]
fn a_saved_state_goes_on_alike_in_pieces_of_any_size() {
    let pcm = torture();
    let whole = encoded(Mode::One, &pcm);
    let mut chance = Chance::new(3);
    let (mut encoder, mut decoder) = (Encoder::new(Mode::One), Decoder::new(Mode::One));
    let (mut codes, mut samples) = (Vec::new(), Vec::new());
    let mut rest = &pcm[..];
    while !rest.is_empty() {
        let (now, later) = rest.split_at(rest.len().min(2 * chance.below(200)));
        let (mut code, mut sample) = (vec![0; now.len() / 2], vec![0; now.len()]);
        encoder = encoder.clone();
        encoder.encode(now, &mut code).unwrap();
        decoder = decoder.clone();
        decoder.decode(&code, &mut sample).unwrap();
        codes.extend(code);
        samples.extend(sample);
        rest = later;
    }
    assert!(codes == whole);
    assert!(samples == decoded(Mode::One, &whole));
}

#[test]
fn a_state_is_as_large_as_it_says() {
    assert_eq!((size_of::<Encoder>(), size_of::<Decoder>()), (216, 216));
}

#[test]
fn odd_samples_and_short_outputs_are_refused() {
    let (mut out, mut pcm) = ([0; 2], [0; 3]);
    let mut encoder = Encoder::new(Mode::One);
    let odd = EncodeError::FrameLength { frame: 2, given: 3 };
    assert_eq!(encoder.encode(&[900; 3], &mut out), Err(odd));
    assert_eq!(encoder.encode(&[900; 6], &mut out), Err(EncodeError::NoRoom { needed: 3 }));
    assert_eq!(encoder, Encoder::new(Mode::One));
    let mut decoder = Decoder::new(Mode::One);
    assert_eq!(decoder.decode(&[9; 2], &mut pcm), Err(DecodeError::NoRoom { needed: 4 }));
    assert_eq!(decoder, Decoder::new(Mode::One));
    assert_eq!((encoder.encode(&[], &mut []), decoder.decode(&[], &mut [])), (Ok(0), Ok(0)));
}

proptest! {
    #[test]
    fn no_octets_make_it_panic(codes: Vec<u8>, pcm: Vec<i16>) {
        for mode in MODES {
            decoded(mode, &codes);
            encoded(mode, &pcm[..pcm.len() / 2 * 2]);
        }
    }
}
