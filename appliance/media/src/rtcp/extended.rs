//! Extended reports (RFC 3611): what a receiver heard after its jitter buffer (§4.7), and the instants by
//! which one that sends nothing learns how far it is to the other side and back (§4.4, §4.5).

use super::Writer;

/// The blocks of one extended report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocks<'a> {
    pub(super) rest: &'a [u8],
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// What it heard of one stream.
    VoipMetrics(VoipMetrics),
    /// The middle of the instant at which it was sent: whoever hears it names it in [`Block::Heard`].
    Time(u32),
    /// The last [`Block::Time`] that was heard of somebody.
    Heard {
        /// Of whom.
        ssrc: u32,
        /// The middle of the instant.
        last_time: u32,
        /// How long ago that was, in 1/65,536 of a second.
        delay: u32,
    },
    /// Another block type, or one that says less than it should.
    Other(u8),
}

/// What a telephone hears of one stream, after its jitter buffer (RFC 3611 §4.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VoipMetrics {
    /// The stream.
    pub ssrc: u32,
    /// Lost since the beginning, in 1/256.
    pub lost: u8,
    /// Came too late or too early to be played, in 1/256.
    pub discarded: u8,
    /// Lost or discarded within bursts, in 1/256.
    pub burst_density: u8,
    /// The same between bursts.
    pub gap_density: u8,
    /// The mean length of bursts, in milliseconds.
    pub burst_millis: u16,
    /// The mean length of the gaps between them.
    pub gap_millis: u16,
    /// There and back, in milliseconds.
    pub round_trip_millis: u16,
    /// From the packet's arrival to the ear, and from the mouth to the packet.
    pub end_system_millis: u16,
    /// The rating R of the call, if it is known: 0 to 100.
    pub r: Option<u8>,
    /// The mean opinion of who only listens, in tenths, if it is known: 10 to 50.
    pub listening: Option<u8>,
    /// The mean opinion of who converses.
    pub conversation: Option<u8>,
    /// The jitter buffer; nothing where none is at work.
    pub buffer: Option<Buffered>,
}

/// How long an adaptive jitter buffer holds packets (RFC 3611 §4.7.7), in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buffered {
    /// Those that come with the least delay, for now.
    pub nominal: u16,
    /// The latest that is still played, for now.
    pub maximum: u16,
    /// The most that it would ever become.
    pub absolute: u16,
}

impl Iterator for Blocks<'_> {
    type Item = Block;

    fn next(&mut self) -> Option<Block> {
        let ([kind, _, high, low], rest) = self.rest.split_first_chunk::<4>()?;
        let words = usize::from(u16::from_be_bytes([*high, *low]));
        let (block, rest) = rest.split_at_checked(words * 4)?;
        self.rest = rest;
        let read = match *kind {
            VOIP_METRICS => metrics(block).map(Block::VoipMetrics),
            RECEIVER_TIME => time(block),
            LAST_TIMES => heard(block),
            _ => None,
        };
        Some(read.unwrap_or(Block::Other(*kind)))
    }
}

fn metrics(block: &[u8]) -> Option<VoipMetrics> {
    let words = block.first_chunk::<VOIP_OCTETS>()?.as_chunks::<4>().0;
    let [ssrc, rates, durations, delays, _, ratings, [config, _, n0, n1], [m0, m1, a0, a1]] = words
    else {
        return None;
    };
    let [lost, discarded, burst_density, gap_density] = *rates;
    let pair = |[a, b, c, d]: [u8; 4]| (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    let ((burst_millis, gap_millis), (round_trip_millis, end_system_millis)) =
        (pair(*durations), pair(*delays));
    let [r, _, listening, conversation] = *ratings;
    let tenths = |value: u8| (10..=50).contains(&value).then_some(value);
    let buffer = Buffered {
        nominal: u16::from_be_bytes([*n0, *n1]),
        maximum: u16::from_be_bytes([*m0, *m1]),
        absolute: u16::from_be_bytes([*a0, *a1]),
    };
    Some(VoipMetrics {
        ssrc: u32::from_be_bytes(*ssrc),
        lost,
        discarded,
        burst_density,
        gap_density,
        burst_millis,
        gap_millis,
        round_trip_millis,
        end_system_millis,
        r: (r <= 100).then_some(r),
        listening: tenths(listening),
        conversation: tenths(conversation),
        buffer: (config & ADAPTIVE == ADAPTIVE).then_some(buffer),
    })
}

fn time(block: &[u8]) -> Option<Block> {
    let [_, _, a, b, c, d, _, _] = *block.first_chunk()?;
    Some(Block::Time(u32::from_be_bytes([a, b, c, d])))
}

/// The first: one side of a call hears one other.
fn heard(block: &[u8]) -> Option<Block> {
    let [ssrc, last_time, delay, ..] = block.as_chunks().0 else { return None };
    let [ssrc, last_time, delay] = [ssrc, last_time, delay].map(|word| u32::from_be_bytes(*word));
    Some(Block::Heard { ssrc, last_time, delay })
}

impl Writer {
    /// An extended report with these blocks; nothing without any.
    ///
    /// `time`: this instant, in seconds and their 2^32nds. `heard`: whose instant was heard last, its
    /// middle, and how long ago that was.
    pub(crate) fn extended(
        &mut self,
        ssrc: u32,
        time: Option<u64>,
        heard: Option<(u32, u32, u32)>,
        metrics: Option<VoipMetrics>,
    ) {
        let length = |there: bool, octets: usize| if there { 4 + octets } else { 0 };
        let blocks = length(time.is_some(), TIME_OCTETS)
            + length(heard.is_some(), HEARD_OCTETS)
            + length(metrics.is_some(), VOIP_OCTETS);
        if blocks == 0 {
            return;
        }
        self.packet(0, super::EXTENDED, 4 + blocks, |put| {
            put.word(ssrc);
            let head = |kind: u8, octets: usize| u32::from(kind) << 24 | (octets / 4) as u32;
            if let Some(time) = time {
                put.word(head(RECEIVER_TIME, TIME_OCTETS));
                put.word((time >> 32) as u32);
                put.word(time as u32);
            }
            if let Some((ssrc, last_time, delay)) = heard {
                put.word(head(LAST_TIMES, HEARD_OCTETS));
                [ssrc, last_time, delay].into_iter().for_each(|word| put.word(word));
            }
            if let Some(metrics) = metrics {
                put.word(head(VOIP_METRICS, VOIP_OCTETS));
                put.octets(&octets(metrics));
            }
        });
    }
}

fn octets(it: VoipMetrics) -> [u8; VOIP_OCTETS] {
    let pair = |a: u16, b: u16| u32::from(a) << 16 | u32::from(b);
    let known = |value: Option<u8>| value.unwrap_or(UNKNOWN);
    let Buffered { nominal, maximum, absolute } =
        it.buffer.unwrap_or(Buffered { nominal: 0, maximum: 0, absolute: 0 });
    let config = if it.buffer.is_some() { CONCEALED | ADAPTIVE | SLOWLY } else { 0 };
    let words = [
        it.ssrc,
        u32::from_be_bytes([it.lost, it.discarded, it.burst_density, it.gap_density]),
        pair(it.burst_millis, it.gap_millis),
        pair(it.round_trip_millis, it.end_system_millis),
        u32::from_be_bytes([UNKNOWN, UNKNOWN, UNKNOWN, GMIN]),
        u32::from_be_bytes([known(it.r), UNKNOWN, known(it.listening), known(it.conversation)]),
        pair(u16::from_be_bytes([config, 0]), nominal),
        pair(maximum, absolute),
    ];
    let mut octets = [0; VOIP_OCTETS];
    for (room, word) in octets.as_chunks_mut::<4>().0.iter_mut().zip(words) {
        *room = word.to_be_bytes();
    }
    octets
}

/// RFC 3611 §4.4, §4.5, §4.7.
const RECEIVER_TIME: u8 = 4;
pub(super) const LAST_TIMES: u8 = 5;
const VOIP_METRICS: u8 = 7;
const TIME_OCTETS: usize = 8;
pub(super) const HEARD_OCTETS: usize = 12;
const VOIP_OCTETS: usize = 32;
/// §4.7.4, §4.7.5: levels, echo loss, ratings that nobody measures here.
const UNKNOWN: u8 = 127;
/// §4.7.2: so many packets in a row that came end a burst.
pub(crate) const GMIN: u8 = 16;
/// §4.7.6: what is lost is concealed by more than silence or repetition; the buffer adapts itself, and
/// takes as long for it as can be said (twice 15 frames).
const CONCEALED: u8 = 0b1100_0000;
const ADAPTIVE: u8 = 0b0011_0000;
const SLOWLY: u8 = 0b0000_1111;

#[cfg(test)]
mod tests {
    use super::super::{Compound, Packet};
    use super::*;

    const METRICS: VoipMetrics = VoipMetrics {
        ssrc: 77,
        lost: 10,
        discarded: 3,
        burst_density: 99,
        gap_density: 1,
        burst_millis: 260,
        gap_millis: 14_000,
        round_trip_millis: 81,
        end_system_millis: 60,
        r: Some(88),
        listening: Some(43),
        conversation: Some(42),
        buffer: Some(Buffered { nominal: 40, maximum: 60, absolute: 400 }),
    };

    fn blocks(writer: &Writer) -> Vec<Block> {
        let mut packets = Compound::parse(writer.octets()).unwrap().packets();
        let Some(Packet::Extended { ssrc: 9, blocks }) = packets.next() else { panic!() };
        assert_eq!(packets.next(), None);
        blocks.collect()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut writer = Writer::new();
        writer.extended(9, Some(0x1111_abcd_1234_2222), Some((77, 5, 6)), Some(METRICS));
        assert_eq!(writer.octets().len(), 8 + 12 + 16 + 36);
        let heard = Block::Heard { ssrc: 77, last_time: 5, delay: 6 };
        let all = [Block::Time(0xabcd_1234), heard, Block::VoipMetrics(METRICS)];
        assert_eq!(blocks(&writer), all);
        let whole = writer.octets().to_vec();
        for end in 8..whole.len() {
            if let Ok(compound) = Compound::parse(&whole[..end]) {
                compound.packets().for_each(drop);
            }
        }
    }

    #[test]
    fn what_is_not_known_is_not_there() {
        let mut writer = Writer::new();
        writer.extended(9, None, None, None);
        assert!(writer.octets().is_empty());
        let unknown = VoipMetrics { ssrc: 77, ..VoipMetrics::default() };
        writer.extended(9, None, None, Some(unknown));
        assert_eq!(blocks(&writer), [Block::VoipMetrics(unknown)]);
        assert_eq!(writer.octets()[28..40], [127, 127, 127, 16, 127, 127, 127, 127, 0, 0, 0, 0]);
    }

    #[test]
    fn a_block_that_says_less_than_it_should_is_another_one() {
        let bytes = [0x80, 207, 0, 4, 0, 0, 0, 9, 7, 0, 0, 0, 4, 0, 0, 1, 0, 0, 0, 0];
        let mut packets = Compound::parse(&bytes).unwrap().packets();
        let Some(Packet::Extended { blocks, .. }) = packets.next() else { panic!() };
        assert_eq!(blocks.collect::<Vec<_>>(), [Block::Other(7), Block::Other(4)]);
    }
}
