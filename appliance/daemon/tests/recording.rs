//! A run that is recorded comes out the same on a desk.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code, unreachable_pub)]
mod live;

use live::{Folder, Live, ask, bare, options, run};
use sip::digest::{Algorithm, Answering, Ha1, Secret};
use sip::message::Message;
use sip::method::Method;
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn what_was_recorded_is_replayed_bit_by_bit() {
    let folder = Folder::new();
    let file = folder.path("recording");
    let name = file.to_str().unwrap();
    let live = Live::start(&folder.path("var"), &["--record", name]);
    for branch in ["a", "b", "c"] {
        ask(live.udp, &options("UDP", branch));
    }
    let token = live.claim();
    let body = format!(r#"{{"number":"201","name":"Ann","secret":"{PASSWORD}"}}"#);
    let answer = live.api("POST /api/v1/extensions", &token, &body);
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    let challenge = ask(live.udp, &register("d", ""));
    let message = Message::parse_datagram(challenge.as_bytes()).unwrap();
    let mut answering = Answering::to(&message).unwrap();
    for (branch, password, status) in [("e", "nearly", "401"), ("f", PASSWORD, "200")] {
        let password = Secret::Password(password);
        let value =
            answering.answer("201", &password, Method::Register, "sip:127.0.0.1", b"", branch);
        let answer = ask(live.udp, &register(branch, &format!("Authorization: {value}\r\n")));
        assert!(answer.starts_with(&format!("SIP/2.0 {status} ")), "{answer}");
    }
    ask(
        live.udp,
        "INVITE sip:1@x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKg;rport\r\n\r\n",
    );
    assert!(live.stop().0.success());

    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let (code, out, error) = run(bare().args(["replay", name]));
    assert_eq!((code, error.as_str()), (Some(0), ""), "{out}");
    assert!(out.ends_with("outputs, identical\n"), "{out}");
    let realm = store::Store::REALM;
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        let secret = Ha1::of(algorithm, "201", realm, PASSWORD).to_hex();
        let octets = secret.as_bytes().chunks(2).map(|hex| std::str::from_utf8(hex).unwrap());
        let octets = octets.map(|hex| u8::from_str_radix(hex, 16).unwrap().to_string());
        let written = fs::read_to_string(&file).unwrap();
        let listed = octets.collect::<Vec<_>>().join(",");
        assert!(!written.contains(&secret) && !written.contains(&listed));
    }

    // A phone that would have said something else.
    let text = fs::read_to_string(&file).unwrap();
    let other = text.replacen("z9hG4bKb", "z9hG4bKz", 1);
    assert_ne!(text, other);
    fs::write(&file, other).unwrap();
    let (code, _, error) = run(bare().args(["replay", name]));
    assert_eq!(code, Some(1));
    assert!(error.starts_with("strowgerd: different from input "), "{error}");
}

fn register(branch: &str, authorization: &str) -> String {
    let contact = "Contact: <sip:201@127.0.0.1:9>\r\n";
    options("UDP", branch)
        .replace("OPTIONS", "REGISTER")
        .replace("sip:test@", "sip:201@")
        .replace("To: <sip:127", "To: <sip:201@127")
        .replace("Content-Length", &format!("{authorization}{contact}Content-Length"))
}

const PASSWORD: &str = "a-long-enough-secret";
