//! An end of a line: its card and what it counts.

use std::collections::BTreeMap;

use super::port::{Content, Port};
use super::way::{Frame, Way};
use crate::{Alarms, Counters, E1Framing, LineSetting, Loop, Setting, T1Framing, Timeslot};

/// An end, and the way that leads away from it.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) setting: Setting,
    pub(super) ports: BTreeMap<Timeslot, Port>,
    pub(super) loop_: Option<Loop>,
    /// `None` while the card is pulled out. Otherwise how often it was put in.
    pub(super) plugged: Option<u32>,
    pub(super) plugs: u32,
    pub(super) counters: Counters,
    pub(super) way: Way,
    /// What arrived last.
    pub(super) received: Frame,
    pub(super) told: Alarms,
    pub(super) second: Second,
    block: Block,
}

/// What a second had so far (ITU-T G.826 §4.3).
#[derive(Debug, Default)]
pub(super) struct Second {
    pub(super) errored: bool,
    pub(super) unusable: bool,
    bad_blocks: u32,
}

/// A block of the cyclic check that is being received.
#[derive(Debug, Default)]
struct Block {
    frames: u16,
    bad: bool,
}

impl Side {
    pub(super) fn new(setting: Setting, seed: u64) -> Side {
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
    pub(super) fn say(&mut self) -> Frame {
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

    pub(super) fn hear(&mut self, frame: Frame) {
        self.received = frame;
        for (slot, port) in &mut self.ports {
            if let (Content::Octets(_), Some(octet)) =
                (&port.content, frame.get(usize::from(slot.0)))
            {
                port.hear(*octet);
            }
        }
    }

    /// Counts what the receiver finds wrong with a frame: how many bits, and whether one of them is of
    /// its alignment. Returns whether a block of the cyclic check ended with it and was bad.
    pub(super) fn count(&mut self, wrong: u32, framing: bool) -> bool {
        self.counters.code_violations += u64::from(wrong);
        self.counters.framing_errors += u64::from(framing);
        self.second.errored |= wrong > 0;
        let Some(length) = self.setting.checked_frames() else { return false };
        self.block.bad |= wrong > 0;
        self.block.frames += 1;
        if self.block.frames < length {
            return false;
        }
        let bad = std::mem::take(&mut self.block).bad;
        self.counters.check_errors += u64::from(bad);
        self.second.bad_blocks += u32::from(bad);
        bad
    }

    pub(super) fn end_second(&mut self) {
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
