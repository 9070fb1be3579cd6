//! A parser that nobody here wrote reads the same messages: what it accepts, it must read as we do.
//! What it refuses says nothing, for it refuses much that is valid; each test prints how much was
//! compared.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use bytes::Bytes;
use ezk_sip_types::header::typed;
use ezk_sip_types::msg::{Line, MessageLine, PullParser};
use ezk_sip_types::uri::{SipUri, SipUriUserPart};
use proptest::prelude::*;
use sip::{Message, Method, Scheme, Uri};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What was read of a message, a field each; what a parser did not understand is not there.
type Reading = BTreeMap<&'static str, String>;

/// What was compared, and what was read differently.
#[derive(Default)]
struct Comparison {
    offered: usize,
    messages: usize,
    fields: usize,
    differences: Vec<String>,
}

impl Comparison {
    /// Gives a message to both parsers; `name` is for the differences.
    fn of(&mut self, name: &str, bytes: &[u8]) {
        let Ok(message) = Message::parse_datagram(bytes) else { return };
        self.offered += 1;
        let (ours, Some(theirs)) = (ours(&message), ezk(bytes)) else { return };
        self.messages += 1;
        for (field, value) in theirs {
            self.fields += 1;
            let own = ours.get(field);
            if own != Some(&value) && !KNOWN.contains(&(name, field)) {
                self.differences.push(format!("{name}, {field}: they {value:?}, we {own:?}"));
            }
        }
    }

    fn done(&self, what: &str) {
        let Self { offered, messages, fields, differences } = self;
        println!("{what}: {messages} of {offered} messages compared, {fields} fields");
        assert!(differences.is_empty(), "{differences:#?}");
    }
}

/// Where the other parser is the one that is wrong.
const KNOWN: &[(&str, &str)] = &[
    // It unescapes there too, where an escape means nothing (RFC 4475 §3.1.1.2).
    ("intmeth.dat", "branch"),
];

fn ours(message: &Message<'_>) -> Reading {
    let mut read = Reading::new();
    let mut put = |field, value: Option<String>| value.map(|value| read.insert(field, value));
    put("method", message.method().map(|method| method.to_string()));
    put("status", message.status().map(|status| status.code().to_string()));
    if message.is_request() {
        put("uri", message.request_uri().ok().as_ref().and_then(uri));
    }
    put("branch", message.top_via().ok().and_then(|via| Some(via.branch()?.to_owned())));
    put("sent-by", message.top_via().ok().map(|via| place(&via.host().to_string(), via.port())));
    put("cseq", message.cseq().ok().map(|cseq| format!("{} {}", cseq.number, cseq.method)));
    put("call-id", message.call_id().ok().map(str::to_owned));
    for (tag, address, found) in
        [("from-tag", "from", message.from()), ("to-tag", "to", message.to())]
    {
        let Ok(found) = found else { continue };
        put(tag, Some(found.tag().unwrap_or_default().to_owned()));
        put(address, uri(&found.uri()));
    }
    read
}

/// `sip user@host:port`, as far as both take a URI apart.
fn uri(uri: &Uri<'_>) -> Option<String> {
    let scheme = match uri.scheme() {
        Scheme::Sip => "sip",
        Scheme::Sips => "sips",
        Scheme::Tel | Scheme::Other => return None,
    };
    let place = place(&uri.host().to_string(), uri.port());
    Some(format!("{scheme} {}@{place}", uri.user_decoded().unwrap_or_default()))
}

fn place(host: &str, port: Option<u16>) -> String {
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    format!("{host}:{}", port.unwrap_or_default())
}

fn ezk(bytes: &[u8]) -> Option<Reading> {
    let bytes = Bytes::copy_from_slice(bytes);
    let mut lines = PullParser::new(&bytes, 0);
    let start = std::str::from_utf8(lines.next()?.ok()?).ok()?;
    let start: MessageLine = start.parse().ok()?;
    let mut headers = ezk_sip_types::Headers::new();
    for line in lines {
        let line = std::str::from_utf8(line.ok()?).ok()?;
        let (_, Line { name, value }) = Line::parse(&bytes, line).ok()?;
        headers.insert(name, value);
    }
    let mut read = Reading::new();
    let mut put = |field, value: Option<String>| value.map(|value| read.insert(field, value));
    match &start {
        MessageLine::Request(line) => {
            put("method", Some(line.method.to_string()));
            put("uri", ezk_uri(&line.uri));
        }
        MessageLine::Response(line) => {
            put("status", Some(line.code.into_u16().to_string()));
        }
    }
    let via: typed::Via = headers.get_named().ok()?;
    put("branch", via.params.get_val("branch").map(ToString::to_string));
    put("sent-by", Some(place(&via.sent_by.host.to_string(), via.sent_by.port)));
    let cseq: typed::CSeq = headers.get_named().ok()?;
    put("cseq", Some(format!("{} {}", cseq.cseq, cseq.method)));
    let call_id: typed::CallID = headers.get_named().ok()?;
    put("call-id", Some(call_id.0.to_string()));
    let names = [
        ("from-tag", "from", ezk_sip_types::Name::FROM),
        ("to-tag", "to", ezk_sip_types::Name::TO),
    ];
    for (tag, address, name) in names {
        let Ok(found) = headers.get::<typed::FromTo>(name) else { continue };
        put(tag, Some(found.tag.map(|tag| tag.to_string()).unwrap_or_default()));
        put(address, ezk_uri(&found.uri.uri));
    }
    Some(read)
}

fn ezk_uri(uri: &SipUri) -> Option<String> {
    let scheme = if uri.sips { "sips" } else { "sip" };
    let user = match &uri.user_part {
        SipUriUserPart::Empty => "",
        SipUriUserPart::User(user) => user.as_str(),
        SipUriUserPart::UserPw(both) => both.user.as_str(),
    };
    let place = place(&uri.host_port.host.to_string(), uri.host_port.port);
    Some(format!("{scheme} {user}@{place}"))
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), std::fs::read(path).unwrap())).collect()
}

#[test]
fn the_valid_messages_of_rfc_4475_are_read_alike() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/torture/rfc4475");
    if !folder.is_dir() {
        // Not by a macro: the test harness swallows what those print.
        let name = "the_valid_messages_of_rfc_4475_are_read_alike";
        let line = format!("skip {name}: the torture messages: they are not here\n");
        return std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes()).unwrap();
    }
    let mut comparison = Comparison::default();
    for name in VALID {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        assert!(Message::parse_datagram(&bytes).is_ok(), "{name}");
        comparison.of(name, &bytes);
    }
    comparison.done("RFC 4475");
}

/// RFC 4475 §3.1.1.
const VALID: &[&str] = &[
    "wsinv.dat",
    "intmeth.dat",
    "esc01.dat",
    "escnull.dat",
    "esc02.dat",
    "lwsdisp.dat",
    "longreq.dat",
    "dblreq.dat",
    "semiuri.dat",
    "transports.dat",
    "mpart01.dat",
    "unreason.dat",
    "noreason.dat",
];

#[test]
fn our_own_messages_are_read_alike() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/sip");
    let mut comparison = Comparison::default();
    for (name, bytes) in files(&folder) {
        comparison.of(&name, &bytes);
    }
    comparison.done("tests/data/sip");
    assert!(comparison.messages > 0);
}

/// A message as somebody may send it, and what is in it.
#[derive(Debug, Clone)]
struct Made {
    text: String,
    reading: Reading,
}

fn word() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9][a-zA-Z0-9.!%*_+'~-]{0,20}".prop_map(|word| word.replace('%', ""))
}

fn host() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9]{0,8}(\\.[a-z][a-z0-9-]{0,6}[a-z]){0,3}",
        (any::<u8>(), any::<u8>()).prop_map(|(a, b)| format!("192.0.{a}.{b}")),
        // Of all addresses ending in 0 the shortest form is another one.
        (1..=u16::MAX).prop_map(|n| format!("[2001:db8::{n:x}]")),
    ]
}

/// A URI, and how it is compared.
fn some_uri() -> impl Strategy<Value = (String, String)> {
    let scheme = prop::sample::select(vec!["sip", "sips"]);
    let params = prop::sample::select(vec!["", ";transport=tcp", ";user=phone", ";lr;ob"]);
    (
        scheme,
        prop::option::of("[a-z0-9+*._-]{1,12}(%20|%3a|%4[0-9A-F])?"),
        host(),
        prop::option::of(1..=u16::MAX),
        params,
    )
        .prop_map(|(scheme, user, host, port, params)| {
            let at = user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
            let colon = port.map(|port| format!(":{port}")).unwrap_or_default();
            let place = place(&host, port);
            let user = user.unwrap_or_default();
            let read = format!("{scheme} {}@{place}", sip::uri::unescape(&user));
            (format!("{scheme}:{at}{host}{colon}{params}"), read)
        })
}

fn made() -> impl Strategy<Value = Made> {
    let methods = ["INVITE", "ACK", "BYE", "REGISTER", "OPTIONS", "INFO", "MESSAGE", "NOTIFY"];
    let names = prop::sample::select(vec!["", "Anna ", "\"Anna, \\\"the\\\" boss <x>\" "]);
    let start = (prop::sample::select(methods.to_vec()), some_uri(), prop::option::of(100..700u16));
    let via = (host(), prop::option::of(1..=u16::MAX), word(), any::<bool>());
    let dialog = (some_uri(), some_uri(), word(), prop::option::of(word()), word());
    let looks = (names, any::<bool>(), any::<u64>(), prop::sample::select(vec!["", " ", "\t"]));
    (start, via, dialog, 0..i32::MAX as u32, looks).prop_map(
        |((method, (target, target_read), status), via, dialog, cseq, looks)| {
            let (host, port, branch, second) = via;
            let ((from, from_read), (to, to_read), from_tag, to_tag, call_id) = dialog;
            let (name, compact, order, space) = looks;
            let mut reading = Reading::new();
            let start = match status {
                Some(status) => {
                    reading.insert("status", status.to_string());
                    format!("SIP/2.0 {status} Whatever")
                }
                None => {
                    reading.insert("method", method.to_owned());
                    reading.insert("uri", target_read);
                    format!("{method} {target} SIP/2.0")
                }
            };
            let colon = port.map(|port| format!(":{port}")).unwrap_or_default();
            let more = if second { ",SIP/2.0/TCP 192.0.2.9;branch=z9hG4bKother" } else { "" };
            let to_param = to_tag.as_ref().map(|tag| format!(";tag={tag}")).unwrap_or_default();
            let pick = |long: &'static str, short| if compact { short } else { long };
            let mut headers = [
                format!(
                    "{}:{space}SIP/2.0/UDP {host}{colon};branch=z9hG4bK{branch};rport{more}",
                    pick("Via", "v")
                ),
                format!("{}:{space}{name}<{from}>;tag={from_tag}", pick("From", "f")),
                format!("{}:{space}{name}<{to}>{to_param}", pick("To", "t")),
                format!("{}:{space}{call_id}@{}", pick("Call-ID", "i"), "host"),
                format!("CSeq:{space}{cseq} {method}"),
                format!("Max-Forwards:{space}70"),
                format!("{}:{space}0", pick("Content-Length", "l")),
            ];
            // The order of headers means nothing (RFC 3261 §7.3.1).
            let turn = usize::try_from(order % 7).unwrap_or_default();
            headers.rotate_left(turn);
            reading.insert("branch", format!("z9hG4bK{branch}"));
            reading.insert("sent-by", place(&host, port));
            reading.insert("cseq", format!("{cseq} {method}"));
            reading.insert("call-id", format!("{call_id}@host"));
            reading.insert("from", from_read);
            reading.insert("to", to_read);
            reading.insert("from-tag", from_tag);
            reading.insert("to-tag", to_tag.unwrap_or_default());
            Made { text: format!("{start}\r\n{}\r\n\r\n", headers.join("\r\n")), reading }
        },
    )
}

#[test]
fn messages_made_at_random_are_read_alike_and_as_they_were_made() {
    let comparison = RefCell::new(Comparison::default());
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let outcome = runner.run(&made(), |made| {
        let message = Message::parse_datagram(made.text.as_bytes())
            .map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
        prop_assert_eq!(ours(&message), made.reading);
        let mut comparison = comparison.borrow_mut();
        comparison.of("a message made at random", made.text.as_bytes());
        prop_assert!(comparison.differences.is_empty(), "{:#?}", comparison.differences);
        Ok(())
    });
    if let Err(failed) = outcome {
        panic!("{failed}");
    }
    let comparison = comparison.into_inner();
    comparison.done("made at random");
    assert!(comparison.messages > 200, "it accepts next to nothing");
}

#[test]
fn a_difference_would_be_noticed() {
    let text = b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP c;branch=z9hG4bK1\r\n\
        From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: d\r\nCSeq: 1 OPTIONS\r\n\r\n";
    let message = Message::parse_datagram(text).unwrap();
    assert_eq!(message.method(), Some(Method::Options));
    let mut other = ours(&message);
    assert_eq!(Some(&other), ezk(text).as_ref());
    other.insert("from-tag", "2".to_owned());
    assert_ne!(Some(&other), ezk(text).as_ref());
}
