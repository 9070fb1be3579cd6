//! The far side of a call: what it makes of what it says, and what it understands of what it hears.

use crate::browser::Browser;
use crate::speech::Speech;
use media::srtp::{Inbound, MasterKey, Outbound};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

/// The box hears it at `to`.
pub(crate) struct Side {
    /// Which of all sides it is.
    pub(crate) place: usize,
    pub(crate) to: SocketAddr,
    manner: Manner,
    /// When each of its packets left, in nanoseconds.
    pub(crate) sent: Vec<u64>,
    /// The timestamp of what it heard first.
    first: Option<u32>,
    /// What it heard, where that is to be judged.
    pub(crate) heard: Vec<(u32, Vec<u8>)>,
}

/// In which way it speaks.
pub(crate) enum Manner {
    /// Each packet holds when it left.
    Plain,
    /// The same, encrypted.
    Keyed(Box<Keyed>),
    /// The same, as a browser does it.
    Browser(Box<Browser>),
    /// Speech: when a packet left is known by its timestamp. What its far side speaks beside it.
    Speech(Rc<Speech>, Rc<Speech>),
}

/// What an encrypted side encrypts and decrypts with.
pub(crate) struct Keyed {
    outbound: Outbound,
    inbound: Inbound,
}

impl Keyed {
    /// `key`: with what the relay encrypts.
    pub(crate) fn new(own: &MasterKey, key: &MasterKey) -> Self {
        Self { outbound: Outbound::new(own), inbound: Inbound::new(key) }
    }
}

impl Side {
    pub(crate) fn new(place: usize, to: SocketAddr, manner: Manner) -> Self {
        Self { place, to, manner, sent: Vec::new(), first: None, heard: Vec::new() }
    }

    /// The packet of a round, as it leaves now.
    pub(crate) fn say(&mut self, round: u32, now: u64, send: impl Fn(SocketAddr, &[u8])) {
        self.sent.push(now);
        let mut packet = [0xd5_u8; 1_500];
        packet[..2].copy_from_slice(&[0x80, 8]);
        packet[2..4].copy_from_slice(&(round as u16).to_be_bytes());
        packet[4..8].copy_from_slice(&(round * 160).to_be_bytes());
        packet[8..12].copy_from_slice(&(self.place as u32 + 1).to_be_bytes());
        packet[12..16].copy_from_slice(&round.to_be_bytes());
        match &mut self.manner {
            Manner::Plain => send(self.to, &packet[..PACKET]),
            Manner::Keyed(keyed) => {
                let length = keyed.outbound.protect(&mut packet, PACKET).unwrap();
                send(self.to, &packet[..length]);
            }
            Manner::Browser(browser) => browser.say(round, &packet[12..PACKET], send),
            Manner::Speech(speech, _) => {
                let payload = speech.payload(self.place, round);
                packet[1] = speech.tongue.payload_type;
                packet[4..8].copy_from_slice(&(round * speech.ticks()).to_be_bytes());
                packet[12..12 + payload.len()].copy_from_slice(payload);
                send(self.to, &packet[..12 + payload.len()]);
            }
        }
    }

    /// Which round of its far side's this is of; nothing for what it does not understand.
    pub(crate) fn hear(
        &mut self,
        packet: &mut [u8],
        send: impl Fn(SocketAddr, &[u8]),
    ) -> Option<u32> {
        let stamped = |packet: &[u8]| {
            let whole = packet.len() == PACKET && packet[16..].iter().all(|it| *it == 0xd5);
            whole.then(|| u32::from_be_bytes(packet[12..16].try_into().unwrap()))
        };
        match &mut self.manner {
            Manner::Plain => stamped(packet),
            Manner::Keyed(keyed) => {
                let length = keyed.inbound.unprotect(packet, Instant::now()).ok()?;
                stamped(&packet[..length])
            }
            Manner::Browser(browser) => {
                let payload = browser.hear(packet, send)?;
                let whole = payload.len() == PACKET - 12;
                whole.then(|| u32::from_be_bytes(payload[..4].try_into().unwrap()))
            }
            Manner::Speech(own, theirs) => {
                if packet.len() < 13 || packet[1] & 0x7f != own.tongue.payload_type {
                    return None;
                }
                let time = u32::from_be_bytes(packet[4..8].try_into().unwrap());
                let round = time.wrapping_sub(*self.first.get_or_insert(time)) / own.ticks();
                if self.place < JUDGED {
                    self.heard.push((round, packet[12..].to_vec()));
                }
                let _ = theirs;
                Some(round)
            }
        }
    }

    /// By how many decibels what it heard of its far side is louder than that said, if it is judged.
    pub(crate) fn gain(&self) -> Option<f64> {
        let Manner::Speech(own, theirs) = &self.manner else { return None };
        // The first second belongs to whoever sets up.
        let heard = self.heard.get(50..)?;
        (!heard.is_empty()).then(|| theirs.gain(self.place ^ 1, heard, own.tongue))
    }
}

/// 20 ms of G.711 with its header.
pub(crate) const PACKET: usize = 172;
/// So many sides' sound is judged.
const JUDGED: usize = 4;
