//! Caller identity: over bad lines, by every way of sending it, and what is refused.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod alert;
mod digits;
mod japan;
mod line;
mod message;
#[path = "../oracle/mod.rs"]
mod oracle;
mod peer;
#[path = "../oracle/signal.rs"]
mod signal;
#[path = "../oracle/spandsp.rs"]
mod spandsp;

use media_dsp::caller_id::{
    Composer, Delivery, Field, Kind, Moment, Receiver, Sender, Standard, Text,
};
use media_dsp::tone::Dbm0;
use oracle::Chance;
use proptest::prelude::*;

#[test]
fn what_is_sent_in_every_way_is_heard() {
    for standard in STANDARDS {
        for delivery in [
            Delivery::DuringRinging,
            Delivery::BeforeRingingWithAlert,
            Delivery::BeforeRinging,
            Delivery::DuringCall,
        ] {
            let pcm = sent(standard, delivery, -13.0);
            assert_eq!(heard(standard, &pcm), [octets(standard)], "{standard:?} {delivery:?}");
        }
    }
}

#[test]
fn two_messages_in_a_row_are_two() {
    let one = sent(Standard::Etsi, Delivery::DuringCall, -13.0);
    let pcm = [one.clone(), one].concat();
    assert_eq!(heard(Standard::Etsi, &pcm), [message(), message()]);
}

#[test]
fn how_the_samples_are_cut_makes_no_difference() {
    let pcm = sent(Standard::Etsi, Delivery::DuringRinging, -13.0);
    let whole = heard(Standard::Etsi, &pcm);
    let (mut chance, mut rest, mut all) = (Chance::new(11), &pcm[..], Vec::new());
    let mut receiver = Receiver::new(Standard::Etsi);
    while !rest.is_empty() {
        let (now, later) = rest.split_at(chance.below(100).min(rest.len()));
        receiver.hear(now, |octets| all.push(octets.to_vec()));
        rest = later;
    }
    assert_eq!(all, whole);
}

proptest! {
    #[test]
    fn no_samples_make_the_receivers_panic(
        samples in proptest::collection::vec(any::<i16>(), 0..3_000),
    ) {
        for standard in STANDARDS {
            heard(standard, &samples);
        }
    }
}

pub(crate) const SAID: [Field<'_>; 3] = [
    Field::Moment(moment()),
    Field::Number("+442079460958"),
    Field::Name(Text(b"John Doe & S\xf8n")),
];

pub(crate) const fn moment() -> Moment {
    match Moment::new(3, 24, 9, 2) {
        Some(moment) => moment,
        None => panic!("there is such a minute"),
    }
}

pub(crate) fn message() -> Vec<u8> {
    let composer = SAID.into_iter().try_fold(Composer::new(Kind::Call), Composer::say);
    composer.unwrap().finish().to_vec()
}

pub(crate) fn octets(standard: Standard) -> Vec<u8> {
    if standard == Standard::Japan { japan::frame() } else { message() }
}

pub(crate) fn sent(standard: Standard, delivery: Delivery, level: f32) -> Vec<i16> {
    let mut sender = Sender::new(standard, delivery, Dbm0(level), &octets(standard)).unwrap();
    let mut pcm = vec![0; 800];
    loop {
        let mut chunk = [0; 160];
        let count = sender.fill(&mut chunk);
        pcm.extend(&chunk[..count]);
        if count < chunk.len() {
            break;
        }
    }
    pcm.resize(pcm.len() + 800, 0);
    pcm
}

pub(crate) fn heard(standard: Standard, pcm: &[i16]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let mut receiver = Receiver::new(standard);
    for chunk in pcm.chunks(160) {
        receiver.hear(chunk, |octets| all.push(octets.to_vec()));
    }
    all
}

pub(crate) const STANDARDS: [Standard; 3] = [Standard::Telcordia, Standard::Etsi, Standard::Japan];
