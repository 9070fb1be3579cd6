//! Clocks that differ: a line that is faster or slower than who sends it packets.

use super::town::*;
use call::MediaEvent;

/// The largest step between two samples of a tone, its companding included.
fn steepest(pcm: &[i16]) -> i32 {
    let steps = pcm.windows(2).map(|it| (i32::from(it[1]) - i32::from(it[0])).abs());
    steps.max().unwrap_or(0)
}

/// Milliseconds until a tone of the phone is heard at the far end of the line, at least.
fn delay(town: &mut Town) -> usize {
    // A pause before it, in which the last tone dies away.
    town.phone_speaks(PHONE, 8, &vec![0xd5; 8 * 400]);
    town.heard[0].clear();
    town.phone_speaks(PHONE, 8, &compress(&sine(400.0, 10_000.0, 400)));
    let heard = expand(&town.heard[0]);
    heard.iter().position(|it| it.abs() > 4_000).expect("heard") / 8
}

#[test]
fn a_tone_crosses_minutes_of_drift_without_a_click_and_no_later_than_at_the_beginning() {
    for ppm in [-200.0, -50.0, 50.0, 200.0] {
        let mut town = Town::new();
        town.wire.drift(ppm);
        town.open_line(0, PLAIN);
        town.open_phone(PHONE, pcma());
        town.bridge(channel(0), PHONE);
        town.phone_speaks(PHONE, 8, &vec![0xd5; 8 * 10_000]);
        let before = delay(&mut town);
        town.phone_speaks(PHONE, 8, &vec![0xd5; 8 * 400]);
        town.heard[0].clear();
        // 400 Hz in whole periods of a packet.
        let tone = compress(&sine(400.0, 10_000.0, 120_000));
        town.phone_speaks(PHONE, 8, &tone);
        let heard = expand(&town.heard[0]);
        let begin = heard.iter().position(|it| it.abs() > 4_000).unwrap() + 160;
        let own = steepest(&expand(&tone[..8_000]));
        let found = steepest(&heard[begin..]);
        let after = delay(&mut town);
        println!("{ppm} ppm: steps of {found}, the tone's own {own}; {before} and {after} ms");
        assert!(found <= own * 3 / 2, "{ppm} ppm: a step of {found}, {own} in the tone");
        assert!(after <= before + 30, "{ppm} ppm: {before} ms became {after}");
        assert!(after <= 130, "{ppm} ppm: {after} ms");
        // Nothing was made up on the way.
        let quality = town.events.iter().rev().find_map(|it| match it {
            MediaEvent::Quality { port, point } if *port == PHONE => Some(point.clone()),
            _ => None,
        });
        assert!(quality.is_some(), "the phone's sound is judged");
    }
}

#[test]
fn the_box_slips_nowhere_between_channels_of_one_line_whatever_the_far_clock() {
    // Both channels are of one line here: what differs is how often the far ends are asked.
    let mut town = Town::new();
    town.open_line(0, PLAIN);
    town.open_line(1, PLAIN);
    town.bridge(channel(0), channel(1));
    town.wire.far_clock(100.0);
    town.steps(60_000);
    let quality = town.quality(0).unwrap();
    assert_eq!(quality.slips, 0, "the box takes as much as it gives, whatever the far clock");
    assert_eq!(quality.received, quality.sent);
}
