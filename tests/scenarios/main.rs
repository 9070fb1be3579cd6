//! Scenarios as sentences, played in the simulated lab.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

// The signals and echo paths of G.168, as the canceller's own tests have them.
#[allow(dead_code)]
#[path = "../../media-dsp/tests/echo/css.rs"]
mod css;
#[allow(dead_code, clippy::approx_constant)] // 0 dBm0 is 3.14 dB below a full sine.
#[path = "../../media-dsp/tests/echo/line.rs"]
mod line;
#[path = "../../media-dsp/tests/echo/models.rs"]
mod models;
#[allow(dead_code)]
#[path = "../../appliance/media/tests/line/oracle.rs"]
mod oracle;

mod browsers;
mod calls;
mod capacity;
mod causes;
mod codecs;
mod conference;
mod early;
mod forwarding;
mod handshakes;
mod line_echo;
mod line_routes;
mod lines;
mod measured;
mod model;
mod numbers;
mod paths;
mod qualify;
mod recording;
mod registering;
mod renegotiation;
mod secrecy;
mod sounds;
mod transfer;
mod trunks;
mod wires;

use sim::Lab;

/// Two phones that talk.
fn talking(seed: u64) -> Lab {
    let mut lab = Lab::office(seed, &["201", "202", "203"]);
    connect(&mut lab, "201", "202");
    lab
}

/// One phone calls another, and that one answers.
fn connect(lab: &mut Lab, one: &str, other: &str) {
    lab.phone(one).dials(other);
    lab.run_ms(200);
    lab.phone(other).answers();
    lab.run_ms(100);
    assert!(lab.phone(one).is_up() && lab.phone(other).is_up());
}
