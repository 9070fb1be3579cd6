//! Whole messages: headers, codesets, words.

use super::call;
use tdm::q931::element::*;
use tdm::q931::message::*;

fn parsed(octets: &[u8]) -> Message {
    let (message, _) = Message::parse(octets).unwrap();
    assert_eq!(message.octets(), octets);
    message
}

#[test]
fn every_kind_prints_and_parses_to_itself() {
    let maintenance = [Discriminator::MaintenanceAtt, Discriminator::MaintenanceNational];
    let service = maintenance.map(MessageKind::Service).into_iter();
    let service = service.chain(maintenance.map(MessageKind::ServiceAck));
    let others =
        [MessageKind::Escaped(0x05), MessageKind::Unknown(Discriminator::CallControl, 0x55)];
    for kind in MessageKind::NAMED.iter().copied().chain(service).chain(others) {
        let message = Message::new(call(), kind);
        assert_eq!(parsed(&message.octets()).kind, kind);
    }
    assert_eq!(MessageKind::NAMED.len(), 33);
}

#[test]
fn call_references_have_no_one_or_two_octets() {
    for (octets, reference, words) in [
        (&[0x08, 0, 0x62][..], CallReference::DUMMY, "no call"),
        (
            &[0x08, 1, 0x03, 0x62],
            CallReference::new(3, true, ReferenceLength::One),
            "call 3 from the caller",
        ),
        (
            &[0x08, 1, 0xff, 0x62],
            CallReference::new(127, false, ReferenceLength::One),
            "call 127 to the caller",
        ),
        (
            &[0x08, 2, 0x92, 0x34, 0x62],
            CallReference::new(0x1234, false, ReferenceLength::Two),
            "call 4660 to the caller",
        ),
        (
            &[0x08, 2, 0x00, 0x00, 0x62],
            CallReference::global(true, ReferenceLength::Two),
            "the whole line, asked",
        ),
    ] {
        let message = parsed(octets);
        assert_eq!(message.call, reference);
        assert_eq!(message.call.to_string(), words);
        assert_eq!(message.call.answered().answered(), reference);
    }
    assert!(CallReference::DUMMY.answered().is_dummy());
}

#[test]
fn octets_that_are_no_message_are_refused() {
    for (octets, why) in [
        (&[][..], NotAMessage::Short),
        (&[0x08], NotAMessage::Short),
        (&[0x08, 1, 3], NotAMessage::Short),
        (&[0x08, 2, 3], NotAMessage::CallReference),
        (&[0x08, 3, 0, 0, 3, 5], NotAMessage::CallReference),
        (&[0x08, 0x11, 3, 5], NotAMessage::CallReference),
        (&[0x4f, 1, 3, 5], NotAMessage::Discriminator(0x4f)),
    ] {
        assert_eq!(Message::parse(octets), Err(why));
    }
}

#[test]
fn a_setup_is_read_as_an_installer_reads_it() {
    let message = parsed(&[
        0x08, 0x01, 0x03, 0x05, 0xa1, 0x04, 0x03, 0x80, 0x90, 0xa3, 0x18, 0x03, 0xa9, 0x83, 0x87,
        0x6c, 0x05, 0x00, 0x80, b'3', b'0', b'1', 0x70, 0x08, 0xa1, b'5', b'5', b'5', b'1', b'2',
        b'3', b'4',
    ]);
    assert_eq!(
        message.to_string(),
        "SETUP, call 3 from the caller; no more digits; speech, A-law; channel 7 exclusive; \
         calling 301 (unknown), presentation allowed, user provided; called 5551234 (national, ISDN)"
    );
    assert!(message.sending_complete());
    assert_eq!(message.channel_id().and_then(ChannelId::channel), Some(7));
    assert_eq!(message.called_number().map(|number| number.digits.as_str()), Some("5551234"));
}

#[test]
fn what_is_wrong_or_unknown_is_told_in_octets() {
    let message =
        parsed(&[0x08, 1, 3, 0x7b, 0x08, 1, 0x80, 0x33, 1, 7, 0x96, 0x01, 1, 9, 0x70, 5, 1]);
    assert_eq!(
        message.to_string(),
        "INFORMATION, call 3 from the caller; wrongly coded cause 80; element 0x33 07; \
         element 0x01 09 (codeset 6); incomplete: 70 05 01"
    );
}

#[test]
fn a_display_is_found_in_the_codeset_of_the_network() {
    // A locking shift, then a shift for one element only.
    for shift in [0x96, 0x9e] {
        let message = parsed(&[0x08, 1, 3, 0x7b, shift, 0x28, 2, b'H', b'i']);
        assert_eq!(message.display(), Some(&Display::new("Hi")));
    }
    // The shift ends with the element behind it.
    let message = parsed(&[0x08, 1, 3, 0x7b, 0x9f, 0x08, 1, 7, 0x08, 2, 0x80, 0x90]);
    assert_eq!(message.cause(), Some(&Cause::new(Location::USER, CauseValue::NORMAL)));
    let codesets: Vec<_> = message.elements_in_codesets().map(|(codeset, _)| codeset).collect();
    assert_eq!(codesets, [0, 7, 0]);
}

#[test]
fn elements_are_put_where_they_belong() {
    let mut message = Message::new(call(), MessageKind::Setup);
    message.push_in(6, Display::new("Bob"));
    message.push(Element::CalledNumber(Number::unknown("1")));
    message.push_in(5, Element::Other(Raw { codeset: 5, id: 0x2a, content: vec![1] }));
    message.push_in(6, Element::Other(Raw { codeset: 6, id: 0x2a, content: vec![2] }));
    message.push(Progress::new(Location::USER, 3));
    message.push(BearerCapability::speech_alaw());
    message.push(Progress::new(Location::USER, 8));
    let expected = [
        &[0x08, 2, 0, 5, 0x05, 0x04, 3, 0x80, 0x90, 0xa3, 0x1e, 2, 0x80, 0x83, 0x1e, 2, 0x80, 0x88]
            [..],
        // Locking shift to 6; one element of 5; 6 is still locked.
        &[0x70, 2, 0x80, b'1', 0x96, 0x28, 3, b'B', b'o', b'b', 0x9d, 0x2a, 1, 1, 0x2a, 1, 2],
    ]
    .concat();
    assert_eq!(message.octets(), expected);
    assert_eq!(parsed(&expected), message);
}
