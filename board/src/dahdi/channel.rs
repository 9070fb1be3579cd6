//! A channel of the driver that is open: octets in blocks, or frames.

use std::collections::VecDeque;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::io::Errno;

use super::abi::{self, Buffers, Call, event};
use super::card;
use super::driver::{self, Driver};
use super::ioctl;
use crate::span::LONGEST_FRAME;
use crate::{Bearer, Event, Fault, FrameFault, Signalling, Timeslot};

/// Where a channel is, by what stays when modules are loaded again.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) driver: Driver,
    pub(super) span: String,
    pub(super) slot: Timeslot,
}

/// What a channel carries.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content {
    /// Octets of a call, in blocks of this many.
    Octets {
        /// Octets of one of the driver's buffers.
        block: usize,
    },
    /// Frames of HDLC.
    Frames,
}

/// A channel that is open, or was until the card went away.
#[derive(Debug)]
pub(super) struct Channel {
    place: Place,
    content: Content,
    file: Option<File>,
    events: VecDeque<Event>,
}

impl Channel {
    pub(super) fn open(place: Place, content: Content) -> Result<Channel, Fault> {
        let file = open(&place, content)?;
        Ok(Channel { place, content, file: Some(file), events: VecDeque::new() })
    }

    /// Reads or writes; when events wait, fetches them and tries again. `None`: not now.
    fn transfer(
        &mut self,
        call: Call,
        mut once: impl FnMut(BorrowedFd<'_>) -> Result<usize, Errno>,
    ) -> Result<Option<usize>, Fault> {
        let file = self.file.as_ref().ok_or(Fault::Lost)?;
        let fault = loop {
            match once(file.as_fd()) {
                Ok(count) => return Ok(Some(count)),
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR) => {}
                Err(errno) if ioctl::event_waits(errno) => {
                    if !fetch_events(file, &mut self.events)? {
                        // An event that waits and cannot be fetched: the next turn tries again.
                        return Ok(None);
                    }
                }
                Err(errno) => break ioctl::fault(call, errno),
            }
        };
        if fault == Fault::Lost {
            self.lose();
        }
        Err(fault)
    }

    /// The card is gone: the file would only hold its module.
    fn lose(&mut self) {
        self.file = None;
        self.events.push_back(Event::Removed);
    }

    fn take_event(&mut self) -> Option<Event> {
        if self.events.is_empty()
            && let Some(file) = &self.file
            && fetch_events(file, &mut self.events) == Err(Fault::Lost)
        {
            self.lose();
        }
        self.events.pop_front()
    }

    fn open_again(&mut self) -> Result<(), Fault> {
        self.file = None;
        self.file = Some(open(&self.place, self.content)?);
        self.events.clear();
        Ok(())
    }
}

impl Bearer for Channel {
    fn block(&self) -> usize {
        match self.content {
            Content::Octets { block } => block,
            Content::Frames => LONGEST_FRAME,
        }
    }

    fn read(&mut self, octets: &mut [u8]) -> Result<usize, Fault> {
        // The driver drops the rest of a buffer that is read in part.
        if octets.len() < Bearer::block(self) {
            return Err(Fault::Misuse);
        }
        Ok(self.transfer(READ, |file| rustix::io::read(file, &mut *octets))?.unwrap_or(0))
    }

    fn write(&mut self, octets: &[u8]) -> Result<usize, Fault> {
        if octets.is_empty() || octets.len() > Bearer::block(self) {
            return Err(Fault::Misuse);
        }
        Ok(self.transfer(WRITE, |file| rustix::io::write(file, octets))?.unwrap_or(0))
    }

    fn next_event(&mut self) -> Option<Event> {
        self.take_event()
    }

    fn loop_back(&mut self, on: bool) -> Result<(), Fault> {
        let file = self.file.as_ref().ok_or(Fault::Lost)?;
        ioctl::tell(file, abi::LOOPBACK, i32::from(on))
    }

    fn reopen(&mut self) -> Result<(), Fault> {
        self.open_again()
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.file.as_ref().map(AsFd::as_fd)
    }
}

impl Signalling for Channel {
    fn receive(&mut self, frame: &mut [u8]) -> Result<Option<usize>, Fault> {
        let mut whole = [0; LONGEST_FRAME + CHECK];
        if frame.len() < LONGEST_FRAME {
            return Err(Fault::Misuse);
        }
        let Some(count) = self.transfer(READ, |file| rustix::io::read(file, &mut whole))? else {
            return Ok(None);
        };
        let length = count.saturating_sub(CHECK);
        if let (Some(from), Some(to)) = (whole.get(..length), frame.get_mut(..length)) {
            to.copy_from_slice(from);
        }
        Ok((length > 0).then_some(length))
    }

    fn send(&mut self, frame: &[u8]) -> Result<bool, Fault> {
        let mut whole = [0; LONGEST_FRAME + CHECK];
        // The driver writes the check sequence over the last two octets.
        let (Some(to), false) = (whole.get_mut(..frame.len()), frame.is_empty()) else {
            return Err(Fault::Misuse);
        };
        if frame.len() > LONGEST_FRAME {
            return Err(Fault::Misuse);
        }
        to.copy_from_slice(frame);
        let whole = whole.get(..frame.len() + CHECK).unwrap_or_default();
        Ok(self.transfer(WRITE, |file| rustix::io::write(file, whole))?.is_some())
    }

    fn next_event(&mut self) -> Option<Event> {
        self.take_event()
    }

    fn reopen(&mut self) -> Result<(), Fault> {
        self.open_again()
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.file.as_ref().map(AsFd::as_fd)
    }
}

/// Opens a channel by where it is, and sets up what it carries.
fn open(place: &Place, content: Content) -> Result<File, Fault> {
    let (control, span, _) = card::find(&place.driver, &place.span)?;
    let channels = driver::channels(&control, span)?;
    let position = usize::from(place.slot.0).checked_sub(1).ok_or(Fault::Absent)?;
    let number = *channels.get(position).ok_or(Fault::Absent)?;
    let file = place.driver.channel(number)?;
    let (count, size) = match content {
        Content::Octets { block } => (BLOCKS_KEPT, block),
        Content::Frames => (FRAMES_KEPT, LONGEST_FRAME + CHECK),
    };
    let mut buffers = Buffers {
        tx_policy: abi::AT_ONCE,
        rx_policy: abi::AT_ONCE,
        count,
        size: i32::try_from(size).map_err(|_| Fault::Misuse)?,
        full_to_read: 0,
        full_to_write: 0,
    };
    ioctl::call(&file, abi::SET_BUFINFO, &mut buffers)?;
    if let Content::Octets { .. } = content {
        ioctl::tell(&file, abi::AUDIOMODE, 1)?;
    }
    ioctl::tell(&file, abi::FLUSH, abi::FLUSH_ALL)?;
    Ok(file)
}

/// Fetches all events that wait, and says whether there were any.
fn fetch_events(file: &File, events: &mut VecDeque<Event>) -> Result<bool, Fault> {
    let mut any = false;
    // The driver keeps 64; more would be a driver that never ends.
    for _ in 0..64 {
        let said = ioctl::ask(file, abi::GETEVENT)?;
        let heard = match said {
            0 => break,
            event::ALARM => Event::Alarm,
            event::NO_ALARM => Event::AlarmsClear,
            event::ABORT => Event::BadFrame(FrameFault::Aborted),
            event::OVERRUN => Event::BadFrame(FrameFault::Overrun),
            event::BAD_CHECK => Event::BadFrame(FrameFault::Check),
            event::REMOVED => Event::Removed,
            event::READ_OVERRUN => Event::Overrun,
            event::WRITE_UNDERRUN => Event::Underrun,
            other => Event::Other(u32::try_from(other).unwrap_or(0)),
        };
        any = true;
        if events.len() == EVENTS_KEPT {
            events.pop_front();
        }
        events.push_back(heard);
    }
    Ok(any)
}

/// Octets of the check sequence (ITU-T Q.921 §2.7), which the driver hands up with the frame.
const CHECK: usize = 2;
/// Blocks that wait each way: with 20 ms each, 160 ms until something is lost.
const BLOCKS_KEPT: i32 = 8;
/// Frames that wait each way: twice what LAPD may send unanswered (Q.921 §5.9.5), and the driver gives
/// a channel 32768 octets in all.
const FRAMES_KEPT: i32 = 16;
/// Events that wait for who does not ask.
const EVENTS_KEPT: usize = 64;

const READ: Call = Call { name: "read", number: 0, way: abi::Way::Asked };
const WRITE: Call = Call { name: "write", number: 0, way: abi::Way::Told };
