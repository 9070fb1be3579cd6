//! The other tones in speech, MF R1 beside spandsp's receiver, and the making of tones.

use crate::dtmf::spandsp;
use crate::oracle;
use crate::{Bench, Goal};
use media_dsp::tone::{Dbm0, Player, Rounds, Zone, answer, busy, information, mf, progress};

pub(crate) fn run(bench: &mut Bench) {
    let Some(samples) = oracle::speech(20) else { return };
    let frames = samples.len() / 160;
    let chunks = || samples.chunks_exact(160);
    let mut r1 = mf::Detector::new(mf::Code::R1);
    let mut listen = || chunks().for_each(|chunk| r1.hear(chunk, |_| ()));
    match spandsp::Receiver::r1() {
        Some(mut peer) => {
            let mut peer_listens = || chunks().for_each(|chunk| peer.hear(chunk));
            let peers = &mut [("spandsp", &mut peer_listens as &mut dyn FnMut())];
            bench.row("tone detect, MF R1", Goal::Stated, frames, &mut listen, peers);
        }
        None => bench.row("tone detect, MF R1", Goal::Stated, frames, &mut listen, &mut []),
    }
    let mut stated = |what: &str, work: &mut dyn FnMut(&[i16])| {
        let mut listen = || chunks().for_each(&mut *work);
        bench.row(what, Goal::Stated, frames, &mut listen, &mut []);
    };
    let mut r2 = mf::Detector::new(mf::Code::R2Forward);
    stated("tone detect, MFC R2", &mut |chunk| r2.hear(chunk, |_| ()));
    let mut answers = answer::Detector::new();
    stated("tone detect, CED, ANSam, CNG", &mut |chunk| answers.hear(chunk, |_| ()));
    let mut sit = information::Detector::new();
    stated("tone detect, special information", &mut |chunk| sit.hear(chunk, |_| ()));
    let mut cadence = busy::Detector::new();
    stated("tone detect, busy by cadence", &mut |chunk| cadence.hear(chunk, |_| ()));
    for code in ["DE", "US", "IN"] {
        let Some(zone) = Zone::find(code) else { continue };
        let mut heard = progress::Detector::new(zone);
        stated(&format!("tone detect, call progress {code}"), &mut |chunk| {
            heard.hear(chunk, |_| ())
        });
    }
    if let Some(zone) = Zone::find("US") {
        let mut player = Player::new(zone.dial, Rounds::Endless, Dbm0(-10.0));
        let mut pcm = [0; 160];
        stated("tone generate, two frequencies", &mut |_| {
            player.fill(&mut pcm);
        });
    }
}
