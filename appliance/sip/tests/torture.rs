//! The torture messages of RFC 4475 and RFC 5118, with the verdict that the RFC asks for.
//!
//! The messages are read in place from `shared/torture` beside the workspace; without them the
//! tests say so and pass.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::net::SocketAddr;
use std::path::PathBuf;

use sip::header::list::Contacts;
use sip::header::via::Transport;
use sip::message::{check_request, check_response, unsupported};
use sip::{Host, Malformed, Message, Method, Name, Scheme, Status};

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It goes on to the transaction layer.
    Pass,
    /// It is answered with that status and reason.
    Answer(u16, &'static str),
    /// It is dropped without an answer.
    Drop,
}
use Verdict::{Answer, Drop, Pass};

fn folder(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/torture").join(name);
    if path.is_dir() {
        return Some(path);
    }
    // Not by a macro: the test harness swallows what those print.
    let thread = std::thread::current();
    let test = thread.name().unwrap_or_default();
    let line = format!("skip {test}: the torture messages ({name}): they are not here\n");
    std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes()).unwrap();
    None
}

fn rfc4475(name: &str) -> Option<Vec<u8>> {
    folder("rfc4475").map(|folder| std::fs::read(folder.join(name)).unwrap())
}

/// What the exchange does with a datagram before it is a transaction.
fn verdict(bytes: &[u8]) -> Verdict {
    let source: SocketAddr = "192.0.2.99:5060".parse().unwrap();
    match Message::parse_datagram(bytes) {
        Ok(message) if message.is_request() => match check_request(&message) {
            Ok(()) => Pass,
            Err(refusal) => Answer(refusal.status().code(), refusal.reason()),
        },
        Ok(message) => match check_response(&message) {
            Ok(()) => Pass,
            Err(_) => Drop,
        },
        Err(malformed) => match sip::compose::refuse(bytes, malformed, "tag", source) {
            Some(answer) => {
                let answer = answer.finish();
                let answer = Message::parse_datagram(&answer).unwrap();
                assert_eq!(answer.status(), Some(Status::BAD_REQUEST));
                Answer(400, malformed.reason())
            }
            None => Drop,
        },
    }
}

/// Every message of RFC 4475 with our verdict; the comment says why where the RFC leaves a choice.
const RFC4475: &[(&str, Verdict)] = &[
    ("wsinv.dat", Pass),
    ("intmeth.dat", Pass),
    ("esc01.dat", Pass),
    ("escnull.dat", Pass),
    ("esc02.dat", Pass),
    ("lwsdisp.dat", Pass),
    ("longreq.dat", Pass),
    ("dblreq.dat", Pass),
    ("semiuri.dat", Pass),
    ("transports.dat", Pass),
    ("mpart01.dat", Pass),
    ("unreason.dat", Pass),
    ("noreason.dat", Pass),
    ("badinv01.dat", Answer(400, "Malformed Via")),
    ("clerr.dat", Answer(400, "Body Shorter Than Content-Length")),
    ("ncl.dat", Answer(400, "Malformed Content-Length")),
    // CSeq decides; the values of Expires alone would count as missing.
    ("scalar02.dat", Answer(400, "Malformed CSeq")),
    ("scalarlg.dat", Drop),
    ("quotbal.dat", Answer(400, "Malformed To")),
    ("ltgtruri.dat", Answer(400, "Malformed Request-URI")),
    ("lwsruri.dat", Answer(400, "Malformed Start Line")),
    ("lwsstart.dat", Answer(400, "Malformed Start Line")),
    ("trws.dat", Answer(400, "Malformed Start Line")),
    ("escruri.dat", Answer(400, "Malformed Request-URI")),
    ("baddate.dat", Answer(400, "Malformed Date")),
    ("regbadct.dat", Answer(400, "Malformed Contact")),
    ("badaspec.dat", Answer(400, "Malformed To")),
    // The copy of this one ends without an empty line; with it, From is to blame.
    ("baddn.dat", Answer(400, "Unfinished Header Section")),
    ("badvers.dat", Answer(505, "Version Not Supported")),
    ("mismatch01.dat", Answer(400, "Malformed CSeq")),
    ("mismatch02.dat", Answer(400, "Malformed CSeq")),
    ("bigcode.dat", Drop),
    // Passed on, and matched as RFC 2543 does: `Via::unique_branch` is none.
    ("badbranch.dat", Pass),
    ("insuf.dat", Answer(400, "Missing From")),
    ("unkscm.dat", Answer(416, "Unsupported URI Scheme")),
    ("novelsc.dat", Answer(416, "Unsupported URI Scheme")),
    // Schemes in From, To and Contact are the registrar's business.
    ("unksm2.dat", Pass),
    // The extensions are refused with 420 by whoever knows which it has: `unsupported`.
    ("bext01.dat", Pass),
    ("invut.dat", Pass),
    // An unknown scheme is no credentials, so the registrar asks for some.
    ("regaut01.dat", Pass),
    ("multi01.dat", Answer(400, "More Than One CSeq")),
    ("mcl01.dat", Answer(400, "Different Content-Lengths")),
    // That a second Via does not belong in an answer to us is the transaction's to see.
    ("bcast.dat", Pass),
    // An OPTIONS is answered here, so nothing is passed on that Max-Forwards forbids.
    ("zeromf.dat", Pass),
    ("cparam01.dat", Pass),
    ("cparam02.dat", Pass),
    ("regescrt.dat", Pass),
    ("sdp01.dat", Pass),
    ("inv2543.dat", Pass),
    // Not of the RFC: no version, and no Via to answer to.
    ("test.dat", Drop),
];

#[test]
fn every_message_of_rfc_4475_gets_its_verdict() {
    let Some(folder) = folder("rfc4475") else { return };
    for (name, expected) in RFC4475 {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        assert_eq!(verdict(&bytes), *expected, "{name}");
    }
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), RFC4475.len());
}

#[test]
fn a_display_name_with_a_bare_comma_is_refused() {
    let Some(mut bytes) = rfc4475("baddn.dat") else { return };
    bytes.extend_from_slice(b"\r\n");
    assert_eq!(verdict(&bytes), Answer(400, "Malformed From"));
}

#[test]
fn the_table_of_expectations_agrees() {
    let Some(folder) = folder("") else { return };
    let table = std::fs::read_to_string(folder.join("rfc4475_expect.csv")).unwrap();
    // These can be parsed, and are refused for what they say.
    let refused_by_meaning = ["insuf.dat", "unkscm.dat", "novelsc.dat", "multi01.dat", "mcl01.dat"];
    for line in table.lines().skip(1) {
        let name = line.split(',').next().unwrap();
        let parses = line.ends_with(",Parse") && !refused_by_meaning.contains(&name);
        let (_, ours) = RFC4475.iter().find(|(known, _)| *known == name).unwrap();
        assert_eq!(*ours == Pass, parses, "{name}");
    }
}

#[test]
fn every_message_of_rfc_4475_is_given_back_as_it_came() {
    let Some(folder) = folder("rfc4475") else { return };
    for (name, _) in RFC4475 {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let Ok(message) = Message::parse_datagram(&bytes) else { continue };
        assert!(bytes.starts_with(message.bytes()), "{name}");
        assert_eq!(message.to_owned().view().bytes(), message.bytes());
    }
}

#[test]
fn the_short_tortuous_invite_means_what_it_says() {
    let Some(bytes) = rfc4475("wsinv.dat") else { return };
    let message = Message::parse_datagram(&bytes).unwrap();
    assert_eq!(message.method(), Some(Method::Invite));
    let uri = message.request_uri().unwrap();
    assert_eq!(uri.user(), Some("vivekg"));
    assert_eq!(uri.host(), Host::Name("chair-dnrc.example.com"));
    assert_eq!(uri.param("unknownparam"), Some(""));

    let to = message.to().unwrap();
    assert_eq!(to.uri().as_str(), "sip:vivekg@chair-dnrc.example.com");
    assert_eq!((to.tag(), to.display().as_ref()), (Some("1918181833n"), ""));
    let from = message.from().unwrap();
    assert_eq!(from.display(), "J Rosenberg \\\"");
    assert_eq!(from.uri().as_str(), "sip:jdrosen@example.com");
    assert_eq!(from.tag(), Some("98asjd8"));

    assert_eq!(message.max_forwards(), Ok(Some(68)));
    assert_eq!(message.call_id(), Ok("wsinv.ndaksdj@192.0.2.1"));
    let cseq = message.cseq().unwrap();
    assert_eq!((cseq.number, cseq.method), (9, Method::Invite));
    assert_eq!(message.header(Name::Subject), Some(&b""[..]));
    let newfangled = message.words(Name::Other("newfangledheader")).unwrap();
    assert_eq!(newfangled, "newfangled value continued newfangled value");
    let unusual = message.header(Name::Other("UnknownHeaderWithUnusualValue"));
    assert_eq!(unusual, Some(&b";;,,;;,;"[..]));
    assert!(message.content_type().unwrap().unwrap().is("application/sdp"));

    let vias: Vec<_> = message.vias().map(Result::unwrap).collect();
    let seen: Vec<_> =
        vias.iter().map(|via| (via.transport(), via.host().to_string(), via.branch())).collect();
    assert_eq!(
        seen,
        [
            (Transport::Udp, "192.0.2.2".to_owned(), Some("390skdjuw")),
            (Transport::Tcp, "spindle.example.com".to_owned(), Some("z9hG4bK9ikj8")),
            (Transport::Udp, "192.168.255.111".to_owned(), Some("z9hG4bK30239")),
        ]
    );
    assert_eq!(vias[0].unique_branch(), None);
    assert_eq!(vias[1].unique_branch(), Some("z9hG4bK9ikj8"));

    let routes: Vec<_> = message.routes().unwrap().map(Result::unwrap).collect();
    assert_eq!(routes.len(), 1);
    assert_eq!(routes[0].uri().host(), Host::Name("services.example.com"));
    assert_eq!(routes[0].uri().param("lr"), Some(""));
    assert_eq!(routes[0].uri().param("unknownwith"), Some("value"));
    assert_eq!(routes[0].uri().param("unknown-no-value"), Some(""));

    let Contacts::Listed(contacts) = message.contacts().unwrap() else { panic!() };
    let contacts: Vec<_> = contacts.map(Result::unwrap).collect();
    assert_eq!(contacts.len(), 1);
    assert_eq!(contacts[0].display(), "Quoted string \"\"");
    assert_eq!(contacts[0].uri().as_str(), "sip:jdrosen@example.com");
    assert_eq!(contacts[0].params().value("newparam"), Some("newvalue"));
    assert_eq!(contacts[0].params().value("secondparam"), Some(""));
    assert_eq!(contacts[0].q(), Some(330));

    assert_eq!(message.body().len(), 150);
    assert!(message.body().starts_with(b"v=0\r\n"));
}

#[test]
fn unusual_characters_are_kept() {
    let Some(bytes) = rfc4475("intmeth.dat") else { return };
    let message = Message::parse_datagram(&bytes).unwrap();
    let method = Method::Other("!interesting-Method0123456789_*+`.%indeed'~");
    assert_eq!(message.method(), Some(method));
    assert_eq!(message.cseq().unwrap().number, 139_122_385);
    let uri = message.request_uri().unwrap();
    assert_eq!(uri.user(), Some("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"));
    assert_eq!(uri.password(), Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"));
    assert_eq!(uri.host(), Host::Name("example.com"));
    assert_eq!(message.top_via().unwrap().branch(), Some("z9hG4bK-.!%66*_+`'~"));
    let to = message.to().unwrap();
    assert_eq!(to.display(), "BEL:\x07 NUL:\0 DEL:\x7f");
    let from = message.from().unwrap();
    assert_eq!(from.display(), "token1~` token2'+_ token3*%!.-");
    assert_eq!(from.params().value("fromParam''~+*_!.-%"), Some("работающий"));
    assert_eq!(from.tag(), Some("_token~1'+`*%!-."));
    assert_eq!(message.call_id(), Ok("intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"));
    assert_eq!(message.max_forwards(), Ok(Some(255)));
    let extension = message.words(Name::Other("extensionHeader-!.%*+_`'~")).unwrap();
    assert_eq!(extension, "\u{feff}大停電");
}

#[test]
fn escapes_are_resolved_where_they_are_escapes() {
    let Some(bytes) = rfc4475("esc01.dat") else { return };
    let message = Message::parse_datagram(&bytes).unwrap();
    let uri = message.request_uri().unwrap();
    assert_eq!(uri.user_decoded().as_deref(), Some("sips:user@example.com"));
    assert_eq!(uri.host(), Host::Name("example.net"));
    assert_eq!(message.to().unwrap().uri().user_decoded().as_deref(), Some("user"));
    let from = message.from().unwrap();
    assert_eq!(from.uri().user_decoded().as_deref(), Some("I have spaces"));
    let contact = message.contact().unwrap().unwrap();
    assert_eq!(contact.uri().user_decoded().as_deref(), Some("caller"));
    assert_eq!(contact.uri().param("n%61me"), Some("v%61lue%25%34%31"));

    let bytes = rfc4475("escnull.dat").unwrap();
    let message = Message::parse_datagram(&bytes).unwrap();
    assert_eq!(message.to().unwrap().uri().user_decoded().as_deref(), Some("null-\0-null"));
    let Contacts::Listed(contacts) = message.contacts().unwrap() else { panic!() };
    let users: Vec<_> = contacts.map(|c| c.unwrap().uri().user_decoded().unwrap()).collect();
    assert_eq!(users, ["\0", "\0\0"]);

    let bytes = rfc4475("esc02.dat").unwrap();
    let message = Message::parse_datagram(&bytes).unwrap();
    assert_eq!(message.method(), Some(Method::Other("RE%47IST%45R")));
    assert_eq!(message.to().unwrap().display(), "%Z%45");
    assert_eq!(message.top_via().unwrap().branch(), Some("z9hG4bK209%fzsnel234"));
    let Contacts::Listed(contacts) = message.contacts().unwrap() else { panic!() };
    let hosts: Vec<_> = contacts.map(|c| c.unwrap().uri().host().to_string()).collect();
    assert_eq!(hosts, ["host1.example.com", "host3.example.com"]);
}

#[test]
fn the_other_valid_messages_mean_what_they_say() {
    let Some(bytes) = rfc4475("lwsdisp.dat") else { return };
    let message = Message::parse_datagram(&bytes).unwrap();
    assert_eq!(message.from().unwrap().display(), "caller");
    assert_eq!(message.from().unwrap().tag(), Some("323"));

    let bytes = rfc4475("longreq.dat").unwrap();
    let message = Message::parse_datagram(&bytes).unwrap();
    assert_eq!(message.vias().map(Result::unwrap).count(), 34);
    let top = message.top_via().unwrap();
    assert_eq!(top.host(), Host::Name("sip33.example.com"));
    let last = message.vias().last().unwrap().unwrap();
    assert_eq!(last.received(), Some("192.0.2.5".parse().unwrap()));
    assert!(last.branch().unwrap().starts_with("verylonglong"));
    assert_eq!(message.to().unwrap().uri().port(), Some(6000));
    assert!(message.from().unwrap().tag().unwrap().ends_with("982424"));
    assert_eq!(message.cseq().unwrap().number, 3_882_340);
    assert_eq!(message.max_forwards(), Ok(Some(70)));
    let contact = message.contact().unwrap().unwrap();
    assert!(contact.uri().user().unwrap().starts_with("amazinglylongcallername"));

    let bytes = rfc4475("dblreq.dat").unwrap();
    let message = Message::parse_datagram(&bytes).unwrap();
    assert_eq!(message.method(), Some(Method::Register));
    assert_eq!(message.call_id(), Ok("dblreq.0ha0isndaksdj99sdfafnl3lk233412"));
    assert!(message.body().is_empty());
    assert!(message.bytes().len() < 320);

    let bytes = rfc4475("semiuri.dat").unwrap();
    let message = Message::parse_datagram(&bytes).unwrap();
    let uri = message.request_uri().unwrap();
    assert_eq!(uri.user_decoded().as_deref(), Some("user;par=u@example.net"));
    assert_eq!(uri.host(), Host::Name("example.com"));
    let accepted: Vec<_> = message.accept().collect();
    assert_eq!(accepted.len(), 6);
    assert_eq!(accepted[5], "message/sipfrag");

    let bytes = rfc4475("transports.dat").unwrap();
    let message = Message::parse_datagram(&bytes).unwrap();
    let transports: Vec<_> = message.vias().map(|via| via.unwrap().transport()).collect();
    assert_eq!(
        transports,
        [
            Transport::Udp,
            Transport::Sctp,
            Transport::Tls,
            Transport::Other("UNKNOWN"),
            Transport::Tcp
        ]
    );

    let bytes = rfc4475("mpart01.dat").unwrap();
    let message = Message::parse_datagram(&bytes).unwrap();
    assert_eq!(message.method(), Some(Method::Message));
    let content_type = message.content_type().unwrap().unwrap();
    assert!(content_type.is("multipart/mixed"));
    assert_eq!(content_type.params.value("boundary"), Some("7a9cbec02ceef655"));
    assert_eq!(message.body().len(), 553);
    assert!(message.body().contains(&0x82), "the body is binary");
    assert_eq!(message.date().unwrap().unwrap().0, 1_129_351_496);
    assert_eq!(message.top_via().unwrap().rport(), Some(None));
    assert_eq!(message.user_agent().unwrap(), "SIPimp.org/0.2.5 (curses)");

    let bytes = rfc4475("unreason.dat").unwrap();
    let message = Message::parse_datagram(&bytes).unwrap();
    assert_eq!(message.status(), Some(Status::OK));
    let sip::StartLine::Response { reason, .. } = message.start() else { panic!() };
    assert!(str::from_utf8(reason).unwrap().starts_with("= 2**3 * 5**2 но сто"));
    let bytes = rfc4475("noreason.dat").unwrap();
    let message = Message::parse_datagram(&bytes).unwrap();
    assert_eq!(message.status(), Some(Status::TRYING));
    let sip::StartLine::Response { reason, .. } = message.start() else { panic!() };
    assert!(reason.is_empty());
}

#[test]
fn what_others_judge_is_there_to_be_judged() {
    let Some(bytes) = rfc4475("bext01.dat") else { return };
    let message = Message::parse_datagram(&bytes).unwrap();
    let refused: Vec<_> = unsupported(&message, &["100rel", "timer"]).collect();
    assert_eq!(refused, ["nothingSupportsThis", "nothingSupportsThisEither"]);
    assert_eq!(message.proxy_require().count(), 2);

    let bytes = rfc4475("badbranch.dat").unwrap();
    let message = Message::parse_datagram(&bytes).unwrap();
    assert_eq!(message.top_via().unwrap().unique_branch(), None);

    let bytes = rfc4475("unksm2.dat").unwrap();
    let message = Message::parse_datagram(&bytes).unwrap();
    assert_eq!(message.to().unwrap().uri().scheme(), Scheme::Other);
    assert_eq!(message.from().unwrap().uri().as_str(), "http://www.example.com");
    assert_eq!(message.contact().unwrap().unwrap().uri().as_str(), "name:John_Smith");

    let bytes = rfc4475("regaut01.dat").unwrap();
    let message = Message::parse_datagram(&bytes).unwrap();
    assert_eq!(message.authorization().count(), 0);

    let bytes = rfc4475("scalarlg.dat").unwrap();
    let message = Message::parse_datagram(&bytes).unwrap();
    assert_eq!(message.retry_after(), None);
    assert_eq!(message.cseq(), Err(Malformed::Header(Name::CSeq)));

    let bytes = rfc4475("scalar02.dat").unwrap();
    let message = Message::parse_datagram(&bytes).unwrap();
    assert_eq!(message.expires(), None);
    assert_eq!(message.contact().unwrap().unwrap().expires(), None);

    let bytes = rfc4475("cparam01.dat").unwrap();
    let message = Message::parse_datagram(&bytes).unwrap();
    let contact = message.contact().unwrap().unwrap();
    assert!(contact.params().has("unknownparam"));
    assert_eq!(contact.uri().param("unknownparam"), None);
    let bytes = rfc4475("cparam02.dat").unwrap();
    let message = Message::parse_datagram(&bytes).unwrap();
    let contact = message.contact().unwrap().unwrap();
    assert!(!contact.params().has("unknownparam"));
    assert_eq!(contact.uri().param("unknownparam"), Some(""));

    let bytes = rfc4475("regescrt.dat").unwrap();
    let message = Message::parse_datagram(&bytes).unwrap();
    let contact = message.contact().unwrap().unwrap();
    assert_eq!(contact.uri().header("route").as_deref(), Some("<sip:sip.example.com>"));

    let bytes = rfc4475("inv2543.dat").unwrap();
    let message = Message::parse_datagram(&bytes).unwrap();
    assert_eq!(message.from().unwrap().tag(), None);
    assert_eq!(message.to().unwrap().params().value("user"), Some("phone"));
    assert!(message.body().starts_with(b"v=0") && message.body().ends_with(b"RTP/AVP 0\r\n"));
    assert_eq!(message.record_routes().unwrap().count(), 1);
}

/// RFC 5118 §4, with our verdict.
const RFC5118: &[(&str, Verdict)] = &[
    ("4.1_ipv6-good.dat", Pass),
    ("4.2_ipv6-bad.dat", Answer(400, "Malformed Request-URI")),
    // Ambiguous to people only: without a bracket before it, 5070 is part of the address.
    ("4.3_port-ambiguous.dat", Pass),
    ("4.4_port-unambiguous.dat", Pass),
    ("4.5.1_via-received-param-with-delim.dat", Pass),
    ("4.5.2_via-received-param-no-delim.dat", Pass),
    ("4.6_ipv6-in-sdp.dat", Pass),
    ("4.7_mult-ip-in-header.dat", Pass),
    ("4.8_mult-ip-in-sdp.dat", Pass),
    ("4.9_ipv4-mapped-ipv6.dat", Pass),
    // Three colons are what the grammar of RFC 3261 wrote by mistake; the address is certain.
    ("4.10.1_ipv6-bug-abnf-3-colons.dat", Pass),
    ("4.10.2_ipv6-correct-abnf-2-colons.dat", Pass),
];

fn rfc5118(name: &str) -> Option<Vec<u8>> {
    let bytes = std::fs::read(folder("rfc5118")?.join(name)).unwrap();
    // The copy of 4.5.2 has spaces before the at signs that the RFC does not have.
    let text = String::from_utf8(bytes).unwrap().replace(" @", "@");
    Some(text.into_bytes())
}

#[test]
fn every_message_of_rfc_5118_gets_its_verdict() {
    for (name, expected) in RFC5118 {
        let Some(bytes) = rfc5118(name) else { return };
        assert_eq!(verdict(&bytes), *expected, "{name}");
    }
}

#[test]
fn ipv6_addresses_are_read_wherever_they_stand() {
    let Some(bytes) = rfc5118("4.1_ipv6-good.dat") else { return };
    let message = Message::parse_datagram(&bytes).unwrap();
    let host = |text: &str| Host::V6(text.parse().unwrap());
    assert_eq!(message.request_uri().unwrap().host(), host("2001:db8::10"));
    assert_eq!(message.top_via().unwrap().host(), host("2001:db8::9:1"));
    assert_eq!(message.contact().unwrap().unwrap().uri().host(), host("2001:db8::1"));

    let uri = |name| {
        let bytes = rfc5118(name).unwrap();
        let message = Message::parse_datagram(&bytes).unwrap();
        let uri = message.request_uri().unwrap();
        (uri.host().to_string(), uri.port())
    };
    assert_eq!(uri("4.3_port-ambiguous.dat"), ("[2001:db8::10:5070]".to_owned(), None));
    assert_eq!(uri("4.4_port-unambiguous.dat"), ("[2001:db8::10]".to_owned(), Some(5070)));
    let two = uri("4.10.2_ipv6-correct-abnf-2-colons.dat");
    assert_eq!(uri("4.10.1_ipv6-bug-abnf-3-colons.dat"), two);

    let received = "2001:db8::9:255".parse().ok();
    for name in ["4.5.1_via-received-param-with-delim.dat", "4.5.2_via-received-param-no-delim.dat"]
    {
        let bytes = rfc5118(name).unwrap();
        let message = Message::parse_datagram(&bytes).unwrap();
        assert_eq!(message.top_via().unwrap().received(), received, "{name}");
    }
    let bytes = rfc5118("4.7_mult-ip-in-header.dat").unwrap();
    let message = Message::parse_datagram(&bytes).unwrap();
    let hosts: Vec<_> = message.vias().map(|via| via.unwrap().host()).collect();
    let v4 = Host::V4("192.0.2.1".parse().unwrap());
    assert_eq!(hosts, [host("2001:db8::9:1"), v4, host("2001:db8::9:255")]);
    let bytes = rfc5118("4.9_ipv4-mapped-ipv6.dat").unwrap();
    let message = Message::parse_datagram(&bytes).unwrap();
    assert_eq!(message.top_via().unwrap().port(), Some(19_823));
    assert_eq!(message.top_via().unwrap().host(), host("::ffff:192.0.2.10"));
}
