//! From the octets of a channel to packets of RTP, as if a far side sent them.

use crate::rtp::{FIXED, Head};
use call::{Codec, Formats, LineLaw, LineSound};
use media_dsp::g711::{Law, Transcoder};

/// Octets that wait for a whole packet, and packets that wait to be taken.
#[derive(Debug)]
pub(super) struct Packer {
    sound: LineSound,
    /// What the packets are; nothing before it is known.
    payload_type: Option<u8>,
    /// Where they hold the other law.
    other: Option<Transcoder>,
    /// Octets of a packet.
    packet: usize,
    waiting: Box<[u8; MOST]>,
    filled: usize,
    marker: bool,
    sequence: u16,
    /// Of the first octet that waits.
    timestamp: u32,
    ssrc: u32,
}

impl Packer {
    /// `own`: names and numbers the stream.
    pub(super) fn new(sound: LineSound, own: u64) -> Self {
        let [n0, n1, n2, n3, s0, s1, t0, t1] = own.to_be_bytes();
        Self {
            sound,
            payload_type: None,
            other: None,
            packet: USUAL * OCTETS,
            waiting: Box::new([0; MOST]),
            filled: 0,
            marker: true,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t1, t0, s1, s0]),
            ssrc: u32::from_be_bytes([n0, n1, n2, n3]),
        }
    }

    /// What is in the packets, and how much.
    pub(super) fn describe(&mut self, formats: &Formats) {
        let own = match (self.sound.clear, self.sound.law) {
            (true, _) => Codec::Clear,
            (false, LineLaw::A) => Codec::Pcma,
            (false, LineLaw::Mu) => Codec::Pcmu,
        };
        let of = |codec| formats.receive.iter().find(|it| it.codec == codec);
        let (other, from) = match own {
            Codec::Pcma => (Codec::Pcmu, Law::A),
            _ => (Codec::Pcma, Law::Mu),
        };
        let foreign = of(other).filter(|_| own != Codec::Clear);
        self.other = (of(own).is_none() && foreign.is_some()).then(|| Transcoder::new(from));
        self.payload_type = of(own).or(foreign).map(|it| it.payload_type);
        let millis = match (formats.asked_millis, formats.packet_millis) {
            (0, 0) => USUAL,
            (0, millis) | (millis, _) => usize::from(millis).clamp(LEAST, LONGEST),
        };
        self.packet = millis * OCTETS;
    }

    /// Takes octets, a block at most.
    pub(super) fn push(&mut self, octets: &[u8]) {
        if self.payload_type.is_none() {
            return self.pass(octets.len());
        }
        let Some(room) = self.waiting.get_mut(self.filled..self.filled + octets.len()) else {
            // Nobody took the packets: they are too old.
            self.pass(octets.len());
            return;
        };
        match &mut self.other {
            // As many as there is room for.
            Some(other) => drop(other.transcode(octets, room)),
            None => room.copy_from_slice(octets),
        }
        self.filled += octets.len();
    }

    /// Lets octets go by that are heard otherwise, and forgets those that wait.
    pub(super) fn pass(&mut self, octets: usize) {
        let all = (self.filled + octets) as u32;
        self.timestamp = self.timestamp.wrapping_add(all);
        self.filled = 0;
        self.marker = true;
    }

    /// Writes the next packet that is whole; how long it is.
    pub(super) fn poll(&mut self, packet: &mut [u8]) -> Option<usize> {
        let payload_type = self.payload_type?;
        if self.filled < self.packet {
            return None;
        }
        let (head, payload) = packet.get_mut(..FIXED + self.packet)?.split_at_mut(FIXED);
        let marker = std::mem::take(&mut self.marker);
        let (sequence, timestamp) = (self.sequence, self.timestamp);
        let own = Head { marker, payload_type, sequence, timestamp, ssrc: self.ssrc };
        head.copy_from_slice(&own.octets());
        payload.copy_from_slice(self.waiting.get(..self.packet)?);
        self.waiting.copy_within(self.packet..self.filled, 0);
        self.filled -= self.packet;
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(self.packet as u32);
        Some(FIXED + self.packet)
    }
}

/// Octets of a millisecond.
const OCTETS: usize = 8;
/// Milliseconds of a packet (RFC 3551 §4.2), where nothing else was said, and the least and most.
const USUAL: usize = 20;
const LEAST: usize = 5;
const LONGEST: usize = 60;
/// The longest packet and the longest block.
const MOST: usize = LONGEST * OCTETS + super::LONGEST;
