//! Pauses: with a description of noise, and without.

use crate::network::{Call, Chance, Frame, ms, seconds, speech};
use media::jitter::{Heard, Settings};
use std::time::Duration;

/// Two seconds of speech, then two of a pause that begins with a description of noise.
fn talk(sent: u64) -> Frame {
    match sent % 200 {
        0..100 => Frame::Sound,
        100 => Frame::Noise,
        _ => Frame::Nothing,
    }
}

#[test]
fn a_pause_is_filled_with_the_noise_that_was_described_and_conceals_nothing() {
    let mut chance = Chance::new(5);
    let mut call = Call::new(Settings::default());
    let statistics = call.run(seconds(60), talk, |_| Some(ms(30) + chance.below(ms(15))));
    println!("{statistics:?}");
    assert_eq!(statistics.concealed_samples, 0, "{statistics:?}");
    assert_eq!((statistics.lost, statistics.late, statistics.discarded), (0, 0, 0));
    let noise = call.what.iter().filter(|it| **it == Heard::Noise).count();
    assert!((1_400..1_500).contains(&noise), "{noise}");
    // Its level is 60 dB below full scale.
    let loud = |frame: &[i16]| frame.iter().map(|it| f64::from(*it).powi(2)).sum::<f64>() / 160.0;
    let quiet = call.heard.chunks(160).filter(|it| (200.0..6_000.0).contains(&loud(it))).count();
    assert!(quiet >= 1_350, "{quiet}");
}

#[test]
fn the_delay_is_set_anew_in_a_pause() {
    let mut chance = Chance::new(6);
    let mut call = Call::new(Settings::default());
    call.run(seconds(20), talk, |_| Some(ms(30) + chance.below(ms(100))));
    let rough = call.buffer.statistics();
    let noise = |sent: u64| if sent.is_multiple_of(8) { Frame::Noise } else { Frame::Nothing };
    call.run(seconds(9), noise, |_| Some(ms(30)));
    let calm = call.run(Duration::from_millis(300), speech, |_| Some(ms(30)));
    println!("{rough:?}\n{calm:?}");
    assert!(rough.delay >= Duration::from_millis(90), "{rough:?}");
    assert!(rough.stretched_samples < 8 * 40, "by cuts: {rough:?}");
    assert!(calm.delay <= Duration::from_millis(35), "{calm:?}");
    assert_eq!(calm.compressed_samples, rough.compressed_samples, "by cuts");
}

#[test]
fn a_sender_that_falls_silent_without_a_word_is_soon_silent_and_loses_nothing() {
    let mut call = Call::new(Settings::default());
    let talk = |sent| if sent % 200 < 100 { Frame::Sound } else { Frame::Nothing };
    let statistics = call.run(seconds(60), talk, |_| Some(ms(30)));
    println!("{statistics:?}");
    assert_eq!((statistics.lost, statistics.late, statistics.discarded), (0, 0, 0));
    assert!(statistics.concealments <= 16, "{statistics:?}");
    let silent = call.heard.chunks(160).filter(|it| it.iter().all(|it| *it == 0)).count();
    assert!(silent > 1_350, "{silent}");
    assert!(statistics.delay <= Duration::from_millis(40), "{statistics:?}");
}

#[test]
fn speech_after_a_lost_description_of_noise_is_played() {
    let mut call = Call::new(Settings::default());
    let lost = |sent: u64| (sent % 200 != 100).then_some(ms(30));
    let statistics = call.run(seconds(60), talk, lost);
    println!("{statistics:?}");
    assert_eq!(statistics.late, 0, "{statistics:?}");
    // The last pause goes on.
    assert_eq!(statistics.lost, 14, "{statistics:?}");
    // All of the sound but what waits now.
    let sound = call.what.iter().filter(|it| **it == Heard::Sound).count();
    assert!(sound >= 1_490, "{sound}");
}

#[test]
fn a_long_loss_fades_into_the_noise_behind_the_voice() {
    for (level, least, most) in [(400, 180.0, 290.0), (0, 0.0, 0.5)] {
        let mut call = Call::new(Settings::default());
        call.noise = level;
        call.run(
            seconds(6),
            |sent| if sent % 50 < 40 { Frame::Sound } else { Frame::Rest },
            |_| Some(ms(30)),
        );
        call.heard.clear();
        call.run(seconds(1), speech, |_| None);
        let root = |pcm: &[i16]| {
            let sum: f64 = pcm.iter().map(|it| f64::from(*it).powi(2)).sum();
            (sum / pcm.len() as f64).sqrt()
        };
        for ms in [300, 500, 700, 900] {
            let loud = root(&call.heard[8 * ms..8 * (ms + 100)]);
            println!("{level}: {loud:.0} after {ms} ms");
            assert!((least..=most).contains(&loud), "{level}: {loud:.0} after {ms} ms");
        }
    }
}

#[test]
fn nothing_is_heard_before_the_first_packet() {
    let mut call = Call::new(Settings::default());
    let statistics = call.run(seconds(1), speech, |_| None);
    assert!(call.heard.iter().all(|it| *it == 0));
    assert!(call.what.iter().all(|it| *it == Heard::Nothing));
    assert_eq!((statistics.concealed_samples, statistics.noise_samples), (0, 0));
}
