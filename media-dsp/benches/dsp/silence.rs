//! Voice activity detection and comfort noise. spandsp has neither.

use crate::{Bench, Goal, oracle};
use media_dsp::cn::{Analysis, Generator};
use media_dsp::speech::Rate;
use media_dsp::vad::Detector;
use std::hint::black_box;

pub(crate) fn run(bench: &mut Bench) {
    let mut generator = Generator::new(1);
    let payload = [50, 20, 160, 100, 140, 110, 127, 120, 127, 130, 127];
    generator.receive(&payload).unwrap();
    let mut pcm = vec![0; 160 * FRAMES];
    bench.row(
        "comfort noise, generate",
        Goal::Stated,
        FRAMES,
        &mut || pcm.chunks_mut(160).for_each(|frame| generator.generate(black_box(frame))),
        &mut [],
    );
    let mut analysis = Analysis::new();
    bench.row(
        "comfort noise, analyse",
        Goal::Stated,
        FRAMES,
        &mut || {
            pcm.chunks(160).for_each(|frame| analysis.hear(black_box(frame)));
            black_box(analysis.noise());
        },
        &mut [],
    );
    let speech = oracle::speech(1).unwrap_or(pcm);
    let mut detector = Detector::new(Rate::Hz8000);
    bench.row(
        "voice activity",
        Goal::Stated,
        FRAMES,
        &mut || {
            for frame in speech.chunks(160) {
                black_box(detector.detect(black_box(frame)));
            }
        },
        &mut [],
    );
}

const FRAMES: usize = 50;
