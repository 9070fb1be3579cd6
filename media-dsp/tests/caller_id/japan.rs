//! The frames of NTT's number display.

use media_dsp::caller_id::{Absence, Field, Malformed, japan};
use proptest::prelude::*;

#[test]
fn a_frame_says_what_was_said_and_its_check_guards_it() {
    let frame = frame();
    let notice = japan::parse(&frame).unwrap();
    let fields: Vec<_> = notice.fields().collect();
    assert_eq!(
        fields,
        [
            Field::Number("0312345678"),
            Field::Other { kind: 0x21, body: &[0x10] },
            Field::Called("0398765432")
        ]
    );
    for at in 0..frame.len() {
        for bit in 0..8 {
            let mut broken = frame.clone();
            broken[at] ^= 1 << bit;
            assert!(japan::parse(&broken).is_err(), "octet {at}, bit {bit}");
        }
    }
    for end in 0..frame.len() {
        assert!(japan::parse(&frame[..end]).is_err(), "{end} octets");
    }
}

#[test]
fn a_frame_whose_check_is_right_may_still_be_malformed() {
    for (body, malformed) in [
        (&b""[..], Malformed::Kind),
        (b"\x41\x00", Malformed::Kind),
        (b"\x40\x05\x02\x011", Malformed::Length),
        (b"\x40\x03\x02\x011\x10\x03x", Malformed::Length),
        (b"\x40\x03\x02\x091", Malformed::Field),
        (b"\x40\x03\x02\x01x", Malformed::Field),
        (b"\x40\x03\x04\x01Q", Malformed::Field),
        (b"\x40\x01\x02", Malformed::Field),
    ] {
        assert_eq!(japan::parse(&sealed(body)), Err(malformed), "{body:x?}");
    }
    let absent = japan::parse(&sealed(b"\x40\x03\x04\x01C")).unwrap();
    assert!(absent.fields().eq([Field::NumberAbsent(Absence::Payphone)]));
    assert_eq!(japan::parse(&sealed(b"\x40\x00")).unwrap().fields().count(), 0);
}

#[test]
fn what_has_no_room_or_more_than_seven_bits_is_not_composed() {
    let number = [Field::Number("0312345678")];
    let needed = japan::compose(&number, &mut [0; 128]).unwrap();
    assert!(japan::compose(&number, &mut vec![0; needed - 1]).is_err());
    let long = [Field::Other { kind: 0x21, body: &[1; 126] }];
    assert!(japan::compose(&long, &mut [0; 300]).is_err());
    let eight_bits = [Field::Other { kind: 0x21, body: &[0x80] }];
    assert!(japan::compose(&eight_bits, &mut [0; 300]).is_err());
}

proptest! {
    #[test]
    fn any_octets_in_a_frame_are_read_or_refused(
        octets in proptest::collection::vec(any::<u8>(), 0..300),
        body in proptest::collection::vec(0_u8..0x80, 0..140),
    ) {
        let _ = japan::parse(&octets);
        let _ = japan::parse(&sealed(&body)).map(|it| it.fields().count());
    }

    #[test]
    fn what_is_composed_is_read(body in proptest::collection::vec(0_u8..0x80, 0..120)) {
        let mut frame = [0; 300];
        let field = Field::Other { kind: 0x21, body: &body };
        let length = japan::compose(&[field], &mut frame).unwrap();
        prop_assert!(japan::parse(&frame[..length]).unwrap().fields().eq([field]));
    }
}

/// A frame around this, with parity and a check (V.41) that are right.
fn sealed(body: &[u8]) -> Vec<u8> {
    let octets = [b"\x10\x01\x07\x10\x02", body, b"\x10\x03"].concat();
    let mut frame: Vec<_> =
        octets.iter().map(|octet| octet | (octet.count_ones() as u8 & 1) << 7).collect();
    let mut check = 0_u16;
    for bit in frame[2..].iter().flat_map(|octet| (0..8).map(move |at| octet >> at & 1)) {
        let is_odd = (check ^ u16::from(bit)) & 1 == 1;
        check = check >> 1 ^ if is_odd { 0x8408 } else { 0 };
    }
    frame.extend(check.to_le_bytes());
    frame
}

pub(crate) fn frame() -> Vec<u8> {
    let mut octets = [0; 128];
    let fields = [
        Field::Number("0312345678"),
        Field::Other { kind: 0x21, body: &[0x10] },
        Field::Called("0398765432"),
    ];
    let length = japan::compose(&fields, &mut octets).unwrap();
    octets[..length].to_vec()
}
