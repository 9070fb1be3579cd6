//! Tones: those that are made are right, and those that are heard are there.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod answer;
mod busy;
mod information;
mod mf;
#[path = "../oracle/mod.rs"]
mod oracle;
mod player;
mod progress;
#[path = "../oracle/signal.rs"]
mod signal;
#[path = "../oracle/spandsp.rs"]
mod spandsp;
mod talk_off;

use media_dsp::tone::{self, Dbm0, Player, Rounds, Step, Zone};
use proptest::prelude::*;
use signal::ms;

/// Silence for 300 ms, then steps over and over for so many seconds.
pub(crate) fn played(steps: &[Step], level: f32, seconds: usize) -> Vec<i16> {
    let mut pcm = vec![0; ms(300) + seconds * 8_000];
    let count = Player::new(steps, Rounds::Endless, Dbm0(level)).fill(&mut pcm[ms(300)..]);
    assert_eq!(count, seconds * 8_000);
    pcm
}

#[test]
fn a_detector_is_small() {
    assert!(size_of::<tone::answer::Detector>() <= 640);
    assert!(size_of::<tone::information::Detector>() <= 640);
    assert!(size_of::<tone::mf::Detector>() <= 768);
    assert!(size_of::<tone::busy::Detector>() <= 896);
    assert!(size_of::<tone::progress::Detector>() <= 1_792);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn no_samples_make_the_detectors_panic(
        samples in proptest::collection::vec(any::<i16>(), 0..4_000),
    ) {
        progress::indications(Zone::find("US").unwrap(), &samples);
        for code in mf::CODES {
            mf::signals(code, &samples);
        }
        answer::answers(&samples);
        busy::cadences(tone::busy::Detector::new(), &samples);
        tone::information::Detector::new().hear(&samples, |_| ());
    }
}
