//! Conferences among the pairs of an engine, in fake time.

use crate::wire::*;
use call::{
    Codec, Decibels, Format, Formats, Learn, MediaCommand, MediaEvent, PlayId, PortId, RoomId,
    Rounds, Sound, Tone,
};
use media::rtp::Header;
use media_dsp::{g711, g722};
use std::net::SocketAddr;
use std::time::Duration;

const ROOM: RoomId = RoomId(1);

/// A phone that says a tone, and what it heard.
struct Phone {
    port: PortId,
    codec: Codec,
    hertz: f64,
    talks: bool,
    said: usize,
    encoder: g722::Encoder,
    decoder: g722::Decoder,
    heard: Vec<i16>,
    headers: Vec<(u32, u16, u32)>,
}

struct Table {
    wire: Wire,
    phones: Vec<Phone>,
}

impl Phone {
    fn rate(&self) -> usize {
        if self.codec == Codec::G722 { 16_000 } else { 8_000 }
    }

    fn address(&self) -> SocketAddr {
        SocketAddr::new([203, 0, 113, 9].into(), self.port.port)
    }

    /// Its next 20 ms.
    fn packet(&mut self) -> Vec<u8> {
        let (len, number) = (self.rate() / 50, self.said as u32);
        let sample = |n: usize| {
            let at = (self.said * len + n) as f64 / self.rate() as f64;
            let amplitude = if self.talks { 5_000.0 } else { 0.0 };
            ((at * self.hertz * std::f64::consts::TAU).sin() * amplitude) as i16
        };
        let pcm: Vec<i16> = (0..len).map(sample).collect();
        let mut packet = rtp(100, number as u16, number * 160, u32::from(self.port.port));
        match self.codec {
            Codec::G722 => self.encoder.encode(&pcm, &mut packet[12..]).unwrap(),
            _ => g711::Encoder::new(g711::Law::A).encode(&pcm, &mut packet[12..]).unwrap(),
        };
        self.said += 1;
        packet
    }

    fn hear(&mut self, packet: &[u8]) {
        let header = Header::parse(packet).unwrap();
        self.headers.push((header.ssrc(), header.sequence(), header.timestamp()));
        let mut pcm = vec![0; self.rate() / 50];
        match self.codec {
            Codec::G722 => self.decoder.decode(header.payload(), &mut pcm).unwrap(),
            _ => g711::Decoder::new(g711::Law::A).decode(header.payload(), &mut pcm).unwrap(),
        };
        self.heard.extend(pcm);
    }

    /// The amplitude of a tone in the last half second that it heard.
    fn amplitude(&self, hertz: f64) -> f64 {
        let last = &self.heard[self.heard.len() - self.rate() / 2..];
        let (mut real, mut imaginary) = (0.0, 0.0);
        for (n, sample) in last.iter().enumerate() {
            let phase = n as f64 / self.rate() as f64 * hertz * std::f64::consts::TAU;
            real += f64::from(*sample) * phase.cos();
            imaginary += f64::from(*sample) * phase.sin();
        }
        2.0 * real.hypot(imaginary) / last.len() as f64
    }
}

impl Table {
    /// Phones with tones of their own, from 400 Hz up in steps of 100, all in the room.
    fn new(codecs: &[Codec]) -> Self {
        let mut table = Self { wire: Wire::empty(), phones: Vec::new() };
        for (number, codec) in codecs.iter().enumerate() {
            table.phones.push(Phone {
                port: PortId { address: 0, port: 20_000 + 2 * number as u16 },
                codec: *codec,
                hertz: 400.0 + 100.0 * number as f64,
                talks: true,
                said: 0,
                encoder: g722::Encoder::new(g722::Mode::One),
                decoder: g722::Decoder::new(g722::Mode::One),
                heard: Vec::new(),
                headers: Vec::new(),
            });
        }
        for phone in &table.phones {
            let port = phone.port;
            table.wire.open(port);
            table.wire.describe(port, phone.address(), Learn::Never);
            let format = Format { payload_type: 100, codec: phone.codec };
            let (receive, send) = (vec![format], vec![format]);
            let formats = Box::new(Formats { receive, send, packet_millis: 20 });
            table.wire.tell(MediaCommand::Formats { port, formats });
            table.wire.tell(MediaCommand::Join { port, room: ROOM });
        }
        table
    }

    fn tell(&mut self, command: MediaCommand) {
        self.wire.tell(command);
    }

    /// Everybody sends a packet every 20 ms and hears what the box says; the events.
    fn run(&mut self, millis: u64) -> Vec<MediaEvent> {
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
    fn amplitudes(&self, of: usize) -> Vec<f64> {
        let hertz = self.phones[of].hertz;
        self.phones.iter().map(|it| it.amplitude(hertz)).collect()
    }
}

#[test]
fn everybody_hears_all_others_and_not_itself() {
    let mut table = Table::new(&[Codec::Pcma, Codec::Pcma, Codec::G722, Codec::G722]);
    table.run(2_000);
    for speaker in 0..4 {
        for (listener, amplitude) in table.amplitudes(speaker).into_iter().enumerate() {
            let wanted = if listener == speaker { 0.0 } else { 5_000.0 };
            assert!((amplitude - wanted).abs() < 500.0, "{speaker} at {listener}: {amplitude}");
        }
    }
    for phone in &table.phones {
        for pair in phone.headers.windows(2) {
            let ((ssrc, sequence, timestamp), next) = (pair[0], pair[1]);
            assert_eq!(next, (ssrc, sequence.wrapping_add(1), timestamp.wrapping_add(160)));
        }
    }
}

#[test]
fn listeners_share_one_encoding_and_hear_the_few_who_speak() {
    let mut table = Table::new(&[Codec::Pcma; 12]);
    for phone in &mut table.phones[2..] {
        phone.talks = false;
    }
    table.run(2_000);
    let amplitudes = table.amplitudes(0);
    assert!(amplitudes[0] < 100.0, "{amplitudes:?}");
    assert!(amplitudes[1..].iter().all(|it| (it - 5_000.0).abs() < 500.0), "{amplitudes:?}");
    let last = |phone: &Phone| phone.heard[phone.heard.len() - 4_000..].to_vec();
    assert!(table.phones[3..].iter().all(|it| last(it) == last(&table.phones[2])));
    // Somebody begins to speak, and another falls silent.
    table.phones[0].talks = false;
    table.phones[7].talks = true;
    table.run(3_000);
    assert!(table.amplitudes(7)[0] > 4_500.0 && table.amplitudes(7)[7] < 100.0);
    assert!(table.amplitudes(0).iter().all(|it| *it < 100.0));
    let ssrc = |phone: &Phone| phone.headers[0].0;
    assert!(table.phones.iter().all(|it| it.headers.iter().all(|head| head.0 == ssrc(it))));
}

#[test]
fn mute_and_gain_hold_wherever_somebody_goes() {
    let mut table = Table::new(&[Codec::Pcma; 3]);
    let [a, b, _] = [0, 1, 2].map(|it: usize| table.phones[it].port);
    table.tell(MediaCommand::Mute { port: a, muted: true });
    table.tell(MediaCommand::Gain { port: b, gain: Decibels(-6) });
    table.run(1_500);
    for _ in 0..2 {
        assert!(table.amplitudes(0).iter().all(|it| *it < 50.0));
        assert!((table.amplitudes(1)[2] - 2_500.0).abs() < 250.0, "{:?}", table.amplitudes(1));
        // The others follow into another room.
        for number in 0..3 {
            let port = table.phones[number].port;
            table.tell(MediaCommand::Join { port, room: RoomId(2) });
        }
        table.run(1_500);
    }
    table.tell(MediaCommand::Mute { port: a, muted: false });
    table.run(1_000);
    assert!(table.amplitudes(0)[2] > 4_500.0);
}

#[test]
fn control_is_told_who_speaks() {
    let mut table = Table::new(&[Codec::Pcma; 3]);
    for phone in &mut table.phones {
        phone.talks = false;
    }
    assert!(!table.run(1_000).iter().any(|it| matches!(it, MediaEvent::Speaking { .. })));
    table.phones[1].talks = true;
    let port = Some(table.phones[1].port);
    assert_eq!(table.run(1_000), [MediaEvent::Speaking { room: ROOM, port }]);
    table.phones[1].talks = false;
    assert_eq!(table.run(4_000), [MediaEvent::Speaking { room: ROOM, port: None }]);
}

#[test]
fn what_is_played_to_a_member_comes_before_the_others_and_breaks_no_stream() {
    let mut table = Table::new(&[Codec::Pcma; 3]);
    let port = table.phones[0].port;
    table.run(1_000);
    let sound = Sound::Tone { tone: Tone::Busy, country: *b"de" };
    let (rounds, gain) = (Rounds::Endless, Decibels(0));
    table.tell(MediaCommand::Play { port, play: PlayId(1), sound, rounds, gain });
    table.run(1_000);
    assert!(table.amplitudes(2)[0] < 50.0 && table.amplitudes(0)[2] > 4_500.0);
    table.tell(MediaCommand::Stop { port });
    table.run(1_000);
    assert!(table.amplitudes(2)[0] > 4_500.0);
    let headers = &table.phones[0].headers;
    for pair in headers.windows(2) {
        assert_eq!(pair[1].1, pair[0].1.wrapping_add(1));
        assert_eq!(pair[1].0, pair[0].0);
        let step = pair[1].2.wrapping_sub(pair[0].2);
        assert!((1..=400).contains(&step), "{step}");
    }
    assert!(headers.len() > 145, "{}", headers.len());
}

#[test]
fn who_leaves_or_hangs_up_is_gone_and_an_empty_room_rests() {
    let mut table = Table::new(&[Codec::Pcma; 3]);
    table.run(1_000);
    table.tell(MediaCommand::Leave { port: table.phones[0].port });
    table.run(1_000);
    assert!(table.amplitudes(0)[1..].iter().all(|it| *it < 50.0));
    let heard = table.phones[0].heard.len();
    assert!(heard <= 8_000 + 160, "{heard}");
    table.tell(MediaCommand::Close { port: table.phones[1].port });
    table.tell(MediaCommand::Close { port: table.phones[2].port });
    assert_eq!(table.wire.engine.next_speech(), None);
}

#[test]
fn another_codec_is_spoken_from_the_next_turn_on() {
    let mut table = Table::new(&[Codec::Pcma; 2]);
    table.run(1_000);
    let port = table.phones[0].port;
    table.phones[0].codec = Codec::G722;
    table.phones[0].heard.clear();
    let format = Format { payload_type: 100, codec: Codec::G722 };
    let (receive, send) = (vec![format], vec![format]);
    let formats = Box::new(Formats { receive, send, packet_millis: 20 });
    table.tell(MediaCommand::Formats { port, formats });
    table.run(2_000);
    assert!((table.amplitudes(1)[0] - 5_000.0).abs() < 500.0, "{:?}", table.amplitudes(1));
    assert!((table.amplitudes(0)[1] - 5_000.0).abs() < 500.0, "{:?}", table.amplitudes(0));
}
