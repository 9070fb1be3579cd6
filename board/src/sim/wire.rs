//! Both ends and both directions of a line, frame by frame.

use std::time::Instant;

use super::End;
use super::port::Port;
use super::side::Side;
use super::way::{Taken, Way};
use crate::{
    Alarms, ClockSource, Counters, Event, Fault, LineKind, Loop, Setting, Status, Timeslot,
};

#[derive(Debug)]
pub(super) struct Wire {
    kind: LineKind,
    near: Side,
    far: Side,
    /// Frames of the near end's clock so far.
    frames: u64,
    clock: Option<Clock>,
    drift_ppb: i64,
    pub(super) far_ppm: f64,
    /// How far the far end is ahead, frames.
    far_ahead: f64,
}

/// Where the machine's time and the line's were last the same.
#[derive(Debug)]
struct Clock {
    began: Instant,
    done: u64,
}

impl Wire {
    pub(super) fn new(near: Setting, far: Setting, seed: u64) -> Wire {
        Wire {
            kind: near.kind(),
            near: Side::new(near, seed),
            far: Side::new(far, seed.rotate_left(32) ^ 0xFA_12),
            frames: 0,
            clock: None,
            drift_ppb: 0,
            far_ppm: 0.0,
            far_ahead: 0.0,
        }
    }

    pub(super) fn side(&self, end: End) -> &Side {
        match end {
            End::Near => &self.near,
            End::Far => &self.far,
        }
    }

    pub(super) fn side_mut(&mut self, end: End) -> &mut Side {
        match end {
            End::Near => &mut self.near,
            End::Far => &mut self.far,
        }
    }

    /// An end is set up anew.
    pub(super) fn set_up(&mut self, end: End, setting: Setting) -> Result<(), Fault> {
        if setting.kind() != self.kind {
            return Err(Fault::Misuse);
        }
        let side = self.side_mut(end);
        if side.plugged.is_none() {
            return Err(Fault::Absent);
        }
        if !side.ports.is_empty() {
            return Err(Fault::Busy);
        }
        side.setting = setting;
        Ok(())
    }

    pub(super) fn way_mut(&mut self, from: End) -> &mut Way {
        &mut self.side_mut(from).way
    }

    /// Changes what alarms depend on, and tells who listens.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut Wire)) {
        change(self);
        for end in [End::Near, End::Far] {
            let alarms = self.alarms(end);
            let side = self.side_mut(end);
            if side.told != alarms {
                side.told = alarms;
                let event = if alarms.is_clear() { Event::AlarmsClear } else { Event::Alarm };
                side.ports.values_mut().for_each(|port| port.tell(event));
            }
        }
    }

    pub(super) fn pull_out(&mut self, end: End) {
        self.change(|wire| {
            let side = wire.side_mut(end);
            side.plugged = None;
            side.loop_ = None;
            side.ports.clear();
        });
    }

    pub(super) fn plug_in(&mut self, end: End) {
        self.change(|wire| {
            let side = wire.side_mut(end);
            if side.plugged.is_none() {
                side.plugs = side.plugs.wrapping_add(1);
                side.plugged = Some(side.plugs);
                side.counters = Counters::default();
            }
        });
    }

    pub(super) fn set_drift(&mut self, ppm: f64) {
        if let Some(clock) = &mut self.clock {
            // From here on in the new measure: what is due by the old one stays due.
            clock.began += nanoseconds(self.frames - clock.done, self.drift_ppb);
            clock.done = self.frames;
        }
        self.drift_ppb = (ppm * 1_000.0).clamp(-1e8, 1e8) as i64;
    }

    pub(super) fn rest(&mut self) {
        self.clock = None;
    }

    pub(super) fn turn(&mut self, now: Instant) {
        let clock = self.clock.get_or_insert(Clock { began: now, done: self.frames });
        let elapsed = now.saturating_duration_since(clock.began).as_nanos();
        let rate = u128::from(BILLION.saturating_add_signed(self.drift_ppb));
        // A frame is 125000 ns; a line that is faster by a billionth has as many more of them.
        let due = elapsed.saturating_mul(rate) / (125_000 * u128::from(BILLION));
        let due = clock.done.saturating_add(u64::try_from(due).unwrap_or(u64::MAX));
        while self.frames < due {
            self.tick();
        }
    }

    pub(super) fn status(&self, end: End) -> Status {
        let side = self.side(end);
        let follows = |clock| matches!(clock, ClockSource::Line { .. });
        Status {
            alarms: self.alarms(end),
            counters: side.counters,
            is_clock: follows(side.setting.clock),
        }
    }

    /// What an end complains about: it follows from the state of the wire, at once.
    fn alarms(&self, end: End) -> Alarms {
        let looped = self.side(end).loop_.is_some();
        let mut alarms = Alarms { looped, ..self.hears(end) };
        // Yellow comes from who sees red, if it gets through.
        alarms.yellow = !alarms.red && self.hears(end.other()).red;
        alarms
    }

    /// What the receiver of an end says of what reaches it.
    fn hears(&self, end: End) -> Alarms {
        let from = self.side(end.other());
        if self.side(end).loop_ == Some(Loop::Local) || self.side(end).plugged.is_none() {
            return Alarms::default();
        }
        let no_signal = from.way.cut || from.plugged.is_none();
        let blue = !no_signal && from.way.all_ones;
        let red = no_signal || blue;
        Alarms { red, blue, no_signal, no_frames: red, ..Alarms::default() }
    }

    /// One frame of the near end's clock.
    pub(super) fn tick(&mut self) {
        let far_frames = self.far_frames();
        for from in [End::Near, End::Far] {
            let own = if from == End::Near { 1 } else { far_frames };
            let sends = match self.way_mut(from).sends() {
                1 => own,
                asked => asked,
            };
            for _ in 0..sends {
                self.send(from);
            }
        }
        for _ in 0..far_frames {
            self.receive(End::Far);
        }
        self.receive(End::Near);
        self.frames = self.frames.wrapping_add(1);
        if self.frames.is_multiple_of(SECOND) {
            self.near.end_second();
            self.far.end_second();
        }
    }

    /// How many frames the far end has in this one of ours.
    fn far_frames(&mut self) -> u32 {
        let own = |side: &Side| side.setting.clock == ClockSource::Own;
        if !own(&self.near) || !own(&self.far) || !self.far_ppm.is_finite() {
            return 1;
        }
        self.far_ahead += self.far_ppm.clamp(-1e5, 1e5) / 1e6;
        if self.far_ahead >= 1.0 {
            self.far_ahead -= 1.0;
            2
        } else if self.far_ahead <= -1.0 {
            self.far_ahead += 1.0;
            0
        } else {
            1
        }
    }

    fn send(&mut self, from: End) {
        let kind = self.kind;
        let side = self.side_mut(from);
        let mut frame = side.say();
        if side.loop_ == Some(Loop::Local) {
            side.hear(frame);
        }
        let bits = kind.frame_bits();
        let even = self.frames.is_multiple_of(2);
        let side = self.side_mut(from);
        let mut looked = 0;
        let mut wrong = 0;
        let mut framing = false;
        while let Some(bit) = side.way.errors.within(looked, bits) {
            looked = bit + 1;
            wrong += 1;
            match turned(kind, bit) {
                Some((slot, mask)) => {
                    if let Some(octet) = frame.get_mut(usize::from(slot.0)) {
                        *octet ^= mask;
                    }
                    side.ports.entry(slot).and_modify(Port::spoil);
                }
                None => framing |= aligns(kind, even, bit),
            }
        }
        side.way.errors.pass(looked, bits);
        side.way.push(frame);
        self.check(from.other(), wrong, framing);
    }

    /// Counts what the receiver finds wrong with a frame, and what it tells the sender of it.
    fn check(&mut self, at: End, wrong: u32, framing: bool) {
        let usable = !self.hears(at).red;
        let side = self.side_mut(at);
        if !usable {
            side.second.unusable = true;
        } else if side.count(wrong, framing) && self.kind == LineKind::E1 {
            self.side_mut(at.other()).counters.far_errors += 1;
        }
    }

    fn receive(&mut self, at: End) {
        let usable = !self.hears(at).red;
        let taken = self.way_mut(at.other()).take();
        let (frame, slipped) = match taken {
            Taken::Next(frame) => (frame, false),
            Taken::Skipped(frame) => (frame, true),
            Taken::Nothing => (self.side(at).received, true),
        };
        let local = self.side(at).loop_ == Some(Loop::Local);
        if slipped && usable {
            let side = self.side_mut(at);
            side.counters.slips += 1;
            side.second.errored = true;
            self.side_mut(at.other()).ports.values_mut().for_each(Port::spoil);
        }
        if !local {
            // Without a signal a framer hands up all ones.
            self.side_mut(at).hear(if usable { frame } else { [0xFF; 32] });
        }
        while let Some((slot, left)) = self.way_mut(at.other()).take_message() {
            let side = self.side_mut(at);
            if side.loop_ == Some(Loop::Remote) {
                side.way.push_message(slot, left);
            } else if usable
                && !local
                && let Some(port) = side.ports.get_mut(&slot)
            {
                port.receive(left);
            }
        }
    }
}

/// Which timeslot a bit of a frame belongs to, and its place there; `None`: it is framing. Timeslot 0 of
/// an E1 comes first (G.704 §2.3.1), as does the F bit of a T1 (§2.1.1).
fn turned(kind: LineKind, bit: u16) -> Option<(Timeslot, u8)> {
    let (slot, place) = match kind {
        LineKind::E1 => (bit / 8, bit % 8),
        LineKind::T1 => (bit.div_ceil(8), (bit + 7) % 8),
    };
    let slot = Timeslot(u8::try_from(slot).ok()?);
    (slot.0 > 0).then_some((slot, 0x80 >> place))
}

/// Whether frames are found by this bit outside all timeslots: every second frame of an E1 begins with
/// the alignment signal, in bits 2 to 8 (G.704 table 5A); the F bit of a T1 always counts here.
fn aligns(kind: LineKind, even: bool, bit: u16) -> bool {
    match kind {
        LineKind::E1 => even && bit > 0,
        LineKind::T1 => true,
    }
}

/// The time that frames take on a line that is faster than the machine by this.
fn nanoseconds(frames: u64, ppb: i64) -> std::time::Duration {
    let rate = u128::from(BILLION.saturating_add_signed(ppb));
    let nanoseconds = u128::from(frames) * 125_000 * u128::from(BILLION) / rate.max(1);
    std::time::Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

const BILLION: u64 = 1_000_000_000;
/// Frames of a second.
const SECOND: u64 = 8_000;
