//! Work to be timed by whoever has a clock: sound that goes through an engine from one encoding to
//! another, as it does in a call.

use crate::{Engine, Verdict};
use call::{
    CallId, Codec, Format, Formats, Learn, LegId, MediaCommand, MediaKind, PeerAddress, PortId,
};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

/// A second of a voice in one encoding, and a bridge to a side that has only the other.
#[derive(Debug)]
pub struct Effort {
    engine: Engine,
    packets: Vec<Vec<u8>>,
    ticks: u32,
    sent: u32,
    now: Instant,
}

impl Effort {
    /// Prepares it. `None` when the box cannot make `from` of sound.
    ///
    /// `now`: any instant; nothing depends on it.
    pub fn new(from: Codec, to: Codec, now: Instant) -> Option<Self> {
        let packets = if from == LINEAR { voice() } else { spoken(from, now) };
        let ticks = from.clock() / 50;
        let effort = Self { engine: bridge(from, to, now), packets, ticks, sent: 0, now };
        (!effort.packets.is_empty()).then_some(effort)
    }

    /// Linear sound at 16 kHz costs next to nothing: beside it, one encoding is timed by itself.
    pub const LINEAR: Codec = LINEAR;

    /// How much sound one [`Effort::run`] is.
    pub const SOUND: Duration = Duration::from_secs(1);

    /// Passes the second through, and says how many octets left at the other side.
    pub fn run(&mut self) -> usize {
        self.now += Self::SOUND;
        let mut octets = 0;
        let mut packets = std::mem::take(&mut self.packets);
        for packet in &mut packets {
            self.renumber(packet);
            octets += match self.engine.packet(A, false, at(A), packet, self.now) {
                Verdict::Forward { .. } => packet.len(),
                Verdict::Translated { .. } => drained(&mut self.engine),
                Verdict::Ciphered { .. }
                | Verdict::Enclosed
                | Verdict::Carried
                | Verdict::Handshake
                | Verdict::Drop(_) => 0,
            };
        }
        self.packets = packets;
        octets
    }

    /// The stream goes on, as often as it is heard.
    fn renumber(&mut self, packet: &mut [u8]) {
        let number = (self.sent % 65_536).to_be_bytes();
        let time = self.sent.wrapping_mul(self.ticks).to_be_bytes();
        self.sent = self.sent.wrapping_add(1);
        if let Some(header) = packet.get_mut(..8)
            && let [_, kind, numbers @ ..] = header
        {
            *kind = SENT;
            let (seq, clock) = numbers.split_at_mut(2);
            let [_, _, high, low] = number;
            seq.copy_from_slice(&[high, low]);
            clock.copy_from_slice(&time);
        }
    }
}

fn drained(engine: &mut Engine) -> usize {
    let mut octets = 0;
    while let Some(packet) = engine.poll_packet() {
        octets += packet.len();
    }
    octets
}

/// The voice in an encoding, as an engine makes it.
fn spoken(codec: Codec, now: Instant) -> Vec<Vec<u8>> {
    let mut engine = bridge(LINEAR, codec, now);
    let mut packets = Vec::new();
    for mut packet in voice() {
        if let Verdict::Translated { .. } = engine.packet(A, false, at(A), &mut packet, now) {
            while let Some(made) = engine.poll_packet() {
                packets.push(made.to_vec());
            }
        }
    }
    packets
}

/// A voice that hums and hisses, in linear packets of 20 ms: 16 kHz, without a library of sines.
fn voice() -> Vec<Vec<u8>> {
    let mut chance = 1_u32;
    let (mut low, mut high) = (Hum::new(LOW), Hum::new(HIGH));
    let mut packets = Vec::with_capacity(50);
    for n in 0..50_u32 {
        let mut packet = vec![0x80, SENT];
        packet.extend((n % 65_536).to_be_bytes().iter().skip(2));
        packet.extend((n * SAMPLES).to_be_bytes());
        packet.extend([0, 0, 0, 7]);
        // Louder and softer, five times a second.
        let swell = 200 + (n % 10) * 80;
        for _ in 0..SAMPLES {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let hiss = i32::from((chance >> 16) as u16) / 32 - 1_024;
            let sum = low.next() + high.next() / 2 + hiss;
            let sample = sum * i32::try_from(swell).unwrap_or(0) / 1_000;
            let sample = sample.clamp(i16::MIN.into(), i16::MAX.into());
            packet.extend(i16::try_from(sample).unwrap_or(0).to_be_bytes());
        }
        packets.push(packet);
    }
    packets
}

/// A triangle: it has the overtones that a voice has.
struct Hum {
    phase: i32,
    step: i32,
}

impl Hum {
    fn new(step: i32) -> Self {
        Self { phase: 0, step }
    }

    fn next(&mut self) -> i32 {
        self.phase = (self.phase + self.step) % 32_768;
        let rise = if self.phase < 16_384 { self.phase } else { 32_768 - self.phase };
        rise - 8_192
    }
}

/// Two sides with one encoding each.
fn bridge(phone: Codec, carrier: Codec, now: Instant) -> Engine {
    let mut engine = Engine::new(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    for (port, payload_type, codec) in [(A, SENT, phone), (B, 110, carrier)] {
        let (call, leg, kind) = (CallId(1), LegId(1), MediaKind::Audio);
        let open = MediaCommand::Open { port, call, leg, kind, dscp: 0, silence_seconds: 0 };
        engine.handle(open, now);
        let rtp = at(port);
        let peer = PeerAddress { rtp, rtcp: rtp, learn: Learn::Never };
        engine.handle(MediaCommand::Peer { port, peer }, now);
        let format = Format { payload_type, codec };
        let formats = Formats {
            receive: vec![format],
            send: vec![format],
            packet_millis: 20,
            ..Formats::default()
        };
        engine.handle(MediaCommand::Formats { port, formats: Box::new(formats) }, now);
    }
    engine.handle(MediaCommand::Bridge { a: A, b: B }, now);
    engine
}

/// An address of the documentation (RFC 5737): nothing is ever sent there.
fn at(port: PortId) -> SocketAddr {
    SocketAddr::new([198, 51, 100, 1].into(), port.port)
}

const LINEAR: Codec = Codec::L16 { rate: 16_000 };
const A: PortId = PortId { address: 0, port: 20_000 };
const B: PortId = PortId { address: 0, port: 20_002 };
/// The payload type that the voice is sent under.
const SENT: u8 = 100;
/// Samples of 20 ms.
const SAMPLES: u32 = 320;
/// Phase steps of 110 and 730 Hz at 16 kHz.
const LOW: i32 = 225;
const HIGH: i32 = 1_495;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_can_be_timed_by_itself_both_ways() {
        let now = origin();
        for codec in [Codec::Pcma, Codec::G722, Codec::Gsm, Codec::Opus] {
            for (from, to) in [(LINEAR, codec), (codec, LINEAR)] {
                let mut effort = Effort::new(from, to, now).unwrap();
                let octets = effort.run() + effort.run();
                assert!(octets > 2_000, "{from:?} to {to:?}: {octets}");
            }
        }
    }

    #[allow(clippy::disallowed_methods)]
    fn origin() -> Instant {
        Instant::now()
    }
}
