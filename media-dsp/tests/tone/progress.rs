//! The indication tones of countries, as lines leave them.

use super::oracle::Chance;
use super::played;
use super::signal::with_noise;
use media_dsp::tone::{Dbm0, Indication, Sound, Step, Zone, progress};

#[test]
fn every_tone_of_every_country_is_heard_as_what_it_is() {
    every_tone_of_every_country(|steps| played(steps, -10.0, cycles(steps)));
}

#[test]
fn every_tone_is_heard_at_minus_35_dbm0_in_noise_20_db_below() {
    every_tone_of_every_country(|steps| {
        with_noise(&played(steps, -35.0, cycles(steps)), Dbm0(-55.0), 1)
    });
}

#[test]
fn every_tone_is_heard_with_cadences_5_percent_off() {
    for off in [95, 105] {
        every_tone_of_every_country(|steps| {
            let steps: Vec<_> = steps
                .iter()
                .map(|Step(sound, millis)| Step(*sound, (u32::from(*millis) * off / 100) as u16))
                .collect();
            played(&steps, -15.0, cycles(&steps))
        });
    }
}

#[test]
fn every_tone_is_heard_with_frequencies_1_percent_off() {
    for off in [0.99, 1.01] {
        every_tone_of_every_country(|steps| {
            let steps: Vec<_> = steps
                .iter()
                .map(|Step(sound, millis)| {
                    let sound = match *sound {
                        Sound::Off => Sound::Off,
                        Sound::One(a) => Sound::One(a * off),
                        Sound::Two(a, b) => Sound::Two(a * off, b * off),
                        Sound::Three(a, b, c) => Sound::Three(a * off, b * off, c * off),
                        Sound::Modulated(a, by) => Sound::Modulated(a * off, by),
                    };
                    Step(sound, *millis)
                })
                .collect();
            played(&steps, -15.0, cycles(&steps))
        });
    }
}

#[test]
fn one_tone_after_another_is_heard() {
    let zone = Zone::find("DE").unwrap();
    let order = [Indication::Dial, Indication::Ringback, Indication::Busy, Indication::Congestion];
    let pcm: Vec<i16> =
        order.iter().flat_map(|it| played(zone.steps(*it).unwrap(), -10.0, 9)).collect();
    assert_eq!(indications(zone, &pcm), order);
}

#[test]
fn how_the_samples_are_cut_makes_no_difference() {
    let zone = Zone::find("US").unwrap();
    let pcm = played(zone.busy, -10.0, 4);
    let (mut chance, mut rest, mut all) = (Chance::new(12), &pcm[..], Vec::new());
    let mut detector = progress::Detector::new(zone);
    while !rest.is_empty() {
        let (now, later) = rest.split_at(chance.below(300).min(rest.len()));
        detector.hear(now, |heard| all.push(heard.indication));
        rest = later;
    }
    assert_eq!(all, [Indication::Busy]);
}

pub(crate) fn indications(zone: &'static Zone, pcm: &[i16]) -> Vec<Indication> {
    let mut all = Vec::new();
    let mut detector = progress::Detector::new(zone);
    pcm.chunks(160).for_each(|chunk| detector.hear(chunk, |heard| all.push(heard.indication)));
    all
}

#[track_caller]
fn every_tone_of_every_country(change: impl Fn(&[Step]) -> Vec<i16>) {
    let mut wrong = Vec::new();
    for zone in Zone::all() {
        for (indication, steps) in zone.indications() {
            let heard = indications(zone, &change(steps));
            if heard != [indication] {
                wrong.push(format!("{} {indication:?}: {heard:?}", zone.code));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn cycles(steps: &[Step]) -> usize {
    let cycle: usize = steps.iter().map(|step| usize::from(step.1)).sum();
    (cycle * 2).div_ceil(1_000).clamp(6, 20)
}
