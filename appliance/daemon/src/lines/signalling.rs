//! A D channel that is open, and the frames that wait for room in its driver.

use super::figures::{Board, count};
use board::{Event, Fault, LONGEST_FRAME, Signalling};
use rustix::event::{PollFd, PollFlags};
use std::collections::VecDeque;

/// A D channel.
pub(super) struct DChannel {
    channel: Box<dyn Signalling>,
    queue: VecDeque<Box<[u8]>>,
    room: Box<[u8]>,
    /// Its file complains and has nothing to say: it is not waited for until somebody has looked why.
    pub(super) complains: bool,
}

impl DChannel {
    pub(super) fn new(channel: Box<dyn Signalling>) -> Self {
        let room = vec![0; LONGEST_FRAME].into();
        Self { channel, queue: VecDeque::new(), room, complains: false }
    }

    /// Sends a frame, or lets it wait; one too many is lost.
    pub(super) fn send(&mut self, octets: Box<[u8]>, board: &Board) -> Result<(), Fault> {
        if self.queue.len() >= WAITING || octets.is_empty() || octets.len() > LONGEST_FRAME {
            count(&board.frames_unsent);
            return Ok(());
        }
        self.queue.push_back(octets);
        self.push(board)
    }

    /// Gives the driver what waits, as far as it has room.
    pub(super) fn push(&mut self, board: &Board) -> Result<(), Fault> {
        while let Some(octets) = self.queue.front() {
            if !self.channel.send(octets)? {
                return Ok(());
            }
            self.queue.pop_front();
            count(&board.frames_sent);
        }
        Ok(())
    }

    /// Hands over the frames that arrived.
    pub(super) fn receive(
        &mut self,
        board: &Board,
        mut hear: impl FnMut(&[u8]),
    ) -> Result<(), Fault> {
        for _ in 0..BATCH {
            let Some(length) = self.channel.receive(&mut self.room)? else { break };
            count(&board.frames_received);
            hear(self.room.get(..length).unwrap_or_default());
        }
        Ok(())
    }

    /// Whether the span's alarms have changed since the last question.
    pub(super) fn alarmed(&mut self, board: &Board) -> Result<bool, Fault> {
        let mut alarmed = false;
        for _ in 0..BATCH {
            match self.channel.next_event() {
                None => break,
                Some(Event::Alarm | Event::AlarmsClear) => alarmed = true,
                Some(Event::BadFrame(_)) => count(&board.frames_bad),
                Some(Event::Removed) => return Err(Fault::Lost),
                Some(Event::Overrun | Event::Underrun | Event::Other(_)) => {}
            }
        }
        Ok(alarmed)
    }

    /// What to wait for.
    pub(super) fn poll(&self) -> Option<PollFd<'_>> {
        let fd = self.channel.fd().filter(|_| !self.complains)?;
        let mut flags = PollFlags::IN | PollFlags::PRI;
        if !self.queue.is_empty() {
            flags |= PollFlags::OUT;
        }
        Some(PollFd::from_borrowed_fd(fd, flags))
    }
}

/// Frames that wait for a driver that has no room: twice a window of LAPD (7 frames, Q.921 §5.9.5).
const WAITING: usize = 16;
/// Frames or events in one turn, so that no D channel keeps the others waiting.
const BATCH: usize = 64;
