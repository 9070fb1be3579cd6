//! What phones in the field send and RFC 3261 does not foresee, with our verdict and its reason:
//! accept what a phone needs, never guess where a message ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use sip::header::list::Contacts;
use sip::message::check_request;
use sip::{Host, Message, Name};

/// A quirk: its name, the verdict's reason, extra headers of a REGISTER, body, and what is read.
struct Quirk {
    name: &'static str,
    reason: &'static str,
    headers: &'static [u8],
    body: &'static [u8],
    verdict: Result<fn(&Message<'_>), &'static str>,
}

const QUIRKS: &[Quirk] = &[
    Quirk {
        name: "a body without Content-Length over UDP",
        reason: "the datagram ends it (RFC 3261 §18.3)",
        headers: b"Content-Type: application/sdp\r\n",
        body: b"v=0\r\n",
        verdict: Ok(|message| assert_eq!(message.body(), b"v=0\r\n")),
    },
    Quirk {
        name: "octets behind the body",
        reason: "Content-Length is certain, the rest is padding (RFC 4475 §3.1.1.8)",
        headers: b"Content-Length: 5\r\nContent-Type: text/plain\r\n",
        body: b"v=0\r\n\0\0\0",
        verdict: Ok(|message| assert_eq!(message.body(), b"v=0\r\n")),
    },
    Quirk {
        name: "two Content-Lengths that agree",
        reason: "both say where the message ends, so nothing is guessed",
        headers: b"Content-Length: 5\r\nl: 05\r\nContent-Type: text/plain\r\n",
        body: b"v=0\r\n",
        verdict: Ok(|message| assert_eq!(message.body().len(), 5)),
    },
    Quirk {
        name: "two Content-Lengths that differ",
        reason: "the next hop may believe the other one: smuggling",
        headers: b"Content-Length: 5\r\nContent-Length: 2\r\n",
        body: b"v=0\r\n",
        verdict: Err("Different Content-Lengths"),
    },
    Quirk {
        name: "Content-Length: 5x",
        reason: "5 and nothing at all are both guesses",
        headers: b"Content-Length: 5x\r\n",
        body: b"v=0\r\n",
        verdict: Err("Malformed Content-Length"),
    },
    Quirk {
        name: "a Content-Length longer than the datagram",
        reason: "the body was cut (RFC 3261 §18.3)",
        headers: b"Content-Length: 6\r\n",
        body: b"v=0\r\n",
        verdict: Err("Body Shorter Than Content-Length"),
    },
    Quirk {
        name: "a bare LF within the headers",
        reason: "who takes it for a line end sees a header that others do not: smuggling",
        headers: b"Subject: a\nContact: <sip:mallory@192.0.2.66>\r\n",
        body: b"",
        verdict: Err("Malformed Line End"),
    },
    Quirk {
        name: "a bare CR within the headers",
        reason: "as a bare LF",
        headers: b"Subject: a\rContact: <sip:mallory@192.0.2.66>\r\n",
        body: b"",
        verdict: Err("Malformed Line End"),
    },
    Quirk {
        name: "one Latin-1 octet in a header",
        reason: "it harms that text only; every other header counts as before",
        headers: b"User-Agent: T\xe9l\xe9phone\r\nX-Important: 1\r\nl: 0\r\n",
        body: b"ignored",
        verdict: Ok(|message| {
            assert_eq!(message.user_agent().unwrap(), "Téléphone");
            assert_eq!(message.header(Name::Other("x-important")), Some(&b"1"[..]));
            assert!(message.body().is_empty());
        }),
    },
    Quirk {
        name: "a Latin-1 display name",
        reason: "the address behind it is certain",
        headers: b"Contact: M\xfcller <sip:201@192.0.2.31>\r\n",
        body: b"",
        verdict: Ok(|message| {
            let contact = message.contact().unwrap().unwrap();
            assert_eq!(contact.display(), "Müller");
            assert_eq!(contact.to_owned().to_string(), "\"Müller\" <sip:201@192.0.2.31>");
        }),
    },
    Quirk {
        name: "Contact: *",
        reason: "it removes all bindings, with Expires: 0 (RFC 3261 §10.2.2)",
        headers: b"Contact: *\r\nExpires: 0\r\n",
        body: b"",
        verdict: Ok(|message| assert!(matches!(message.contacts(), Ok(Contacts::Star)))),
    },
    Quirk {
        name: "Contact: * beside another Contact",
        reason: "whether to remove or to add would be a guess (RFC 3261 §10.3)",
        headers: b"Contact: *\r\nContact: <sip:201@192.0.2.31>\r\nExpires: 0\r\n",
        body: b"",
        verdict: Err("Malformed Contact"),
    },
    Quirk {
        name: "Contact: * without Expires: 0",
        reason: "RFC 3261 §10.3 item 6",
        headers: b"Contact: *\r\n",
        body: b"",
        verdict: Err("Malformed Contact"),
    },
    Quirk {
        name: "+sip.instance",
        reason: "every office phone sends it (RFC 5626 §4.1)",
        headers: b"Contact: <sip:201@192.0.2.31:5060;ob>;reg-id=1;\
            +sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000e0801abcd>\"\r\n",
        body: b"",
        verdict: Ok(|message| {
            let contact = message.contact().unwrap().unwrap();
            let instance = "<urn:uuid:00000000-0000-1000-8000-000e0801abcd>";
            assert_eq!((contact.instance(), contact.reg_id()), (Some(instance), Some(1)));
            assert_eq!(contact.uri().param("ob"), Some(""));
        }),
    },
    Quirk {
        name: "a folded header",
        reason: "RFC 3261 §7.3.1 allows it",
        headers: b"Contact: \"A\"\r\n <sip:201@192.0.2.31>\r\n\t;expires=60\r\n",
        body: b"",
        verdict: Ok(|message| {
            let contact = message.contact().unwrap().unwrap();
            assert_eq!((contact.display().as_ref(), contact.expires()), ("A", Some(60)));
        }),
    },
    Quirk {
        name: "several Contacts in one line and over lines",
        reason: "RFC 3261 §7.3.1 makes both the same",
        headers: b"m: <sip:a@192.0.2.1>;q=0.5, sip:b@192.0.2.2;expires=9\r\nContact: <sip:c@d>\r\n",
        body: b"",
        verdict: Ok(|message| {
            let Ok(Contacts::Listed(contacts)) = message.contacts() else { panic!() };
            let contacts: Vec<_> = contacts.map(Result::unwrap).collect();
            let users: Vec<_> = contacts.iter().map(|contact| contact.uri().user()).collect();
            assert_eq!(users, [Some("a"), Some("b"), Some("c")]);
            assert_eq!((contacts[0].q(), contacts[1].expires()), (Some(500), Some(9)));
        }),
    },
    Quirk {
        name: "a quoted display name with < > , ;",
        reason: "quotes are there for that",
        headers: b"Contact: \"Smith, J. <CEO>; \\\"boss\\\"\" <sip:201@192.0.2.31>\r\n",
        body: b"",
        verdict: Ok(|message| {
            let contact = message.contact().unwrap().unwrap();
            assert_eq!(contact.display(), "Smith, J. <CEO>; \"boss\"");
            assert_eq!(contact.uri().user(), Some("201"));
        }),
    },
    Quirk {
        name: "an unquoted display name with brackets and dots",
        reason: "the angle bracket says where the address begins",
        headers: b"Contact: J. Smith (Sales) @home <sip:201@192.0.2.31>\r\n",
        body: b"",
        verdict: Ok(|message| {
            let contact = message.contact().unwrap().unwrap();
            assert_eq!(contact.display(), "J. Smith (Sales) @home");
        }),
    },
    Quirk {
        name: "an IPv6 Contact",
        reason: "RFC 3261 §25.1",
        headers: b"Contact: <sip:201@[2001:db8::31]:5062;transport=tcp>\r\n",
        body: b"",
        verdict: Ok(|message| {
            let contact = message.contact().unwrap().unwrap();
            assert_eq!(contact.uri().host(), Host::V6("2001:db8::31".parse().unwrap()));
            assert_eq!(contact.uri().port(), Some(5062));
        }),
    },
    Quirk {
        name: "a hash key in the user part",
        reason: "phones dial it unescaped, and it ends nothing there",
        headers: b"Contact: <sip:*21*5551234#@192.0.2.31>\r\n",
        body: b"",
        verdict: Ok(|message| {
            let contact = message.contact().unwrap().unwrap();
            assert_eq!(contact.uri().user(), Some("*21*5551234#"));
        }),
    },
    Quirk {
        name: "white space before the colon",
        reason: "RFC 3261 §7.3.1 allows it",
        headers: b"Contact  : <sip:201@192.0.2.31>\r\nContent-Length\t: 0\r\n",
        body: b"ignored",
        verdict: Ok(|message| assert!(message.body().is_empty())),
    },
    Quirk {
        name: "a header line without a colon",
        reason: "what it was meant to say would be a guess",
        headers: b"Foobar roobar\r\n",
        body: b"",
        verdict: Err("Malformed Header Line"),
    },
];

#[test]
fn every_quirk_gets_its_verdict() {
    for quirk in QUIRKS {
        let bytes = [
            b"REGISTER sip:pbx.example.com SIP/2.0\r\n\
              Via: SIP/2.0/UDP 192.0.2.31;branch=z9hG4bK1;rport\r\n\
              From: <sip:201@pbx.example.com>;tag=1\r\n\
              To: <sip:201@pbx.example.com>\r\n\
              Call-ID: 1\r\n\
              CSeq: 1 REGISTER\r\n",
            quirk.headers,
            b"\r\n",
            quirk.body,
        ]
        .concat();
        let message = Message::parse_datagram(&bytes);
        let checked = match &message {
            Ok(message) => check_request(message).map_err(|refusal| refusal.reason()),
            Err(malformed) => Err(malformed.reason()),
        };
        match (quirk.verdict, checked) {
            (Ok(read), Ok(())) => read(&message.unwrap()),
            (expected, got) => {
                assert_eq!(got.err(), expected.err(), "{}: {}", quirk.name, quirk.reason);
            }
        }
    }
}
