//! Two legs at one engine, a clock that is set by hand, and packets.

use call::{
    CallId, Learn, LegId, MediaCommand, MediaEvent, MediaKind, PeerAddress, PortId, StreamStats,
};
use media::{DropReason, Engine, Verdict};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// The pair under test.
pub(crate) const A: PortId = PortId { address: 0, port: 20_000 };
/// Its partner, whose far side is [`carrier`].
pub(crate) const B: PortId = PortId { address: 0, port: 20_002 };

/// The box's own media address.
pub(crate) fn own() -> IpAddr {
    "192.0.2.1".parse().unwrap()
}

/// The far side of [`B`].
pub(crate) fn carrier() -> SocketAddr {
    at("198.51.100.1:7000")
}

pub(crate) fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// The next port, where reports go.
pub(crate) fn next(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port() + 1)
}

/// A voice packet.
pub(crate) fn voice(sequence: u16) -> Vec<u8> {
    rtp(8, sequence, u32::from(sequence) * 160, 7)
}

pub(crate) fn rtp(payload_type: u8, sequence: u16, timestamp: u32, ssrc: u32) -> Vec<u8> {
    let mut bytes = vec![0x80, payload_type];
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(timestamp.to_be_bytes());
    bytes.extend(ssrc.to_be_bytes());
    bytes.extend([0xd5; 160]);
    bytes
}

/// A receiver report about one stream.
pub(crate) fn report(about: u32, lost: u8, jitter: u32) -> Vec<u8> {
    let mut bytes = vec![0x81, 201, 0, 7, 0, 0, 0, 9];
    bytes.extend(about.to_be_bytes());
    bytes.extend([0, 0, 0, lost, 0, 0, 0, 0]);
    bytes.extend(jitter.to_be_bytes());
    bytes.extend([0; 8]);
    bytes
}

pub(crate) fn forward(port: PortId, to: SocketAddr) -> Verdict {
    Verdict::Forward { port, rtcp: false, to }
}

pub(crate) const STRANGER: Verdict = Verdict::Drop(DropReason::Stranger);

/// The engine with its clock.
pub(crate) struct Wire {
    pub(crate) engine: Engine,
    pub(crate) now: Instant,
}

impl Wire {
    /// Nothing lent yet.
    pub(crate) fn empty() -> Self {
        Self { engine: Engine::new(vec![own()]), now: Instant::now() }
    }

    /// A and B lent for voice and bridged; B's carrier is described, A's far side is not.
    pub(crate) fn bridged() -> Self {
        let mut wire = Self::empty();
        wire.open(A);
        wire.open(B);
        wire.tell(MediaCommand::Bridge { a: A, b: B });
        wire.describe(B, carrier(), Learn::Never);
        wire
    }

    /// As [`Wire::bridged`], and A's far side is described as well.
    pub(crate) fn with(rtp: &str, learn: Learn) -> Self {
        let mut wire = Self::bridged();
        wire.describe(A, at(rtp), learn);
        wire
    }

    pub(crate) fn tell(&mut self, command: MediaCommand) {
        self.engine.handle(command, self.now);
    }

    pub(crate) fn open(&mut self, port: PortId) {
        self.open_as(port, MediaKind::Audio);
    }

    pub(crate) fn open_as(&mut self, port: PortId, kind: MediaKind) {
        let leg = LegId(port.port.into());
        let call = CallId(1);
        self.tell(MediaCommand::Open { port, call, leg, kind, dscp: 46, silence_seconds: 60 });
    }

    pub(crate) fn describe(&mut self, port: PortId, rtp: SocketAddr, learn: Learn) {
        let rtcp = match rtp.port() {
            0 => rtp,
            _ => next(rtp),
        };
        self.tell(MediaCommand::Peer { port, peer: PeerAddress { rtp, rtcp, learn } });
    }

    pub(crate) fn wait(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
        self.engine.tick(self.now);
    }

    /// A datagram comes to the RTP port of a pair.
    pub(crate) fn hear(&mut self, port: PortId, from: SocketAddr, bytes: &[u8]) -> Verdict {
        self.engine.packet(port, false, from, &mut bytes.to_vec(), self.now)
    }

    /// A datagram comes to the RTCP port of a pair.
    pub(crate) fn hear_report(&mut self, port: PortId, from: SocketAddr, bytes: &[u8]) -> Verdict {
        self.engine.packet(port, true, from, &mut bytes.to_vec(), self.now)
    }

    /// A stream comes to A, 20 ms between packets; how many of them were forwarded.
    pub(crate) fn stream(&mut self, from: SocketAddr, first: u16, packets: u16) -> usize {
        let mut forwarded = 0;
        for sequence in first..first + packets {
            let verdict = self.hear(A, from, &voice(sequence));
            forwarded += usize::from(verdict == forward(B, carrier()));
            self.wait(20);
        }
        forwarded
    }

    /// Where what the carrier says goes now.
    pub(crate) fn heard_by(&mut self) -> Verdict {
        self.hear(B, carrier(), &rtp(8, 1, 160, 99))
    }

    pub(crate) fn events(&mut self) -> Vec<MediaEvent> {
        std::iter::from_fn(|| self.engine.poll_event()).collect()
    }

    /// Closes a pair: what went through it.
    pub(crate) fn close(&mut self, port: PortId) -> StreamStats {
        self.tell(MediaCommand::Close { port });
        match self.events().pop() {
            Some(MediaEvent::Closed { port: closed, stats, .. }) if closed == port => *stats,
            event => panic!("not closed: {event:?}"),
        }
    }
}
