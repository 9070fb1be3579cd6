//! The rate converter beside that of libspeexdsp, at the quality that telephony uses (3).

use crate::oracle::{Chance, library};
use crate::{Bench, Goal};
use libloading::Symbol;
use media_dsp::resample::{Rate, Resampler};
use std::ffi::{c_int, c_void};
use std::hint::black_box;
use std::ptr::null_mut;

type Init = unsafe extern "C" fn(u32, u32, u32, c_int, *mut c_int) -> *mut c_void;
type Process =
    unsafe extern "C" fn(*mut c_void, u32, *const i16, *mut u32, *mut i16, *mut u32) -> c_int;

pub(crate) fn run(bench: &mut Bench) {
    use Rate::{Hz8000, Hz16000, Hz32000, Hz48000};
    let speex = library(&["libspeexdsp.so.1"], "libspeexdsp1");
    let mut chance = Chance::new(1);
    for (from, to) in [
        (Hz8000, Hz16000),
        (Hz16000, Hz8000),
        (Hz8000, Hz48000),
        (Hz48000, Hz8000),
        (Hz16000, Hz48000),
        (Hz48000, Hz16000),
        (Hz32000, Hz48000),
        (Hz48000, Hz32000),
    ] {
        let input: Vec<_> = (0..from.hz() / 50).map(|_| chance.sample() / 4).collect();
        let mut output = vec![0; to.hz() / 50];
        let mut theirs = output.clone();
        let mut ours = Resampler::new(from, to);
        let mut ours = || {
            ours.resample(&input, &mut output).unwrap();
            black_box(&output);
        };
        let state = speex.as_ref().map(|speex| {
            // SAFETY: as `speex/speex_resampler.h` declares it.
            unsafe {
                let init: Symbol<'_, Init> = speex.get(b"speex_resampler_init").unwrap();
                init(1, from.hz() as u32, to.hz() as u32, 3, null_mut())
            }
        });
        let mut peer = || {
            let (Some(speex), Some(state)) = (&speex, state) else { return };
            let (mut read, mut made) = (input.len() as u32, theirs.len() as u32);
            // SAFETY: as above; the state is never freed, and the lengths are those of the slices.
            unsafe {
                let process: Symbol<'_, Process> =
                    speex.get(b"speex_resampler_process_int").unwrap();
                process(state, 0, input.as_ptr(), &mut read, theirs.as_mut_ptr(), &mut made);
            }
            black_box(&theirs);
        };
        let goal = match (from, to) {
            (Hz8000, Hz16000) | (Hz16000, Hz8000) => Goal::Nanos(600.0),
            _ => Goal::Stated,
        };
        let name = format!("resampler, {} to {} kHz", from.hz() / 1_000, to.hz() / 1_000);
        let mut peers: Vec<crate::Peer<'_>> = Vec::new();
        if state.is_some() {
            peers.push(("speexdsp q3", &mut peer));
        }
        bench.row(&name, goal, 1, &mut ours, &mut peers);
    }
}
