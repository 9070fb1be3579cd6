//! Any datagram: parsed, every typed header read, checked, answered, and printed as it came.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sip::header::name::Name;
use sip::message::{check_request, check_response, unsupported};
use sip::{Message, response_to};
use std::net::SocketAddr;

fuzz_target!(|bytes: &[u8]| {
    let source = SocketAddr::from(([192, 0, 2, 7], 5060));
    let Ok(message) = Message::parse_datagram(bytes) else {
        if let Some(salvaged) = Message::salvage(bytes) {
            let _ = response_to(&salvaged, sip::Status::BAD_REQUEST, "Malformed", None, source)
                .finish();
        }
        return;
    };
    // Empty lines before a message belong to no message (RFC 3261 §7.5).
    let mut text = bytes;
    while let Some(rest) = text.strip_prefix(b"\r\n") {
        text = rest;
    }
    assert!(text.starts_with(message.bytes()), "a message is re-emitted without loss");
    let owned = message.to_owned();
    assert_eq!(owned.view().bytes(), message.bytes());
    read_all(&message);
    if message.is_request() {
        let _ = check_request(&message);
        let _ = unsupported(&message, &[]);
        let answer = response_to(&message, sip::Status::OK, "", Some("tag"), source).finish();
        if check_request(&message).is_ok() {
            assert!(Message::parse_datagram(&answer).is_ok(), "we understand our own answers");
        }
    } else {
        let _ = check_response(&message);
    }
});

fn read_all(message: &Message<'_>) {
    if let Ok(uri) = message.request_uri() {
        let _ = (uri.user_decoded(), uri.host(), uri.port(), uri.matches(&uri));
        uri.params().for_each(drop);
        uri.headers().for_each(drop);
    }
    let _ = (message.from(), message.to(), message.call_id(), message.cseq());
    message.vias().for_each(drop);
    for list in [
        message.routes(),
        message.record_routes(),
        message.paths(),
        message.service_routes(),
        message.p_asserted_identity(),
        message.diversion(),
        message.history_info(),
    ] {
        list.into_iter().flatten().for_each(drop);
    }
    let _ = message.contacts();
    let _ = (message.max_forwards(), message.expires(), message.rack(), message.rseq());
    let _ = (message.session_expires(), message.min_se(), message.refer_to(), message.replaces());
    let _ = (message.event(), message.subscription_state(), message.date(), message.content_type());
    message.reasons().for_each(drop);
    message.require().chain(message.supported()).chain(message.allow()).for_each(drop);
    for name in [Name::Authorization, Name::ProxyAuthorization] {
        for value in message.headers_named(name) {
            let _ = sip::digest::Credentials::parse(value);
        }
    }
}
