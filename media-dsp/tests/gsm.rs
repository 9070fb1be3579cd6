//! GSM full rate against libgsm, spandsp, and itself.

#![allow(unsafe_code, clippy::unwrap_used, clippy::indexing_slicing)]

mod oracle;

use libloading::Library;
use media_dsp::arch::Level;
use media_dsp::codec::{DecodeError, EncodeError};
use media_dsp::gsm::{Decoder, Encoder};
use oracle::{Chance, library, speech};
use proptest::prelude::*;
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

fn encoded(pcm: &[i16]) -> Vec<u8> {
    let mut out = vec![0; pcm.len() / 160 * 33];
    assert_eq!(Encoder::new().encode(pcm, &mut out), Ok(out.len()));
    out
}

fn decoded(frames: &[u8]) -> Vec<i16> {
    let mut out = vec![0; frames.len() / 33 * 160];
    assert_eq!(Decoder::new().decode(frames, &mut out), Ok(out.len()));
    out
}

/// Noise at every level, sweeps, clicks, silence.
fn torture() -> Vec<i16> {
    let mut chance = Chance::new(610);
    let mut pcm = vec![0; 1_600];
    for level in 0..=13 {
        pcm.extend((0..16_000).map(|_| chance.sample() >> level));
    }
    for level in [32_767.0, 20_000.0, 8_000.0, 1_000.0, 50.0] {
        let phase = |step: i32| f64::from(step).powi(2) / 10_000.0;
        pcm.extend((0..16_000).map(|step| (phase(step).sin() * level) as i16));
    }
    pcm.extend((0..16_000).map(|_| if chance.below(300) == 0 { i16::MIN } else { 0 }));
    pcm.extend((0..16_000).map(|_| if chance.below(2) == 0 { i16::MIN } else { i16::MAX }));
    pcm.extend(vec![0; 16_000]);
    pcm
}

/// Full-scale squares of many lengths. libgsm as it is built sums the long-term correlation in single
/// precision, which rounds here; the standard and spandsp do not.
fn squares() -> Vec<i16> {
    let square = |length: usize| {
        let high = move |at: usize| (at / length).is_multiple_of(2);
        (0..3_200).map(move |at| if high(at) { i16::MAX } else { i16::MIN })
    };
    (1..40).chain([100, 200, 400]).flat_map(square).collect()
}

/// Speech from a whisper to overload.
fn swept(seconds: usize) -> Option<Vec<i16>> {
    let pcm = speech(seconds)?;
    let frames = pcm.len() / 160;
    let gain = |at: usize| 10_f64.powf((at / 160) as f64 / frames as f64 * 3.0 - 1.5);
    let louder = pcm.iter().enumerate().map(|(at, &it)| (f64::from(it) * gain(at)) as i16);
    Some(pcm.iter().copied().chain(louder).take(frames * 320).collect())
}

/// Frames of chance behind their signature.
fn wild(frames: usize) -> Vec<u8> {
    let mut chance = Chance::new(33);
    let mut octets: Vec<_> = (0..frames * 33).map(|_| chance.next() as u8).collect();
    for frame in octets.chunks_mut(33) {
        frame[0] = 0xd0 | frame[0] & 15;
    }
    octets
}

type Create = unsafe extern "C" fn() -> *mut c_void;
type Destroy = unsafe extern "C" fn(*mut c_void);
type LibgsmEncode = unsafe extern "C" fn(*mut c_void, *const i16, *mut u8);
type LibgsmDecode = unsafe extern "C" fn(*mut c_void, *const u8, *mut i16) -> c_int;

fn libgsm_encodes(library: &Library, pcm: &[i16]) -> Vec<u8> {
    let mut out = vec![0; pcm.len() / 160 * 33];
    // SAFETY: the functions are as gsm.h declares them: 160 samples to 33 octets.
    unsafe {
        let encode = library.get::<LibgsmEncode>(b"gsm_encode").unwrap();
        let state = library.get::<Create>(b"gsm_create").unwrap()();
        for (pcm, out) in pcm.chunks_exact(160).zip(out.chunks_exact_mut(33)) {
            encode(state, pcm.as_ptr(), out.as_mut_ptr());
        }
        library.get::<Destroy>(b"gsm_destroy").unwrap()(state);
    }
    out
}

fn libgsm_decodes(library: &Library, frames: &[u8]) -> Vec<i16> {
    let mut out = vec![0; frames.len() / 33 * 160];
    // SAFETY: the functions are as gsm.h declares them: 33 octets to 160 samples.
    unsafe {
        let decode = library.get::<LibgsmDecode>(b"gsm_decode").unwrap();
        let state = library.get::<Create>(b"gsm_create").unwrap()();
        for (frame, out) in frames.chunks_exact(33).zip(out.chunks_exact_mut(160)) {
            assert_eq!(decode(state, frame.as_ptr(), out.as_mut_ptr()), 0);
        }
        library.get::<Destroy>(b"gsm_destroy").unwrap()(state);
    }
    out
}

type Init = unsafe extern "C" fn(*mut c_void, c_int) -> *mut c_void;
type SpandspEncode = unsafe extern "C" fn(*mut c_void, *mut u8, *const i16, c_int) -> c_int;

fn spandsp_encodes(library: &Library, pcm: &[i16]) -> Vec<u8> {
    const VOIP: c_int = 2;
    let mut out = vec![0; pcm.len() / 160 * 33];
    // SAFETY: the functions are as spandsp/gsm0610.h declares them.
    let made = unsafe {
        let init = library.get::<Init>(b"gsm0610_init").unwrap();
        let encode = library.get::<SpandspEncode>(b"gsm0610_encode").unwrap();
        encode(init(null_mut(), VOIP), out.as_mut_ptr(), pcm.as_ptr(), pcm.len() as c_int)
    };
    assert_eq!(made as usize, out.len());
    out
}

fn unlike<T: PartialEq>(ours: &[T], theirs: &[T], frame: usize) -> Vec<usize> {
    assert_eq!(ours.len(), theirs.len());
    let frames = ours.chunks(frame).zip(theirs.chunks(frame)).enumerate();
    frames.filter(|(_, (a, b))| a != b).map(|(at, _)| at).collect()
}

#[test]
fn it_encodes_as_libgsm_does() {
    let Some(library) = library(&["libgsm.so.1"], "libgsm1") else { return };
    for pcm in [Some(torture()), swept(60)].into_iter().flatten() {
        let expected = libgsm_encodes(&library, &pcm);
        let unlike = unlike(&encoded(&pcm), &expected, 33);
        assert!(unlike.is_empty(), "{} frames: {:?}", unlike.len(), unlike.first());
    }
}

#[test]
fn it_encodes_as_spandsp_does() {
    let Some(library) = library(&["libspandsp.so.2"], "libspandsp2") else { return };
    for pcm in [Some(torture()), Some(squares()), swept(20)].into_iter().flatten() {
        let expected = spandsp_encodes(&library, &pcm);
        let unlike = unlike(&encoded(&pcm), &expected, 33);
        assert!(unlike.is_empty(), "{} frames: {:?}", unlike.len(), unlike.first());
    }
}

#[test]
fn it_decodes_as_libgsm_does_whatever_the_octets() {
    let Some(library) = library(&["libgsm.so.1"], "libgsm1") else { return };
    let mut inputs = vec![wild(2_000), encoded(&torture()), encoded(&squares())];
    inputs.extend(swept(60).map(|pcm| encoded(&pcm)));
    for frames in inputs {
        let expected = libgsm_decodes(&library, &frames);
        let unlike = unlike(&decoded(&frames), &expected, 160);
        assert!(unlike.is_empty(), "{} frames: {:?}", unlike.len(), unlike.first());
    }
}

#[test]
fn all_levels_come_out_alike() {
    for (pcm, wild) in [(torture(), wild(500)), (squares(), wild(1))] {
        let expected = (encoded(&pcm), decoded(&wild));
        for level in Level::here() {
            let mut out = (vec![0; expected.0.len()], vec![0; expected.1.len()]);
            Encoder::with_level(level).encode(&pcm, &mut out.0).unwrap();
            Decoder::with_level(level).decode(&wild, &mut out.1).unwrap();
            assert!(out == expected, "{level:?}");
        }
    }
}

#[test]
fn a_loss_is_bridged_and_a_long_one_falls_silent() {
    let Some(pcm) = speech(2) else { return };
    let frames = encoded(&pcm[..8_000]);
    let power = |pcm: &[i16]| pcm.iter().map(|&it| f64::from(it).powi(2)).sum::<f64>().sqrt();
    let mut decoder = Decoder::new();
    let mut good = vec![0; 8_000];
    decoder.decode(&frames, &mut good).unwrap();
    let mut filled = [0; 160];
    assert_eq!(decoder.conceal(&mut filled), Ok(160));
    let before = power(&good[7_840..]);
    assert!(power(&filled) > before / 4.0 && power(&filled) < before * 4.0);
    let mut long = [7; 20 * 160 + 9];
    assert_eq!(decoder.conceal(&mut long), Ok(20 * 160));
    assert!(long[19 * 160..20 * 160] == [0; 160] && long[20 * 160..] == [7; 9]);
    let short = decoder.conceal(&mut filled[..159]);
    assert_eq!(short, Err(DecodeError::NoRoom { needed: 160 }));
    assert_eq!(decoder.decode(&frames[..33], &mut filled), Ok(160));
}

#[test]
fn a_saved_state_goes_on_alike() {
    let pcm = torture();
    let whole = encoded(&pcm);
    let samples = decoded(&whole);
    let (mut encoder, mut decoder) = (Encoder::new(), Decoder::new());
    for (at, pcm) in pcm.chunks(480).enumerate() {
        let mut frames = vec![0; pcm.len() / 160 * 33];
        let mut out = vec![0; pcm.len()];
        encoder = encoder.clone();
        encoder.encode(pcm, &mut frames).unwrap();
        decoder = decoder.clone();
        decoder.decode(&frames, &mut out).unwrap();
        assert!(frames == whole[at * 99..at * 99 + frames.len()]);
        assert!(out == samples[at * 480..at * 480 + out.len()]);
    }
}

#[test]
fn a_state_is_as_large_as_it_says() {
    assert_eq!((size_of::<Encoder>(), size_of::<Decoder>()), (284, 354));
}

#[test]
fn what_is_no_frame_is_refused() {
    let (mut out, mut pcm) = ([0; 40], [0; 320]);
    let (mut encoder, mut decoder) = (Encoder::new(), Decoder::new());
    let part = EncodeError::FrameLength { frame: 160, given: 159 };
    assert_eq!(encoder.encode(&[900; 159], &mut out), Err(part));
    assert_eq!(encoder.encode(&[900; 320], &mut out), Err(EncodeError::NoRoom { needed: 66 }));
    assert_eq!(encoder, Encoder::new());
    let mut frames = encoded(&[900; 320]);
    assert_eq!(decoder.decode(&frames[..65], &mut pcm), Err(DecodeError::Malformed));
    let short = decoder.decode(&frames, &mut pcm[..319]);
    assert_eq!(short, Err(DecodeError::NoRoom { needed: 320 }));
    // A second frame without its signature: the first is not decoded either.
    frames[33] = 0;
    assert_eq!(decoder.decode(&frames, &mut pcm), Err(DecodeError::Malformed));
    assert_eq!(decoder, Decoder::new());
    assert_eq!((encoder.encode(&[], &mut []), decoder.decode(&[], &mut [])), (Ok(0), Ok(0)));
}

proptest! {
    #[test]
    fn no_octets_make_it_panic(
        mut octets in prop::collection::vec(any::<u8>(), 330),
        pcm in prop::collection::vec(any::<i16>(), 480),
    ) {
        let mut out = [0; 1_600];
        let _ = Decoder::new().decode(&octets, &mut out);
        for frame in octets.chunks_mut(33) {
            frame[0] = 0xd0 | frame[0] & 15;
        }
        prop_assert!(Decoder::new().decode(&octets, &mut out).is_ok());
        encoded(&pcm);
    }
}
