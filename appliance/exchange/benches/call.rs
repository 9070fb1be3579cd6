//! What a call costs in the exchange alone: no sockets, no media, no disk.
//!
//! `cargo bench -p exchange` plays INVITE-180-200-ACK-BYE-200 through both legs and prints the time of a
//! call and of its messages.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::indexing_slicing)]

use call::{MediaEvent, Registration, RegistrationId, UnixMillis};
use config::{
    CallerId, Change, Config, Entry, Expect, Extension, Forwarding, InboundRoute, Number,
    NumberFormat, Pattern, Revision, Secret, TenantId, Trunk, TrunkKind, TrunkTransport,
};
use exchange::{Exchange, Input, Output, Surroundings};
use sip::Message;
use sip::flow::{Flow, Transport};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\n\
m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n";

fn main() {
    let carrier = at("10.0.0.1:5060");
    let phone = at("10.0.0.2:5060");
    let mut now = Instant::now();
    let mut exchange = Exchange::new([7; 32], now);
    let surroundings = Surroundings {
        listeners: vec![(Transport::Udp, at("0.0.0.0:5060"))],
        addresses: vec![("10.0.0.9".parse().unwrap(), 24)],
        media: vec!["0.0.0.0".parse().unwrap()],
        browsers: None,
        rsa: None,
        external: None,
    };
    exchange.handle(Input::Surroundings(surroundings), now);
    exchange.handle(Input::Clock(UnixMillis(1_790_000_000_000)), now);
    exchange.handle(Input::Config(Arc::new(config())), now);
    exchange.handle(Input::Restored(vec![registration(phone)]), now);
    let ports: Vec<u16> = (10_000..32_000).map(|n| n * 2).collect();
    let free = MediaEvent::Free { address: 0, ports };
    exchange.handle(Input::Media(free), now);
    while exchange.poll_output().is_some() {}

    let calls: u32 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let start = Instant::now();
    let mut messages = 0u64;
    for n in 0..calls {
        now += Duration::from_micros(500);
        messages += call(&mut exchange, n, carrier, phone, now);
        while exchange.poll_timeout().is_some_and(|wake| wake.at <= now) {
            exchange.handle_timeout(now);
            give_ports_back(&mut exchange, now);
        }
    }
    let spent = start.elapsed();
    let micros = spent.as_secs_f64() * 1e6;
    println!(
        "{calls} calls: {:.2} us a call, {:.2} us a message, {messages} messages, left: {:?}",
        micros / f64::from(calls),
        micros / messages as f64,
        exchange.figures()
    );
}

fn call(
    exchange: &mut Exchange,
    n: u32,
    carrier: SocketAddr,
    phone: SocketAddr,
    now: Instant,
) -> u64 {
    let invite = format!(
        "INVITE sip:+442079460958@10.0.0.9 SIP/2.0\r\n\
         Via: SIP/2.0/UDP {carrier};branch=z9hG4bKa{n}\r\nMax-Forwards: 70\r\n\
         From: \"Ann\" <sip:+493012345678@{carrier}>;tag=f{n}\r\nTo: <sip:+442079460958@10.0.0.9>\r\n\
         Call-ID: c{n}@{carrier}\r\nCSeq: 1 INVITE\r\nContact: <sip:ann@{carrier}>\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}",
        SDP.len()
    );
    let sent = feed(exchange, carrier, &invite, now);
    let out = sent.iter().find(|message| message.starts_with("INVITE")).unwrap().clone();
    feed(exchange, phone, &answer(&out, "180 Ringing", n, phone, ""), now);
    let sent = feed(exchange, phone, &answer(&out, "200 OK", n, phone, SDP), now);
    let ok = sent.iter().find(|message| message.starts_with("SIP/2.0 200")).unwrap();
    let to = line(ok, "To: ").to_owned();
    let contact = line(ok, "Contact: ").trim_matches(['<', '>']).to_owned();
    for (method, cseq) in [("ACK", 1), ("BYE", 2)] {
        let text = format!(
            "{method} {contact} SIP/2.0\r\nVia: SIP/2.0/UDP {carrier};branch=z9hG4bK{method}{n}\r\n\
             Max-Forwards: 70\r\nFrom: \"Ann\" <sip:+493012345678@{carrier}>;tag=f{n}\r\nTo: {to}\r\n\
             Call-ID: c{n}@{carrier}\r\nCSeq: {cseq} {method}\r\nContent-Length: 0\r\n\r\n"
        );
        let sent = feed(exchange, carrier, &text, now);
        if let Some(bye) = sent.iter().find(|message| message.starts_with("BYE")) {
            let bye = bye.clone();
            feed(exchange, phone, &answer(&bye, "200 OK", n, phone, ""), now);
        }
    }
    14
}

fn feed(exchange: &mut Exchange, from: SocketAddr, text: &str, now: Instant) -> Vec<String> {
    let flow = Flow::udp(at("0.0.0.0:5060"), from);
    exchange.handle(Input::Received { flow, bytes: text.as_bytes() }, now);
    give_ports_back(exchange, now)
}

fn give_ports_back(exchange: &mut Exchange, now: Instant) -> Vec<String> {
    let mut sent = Vec::new();
    let mut closed = Vec::new();
    while let Some(output) = exchange.poll_output() {
        match output {
            Output::Send { bytes, .. } => sent.push(String::from_utf8(bytes.to_vec()).unwrap()),
            Output::Media(call::MediaCommand::Close { port }) => closed.push(port.port),
            _ => {}
        }
    }
    if !closed.is_empty() {
        exchange.handle(Input::Media(MediaEvent::Free { address: 0, ports: closed }), now);
    }
    sent
}

fn answer(request: &str, status: &str, n: u32, phone: SocketAddr, body: &str) -> String {
    let message = Message::parse_datagram(request.as_bytes()).unwrap();
    let via = String::from_utf8_lossy(message.header(sip::Name::Via).unwrap()).into_owned();
    let to = line(request, "To: ");
    let tag = if to.contains("tag=") { String::new() } else { format!(";tag=t{n}") };
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "SIP/2.0 {status}\r\nVia: {via}\r\nFrom: {}\r\nTo: {to}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
         Contact: <sip:201@{phone}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
        line(request, "From: "),
        line(request, "Call-ID: "),
        line(request, "CSeq: "),
        body.len()
    )
}

fn line<'a>(message: &'a str, name: &str) -> &'a str {
    message.lines().find_map(|line| line.strip_prefix(name)).unwrap()
}

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn registration(phone: SocketAddr) -> Registration {
    Registration {
        id: RegistrationId(1),
        tenant: 1,
        number: "201".to_owned(),
        device: None,
        contact: format!("sip:201@{phone}"),
        instance: None,
        reg_id: None,
        q: 1000,
        path: Vec::new(),
        call_id: "r".to_owned(),
        cseq: 1,
        transport: call::Transport::Udp,
        source: phone,
        local: at("0.0.0.0:5060"),
        user_agent: String::new(),
        registered: UnixMillis(1_790_000_000_000),
        expires: UnixMillis(1_799_000_000_000),
    }
}

fn config() -> Config {
    let put = |config: Config, entry| config.apply(Change::Put(entry, Expect::Any)).unwrap().0;
    let number = |text| Number::parse(text).unwrap();
    let config = put(
        Config::fresh("strowger"),
        Entry::Extension(Extension {
            id: Default::default(),
            revision: Revision::default(),
            tenant: TenantId::DEFAULT,
            number: number("201"),
            name: "Bob".to_owned(),
            enabled: true,
            caller_id: None,
            do_not_disturb: false,
            forward: Forwarding::default(),
            credentials: None,
        }),
    );
    let config = put(
        config,
        Entry::Trunk(Trunk {
            id: Default::default(),
            revision: Revision::default(),
            tenant: TenantId::DEFAULT,
            name: "carrier".to_owned(),
            enabled: true,
            kind: TrunkKind::Static,
            host: "10.0.0.1".to_owned(),
            port: None,
            transport: TrunkTransport::Udp,
            domain: None,
            username: String::new(),
            auth_username: None,
            secret: Secret::default(),
            register_seconds: 3600,
            qualify_seconds: 60,
            peers: Vec::new(),
            number_format: NumberFormat::Plus,
            caller_id: CallerId::default(),
            codecs: None,
            encryption: None,
            max_calls: None,
            isdn: None,
        }),
    );
    put(
        config,
        Entry::InboundRoute(InboundRoute {
            id: Default::default(),
            revision: Revision::default(),
            tenant: TenantId::DEFAULT,
            name: "all".to_owned(),
            enabled: true,
            order: 1,
            trunk: None,
            did: Pattern::parse("!").unwrap(),
            caller: None,
            channels: None,
            number_type: None,
            destination: number("201"),
        }),
    )
}
