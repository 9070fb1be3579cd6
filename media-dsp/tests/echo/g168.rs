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
        for start in (0..milliseconds * 8).step_by(FRAME) {
            let rin: Vec<i16> = (start..(start + FRAME).min(milliseconds * 8))
                .map(|time| Law::A.through(f32::from(far[time % far.len()])) as i16)
                .collect();
            let near = (start..).map(|time| f32::from(near[time % near.len()]));
            let sin: Vec<i16> =
                rin.iter().zip(near).map(|(&rin, near)| self.line.turn(rin, near)).collect();
            let mut sout = vec![0; rin.len()];
            self.canceller.cancel(&rin, &sin, &mut sout);
            self.came.extend(sin);
            self.left.extend(sout);
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
/// Samples of a call.
const FRAME: usize = 40;

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

/// The level that is left of CSS of -10 dBm0, frozen.
fn residual(rig: &mut Rig) -> f32 {
    rig.freeze();
    rig.run(700, &single_talk(-10.0), &SILENCE);
    peak(&rig.left)
}

fn converged(model: usize) -> (Rig, f32) {
    let mut rig = Rig::new(model, Processor::Off);
    rig.run(5000, &single_talk(-10.0), &SILENCE);
    let steady = residual(&mut rig);
    rig.canceller.set_adaptation(Adaptation::Running);
    (rig, steady)
}

#[test]
fn test_2c_noise_of_the_near_end_does_not_keep_it_from_converging() {
    for model in 2..=9 {
        let mut rig = Rig::new(model, Processor::Off);
        let mut hoth = 0.0;
        let near: Vec<i16> = noise(-35.0, 5)
            .into_iter()
            .map(|it| {
                hoth = 0.625 * hoth + 0.375 * f32::from(it);
                hoth as i16
            })
            .collect();
        rig.run(5000, &single_talk(-10.0), &near);
        let left = residual(&mut rig);
        assert!(left <= level(&near), "D.{model}: {left}");
    }
}

#[test]
fn test_3a_a_faint_near_end_does_not_keep_it_from_converging() {
    for model in 2..=9 {
        let mut rig = Rig::new(model, Processor::Off);
        rig.run(5000, &single_talk(-10.0), &double_talk(-25.0));
        let left = residual(&mut rig);
        assert!(left <= -25.0 - 5.0, "D.{model}: {left}");
    }
}

#[test]
fn test_3b_double_talk_costs_less_than_10_db() {
    for model in 2..=9 {
        for near in [-10.0, -25.0] {
            let (mut rig, steady) = converged(model);
            rig.run(5000, &single_talk(-10.0), &double_talk(near));
            let left = residual(&mut rig);
            assert!(left <= steady + 10.0, "D.{model}, near end {near}: {left} after {steady}");
        }
    }
}

#[test]
fn test_3c_in_a_conversation_both_ends_are_heard_and_no_echo() {
    for model in 2..=9 {
        let (far, near) = (single_talk(-15.0), double_talk(-15.0));
        let mut rig = Rig::new(model, Processor::ComfortNoise);
        rig.run(5600, &far, &SILENCE);
        rig.run(5600, &far, &near);
        let lost = level(&near) - level(&rig.left[8000..]);
        assert!(lost.abs() < 2.0, "D.{model}: double talk loses {lost} dB");
        rig.run(1000, &far, &SILENCE);
        rig.run(1000, &far, &SILENCE);
        // The idle noise of A-law, -66 dBm0, is a background for which there is comfort noise.
        assert!(peak(&rig.left) <= -60.0, "D.{model}: {} after double talk", peak(&rig.left));
        rig.run(5600, &SILENCE, &near);
        let lost = level(&near) - level(&rig.left[1600..]);
        assert!(lost.abs() < 0.5, "D.{model}: the near end alone loses {lost} dB");
    }
}

#[test]
fn test_4_two_minutes_of_silence_leak_less_than_10_db() {
    let (mut rig, steady) = converged(4);
    rig.run(120_000, &SILENCE, &SILENCE);
    let left = residual(&mut rig);
    assert!(left <= steady + 10.0, "{left} after {steady}");
}

#[test]
fn test_5_when_the_echo_ends_its_estimate_ends_within_half_a_second() {
    for model in 2..=9 {
        let (mut rig, _) = converged(model);
        rig.line.open();
        rig.run(500, &single_talk(-10.0), &SILENCE);
        rig.run(1000, &single_talk(-10.0), &SILENCE);
        assert!(peak(&rig.left) <= -37.0, "D.{model}: {}", peak(&rig.left));
    }
}

#[test]
fn test_6_tones_do_not_make_it_diverge() {
    let (mut rig, steady) = converged(3);
    let one = [[697.0, 0.0], [941.0, 0.0], [1336.0, 0.0], [1633.0, 0.0]];
    let two = [[697.0, 1209.0], [770.0, 1336.0], [852.0, 1477.0], [941.0, 1633.0]];
    for pair in one.iter().chain(&two) {
        let frequencies = if pair[1] == 0.0 { &pair[..1] } else { &pair[..] };
        rig.run(5000, &tone(frequencies, -11.0, 1000), &SILENCE);
        assert!(level(&rig.left) <= level(&rig.came) - 10.0, "{pair:?}: {}", level(&rig.left));
    }
    let left = residual(&mut rig);
    assert!(left <= steady + 10.0, "{left} after {steady}");
}

#[test]
fn test_7_two_minutes_of_a_tone_before_anything_else_do_not_make_it_unstable() {
    for hertz in [300.0, 1004.0, 3100.0] {
        let mut rig = Rig::new(5, Processor::Off);
        for _ in 0..12 {
            rig.run(10_000, &tone(&[hertz], -10.0, 1000), &SILENCE);
            assert!(peak(&rig.left) <= peak(&rig.came) + 0.5, "{hertz} Hz: {}", peak(&rig.left));
        }
        rig.run(2000, &single_talk(-10.0), &SILENCE);
        rig.run(1000, &single_talk(-10.0), &SILENCE);
        let loss = peak(&rig.came) - peak(&rig.left);
        assert!(loss >= 20.0, "{hertz} Hz: {loss} dB after it");
    }
}

#[test]
fn test_8_signalling_of_systems_5_6_and_7_gets_through_while_the_far_end_sends_the_same() {
    for frequencies in
        [&[2400.0][..], &[2600.0], &[2400.0, 2600.0], &[2000.0], &[1780.0], &[2010.0]]
    {
        for processor in [Processor::Off, Processor::ComfortNoise] {
            let mut rig = Rig::new(2, processor);
            let sent = tone(frequencies, -12.0, 1000);
            rig.run(200, &SILENCE, &SILENCE);
            rig.run(90, &sent, &SILENCE);
            rig.run(2000, &sent, &sent);
            let lost = level(&rig.came) - level(&rig.left);
            assert!(lost.abs() < 2.0, "{frequencies:?}, {processor:?}: {lost} dB");
        }
    }
}

#[test]
fn test_9_comfort_noise_is_within_2_db_of_the_noise_it_stands_for() {
    let mut rig = Rig::new(2, Processor::ComfortNoise);
    rig.run(5000, &single_talk(-10.0), &SILENCE);
    for (seed, dbm0, wait) in [(1, -45.0, 30_000), (2, -55.0, 10_000), (3, -45.0, 10_000)] {
        let near = noise(dbm0, seed);
        rig.run(wait, &SILENCE, &near);
        rig.run(2000, &noise(-10.0, 9), &near);
        let off = level(&rig.left[4000..]) - dbm0;
        assert!(off.abs() <= 2.0, "noise of {dbm0} dBm0: {off} dB off");
    }
}

/// V.21 at 300 bit/s: HDLC flags and digits, between 980/1180 or 1650/1850 Hz.
fn v21(mark: f32, space: f32, dbm0: f32, milliseconds: usize) -> Vec<i16> {
    let mut chance = Chance::new(21);
    let scale = amplitude(dbm0) * 2f32.sqrt();
    let (mut phase, mut bit, mut left) = (0.0f32, true, 0.0);
    (0..milliseconds * 8)
        .map(|_| {
            left -= 1.0;
            if left <= 0.0 {
                left += 8000.0 / 300.0;
                bit = chance.below(2) == 0;
            }
            phase = (phase + (if bit { mark } else { space }) / 8000.0).fract();
            (scale * (TAU * phase).sin()) as i16
        })
        .collect()
}

#[test]
fn test_10_the_set_up_of_a_fax_call_gets_through_and_does_not_come_back() {
    for model in 2..=9 {
        let mut rig = Rig::new(model, Processor::ComfortNoise);
        // A: the called station's tone comes from the near end, without reversals.
        let ced = tone(&[2100.0], -12.0, 1000);
        rig.run(3000, &SILENCE, &ced);
        let lost = level(&ced) - level(&rig.left);
        assert!(lost.abs() < 1.0, "D.{model}: CED loses {lost} dB");
        assert_eq!(rig.canceller.state(), State::Enabled);
        rig.run(75, &SILENCE, &SILENCE);
        let dis = v21(1650.0, 1850.0, -12.0, 1500);
        rig.run(1500, &SILENCE, &dis);
        let lost = level(&dis) - level(&rig.left);
        assert!(lost.abs() < 1.0, "D.{model}: DIS loses {lost} dB");
        // B: the far end answers in the same channel.
        rig.run(75, &SILENCE, &SILENCE);
        let dcs = v21(1650.0, 1850.0, -12.0, 3000);
        rig.run(3000, &dcs, &SILENCE);
        let returned = peak(&rig.left[8000..]);
        assert!(returned <= -38.0, "D.{model}: the far end's DCS comes back with {returned}");
        rig.run(75, &SILENCE, &SILENCE);
        rig.run(1500, &SILENCE, &dis);
        let lost = level(&dis) - level(&rig.left);
        assert!(lost.abs() < 1.0, "D.{model}: the second DIS loses {lost} dB");
    }
}

#[test]
fn test_15_an_offset_of_the_pcm_channel_does_not_matter() {
    for model in 2..=9 {
        let offset: Vec<i16> = single_talk(-10.0).iter().map(|it| it + 100).collect();
        let mut rig = Rig::new(model, Processor::Off);
        rig.run(1000, &offset, &[100]);
        rig.run(700, &offset, &[100]);
        let mean = rig.left.iter().map(|&it| f32::from(it)).sum::<f32>() / rig.left.len() as f32;
        assert!(mean.abs() < 1.0, "D.{model}: an offset of {mean} is left");
        assert!(peak(&rig.left) <= -36.0, "D.{model}: {}", peak(&rig.left));
        rig.run(9000, &offset, &[100]);
        assert!(peak(&rig.left[64_000..]) <= -43.0, "D.{model}: {}", peak(&rig.left[64_000..]));
    }
}

#[test]
fn no_tone_or_narrow_noise_keeps_it_from_converging_or_makes_it_louder() {
    let mut chance = Chance::new(8);
    let (mut fast, mut slow) = (0.0, 0.0);
    // A resonance at 1 kHz, 50 Hz wide.
    let narrow: Vec<i16> = (0..40_000)
        .map(|_| {
            let now = 1.386 * fast - 0.961 * slow + 60.0 * gauss(&mut chance);
            (slow, fast) = (fast, now);
            now as i16
        })
        .collect();
    let digits: Vec<i16> = [[697.0, 1209.0], [770.0, 1336.0], [852.0, 1477.0], [941.0, 1633.0]]
        .iter()
        .flat_map(|pair| [tone(pair, -9.0, 70), vec![0; 560]].concat())
        .collect();
    let tones = [
        ("2100 Hz", tone(&[2100.0], -12.0, 1000)),
        ("dial tone", tone(&[425.0], -10.0, 1000)),
        ("busy", [tone(&[480.0, 620.0], -15.0, 500), vec![0; 4000]].concat()),
        ("DTMF", digits),
        ("narrow noise", narrow),
    ];
    for (name, sound) in &tones {
        let mut rig = Rig::new(7, Processor::Off);
        rig.run(5000, sound, &SILENCE);
        assert!(level(&rig.left) <= level(&rig.came) + 0.1, "{name}: louder from the beginning");
        rig.run(3000, &single_talk(-10.0), &SILENCE);
        let before = level(&rig.left[16_000..]) - level(&rig.came[16_000..]);
        assert!(before <= -28.0, "{name}: {before} dB two seconds later");
        rig.run(5000, sound, &SILENCE);
        let during = level(&rig.left) - level(&rig.came);
        assert!(during <= -15.0, "{name}: {during} dB when converged");
        rig.run(700, &single_talk(-10.0), &SILENCE);
        let after = level(&rig.left) - level(&rig.came);
        assert!(after <= before + 10.0, "{name}: {after} dB after it, {before} before");
    }
}

#[test]
fn the_near_end_of_a_line_without_echo_is_not_taken_for_echo() {
    let mut rig = Rig::new(2, Processor::ComfortNoise);
    rig.line.open();
    let (far, near) = (single_talk(-10.0), double_talk(-20.0));
    rig.run(1500, &far, &SILENCE);
    rig.run(4000, &far, &near);
    let lost = level(&near) - level(&rig.left[1600..]);
    assert!(lost.abs() < 1.0, "{lost} dB");
}
