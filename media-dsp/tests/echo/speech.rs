//! What the nonlinear processor lets through of real speech in single talk (ITU-T G.168 §6.4.2, test 2A,
//! has its limit of -65 dBm0 for the composite source signal only).

use super::line::{Law, Line, level};
use super::oracle;
use media_dsp::echo::{EchoCanceller, Processor, Settings, Tail};

/// The part of 35 ms long windows above -65 dBm0, from `from` on, of a call of twelve seconds in which
/// the path changes after eight.
fn above(speech: &[i16], model: usize, law: Law) -> [f32; 2] {
    let settings =
        Settings { tail: Tail::Ms128, bulk_delay: 0, processor: Processor::ComfortNoise };
    let mut canceller = EchoCanceller::new(settings);
    let mut line = Line::new(model, 6.0, 80, law);
    let mut left = Vec::new();
    for (frame, far) in speech[..12 * SECOND].chunks_exact(FRAME).enumerate() {
        if frame * FRAME == 8 * SECOND {
            line.change(2 + (model - 1) % 8, 6.0, 80);
        }
        let rin: Vec<i16> = far.iter().map(|&it| law.through(f32::from(it)) as i16).collect();
        let sin: Vec<i16> = rin.iter().map(|&it| line.turn(it, 0.0)).collect();
        let mut sout = [0; FRAME];
        canceller.cancel(&rin, &sin, &mut sout);
        left.extend_from_slice(&sout);
    }
    [SECOND..8 * SECOND, 9 * SECOND..12 * SECOND].map(|span| {
        let windows = left[span].windows(280).step_by(40);
        let all = windows.len() as f32;
        windows.filter(|it| level(it) > -65.0).count() as f32 / all
    })
}

#[test]
fn of_real_speech_a_second_is_enough_for_all_but_a_fiftieth_of_the_time() {
    let Some(speech) = oracle::speech(8 * 66) else { return };
    for law in [Law::A, Law::Mu] {
        let (mut first, mut second) = (0.0, 0.0);
        for run in 0..8 {
            let found = above(&speech[run * 66 * SECOND..], 2 + run % 8, law);
            first += found[0] / 8.0;
            second += found[1] / 8.0;
        }
        println!("{:.2} % and {:.2} %", 100.0 * first, 100.0 * second);
        assert!(first < 0.02 && second < 0.02, "{first} and, after another path, {second}");
    }
}

/// Samples of a second.
const SECOND: usize = 8000;
/// Samples of a call of the canceller.
const FRAME: usize = 160;
