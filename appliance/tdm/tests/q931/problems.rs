//! What is wrong with elements is said, and costs none of the others.

use tdm::q931::element::*;
use tdm::q931::message::ProblemKind::*;
use tdm::q931::message::*;

/// Kind of message and elements, and what is wrong: identifier, how, whether it is mandatory.
fn wrong(kind: u8, elements: &[u8], expected: &[(u8, ProblemKind, bool)]) {
    let octets = [&[0x08, 1, 3, kind], elements].concat();
    let (message, problems) = Message::parse(&octets).unwrap();
    assert_eq!(message.octets(), octets);
    let found: Vec<_> =
        problems.iter().map(|problem| (problem.id, problem.kind, problem.mandatory)).collect();
    assert_eq!(found, expected, "{message}");
}

const SETUP: u8 = 0x05;
const DISCONNECT: u8 = 0x45;
const STATUS: u8 = 0x7d;
const INFORMATION: u8 = 0x7b;

#[test]
fn nothing_is_wrong_with_a_message_that_has_what_it_must() {
    wrong(SETUP, &[0x04, 2, 0x88, 0x90], &[]);
    wrong(DISCONNECT, &[0x08, 2, 0x80, 0x90], &[]);
    wrong(STATUS, &[0x08, 2, 0x80, 0x9e, 0x14, 1, 10], &[]);
    wrong(0x79, &[0xbf, 0x08, 2, 0x80, 0x90], &[]);
}

#[test]
fn an_element_that_must_be_there_is_missed() {
    wrong(SETUP, &[0x70, 2, 0x80, b'1'], &[(0x04, Missing, true)]);
    wrong(STATUS, &[], &[(0x08, Missing, true), (0x14, Missing, true)]);
    wrong(0x46, &[], &[(0x79, Missing, true)]);
    let (_, problems) = Message::parse(&[0x08, 1, 3, SETUP]).unwrap();
    assert_eq!(problems[0].cause(), Some(CauseValue::MANDATORY_MISSING));
}

#[test]
fn wrong_content_is_told_apart_by_whether_the_element_must_be_there() {
    wrong(DISCONNECT, &[0x08, 1, 0x80], &[(0x08, Malformed, true)]);
    wrong(INFORMATION, &[0x08, 0], &[(0x08, Malformed, false)]);
    // A channel number is said to follow, but does not.
    wrong(INFORMATION, &[0x18, 1, 0xa9], &[(0x18, Malformed, false)]);
    wrong(INFORMATION, &[0x29, 3, 26, 13, 1], &[(0x29, Malformed, false)]);
    let (_, problems) = Message::parse(&[0x08, 1, 3, INFORMATION, 0x08, 0]).unwrap();
    assert_eq!(problems[0].cause(), Some(CauseValue::INVALID_CONTENT));
}

#[test]
fn an_element_that_ends_behind_the_message_is_not_called_missing() {
    wrong(DISCONNECT, &[0x08, 9, 0x80, 0x90], &[(0x08, Malformed, true)]);
    wrong(INFORMATION, &[0x70], &[(0x70, Malformed, false)]);
}

#[test]
fn an_element_behind_a_greater_one_is_out_of_order_but_read() {
    wrong(SETUP, &[0x70, 2, 0x80, b'1', 0x04, 2, 0x88, 0x90], &[(0x04, OutOfOrder, true)]);
    // Those of one octet stand anywhere.
    wrong(SETUP, &[0x04, 2, 0x88, 0x90, 0xa1], &[]);
}

#[test]
fn the_first_of_two_counts_where_one_is_allowed() {
    let elements = [0x70, 2, 0x80, b'1', 0x70, 2, 0x80, b'2'];
    wrong(INFORMATION, &elements, &[(0x70, Duplicate, false)]);
    let (message, _) =
        Message::parse(&[&[0x08, 1, 3, INFORMATION][..], &elements].concat()).unwrap();
    assert_eq!(message.called_number(), Some(&Number::unknown("1")));
    wrong(INFORMATION, &[0x1e, 2, 0x80, 0x83, 0x1e, 2, 0x80, 0x88], &[]);
}

#[test]
fn an_element_longer_than_the_table_allows_is_told() {
    let long = [&[0x2c, 33][..], &[b'1'; 33]].concat();
    wrong(INFORMATION, &long, &[(0x2c, TooLong, false)]);
    let fits = [&[0x2c, 32][..], &[b'1'; 32]].concat();
    wrong(INFORMATION, &fits, &[]);
}

#[test]
fn unknown_elements_ask_for_different_answers() {
    // 0x02 wants to be understood, 0x33 does not; those of the network are not for us.
    let octets = [0x08, 1, 3, INFORMATION, 0x02, 0, 0x33, 0, 0x96, 0x01, 0];
    let (_, problems) = Message::parse(&octets).unwrap();
    let causes: Vec<_> = problems.iter().map(|problem| (problem.kind, problem.cause())).collect();
    assert_eq!(
        causes,
        [
            (Unknown, Some(CauseValue::MANDATORY_MISSING)),
            (Unknown, Some(CauseValue::ELEMENT_NOT_IMPLEMENTED)),
            (Unknown, None),
        ]
    );
}

#[test]
fn shifts_that_lead_back_or_nowhere_are_told() {
    wrong(INFORMATION, &[0x96, 0x95], &[(0x95, OutOfOrder, false)]);
    wrong(INFORMATION, &[0x9e], &[(0x9e, Malformed, false)]);
}
