//! Packet loss concealment of 60 s of speech, one frame in ten lost, beside spandsp.

#![allow(unsafe_code)] // The functions of the library.

use crate::{Bench, Goal, Peer, oracle};
use media_dsp::plc::{Concealment, Rate};
use std::hint::black_box;

pub(crate) fn run(bench: &mut Bench) {
    let Some(speech) = oracle::speech(60) else { return };
    let mut chance = oracle::Chance::new(20);
    let frames = speech.len() / FRAME;
    let lost: Vec<bool> = (0..frames).map(|_| chance.below(10) == 0).collect();
    let (mut pcm, mut their_pcm) = (speech.clone(), speech);

    let mut concealment = Concealment::new(Rate::Narrow);
    let mut ours = || {
        for (frame, lost) in pcm.chunks_exact_mut(FRAME).zip(&lost) {
            match lost {
                true => concealment.conceal(black_box(frame)),
                false => concealment.heard(black_box(frame)),
            }
        }
    };

    let library = oracle::library(&["libspandsp.so.2"], "libspandsp2");
    let functions = library.as_ref().map(|spandsp| {
        // SAFETY: the types are those of `spandsp/plc.h`.
        unsafe {
            (
                spandsp.get::<Init>(b"plc_init").unwrap(),
                spandsp.get::<Frame>(b"plc_rx").unwrap(),
                spandsp.get::<Frame>(b"plc_fillin").unwrap(),
            )
        }
    });
    let mut state = vec![0_u64; 1_024];
    let state = state.as_mut_ptr().cast();
    if let Some((init, ..)) = &functions {
        // SAFETY: the state is larger than theirs.
        unsafe { init(state) };
    }
    let mut theirs = || {
        let Some((_, heard, fill)) = &functions else { return };
        for (frame, lost) in their_pcm.chunks_exact_mut(FRAME).zip(&lost) {
            let work = if *lost { fill } else { heard };
            // SAFETY: the state was initialised; the frame is as long as is said.
            unsafe { work(state, black_box(frame).as_mut_ptr(), FRAME as i32) };
        }
    };
    let mut peers: Vec<Peer<'_>> = Vec::new();
    if library.is_some() {
        peers.push(("spandsp", &mut theirs));
    }
    bench.row("concealment, 10 % lost", Goal::OfPeer(1.0), frames, &mut ours, &mut peers);
}

type Init = unsafe extern "C" fn(*mut u8) -> *mut u8;
type Frame = unsafe extern "C" fn(*mut u8, *mut i16, i32) -> i32;

/// Samples in 20 ms.
const FRAME: usize = 160;
