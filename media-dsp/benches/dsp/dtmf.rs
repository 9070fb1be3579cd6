//! DTMF beside spandsp's receiver, in speech and in digits.

use crate::oracle;
use crate::{Bench, Goal};
use media_dsp::dtmf::{Detector, Digit, Generator};
use media_dsp::tone::Dbm0;

#[path = "../../tests/oracle/spandsp.rs"]
pub(crate) mod spandsp;

pub(crate) fn run(bench: &mut Bench) {
    let digits: Vec<i16> = Digit::all()
        .flat_map(|digit| {
            let mut samples = [0; 1_600];
            Generator::new(digit, (Dbm0(-10.0), Dbm0(-8.0)), 800, 800).fill(&mut samples);
            samples
        })
        .collect();
    let mut material = vec![("dtmf detect, digits", digits)];
    material.extend(oracle::speech(60).map(|speech| ("dtmf detect, speech", speech)));
    if let Some((_, samples)) = material.last() {
        let mut ours = Detector::beside_dial_tone();
        let mut listen = || samples.chunks_exact(160).for_each(|chunk| ours.hear(chunk, |_| ()));
        let what = "dtmf detect beside a dial tone";
        bench.row(what, Goal::Stated, samples.len() / 160, &mut listen, &mut []);
    }
    for (what, samples) in &material {
        let mut ours = Detector::new();
        let mut count = 0;
        let mut listen = || {
            for chunk in samples.chunks_exact(160) {
                ours.hear(chunk, |_| count += 1);
            }
        };
        let frames = samples.len() / 160;
        let Some(mut peer) = spandsp::Receiver::dtmf() else {
            bench.row(what, Goal::Nanos(740.0), frames, &mut listen, &mut []);
            continue;
        };
        let mut peer_listens = || samples.chunks_exact(160).for_each(|chunk| peer.hear(chunk));
        let goal = Goal::Nanos(740.0);
        bench.row(what, goal, frames, &mut listen, &mut [("spandsp", &mut peer_listens)]);
    }
}
