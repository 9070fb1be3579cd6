//! `cargo bench -p tests --bench relay -- lines`: what B channels cost in all, and how long what a line
//! brings waits before it leaves as a packet.
//!
//! Cards stand in the child ([`Card`]): one block of 5 ms becomes whole after the other, by the clock of
//! this machine, each card with a beginning of its own, so that all ways of meeting the box's beat are
//! there. Phones are sockets here: they speak noise, of which the cards send an echo back.

use crate::Rival;
use crate::load;
use crate::ours::Ours;
use crate::voices::{listener, take};
use board::{Bearer, Event, Fault};
use media_dsp::g711::{Decoder, Encoder, Law};
use std::collections::VecDeque;
use std::net::UdpSocket;
use std::os::fd::BorrowedFd;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What a card sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Brings {
    /// What it was told, 6 dB softer. The box cancels it.
    Echo,
    /// The number of each block, by which it is found in packets. The box cancels nothing.
    Numbers,
}

impl Brings {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Echo => "line",
            Self::Numbers => "numbers",
        }
    }

    pub(crate) fn of(word: &str) -> Option<Self> {
        [Self::Echo, Self::Numbers].into_iter().find(|it| it.word() == word)
    }
}

pub(crate) fn main(seconds: u64) {
    println!("{seconds} s each; {}", load::machine());
    println!("| what | goal | strowger |\n| --- | --- | --- |");
    for (channels, goal) in [(30, "0.15"), (120, "")] {
        let share = one(Brings::Echo, channels, seconds).0;
        println!(
            "| {channels} B channels to phones with G.711, 128 ms of echo cancelled, sockets and all: \
             part of a core | {goal} | {share:.3} |"
        );
    }
    let (share, mut waits) = one(Brings::Numbers, 30, seconds);
    println!("| the same 30, nothing cancelled: part of a core | | {share:.3} |");
    waits.sort_by(f64::total_cmp);
    assert!(waits.len() as u64 > 30 * 45 * seconds, "most packets came");
    let at = |part: f64| waits[(waits.len() as f64 * part) as usize];
    println!(
        "| a packet leaves after its last octet has come: p50, p99, p99.9, ms | 5 | \
         {:.2}, {:.2}, {:.2} |",
        at(0.5),
        at(0.99),
        at(0.999)
    );
}

/// Part of a core, and for each packet the milliseconds that its last octet had been there.
fn one(brings: Brings, channels: u64, seconds: u64) -> (f64, Vec<f64>) {
    load::stay_on(super::RELAY_CORE);
    let mut ours = Ours::start();
    load::stay_on(super::LOAD_CORE);
    let mut phones: Vec<Phone> =
        (0..channels).map(|it| Phone::new(it, &mut ours, brings)).collect();
    let (mut used, mut since, mut waits) = (0, Instant::now(), Vec::new());
    let begin = Instant::now();
    for turn in 0..(WARM_UP + seconds) * 50 {
        if turn == WARM_UP * 50 {
            (used, since) = (load::cpu(ours.pid()), Instant::now());
            waits.clear();
        }
        for phone in &mut phones {
            phone.say(turn as u32);
            phone.hear(&mut waits);
        }
        thread::sleep((begin + TURN * (turn as u32 + 1)).saturating_duration_since(Instant::now()));
    }
    let share = (load::cpu(ours.pid()) - used) as f64 / since.elapsed().as_nanos() as f64;
    (share, waits)
}

struct Phone {
    socket: UdpSocket,
    brings: Brings,
    /// When the card began, in nanoseconds of the kernel's stamps.
    origin: u64,
    chance: u32,
}

impl Phone {
    fn new(number: u64, ours: &mut Ours, brings: Brings) -> Self {
        let socket = listener();
        let (to, origin) = ours.line(brings, number, socket.local_addr().unwrap().port());
        socket.connect(to).unwrap();
        Self { socket, brings, origin, chance: number as u32 + 1 }
    }

    fn say(&mut self, number: u32) {
        let loud = number % 100 < 50;
        let (mut before, mut pcm) = (0, [0_i16; 160]);
        for sample in &mut pcm {
            self.chance = self.chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = i32::from((self.chance >> 16) as u16 as i16);
            // Noise of which the high parts are damped.
            before = (before * 3 + noise / if loud { 4 } else { 4_096 }) / 4;
            *sample = before as i16;
        }
        let mut packet = [0; 172];
        packet[..2].copy_from_slice(&[0x80, 8]);
        packet[2..4].copy_from_slice(&(number as u16).to_be_bytes());
        packet[4..8].copy_from_slice(&(number * 160).to_be_bytes());
        packet[8..12].copy_from_slice(&9_u32.to_be_bytes());
        Encoder::new(Law::A).encode(&pcm, &mut packet[12..]).unwrap();
        let _ = self.socket.send(&packet);
    }

    fn hear(&mut self, waits: &mut Vec<f64>) {
        let (brings, origin) = (self.brings, self.origin);
        take(&self.socket, |came, packet| {
            if brings == Brings::Numbers {
                let block = u64::from(u16::from_be_bytes([packet[12], packet[13]]));
                let whole = origin + (block + BLOCKS) * BLOCK.as_nanos() as u64;
                waits.push((came as f64 - whole as f64) / 1e6);
            }
        });
    }
}

/// A channel of a card that does not exist.
pub(crate) struct Card {
    brings: Brings,
    origin: Instant,
    /// Which block is read next.
    next: u64,
    /// What was said and does not yet come back.
    said: VecDeque<[u8; OCTETS]>,
}

impl Card {
    /// The `number`th of all, which begins now; and when that is, in nanoseconds of the day.
    pub(crate) fn new(brings: Brings, number: u64) -> (Self, u64) {
        let phase = BLOCK.mul_f64(number as f64 * 0.618 % 1.0);
        let (origin, day) = (Instant::now() + phase, SystemTime::now() + phase);
        let day = day.duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
        (Self { brings, origin, next: 0, said: VecDeque::new() }, day)
    }
}

impl Bearer for Card {
    fn block(&self) -> usize {
        OCTETS
    }

    fn read(&mut self, octets: &mut [u8]) -> Result<usize, Fault> {
        let since = Instant::now().saturating_duration_since(self.origin);
        if (since.as_nanos() / BLOCK.as_nanos()) as u64 <= self.next {
            return Ok(0);
        }
        let mut block = self.said.pop_front().unwrap_or([0xd5; OCTETS]);
        match self.brings {
            Brings::Numbers => block[..2].copy_from_slice(&(self.next as u16).to_be_bytes()),
            Brings::Echo => {
                let mut pcm = [0; OCTETS];
                Decoder::new(Law::A).decode(&block, &mut pcm).unwrap();
                pcm.iter_mut().for_each(|it| *it /= 2);
                Encoder::new(Law::A).encode(&pcm, &mut block).unwrap();
            }
        }
        self.next += 1;
        octets[..OCTETS].copy_from_slice(&block);
        Ok(OCTETS)
    }

    fn write(&mut self, octets: &[u8]) -> Result<usize, Fault> {
        if self.said.len() < MOST_WAITING {
            self.said.push_back(octets.try_into().unwrap());
        }
        Ok(octets.len())
    }

    fn next_event(&mut self) -> Option<Event> {
        None
    }

    fn loop_back(&mut self, _on: bool) -> Result<(), Fault> {
        Ok(())
    }

    fn reopen(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

const OCTETS: usize = 40;
const BLOCK: Duration = Duration::from_millis(5);
/// Blocks of a packet.
const BLOCKS: u64 = 4;
const TURN: Duration = Duration::from_millis(20);
/// Blocks that a card holds.
const MOST_WAITING: usize = 8;
/// Seconds: until the echo cancellers know their lines.
const WARM_UP: u64 = 5;
