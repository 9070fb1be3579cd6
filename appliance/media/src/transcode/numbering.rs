//! Sequence numbers of a stream that is passed on, so that its hearer sees one stream whatever
//! happens to it on the way (RFC 3550 §5.1).

/// How the packets of one stream are numbered where they leave.
#[derive(Debug)]
pub(crate) struct Numbering {
    /// The stream, as its sender names it.
    ssrc: Option<u32>,
    /// As its hearer knows it, since the box itself has spoken in it.
    name: Option<u32>,
    /// Whether the box has spoken since the sender last did.
    apart: bool,
    /// The highest number that came, and how often it wrapped.
    highest: u16,
    cycles: u16,
    /// The number that the next packet in order leaves with, if it comes without a gap.
    next: u16,
    run: Run,
    /// What left, for the sender's reports.
    sent: u32,
    sent_octets: u32,
}

/// How numbers of packets that come become numbers of packets that leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Run {
    /// One leaves for each that comes: also a late one has its place.
    Straight {
        offset: u16,
        /// The first packet that is numbered so.
        since: u16,
    },
    /// As they are made.
    Counted,
}

/// Where a packet stands among those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is the first of its stream.
    First,
    /// It is the first of its stream, or the first after the box itself spoke, and goes on where
    /// that ended.
    Joins,
    /// It comes after all others.
    Next {
        /// So many between them are missing.
        lost: u16,
    },
    /// It has been overtaken, or came before.
    Late,
}

impl Numbering {
    /// Nothing came yet.
    pub(crate) fn new() -> Self {
        let run = Run::Straight { offset: 0, since: 0 };
        Self {
            ssrc: None,
            name: None,
            apart: false,
            highest: 0,
            cycles: 0,
            next: 0,
            run,
            sent: 0,
            sent_octets: 0,
        }
    }

    /// Takes a packet's number in.
    pub(crate) fn see(&mut self, ssrc: u32, sequence: u16) -> Place {
        if self.name.is_some() && (self.apart || self.ssrc != Some(ssrc)) {
            self.run = Run::Straight { offset: self.next.wrapping_sub(sequence), since: sequence };
            (self.ssrc, self.apart) = (Some(ssrc), false);
            (self.highest, self.cycles) = (sequence, 0);
            return Place::Joins;
        }
        if self.ssrc != Some(ssrc) {
            let run = Run::Straight { offset: 0, since: sequence };
            let (highest, next) = (sequence, sequence);
            *self = Self { ssrc: Some(ssrc), highest, next, run, ..Self::new() };
            return Place::First;
        }
        let ahead = sequence.wrapping_sub(self.highest);
        if self.highest.wrapping_sub(sequence) < MAX_MISORDER {
            return Place::Late;
        }
        if sequence < self.highest {
            self.cycles = self.cycles.wrapping_add(1);
        }
        self.highest = sequence;
        if let Run::Straight { since, .. } = &mut self.run {
            let kept = sequence.wrapping_sub(MAX_MISORDER);
            if ahead >= MAX_DROPOUT {
                *since = sequence;
            } else if kept.wrapping_sub(*since) < u16::MAX / 2 {
                *since = kept;
            }
        }
        // A sender that starts anew has lost nothing by that.
        Place::Next { lost: if ahead < MAX_DROPOUT { ahead - 1 } else { 0 } }
    }

    /// The number with which a packet leaves for one that came; nothing when that one's place is
    /// given away.
    pub(crate) fn straight(&mut self, sequence: u16) -> Option<u16> {
        let Run::Straight { offset, since } = self.run else { return None };
        // Half of all numbers are behind.
        if sequence.wrapping_sub(since) > u16::MAX / 2 {
            return None;
        }
        let number = sequence.wrapping_add(offset);
        if sequence == self.highest {
            self.next = number.wrapping_add(1);
        }
        Some(number)
    }

    /// From this packet on one leaves for each that comes. After those that were counted it leaves
    /// with the next number.
    pub(crate) fn straighten(&mut self, sequence: u16) {
        if self.run == Run::Counted {
            self.run = Run::Straight { offset: self.next.wrapping_sub(sequence), since: sequence };
        }
    }

    /// Packets leave as they are made, this one with the number that is returned.
    pub(crate) fn count(&mut self) -> u16 {
        self.run = Run::Counted;
        let number = self.next;
        self.next = number.wrapping_add(1);
        number
    }

    /// The box itself speaks from now on. Where nothing was said before, the stream is named, and
    /// its first packet numbered, by `own`.
    pub(crate) fn take_over(&mut self, own: u64) {
        if self.name.is_none() {
            self.name = Some(self.ssrc.unwrap_or(own as u32));
        }
        if self.sent == 0 && self.ssrc.is_none() {
            // RFC 3711 §3.3.1: a first number in the lower half leaves room for what is lost first.
            self.next = (own >> 32) as u16 >> 1;
        }
        self.apart = true;
    }

    /// Whether the box has spoken since the sender last did.
    pub(crate) fn is_apart(&self) -> bool {
        self.apart
    }

    /// So many that would have been made are missing.
    pub(crate) fn skip(&mut self, missing: u16) {
        self.next = self.next.wrapping_add(missing);
    }

    /// Whether one leaves for each that comes.
    pub(crate) fn is_straight(&self) -> bool {
        self.run != Run::Counted
    }

    /// Counts a packet that leaves.
    pub(crate) fn note_sent(&mut self, payload: usize) {
        self.sent = self.sent.wrapping_add(1);
        self.sent_octets = self.sent_octets.wrapping_add(payload as u32);
    }

    /// The stream that comes.
    pub(crate) fn ssrc(&self) -> Option<u32> {
        self.ssrc
    }

    /// The stream that leaves.
    pub(crate) fn name(&self) -> Option<u32> {
        self.name.or(self.ssrc)
    }

    /// Packets that left, and octets of their payloads.
    pub(crate) fn sent(&self) -> (u32, u32) {
        (self.sent, self.sent_octets)
    }

    /// The highest number that came, and in the upper half how often it wrapped.
    pub(crate) fn highest(&self) -> u32 {
        u32::from(self.cycles) << 16 | u32::from(self.highest)
    }
}

/// RFC 3550 §A.1.
const MAX_DROPOUT: u16 = 3_000;
const MAX_MISORDER: u16 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn next(lost: u16) -> Place {
        Place::Next { lost }
    }

    #[test]
    fn packets_keep_their_numbers_until_something_is_made_of_them() {
        let mut numbering = Numbering::new();
        assert_eq!(numbering.see(7, 65_534), Place::First);
        assert_eq!(numbering.straight(65_534), Some(65_534));
        assert_eq!(numbering.see(7, 1), next(2));
        assert_eq!(numbering.straight(1), Some(1));
        assert_eq!(numbering.see(7, 0), Place::Late);
        assert_eq!(numbering.straight(0), Some(0));
        assert_eq!(numbering.highest(), 0x0001_0001);
    }

    #[test]
    fn what_is_counted_goes_on_and_comes_back_without_a_step() {
        let mut numbering = Numbering::new();
        numbering.see(7, 100);
        assert_eq!(numbering.straight(100), Some(100));
        numbering.see(7, 101);
        assert_eq!([numbering.count(), numbering.count()], [101, 102]);
        numbering.see(7, 104);
        numbering.skip(2);
        numbering.straighten(104);
        assert_eq!(numbering.straight(104), Some(105));
        assert_eq!(numbering.see(7, 106), next(1));
        assert_eq!(numbering.straight(106), Some(107));
        assert_eq!((numbering.see(7, 105), numbering.straight(105)), (Place::Late, Some(106)));
        // Its number was given to what was counted.
        assert_eq!((numbering.see(7, 103), numbering.straight(103)), (Place::Late, None));
    }

    #[test]
    fn a_place_is_remembered_however_long_the_stream_is() {
        let mut numbering = Numbering::new();
        numbering.see(7, 0);
        numbering.count();
        numbering.see(7, 1);
        numbering.straighten(1);
        for sequence in (2..=u16::MAX).chain(0..=u16::MAX).chain(0..100) {
            assert_eq!(numbering.see(7, sequence), next(0));
            assert_eq!(numbering.straight(sequence), Some(sequence));
        }
    }

    #[test]
    fn another_stream_begins_as_its_sender_numbers_it() {
        let mut numbering = Numbering::new();
        numbering.see(7, 100);
        numbering.count();
        assert_eq!(numbering.see(8, 9_000), Place::First);
        assert_eq!(numbering.straight(9_000), Some(9_000));
    }

    #[test]
    fn a_sender_that_starts_anew_has_lost_nothing() {
        let mut numbering = Numbering::new();
        numbering.see(7, 100);
        numbering.count();
        assert_eq!(numbering.see(7, 40_000), next(0));
        assert_eq!(numbering.count(), 101);
    }
}
