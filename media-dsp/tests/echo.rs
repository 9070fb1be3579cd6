//! The line echo canceller against lines of ITU-T G.168.

#![allow(missing_docs, dead_code, clippy::unwrap_used, clippy::indexing_slicing)]
#![allow(clippy::approx_constant)] // 3.14 is dBm0.

mod oracle;

#[path = "echo/behaviour.rs"]
mod behaviour;
#[path = "echo/css.rs"]
mod css;
#[path = "echo/disabling.rs"]
mod disabling;
#[path = "echo/g168.rs"]
mod g168;
#[path = "echo/line.rs"]
mod line;
#[path = "echo/models.rs"]
mod models;
#[path = "echo/quality.rs"]
mod quality;
#[path = "echo/speech.rs"]
mod speech;

use media_dsp::echo::{EchoCanceller, Processor, Settings, Tail};
use quality::{Canceller, NEEDED, SETTLED, SPANS, quality};

#[test]
fn speech_is_cancelled_as_well_as_the_companding_lets_it() {
    let Some(speech) = oracle::speech(NEEDED) else { return };
    let settings = Settings { tail: Tail::Ms128, bulk_delay: 0, processor: Processor::Off };
    let mut make = || -> Canceller {
        let mut canceller = EchoCanceller::new(settings);
        Box::new(move |rin, sin, sout| canceller.cancel(rin, sin, sout))
    };
    let found = quality(&speech, &mut make);
    for (span, (mean, least)) in SPANS.iter().zip(found.mean.iter().zip(found.least)) {
        println!("{:>26}: {mean:.1} dB, least {least:.1} dB", span.0);
    }
    let again = found.mean_settled();
    println!("{SETTLED} dB after a path change: {again:.2} s, {:.2?}", found.settled);
    assert!(again < 1.05, "{SETTLED} dB {again} s after a path change: {:.2?}", found.settled);
    for (span, mean, least) in BARS {
        let place = SPANS.iter().position(|it| it.0 == span).unwrap();
        assert!(found.mean[place] >= mean, "{span}: {} dB of {mean}", found.mean[place]);
        assert!(found.least[place] >= least, "{span}: {} dB of {least}", found.least[place]);
    }
}

/// The mean and the least enhancement in dB that are asked of each span.
const BARS: [(&str, f32, f32); 7] = [
    ("1-2 s", 22.0, 16.0),
    ("2-5 s", 30.0, 24.0),
    ("5-10 s", 33.0, 24.0),
    ("10-15 s", 34.0, 24.0),
    ("1 s after double talk", 30.0, 24.0),
    ("7-12 s after", 34.0, 24.0),
    ("1-2 s after a path change", 22.0, 12.0),
];
