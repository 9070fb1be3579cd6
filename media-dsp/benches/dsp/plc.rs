//! Packet loss concealment of 60 s of speech, one frame in ten lost, beside spandsp.

use crate::dtmf::spandsp;
use crate::{Bench, Goal, Peer, oracle};
use media_dsp::plc::Concealment;
use media_dsp::speech::Rate;
use std::hint::black_box;

pub(crate) fn run(bench: &mut Bench) {
    let Some(speech) = oracle::speech(60) else { return };
    let mut chance = oracle::Chance::new(20);
    let frames = speech.len() / FRAME;
    let lost: Vec<bool> = (0..frames).map(|_| chance.below(10) == 0).collect();
    let (mut pcm, mut their_pcm) = (speech.clone(), speech);

    let mut concealment = Concealment::new(Rate::Hz8000);
    let mut ours = || {
        for (frame, lost) in pcm.chunks_exact_mut(FRAME).zip(&lost) {
            match lost {
                true => concealment.conceal(black_box(frame)),
                false => concealment.heard(black_box(frame)),
            }
        }
    };

    let mut peer = spandsp::Concealment::new();
    let is_here = peer.is_some();
    let mut theirs = || {
        let Some(peer) = &mut peer else { return };
        for (frame, lost) in their_pcm.chunks_exact_mut(FRAME).zip(&lost) {
            match lost {
                true => peer.conceal(black_box(frame)),
                false => peer.heard(black_box(frame)),
            }
        }
    };
    let mut peers: Vec<Peer<'_>> = Vec::new();
    if is_here {
        peers.push(("spandsp", &mut theirs));
    }
    bench.row("concealment, 10 % lost", Goal::OfPeer(1.0), frames, &mut ours, &mut peers);
}

/// Samples in 20 ms.
const FRAME: usize = 160;
