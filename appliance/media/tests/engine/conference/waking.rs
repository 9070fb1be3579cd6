//! Who is silent is not decoded, and is heard from the first word on.

use super::table::Table;
use call::Codec;

/// Milliseconds from when somebody begins to talk until another hears half of it, and how much of its
/// first half second comes.
fn first_word(table: &mut Table, speaker: usize, listener: usize) -> (usize, f64) {
    table.run(10_000);
    let begins = table.phones[listener].heard.len();
    let hertz = table.phones[speaker].hertz;
    table.phones[speaker].talks = true;
    table.run(1_500);
    let phone = &table.phones[listener];
    let piece = phone.rate() / 50;
    let mut pieces = (begins..phone.heard.len() - piece).step_by(piece / 2);
    let loud = pieces.find(|from| phone.amplitude_in(hertz, *from, piece) > 2_500.0);
    let late = loud.expect("nobody hears it") - begins;
    let heard = phone.amplitude_in(hertz, begins + late, phone.rate() / 2);
    (late * 1_000 / phone.rate(), heard)
}

/// Twelve phones, the first of which has talked for long, and another that has not.
fn table(codec: Codec, levels: bool) -> Table {
    let mut table = Table::new(&[codec; 12]);
    for phone in &mut table.phones {
        phone.talks = false;
        phone.swells = true;
        phone.tells = levels;
    }
    table.phones[0].talks = true;
    table
}

#[test]
fn the_first_word_after_long_silence_comes_at_once() {
    for codec in [Codec::Pcma, Codec::G722, Codec::G729 { annex_b: false }, Codec::Opus] {
        for levels in [false, true] {
            let (late, heard) = first_word(&mut table(codec, levels), 7, 3);
            println!("{codec:?}, levels {levels}: {late} ms, {heard:.0}");
            assert!(late < 100, "{codec:?}, levels {levels}: {late} ms");
            // Of a mean amplitude of 3,000; what codes speech loses some of a tone, twice.
            assert!(heard > 2_000.0, "{codec:?}, levels {levels}: {heard}");
        }
    }
}

#[test]
fn a_silent_member_is_decoded_only_where_nothing_shows_that_it_is_silent() {
    for (codec, levels, decoded) in
        [(Codec::G722, true, 1), (Codec::G722, false, 12), (Codec::Pcma, false, 1)]
    {
        let mut table = table(codec, levels);
        table.run(10_000);
        let before = table.wire.engine.attention();
        table.run(2_000);
        let after = table.wire.engine.attention();
        let passed_over = after.passed_over - before.passed_over;
        assert_eq!(after.decoded - before.decoded, 100 * decoded, "{codec:?}, levels: {levels}");
        assert_eq!(passed_over, 100 * (12 - decoded), "{codec:?}, levels: {levels}");
    }
}
