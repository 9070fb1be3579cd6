//! Fax and modems: nothing of theirs is cancelled or stretched.

use super::oracle::Chance;
use super::town::*;
use board::Timeslot;
use board::sim::End;
use call::LineSound;
use media_dsp::tone::Dbm0;
use media_dsp::tone::ansam::{Envelope, Generator, Phase};

/// A line with an echo canceller and an echo of 10 dB behind 10 samples.
fn town() -> Town {
    let mut town = Town::new();
    town.open_line(0, LineSound { cancel_echo: true, ..PLAIN });
    town.open_phone(PHONE, pcma());
    town.bridge(channel(0), PHONE);
    let mut response = vec![0.0; 10];
    response.push(0.32);
    town.wire.echo(End::Far, Timeslot(SLOTS[0]), &response);
    town
}

fn noise(seed: u32, samples: usize) -> Vec<i16> {
    let mut chance = Chance::new(seed);
    (0..samples).map(|_| chance.sample() / 4).collect()
}

/// The level of what is left of an echo for the phone, that of which says this.
fn echo(town: &mut Town, millis: usize) -> f32 {
    town.sent.clear();
    town.phone_speaks(PHONE, 8, &compress(&noise(3, millis * 8)));
    super::line::level(&expand(&town.payloads(PHONE)))
}

#[test]
fn the_answer_of_a_modem_with_turns_of_its_phase_lets_everything_through_until_it_is_quiet() {
    let mut town = town();
    echo(&mut town, 4_000);
    assert!(echo(&mut town, 1_000) < -45.0);
    let mut tone = vec![0; 8 * 1_500];
    Generator::new(Phase::Reversed, Envelope::Swinging, Dbm0(-12.0)).fill(&mut tone);
    town.says[0] = vec![0xd5; town.said[0]];
    town.says[0].extend(compress(&tone));
    town.steps(1_000);
    assert!(echo(&mut town, 1_000) > -30.0, "its echo has to come back");
    let quality = town.quality(0).unwrap();
    assert!(!quality.cancelling && quality.data);
    town.steps(9_000);
    assert!(town.quality(0).unwrap().cancelling);
    echo(&mut town, 4_000);
    assert!(echo(&mut town, 1_000) < -45.0);
}

#[test]
fn a_fax_is_not_stretched_though_its_packets_come_late_and_the_line_is_faster() {
    let mut town = town();
    town.wire.drift(200.0);
    // CED from the phone's side, and then a page, in which nothing repeats.
    town.phone_speaks(PHONE, 8, &compress(&sine(2_100.0, 5_000.0, 3_000)));
    assert!(town.quality(0).unwrap().data);
    town.phone_speaks(PHONE, 8, &vec![0xd5; 8 * 100]);
    town.heard[0].clear();
    let page = compress(&noise(5, 8 * 20_000));
    let mut late = 0;
    for (at, payload) in page.chunks(160).enumerate() {
        // Now and then a packet is late by 15 ms.
        let wait = if at % 37 == 0 { 15 } else { 0 };
        town.steps(wait);
        town.phone_says(PHONE, 8, payload);
        late += wait;
        let left = 20 - late.min(20);
        town.steps(if at % 37 == 0 { left } else { 20 });
        late = 0;
    }
    town.steps(500);
    let begin = find(&town.heard[0], &page[..40]).expect("the page begins");
    let heard = &town.heard[0][begin..begin + page.len()];
    let wrong = heard.iter().zip(&page).filter(|(a, b)| a != b).count();
    assert_eq!(wrong, 0, "octets of {}", page.len());
}
