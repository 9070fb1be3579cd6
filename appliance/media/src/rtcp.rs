//! RTCP packets as they lie in the datagram (RFC 3550 §6).

mod edit;
mod extended;
mod writer;

pub(crate) use edit::edit;
pub(crate) use extended::GMIN;
pub use extended::{Block, Blocks, Buffered, VoipMetrics};
pub(crate) use writer::{Sent, Writer};

use crate::rtp::is_rtcp;

/// A datagram of RTCP packets, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compound<'a> {
    bytes: &'a [u8],
}

/// One packet of a compound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    /// What a sender sent, and how it hears others (§6.4.1).
    SenderReport {
        /// Who reports.
        ssrc: u32,
        /// The middle of the instant at which it was sent, in the sender's own time: whoever hears
        /// it names it in reports.
        sent: u32,
        /// How it hears others.
        reports: Reports<'a>,
    },
    /// How somebody who sends nothing hears others (§6.4.2).
    ReceiverReport {
        /// Who reports.
        ssrc: u32,
        /// How it hears others.
        reports: Reports<'a>,
    },
    /// The streams that end (§6.6).
    Goodbye {
        /// Four octets for each.
        streams: &'a [u8],
    },
    /// What a telephone itself says of a call (RFC 3611).
    Extended {
        /// Who reports.
        ssrc: u32,
        /// What.
        blocks: Blocks<'a>,
    },
    /// Another packet type, or one that says less than it should.
    Other(u8),
}

/// The report blocks of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reports<'a> {
    blocks: &'a [u8],
}

/// How one stream is heard by whoever reports (§6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// The stream.
    pub ssrc: u32,
    /// Lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Lost since the beginning; less than nothing when packets were doubled on the way.
    pub lost: i32,
    /// The highest sequence number that came, and in the upper half how often it wrapped.
    pub highest: u32,
    /// Interarrival jitter in ticks of the stream's clock.
    pub jitter: u32,
    /// The sender's report that was heard last, by the middle of its instant; 0 if none was.
    pub last_report: u32,
    /// How long ago that was, in 1/65,536 of a second.
    pub delay: u32,
}

/// Whoever sent it: this is not RTCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// The datagram ends inside its first packet.
    Short,
    /// Not version 2.
    Version,
    /// Not a packet type of RTCP.
    PacketType,
}

impl<'a> Compound<'a> {
    /// Checks the first packet only: in SRTCP everything behind its first eight octets is
    /// encrypted (RFC 3711 §3.4), and RFC 5506 lets any type come first.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let Some([flags, kind, ..]) = bytes.first_chunk::<8>() else {
            return Err(Malformed::Short);
        };
        if flags >> 6 != VERSION {
            return Err(Malformed::Version);
        }
        if !is_rtcp(*kind) {
            return Err(Malformed::PacketType);
        }
        match split(bytes) {
            Some(_) => Ok(Self { bytes }),
            None => Err(Malformed::Short),
        }
    }

    /// The packets up to the first that makes no sense.
    pub fn packets(&self) -> Packets<'a> {
        Packets { rest: self.bytes }
    }
}

/// The packets of a [`Compound`].
#[derive(Debug, Clone)]
pub struct Packets<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Packets<'a> {
    type Item = Packet<'a>;

    fn next(&mut self) -> Option<Packet<'a>> {
        let (flags, kind, body, rest) = split(self.rest)?;
        self.rest = rest;
        Some(packet(flags, kind, body).unwrap_or(Packet::Other(kind)))
    }
}

impl Iterator for Reports<'_> {
    type Item = Report;

    fn next(&mut self) -> Option<Report> {
        let (block, rest) = self.blocks.split_first_chunk::<REPORT>()?;
        self.blocks = rest;
        Some(report(block))
    }
}

/// Flags, type and body of the first packet, and what follows it.
fn split(bytes: &[u8]) -> Option<(u8, u8, &[u8], &[u8])> {
    let ([flags, kind, high, low], rest) = bytes.split_first_chunk::<4>()?;
    if flags >> 6 != VERSION {
        return None;
    }
    let words = usize::from(u16::from_be_bytes([*high, *low]));
    let (body, rest) = rest.split_at_checked(words * 4)?;
    Some((*flags, *kind, body, rest))
}

fn packet(flags: u8, kind: u8, body: &[u8]) -> Option<Packet<'_>> {
    let count = usize::from(flags & COUNT);
    match kind {
        SENDER_REPORT => {
            let (ssrc, body) = body.split_first_chunk::<4>()?;
            let blocks = body.get(SENDER_INFORMATION..)?.get(..count * REPORT)?;
            let reports = Reports { blocks };
            let [_, _, a, b, c, d, ..] = *body.first_chunk::<SENDER_INFORMATION>()?;
            let sent = u32::from_be_bytes([a, b, c, d]);
            Some(Packet::SenderReport { ssrc: u32::from_be_bytes(*ssrc), sent, reports })
        }
        RECEIVER_REPORT => {
            let (ssrc, body) = body.split_first_chunk::<4>()?;
            let reports = Reports { blocks: body.get(..count * REPORT)? };
            Some(Packet::ReceiverReport { ssrc: u32::from_be_bytes(*ssrc), reports })
        }
        EXTENDED => {
            let (ssrc, rest) = body.split_first_chunk::<4>()?;
            Some(Packet::Extended { ssrc: u32::from_be_bytes(*ssrc), blocks: Blocks { rest } })
        }
        GOODBYE => Some(Packet::Goodbye { streams: body.get(..count * 4)? }),
        _ => None,
    }
}

fn report(block: &[u8; REPORT]) -> Report {
    let [s0, s1, s2, s3, fraction_lost, l0, l1, l2, h0, h1, h2, h3, j0, j1, j2, j3, rest @ ..] =
        *block;
    let [t0, t1, t2, t3, d0, d1, d2, d3] = rest;
    Report {
        ssrc: u32::from_be_bytes([s0, s1, s2, s3]),
        fraction_lost,
        // 24 bits with a sign: read as the upper ones, then moved down.
        lost: i32::from_be_bytes([l0, l1, l2, 0]) >> 8,
        highest: u32::from_be_bytes([h0, h1, h2, h3]),
        jitter: u32::from_be_bytes([j0, j1, j2, j3]),
        last_report: u32::from_be_bytes([t0, t1, t2, t3]),
        delay: u32::from_be_bytes([d0, d1, d2, d3]),
    }
}

/// RFC 3550 §6.4.
const VERSION: u8 = 2;
const COUNT: u8 = 0x1f;
const HEAD: usize = 4;
pub(crate) const SENDER_INFORMATION: usize = 20;
const REPORT: usize = 24;
pub(crate) const REPORT_BODY: usize = REPORT - 4;
/// RFC 3550 §12.1.
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
/// RFC 4585 §6.1: about packets, and about pictures.
const FEEDBACK: [u8; 2] = [205, 206];
/// RFC 3611 §2.
const EXTENDED: u8 = 207;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A receiver report with one block.
    pub(crate) fn receiver_report(about: u32, lost: i32, jitter: u32) -> Vec<u8> {
        let mut bytes = vec![0x81, 201, 0, 7, 0, 0, 0, 9];
        bytes.extend(about.to_be_bytes());
        bytes.push(3);
        bytes.extend(&lost.to_be_bytes()[1..]);
        bytes.extend(0x0001_0042_u32.to_be_bytes());
        bytes.extend(jitter.to_be_bytes());
        bytes.extend([0; 8]);
        bytes
    }

    #[test]
    fn a_receiver_report_tells_loss_and_jitter() {
        let bytes = receiver_report(77, 12, 160);
        let packets: Vec<_> = Compound::parse(&bytes).unwrap().packets().collect();
        let [Packet::ReceiverReport { ssrc: 9, reports }] = packets[..] else {
            panic!("{packets:?}")
        };
        let expected = Report {
            ssrc: 77,
            fraction_lost: 3,
            lost: 12,
            highest: 0x0001_0042,
            jitter: 160,
            last_report: 0,
            delay: 0,
        };
        assert_eq!(reports.collect::<Vec<_>>(), [expected]);
    }

    #[test]
    fn loss_may_be_less_than_nothing() {
        let bytes = receiver_report(77, -2, 0);
        let Some(Packet::ReceiverReport { mut reports, .. }) =
            Compound::parse(&bytes).unwrap().packets().next()
        else {
            panic!()
        };
        assert_eq!(reports.next().unwrap().lost, -2);
    }

    #[test]
    fn a_sender_report_is_followed_by_a_goodbye() {
        let mut bytes = vec![0x80, 200, 0, 6, 0, 0, 0, 5];
        bytes.extend([0; 20]);
        bytes.extend([0x81, 203, 0, 1, 0, 0, 0, 5]);
        let packets: Vec<_> = Compound::parse(&bytes).unwrap().packets().collect();
        assert!(matches!(
            packets[..],
            [Packet::SenderReport { ssrc: 5, .. }, Packet::Goodbye { streams: [0, 0, 0, 5] }]
        ));
    }

    #[test]
    fn what_is_encrypted_behind_the_first_packet_ends_the_list() {
        let mut bytes = receiver_report(77, 1, 1);
        bytes.extend([0x1f; 14]);
        assert_eq!(Compound::parse(&bytes).unwrap().packets().count(), 1);
    }

    #[test]
    fn a_count_larger_than_the_body_is_no_report() {
        let mut bytes = receiver_report(77, 1, 1);
        bytes[0] = 0x82;
        let packets: Vec<_> = Compound::parse(&bytes).unwrap().packets().collect();
        assert_eq!(packets, [Packet::Other(201)]);
    }

    #[test]
    fn rtp_and_cut_datagrams_are_no_rtcp() {
        let bytes = receiver_report(77, 1, 1);
        for end in 0..bytes.len() {
            assert_eq!(Compound::parse(&bytes[..end]), Err(Malformed::Short), "cut at {end}");
        }
        assert_eq!(Compound::parse(&[0x80, 8, 0, 0, 0, 0, 0, 0]), Err(Malformed::PacketType));
        assert_eq!(Compound::parse(&[0; 8]), Err(Malformed::Version));
    }
}
