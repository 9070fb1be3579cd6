//! AMR-WB beside libopencore-amrwb and libvo-amrwbenc, each mode.

#![allow(unsafe_code)]

use crate::oracle::{library, speech};
use crate::{Bench, Goal, Peer};
use media_dsp::amrwb::{Decoder, Encoder, FRAME, Lineage, Mode, Transmission};
use std::ffi::{c_int, c_void};

type Init = unsafe extern "C" fn() -> *mut c_void;
type Exit = unsafe extern "C" fn(*mut c_void);
type Encode = unsafe extern "C" fn(*mut c_void, c_int, *const i16, *mut u8, c_int) -> c_int;
type Decode = unsafe extern "C" fn(*mut c_void, *const u8, *mut i16, c_int);

pub(crate) fn run(bench: &mut Bench) {
    let Some(narrow) = speech(10) else { return };
    let pcm: Vec<i16> = narrow.iter().flat_map(|&sample| [sample, sample]).collect();
    let Some(encoding) = library(&["libvo-amrwbenc.so.0"], "libvo-amrwbenc0") else { return };
    let Some(decoding) = library(&["libopencore-amrwb.so.0"], "libopencore-amrwb0") else { return };
    for mode in Mode::ALL {
        let number = c_int::from(mode.index());
        let vo_encode = || -> Vec<[u8; 64]> {
            let mut frames = Vec::new();
            // SAFETY: the functions are as enc_if.h declares them; a frame has at most 61 octets.
            unsafe {
                let state = encoding.get::<Init>(b"E_IF_init").unwrap()();
                let encode = encoding.get::<Encode>(b"E_IF_encode").unwrap();
                for samples in pcm.chunks_exact(FRAME) {
                    let mut out = [0_u8; 64];
                    encode(state, number, samples.as_ptr(), out.as_mut_ptr(), 0);
                    frames.push(out);
                }
                encoding.get::<Exit>(b"E_IF_exit").unwrap()(state);
            }
            frames
        };
        let frames = vo_encode();
        let mut ours = || {
            let mut encoder = Encoder::new(mode, Transmission::Continuous);
            let mut octets = [0; 61];
            for samples in pcm.chunks_exact(FRAME) {
                encoder.encode(samples, &mut octets).unwrap();
            }
        };
        let mut theirs = || drop(vo_encode());
        let peers: &mut [Peer<'_>] = &mut [("vo-amrwbenc", &mut theirs)];
        let what = format!("AMR-WB mode {number} encode");
        bench.row(&what, Goal::OfPeer(1.0), frames.len(), &mut ours, peers);
        let mut opencore_decode = || {
            let mut samples = [0; FRAME];
            // SAFETY: the functions are as dec_if.h declares them; they read at most 61 octets.
            unsafe {
                let state = decoding.get::<Init>(b"D_IF_init").unwrap()();
                let decode = decoding.get::<Decode>(b"D_IF_decode").unwrap();
                for frame in &frames {
                    decode(state, frame.as_ptr(), samples.as_mut_ptr(), 0);
                }
                decoding.get::<Exit>(b"D_IF_exit").unwrap()(state);
            }
        };
        let mut ours = || {
            let mut decoder = Decoder::new(Lineage::Opencore);
            let mut samples = [0; FRAME];
            for frame in &frames {
                decoder.decode(frame, &mut samples).unwrap();
            }
        };
        let peers: &mut [Peer<'_>] = &mut [("opencore", &mut opencore_decode)];
        let what = format!("AMR-WB mode {number} decode");
        bench.row(&what, Goal::OfPeer(1.0), frames.len(), &mut ours, peers);
    }
}
