//! Any datagrams at the port of all browsers, from strangers and from one who has proved itself, while
//! its transport is agreed on, changed and closed.
#![no_main]

use call::{
    BrowserLine, BrowserPayload, BrowserTransport, CallId, IceCredentials, LegId, MediaCommand,
    MediaKind, PortId, Stream,
};
use libfuzzer_sys::fuzz_target;
use media::{Certificate, Engine};
use std::net::{IpAddr, SocketAddr};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use str0m::net::Protocol;
use str0m::{Candidate, IceCreds, Input, Output, RtcConfig};

const LINES: [PortId; 2] =
    [PortId { address: PortId::BROWSER, port: 2 }, PortId { address: PortId::BROWSER, port: 4 }];

static CERTIFICATE: LazyLock<Certificate> = LazyLock::new(|| {
    let crypto = str0m::crypto::from_feature_flags();
    let made = crypto.dtls_provider.generate_certificate().expect("a certificate");
    Certificate { certificate: made.certificate, key: made.private_key }
});

/// What a browser sends first: a binding request with the right names and password.
static REQUEST: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut now = Instant::now();
    let config = RtcConfig::new().set_local_ice_credentials(ice("browser"));
    let mut rtc = config.build(now);
    rtc.add_local_candidate(Candidate::host(known(), Protocol::Udp).expect("a candidate"));
    rtc.add_remote_candidate(Candidate::host(own(), Protocol::Udp).expect("a candidate"));
    rtc.direct_api().set_ice_controlling(true);
    rtc.direct_api().set_remote_ice_credentials(ice("box"));
    loop {
        match rtc.poll_output().expect("nothing is wrong yet") {
            Output::Transmit(it) => return it.contents.to_vec(),
            Output::Timeout(at) => now = now.max(at),
            Output::Event(_) => {}
        }
        rtc.handle_input(Input::Timeout(now)).expect("nothing is wrong yet");
    }
});

fuzz_target!(|bytes: &[u8]| {
    let mut now = Instant::now();
    let mut engine = Engine::new(vec![own().ip()]);
    engine.admit_browsers(CERTIFICATE.clone(), 8443);
    for (port, kind) in LINES.into_iter().zip([MediaKind::Audio, MediaKind::Video]) {
        let (call, leg) = (CallId(1), LegId(1));
        engine.handle(
            MediaCommand::Open { port, call, leg, kind, dscp: 46, silence_seconds: 60 },
            now,
        );
    }
    engine.handle(MediaCommand::Bridge { a: LINES[0], b: LINES[1] }, now);
    engine.handle(MediaCommand::Browser(Box::new(transport(2))), now);
    engine.browser_datagram(known(), own().ip(), &REQUEST, now);
    let answer = engine.poll_parcel().map(|parcel| parcel.to);
    assert_eq!(answer, Some(known()), "who proves itself is answered");

    // A step in the input: what, how much of it, then its octets.
    let mut rest = bytes;
    while let [what, length, tail @ ..] = rest {
        let length = usize::from(*length).min(tail.len());
        let (octets, after) = tail.split_at(length);
        rest = after;
        now += Duration::from_millis(u64::from(what >> 3));
        let stranger = SocketAddr::new(IpAddr::from([10, 0, 0, *what]), 1);
        match what & 7 {
            0 => engine.browser_datagram(stranger, own().ip(), octets, now),
            1 => {
                let mut request = REQUEST.clone();
                for (at, octet) in octets.chunks_exact(2).map(|pair| (pair[0], pair[1])) {
                    let at = usize::from(at) % request.len();
                    request[at] ^= octet;
                }
                engine.browser_datagram(stranger, own().ip(), &request, now);
            }
            2 => engine.tick(now),
            3 => {
                let lines = 1 + length % 2;
                engine.handle(MediaCommand::Browser(Box::new(transport(lines))), now);
            }
            4 => {
                // A record of DTLS with the length that it has (RFC 6347 §4.1).
                let mut record = vec![20 + (what >> 4), 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0];
                record.push(octets.len() as u8);
                record.extend(octets);
                engine.browser_datagram(known(), own().ip(), &record, now);
            }
            5 => {
                let mut packet = octets.to_vec();
                engine.packet(LINES[0], false, known(), &mut packet, now);
            }
            _ => engine.browser_datagram(known(), own().ip(), octets, now),
        }
        while engine.poll_parcel().is_some() {}
    }
    for port in LINES {
        engine.handle(MediaCommand::Close { port }, now);
    }
    while engine.poll_parcel().is_some() {}
});

fn transport(lines: usize) -> BrowserTransport {
    let line = |(at, port): (usize, PortId)| BrowserLine {
        port,
        kind: if at == 0 { MediaKind::Audio } else { MediaKind::Video },
        mid: at.to_string(),
        ours: Stream { ssrc: 11 + at as u32, resend: Some(21) },
        theirs: vec![Stream { ssrc: 31 + at as u32, resend: None }],
        payloads: vec![BrowserPayload { payload_type: 96 + at as u8, resend: None, clock: 8_000 }],
    };
    BrowserTransport {
        ours: credentials("box"),
        theirs: credentials("browser"),
        fingerprint: [7; 32],
        active: false,
        mid_extension: Some(1),
        level_extension: Some(2),
        lines: LINES.into_iter().enumerate().take(lines).map(line).collect(),
    }
}

fn credentials(name: &str) -> IceCredentials {
    IceCredentials { user: name.to_owned(), password: format!("{name:->24}") }
}

fn ice(name: &str) -> IceCreds {
    let IceCredentials { user, password } = credentials(name);
    IceCreds { ufrag: user, pass: password }
}

fn known() -> SocketAddr {
    SocketAddr::new(IpAddr::from([198, 51, 100, 7]), 5_000)
}

fn own() -> SocketAddr {
    SocketAddr::new(IpAddr::from([192, 0, 2, 10]), 8_443)
}
