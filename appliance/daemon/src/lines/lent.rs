//! B channels that are lent to the thread that has sound: which are out, and which came back.

use crate::media_worker::LineMessage;
use board::{Bearer, Event, Fault, Timeslot};
use call::SpanId;
use rustix::fd::BorrowedFd;
use std::collections::BTreeMap;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Weak};
use std::time::Instant;

/// The B channels of a span that are out.
#[derive(Debug, Default)]
pub(super) struct Lent {
    out: BTreeMap<Timeslot, Out>,
}

#[derive(Debug)]
struct Out {
    /// Alive as long as somebody has the channel.
    had: Weak<()>,
    /// It is wanted back, and the borrower knows.
    recalled: bool,
}

/// A channel that is missed when it is dropped.
struct Borrowed {
    /// Closed first.
    bearer: Box<dyn Bearer>,
    _had: Arc<()>,
}

impl Lent {
    /// Whether somebody has a channel.
    pub(super) fn is_out(&mut self) -> bool {
        self.out.retain(|_, out| out.had.upgrade().is_some());
        !self.out.is_empty()
    }

    /// Lends the channels of these timeslots that are not out, and wants all others back. What the
    /// borrower has no room for waits for the next time.
    ///
    /// # Errors
    /// The first channel that cannot be opened, and why; all others were seen to.
    pub(super) fn settle(
        &mut self,
        span: SpanId,
        slots: &[Timeslot],
        to: &SyncSender<LineMessage>,
        mut open: impl FnMut(Timeslot, usize) -> Result<Box<dyn Bearer>, Fault>,
    ) -> Result<(), (Timeslot, Fault)> {
        self.is_out();
        for (slot, out) in &mut self.out {
            if !slots.contains(slot) && !out.recalled {
                let message = LineMessage { span, slot: slot.0, bearer: None };
                out.recalled = to.try_send(message).is_ok();
            }
        }
        let mut wrong = Ok(());
        for slot in slots {
            if self.out.contains_key(slot) {
                continue;
            }
            let bearer = match open(*slot, BLOCK) {
                Ok(bearer) => bearer,
                Err(fault) => {
                    wrong = wrong.and(Err((*slot, fault)));
                    continue;
                }
            };
            let had = Arc::new(());
            let out = Out { had: Arc::downgrade(&had), recalled: false };
            let bearer: Box<dyn Bearer> = Box::new(Borrowed { bearer, _had: had });
            let message = LineMessage { span, slot: slot.0, bearer: Some(bearer) };
            if to.try_send(message).is_ok() {
                self.out.insert(*slot, out);
            }
        }
        wrong
    }
}

impl Bearer for Borrowed {
    fn block(&self) -> usize {
        self.bearer.block()
    }

    fn read(&mut self, octets: &mut [u8]) -> Result<usize, Fault> {
        self.bearer.read(octets)
    }

    fn write(&mut self, octets: &[u8]) -> Result<usize, Fault> {
        self.bearer.write(octets)
    }

    fn next_event(&mut self) -> Option<Event> {
        self.bearer.next_event()
    }

    fn turn(&mut self, now: Instant) {
        self.bearer.turn(now);
    }

    fn loop_back(&mut self, on: bool) -> Result<(), Fault> {
        self.bearer.loop_back(on)
    }

    fn reopen(&mut self) -> Result<(), Fault> {
        self.bearer.reopen()
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.bearer.fd()
    }
}

/// Octets of a block: 5 ms, the shortest delay that costs little.
pub(super) const BLOCK: usize = 40;
