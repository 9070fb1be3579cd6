//! G.726 from and to A-law, single and side by side, next to spandsp.

use crate::oracle::{library, speech};
use crate::{Bench, Goal};
use libloading::Library;
use media_dsp::arch::Level;
use media_dsp::g726::{Decoder, Encoder, Law, Packing, Rate};
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

pub(crate) fn run(bench: &mut Bench) {
    let Some(pcm) = speech(SECONDS) else { return };
    let Some(library) = library(&["libspandsp.so.2"], "libspandsp2") else { return };
    let rates = [Rate::Kbit16, Rate::Kbit24, Rate::Kbit32, Rate::Kbit40];
    for (rate, name) in rates.into_iter().zip(["16", "24", "32", "40"]) {
        // Decoding what linear samples became gives their A-law.
        let mut codes = vec![0; pcm.len() * rate.bits() / 8];
        Encoder::new(rate, Packing::Rtp).encode(&pcm, &mut codes).unwrap();
        let mut sound = vec![0; pcm.len()];
        Decoder::new(rate, Packing::Rtp).decode_law(Law::A, &codes, &mut sound).unwrap();
        encode(bench, &library, rate, name, &sound);
        decode(bench, &library, rate, name, &codes);
    }
}

fn encode(bench: &mut Bench, library: &Library, rate: Rate, name: &str, sound: &[u8]) {
    let (frames, frame) = (sound.len() / 160, 20 * rate.bits());
    let mut out = vec![0; sound.len() * rate.bits() / 8];
    let mut peers = out.clone();
    let mut peer = || spandsp(library, b"g726_encode", rate, (sound, 160), (&mut peers, frame));
    bench.row(
        &format!("G.726-{name} encode"),
        Goal::OfPeer(1.0),
        frames,
        &mut || {
            let mut encoder = Encoder::new(rate, Packing::Rtp);
            for (sound, out) in sound.chunks(160).zip(out.chunks_mut(frame)) {
                encoder.encode_law(Law::A, sound, out).unwrap();
            }
        },
        &mut [("spandsp", &mut peer)],
    );
    for count in SIDE_BY_SIDE {
        bench.row(
            &format!("G.726-{name} encode, {count} channels side by side"),
            Goal::OfPeer(0.25),
            frames,
            &mut || {
                let mut encoders = vec![Encoder::new(rate, Packing::Rtp); count];
                let mut channels: Vec<_> = encoders.iter_mut().collect();
                let out = out.chunks_mut(frame * count);
                for (sound, out) in sound.chunks(160 * count).zip(out) {
                    let sound: Vec<_> = sound.chunks(160).collect();
                    let mut out: Vec<_> = out.chunks_mut(frame).collect();
                    let level = Level::current();
                    Encoder::encode_law_batch(level, Law::A, &mut channels, &sound, &mut out)
                        .unwrap();
                }
            },
            &mut [("spandsp", &mut peer)],
        );
    }
}

fn decode(bench: &mut Bench, library: &Library, rate: Rate, name: &str, codes: &[u8]) {
    let frame = 20 * rate.bits();
    let frames = codes.len() / frame;
    let mut out = vec![0; frames * 160];
    let mut peers = out.clone();
    let mut peer = || spandsp(library, b"g726_decode", rate, (codes, frame), (&mut peers, 160));
    bench.row(
        &format!("G.726-{name} decode"),
        Goal::OfPeer(1.0),
        frames,
        &mut || {
            let mut decoder = Decoder::new(rate, Packing::Rtp);
            for (codes, out) in codes.chunks(frame).zip(out.chunks_mut(160)) {
                decoder.decode_law(Law::A, codes, out).unwrap();
            }
        },
        &mut [("spandsp", &mut peer)],
    );
    for count in SIDE_BY_SIDE {
        bench.row(
            &format!("G.726-{name} decode, {count} channels side by side"),
            Goal::OfPeer(0.25),
            frames,
            &mut || {
                let mut decoders = vec![Decoder::new(rate, Packing::Rtp); count];
                let mut channels: Vec<_> = decoders.iter_mut().collect();
                let out = out.chunks_mut(160 * count);
                for (codes, out) in codes.chunks(frame * count).zip(out) {
                    let codes: Vec<_> = codes.chunks(frame).collect();
                    let mut out: Vec<_> = out.chunks_mut(160).collect();
                    let level = Level::current();
                    Decoder::decode_law_batch(level, Law::A, &mut channels, &codes, &mut out)
                        .unwrap();
                }
            },
            &mut [("spandsp", &mut peer)],
        );
    }
}

type Init = unsafe extern "C" fn(*mut c_void, c_int, c_int, c_int) -> *mut c_void;
type Work = unsafe extern "C" fn(*mut c_void, *mut u8, *const u8, c_int) -> c_int;
type Free = unsafe extern "C" fn(*mut c_void) -> c_int;

#[allow(unsafe_code)]
fn spandsp(
    library: &Library,
    which: &[u8],
    rate: Rate,
    (input, step): (&[u8], usize),
    (out, made): (&mut [u8], usize),
) {
    const A_LAW: c_int = 2;
    const RIGHT: c_int = 2;
    // SAFETY: the functions are as spandsp/g726.h declares them, and every output is as long as its
    // input makes it.
    unsafe {
        let init = library.get::<Init>(b"g726_init").unwrap();
        let free = library.get::<Free>(b"g726_free").unwrap();
        let work = library.get::<Work>(which).unwrap();
        let state = init(null_mut(), rate.bits() as c_int * 8_000, A_LAW, RIGHT);
        for (input, out) in input.chunks(step).zip(out.chunks_mut(made)) {
            work(state, out.as_mut_ptr(), input.as_ptr(), input.len() as c_int);
        }
        free(state);
    }
}

/// Seconds of speech: a multiple of the channels.
const SECONDS: usize = 16;
/// As many lanes as AVX2 has, and AVX-512.
const SIDE_BY_SIDE: [usize; 2] = [8, 16];
