//! An E1 whose near end is the box and whose far end is a test, and a telephone that speaks RTP.

use board::sim::{End, Line};
use board::{Bearer, ClockSource, Law, Setting, Span, Timeslot};
use call::{
    CallId, Codec, Format, Formats, Learn, LegId, LineLaw, LineSound, MediaCommand, MediaEvent,
    MediaKind, PeerAddress, PortId,
};
use media::line::PREFILL;
use media::{Engine, Verdict};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

pub(crate) const PHONE: PortId = PortId { address: 0, port: 20_000 };
pub(crate) const BLOCK: usize = 40;
pub(crate) const SLOTS: [u8; 2] = [1, 7];

/// Of a channel by its place in [`SLOTS`].
pub(crate) fn channel(at: usize) -> PortId {
    PortId::of_channel(0, SLOTS[at])
}

pub(crate) struct Town {
    pub(crate) wire: Line,
    pub(crate) engine: Engine,
    pub(crate) now: Instant,
    near: Vec<Box<dyn Bearer>>,
    far: Vec<Box<dyn Bearer>>,
    /// What the far ends still have to say; idle when there is nothing.
    pub(crate) says: [Vec<u8>; 2],
    pub(crate) said: [usize; 2],
    /// What they heard.
    pub(crate) heard: [Vec<u8>; 2],
    /// What left for phones: when, from which port, and the packet.
    pub(crate) sent: Vec<(Instant, PortId, Vec<u8>)>,
    pub(crate) events: Vec<MediaEvent>,
    sequence: u16,
    pub(crate) timestamp: u32,
}

impl Town {
    pub(crate) fn new() -> Self {
        let setting = || Setting { clock: ClockSource::Own, ..Setting::e1() };
        let wire = Line::new(setting(), setting(), 1).unwrap();
        let (mut near, mut far) = (wire.end(End::Near, "near"), wire.end(End::Far, "far"));
        let now = Instant::now();
        wire.turn(now);
        let open = |end: &mut dyn Span| -> Vec<Box<dyn Bearer>> {
            SLOTS.map(|slot| end.open_bearer(Timeslot(slot), BLOCK).unwrap()).into()
        };
        let (mut near, mut far) = (open(&mut near), open(&mut far));
        for bearer in near.iter_mut().chain(&mut far) {
            for _ in 0..PREFILL {
                bearer.write(&[Law::A.idle(); BLOCK]).unwrap();
            }
        }
        Self {
            wire,
            engine: Engine::new(vec![IpAddr::from([192, 0, 2, 1])]),
            now,
            near,
            far,
            says: Default::default(),
            said: [0; 2],
            heard: Default::default(),
            sent: Vec::new(),
            events: Vec::new(),
            sequence: 0,
            timestamp: 0,
        }
    }

    pub(crate) fn tell(&mut self, command: MediaCommand) {
        self.engine.handle(command, self.now);
    }

    pub(crate) fn open(&mut self, port: PortId, formats: Formats) {
        self.tell(MediaCommand::Open {
            port,
            call: CallId(1),
            leg: LegId(u64::from(port.port)),
            kind: MediaKind::Audio,
            dscp: 0,
            silence_seconds: 0,
        });
        self.tell(MediaCommand::Formats { port, formats: Box::new(formats) });
    }

    /// A channel of A-law, or of another kind.
    pub(crate) fn open_line(&mut self, at: usize, sound: LineSound) {
        let codec = match (sound.clear, sound.law) {
            (true, _) => (97, Codec::Clear),
            (false, LineLaw::A) => (8, Codec::Pcma),
            (false, LineLaw::Mu) => (0, Codec::Pcmu),
        };
        self.open(channel(at), formats(&[codec]));
        self.tell(MediaCommand::Line { port: channel(at), line: sound });
    }

    pub(crate) fn open_phone(&mut self, port: PortId, formats: Formats) {
        self.open(port, formats);
        let at = phone(port);
        let peer = PeerAddress { rtp: at, rtcp: at, learn: Learn::Never };
        self.tell(MediaCommand::Peer { port, peer });
    }

    pub(crate) fn bridge(&mut self, a: PortId, b: PortId) {
        self.tell(MediaCommand::Bridge { a, b });
    }

    /// 5 ms by the clock of the box, in which the line moves by its own.
    pub(crate) fn step(&mut self) {
        self.now += Duration::from_millis(5);
        self.wire.turn(self.now);
        for (at, far) in self.far.iter_mut().enumerate() {
            let mut block = [0; BLOCK];
            while far.read(&mut block).unwrap() > 0 {
                self.heard[at].extend(block);
                let mut next = [Law::A.idle(); BLOCK];
                let from = self.said[at];
                for (octet, said) in next.iter_mut().zip(self.says[at].iter().skip(from)) {
                    *octet = *said;
                }
                self.said[at] += BLOCK;
                far.write(&next).unwrap();
            }
        }
        for at in 0..self.near.len() {
            let mut heard = [0; BLOCK];
            while self.near[at].read(&mut heard).unwrap() > 0 {
                let mut said = [Law::A.idle(); BLOCK];
                self.engine.exchange(channel(at), &heard, &mut said, self.now);
                assert_eq!(self.near[at].write(&said).unwrap(), BLOCK);
                let mut packet = [0; 1_000];
                while let Some((length, verdict)) =
                    self.engine.poll_line(channel(at), &mut packet, self.now)
                {
                    self.settle(verdict, &packet[..length]);
                }
            }
        }
        while let Some(spoken) = self.engine.speak(self.now) {
            while let Some(packet) = self.engine.poll_packet().map(<[u8]>::to_vec) {
                self.sent.push((self.now, spoken.port, packet));
            }
        }
        self.engine.tick(self.now);
        while let Some(event) = self.engine.poll_event() {
            self.events.push(event);
        }
    }

    pub(crate) fn steps(&mut self, millis: usize) {
        for _ in 0..millis / 5 {
            self.step();
        }
    }

    /// A phone says the next of its stream.
    pub(crate) fn phone_says(&mut self, port: PortId, payload_type: u8, payload: &[u8]) {
        let mut packet = vec![0x80, payload_type];
        packet.extend(self.sequence.to_be_bytes());
        packet.extend(self.timestamp.to_be_bytes());
        packet.extend([0, 0, 0, port.port.to_le_bytes()[0]]);
        packet.extend(payload);
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(payload.len() as u32);
        let verdict = self.engine.packet(port, false, phone(port), &mut packet, self.now);
        self.settle(verdict, &packet);
    }

    /// The phone says all of this, in packets of 20 ms.
    pub(crate) fn phone_speaks(&mut self, port: PortId, payload_type: u8, octets: &[u8]) {
        for payload in octets.chunks(160) {
            self.phone_says(port, payload_type, payload);
            self.steps(20);
        }
    }

    fn settle(&mut self, verdict: Verdict, packet: &[u8]) {
        match verdict {
            Verdict::Forward { port, rtcp: false, .. } => {
                self.sent.push((self.now, port, packet.to_vec()));
            }
            Verdict::Translated { port, .. } | Verdict::Ciphered { port, rtcp: false, .. } => {
                while let Some(packet) = self.engine.poll_packet().map(<[u8]>::to_vec) {
                    self.sent.push((self.now, port, packet));
                }
            }
            Verdict::Carried | Verdict::Drop(_) => {}
            other => panic!("{other:?}"),
        }
    }

    /// The sound that left for a phone, packet by packet.
    pub(crate) fn payloads(&self, port: PortId) -> Vec<u8> {
        let own = self.sent.iter().filter(|it| it.1 == port);
        own.flat_map(|it| it.2[12..].to_vec()).collect()
    }

    /// How a channel fared last.
    pub(crate) fn quality(&self, at: usize) -> Option<call::LineQuality> {
        self.events.iter().rev().find_map(|it| match it {
            MediaEvent::LineQuality { port, quality } if *port == channel(at) => Some(*quality),
            _ => None,
        })
    }
}

pub(crate) fn phone(port: PortId) -> SocketAddr {
    SocketAddr::from(([198, 51, 100, 7], port.port))
}

pub(crate) fn formats(codecs: &[(u8, Codec)]) -> Formats {
    let list: Vec<_> =
        codecs.iter().map(|&(payload_type, codec)| Format { payload_type, codec }).collect();
    Formats { receive: list.clone(), send: list, ..Formats::default() }
}

pub(crate) const PLAIN: LineSound = LineSound { law: LineLaw::A, cancel_echo: false, clear: false };

pub(crate) fn pcma() -> Formats {
    formats(&[(8, Codec::Pcma)])
}

pub(crate) fn compress(pcm: &[i16]) -> Vec<u8> {
    pcm.iter().map(|it| Law::A.compress(i32::from(*it))).collect()
}

pub(crate) fn expand(octets: &[u8]) -> Vec<i16> {
    octets.iter().map(|it| Law::A.expand(*it)).collect()
}

pub(crate) fn sine(hz: f64, amplitude: f64, millis: usize) -> Vec<i16> {
    let wave = |at: usize| amplitude * (std::f64::consts::TAU * hz * at as f64 / 8_000.0).sin();
    (0..millis * 8).map(|at| wave(at) as i16).collect()
}

/// Where `part` lies in `all`.
pub(crate) fn find(all: &[u8], part: &[u8]) -> Option<usize> {
    all.windows(part.len()).position(|it| it == part)
}
