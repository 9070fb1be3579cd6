//! What is heard where a translation ends and a relay goes on, as after a re-INVITE.

use super::*;
use media_dsp::g722;

/// 210 Hz: no packet is a whole number of periods, so that a lost or doubled one is seen.
fn hum(rate: f64, n: f64) -> f64 {
    8_000.0 * (n * std::f64::consts::TAU * 210.0 / rate).sin()
}

fn packet(number: u16) -> Vec<u8> {
    let first = u32::from(number) * 160;
    let pcm: Vec<i16> = (0..160).map(|n| hum(8_000.0, f64::from(first + n)) as i16).collect();
    mu_law(&pcm)
}

/// The packets that a carrier hears that knew only `before` for the first six and then the phone's own.
fn heard(before: (u8, Codec)) -> Vec<Left> {
    let mut bridge = Bridge::new(&[(0, Codec::Pcmu)], &[before]);
    let mut all = Vec::new();
    for number in 0..12_u16 {
        if number == 6 {
            bridge.agree(B, &[(0, Codec::Pcmu)], 20);
        }
        all.extend(bridge.say(0, number, 160 * u32::from(number), &packet(number)));
    }
    let numbers: Vec<_> = all.iter().map(|it| (it.sequence, it.timestamp)).collect();
    let expected: Vec<_> = (0..12).map(|n| (n, 160 * u32::from(n))).collect();
    assert_eq!(numbers, expected, "one stream without a hole");
    all
}

fn decoded(law: Law, payload: &[u8]) -> Vec<i16> {
    let mut pcm = vec![0; payload.len()];
    g711::Decoder::new(law).decode(payload, &mut pcm).unwrap();
    pcm
}

#[test]
fn where_one_law_ends_and_the_other_goes_on_every_sample_is_that_of_the_phone() {
    let left = heard((8, Codec::Pcma));
    let law = |it: &Left| if it.payload_type == 8 { Law::A } else { Law::Mu };
    assert!(left[..6].iter().all(|it| it.payload_type == 8));
    assert!(left[6..].iter().all(|it| it.payload_type == 0));
    let pcm: Vec<i16> = left.iter().flat_map(|it| decoded(law(it), &it.payload)).collect();
    for (n, sample) in pcm.iter().enumerate() {
        let wrong = (f64::from(*sample) - hum(8_000.0, n as f64)).abs();
        // Two laws in a row, each half a step of 256 at this level, and one for the cut-off fraction.
        assert!(wrong <= 258.0, "sample {n} is {wrong} away");
    }
}

#[test]
fn where_a_filtered_translation_ends_no_more_than_its_filters_delay_is_left_out() {
    let left = heard((9, Codec::G722));
    assert!(left[..6].iter().all(|it| it.payload_type == 9));
    let mut decoder = g722::Decoder::new(g722::Mode::One);
    let mut wide = vec![0; 6 * 320];
    for (it, pcm) in left.iter().zip(wide.chunks_exact_mut(320)) {
        decoder.decode(&it.payload, pcm).unwrap();
    }
    // How late the last 60 ms of the translation are, in samples at 16 kHz.
    let error = |late: usize| -> f64 {
        let of = |(n, it): (usize, &i16)| {
            (f64::from(*it) - hum(16_000.0, n as f64 - late as f64)).powi(2)
        };
        wide.iter().enumerate().skip(960).map(of).sum()
    };
    let late = (0..76).min_by(|a, b| error(*a).total_cmp(&error(*b))).unwrap();
    let noise = (error(late) / 960.0).sqrt();
    assert!(noise < 250.0, "{noise} at {late}");
    assert!(late <= 16, "{late} samples of 16 kHz are left out: more than 1 ms");
    // And the relay begins at once with what the phone says.
    let after: Vec<i16> = left[6..].iter().flat_map(|it| decoded(Law::Mu, &it.payload)).collect();
    for (n, sample) in after.iter().enumerate() {
        let wrong = (f64::from(*sample) - hum(8_000.0, (960 + n) as f64)).abs();
        assert!(wrong <= 130.0, "sample {n} behind the joint is {wrong} away");
    }
}
