//! Reports that the box itself writes (RFC 3550 §6.4 to §6.6).

use super::{
    DESCRIPTION, GOODBYE, RECEIVER_REPORT, REPORT, Report, SENDER_INFORMATION, SENDER_REPORT,
    VERSION,
};

/// A datagram of reports in the making. What does not fit is left out whole.
#[derive(Debug)]
pub(crate) struct Writer {
    octets: [u8; MOST],
    length: usize,
}

/// What somebody has sent (§6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent {
    /// The instant, in seconds and their 2^32nds.
    pub(crate) ntp: u64,
    /// The same instant in the stream.
    pub(crate) timestamp: u32,
    pub(crate) packets: u32,
    /// Of payload.
    pub(crate) octets: u32,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self { octets: [0; MOST], length: 0 }
    }

    /// What was written.
    pub(crate) fn octets(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }

    /// Begins with what somebody sent, if it did, and how it hears a stream, if there is one.
    pub(crate) fn report(&mut self, ssrc: u32, sent: Option<Sent>, heard: Option<Report>) {
        let (kind, information) = match sent {
            Some(_) => (SENDER_REPORT, SENDER_INFORMATION),
            None => (RECEIVER_REPORT, 0),
        };
        let blocks = if heard.is_some() { REPORT } else { 0 };
        self.packet(u8::from(heard.is_some()), kind, 4 + information + blocks, |put| {
            put.word(ssrc);
            if let Some(sent) = sent {
                put.word((sent.ntp >> 32) as u32);
                put.word(sent.ntp as u32);
                put.word(sent.timestamp);
                put.word(sent.packets);
                put.word(sent.octets);
            }
            if let Some(heard) = heard {
                put.word(heard.ssrc);
                let lost = heard.lost.clamp(-LOST - 1, LOST) as u32 & 0x00ff_ffff;
                put.word((u32::from(heard.fraction_lost) << 24) | lost);
                put.word(heard.highest);
                put.word(heard.jitter);
                put.word(heard.last_report);
                put.word(heard.delay);
            }
        });
    }

    /// Who it is, whatever its streams are called (§6.5.1).
    pub(crate) fn name(&mut self, ssrc: u32, name: &[u8; 16]) {
        self.packet(1, DESCRIPTION, 4 + 2 + name.len() + 2, |put| {
            put.word(ssrc);
            put.octets(&[CNAME, name.len() as u8]);
            put.octets(name);
            put.octets(&[0; 2]);
        });
    }

    /// The stream ends (§6.6).
    pub(crate) fn goodbye(&mut self, ssrc: u32) {
        self.packet(1, GOODBYE, 4, |put| put.word(ssrc));
    }

    /// A packet whose body has so many octets, a multiple of four.
    pub(super) fn packet(
        &mut self,
        count: u8,
        kind: u8,
        length: usize,
        body: impl FnOnce(&mut Put<'_>),
    ) {
        let room = self.octets.get_mut(self.length..self.length + 4 + length);
        let Some(rest) = room else { return };
        let mut put = Put { rest };
        put.octets(&[(VERSION << 6) | count, kind]);
        put.octets(&((length / 4) as u16).to_be_bytes());
        body(&mut put);
        self.length += 4 + length;
    }
}

/// The room of one packet.
pub(super) struct Put<'a> {
    rest: &'a mut [u8],
}

impl Put<'_> {
    pub(super) fn word(&mut self, word: u32) {
        self.octets(&word.to_be_bytes());
    }

    pub(super) fn octets(&mut self, octets: &[u8]) {
        let rest = std::mem::take(&mut self.rest);
        let Some((room, rest)) = rest.split_at_mut_checked(octets.len()) else { return };
        room.copy_from_slice(octets);
        self.rest = rest;
    }
}

/// A sender's report with a block, a name, two blocks of an extended report and a goodbye.
const MOST: usize = 256;
/// The item that names somebody (§6.5.1).
const CNAME: u8 = 1;
/// The most that fits into 24 bits with a sign.
const LOST: i32 = 0x007f_ffff;

#[cfg(test)]
mod tests {
    use super::super::{Compound, Packet};
    use super::*;

    const HEARD: Report = Report {
        ssrc: 77,
        fraction_lost: 12,
        lost: -3,
        highest: 0x0001_ffff,
        jitter: 160,
        last_report: 0xabcd_1234,
        delay: 65_536,
    };

    #[test]
    fn what_is_written_is_read_again() {
        let mut writer = Writer::new();
        let sent = Sent { ntp: 0x1111_abcd_1234_2222, timestamp: 5, packets: 6, octets: 7 };
        writer.report(9, Some(sent), Some(HEARD));
        writer.name(9, b"0123456789abcdef");
        writer.goodbye(9);
        let packets: Vec<_> = Compound::parse(writer.octets()).unwrap().packets().collect();
        let [Packet::SenderReport { ssrc: 9, sent: 0xabcd_1234, reports }, named, left] =
            packets[..]
        else {
            panic!("{packets:?}")
        };
        assert_eq!(reports.collect::<Vec<_>>(), [HEARD]);
        assert_eq!((named, left), (Packet::Other(202), Packet::Goodbye { streams: &[0, 0, 0, 9] }));
        assert_eq!(writer.octets().len(), 52 + 28 + 8);
        assert_eq!(writer.octets()[60..62], [1, 16]);
        assert_eq!(&writer.octets()[62..80], b"0123456789abcdef\0\0");
    }

    #[test]
    fn who_sent_nothing_only_reports_what_it_hears() {
        let mut writer = Writer::new();
        writer.report(9, None, Some(Report { lost: i32::MAX, ..HEARD }));
        let packets: Vec<_> = Compound::parse(writer.octets()).unwrap().packets().collect();
        let [Packet::ReceiverReport { ssrc: 9, mut reports }] = packets[..] else {
            panic!("{packets:?}")
        };
        assert_eq!(reports.next().unwrap().lost, 0x007f_ffff);
        let mut writer = Writer::new();
        writer.report(9, None, None);
        assert_eq!(writer.octets(), [0x80, 201, 0, 1, 0, 0, 0, 9]);
    }

    #[test]
    fn what_does_not_fit_is_left_out_whole() {
        let mut writer = Writer::new();
        for _ in 0..100 {
            writer.goodbye(9);
        }
        assert_eq!(writer.octets().len(), MOST);
    }
}
