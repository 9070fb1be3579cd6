//! The tone disabler of ITU-T G.168 §7.

use super::line::amplitude;
use super::oracle;
use media_dsp::echo::{EchoCanceller, Processor, Settings, State, Tail};
use std::f32::consts::TAU;

fn canceller() -> EchoCanceller {
    let processor = Processor::ComfortNoise;
    EchoCanceller::new(Settings { tail: Tail::Ms16, bulk_delay: 0, processor })
}

/// A tone that turns its phase every 450 ms, as V.25 has it.
fn answer_tone(hertz: f32, dbm0: f32, turn: f32, milliseconds: usize) -> Vec<i16> {
    let scale = amplitude(dbm0) * 2f32.sqrt();
    (0..milliseconds * 8)
        .map(|time| {
            let turns = (time / 3600) as f32 * turn / 360.0;
            (scale * (TAU * (hertz * time as f32 / 8000.0 + turns).fract()).sin()) as i16
        })
        .collect()
}

fn run(canceller: &mut EchoCanceller, rin: &[i16], sin: &[i16]) -> Vec<i16> {
    let mut sout = vec![0; rin.len()];
    canceller.cancel(rin, sin, &mut sout);
    sout
}

#[test]
fn reversals_of_2100_hz_disable_it_within_a_second_from_either_side() {
    for hertz in [2079.0, 2100.0, 2121.0] {
        for dbm0 in [-31.0, -20.0, -6.0] {
            for turn in [170.0, 180.0, 190.0] {
                let (tone, silence) = (answer_tone(hertz, dbm0, turn, 1000), vec![0; 8000]);
                for (rin, sin) in [(&tone, &silence), (&silence, &tone)] {
                    let mut it = canceller();
                    run(&mut it, rin, sin);
                    assert_eq!(
                        it.state(),
                        State::Disabled,
                        "{hertz} Hz {dbm0} dBm0 {turn} degrees"
                    );
                }
            }
        }
    }
}

#[test]
fn a_tone_without_reversals_or_beside_2100_hz_does_not_disable_it() {
    for (hertz, turn) in [(2100.0, 0.0), (2100.0, 90.0), (1900.0, 180.0), (2350.0, 180.0)] {
        let tone = answer_tone(hertz, -12.0, turn, 4000);
        let mut it = canceller();
        run(&mut it, &vec![0; tone.len()], &tone);
        assert_eq!(it.state(), State::Enabled, "{hertz} Hz, {turn} degrees");
    }
}

#[test]
fn it_stays_disabled_until_the_carrier_has_been_gone_for_a_quarter_of_a_second() {
    let mut it = canceller();
    let tone = answer_tone(2100.0, -12.0, 180.0, 1500);
    run(&mut it, &tone, &vec![0; tone.len()]);
    let mut chance = oracle::Chance::new(4);
    let data: Vec<i16> = (0..80_000).map(|_| chance.sample() / 16).collect();
    let through = run(&mut it, &data, &data);
    assert!(through == data, "data pass bit for bit");
    run(&mut it, &[0; 800], &[0; 800]);
    assert_eq!(it.state(), State::Disabled, "100 ms of silence are no end");
    run(&mut it, &data, &data);
    run(&mut it, &[0; 3200], &[0; 3200]);
    assert_eq!(it.state(), State::Enabled, "400 ms of silence are");
}

#[test]
fn speech_does_not_disable_it() {
    let Some(speech) = oracle::speech(300) else { return };
    let mut it = canceller();
    let mut sout = [0; 160];
    for frame in speech.chunks_exact(160) {
        it.cancel(frame, frame, &mut sout);
        assert_eq!(it.state(), State::Enabled);
    }
}
