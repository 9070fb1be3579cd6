//! The tests of ITU-T G.168 §6.4.2, with the line of Figure 4: models of Annex D, A-law on both ways.

use super::css::{double_talk, single_talk};
use super::line::{Law, Line, amplitude, gauss, level};
use super::oracle::Chance;
use media_dsp::echo::{Adaptation, EchoCanceller, Processor, Settings, State, Tail};
use std::f32::consts::TAU;

/// The canceller, its line, and what came out.
struct Rig {
    line: Line,
    canceller: EchoCanceller,
    came: Vec<i16>,
    left: Vec<i16>,
}

impl Rig {
    fn new(model: usize, processor: Processor) -> Self {
        let settings = Settings { tail: Tail::Ms64, bulk_delay: 0, processor };
        Self {
            line: Line::new(model, 6.0, 80, Law::A),
            canceller: EchoCanceller::new(settings),
            came: Vec::new(),
            left: Vec::new(),
        }
    }

    /// So many milliseconds of both ends, which repeat; what came before is forgotten.
    fn run(&mut self, milliseconds: usize, far: &[i16], near: &[i16]) {
        self.came.clear();
        self.left.clear();
        for time in 0..milliseconds * 8 {
            let rin = Law::A.through(f32::from(far[time % far.len()])) as i16;
            let sin = self.line.turn(rin, f32::from(near[time % near.len()]));
            let mut sout = [0];
            self.canceller.cancel(&[rin], &[sin], &mut sout);
            self.came.push(sin);
            self.left.push(sout[0]);
        }
    }

    fn freeze(&mut self) {
        self.canceller.set_adaptation(Adaptation::Frozen);
    }
}

/// The greatest level in 35 ms (§6.4.1.2.1), in dBm0.
fn peak(samples: &[i16]) -> f32 {
    samples.windows(280).step_by(40).map(level).fold(-99.0, f32::max)
}

fn tone(frequencies: &[f32], dbm0: f32, milliseconds: usize) -> Vec<i16> {
    let scale = amplitude(dbm0) * 2f32.sqrt();
    let wave = |time: usize, hertz: f32| (TAU * (hertz * time as f32 / 8000.0).fract()).sin();
    (0..milliseconds * 8)
        .map(|time| {
            let sum: f32 = frequencies.iter().map(|&hertz| wave(time, hertz)).sum();
            (sum * scale) as i16
        })
        .collect()
}

fn noise(dbm0: f32, seed: u64) -> Vec<i16> {
    let mut chance = Chance::new(seed);
    (0..16_000).map(|_| (gauss(&mut chance) * amplitude(dbm0)) as i16).collect()
}

const SILENCE: [i16; 1] = [0];

#[test]
fn test_2a_with_the_processor_the_returned_echo_is_below_65_dbm0_after_a_second() {
    for model in 2..=9 {
        for dbm0 in [-10.0, -20.0, -30.0] {
            let mut rig = Rig::new(model, Processor::ComfortNoise);
            let css = single_talk(dbm0);
            rig.run(200, &SILENCE, &SILENCE);
            rig.run(1000, &css, &SILENCE);
            rig.run(2000, &css, &SILENCE);
            let first = peak(&rig.left);
            rig.line.change(2 + (model - 1) % 8, 6.0, 80);
            rig.run(1000, &css, &SILENCE);
            rig.run(2000, &css, &SILENCE);
            let second = peak(&rig.left);
            assert!(first <= -65.0, "D.{model}, {dbm0} dBm0: {first}");
            assert!(second <= -65.0, "D.{model}, {dbm0} dBm0, another path: {second}");
        }
    }
}

#[test]
fn test_2b_without_the_processor_20_db_after_a_second_and_the_steady_state_after_ten() {
    for model in 2..=9 {
        for dbm0 in [-10.0, -30.0] {
            let mut rig = Rig::new(model, Processor::Off);
            let css = single_talk(dbm0);
            rig.run(1000, &css, &SILENCE);
            rig.run(700, &css, &SILENCE);
            let early = peak(&rig.came) - peak(&rig.left);
            rig.run(8300, &css, &SILENCE);
            rig.run(700, &css, &SILENCE);
            let loss = peak(&rig.came) - peak(&rig.left);
            rig.line.change(2 + (model - 1) % 8, 6.0, 80);
            rig.run(1000, &css, &SILENCE);
            rig.run(700, &css, &SILENCE);
            let change = peak(&rig.came) - peak(&rig.left);
            assert!(early >= 20.0, "D.{model}, {dbm0} dBm0: {early} dB after a second");
            assert!(
                change >= 20.0,
                "D.{model}, {dbm0} dBm0: {change} dB a second after the change"
            );
            assert!(loss >= 30.0, "D.{model}, {dbm0} dBm0: {loss} dB after ten seconds");
        }
    }
}
