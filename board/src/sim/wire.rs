//! Both ends and both directions of a line, frame by frame.

use std::collections::BTreeMap;
use std::time::Instant;

use super::End;
use super::port::{Content, Port};
use super::way::{Frame, Taken, Way};
use crate::{
    Alarms, ClockSource, Counters, E1Framing, Event, LineKind, LineSetting, Loop, Setting, Status,
    T1Framing, Timeslot,
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

/// An end, and the way that leads away from it.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) setting: Setting,
    pub(super) ports: BTreeMap<Timeslot, Port>,
    pub(super) loop_: Option<Loop>,
    /// `None` while the card is pulled out. Otherwise how often it was put in.
    pub(super) plugged: Option<u32>,
    plugs: u32,
    counters: Counters,
    way: Way,
    /// What arrived last.
    received: Frame,
    told: Alarms,
    second: Second,
    block: Block,
}

/// What a second had so far (ITU-T G.826 §4.3).
#[derive(Debug, Default)]
struct Second {
    errored: bool,
    unusable: bool,
    bad_blocks: u32,
}

/// A block of the cyclic check that is being received.
#[derive(Debug, Default)]
struct Block {
    frames: u16,
    bad: bool,
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
                None => framing = true,
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
            return;
        }
        side.counters.code_violations += u64::from(wrong);
        side.counters.framing_errors += u64::from(framing);
        side.second.errored |= wrong > 0;
        let Some(length) = side.setting.checked_frames() else { return };
        side.block.bad |= wrong > 0;
        side.block.frames += 1;
        if side.block.frames < length {
            return;
        }
        let bad = std::mem::take(&mut side.block).bad;
        side.counters.check_errors += u64::from(bad);
        side.second.bad_blocks += u32::from(bad);
        if bad && self.kind == LineKind::E1 {
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

impl Side {
    fn new(setting: Setting, seed: u64) -> Side {
        let idle = [setting.law.idle(); 32];
        Side {
            setting,
            ports: BTreeMap::new(),
            loop_: None,
            plugged: Some(0),
            plugs: 0,
            counters: Counters::default(),
            way: Way::new(idle, seed),
            received: idle,
            told: Alarms::default(),
            second: Second::default(),
            block: Block::default(),
        }
    }

    /// The frame that this end sends now.
    fn say(&mut self) -> Frame {
        if self.loop_ == Some(Loop::Remote) {
            return self.received;
        }
        let law = self.setting.law;
        let mut frame = [law.idle(); 32];
        for (slot, port) in &mut self.ports {
            let index = usize::from(slot.0);
            let heard = self.received.get(index).copied().unwrap_or(law.idle());
            if let (Some(octet), Some(room)) = (port.next_octet(heard), frame.get_mut(index)) {
                *room = octet;
            }
        }
        for (slot, hybrid) in &mut self.way.echo {
            let index = usize::from(slot.0);
            if let (Some(heard), Some(octet)) = (self.received.get(index), frame.get_mut(index)) {
                *octet = hybrid.mix(law, *heard, *octet);
            }
        }
        let local = self.loop_ == Some(Loop::Local);
        for slot in &self.setting.signalling {
            let Some(port) = self.ports.get_mut(slot) else { continue };
            if let Some(left) = port.step_frame() {
                if local {
                    port.receive(left);
                } else {
                    self.way.push_message(*slot, left);
                }
            }
        }
        frame
    }

    fn hear(&mut self, frame: Frame) {
        self.received = frame;
        for (slot, port) in &mut self.ports {
            if let (Content::Octets(_), Some(octet)) =
                (&port.content, frame.get(usize::from(slot.0)))
            {
                port.hear(*octet);
            }
        }
    }

    fn end_second(&mut self) {
        let second = std::mem::take(&mut self.second);
        let blocks = self.setting.checked_frames().map_or(0, |length| 8_000 / u32::from(length));
        let severe = second.unusable || blocks > 0 && second.bad_blocks * 10 >= blocks * 3;
        self.counters.errored_seconds += u64::from(second.errored || severe);
        self.counters.severely_errored_seconds += u64::from(severe);
    }
}

impl Setting {
    /// Frames that one cyclic check covers: a submultiframe of CRC-4 (G.704 §2.3.3.4), an extended
    /// superframe (§2.1.3.1); none without such a check.
    fn checked_frames(&self) -> Option<u16> {
        match self.line {
            LineSetting::E1 { framing: E1Framing::Crc4, .. } => Some(8),
            LineSetting::T1 { framing: T1Framing::Esf, .. } => Some(24),
            LineSetting::E1 { framing: E1Framing::Basic, .. }
            | LineSetting::T1 { framing: T1Framing::Superframe, .. } => None,
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

/// The time that frames take on a line that is faster than the machine by this.
fn nanoseconds(frames: u64, ppb: i64) -> std::time::Duration {
    let rate = u128::from(BILLION.saturating_add_signed(ppb));
    let nanoseconds = u128::from(frames) * 125_000 * u128::from(BILLION) / rate.max(1);
    std::time::Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

const BILLION: u64 = 1_000_000_000;
/// Frames of a second.
const SECOND: u64 = 8_000;
