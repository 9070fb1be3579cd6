//! A sender, a network and a player in fake time, by chance that is the same every time.

use crate::plain::{FORMAT, NOISE, Plain, SOUND};
use media::jitter::{Heard, JitterBuffer, Packet, Settings, Statistics};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Numbers that look like chance and are the same every time (xorshift64*).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(2 * seed + 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// True so many times of a thousand.
    pub(crate) fn permille(&mut self, times: u64) -> bool {
        self.below(1_000) < times
    }
}

/// What a sender sends next.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Frame {
    Sound,
    /// Only what is behind the voice.
    Rest,
    Noise,
    Nothing,
}

/// A call, one microsecond after another.
pub(crate) struct Call {
    pub(crate) buffer: JitterBuffer,
    pub(crate) decoder: Plain,
    pub(crate) ssrc: u32,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    /// Of sound.
    pub(crate) payload_type: u8,
    /// Whether each packet comes twice.
    pub(crate) twice: bool,
    /// Microseconds between two packets by the receiver's clock.
    pub(crate) interval: f64,
    /// Microseconds that the player asks for at once.
    pub(crate) pull: u64,
    /// The peak of the noise behind the voice.
    pub(crate) noise: u64,
    /// How late the player asks for a frame.
    pub(crate) player_late: Box<dyn FnMut() -> u64>,
    epoch: Instant,
    /// When the next packet is sent.
    sends: f64,
    /// When the next frame is asked for.
    plays: u64,
    /// Packets on their way: when they arrive, and in which order they were sent.
    under_way: BTreeMap<(u64, u64), Sent>,
    sent: u64,
    /// Samples of the speaker's sound that were sent.
    spoken: usize,
    chance: Chance,
    cycle: Vec<i16>,
    pub(crate) heard: Vec<i16>,
    pub(crate) what: Vec<Heard>,
}

struct Sent {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    payload_type: u8,
    payload: Vec<u8>,
}

impl Call {
    pub(crate) fn new(settings: Settings) -> Self {
        // One address of a clock that is never read again.
        #[allow(clippy::disallowed_methods)]
        let epoch = Instant::now();
        Self {
            buffer: JitterBuffer::new(FORMAT, settings),
            decoder: Plain::new(),
            ssrc: 7,
            sequence: 65_500,
            timestamp: 0xffff_f000,
            payload_type: SOUND,
            twice: false,
            interval: 20_000.0,
            pull: 20_000,
            noise: 0,
            player_late: Box::new(|| 0),
            epoch,
            sends: 0.0,
            // Halfway between two packets.
            plays: 10_000,
            under_way: BTreeMap::new(),
            sent: 0,
            spoken: 0,
            chance: Chance::new(77),
            cycle: cycle(),
            heard: Vec::new(),
            what: Vec::new(),
        }
    }

    /// Sends, carries and plays for so long. `network` says, for the number of a packet since the
    /// beginning, after how many microseconds it arrives, if it does.
    pub(crate) fn run(
        &mut self,
        time: Duration,
        mut frame: impl FnMut(u64) -> Frame,
        mut network: impl FnMut(u64) -> Option<u64>,
    ) -> Statistics {
        let from = self.plays;
        let end = from + time.as_micros() as u64;
        while self.plays < end {
            let arrives = self.under_way.first_key_value().map_or(u64::MAX, |(key, _)| key.0);
            let sends = self.sends as u64;
            if sends <= arrives && sends <= self.plays {
                self.send(frame(self.sent), network(self.sent));
            } else if arrives <= self.plays {
                self.arrive();
            } else {
                self.play();
            }
        }
        self.buffer.statistics()
    }

    /// How many packets have been sent that have not arrived.
    pub(crate) fn under_way(&self) -> u64 {
        self.under_way.len() as u64
    }

    fn send(&mut self, frame: Frame, takes: Option<u64>) {
        let (payload_type, payload) = match frame {
            Frame::Sound => (self.payload_type, self.speak(1)),
            Frame::Rest => (self.payload_type, self.speak(0)),
            Frame::Noise => (NOISE, vec![60]),
            Frame::Nothing => (SOUND, Vec::new()),
        };
        if let (Some(takes), true) = (takes, frame != Frame::Nothing) {
            let sent = Sent {
                ssrc: self.ssrc,
                sequence: self.sequence,
                timestamp: self.timestamp,
                payload_type,
                payload,
            };
            self.under_way.insert((self.sends as u64 + takes, self.sent), sent);
        }
        if frame != Frame::Nothing {
            self.sequence = self.sequence.wrapping_add(1);
        }
        self.timestamp = self.timestamp.wrapping_add(160);
        self.sent += 1;
        self.sends += self.interval;
    }

    fn arrive(&mut self) {
        let ((at, _), sent) = self.under_way.pop_first().unwrap();
        let packet = Packet {
            ssrc: sent.ssrc,
            sequence: sent.sequence,
            timestamp: sent.timestamp,
            payload_type: sent.payload_type,
            payload: &sent.payload,
        };
        for _ in 0..=u8::from(self.twice) {
            self.buffer.put(&packet, &self.decoder, self.epoch + Duration::from_micros(at));
        }
    }

    fn play(&mut self) {
        let mut pcm = vec![0; self.pull as usize * 8 / 1_000];
        let late = (self.player_late)();
        let now = self.epoch + Duration::from_micros(self.plays + late);
        self.what.push(self.buffer.get(&mut self.decoder, &mut pcm, now));
        self.heard.extend(pcm);
        self.plays += self.pull;
    }

    /// 20 ms of a voice of 125 Hz, or of what is behind it.
    fn speak(&mut self, loud: i16) -> Vec<u8> {
        let mut octets = Vec::with_capacity(320);
        for _ in 0..160 {
            let voice = self.cycle[self.spoken % self.cycle.len()] * loud;
            let noise = match self.noise {
                0 => 0,
                level => (self.chance.below(2 * level) as i16) - level as i16,
            };
            octets.extend((voice + noise).to_le_bytes());
            self.spoken += 1;
        }
        octets
    }
}

/// One cycle of a voice of 125 Hz at 8 kHz.
fn cycle() -> Vec<i16> {
    let sample = |at: f64| {
        let phase = at / 64.0 * std::f64::consts::TAU;
        let harmonics = (1..20).map(f64::from).map(|it| (it * phase + it * it).cos() / it);
        harmonics.sum::<f64>() * 3_000.0
    };
    (0..64).map(|at| sample(f64::from(at)) as i16).collect()
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// So many milliseconds in microseconds.
pub(crate) fn ms(ms: u64) -> u64 {
    ms * 1_000
}

pub(crate) fn speech(_: u64) -> Frame {
    Frame::Sound
}
