//! Pauses in which little or nothing is sent.

use super::*;
use media_dsp::g729;

const NOISE: Codec = Codec::ComfortNoise { clock: 8_000 };

#[test]
fn nothing_is_said_in_a_pause_and_sound_goes_on_where_it_belongs() {
    for (wanted, ticks) in [(20, 160), (30, 240)] {
        let mut bridge = Bridge::between(Codec::Pcmu, Codec::Pcma, wanted);
        let sound = mu_law(&tone(160));
        let mut heard = Vec::new();
        for n in 0..6 {
            heard.extend(bridge.say(100, n, u32::from(n) * 160, &sound));
        }
        // Numbers go on, and two seconds are left out.
        for n in 6..12 {
            heard.extend(bridge.say(100, n, 16_000 + u32::from(n) * 160, &sound));
        }
        let count = heard.len() as u16 / 2;
        for (n, left) in (0..).zip(&heard) {
            let pause = if n < count { 0 } else { 16_000 };
            assert_eq!((left.sequence, left.timestamp), (n, u32::from(n) * ticks + pause));
        }
        assert_eq!(u32::from(count) * ticks, 960);
    }
}

#[test]
fn noise_passes_to_who_knows_it() {
    let mut bridge =
        Bridge::new(&[(0, Codec::Pcmu), (13, NOISE)], &[(8, Codec::Pcma), (19, NOISE)]);
    let left = bridge.say(13, 1, 160, &[60]);
    assert_eq!((names(&left), &left[0].payload[..]), (vec![(19, 1, 160)], &[60][..]));
}

#[test]
fn noise_is_made_for_who_knows_only_sound() {
    for carrier in [Codec::Pcmu, Codec::Pcma, Codec::Opus] {
        let mut bridge = Bridge::new(&[(0, Codec::Pcmu), (13, NOISE)], &[(96, carrier)]);
        // Nobody said how long packets should be.
        bridge.agree(B, &[(96, carrier)], 0);
        let sound = mu_law(&tone(160));
        let first = bridge.say(0, 1, 160, &sound);
        assert_eq!(names(&first), [(96, 1, 160)]);
        let ticks = carrier.clock() / 50;
        assert_eq!(names(&bridge.say(13, 2, 320, &[50])), [(96, 2, 160 + ticks)]);
        // Nothing comes for a second, and nothing leaves.
        assert_eq!(names(&bridge.say(0, 3, 8_480, &sound)), [(96, 3, 160 + 52 * ticks)]);
    }
}

#[test]
fn noise_is_as_loud_as_it_was_described() {
    let linear = Codec::L16 { rate: 8_000 };
    let mut bridge = Bridge::new(&[(0, Codec::Pcmu), (13, NOISE)], &[(96, linear)]);
    let mut pcm = Vec::new();
    for n in 0..50 {
        let left = bridge.say(13, n, u32::from(n) * 160, &[40]);
        let octets: Vec<u8> = left.into_iter().flat_map(|it| it.payload).collect();
        pcm.extend(octets.as_chunks().0.iter().map(|pair| i16::from_be_bytes(*pair)));
    }
    let power = pcm.iter().map(|it| f64::from(*it).powi(2)).sum::<f64>() / pcm.len() as f64;
    let level = 10.0 * (power / 32_768_f64.powi(2)).log10();
    assert!((level + 40.0).abs() < 1.0, "{level}");
    assert_eq!(bridge.say(13, 50, 8_000, &[]), []);
}

#[test]
fn noise_of_g_729_is_heard_as_noise() {
    let mut bridge =
        Bridge::between(Codec::G729 { annex_b: true }, Codec::G729 { annex_b: false }, 20);
    let mut encoder = g729::Encoder::new(g729::Dtx::AnnexB);
    let mut chance = 1_u32;
    let (mut silent, mut heard) = (0, Vec::new());
    for n in 0..200_u16 {
        let mut payload = Vec::new();
        for _ in 0..2 {
            let pcm = std::array::from_fn(|_| {
                chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                ((chance >> 24) as i16 - 128) * (1 + n as i16 / 40)
            });
            payload.extend_from_slice(encoder.encode_frame(&pcm).octets());
        }
        silent += usize::from(payload.len() % 10 == 2);
        if !payload.is_empty() {
            heard.extend(bridge.say(100, n, u32::from(n) * 160, &payload));
        }
    }
    assert!(silent > 3, "{silent}");
    assert!(heard.len() > silent && heard.iter().all(|it| it.payload.len() % 10 == 0));
    assert_eq!(bridge.wire.close(A).untranslated, 0);
}
