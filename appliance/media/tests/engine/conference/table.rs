//! Phones around a conference, which say tones and hear what the box says.

use crate::wire::*;
use call::{Codec, Format, Formats, Learn, MediaCommand, MediaEvent, PortId, RoomId};
use media::codec::{Decoder, Encoder, Shape};
use media::rtp::Header;
use media_dsp::resample::Rate;
use std::net::SocketAddr;
use std::time::Duration;

pub(super) const ROOM: RoomId = RoomId(1);

/// A phone that says a tone, and what it heard.
pub(super) struct Phone {
    pub(super) port: PortId,
    shape: Shape,
    pub(super) hertz: f64,
    pub(super) talks: bool,
    /// Whether what it says swells four times a second, as syllables do.
    pub(super) swells: bool,
    /// Whether it says how loud it is (RFC 6464).
    pub(super) tells: bool,
    pub(super) said: usize,
    encoder: Encoder,
    decoder: Decoder,
    pub(super) heard: Vec<i16>,
    pub(super) headers: Vec<(u32, u16, u32)>,
}

pub(super) struct Table {
    pub(super) wire: Wire,
    pub(super) phones: Vec<Phone>,
}

impl Phone {
    fn new(port: PortId, codec: Codec, hertz: f64) -> Self {
        let shape = Shape::new(codec, Rate::Hz48000, 20).unwrap();
        Self {
            port,
            shape,
            hertz,
            talks: true,
            swells: false,
            tells: false,
            said: 0,
            encoder: Encoder::new(shape).unwrap(),
            decoder: Decoder::new(codec, Rate::Hz48000).unwrap(),
            heard: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// Speaks another codec from now on, and has heard nothing yet.
    pub(super) fn turn_to(&mut self, codec: Codec) {
        *self = Self { said: self.said, ..Self::new(self.port, codec, self.hertz) };
    }

    pub(super) fn rate(&self) -> usize {
        self.shape.rate().hz()
    }

    pub(super) fn address(&self) -> SocketAddr {
        SocketAddr::new([203, 0, 113, 9].into(), self.port.port)
    }

    /// Its next 20 ms.
    fn packet(&mut self) -> Vec<u8> {
        let (len, number) = (self.shape.packet(), self.said as u32);
        let sample = |n: usize| {
            let count = self.said * len + n;
            let at = count as f64 / self.rate() as f64 * std::f64::consts::TAU;
            let swell = if self.swells { 0.6 + 0.4 * (4.0 * at).sin() } else { 1.0 };
            let amplitude = if self.talks { 5_000.0 * swell } else { 0.0 };
            // Nowhere is it quite still.
            let hiss = f64::from((count as u32).wrapping_mul(2_654_435_761) >> 30) - 1.5;
            ((at * self.hertz).sin() * amplitude + hiss) as i16
        };
        let pcm: Vec<i16> = (0..len).map(sample).collect();
        let timestamp = number.wrapping_mul(self.shape.ticks(len));
        let mut packet = rtp(100, number as u16, timestamp, u32::from(self.port.port));
        packet.truncate(12);
        if self.tells {
            let level = if self.talks { 0x80 | 20 } else { 127 };
            packet[0] |= 0x10;
            packet.extend([0xbe, 0xde, 0, 1, LEVELS << 4, level, 0, 0]);
        }
        let mut payload = [0; 2_000];
        let made = self.encoder.encode(&pcm, &mut payload).unwrap();
        packet.extend(&payload[..made]);
        self.said += 1;
        packet
    }

    fn hear(&mut self, packet: &[u8]) {
        let header = Header::parse(packet).unwrap();
        self.headers.push((header.ssrc(), header.sequence(), header.timestamp()));
        let mut pcm = [0; 6_000];
        let made = self.decoder.decode(header.payload(), &mut pcm).unwrap();
        self.heard.extend(&pcm[..made]);
    }

    /// The amplitude of a tone in the last half second that it heard.
    pub(super) fn amplitude(&self, hertz: f64) -> f64 {
        self.amplitude_in(hertz, self.heard.len() - self.rate() / 2, self.rate() / 2)
    }

    /// The same in so many samples from a place on.
    pub(super) fn amplitude_in(&self, hertz: f64, from: usize, length: usize) -> f64 {
        let heard = &self.heard[from..from + length];
        let (mut real, mut imaginary) = (0.0, 0.0);
        for (n, sample) in heard.iter().enumerate() {
            let phase = n as f64 / self.rate() as f64 * hertz * std::f64::consts::TAU;
            real += f64::from(*sample) * phase.cos();
            imaginary += f64::from(*sample) * phase.sin();
        }
        2.0 * f64::hypot(real, imaginary) / heard.len() as f64
    }
}

impl Table {
    /// Phones with tones of their own, from 400 Hz up in steps of 100, all in the room.
    pub(super) fn new(codecs: &[Codec]) -> Self {
        let mut table = Self { wire: Wire::empty(), phones: Vec::new() };
        for (number, codec) in codecs.iter().enumerate() {
            let port = PortId { address: 0, port: 20_000 + 2 * number as u16 };
            table.phones.push(Phone::new(port, *codec, 400.0 + 100.0 * number as f64));
        }
        for phone in &table.phones {
            let port = phone.port;
            table.wire.open(port);
            table.wire.describe(port, phone.address(), Learn::Never);
            table.wire.tell(formats(port, phone.shape.codec()));
            table.wire.tell(MediaCommand::Levels { port, number: Some(LEVELS) });
            table.wire.tell(MediaCommand::Join { port, room: ROOM });
        }
        table
    }

    /// What a phone speaks from now on.
    pub(super) fn describe(&mut self, port: PortId, codec: Codec) {
        self.wire.tell(formats(port, codec));
    }

    pub(super) fn tell(&mut self, command: MediaCommand) {
        self.wire.tell(command);
    }

    /// Everybody sends a packet every 20 ms and hears what the box says; the events.
    pub(super) fn run(&mut self, millis: u64) -> Vec<MediaEvent> {
        for _ in 0..millis / 20 {
            for phone in &mut self.phones {
                let (mut packet, from) = (phone.packet(), phone.address());
                self.wire.engine.packet(phone.port, false, from, &mut packet, self.wire.now);
            }
            let until = self.wire.now + Duration::from_millis(20);
            while let Some(due) = self.wire.engine.next_speech().filter(|it| *it < until) {
                self.wire.now = self.wire.now.max(due);
                while let Some(spoken) = self.wire.engine.speak(self.wire.now) {
                    let phone = self.phones.iter_mut().find(|it| it.port == spoken.port).unwrap();
                    assert_eq!(spoken.to, phone.address());
                    while let Some(packet) = self.wire.engine.poll_packet() {
                        phone.hear(packet);
                    }
                }
            }
            self.wire.now = until;
        }
        std::iter::from_fn(|| self.wire.engine.poll_event()).collect()
    }

    /// Who hears the tone of this phone, and how loud: their amplitudes.
    pub(super) fn amplitudes(&self, of: usize) -> Vec<f64> {
        let hertz = self.phones[of].hertz;
        self.phones.iter().map(|it| it.amplitude(hertz)).collect()
    }
}

fn formats(port: PortId, codec: Codec) -> MediaCommand {
    let format = Format { payload_type: 100, codec };
    let (receive, send) = (vec![format], vec![format]);
    MediaCommand::Formats {
        port,
        formats: Box::new(Formats { receive, send, packet_millis: 20, ..Formats::default() }),
    }
}

/// Of the element with the level.
const LEVELS: u8 = 5;
