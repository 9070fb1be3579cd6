//! G.722, single and side by side, next to spandsp.

use crate::oracle::{library, speech};
use crate::{Bench, Goal};
use media_dsp::arch::Level;
use media_dsp::g722::{Decoder, Encoder, Mode};
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

pub(crate) fn run(bench: &mut Bench) {
    let Some(narrow) = speech(SECONDS) else { return };
    let pcm: Vec<i16> = narrow.iter().flat_map(|&sample| [sample, sample]).collect();
    let Some(library) = library(&["libspandsp.so.2"], "libspandsp2") else { return };
    let spandsp = Spandsp::new(&library);
    let mut codes = vec![0; pcm.len() / 2];
    Encoder::new(Mode::One).encode(&pcm, &mut codes).unwrap();
    let frames = pcm.len() / 320;

    let mut out = codes.clone();
    let mut peers_out = codes.clone();
    bench.row(
        "G.722 encode",
        Goal::OfPeer(1.0),
        frames,
        &mut || {
            let mut encoder = Encoder::new(Mode::One);
            for (pcm, out) in pcm.chunks(320).zip(out.chunks_mut(160)) {
                encoder.encode(pcm, out).unwrap();
            }
        },
        &mut [("spandsp", &mut || spandsp.encode(&pcm, &mut peers_out))],
    );
    for count in SIDE_BY_SIDE {
        bench.row(
            &format!("G.722 encode, {count} channels side by side"),
            Goal::OfPeer(0.25),
            frames,
            &mut || {
                let mut encoders = vec![Encoder::new(Mode::One); count];
                let mut channels: Vec<_> = encoders.iter_mut().collect();
                for (pcm, out) in pcm.chunks(320 * count).zip(out.chunks_mut(160 * count)) {
                    let pcm: Vec<_> = pcm.chunks(320).collect();
                    let mut out: Vec<_> = out.chunks_mut(160).collect();
                    Encoder::encode_batch(Level::current(), &mut channels, &pcm, &mut out).unwrap();
                }
            },
            &mut [("spandsp", &mut || spandsp.encode(&pcm, &mut peers_out))],
        );
    }

    let mut sound = pcm.clone();
    let mut peers_sound = pcm.clone();
    bench.row(
        "G.722 decode",
        Goal::OfPeer(1.0),
        frames,
        &mut || {
            let mut decoder = Decoder::new(Mode::One);
            for (codes, sound) in codes.chunks(160).zip(sound.chunks_mut(320)) {
                decoder.decode(codes, sound).unwrap();
            }
        },
        &mut [("spandsp", &mut || spandsp.decode(&codes, &mut peers_sound))],
    );
    for count in SIDE_BY_SIDE {
        bench.row(
            &format!("G.722 decode, {count} channels side by side"),
            Goal::OfPeer(0.25),
            frames,
            &mut || {
                let mut decoders = vec![Decoder::new(Mode::One); count];
                let mut channels: Vec<_> = decoders.iter_mut().collect();
                for (codes, sound) in codes.chunks(160 * count).zip(sound.chunks_mut(320 * count)) {
                    let codes: Vec<_> = codes.chunks(160).collect();
                    let mut sound: Vec<_> = sound.chunks_mut(320).collect();
                    Decoder::decode_batch(Level::current(), &mut channels, &codes, &mut sound)
                        .unwrap();
                }
            },
            &mut [("spandsp", &mut || spandsp.decode(&codes, &mut peers_sound))],
        );
    }
}

type Init = unsafe extern "C" fn(*mut c_void, c_int, c_int) -> *mut c_void;
type Encode = unsafe extern "C" fn(*mut c_void, *mut u8, *const i16, c_int) -> c_int;
type Decode = unsafe extern "C" fn(*mut c_void, *mut i16, *const u8, c_int) -> c_int;
type Free = unsafe extern "C" fn(*mut c_void) -> c_int;

struct Spandsp {
    encode: (Init, Encode, Free),
    decode: (Init, Decode, Free),
}

impl Spandsp {
    #[allow(unsafe_code)]
    fn new(library: &libloading::Library) -> Self {
        // SAFETY: these functions are as spandsp/g722.h declares them.
        unsafe {
            let encode = (
                *library.get(b"g722_encode_init").unwrap(),
                *library.get(b"g722_encode").unwrap(),
                *library.get(b"g722_encode_free").unwrap(),
            );
            let decode = (
                *library.get(b"g722_decode_init").unwrap(),
                *library.get(b"g722_decode").unwrap(),
                *library.get(b"g722_decode_free").unwrap(),
            );
            Self { encode, decode }
        }
    }

    #[allow(unsafe_code)]
    fn encode(&self, pcm: &[i16], out: &mut [u8]) {
        let (init, encode, free) = self.encode;
        // SAFETY: the state is its own, and the output has an octet for every two samples.
        unsafe {
            let state = init(null_mut(), 64_000, 0);
            for (pcm, out) in pcm.chunks(320).zip(out.chunks_mut(160)) {
                encode(state, out.as_mut_ptr(), pcm.as_ptr(), pcm.len() as c_int);
            }
            free(state);
        }
    }

    #[allow(unsafe_code)]
    fn decode(&self, codes: &[u8], out: &mut [i16]) {
        let (init, decode, free) = self.decode;
        // SAFETY: the state is its own, and the output has two samples for every octet.
        unsafe {
            let state = init(null_mut(), 64_000, 0);
            for (codes, out) in codes.chunks(160).zip(out.chunks_mut(320)) {
                decode(state, out.as_mut_ptr(), codes.as_ptr(), codes.len() as c_int);
            }
            free(state);
        }
    }
}

/// Seconds of speech: a multiple of the channels.
const SECONDS: usize = 16;
/// As many lanes as AVX2 has, and AVX-512.
const SIDE_BY_SIDE: [usize; 2] = [8, 16];
