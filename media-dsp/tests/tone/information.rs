//! Special information tones.

use super::played;
use super::signal::with_noise;
use media_dsp::tone::{Dbm0, Sound, Step, Zone, information};

#[test]
fn the_special_information_tone_of_every_country_is_heard() {
    for zone in Zone::all() {
        let Some(steps) = zone.information else { continue };
        for level in [-10.0, -30.0] {
            let pcm = with_noise(&played(steps, level, 5), Dbm0(level - 25.0), 2);
            let mut heard = Vec::new();
            information::Detector::new().hear(&pcm, |tones| heard.push(tones));
            // It comes every two seconds.
            assert!((2..=3).contains(&heard.len()), "{}: {heard:?}", zone.code);
            for tones in heard {
                let sounds = steps.iter().filter(|step| step.0 != Sound::Off);
                for (Step(sound, _), tone) in sounds.zip(tones) {
                    let Sound::One(hertz) = sound else { panic!("{sound:?}") };
                    assert!((tone.hertz - hertz).abs() < 6.0, "{}: {tone:?}", zone.code);
                }
            }
        }
    }
}
