//! A conference against a model that is plain enough to be believed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods, missing_docs)]

mod model;

use media::mixer::{Level, MOST_MEMBERS, Place, Room, SPEAKERS, TICK};
use media_dsp::resample::Rate;
use model::{Chance, Model};

/// A sine at a rate, from the beginning of a tick: hertz, amplitude.
fn sine(rate: Rate, tick: usize, hertz: f64, amplitude: f64) -> Vec<i16> {
    let len = TICK.samples(rate);
    let at = |n| (tick * len + n) as f64 / rate.hz() as f64;
    (0..len).map(|n| ((at(n) * hertz * std::f64::consts::TAU).sin() * amplitude) as i16).collect()
}

/// One tick in which these say something.
fn tick(room: &mut Room, said: &[(Place, &[i16])]) {
    room.begin();
    for (place, pcm) in said {
        room.expect(*place, Level::of(pcm));
    }
    room.choose();
    for (place, pcm) in said {
        if room.has_floor(*place) {
            room.say(*place, pcm);
        }
    }
    room.mix();
}

fn heard(room: &mut Room, place: Place, rate: Rate) -> Vec<i16> {
    let mut pcm = vec![0; TICK.samples(rate)];
    room.hear(place, &mut pcm);
    pcm
}

fn power(pcm: &[i16]) -> f64 {
    pcm.iter().map(|it| f64::from(*it) * f64::from(*it)).sum::<f64>() / pcm.len() as f64
}

#[test]
fn everybody_hears_exactly_the_others() {
    let mut room = Room::new();
    let places: Vec<Place> = (0..3).map(|_| room.join(Rate::Hz8000).unwrap()).collect();
    for number in 0..5 {
        let voices: Vec<Vec<i16>> = (0..3)
            .map(|it| sine(Rate::Hz8000, number, 300.0 + 70.0 * it as f64, 6_000.0))
            .collect();
        let said: Vec<_> = places.iter().copied().zip(voices.iter().map(Vec::as_slice)).collect();
        tick(&mut room, &said);
        if number == 0 {
            continue;
        }
        for (me, place) in places.iter().enumerate() {
            let others =
                (0..160).map(|n| (0..3).filter(|it| *it != me).map(|it| voices[it][n]).sum());
            assert_eq!(heard(&mut room, *place, Rate::Hz8000), others.collect::<Vec<i16>>());
        }
    }
}

#[test]
fn who_is_muted_is_not_heard_and_hears() {
    let mut room = Room::new();
    let [a, b] = [(); 2].map(|()| room.join(Rate::Hz16000).unwrap());
    let voice = |number| sine(Rate::Hz16000, number, 440.0, 8_000.0);
    for number in 0..3 {
        tick(&mut room, &[(a, &voice(number)), (b, &voice(number))]);
    }
    room.mute(a, true);
    tick(&mut room, &[(a, &voice(3)), (b, &voice(3))]);
    let fading = heard(&mut room, b, Rate::Hz16000);
    assert!(power(&fading[..80]) > 1e7 && power(&fading[310..]) < 1e5, "it fades, without a click");
    tick(&mut room, &[(a, &voice(4)), (b, &voice(4))]);
    assert!(!room.has_floor(a));
    assert_eq!(heard(&mut room, b, Rate::Hz16000), [0; 320]);
    assert_eq!(heard(&mut room, a, Rate::Hz16000), voice(4));
    room.mute(a, false);
    tick(&mut room, &[(a, &voice(5))]);
    tick(&mut room, &[(a, &voice(6))]);
    assert_eq!(heard(&mut room, b, Rate::Hz16000), voice(6));
}

#[test]
fn a_gain_is_what_its_decibels_say() {
    let mut room = Room::new();
    let [a, b] = [(); 2].map(|()| room.join(Rate::Hz8000).unwrap());
    for (decibels, factor) in [(6_i8, 1.995_f64), (-12, 0.251), (0, 1.0), (-100, 0.0), (24, 15.85)]
    {
        room.set_gain(a, decibels);
        for number in 0..2 {
            tick(&mut room, &[(a, &sine(Rate::Hz8000, number, 500.0, 1_000.0))]);
        }
        let is = power(&heard(&mut room, b, Rate::Hz8000));
        let wanted = power(&sine(Rate::Hz8000, 1, 500.0, 1_000.0)) * factor * factor;
        assert!((is - wanted).abs() <= wanted * 0.02, "{decibels} dB: {is} for {wanted}");
    }
}

#[test]
fn a_voice_arrives_at_every_rate_as_loud_as_it_is() {
    let rates = [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000];
    for from in rates {
        let mut room = Room::new();
        let speaker = room.join(from).unwrap();
        let listeners = rates.map(|rate| (rate, room.join(rate).unwrap()));
        let mut powers = [0.0; 3];
        for number in 0..20 {
            tick(&mut room, &[(speaker, &sine(from, number, 1_000.0, 10_000.0))]);
            for ((rate, place), power_of) in listeners.into_iter().zip(&mut powers) {
                *power_of = power(&heard(&mut room, place, rate));
            }
        }
        for is in powers {
            assert!((is / 5e7 - 1.0).abs() < 0.02, "{from:?}: {powers:?}");
        }
        // Who speaks does not hear itself, whatever the rates.
        assert_eq!(power(&heard(&mut room, speaker, from)), 0.0);
    }
}

#[test]
fn voices_that_add_up_beyond_full_scale_are_turned_down_not_clipped() {
    let mut room = Room::new();
    let places: Vec<Place> = (0..5).map(|_| room.join(Rate::Hz16000).unwrap()).collect();
    let mut clipped = 0;
    for number in 0..50 {
        let voices: Vec<_> = (0..4)
            .map(|it| sine(Rate::Hz16000, number, 310.0 + 50.0 * it as f64, 20_000.0))
            .collect();
        let said: Vec<_> = places.iter().copied().zip(voices.iter().map(Vec::as_slice)).collect();
        tick(&mut room, &said);
        let heard = heard(&mut room, places[4], Rate::Hz16000);
        clipped += heard.iter().filter(|it| it.unsigned_abs() >= 32_767).count();
    }
    // Sums that are cut off would be at full scale for a fifth of the time.
    assert!(clipped < 100, "{clipped} samples of 16,000 at full scale");
}

#[test]
fn only_the_loudest_get_the_floor_in_a_large_room() {
    let mut room = Room::new();
    let places: Vec<Place> = (0..40).map(|_| room.join(Rate::Hz8000).unwrap()).collect();
    for number in 0..10 {
        let voices: Vec<_> = (0..40)
            .map(|it| sine(Rate::Hz8000, number, 400.0, if it % 6 == 0 { 9_000.0 } else { 60.0 }))
            .collect();
        let said: Vec<_> = places.iter().copied().zip(voices.iter().map(Vec::as_slice)).collect();
        tick(&mut room, &said);
    }
    let floor: Vec<usize> = (0..40).filter(|it| room.has_floor(places[*it])).collect();
    assert_eq!(floor.len(), SPEAKERS);
    assert!(floor.iter().all(|it| it % 6 == 0), "{floor:?}");
}

#[test]
fn the_noise_of_a_large_room_is_not_decoded() {
    let mut room = Room::new();
    let places: Vec<Place> = (0..40).map(|_| room.join(Rate::Hz8000).unwrap()).collect();
    for number in 0..60 {
        let noise = sine(Rate::Hz8000, number, 400.0, 20.0);
        let said: Vec<_> = places.iter().map(|it| (*it, noise.as_slice())).collect();
        tick(&mut room, &said);
    }
    assert!(places.iter().all(|it| !room.has_floor(*it)));
}

#[test]
fn the_active_speaker_does_not_change_for_a_cough() {
    let mut room = Room::new();
    let [a, b] = [(); 2].map(|()| room.join(Rate::Hz8000).unwrap());
    let soft = |number| sine(Rate::Hz8000, number, 400.0, 3_000.0);
    let loud = |number| sine(Rate::Hz8000, number, 300.0, 20_000.0);
    assert_eq!(room.active_speaker(), None);
    (0..30).for_each(|number| tick(&mut room, &[(a, &soft(number))]));
    assert_eq!(room.active_speaker(), Some(a));
    // 100 ms, after which its level falls for a while.
    (30..35).for_each(|number| tick(&mut room, &[(a, &soft(number)), (b, &loud(number))]));
    (35..60).for_each(|number| tick(&mut room, &[(a, &soft(number))]));
    assert_eq!(room.active_speaker(), Some(a));
    (60..90).for_each(|number| tick(&mut room, &[(a, &soft(number)), (b, &loud(number))]));
    assert_eq!(room.active_speaker(), Some(b));
    (90..400).for_each(|_| tick(&mut room, &[]));
    assert_eq!(room.active_speaker(), None);
    (0..30).for_each(|number| tick(&mut room, &[(a, &soft(number))]));
    room.leave(a);
    assert_eq!(room.active_speaker(), None);
}

#[test]
fn of_three_who_speak_at_once_one_is_said_to_speak() {
    let mut room = Room::new();
    let places = [(); 3].map(|()| room.join(Rate::Hz8000).unwrap());
    for number in 0..30 {
        // Each is the loudest for 60 ms in turn.
        let loudness = |n| if number / 3 % 3 == n { 12_000.0 } else { 4_000.0 };
        let voices = [0, 1, 2].map(|n| sine(Rate::Hz8000, number, 400.0, loudness(n)));
        let said: Vec<_> = places.into_iter().zip(voices.iter().map(Vec::as_slice)).collect();
        tick(&mut room, &said);
    }
    assert!(room.active_speaker().is_some());
}

#[test]
fn a_room_has_an_end() {
    let mut room = Room::new();
    let places: Vec<_> = (0..MOST_MEMBERS).map(|_| room.join(Rate::Hz8000).unwrap()).collect();
    assert_eq!(room.join(Rate::Hz8000), None);
    room.leave(places[17]);
    assert_eq!(room.join(Rate::Hz8000), Some(places[17]));
    assert_eq!(room.len(), usize::from(MOST_MEMBERS));
}

/// Joins, leaves, mutes and gains at random: what each member hears is what the model says.
#[test]
fn a_room_stays_right_whatever_its_members_do() {
    for seed in 1..=40 {
        let mut chance = Chance(seed);
        let (mut room, mut model) = (Room::new(), Model::default());
        for number in 0..300 {
            model.disturb(&mut room, &mut chance);
            let voices = model.voices(number, &mut chance);
            let said: Vec<_> = voices.iter().map(|(it, pcm)| (*it, pcm.as_slice())).collect();
            tick(&mut room, &said);
            model.compare(&mut room, &voices, &format!("seed {seed}, tick {number}"));
        }
    }
}
