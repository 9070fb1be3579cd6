//! An end of a simulated line, and its channels, in the roles that a card has.

use std::os::fd::BorrowedFd;
use std::time::Instant;

use super::port::{Content, Frames, Octets, Port};
use super::side::Side;
use super::wire::Wire;
use super::{End, Line};
use crate::span::{BLOCKS, LONGEST_FRAME};
use crate::{Bearer, Event, Facts, Fault, Loop, Signalling, Span, Status, Timeslot};

/// An end of a simulated line.
#[derive(Debug)]
pub struct Terminal {
    line: Line,
    end: End,
    facts: Facts,
    /// Which time of being plugged in this belongs to.
    plug: Option<u32>,
}

/// A channel that is open, or was until the card was pulled out.
#[derive(Debug)]
struct Channel {
    line: Line,
    end: End,
    slot: Timeslot,
    /// Octets of a block; `None`: it carries frames.
    block: Option<usize>,
    plug: Option<u32>,
    told_of_removal: bool,
}

impl Terminal {
    pub(super) fn new(line: Line, end: End, name: &str) -> Terminal {
        let (setting, plug) = {
            let wire = line.wire();
            (wire.side(end).setting.clone(), wire.side(end).plugged)
        };
        let facts = Facts {
            name: name.to_owned(),
            description: "simulated line".to_owned(),
            kind: setting.kind(),
            setting,
        };
        Terminal { line, end, facts, plug }
    }

    fn channel(&self, slot: Timeslot, block: Option<usize>) -> Result<Box<Channel>, Fault> {
        if !self.facts.kind.has(slot) {
            return Err(Fault::Absent);
        }
        if self.facts.setting.signalling.contains(&slot) != block.is_none() {
            return Err(Fault::Misuse);
        }
        let mut channel = Channel {
            line: self.line.clone(),
            end: self.end,
            slot,
            block,
            plug: None,
            told_of_removal: false,
        };
        channel.open()?;
        Ok(Box::new(channel))
    }
}

impl Span for Terminal {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn status(&mut self) -> Result<Status, Fault> {
        let wire = self.line.wire();
        plugged(&wire, self.end, self.plug)?;
        Ok(wire.status(self.end))
    }

    fn open_bearer(&mut self, slot: Timeslot, block: usize) -> Result<Box<dyn Bearer>, Fault> {
        if !BLOCKS.contains(&block) {
            return Err(Fault::Misuse);
        }
        Ok(self.channel(slot, Some(block))?)
    }

    fn open_signalling(&mut self, slot: Timeslot) -> Result<Box<dyn Signalling>, Fault> {
        Ok(self.channel(slot, None)?)
    }

    fn loop_back(&mut self, loop_: Option<Loop>) -> Result<(), Fault> {
        let mut wire = self.line.wire();
        plugged(&wire, self.end, self.plug)?;
        wire.change(|wire| wire.side_mut(self.end).loop_ = loop_);
        Ok(())
    }

    fn reopen(&mut self) -> Result<(), Fault> {
        let plug = self.line.wire().side(self.end).plugged;
        self.plug = Some(plug.ok_or(Fault::Absent)?);
        Ok(())
    }

    fn turn(&mut self, now: Instant) {
        self.line.turn(now);
    }
}

impl Channel {
    fn open(&mut self) -> Result<(), Fault> {
        let mut wire = self.line.wire();
        let side = wire.side_mut(self.end);
        let plug = side.plugged.ok_or(Fault::Absent)?;
        if side.ports.contains_key(&self.slot) {
            return Err(Fault::Busy);
        }
        side.ports.insert(self.slot, self.block.map_or_else(Port::frames, Port::octets));
        self.plug = Some(plug);
        self.told_of_removal = false;
        Ok(())
    }

    fn close(&mut self) {
        let mut wire = self.line.wire();
        if plugged(&wire, self.end, self.plug).is_ok() {
            wire.side_mut(self.end).ports.remove(&self.slot);
        }
        self.plug = None;
    }

    fn with_port<T>(&self, act: impl FnOnce(&mut Port) -> T) -> Result<T, Fault> {
        let mut wire = self.line.wire();
        plugged(&wire, self.end, self.plug)?;
        let side: &mut Side = wire.side_mut(self.end);
        side.ports.get_mut(&self.slot).map(act).ok_or(Fault::Lost)
    }

    fn with_octets<T>(&self, act: impl FnOnce(&mut Octets) -> T) -> Result<T, Fault> {
        self.with_port(|port| match &mut port.content {
            Content::Octets(octets) => Ok(act(octets)),
            Content::Frames(_) => Err(Fault::Misuse),
        })?
    }

    fn with_frames<T>(&self, act: impl FnOnce(&mut Frames) -> T) -> Result<T, Fault> {
        self.with_port(|port| match &mut port.content {
            Content::Frames(frames) => Ok(act(frames)),
            Content::Octets(_) => Err(Fault::Misuse),
        })?
    }

    fn take_event(&mut self) -> Option<Event> {
        match self.with_port(|port| port.events.pop_front()) {
            Ok(event) => event,
            Err(_) if self.told_of_removal => None,
            Err(_) => {
                self.told_of_removal = true;
                Some(Event::Removed)
            }
        }
    }
}

impl Bearer for Channel {
    fn block(&self) -> usize {
        self.block.unwrap_or(LONGEST_FRAME)
    }

    fn read(&mut self, octets: &mut [u8]) -> Result<usize, Fault> {
        if octets.len() < Bearer::block(self) {
            return Err(Fault::Misuse);
        }
        self.with_octets(|port| port.read(octets))
    }

    fn write(&mut self, octets: &[u8]) -> Result<usize, Fault> {
        if octets.is_empty() || octets.len() > Bearer::block(self) {
            return Err(Fault::Misuse);
        }
        self.with_octets(|port| port.write(octets))
    }

    fn next_event(&mut self) -> Option<Event> {
        self.take_event()
    }

    fn turn(&mut self, now: Instant) {
        self.line.turn(now);
    }

    fn loop_back(&mut self, on: bool) -> Result<(), Fault> {
        self.with_octets(|port| port.looped = on)
    }

    fn reopen(&mut self) -> Result<(), Fault> {
        self.close();
        self.open()
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

impl Signalling for Channel {
    fn receive(&mut self, frame: &mut [u8]) -> Result<Option<usize>, Fault> {
        if frame.len() < LONGEST_FRAME {
            return Err(Fault::Misuse);
        }
        let Some(arrived) = self.with_frames(Frames::take)? else { return Ok(None) };
        for (room, octet) in frame.iter_mut().zip(&arrived) {
            *room = *octet;
        }
        Ok(Some(arrived.len()))
    }

    fn send(&mut self, frame: &[u8]) -> Result<bool, Fault> {
        if frame.is_empty() || frame.len() > LONGEST_FRAME {
            return Err(Fault::Misuse);
        }
        self.with_frames(|frames| frames.give(frame))
    }

    fn next_event(&mut self) -> Option<Event> {
        self.take_event()
    }

    fn reopen(&mut self) -> Result<(), Fault> {
        self.close();
        self.open()
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.close();
    }
}

/// Whether the card is still in that was there when something was opened.
fn plugged(wire: &Wire, end: End, plug: Option<u32>) -> Result<(), Fault> {
    if plug.is_some() && wire.side(end).plugged == plug { Ok(()) } else { Err(Fault::Lost) }
}
