//! A browser, played by another `Rtc` of str0m, a telephone, and an engine between them.

use crate::kept;
use call::{
    BrowserLine, BrowserPayload, BrowserTransport, CallId, IceCredentials, Learn, LegId,
    MediaCommand, MediaKind, PeerAddress, PortId, Stream,
};
use media::{Certificate, Engine, Exit, Verdict};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::media::{Frequency, MediaKind as Kind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{RtpPacket, RtpWrite};
use str0m::{Candidate, Event, IceCreds, Input, Output, Rtc, RtcConfig};

pub(crate) const SOUND: PortId = PortId { address: PortId::BROWSER, port: 2 };
pub(crate) const PICTURES: PortId = PortId { address: PortId::BROWSER, port: 4 };
pub(crate) const PHONE: [PortId; 2] =
    [PortId { address: 0, port: 20_000 }, PortId { address: 0, port: 20_002 }];
pub(crate) const OPUS: u8 = 111;
pub(crate) const PCMU: u8 = 0;
pub(crate) const VP8: u8 = 96;
/// Streams of the box, of the browser, and of the telephone.
pub(crate) const OURS: [u32; 2] = [1_001, 1_002];
pub(crate) const THEIRS: [u32; 2] = [2_001, 2_002];
pub(crate) const PHONES: [u32; 2] = [3_001, 3_002];

pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) engine: Engine,
    pub(crate) browser: Rtc,
    /// Where the browser is, and the box.
    pub(crate) here: SocketAddr,
    pub(crate) there: SocketAddr,
    pub(crate) heard: Vec<RtpPacket>,
    pub(crate) asked: usize,
    /// What reached the telephone: from which port, RTCP or not, the packet.
    pub(crate) phone: Vec<(PortId, bool, Vec<u8>)>,
    pub(crate) connected: bool,
    /// What the engine keeps of memory.
    pub(crate) kept: isize,
    /// The longest that it took for a datagram or a tick.
    pub(crate) longest: Duration,
}

fn credentials(name: &str) -> IceCredentials {
    IceCredentials { user: name.to_owned(), password: format!("{name:->24}") }
}

fn ice(of: &IceCredentials) -> IceCreds {
    IceCreds { ufrag: of.user.clone(), pass: of.password.clone() }
}

pub(crate) fn phone_at(line: usize) -> SocketAddr {
    SocketAddr::new([198, 51, 100, 1].into(), 7_000 + 2 * line as u16)
}

pub(crate) fn rtp(number: u8, sequence: u16, time: u32, ssrc: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, number];
    packet.extend(sequence.to_be_bytes());
    packet.extend(time.to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend(payload);
    packet
}

impl World {
    /// A browser and a telephone that talk; `active` says that the box begins with DTLS.
    pub(crate) fn new(active: bool) -> Self {
        let now = Instant::now();
        let mut engine = Engine::new(vec!["192.0.2.10".parse().unwrap()]);
        let crypto = str0m::crypto::from_feature_flags();
        let own = crypto.dtls_provider.generate_certificate().unwrap();
        let digest = crypto.sha256_provider.sha256(&own.certificate);
        let certificate = Certificate { certificate: own.certificate, key: own.private_key };
        engine.admit_browsers(certificate, 8443);
        let (ours, theirs) = (credentials("box"), credentials("browser"));
        let here: SocketAddr = "10.0.0.9:5000".parse().unwrap();
        let there: SocketAddr = "192.0.2.10:8443".parse().unwrap();

        let mut config = RtcConfig::new()
            .set_crypto_provider(Arc::new(crypto))
            .set_local_ice_credentials(ice(&theirs))
            .set_rtp_mode(true)
            .clear_codecs();
        let codecs = [
            (OPUS, str0m::format::Codec::Opus, 48_000),
            (PCMU, str0m::format::Codec::PCMU, 8_000),
            (VP8, str0m::format::Codec::Vp8, 90_000),
        ];
        for (number, codec, clock) in codecs {
            let clock = Frequency::new(clock).unwrap();
            let format = Default::default();
            config.codec_config().add_config(number.into(), None, codec, clock, None, format);
        }
        let mut browser = config.build(now);
        browser.add_local_candidate(Candidate::host(here, "udp").unwrap());
        browser.add_remote_candidate(Candidate::host(there, "udp").unwrap());
        let mut api = browser.direct_api();
        api.set_ice_controlling(true);
        api.set_remote_ice_credentials(ice(&ours));
        let hash_func = "sha-256".to_owned();
        let bytes = digest.to_vec();
        api.set_remote_fingerprint(str0m::config::Fingerprint { hash_func, bytes });
        let fingerprint = api.local_dtls_fingerprint().bytes.clone().try_into().unwrap();
        api.start_dtls(!active).unwrap();
        for (at, (mid, kind)) in [("0", Kind::Audio), ("1", Kind::Video)].into_iter().enumerate() {
            let mid = Mid::from(mid);
            api.declare_media(mid, kind);
            api.declare_stream_tx(THEIRS[at].into(), None, mid, None);
            api.expect_stream_rx(OURS[at].into(), None, mid, None);
        }

        let payload = |payload_type, clock| BrowserPayload { payload_type, resend: None, clock };
        let line = |at: usize, port, kind, payloads| BrowserLine {
            port,
            kind,
            mid: at.to_string(),
            ours: Stream { ssrc: OURS[at], resend: None },
            theirs: vec![Stream { ssrc: THEIRS[at], resend: None }],
            payloads,
        };
        let transport = BrowserTransport {
            ours,
            theirs,
            fingerprint,
            active,
            mid_extension: None,
            level_extension: None,
            lines: vec![
                line(0, SOUND, MediaKind::Audio, vec![payload(OPUS, 48_000), payload(PCMU, 8_000)]),
                line(1, PICTURES, MediaKind::Video, vec![payload(VP8, 90_000)]),
            ],
        };
        for (at, port) in [SOUND, PICTURES, PHONE[0], PHONE[1]].into_iter().enumerate() {
            let kind = if at % 2 == 0 { MediaKind::Audio } else { MediaKind::Video };
            let (call, leg) = (CallId(1), LegId(1));
            let open = MediaCommand::Open { port, call, leg, kind, dscp: 46, silence_seconds: 60 };
            engine.handle(open, now);
        }
        for (at, (a, b)) in [(SOUND, PHONE[0]), (PICTURES, PHONE[1])].into_iter().enumerate() {
            let rtp = phone_at(at);
            let rtcp = SocketAddr::new(rtp.ip(), rtp.port() + 1);
            let peer = PeerAddress { rtp, rtcp, learn: Learn::Never };
            engine.handle(MediaCommand::Peer { port: b, peer }, now);
            engine.handle(MediaCommand::Bridge { a, b }, now);
        }
        let (before, start) = (kept(), Instant::now());
        engine.handle(MediaCommand::Browser(Box::new(transport)), now);
        let (kept, longest) = (kept() - before, start.elapsed());
        let mut world = Self {
            now,
            engine,
            browser,
            here,
            there,
            heard: Vec::new(),
            asked: 0,
            phone: Vec::new(),
            connected: false,
            kept,
            longest,
        };
        world.run(Duration::from_secs(3));
        assert!(world.connected, "ICE and DTLS were not through after 3 s");
        world
    }

    /// Lets so much time pass.
    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.settle();
            self.now += Duration::from_millis(5);
            self.browser.handle_input(Input::Timeout(self.now)).unwrap();
            let (before, start) = (kept(), Instant::now());
            if self.engine.poll_timeout().is_some_and(|at| at <= self.now) {
                self.engine.tick(self.now);
            }
            self.longest = self.longest.max(start.elapsed());
            self.kept += kept() - before;
        }
        self.settle();
    }

    /// Carries datagrams until there is none.
    pub(crate) fn settle(&mut self) {
        loop {
            let mut to_box = Vec::new();
            loop {
                match self.browser.poll_output().unwrap() {
                    Output::Timeout(_) => break,
                    Output::Transmit(it) => to_box.push(it.contents.to_vec()),
                    Output::Event(Event::Connected) => self.connected = true,
                    Output::Event(Event::RtpPacket(packet)) => self.heard.push(packet),
                    Output::Event(Event::KeyframeRequest(_)) => self.asked += 1,
                    Output::Event(_) => {}
                }
            }
            let before = kept();
            for bytes in &to_box {
                let start = Instant::now();
                self.engine.browser_datagram(self.here, self.there.ip(), bytes, self.now);
                self.longest = self.longest.max(start.elapsed());
            }
            self.kept += kept() - before;
            let mut to_browser = Vec::new();
            while let Some(parcel) = self.engine.poll_parcel() {
                match parcel.exit {
                    Exit::Browsers(from) => {
                        assert_eq!((from, parcel.to), (self.there.ip(), self.here));
                        to_browser.push(parcel.bytes.to_vec());
                    }
                    Exit::Pair { port, rtcp } => {
                        self.phone.push((port, rtcp, parcel.bytes.to_vec()));
                    }
                }
            }
            if to_box.is_empty() && to_browser.is_empty() {
                return;
            }
            for bytes in to_browser {
                let receive = Receive::new(Protocol::Udp, self.there, self.here, &bytes).unwrap();
                self.browser.handle_input(Input::Receive(self.now, receive)).unwrap();
            }
        }
    }

    pub(crate) fn browser_says(
        &mut self,
        line: usize,
        number: u8,
        sequence: u64,
        time: u32,
        payload: &[u8],
    ) {
        let mut api = self.browser.direct_api();
        let stream = api.stream_tx(&THEIRS[line].into()).unwrap();
        stream.write_rtp(RtpWrite::new(number.into(), sequence.into(), time, self.now, payload));
        self.browser.handle_input(Input::Timeout(self.now)).unwrap();
        self.settle();
    }

    pub(crate) fn phone_says(&mut self, line: usize, packet: &[u8]) -> Verdict {
        let mut bytes = packet.to_vec();
        let verdict = self.engine.packet(PHONE[line], false, phone_at(line), &mut bytes, self.now);
        self.settle();
        verdict
    }
}
