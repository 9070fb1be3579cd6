//! Noise suppression and gain control, beside the preprocessor of libspeexdsp with both.

use crate::oracle::{Chance, library};
use crate::{Bench, Goal};
use libloading::Symbol;
use media_dsp::agc::Agc;
use media_dsp::denoise::Denoiser;
use media_dsp::speech::Rate;
use std::ffi::{c_int, c_void};
use std::hint::black_box;

type Init = unsafe extern "C" fn(c_int, c_int) -> *mut c_void;
type Control = unsafe extern "C" fn(*mut c_void, c_int, *mut c_void) -> c_int;
type Run = unsafe extern "C" fn(*mut c_void, *mut i16) -> c_int;

pub(crate) fn run(bench: &mut Bench) {
    let speex = library(&["libspeexdsp.so.1"], "libspeexdsp1");
    for (rate, samples, what) in [
        (Rate::Hz8000, 160, "noise suppression and gain control, 8 kHz"),
        (Rate::Hz16000, 320, "noise suppression and gain control, 16 kHz"),
    ] {
        let input = hum(samples * 100);
        let (mut denoiser, mut agc) = (Denoiser::new(rate), Agc::new(rate));
        let mut pcm = vec![0; samples];
        let mut ours = || {
            for frame in input.chunks_exact(samples) {
                pcm.copy_from_slice(frame);
                denoiser.process(&mut pcm).unwrap();
                agc.process(&mut pcm).unwrap();
                black_box(&pcm);
            }
        };
        let state = speex.as_ref().map(|speex| {
            // SAFETY: as `speex/speex_preprocess.h` declares it; 2 switches the gain control on.
            unsafe {
                let init: Symbol<'_, Init> = speex.get(b"speex_preprocess_state_init").unwrap();
                let control: Symbol<'_, Control> = speex.get(b"speex_preprocess_ctl").unwrap();
                let state = init(samples as c_int, samples as c_int * 50);
                let mut on: c_int = 1;
                control(state, 2, (&raw mut on).cast());
                state
            }
        });
        let mut theirs = vec![0; samples];
        let mut peer = || {
            let (Some(speex), Some(state)) = (&speex, state) else { return };
            // SAFETY: as above; the state is never freed, and a frame has as many samples as it was
            // told.
            unsafe {
                let run: Symbol<'_, Run> = speex.get(b"speex_preprocess_run").unwrap();
                for frame in input.chunks_exact(samples) {
                    theirs.copy_from_slice(frame);
                    run(state, theirs.as_mut_ptr());
                    black_box(&theirs);
                }
            }
        };
        let mut peers: Vec<crate::Peer<'_>> = Vec::new();
        if state.is_some() {
            peers.push(("speexdsp preprocess", &mut peer));
        }
        bench.row(what, Goal::OfPeer(1.0), 100, &mut ours, &mut peers);
    }
}

/// Two seconds of what rises and falls like speech, in noise.
fn hum(samples: usize) -> Vec<i16> {
    let mut chance = Chance::new(7);
    let loud = |n: usize| if (n / 2_000).is_multiple_of(3) { 2 } else { 6 };
    (0..samples).map(|n| (chance.sample() >> loud(n)) + (chance.sample() >> 7)).collect()
}
