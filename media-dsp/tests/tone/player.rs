//! What is played: its power, and its time to the sample.

use super::signal::level;
use media_dsp::tone::{Dbm0, Player, Rounds, Sound, Step};
use proptest::prelude::*;

#[test]
fn every_sound_has_the_power_that_was_asked_for() {
    for sound in [
        Sound::One(425.0),
        Sound::Two(350.0, 440.0),
        Sound::Three(400.0, 425.0, 450.0),
        Sound::Modulated(425.0, 24.0),
    ] {
        for asked in [-3.0, -10.0, -25.0, -40.0] {
            let steps = [Step(sound, 0)];
            let mut pcm = vec![0; 80_000];
            Player::new(&steps, Rounds::Endless, Dbm0(asked)).fill(&mut pcm);
            let is = level(&pcm);
            assert!((is - asked).abs() < 0.1, "{sound:?}: {is} for {asked}");
        }
    }
}

#[test]
fn a_cadence_is_right_to_the_sample() {
    let steps =
        [Step(Sound::One(1_000.0), 330), Step(Sound::Off, 30), Step(Sound::One(500.0), 100)];
    let mut pcm = [0; 8_000];
    let mut player = Player::new(&steps, Rounds::Times(2), Dbm0(-10.0));
    let count = player.fill(&mut pcm[..1_000]) + player.fill(&mut pcm[1_000..]);
    assert_eq!(count, 2 * 460 * 8);
    assert!(pcm[330 * 8..360 * 8].iter().all(|it| *it == 0));
    assert!((level(&pcm[..330 * 8]) + 10.0).abs() < 0.1);
    assert!((level(&pcm[360 * 8..460 * 8]) + 10.0).abs() < 0.1);
    assert_eq!(pcm[..460 * 8], pcm[460 * 8..920 * 8]);
}

#[test]
fn a_table_without_steps_or_without_time_ends_at_once() {
    let mut pcm = [7; 100];
    assert_eq!(Player::new(&[], Rounds::Endless, Dbm0(0.0)).fill(&mut pcm), 0);
    let steps = [Step(Sound::Off, 1)];
    assert_eq!(Player::new(&steps, Rounds::Times(0), Dbm0(0.0)).fill(&mut pcm), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn no_steps_make_the_player_panic(
        steps in proptest::collection::vec((0.0_f32..5_000.0, 0_u16..40), 0..6),
        times in 0_u16..4,
    ) {
        let steps: Vec<_> =
            steps.iter().map(|(hertz, millis)| Step(Sound::Two(*hertz, 440.0), *millis)).collect();
        let mut pcm = [0; 2_000];
        Player::new(&steps, Rounds::Times(times), Dbm0(3.0)).fill(&mut pcm);
    }
}
