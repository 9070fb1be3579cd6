//! One browser's transport: an `Rtc` of str0m and what is on its lines.

use super::numbering::Numbering;
use super::outbox::{Exit, Outbox};
use super::watched::Watched;
use crate::mixer::Level;
use crate::rtp::{Head, Header};
use call::{BrowserLine, BrowserTransport, IceCredentials, MediaKind, PortId, Suite};
use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::config::{CryptoProvider, DtlsCert, Fingerprint};
use str0m::format::{Codec, FormatParams};
use str0m::media::{Frequency, KeyframeRequestKind, MediaKind as Kind, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{Extension, RtpPacket, RtpWrite, SeqNo, Ssrc};
use str0m::{Candidate, Event, IceCreds, Input, Output, Rtc, RtcConfig};

/// One browser's transport.
pub(super) struct Session {
    rtc: Rtc,
    ours: IceCredentials,
    theirs: IceCredentials,
    lines: Vec<Line>,
    /// What was heard and not yet asked for.
    heard: VecDeque<Event>,
    /// ICE and DTLS are through.
    connected: bool,
    /// What that agreed on.
    watched: Watched,
    /// From where the browser has proved itself.
    pub(super) addresses: Vec<SocketAddr>,
    /// From where it came last.
    pub(super) came_from: Option<SocketAddr>,
    /// When the machine wants to be turned, and when it will be.
    pub(super) due: Option<Instant>,
    pub(super) alarm: Option<Instant>,
}

struct Line {
    port: PortId,
    mid: Mid,
    ssrc: Ssrc,
    clocks: Vec<(u8, u32)>,
    is_video: bool,
    numbering: Numbering,
    /// The stream that came last.
    theirs: Option<Ssrc>,
    /// When it was last asked for a whole picture.
    refreshed: Option<Instant>,
    /// It was told that the line is encrypted.
    told: bool,
}

/// What a browser has said on one of its lines.
pub(crate) enum Asked {
    /// A packet of RTP, whole and plain, and how loud it is if the browser says so.
    Packet(PortId, Option<Level>),
    /// It wants a whole picture; by FIR instead of PLI.
    Picture(PortId, bool),
    /// It is encrypted from now on.
    Secured(PortId, Suite),
}

/// Where a session says what is to be sent.
pub(crate) struct Told<'a> {
    out: &'a mut Outbox,
    addresses: &'a HashMap<SocketAddr, (PortId, IpAddr)>,
}

impl<'a> Told<'a> {
    pub(super) fn new(
        out: &'a mut Outbox,
        addresses: &'a HashMap<SocketAddr, (PortId, IpAddr)>,
    ) -> Self {
        Self { out, addresses }
    }

    /// A datagram leaves by the address of ours to which the last one from there came.
    fn send(&mut self, to: SocketAddr, bytes: &[u8]) {
        if let Some((_, local)) = self.addresses.get(&to) {
            self.out.push(Exit::Browsers(*local), to, bytes);
        }
    }
}

impl Session {
    pub(super) fn open(
        transport: &BrowserTransport,
        certificate: DtlsCert,
        crypto: Arc<CryptoProvider>,
        now: Instant,
    ) -> Self {
        let mut config = RtcConfig::new()
            .set_crypto_provider(crypto)
            .set_dtls_cert(certificate)
            .set_local_ice_credentials(credentials(&transport.ours))
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .set_stats_interval(None)
            .clear_codecs()
            .clear_extension_map();
        let mut taken = Vec::new();
        let mut expect = |number: u8, resend: Option<u8>, codec, clock| {
            let Some(clock) = Frequency::new(clock) else { return };
            let (format, again) = (FormatParams::default(), resend.map(Pt::from));
            config.codec_config().add_config(number.into(), again, codec, clock, None, format);
        };
        for line in &transport.lines {
            for payload in &line.payloads {
                let codec = codec(line.kind, payload.clock);
                taken.extend([Some(payload.payload_type), payload.resend].into_iter().flatten());
                expect(payload.payload_type, payload.resend, codec, payload.clock);
            }
        }
        // What a line that is added later may say: str0m is told once.
        for number in STATIC.into_iter().filter(|number| !taken.contains(number)) {
            expect(number, None, Codec::PCMU, 8_000);
        }
        for number in (96..=127).filter(|number| !taken.contains(number)) {
            expect(number, None, Codec::Vp8, 90_000);
        }
        if let Some(number) = transport.mid_extension {
            config = config.set_extension(number, Extension::RtpMid);
        }
        if let Some(number) = transport.level_extension {
            config = config.set_extension(number, Extension::AudioLevel);
        }
        let (mut rtc, watched) = Watched::during(|| config.build(now));
        for own in OWN {
            if let Ok(candidate) = Candidate::host(own, Protocol::Udp) {
                rtc.add_local_candidate(candidate);
            }
        }
        let (ours, theirs) = (transport.ours.clone(), transport.theirs.clone());
        let mut api = rtc.direct_api();
        api.set_remote_ice_credentials(credentials(&theirs));
        api.set_remote_fingerprint(Fingerprint {
            hash_func: "sha-256".to_owned(),
            bytes: transport.fingerprint.to_vec(),
        });
        // It only fails when it was done before.
        let _ = api.start_dtls(transport.active);
        Self {
            rtc,
            ours,
            theirs,
            lines: Vec::new(),
            heard: VecDeque::new(),
            connected: false,
            watched,
            addresses: Vec::new(),
            came_from: None,
            due: None,
            alarm: None,
        }
    }

    /// Takes in what is new in a description.
    pub(super) fn agree(&mut self, transport: &BrowserTransport) {
        let mut api = self.rtc.direct_api();
        if self.ours != transport.ours {
            self.ours = transport.ours.clone();
            api.set_local_ice_credentials(credentials(&self.ours));
        }
        if self.theirs != transport.theirs {
            self.theirs = transport.theirs.clone();
            api.set_remote_ice_credentials(credentials(&self.theirs));
        }
        for line in &transport.lines {
            self.agree_on(line);
        }
    }

    fn agree_on(&mut self, line: &BrowserLine) {
        let mid = Mid::from(line.mid.as_str());
        let is_video = line.kind == MediaKind::Video;
        let mut api = self.rtc.direct_api();
        if !self.lines.iter().any(|known| known.port == line.port) {
            if self.lines.iter().any(|known| known.mid == mid) {
                return;
            }
            api.declare_media(mid, if is_video { Kind::Video } else { Kind::Audio });
            let (ssrc, resend) = (Ssrc::from(line.ours.ssrc), line.ours.resend.map(Ssrc::from));
            let resend = resend.filter(|_| line.payloads.iter().any(|it| it.resend.is_some()));
            api.declare_stream_tx(ssrc, resend, mid, None).set_unpaced(true);
            self.lines.push(Line {
                port: line.port,
                mid,
                ssrc,
                clocks: Vec::new(),
                is_video,
                numbering: Numbering::default(),
                theirs: None,
                refreshed: None,
                told: false,
            });
        }
        let Some(known) = self.lines.iter_mut().find(|known| known.port == line.port) else {
            return;
        };
        known.clocks = line.payloads.iter().map(|it| (it.payload_type, it.clock)).collect();
        for stream in &line.theirs {
            let (ssrc, resend) = (Ssrc::from(stream.ssrc), stream.resend.map(Ssrc::from));
            api.expect_stream_rx(ssrc, resend, known.mid, None);
            known.theirs.get_or_insert(ssrc);
        }
    }

    /// What this side is called.
    pub(super) fn user(&self) -> &str {
        &self.ours.user
    }

    /// Whether a request from an unknown address proves that it is for this transport.
    pub(super) fn knows(&self, from: SocketAddr, bytes: &[u8], now: Instant) -> bool {
        let Ok(receive) = Receive::new(Protocol::Udp, from, own(from), bytes) else { return false };
        self.rtc.accepts(&Input::Receive(now, receive))
    }

    /// A datagram from an address that is known.
    pub(super) fn take_in(
        &mut self,
        from: SocketAddr,
        bytes: &[u8],
        now: Instant,
        told: &mut Told<'_>,
    ) {
        self.came_from = Some(from);
        let Ok(receive) = Receive::new(Protocol::Udp, from, own(from), bytes) else { return };
        // What it cannot read it has dropped.
        let _ = self.rtc.handle_input(Input::Receive(now, receive));
        self.drain(told);
    }

    /// Time has passed.
    pub(super) fn turn(&mut self, now: Instant, told: &mut Told<'_>) {
        // It fails when DTLS does; `drain` finds out.
        let _ = self.rtc.handle_input(Input::Timeout(now));
        self.drain(told);
    }

    /// Says a packet on a line.
    pub(super) fn say(
        &mut self,
        port: PortId,
        packet: &[u8],
        now: Instant,
        told: &mut Told<'_>,
    ) -> bool {
        let Some(line) = self.lines.iter_mut().find(|line| line.port == port) else { return false };
        let Ok(header) = Header::parse(packet) else { return false };
        let number = header.payload_type();
        let clock = line.clocks.iter().find(|(known, _)| *known == number).map(|(_, clock)| *clock);
        let Some(clock) = clock.filter(|_| self.connected) else { return false };
        let (ssrc, sequence, time) = (header.ssrc(), header.sequence(), header.timestamp());
        let Some((sequence, time)) = line.numbering.place(ssrc, sequence, time, clock, now) else {
            return false;
        };
        let sequence = SeqNo::from(sequence);
        let write = RtpWrite::new(Pt::from(number), sequence, time, now, header.payload())
            .marker(header.marker())
            .nackable(line.is_video);
        let mut api = self.rtc.direct_api();
        let Some(stream) = api.stream_tx(&line.ssrc) else { return false };
        stream.write_rtp(write);
        self.turn(now, told);
        true
    }

    /// Asks for a whole picture, unless that was done just now.
    pub(super) fn refresh(&mut self, port: PortId, now: Instant, told: &mut Told<'_>) {
        let Some(line) = self.lines.iter_mut().find(|line| line.port == port) else { return };
        let Some(theirs) = line.theirs else { return };
        if line.refreshed.is_some_and(|at| now < at + BETWEEN_PICTURES) {
            return;
        }
        line.refreshed = Some(now);
        let mut api = self.rtc.direct_api();
        let Some(stream) = api.stream_rx(&theirs) else { return };
        stream.request_keyframe(KeyframeRequestKind::Pli);
        self.turn(now, told);
    }

    /// Says good-bye.
    pub(super) fn close(&mut self, now: Instant, told: &mut Told<'_>) {
        // It fails when DTLS never began: then there is nobody to say it to.
        let _ = self.rtc.close();
        self.turn(now, told);
    }

    /// The next that was heard.
    pub(super) fn hear(&mut self, room: &mut Vec<u8>) -> Option<Asked> {
        if let Some(suite) = self.watched.suite().filter(|_| self.connected)
            && let Some(line) = self.lines.iter_mut().find(|line| !line.told)
        {
            line.told = true;
            return Some(Asked::Secured(line.port, suite));
        }
        while let Some(event) = self.heard.pop_front() {
            match event {
                Event::RtpPacket(packet) => {
                    let mut api = self.rtc.direct_api();
                    let mid = api.stream_rx(&packet.header.ssrc).map(|stream| stream.mid());
                    let line = self.lines.iter_mut().find(|line| Some(line.mid) == mid);
                    if let Some(line) = line {
                        line.theirs = Some(packet.header.ssrc);
                        plain(&packet, room);
                        let level = packet.header.ext_vals.audio_level;
                        let level = level.map(|it| Level::of_extension(it.unsigned_abs()));
                        return Some(Asked::Packet(line.port, level));
                    }
                }
                Event::KeyframeRequest(request) => {
                    let line = self.lines.iter().find(|line| line.mid == request.mid);
                    if let Some(line) = line {
                        let whole = request.kind == KeyframeRequestKind::Fir;
                        return Some(Asked::Picture(line.port, whole));
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn drain(&mut self, told: &mut Told<'_>) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Transmit(transmit)) => {
                    told.send(transmit.destination, &transmit.contents);
                }
                Ok(Output::Event(Event::Connected)) => self.connected = true,
                Ok(Output::Event(event @ (Event::RtpPacket(_) | Event::KeyframeRequest(_)))) => {
                    self.heard.push_back(event);
                }
                Ok(Output::Event(_)) => {}
                Ok(Output::Timeout(at)) => {
                    self.due = self.rtc.is_alive().then_some(at);
                    return;
                }
                // It is over: the call ends by its silence.
                Err(_) => {
                    self.due = None;
                    return;
                }
            }
        }
    }
}

/// The packet as a telephone would have sent it: without header extensions, which are between the
/// browser and the box.
fn plain(packet: &RtpPacket, room: &mut Vec<u8>) {
    let header = &packet.header;
    let head = Head {
        marker: header.marker,
        payload_type: *header.payload_type,
        sequence: header.sequence_number,
        timestamp: header.timestamp,
        ssrc: *header.ssrc,
    };
    room.clear();
    room.extend_from_slice(&head.octets());
    room.extend_from_slice(&packet.payload);
}

fn credentials(of: &IceCredentials) -> IceCreds {
    IceCreds { ufrag: of.user.clone(), pass: of.password.clone() }
}

/// What is said is not read by str0m in RTP mode: only whether it is sound, and its clock, matter.
fn codec(kind: MediaKind, clock: u32) -> Codec {
    match (kind, clock) {
        (MediaKind::Video, _) => Codec::Vp8,
        (_, 48_000) => Codec::Opus,
        _ => Codec::PCMU,
    }
}

/// The box's end as str0m knows it. Where it really is, and which of its addresses a datagram came to,
/// the daemon knows; a browser tells its paths apart by its own addresses.
fn own(remote: SocketAddr) -> SocketAddr {
    let [v4, v6] = OWN;
    if remote.is_ipv4() { v4 } else { v6 }
}

/// Sound with a number of its own (RFC 3551 §6).
const STATIC: [u8; 7] = [0, 3, 4, 8, 9, 13, 18];
/// A whole picture takes a while, and more asking makes more of them.
const BETWEEN_PICTURES: Duration = Duration::from_millis(500);
const OWN: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)), 9),
];
