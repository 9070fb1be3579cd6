//! A button on a line of a GPIO chip.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use gpiocdev::Request;
use gpiocdev::line::{EdgeDetection, EdgeKind, EventClock, Value};
use rustix::time::{ClockId, clock_gettime};

use super::{CONSUMER, fault, find};
use crate::button::{Button, Change, Debounce};
use crate::{Fault, sheet};

/// A button that the kernel feels by interrupts. It says when it was pressed, so that nothing is measured
/// wrong by who asks late.
#[derive(Debug)]
pub struct Input {
    contact: Contact,
    /// When the kernel cannot keep bounces away.
    debounce: Option<Debounce>,
}

/// The line, bounces and all.
#[derive(Debug)]
struct Contact {
    request: Request,
    number: u32,
    /// Room for one event, in words. With more room the crate takes more events than the one it returns.
    event: Vec<u64>,
    /// One instant on both clocks, the caller's and that of the kernel's stamps.
    anchor: (Instant, Duration),
}

impl Input {
    /// The button of a fact sheet.
    ///
    /// # Errors
    /// [`Fault::Absent`]: no chip has this label, or its driver is not loaded. [`Fault::Sheet`]: the chip
    /// has no such line, or its label is that of several. [`Fault::Busy`]: another program or driver has
    /// the line. [`Fault::Denied`]; [`Fault::Unsupported`]: the line has no interrupts.
    pub fn open(button: &sheet::Button, now: Instant) -> Result<Input, Fault> {
        // First of all: what follows takes its time.
        let anchor = (now, monotonic());
        let (chip, number) = find(&button.gpio)?;
        let request = |debounce: Option<Duration>| {
            let mut builder = Request::builder();
            builder
                .on_chip(&chip)
                .with_consumer(CONSUMER)
                .with_line(number)
                .as_input()
                .with_edge_detection(EdgeDetection::BothEdges)
                .with_event_clock(EventClock::Monotonic);
            if button.gpio.active_low {
                builder.as_active_low();
            }
            if let Some(settle) = debounce {
                builder.with_debounce_period(settle);
            }
            builder.request().map_err(|wrong| fault("GPIO_V2_GET_LINE", &wrong))
        };
        let settle = button.debounce();
        let by_kernel = if settle.is_zero() { None } else { Some(settle) };
        let (request, ours) = match request(by_kernel) {
            Ok(request) => (request, None),
            Err(fault @ (Fault::Busy | Fault::Denied | Fault::Absent | Fault::Lost)) => {
                return Err(fault);
            }
            Err(fault) if by_kernel.is_none() => return Err(fault),
            // Then perhaps without its help.
            Err(_) => (request(None)?, Some(settle)),
        };
        let event = vec![0; request.edge_event_u64_size()];
        let contact = Contact { request, number, event, anchor };
        let debounce = match ours {
            Some(settle) => Some(Debounce::new(settle, contact.is_pressed()?)),
            None => None,
        };
        Ok(Input { contact, debounce })
    }

    /// Whether bounces are kept away by us, not by the kernel.
    #[must_use]
    pub fn settles_itself(&self) -> bool {
        self.debounce.is_some()
    }
}

impl Contact {
    /// The next edge.
    fn next_edge(&mut self, now: Instant) -> Result<Option<Change>, Fault> {
        let gone = |wrong| fault("read", &wrong);
        if !self.request.has_edge_event().map_err(gone)? {
            return Ok(None);
        }
        self.request.read_edge_events_into_slice(&mut self.event).map_err(gone)?;
        let event = self.request.edge_event_from_slice(&self.event).map_err(gone)?;
        let (instant, stamp) = self.anchor;
        let since = Duration::from_nanos(event.timestamp_ns).saturating_sub(stamp);
        // What happens while we ask has not happened after `now` for who asks.
        let at = instant.checked_add(since).map_or(now, |at| at.min(now));
        Ok(Some(Change { pressed: event.kind == EdgeKind::Rising, at }))
    }

    fn is_pressed(&self) -> Result<bool, Fault> {
        let value = self.request.value(self.number);
        Ok(value.map_err(|wrong| fault("GPIO_V2_LINE_GET_VALUES", &wrong))? == Value::Active)
    }
}

impl Button for Input {
    fn next_change(&mut self, now: Instant) -> Result<Option<Change>, Fault> {
        let Input { contact, debounce } = self;
        match debounce {
            Some(debounce) => debounce.next(now, || contact.next_edge(now)),
            None => contact.next_edge(now),
        }
    }

    fn is_pressed(&mut self) -> Result<bool, Fault> {
        self.contact.is_pressed()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.debounce.as_ref().and_then(Debounce::poll_timeout)
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.contact.request.as_fd())
    }
}

/// The kernel's clock of its stamps.
fn monotonic() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}
