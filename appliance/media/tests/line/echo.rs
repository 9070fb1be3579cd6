//! The echo of the line is cancelled beside the line: paths of ITU-T G.168 Annex D behind the span.

use super::css::single_talk;
use super::line::level;
use super::models::MODELS;
use super::town::*;
use board::Timeslot;
use board::sim::End;
use call::LineSound;

/// What is left for the phone of its own echo, and what came back, in dBm0, in the last seconds; the path of
/// D.`paragraph` with 6 dB of loss, behind so many samples.
fn left(paragraph: usize, delay: usize, cancel_echo: bool) -> (f32, Town) {
    let mut town = Town::new();
    town.open_line(0, LineSound { cancel_echo, ..PLAIN });
    town.open_phone(PHONE, pcma());
    town.bridge(channel(0), PHONE);
    let model = MODELS.iter().find(|it| it.paragraph == paragraph).unwrap();
    let gain = 10_f32.powf(-6.0 / 20.0) * model.scale;
    let mut response = vec![0.0; delay];
    response.extend(model.taps.iter().map(|tap| *tap as f32 * gain));
    town.wire.echo(End::Far, Timeslot(SLOTS[0]), &response);
    let css = compress(&single_talk(-15.0).repeat(14));
    town.phone_speaks(PHONE, 8, &css);
    town.sent.clear();
    town.phone_speaks(PHONE, 8, &css[..8 * 2_800]);
    let left = level(&expand(&town.payloads(PHONE)));
    (left, town)
}

#[test]
fn the_echo_paths_of_annex_d_are_cancelled_beside_the_line() {
    for paragraph in 2..=9 {
        let (before, _) = left(paragraph, 0, false);
        let (after, town) = left(paragraph, 0, true);
        let quality = town.quality(0).unwrap();
        let erle = f32::from(quality.erle) / 100.0;
        println!("D.{paragraph}: {before:.1} dBm0 came back, {after:.1} are left, ERLE {erle:.1}");
        // Test 2B of G.168 §6.4.2.3: with its processor on, at most -65 dBm0 are left of -10 and less.
        assert!(before > -45.0, "D.{paragraph}: there was an echo of {before}");
        assert!(after < before - 25.0, "D.{paragraph}: {after} of {before}");
        assert!(quality.cancelling && erle > 15.0, "D.{paragraph}: {erle} dB");
    }
}

#[test]
fn an_echo_of_a_hundred_milliseconds_is_cancelled_too() {
    let (before, _) = left(4, 800, false);
    let (after, _) = left(4, 800, true);
    assert!(after < before - 25.0, "{after} of {before}");
}
