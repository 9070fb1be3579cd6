//! From the sound of one packet to packets of another encoding.

use super::inlet::{Inlet, Millis};
use super::numbering::Numbering;
use super::outlet::{Name, Outlet};
use super::{Desk, Outcome};
use crate::codec::is_memoryless;
use crate::rtp::Head;

/// One packet between its decoder and its encoder.
pub(super) struct Work<'a> {
    pub(super) inlet: &'a mut Inlet,
    pub(super) outlet: &'a mut Outlet,
    pub(super) numbering: &'a mut Numbering,
    /// The stream that leaves.
    pub(super) ssrc: u32,
    pub(super) desk: &'a mut Desk,
}

impl Work<'_> {
    /// The first packet of a stream.
    pub(super) fn begin(&mut self, at: u32, head: Head, payload: &[u8]) -> Outcome {
        self.outlet.place(at);
        self.hear(head, payload)
    }

    /// Comes from what was last heard to what comes now, which belongs `at` this timestamp.
    pub(super) fn bridge(&mut self, at: u32, lost: u16) {
        let Some(end) = self.outlet.end() else {
            self.leave_out(at, lost);
            return self.outlet.place(at);
        };
        let clock = self.outlet.codec().clock();
        let gap = at.wrapping_sub(end).cast_signed();
        self.conceal(gap, lost > 0 && gap <= SHORT.ticks(clock));
        if self.outlet.is_empty() {
            self.leave_out(at, lost);
            return self.outlet.place(at);
        }
        // Timestamps that go a little wrong are no gap: what waits is part of the same sound.
        let end = self.outlet.end().unwrap_or(at);
        if at.wrapping_sub(end).cast_signed().unsigned_abs() >= UNSTEADY.ticks(clock).unsigned_abs()
        {
            self.outlet.place(at);
        }
    }

    /// Goes on for a while into a gap of so many ticks: what waits becomes a whole packet by it,
    /// and a decoder that minds gaps learns of a short one.
    fn conceal(&mut self, gap: i32, short: bool) {
        let clock = self.outlet.codec().clock();
        if gap < UNSTEADY.ticks(clock) {
            return;
        }
        let rate = self.outlet.shape().rate().hz() as u64;
        let missing = (u64::from(gap.unsigned_abs()) * rate / u64::from(clock)) as usize;
        let lack = if self.outlet.is_empty() { 0 } else { self.outlet.lack().min(missing) };
        let told = if short && self.inlet.conceals() { missing } else { 0 };
        if lack.max(told) == 0 {
            return;
        }
        let Some(pcm) = self.inlet.conceal(lack.max(told), &mut self.desk.room) else { return };
        self.outlet.push(pcm.get(..lack).unwrap_or(pcm));
        self.make();
    }

    /// Numbers for what is missing between what was last said and this timestamp.
    fn leave_out(&mut self, at: u32, lost: u16) {
        if lost == 0 || self.numbering.is_straight() {
            return;
        }
        let gap = at.wrapping_sub(self.outlet.end().unwrap_or(at)).cast_signed();
        let packet = self.outlet.shape().ticks(self.outlet.shape().packet()).cast_signed();
        let missing = (gap / packet.max(1)).clamp(1, MOST_MISSING);
        self.numbering.skip(u16::try_from(missing).unwrap_or(1));
    }

    pub(super) fn hear(&mut self, head: Head, payload: &[u8]) -> Outcome {
        self.outlet.mark(head.marker);
        let packet = self.outlet.shape().packet();
        let alone = self.outlet.is_empty();
        if alone && let Some((direct, samples)) = self.inlet.direct(payload, packet) {
            let Some(name) = name_alone(self.numbering, head, self.ssrc) else {
                return Outcome::Late;
            };
            let write = |room: &mut [u8]| direct.write(payload, room);
            let made = self.outlet.say_as(name, samples, &mut self.desk.packets, write);
            return note(self.numbering, made);
        }
        let Some(pcm) = self.inlet.hear(payload, &mut self.desk.room) else {
            return Outcome::Untranslatable;
        };
        if alone && pcm.len() == packet {
            let Some(name) = name_alone(self.numbering, head, self.ssrc) else {
                return Outcome::Late;
            };
            let made = self.outlet.say(name, pcm, &mut self.desk.packets);
            return note(self.numbering, made);
        }
        self.outlet.push(pcm);
        self.make();
        Outcome::Made
    }

    /// A packet that was overtaken has its place where one leaves for each that comes and each can
    /// be made alone.
    pub(super) fn late(&mut self, head: Head, timestamp: u32, payload: &[u8]) -> Outcome {
        let Some(sequence) = self.numbering.straight(head.sequence) else { return Outcome::Late };
        let head = Head { sequence, timestamp, ssrc: self.ssrc, ..head };
        let packet = self.outlet.shape().packet();
        let packets = &mut self.desk.packets;
        if let Some((direct, _)) = self.inlet.direct(payload, packet) {
            let made = self.outlet.say_late_as(head, packets, |room| direct.write(payload, room));
            return note(self.numbering, made);
        }
        if !self.inlet.is_memoryless() || !is_memoryless(self.outlet.codec()) {
            return Outcome::Late;
        }
        let Some(pcm) = self.inlet.hear_late(payload, &mut self.desk.room) else {
            return Outcome::Untranslatable;
        };
        if pcm.len() != packet {
            return Outcome::Late;
        }
        let made = self.outlet.say_late(head, pcm, packets);
        note(self.numbering, made)
    }

    fn make(&mut self) {
        make(self.outlet, self.numbering, self.ssrc, self.desk);
    }
}

/// All whole packets of what waits.
pub(super) fn make(outlet: &mut Outlet, numbering: &mut Numbering, ssrc: u32, desk: &mut Desk) {
    loop {
        let name = || Name { sequence: numbering.count(), ssrc };
        let Some(length) = outlet.make(name, &mut desk.packets) else { return };
        numbering.note_sent(length);
    }
}

/// The name of a packet that is made of just one.
fn name_alone(numbering: &mut Numbering, head: Head, ssrc: u32) -> Option<Name> {
    numbering.straighten(head.sequence);
    Some(Name { sequence: numbering.straight(head.sequence)?, ssrc })
}

fn note(numbering: &mut Numbering, made: Option<usize>) -> Outcome {
    let Some(length) = made else { return Outcome::Untranslatable };
    numbering.note_sent(length);
    Outcome::Made
}

/// The longest gap that a decoder conceals: what comes after it has nothing to do with what was
/// before.
const SHORT: Millis = Millis(60);
/// Timestamps that are less than this off are not exact, but of the same sound.
pub(super) const UNSTEADY: Millis = Millis(10);
/// More is no loss but another stream (RFC 3550 §A.1).
pub(super) const MOST_MISSING: i32 = 3_000;
