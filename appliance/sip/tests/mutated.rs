//! Messages with octets changed, lost and doubled: nothing panics, and what is accepted is given
//! back octet by octet.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::path::PathBuf;
use std::sync::LazyLock;

use proptest::prelude::*;
use sip::digest::{Answering, Credentials};
use sip::header::list::Contacts;
use sip::header::name_addr::NameAddr;
use sip::message::{check_request, check_response, unsupported};
use sip::stream::{Frame, Framer};
use sip::{Message, Name, Uri, compose};

/// Our own messages, which the fuzz targets start from too.
static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/sip");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|path| std::fs::read(path).unwrap()).collect()
});

/// One change to a message.
#[derive(Clone, Debug)]
enum Change {
    Set(usize, u8),
    Cut(usize, usize),
    Double(usize, usize),
    Insert(usize, &'static str),
}

fn change() -> impl Strategy<Value = Change> {
    let odd = prop::sample::select(vec![
        "\r\n",
        "\n",
        "\r",
        "\r\n ",
        "\"",
        "\\",
        "<",
        ">",
        ",",
        ";",
        ";;",
        ":",
        "@",
        "%",
        "%00",
        "[",
        "]",
        "=",
        "*",
        "\0",
        "\u{e9}",
        "l: 5\r\n",
        "Content-Length: 0\r\n",
        "4294967296",
    ]);
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, octet)| Change::Set(at, octet)),
        (any::<usize>(), 1..40usize).prop_map(|(at, count)| Change::Cut(at, count)),
        (any::<usize>(), 1..40usize).prop_map(|(at, count)| Change::Double(at, count)),
        (any::<usize>(), odd).prop_map(|(at, text)| Change::Insert(at, text)),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    let length = bytes.len().max(1);
    match change {
        Change::Set(at, octet) => {
            if let Some(place) = bytes.get_mut(at % length) {
                *place = *octet;
            }
        }
        Change::Cut(at, count) => {
            let start = (at % length).min(bytes.len());
            bytes.drain(start..bytes.len().min(start + count));
        }
        Change::Double(at, count) => {
            let start = (at % length).min(bytes.len());
            let piece = bytes[start..bytes.len().min(start + count)].to_vec();
            bytes.splice(start..start, piece);
        }
        Change::Insert(at, text) => {
            let start = (at % length).min(bytes.len());
            bytes.splice(start..start, text.bytes());
        }
    }
}

/// Reads everything that a message can say.
fn read_all(message: &Message<'_>) {
    let _ = (check_request(message), check_response(message));
    let _ = (message.request_uri(), message.from(), message.to(), message.call_id());
    let _ = (message.cseq(), message.rack(), message.rseq(), message.max_forwards());
    let _ = (message.expires(), message.min_expires(), message.retry_after(), message.date());
    let _ = (message.session_expires(), message.min_se(), message.replaces(), message.event());
    let _ = (message.content_type(), message.content_disposition(), message.refer_to());
    let _ = (message.referred_by(), message.subscription_state(), message.user_agent());
    let _ = (message.privacy().count(), message.allow().count(), message.accept().count());
    let _ = (unsupported(message, &["path"]).count(), message.supports("timer"));
    for via in message.vias().flatten() {
        let _ = (via.received(), via.rport(), via.maddr(), via.ttl(), via.unique_branch());
    }
    if let Ok(Contacts::Listed(contacts)) = message.contacts() {
        for contact in contacts.flatten() {
            let _ = (contact.q(), contact.expires(), contact.instance(), contact.reg_id());
            // What is kept of an address can be read again.
            let kept = contact.to_owned();
            let text = kept.to_string();
            let again = NameAddr::parse(text.as_bytes()).expect(&text);
            assert_eq!(again.uri().as_str(), contact.uri().as_str());
            assert!(contact.uri().matches(&again.uri()));
        }
    }
    for name in [Name::Route, Name::RecordRoute, Name::Path, Name::Diversion, Name::HistoryInfo] {
        let _ = message.addresses(name).map(|addresses| addresses.count());
    }
    for reason in message.reasons().flatten() {
        let _ = (reason.cause(), reason.params.param("text").map(|text| text.text()));
    }
    for credentials in message.authorization().chain(message.proxy_authorization()).flatten() {
        let _: (Credentials<'_>, _) = (credentials, credentials.user());
    }
    let _ = Answering::to(message);
    for (name, value) in message.headers() {
        let _ = (message.words(name), value, Uri::parse(name.as_str()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_mutated_message_is_read_or_refused(
        seed in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 0..6),
    ) {
        let mut bytes = seed.get(&SEEDS).clone();
        changes.iter().for_each(|change| apply(&mut bytes, change));
        let source = "192.0.2.99:5060".parse().unwrap();
        match Message::parse_datagram(&bytes) {
            Ok(message) => {
                read_all(&message);
                let lines: Vec<&[u8]> = message.lines().map(|(_, line)| line).collect();
                prop_assert_eq!(put_together(&message, &lines), message.bytes());
                let kept = message.to_owned();
                prop_assert_eq!(kept.bytes(), message.bytes());
                prop_assert_eq!(kept.view().body(), message.body());
                if message.is_request() {
                    let status = sip::Status::RINGING;
                    let answer = sip::response_to(&message, status, "x", Some("t"), source);
                    let answer = answer.finish();
                    let answer = Message::parse_framed(&answer).unwrap();
                    prop_assert_eq!(answer.cseq(), message.cseq());
                    prop_assert_eq!(answer.call_id(), message.call_id());
                }
            }
            Err(malformed) => {
                if let Some(answer) = compose::refuse(&bytes, malformed, "t", source) {
                    let answer = answer.finish();
                    prop_assert!(Message::parse_framed(&answer).is_ok());
                }
            }
        }
    }

    #[test]
    fn a_mutated_stream_comes_out_the_same_in_any_pieces(
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
        changes in prop::collection::vec(change(), 0..4),
        pieces in prop::collection::vec(1..400usize, 1..8),
    ) {
        let mut stream: Vec<u8> =
            picks.iter().flat_map(|pick| pick.get(&SEEDS).iter().copied()).collect();
        changes.iter().for_each(|change| apply(&mut stream, change));
        let whole = framed(&stream, &[stream.len().max(1)]);
        let parts = framed(&stream, &pieces);
        prop_assert_eq!(&whole.0, &parts.0);
        prop_assert_eq!(whole.1, parts.1);
        for message in &whole.0 {
            if let Ok(message) = Message::parse_framed(message) {
                read_all(&message);
            }
        }
    }
}

/// A message from its first line, its header lines and its body, with the white space at line
/// ends that no value has taken from the original.
fn put_together(message: &Message<'_>, lines: &[&[u8]]) -> Vec<u8> {
    let bytes = message.bytes();
    let mut whole = Vec::new();
    for line in lines {
        let start = line.as_ptr() as usize - bytes.as_ptr() as usize;
        let between = &bytes[whole.len()..start];
        assert!(whole.is_empty() || between.iter().all(|b| b" \t\r\n".contains(b)));
        whole.extend_from_slice(between);
        whole.extend_from_slice(line);
    }
    let end = bytes.len() - message.body().len();
    whole.extend_from_slice(&bytes[whole.len()..end]);
    whole.extend_from_slice(message.body());
    whole
}

/// The messages of a stream that arrives in pieces, and whether it broke.
fn framed(stream: &[u8], pieces: &[usize]) -> (Vec<Vec<u8>>, bool) {
    let mut framer = Framer::new();
    let (mut messages, mut rest) = (Vec::new(), stream);
    for length in pieces.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, after) = rest.split_at((*length).min(rest.len()));
        rest = after;
        framer.push(piece);
        loop {
            match framer.take() {
                Ok(Some(Frame::Message(message))) => messages.push(message.to_vec()),
                Ok(Some(Frame::Ping | Frame::Pong)) => {}
                Ok(None) => break,
                Err(_) => return (messages, true),
            }
        }
    }
    (messages, false)
}
