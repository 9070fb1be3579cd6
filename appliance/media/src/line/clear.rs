//! What is said to a channel that carries data (RFC 4040): the octets of the packets in the order of their
//! timestamps, and nothing made up but idle octets where some are missing.

use crate::rtp::Header;

/// Octets by their timestamps, as far as they came.
#[derive(Debug)]
pub(super) struct Straight {
    payload_type: u8,
    idle: u8,
    octets: Box<[u8; ROOM]>,
    /// Nothing before the first packet.
    stream: Option<Stream>,
    slips: u64,
}

#[derive(Debug, Clone, Copy)]
struct Stream {
    ssrc: u32,
    /// The timestamp of the octet that is said next.
    next: u32,
    /// That after the last that came.
    end: u32,
    /// The fewest that waited when packets came, since it was looked at.
    least: u32,
    /// Octets said since then.
    since: u32,
}

impl Straight {
    /// `idle`: what is said where nothing is there.
    pub(super) fn new(payload_type: u8, idle: u8) -> Self {
        Self { payload_type, idle, octets: Box::new([idle; ROOM]), stream: None, slips: 0 }
    }

    /// Takes a packet.
    pub(super) fn take(&mut self, header: &Header<'_>) {
        let (timestamp, Some(payload)) = (header.timestamp(), header.unpadded()) else { return };
        if header.payload_type() != self.payload_type || payload.len() > MOST {
            return;
        }
        let known = self.stream.filter(|it| it.ssrc == header.ssrc());
        let ahead = known.map_or(0, |it| timestamp.wrapping_sub(it.next).cast_signed());
        let mut stream = match known {
            // The first of all, or nothing that goes with what came before.
            None => self.begin(header.ssrc(), timestamp),
            Some(_) if !(-FARTHEST..FARTHEST).contains(&ahead) => {
                self.slips += 1;
                self.begin(header.ssrc(), timestamp)
            }
            // It is too late, and so will those after it be.
            Some(it) if ahead < 0 && timestamp == it.end => {
                self.slips += 1;
                self.begin(header.ssrc(), timestamp)
            }
            Some(it) => it,
        };
        for (timestamp, octet) in (0..).map(|it| timestamp.wrapping_add(it)).zip(payload) {
            if timestamp.wrapping_sub(stream.next).cast_signed() >= 0
                && let Some(room) = self.octets.get_mut(place(timestamp))
            {
                *room = *octet;
            }
        }
        let end = timestamp.wrapping_add(payload.len() as u32);
        if end.wrapping_sub(stream.end).cast_signed() > 0 {
            let waits = stream.end.wrapping_sub(stream.next).cast_signed().max(0);
            stream.least = stream.least.min(waits.unsigned_abs());
            stream.end = end;
        }
        self.stream = Some(stream);
    }

    /// Gives as many octets as there is room for.
    pub(super) fn get(&mut self, said: &mut [u8]) {
        let Some(mut stream) = self.stream else { return said.fill(self.idle) };
        for octet in &mut *said {
            let Some(waits) = self.octets.get_mut(place(stream.next)) else { continue };
            *octet = std::mem::replace(waits, self.idle);
            stream.next = stream.next.wrapping_add(1);
        }
        stream.since += said.len() as u32;
        if stream.since >= LOOKED {
            // All that came of late waited longer than it has to: the sender's clock is faster.
            if stream.least != u32::MAX && stream.least > 2 * USUAL {
                for _ in 0..stream.least - USUAL {
                    if let Some(waits) = self.octets.get_mut(place(stream.next)) {
                        *waits = self.idle;
                    }
                    stream.next = stream.next.wrapping_add(1);
                }
                self.slips += 1;
            }
            (stream.least, stream.since) = (u32::MAX, 0);
        }
        self.stream = Some(stream);
    }

    /// How often octets were left out or waited for.
    pub(super) fn slips(&self) -> u64 {
        self.slips
    }

    /// The octet of this timestamp is said after as many as usually wait.
    fn begin(&mut self, ssrc: u32, timestamp: u32) -> Stream {
        self.octets.fill(self.idle);
        let next = timestamp.wrapping_sub(USUAL);
        Stream { ssrc, next, end: timestamp, least: u32::MAX, since: 0 }
    }
}

fn place(timestamp: u32) -> usize {
    timestamp as usize % ROOM
}

/// Octets that wait: 30 ms, so that packets of 20 ms may be late by half of one.
const USUAL: u32 = 240;
/// Octets between two looks whether too many wait: 2 s.
const LOOKED: u32 = 16_000;
/// A power of two, of which timestamps wrap in whole numbers.
const ROOM: usize = 4_096;
/// Octets of a payload: a quarter of a second.
const MOST: usize = 2_000;
const FARTHEST: i32 = 2_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::Head;

    fn packet(sequence: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
        let head = Head { marker: false, payload_type: 97, sequence, timestamp, ssrc: 7 };
        [&head.octets(), payload].concat()
    }

    fn put(straight: &mut Straight, packet: &[u8]) {
        straight.take(&Header::parse(packet).unwrap());
    }

    fn sent(count: u32) -> Vec<u8> {
        (0..count).map(|it| (it * 31 + it / 7) as u8 | 1).collect()
    }

    #[test]
    fn octets_are_exact_also_when_packets_overtake_each_other_and_timestamps_wrap() {
        let mut straight = Straight::new(97, 0);
        let octets = sent(16_000);
        let begin = u32::MAX - 3_000;
        let mut said = Vec::new();
        let mut packets: Vec<_> = octets.chunks(160).enumerate().collect();
        packets.swap(20, 21);
        for (number, payload) in packets {
            let timestamp = begin.wrapping_add(number as u32 * 160);
            put(&mut straight, &packet(number as u16, timestamp, payload));
            for _ in 0..4 {
                let mut out = [9; 40];
                straight.get(&mut out);
                said.extend(out);
            }
        }
        assert_eq!(said[..240], [0; 240]);
        assert_eq!(said[240..], octets[..said.len() - 240]);
        assert_eq!(straight.slips(), 0);
    }

    #[test]
    fn what_is_lost_is_idle_for_as_long_and_the_rest_stays_in_place() {
        let mut straight = Straight::new(97, 0);
        let octets = sent(3_200);
        let mut said = Vec::new();
        for (number, payload) in octets.chunks(160).enumerate() {
            if number != 7 {
                put(&mut straight, &packet(number as u16, number as u32 * 160, payload));
            }
            let mut out = [9; 160];
            straight.get(&mut out);
            said.extend(out);
        }
        let mut expected = octets.clone();
        expected[7 * 160..8 * 160].fill(0);
        assert_eq!(said[240..], expected[..said.len() - 240]);
    }

    #[test]
    fn a_clock_that_drifts_costs_a_slip_now_and_then_and_no_growing_delay() {
        for per_mille in [997_u32, 1_003] {
            let mut straight = Straight::new(97, 0);
            let octets = sent(8_000 * 120);
            let (mut said, mut taken) = (Vec::new(), 0_u32);
            for (number, payload) in octets.chunks(160).enumerate() {
                put(&mut straight, &packet(number as u16, number as u32 * 160, payload));
                // The line takes more or fewer in the time of a packet.
                let until = (number as u32 + 1) * 160 / 1_000 * per_mille;
                while taken + 40 <= until {
                    let mut out = [9; 40];
                    straight.get(&mut out);
                    said.extend(out);
                    taken += 40;
                }
            }
            // 2,880 octets too many or too few, and at least a packet with each slip.
            assert!((1..=20).contains(&straight.slips()), "{}", straight.slips());
            let behind = straight.stream.map(|it| it.end.wrapping_sub(it.next)).unwrap();
            assert!(behind < 3 * USUAL, "{behind}");
        }
    }
}
