//! What B channels cost: with an echo canceller of 128 ms, to phones that speak G.711, as a share of one core.
//!
//! `cargo bench -p media --bench line`. From the blocks of 5 ms that came from the lines to those that go
//! there, and from packets to packets; without what the kernel takes for sockets and cards. The phones speak
//! noise like a voice, half of the time, of which the lines send an echo back.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods, missing_docs)]

use call::{
    CallId, Codec, Format, Formats, Learn, LegId, LineLaw, LineSound, MediaCommand, MediaKind,
    PeerAddress, PortId,
};
use media::{Engine, Verdict};
use media_dsp::g711::{Decoder, Encoder, Law};
use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

fn main() {
    for (channels, cancel_echo, keys) in
        [(30, true, false), (30, true, true), (120, true, false), (120, false, false)]
    {
        measure(channels, cancel_echo, keys);
    }
}

/// A call of a channel with a phone.
struct Pair {
    line: PortId,
    phone: PortId,
    at: SocketAddr,
    /// What was said to the line in the last turns: of which an echo comes back.
    said: Vec<i16>,
    chance: u32,
    number: u16,
}

/// Seconds at a time, of which the fastest of those after the first ten counts.
fn measure(channels: u8, cancel_echo: bool, keys: bool) {
    let mut now = Instant::now();
    let mut engine = Engine::new(vec!["192.0.2.1".parse().unwrap()]);
    let mut pairs: Vec<Pair> =
        (0..channels).map(|it| Pair::new(it, &mut engine, cancel_echo, keys, now)).collect();
    let (mut best, mut sum, mut left) = (Duration::MAX, Duration::ZERO, 0_u64);
    for second in 0..SECONDS {
        let mut spent = Duration::ZERO;
        for turn in 0..200 {
            now += Duration::from_millis(5);
            for pair in &mut pairs {
                // What comes is made before the clock runs.
                let heard = pair.echo();
                let packet = (turn % 4 == 0).then(|| pair.packet(second * 50 + turn / 4));
                let begin = Instant::now();
                left += pair.turn(&mut engine, heard, packet, now);
                spent += begin.elapsed();
            }
            let begin = Instant::now();
            engine.tick(now);
            while let Some(event) = engine.poll_event() {
                black_box(event);
            }
            spent += begin.elapsed();
        }
        if second >= SETTLED {
            best = best.min(spent);
            sum += spent;
        }
    }
    let share = |spent: Duration| spent.as_secs_f64();
    println!(
        "{channels} channels, {}{}: {:.4} of a core, {:.4} on average ({:.0} ns for 20 ms of each); {} packets",
        if cancel_echo { "128 ms of echo cancelled" } else { "nothing cancelled" },
        if keys { ", keys listened for" } else { "" },
        share(best),
        share(sum) / f64::from(SECONDS - SETTLED),
        share(best) * 1e9 / 50.0 / f64::from(channels),
        left,
    );
}

impl Pair {
    fn new(at: u8, engine: &mut Engine, cancel_echo: bool, keys: bool, now: Instant) -> Self {
        let line = PortId::of_channel(at / 30, at % 30 + 1);
        let phone = PortId { address: 0, port: 20_000 + 2 * u16::from(at) };
        let rtp = SocketAddr::new([198, 51, 100, 1].into(), phone.port);
        let sound = Format { payload_type: 8, codec: Codec::Pcma };
        let events = Format { payload_type: 101, codec: Codec::TelephoneEvent { clock: 8_000 } };
        for port in [line, phone] {
            let (call, leg, kind) = (CallId(1), LegId(u64::from(port.port)), MediaKind::Audio);
            let open = MediaCommand::Open { port, call, leg, kind, dscp: 46, silence_seconds: 0 };
            engine.handle(open, now);
            let mut list = vec![sound];
            list.extend(Some(events).filter(|_| keys && port == phone));
            let formats = Formats { receive: list.clone(), send: list, ..Formats::default() };
            engine.handle(MediaCommand::Formats { port, formats: Box::new(formats) }, now);
        }
        let peer = PeerAddress { rtp, rtcp: rtp, learn: Learn::Never };
        engine.handle(MediaCommand::Peer { port: phone, peer }, now);
        let sound = LineSound { law: LineLaw::A, cancel_echo, clear: false };
        engine.handle(MediaCommand::Line { port: line, line: sound }, now);
        engine.handle(MediaCommand::Bridge { a: line, b: phone }, now);
        let chance = u32::from(at) * 77 + 1;
        Self { line, phone, at: rtp, said: vec![0; 320], chance, number: 0 }
    }

    fn noise(&mut self) -> i32 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 17;
        self.chance ^= self.chance << 5;
        i32::from((self.chance >> 16) as u16 as i16)
    }

    /// What comes from the line: a quarter of what was said 30 and 31 samples ago, and hiss.
    fn echo(&mut self) -> [u8; 40] {
        let from = self.said.len() - 80;
        let pcm: [i16; 40] = std::array::from_fn(|it| {
            let echo =
                i32::from(self.said[from + it + 10]) / 4 - i32::from(self.said[from + it + 9]) / 8;
            (echo + self.noise() / 4_096) as i16
        });
        let mut octets = [0; 40];
        Encoder::new(Law::A).encode(&pcm, &mut octets).unwrap();
        octets
    }

    fn packet(&mut self, number: u32) -> Vec<u8> {
        let loud = number % 100 < 50;
        let (mut before, mut pcm) = (0, [0_i16; 160]);
        for sample in &mut pcm {
            // Noise of which the high parts are damped.
            before = (before * 3 + self.noise() / if loud { 4 } else { 4_096 }) / 4;
            *sample = before as i16;
        }
        let mut packet = vec![0x80, 8];
        packet.extend(self.number.to_be_bytes());
        packet.extend((number * 160).to_be_bytes());
        packet.extend([0, 0, 0, 9]);
        packet.resize(172, 0);
        Encoder::new(Law::A).encode(&pcm, &mut packet[12..]).unwrap();
        self.number = self.number.wrapping_add(1);
        packet
    }

    /// How many packets left.
    fn turn(
        &mut self,
        engine: &mut Engine,
        heard: [u8; 40],
        packet: Option<Vec<u8>>,
        now: Instant,
    ) -> u64 {
        if let Some(mut packet) = packet {
            let verdict = engine.packet(self.phone, false, self.at, &mut packet, now);
            assert_eq!(verdict, Verdict::Carried);
        }
        let (mut said, mut room, mut left) = ([0; 40], [0; 1_000], 0);
        assert!(engine.exchange(self.line, &heard, &mut said, now));
        while let Some((length, verdict)) = engine.poll_line(self.line, &mut room, now) {
            assert!(matches!(verdict, Verdict::Forward { .. }));
            black_box(&room[..length]);
            left += 1;
        }
        let mut pcm = [0; 40];
        Decoder::new(Law::A).decode(&said, &mut pcm).unwrap();
        self.said.drain(..40);
        self.said.extend(pcm);
        left
    }
}

const SECONDS: u32 = 20;
const SETTLED: u32 = 10;
