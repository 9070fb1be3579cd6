//! What holds for any line: levels, calls, delay, size, endurance.

use super::css::single_talk;
use super::line::{Law, Line, gauss, level};
use super::oracle::Chance;
use media_dsp::arch::Level;
use media_dsp::echo::{EchoCanceller, Processor, Settings, Tail};

fn settings(tail: Tail, processor: Processor) -> Settings {
    Settings { tail, bulk_delay: 0, processor }
}

/// Noise that comes and goes, and its echo with some near end.
fn conversation(model: usize, delay: usize, seconds: usize) -> (Vec<i16>, Vec<i16>) {
    let mut line = Line::new(model, 6.0, delay, Law::Mu).with_noise(-60.0);
    let mut chance = Chance::new(model as u64);
    let rin: Vec<i16> = (0..seconds * 8000)
        .map(|time| if time / 2000 % 4 == 3 { 0 } else { (2000.0 * gauss(&mut chance)) as i16 })
        .collect();
    let near = |time: usize| if time / 8000 % 4 == 2 { 1000.0 } else { 0.0 };
    let sin = rin
        .iter()
        .enumerate()
        .map(|(time, &rin)| line.turn(rin, near(time) * (time as f32 / 5.0).sin()))
        .collect();
    (rin, sin)
}

fn run(canceller: &mut EchoCanceller, rin: &[i16], sin: &[i16], frame: usize) -> Vec<i16> {
    let mut sout = vec![0; rin.len()];
    let frames = rin.chunks(frame).zip(sin.chunks(frame));
    for ((rin, sin), sout) in frames.zip(sout.chunks_mut(frame)) {
        canceller.cancel(rin, sin, sout);
    }
    sout
}

#[test]
fn all_levels_of_vector_instructions_give_the_same_samples() {
    // Long enough for the path to be known, and to be learned from less often.
    let (rin, sin) = conversation(3, 100, 12);
    let settings = settings(Tail::Ms64, Processor::ComfortNoise);
    let mut scalar = EchoCanceller::at_level(settings, Level::Scalar);
    let expected = run(&mut scalar, &rin, &sin, 160);
    for level in Level::here() {
        let mut canceller = EchoCanceller::at_level(settings, level);
        assert!(run(&mut canceller, &rin, &sin, 160) == expected, "{level:?}");
    }
}

#[test]
fn the_samples_do_not_depend_on_how_many_come_with_a_call() {
    let (rin, sin) = conversation(2, 30, 12);
    let settings = settings(Tail::Ms32, Processor::ComfortNoise);
    let expected = run(&mut EchoCanceller::new(settings), &rin, &sin, 160);
    for frame in [1, 7, 8, 63, 80, 4000] {
        let found = run(&mut EchoCanceller::new(settings), &rin, &sin, frame);
        assert!(found == expected, "{frame} samples");
    }
}

#[test]
fn a_clone_is_a_saved_state() {
    let (rin, sin) = conversation(4, 30, 4);
    let mut canceller = EchoCanceller::new(settings(Tail::Ms32, Processor::ComfortNoise));
    run(&mut canceller, &rin[..16_123], &sin[..16_123], 160);
    let mut saved = canceller.clone();
    let first = run(&mut canceller, &rin[16_123..], &sin[16_123..], 160);
    assert!(first == run(&mut saved, &rin[16_123..], &sin[16_123..], 160));
}

#[test]
fn the_near_end_has_no_delay() {
    let mut canceller = EchoCanceller::new(settings(Tail::Ms128, Processor::Off));
    let mut sin = [0; 160];
    sin[77] = 10_000;
    let sout = run(&mut canceller, &[0; 160], &sin, 160);
    assert!(sout[..77].iter().all(|&it| it == 0));
    assert_eq!(sout[77], 10_000);
}

#[test]
fn every_tail_takes_the_echo_that_lies_in_it() {
    for (tail, delay) in
        [(Tail::Ms16, 30), (Tail::Ms32, 150), (Tail::Ms64, 400), (Tail::Ms128, 920)]
    {
        let (rin, sin) = conversation(2, delay, 2);
        let mut canceller = EchoCanceller::new(settings(tail, Processor::Off));
        let sout = run(&mut canceller, &rin, &sin, 160);
        let gained = level(&sin[8000..]) - level(&sout[8000..]);
        assert!(gained > 25.0, "{tail:?}: {gained} dB");
    }
}

#[test]
fn a_bulk_delay_moves_a_short_tail_to_a_late_echo() {
    let (rin, sin) = conversation(2, 2030, 2);
    let settings = Settings { tail: Tail::Ms16, bulk_delay: 2000, processor: Processor::Off };
    let sout = run(&mut EchoCanceller::new(settings), &rin, &sin, 160);
    let gained = level(&sin[8000..]) - level(&sout[8000..]);
    assert!(gained > 25.0, "{gained} dB");
}

#[test]
fn the_state_is_linear_in_the_tail() {
    let octets = |tail| EchoCanceller::new(settings(tail, Processor::Off)).octets();
    assert_eq!(octets(Tail::Ms32) - octets(Tail::Ms16), 2 * PARTITION);
    assert_eq!(octets(Tail::Ms128) - octets(Tail::Ms16), 14 * PARTITION);
    assert!(octets(Tail::Ms16) < 2 * PARTITION + 24_576, "{}", octets(Tail::Ms16));
}

#[test]
fn whatever_comes_it_is_no_louder_than_it_came_and_it_recovers() {
    let mut chance = Chance::new(11);
    let mut sound = |kind: usize, time: usize| match kind {
        0 => chance.sample(),
        1 => {
            if (time / 40).is_multiple_of(2) {
                i16::MAX
            } else {
                i16::MIN
            }
        }
        2 => i16::MIN,
        3 => {
            if time.is_multiple_of(800) {
                i16::MAX
            } else {
                0
            }
        }
        _ => (30_000.0 * (time as f32 * 1.649).sin()) as i16,
    };
    for far in 0..5 {
        for near in 0..5 {
            let mut canceller = EchoCanceller::new(settings(Tail::Ms16, Processor::Off));
            let rin: Vec<i16> = (0..16_000).map(|time| sound(far, time)).collect();
            let sin: Vec<i16> = (0..16_000).map(|time| sound(near, time)).collect();
            let sout = run(&mut canceller, &rin, &sin, 160);
            let gain = level(&sout[8000..]) - level(&sin[8000..]).max(-40.0);
            assert!(gain < 3.0, "{far} and {near}: {gain} dB louder");
            let mut line = Line::new(2, 6.0, 20, Law::A);
            let css = single_talk(-10.0).repeat(4);
            let echo: Vec<i16> = css.iter().map(|&it| line.turn(it, 0.0)).collect();
            let rest = run(&mut canceller, &css, &echo, 160);
            let gained = level(&echo[11_200..]) - level(&rest[11_200..]);
            assert!(gained > 20.0, "after {far} and {near}: {gained} dB");
        }
    }
}

/// Octets of 64 samples of tail: three spectra of 128 numbers and 64 uncertainties.
const PARTITION: usize = (3 * 128 + 64) * 4;
