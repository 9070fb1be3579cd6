//! Caller identity by frequency shift keying beside spandsp's receiver.

use crate::dtmf::spandsp;
use crate::{Bench, Goal};
use media_dsp::caller_id::{Composer, Delivery, Field, Kind, Receiver, Sender, Standard};
use media_dsp::tone::Dbm0;

pub(crate) fn run(bench: &mut Bench) {
    let rows = [
        ("fsk caller id, Bell 202", Standard::Telcordia, 1),
        ("fsk caller id, V.23", Standard::Etsi, 2),
    ];
    for (what, standard, number) in rows {
        let mut composer = Composer::new(Kind::Call).say(Field::Number("02079460958")).unwrap();
        let level = Dbm0(-13.0);
        let message = composer.finish();
        let mut sender = Sender::new(standard, Delivery::DuringRinging, level, message).unwrap();
        let mut samples = [0; 4_800];
        sender.fill(&mut samples);
        let mut ours = Receiver::new(standard);
        let mut listen = || samples.chunks_exact(160).for_each(|chunk| ours.hear(chunk, |_| ()));
        let frames = samples.len() / 160;
        let Some(mut peer) = spandsp::Receiver::caller_id(number) else {
            bench.row(what, Goal::Stated, frames, &mut listen, &mut []);
            continue;
        };
        let mut peer_listens = || samples.chunks_exact(160).for_each(|chunk| peer.hear(chunk));
        let peers = &mut [("spandsp", &mut peer_listens as &mut dyn FnMut())];
        bench.row(what, Goal::Stated, frames, &mut listen, peers);
    }
}
