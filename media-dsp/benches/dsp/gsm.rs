//! GSM full rate next to libgsm and spandsp.

use crate::oracle::{library, speech};
use crate::{Bench, Goal};
use libloading::Library;
use media_dsp::gsm::{Decoder, Encoder};
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

pub(crate) fn run(bench: &mut Bench) {
    let Some(pcm) = speech(16) else { return };
    let Some(libgsm) = library(&["libgsm.so.1"], "libgsm1") else { return };
    let Some(spandsp) = library(&["libspandsp.so.2"], "libspandsp2") else { return };
    let frames = pcm.len() / 160;
    let mut octets = vec![0; frames * 33];
    let mut peers = octets.clone();
    let mut peer = || libgsm_encodes(&libgsm, &pcm, &mut peers);
    let mut others = octets.clone();
    let mut other = || spandsp_encodes(&spandsp, &pcm, &mut others);
    bench.row(
        "GSM-FR encode",
        Goal::OfPeer(1.0),
        frames,
        &mut || {
            Encoder::new().encode(&pcm, &mut octets).unwrap();
        },
        &mut [("libgsm", &mut peer), ("spandsp", &mut other)],
    );
    Encoder::new().encode(&pcm, &mut octets).unwrap();
    let (mut ours, mut peers, mut others) = (pcm.clone(), pcm.clone(), pcm.clone());
    let mut peer = || libgsm_decodes(&libgsm, &octets, &mut peers);
    let mut other = || spandsp_decodes(&spandsp, &octets, &mut others);
    bench.row(
        "GSM-FR decode",
        Goal::OfPeer(1.0),
        frames,
        &mut || {
            Decoder::new().decode(&octets, &mut ours).unwrap();
        },
        &mut [("libgsm", &mut peer), ("spandsp", &mut other)],
    );
}

type Create = unsafe extern "C" fn() -> *mut c_void;
type Destroy = unsafe extern "C" fn(*mut c_void);
type LibgsmEncode = unsafe extern "C" fn(*mut c_void, *const i16, *mut u8);
type LibgsmDecode = unsafe extern "C" fn(*mut c_void, *const u8, *mut i16) -> c_int;
type Init = unsafe extern "C" fn(*mut c_void, c_int) -> *mut c_void;
type Free = unsafe extern "C" fn(*mut c_void) -> c_int;
type SpandspEncode = unsafe extern "C" fn(*mut c_void, *mut u8, *const i16, c_int) -> c_int;
type SpandspDecode = unsafe extern "C" fn(*mut c_void, *mut i16, *const u8, c_int) -> c_int;

#[allow(unsafe_code)]
fn libgsm_encodes(library: &Library, pcm: &[i16], out: &mut [u8]) {
    // SAFETY: the functions are as gsm.h declares them: 160 samples to 33 octets.
    unsafe {
        let encode = library.get::<LibgsmEncode>(b"gsm_encode").unwrap();
        let state = library.get::<Create>(b"gsm_create").unwrap()();
        for (pcm, out) in pcm.chunks_exact(160).zip(out.chunks_exact_mut(33)) {
            encode(state, pcm.as_ptr(), out.as_mut_ptr());
        }
        library.get::<Destroy>(b"gsm_destroy").unwrap()(state);
    }
}

#[allow(unsafe_code)]
fn libgsm_decodes(library: &Library, frames: &[u8], out: &mut [i16]) {
    // SAFETY: the functions are as gsm.h declares them: 33 octets to 160 samples.
    unsafe {
        let decode = library.get::<LibgsmDecode>(b"gsm_decode").unwrap();
        let state = library.get::<Create>(b"gsm_create").unwrap()();
        for (frame, out) in frames.chunks_exact(33).zip(out.chunks_exact_mut(160)) {
            decode(state, frame.as_ptr(), out.as_mut_ptr());
        }
        library.get::<Destroy>(b"gsm_destroy").unwrap()(state);
    }
}

#[allow(unsafe_code)]
fn spandsp_encodes(library: &Library, pcm: &[i16], out: &mut [u8]) {
    // SAFETY: the functions are as spandsp/gsm0610.h declares them.
    unsafe {
        let state = library.get::<Init>(b"gsm0610_init").unwrap()(null_mut(), VOIP);
        let encode = library.get::<SpandspEncode>(b"gsm0610_encode").unwrap();
        encode(state, out.as_mut_ptr(), pcm.as_ptr(), pcm.len() as c_int);
        library.get::<Free>(b"gsm0610_free").unwrap()(state);
    }
}

#[allow(unsafe_code)]
fn spandsp_decodes(library: &Library, frames: &[u8], out: &mut [i16]) {
    // SAFETY: the functions are as spandsp/gsm0610.h declares them.
    unsafe {
        let state = library.get::<Init>(b"gsm0610_init").unwrap()(null_mut(), VOIP);
        let decode = library.get::<SpandspDecode>(b"gsm0610_decode").unwrap();
        decode(state, out.as_mut_ptr(), frames.as_ptr(), frames.len() as c_int);
        library.get::<Free>(b"gsm0610_free").unwrap()(state);
    }
}

/// spandsp's word for frames of 33 octets.
const VOIP: c_int = 2;
