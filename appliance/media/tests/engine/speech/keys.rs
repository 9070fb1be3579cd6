//! Keys beside sound that is translated (RFC 4733).

use super::*;

fn event(code: u8, end: bool, duration: u16) -> Vec<u8> {
    let [high, low] = duration.to_be_bytes();
    vec![code, u8::from(end) << 7 | 10, high, low]
}

#[test]
fn keys_have_the_number_and_the_clock_of_who_hears_them() {
    let keys = |clock| Codec::TelephoneEvent { clock };
    let mut bridge = Bridge::new(
        &[(0, Codec::Pcmu), (101, keys(8_000))],
        &[(111, Codec::Opus), (96, keys(48_000))],
    );
    let sound = mu_law(&tone(160));
    assert_eq!(names(&bridge.say(0, 1, 160, &sound)), [(111, 1, 160)]);
    assert_eq!(names(&bridge.say(0, 2, 320, &sound)), [(111, 2, 1_120)]);
    for (sequence, duration) in [(3, 160), (4, 320), (5, 480)] {
        let left = bridge.say(101, sequence, 480, &event(5, sequence == 5, duration));
        assert_eq!(names(&left), [(96, sequence, 2_080)]);
        assert_eq!(left[0].payload, event(5, sequence == 5, duration * 6));
    }
    assert_eq!(names(&bridge.say(0, 6, 960, &sound)), [(111, 6, 160 + 800 * 6)]);
}

#[test]
fn a_key_that_is_held_for_long_goes_on_in_segments() {
    let keys = |clock| Codec::TelephoneEvent { clock };
    let mut bridge = Bridge::new(
        &[(0, Codec::Pcmu), (101, keys(8_000))],
        &[(111, Codec::Opus), (96, keys(48_000))],
    );
    bridge.say(0, 0, 0, &mu_law(&tone(160)));
    let left = bridge.say(101, 1, 160, &event(1, false, 10_922));
    assert_eq!((left[0].timestamp, &left[0].payload), (960, &event(1, false, 65_532)));
    let left = bridge.say(101, 2, 160, &event(1, false, 11_082));
    let (later, rest) = (960 + 65_535, 11_082 * 6 - 65_535);
    assert_eq!((left[0].timestamp, &left[0].payload), (later, &event(1, false, rest as u16)));
}

#[test]
fn a_slower_clock_counts_fewer_ticks() {
    let keys = |clock| Codec::TelephoneEvent { clock };
    let mut bridge = Bridge::new(
        &[(111, Codec::Opus), (96, keys(48_000))],
        &[(0, Codec::Pcmu), (101, keys(8_000))],
    );
    let left = bridge.say(96, 7, 9_600, &event(11, true, 4_800));
    assert_eq!(names(&left), [(101, 7, 9_600)]);
    assert_eq!(left[0].payload, event(11, true, 800));
}

#[test]
fn keys_between_packets_of_another_length_are_numbered_among_them() {
    let keys = Codec::TelephoneEvent { clock: 8_000 };
    let mut bridge = Bridge::new(&[(0, Codec::Pcmu), (101, keys)], &[(8, Codec::Pcma), (96, keys)]);
    bridge.agree(B, &[(8, Codec::Pcma), (96, keys)], 30);
    let sound = mu_law(&tone(160));
    let mut heard = Vec::new();
    for n in 0..3 {
        heard.extend(bridge.say(0, n, u32::from(n) * 160, &sound));
    }
    heard.extend(bridge.say(101, 3, 480, &event(1, false, 160)));
    heard.extend(bridge.say(101, 4, 480, &event(1, true, 320)));
    for n in 5..8 {
        heard.extend(bridge.say(0, n, u32::from(n) * 160, &sound));
    }
    let expected = [(8, 0, 0), (8, 1, 240), (96, 2, 480), (96, 3, 480), (8, 4, 800), (8, 5, 1_040)];
    assert_eq!(names(&heard), expected);
}

#[test]
fn keys_for_who_knows_none_end_here() {
    let keys = Codec::TelephoneEvent { clock: 8_000 };
    let mut bridge = Bridge::new(&[(0, Codec::Pcmu), (101, keys)], &[(0, Codec::Pcmu)]);
    assert_eq!(bridge.say(101, 1, 160, &event(1, false, 160)), []);
    assert_eq!(bridge.wire.close(A).untranslated, 1);
}
