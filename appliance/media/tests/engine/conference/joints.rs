//! Nobody hears where one encoder takes over from another.

use super::table::{Phone, Table};
use call::{Codec, G726Bits, G726Packing};

/// How far samples are from one steady tone, at most, as a part of its amplitude: a click is what no
/// tone goes on with.
fn roughness(pcm: &[i16], hertz: f64, rate: usize) -> f64 {
    let turn = 2.0 * (hertz / rate as f64 * std::f64::consts::TAU).cos();
    let off = pcm.windows(3).map(|it| {
        let [before, here, after] = [it[0], it[1], it[2]].map(f64::from);
        (after - turn * here + before).abs()
    });
    let amplitude = pcm.iter().map(|it| f64::from(it.unsigned_abs())).fold(1.0, f64::max);
    off.fold(0.0, f64::max) / amplitude
}

/// A steady tone of the second phone, and more listeners than there are seats.
fn table(codec: Codec) -> Table {
    let mut table = Table::new(&[codec; 12]);
    table.phones[1].turn_to(Codec::Pcma);
    table.phones.iter_mut().for_each(|phone| phone.talks = phone.hertz == 500.0);
    let pcma = table.phones[1].port;
    table.describe(pcma, Codec::Pcma);
    table
}

/// From half a second after somebody began to talk on.
fn since(phone: &Phone, from: usize) -> f64 {
    roughness(&phone.heard[from..], 500.0, phone.rate())
}

const WITH_MEMORY: [Codec; 6] = [
    Codec::G722,
    Codec::G726 { bits: G726Bits::Four, packing: G726Packing::Rtp },
    Codec::G729 { annex_b: false },
    Codec::Gsm,
    Codec::AmrWb { octet_aligned: true },
    Codec::Opus,
];

#[test]
fn who_gets_the_floor_or_loses_it_hears_no_click_though_the_encoder_is_another() {
    for codec in WITH_MEMORY {
        let mut table = table(codec);
        table.run(3_000);
        let (begins, rate) = (table.phones[0].heard.len(), table.phones[0].rate());
        let calm = since(&table.phones[0], begins - rate);
        // One word, and long enough silence to lose the floor again.
        table.phones[0].talks = true;
        table.run(1_000);
        table.phones[0].talks = false;
        table.run(8_000);
        let joints = since(&table.phones[0], begins - rate / 10);
        let others = since(&table.phones[5], begins + 2 * rate);
        println!("{codec:?}: {joints:.4} at the joints, {calm:.4} before, {others:.4} elsewhere");
        let usual = calm.max(others).max(0.01);
        assert!(joints < 2.0 * usual, "{codec:?}: {joints:.4} at the joints, {usual:.4} elsewhere");
    }
}
