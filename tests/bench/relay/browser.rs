//! A browser, played by str0m: ICE, DTLS, SRTP.

use call::{
    BrowserLine, BrowserPayload, BrowserTransport, IceCredentials, MediaKind, PortId, Stream,
};
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use str0m::config::{DtlsCert, Fingerprint};
use str0m::format::Codec;
use str0m::media::{Frequency, MediaKind as Kind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, IceCreds, Input, Output, Rtc, RtcConfig};

pub(crate) struct Browser {
    rtc: Rtc,
    here: SocketAddr,
    there: SocketAddr,
    connected: bool,
    heard: Option<Vec<u8>>,
}

/// The SHA-256 digest of a certificate.
pub(crate) type Print = [u8; 32];

/// The certificate of this process: all browsers of a load are one person.
pub(crate) fn certificate() -> &'static (DtlsCert, Print) {
    static MADE: OnceLock<(DtlsCert, Print)> = OnceLock::new();
    MADE.get_or_init(|| {
        let crypto = str0m::crypto::from_feature_flags();
        let made = crypto.dtls_provider.generate_certificate().unwrap();
        let print = crypto.sha256_provider.sha256(&made.certificate);
        (made, print)
    })
}

/// What the box is told of a browser.
pub(crate) fn transport(number: u64, port: PortId, fingerprint: Print) -> BrowserTransport {
    BrowserTransport {
        ours: credentials("box", number),
        theirs: credentials("browser", number),
        fingerprint,
        active: false,
        mid_extension: None,
        level_extension: None,
        lines: vec![BrowserLine {
            port,
            kind: MediaKind::Audio,
            mid: "0".into(),
            ours: Stream { ssrc: OURS, resend: None },
            theirs: vec![Stream { ssrc: THEIRS, resend: None }],
            payloads: vec![BrowserPayload { payload_type: PCMA, resend: None, clock: 8_000 }],
        }],
    }
}

fn credentials(name: &str, number: u64) -> IceCredentials {
    IceCredentials { user: format!("{name}{number}"), password: format!("{name:->24}") }
}

fn ice(of: &IceCredentials) -> IceCreds {
    IceCreds { ufrag: of.user.clone(), pass: of.password.clone() }
}

impl Browser {
    /// Connects. `there`: the box's port for browsers, and `print` what it shows there.
    pub(crate) fn connect(
        number: u64,
        socket: &UdpSocket,
        there: SocketAddr,
        print: Print,
    ) -> Self {
        let (now, here) = (Instant::now(), socket.local_addr().unwrap());
        let (certificate, _) = certificate();
        let mut config = RtcConfig::new()
            .set_crypto_provider(Arc::new(str0m::crypto::from_feature_flags()))
            .set_dtls_cert(certificate.clone())
            .set_local_ice_credentials(ice(&credentials("browser", number)))
            .set_rtp_mode(true)
            .set_stats_interval(None)
            .clear_codecs();
        let (clock, format) = (Frequency::new(8_000).unwrap(), Default::default());
        config.codec_config().add_config(PCMA.into(), None, Codec::PCMA, clock, None, format);
        let mut rtc = config.build(now);
        rtc.add_local_candidate(Candidate::host(here, "udp").unwrap());
        rtc.add_remote_candidate(Candidate::host(there, "udp").unwrap());
        let mut api = rtc.direct_api();
        api.set_ice_controlling(true);
        api.set_remote_ice_credentials(ice(&credentials("box", number)));
        let hash_func = "sha-256".to_owned();
        api.set_remote_fingerprint(Fingerprint { hash_func, bytes: print.to_vec() });
        api.start_dtls(true).unwrap();
        let mid = Mid::from("0");
        api.declare_media(mid, Kind::Audio);
        api.declare_stream_tx(THEIRS.into(), None, mid, None);
        api.expect_stream_rx(OURS.into(), None, mid, None);
        let mut browser = Self { rtc, here, there, connected: false, heard: None };
        browser.shake_hands(socket);
        browser
    }

    fn shake_hands(&mut self, socket: &UdpSocket) {
        let start = Instant::now();
        let mut bytes = [0; 2_000];
        let send = |to, bytes: &[u8]| _ = socket.send_to(bytes, to);
        while !self.connected {
            assert!(start.elapsed() < Duration::from_secs(5), "no ICE or no DTLS within 5 s");
            self.turn(send);
            while let Ok(length) = socket.recv(&mut bytes) {
                self.hear(&bytes[..length], send);
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    pub(crate) fn say(&mut self, round: u32, payload: &[u8], send: impl Fn(SocketAddr, &[u8])) {
        let mut api = self.rtc.direct_api();
        let stream = api.stream_tx(&THEIRS.into()).unwrap();
        let (number, time) = (u64::from(round).into(), round * 160);
        stream.write_rtp(RtpWrite::new(PCMA.into(), number, time, Instant::now(), payload));
        self.turn(send);
    }

    /// The payload of what was a packet of the stream.
    pub(crate) fn hear(
        &mut self,
        bytes: &[u8],
        send: impl Fn(SocketAddr, &[u8]),
    ) -> Option<Vec<u8>> {
        let receive = Receive::new(Protocol::Udp, self.there, self.here, bytes).ok()?;
        self.rtc.handle_input(Input::Receive(Instant::now(), receive)).ok()?;
        self.drain(send);
        self.heard.take()
    }

    fn turn(&mut self, send: impl Fn(SocketAddr, &[u8])) {
        self.rtc.handle_input(Input::Timeout(Instant::now())).unwrap();
        self.drain(send);
    }

    fn drain(&mut self, send: impl Fn(SocketAddr, &[u8])) {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(_) => return,
                Output::Transmit(it) => send(it.destination, &it.contents),
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(Event::RtpPacket(packet)) => {
                    self.heard = Some(packet.payload.to_vec())
                }
                Output::Event(_) => {}
            }
        }
    }
}

/// The streams of the box and of the browser: each transport has its own.
const OURS: u32 = 1_001;
const THEIRS: u32 = 2_001;
const PCMA: u8 = 8;
