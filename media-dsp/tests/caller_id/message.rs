//! The messages of GR-30 and EN 300 659-3: written, read, refused.

use super::{SAID, message, moment};
use media_dsp::caller_id::{
    Absence, Composer, Field, Kind, Lamp, Malformed, Message, Moment, Text,
};
use proptest::prelude::*;

#[test]
fn a_message_says_what_was_said() {
    let octets = message();
    let parsed = Message::parse(&octets).unwrap();
    assert_eq!(parsed.kind(), Kind::Call);
    assert!(parsed.fields().eq(SAID));
    let name =
        parsed.fields().find_map(|it| if let Field::Name(name) = it { Some(name) } else { None });
    assert_eq!(name.unwrap().to_string(), "John Doe & Søn");
}

#[test]
fn every_field_comes_back() {
    let fields = [
        Field::Moment(moment()),
        Field::NumberAbsent(Absence::Private),
        Field::NameAbsent(Absence::Unavailable),
        Field::Called("201"),
        Field::Redirecting("02079460000"),
        Field::Lamp(Lamp::On),
        Field::MessagesWaiting(3),
        Field::CallType(2),
        Field::Other { kind: 0x50, body: b"\x01hello" },
    ];
    let composer = fields.into_iter().try_fold(Composer::new(Kind::Waiting), Composer::say);
    let mut composer = composer.unwrap();
    let octets = composer.finish();
    assert!(Message::parse(octets).unwrap().fields().eq(fields));
}

/// The examples of microEngineering Labs; the second and third with the sums that they should have.
#[test]
fn messages_of_others_are_understood() {
    let single = b"\x04\x12093012246095551212\x51";
    let parsed = Message::parse(single).unwrap();
    assert_eq!(parsed.kind(), Kind::SingleCall);
    let at = Moment::new(9, 30, 12, 24).unwrap();
    assert!(parsed.fields().eq([Field::Moment(at), Field::Number("6095551212")]));
    let parsed = Message::parse(b"\x04\x0909301224P\x0e").unwrap();
    assert!(parsed.fields().eq([Field::Moment(at), Field::NumberAbsent(Absence::Private)]));
    let multiple = b"\x80\x20\x01\x0803240902\x07\x08JOHN DOE\x02\x0a8005551212\x84";
    let parsed = Message::parse(multiple).unwrap();
    let name = Field::Name(Text(b"JOHN DOE"));
    assert!(parsed.fields().eq([Field::Moment(moment()), name, Field::Number("8005551212")]));
}

#[test]
fn single_messages_are_composed_as_they_are_read() {
    let at = Moment::new(9, 30, 12, 24).unwrap();
    let composer = Composer::new(Kind::SingleCall).say(Field::Moment(at)).unwrap();
    let mut composer = composer.say(Field::NumberAbsent(Absence::Private)).unwrap();
    assert_eq!(composer.finish(), b"\x04\x0909301224P\x0e");
    assert!(Composer::new(Kind::SingleCall).say(Field::Number("1")).is_err());
    let mut lamp = Composer::new(Kind::SingleWaiting).say(Field::Lamp(Lamp::Off)).unwrap();
    assert!(Message::parse(lamp.finish()).unwrap().fields().eq([Field::Lamp(Lamp::Off)]));
}

#[test]
fn malformed_messages_are_refused() {
    let sound = message();
    assert_eq!(Message::parse(&sound[..sound.len() - 1]), Err(Malformed::Length));
    assert_eq!(Message::parse(&[]), Err(Malformed::Length));
    for at in 0..sound.len() {
        for flip in [1, 0x80] {
            let mut broken = sound.clone();
            broken[at] ^= flip;
            assert!(Message::parse(&broken).is_err(), "octet {at}");
        }
    }
    assert_eq!(Message::parse(&sealed(&[0x55, 0])), Err(Malformed::Kind));
    let beyond = sealed(&[0x80, 3, 0x02, 9, b'1']);
    assert_eq!(Message::parse(&beyond), Err(Malformed::Field));
    for body in
        [&b"\x01\x0813240902"[..], b"\x01\x0703240902", b"\x02\x00", b"\x02\x02x1", b"\x04\x01Q"]
    {
        let mut octets = vec![0x80, body.len() as u8];
        octets.extend(body);
        assert_eq!(Message::parse(&sealed(&octets)), Err(Malformed::Field), "{body:?}");
    }
    for body in [&b""[..], b"0930122", b"09301224", b"09301224Q", b"99301224123"] {
        let mut octets = vec![0x04, body.len() as u8];
        octets.extend(body);
        assert_eq!(Message::parse(&sealed(&octets)), Err(Malformed::Field), "{body:?}");
    }
}

#[test]
fn a_message_takes_255_octets_and_no_more() {
    let body = [b'x'; 253];
    let full = Field::Name(Text(&body));
    let mut composer = Composer::new(Kind::Call).say(full).unwrap();
    assert_eq!(composer.finish().len(), 258);
    assert!(Message::parse(composer.finish()).is_ok());
    assert!(composer.say(Field::MessagesWaiting(1)).is_err());
}

proptest! {
    #[test]
    fn no_octets_make_the_parser_panic(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Message::parse(&octets);
        let _ = Message::parse(&sealed(&octets)).map(|it| it.fields().count());
    }

    #[test]
    fn any_parameters_are_read_or_refused(
        kind in prop::sample::select(vec![0x04_u8, 0x06, 0x80, 0x82]),
        body in proptest::collection::vec(prop_oneof![0_u8..32, any::<u8>()], 0..40),
    ) {
        let mut octets = vec![kind, body.len() as u8];
        octets.extend(body);
        let _ = Message::parse(&sealed(&octets)).map(|it| it.fields().count());
    }
}

fn sealed(octets: &[u8]) -> Vec<u8> {
    let sum = octets.iter().fold(0_u8, |sum, octet| sum.wrapping_add(*octet));
    [octets, &[sum.wrapping_neg()]].concat()
}
