//! One end of a link: ITU-T Q.921 §5 and Annex B, states 4 to 8.

mod assigned;
mod awaiting;
mod established;
mod recovery;
mod state;
mod transfer;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::frame::{Address, Body, Frame, Kind, Malformed};
use super::{Code, Counters, Params, Role};
pub use state::Phase;
use state::{Event, Flow, State};

/// One end of the link between a PBX and its carrier. Say what happened with
/// [`handle`](Link::handle), come back at [`poll_timeout`](Link::poll_timeout) for
/// [`handle_timeout`](Link::handle_timeout), and after each of them drain
/// [`poll_output`](Link::poll_output).
///
/// The line below is down until [`Input::PhysicalUp`].
///
/// ```
/// use tdm::q921::{Frame, Input, Link, Output, Params, Role};
///
/// # #[allow(clippy::disallowed_methods)]
/// let now = std::time::Instant::now();
/// let mut link = Link::new(Role::User, Params::default(), now);
/// link.handle(Input::PhysicalUp, now);
/// link.handle(Input::Establish, now);
/// let Some(Output::Frame(octets)) = link.poll_output() else { panic!() };
/// assert_eq!(Frame::parse(&octets, Role::User).unwrap().to_string(), "SABME, command, P 1");
/// assert_eq!(link.poll_timeout(), Some(now + Params::default().t200));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    role: Role,
    params: Params,
    state: State,
    /// The line carries frames.
    physical: bool,
    /// The owner asked for the link, and has not released it since.
    wanted: bool,
    /// The owner takes no data just now.
    own_busy: bool,
    /// How long the link rests when it is lost the next time.
    rest: Duration,
    /// Messages of layer 3 that are not acknowledged; the first has the number V(A).
    queue: VecDeque<Vec<u8>>,
    outputs: VecDeque<Output>,
    counters: Counters,
}

/// What happens to a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// A frame came, without flags; its check was right and is cut off.
    Frame(&'a [u8]),
    /// The owner wants the link (DL-ESTABLISH request while it is down). Answered by
    /// [`Output::Established`] or [`Output::Released`]; if the line is down, when it is up again. A link
    /// that is up, or that is being set up already, stays as it is, and says nothing more.
    Establish,
    /// Begin the link anew, with what is on its way dropped (DL-ESTABLISH request while it is up, Q.921
    /// §5.7): for an owner who knows that both ends disagree. Answered as [`Input::Establish`], also on a
    /// link that was up; one that is down is set up.
    Reset,
    /// End the link (DL-RELEASE request). Answered by [`Output::Released`]. A peer may set it up again
    /// at any time; a link that may not come up is one whose line is down.
    Release,
    /// Send a message of layer 3, up to N201 octets (DL-DATA request).
    Send(Vec<u8>),
    /// Send a message without a number and without a promise, up to N201 octets (DL-UNIT DATA
    /// request).
    SendUnit(Vec<u8>),
    /// The line carries frames (PH-ACTIVATE indication).
    PhysicalUp,
    /// The line carries none, for longer than its owner overlooks (PH-DEACTIVATE indication).
    PhysicalDown,
    /// From now on the owner takes no data, or takes it again (Q.921 §5.6.6).
    OwnBusy(bool),
}

/// What a link wants done, or tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// Send this frame; flags and check are the sender's.
    Frame(Vec<u8>),
    /// The link is up, with nothing on its way (DL-ESTABLISH confirm and indication).
    Established(Setup),
    /// The link is down, and what was on its way may be lost (DL-RELEASE confirm and indication).
    Released(Released),
    /// A message of layer 3, in order and once (DL-DATA indication).
    Data(Vec<u8>),
    /// A message without a number (DL-UNIT DATA indication).
    Unit(Vec<u8>),
    /// Something went wrong (MDL-ERROR indication). What follows of it for the owner is told besides.
    Error(Code),
    /// A message that was to be sent comes back.
    Refused(Refusal, Vec<u8>),
}

/// How a link came up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Setup {
    /// We asked for it, the owner by [`Input::Establish`] or the link again for him.
    Asked,
    /// The peer asked for it.
    ByPeer,
    /// It was up, and was reset: so many messages that were sent are dropped. The peer may have some
    /// of them.
    Reset {
        /// Messages that were on their way or waited.
        lost: usize,
    },
}

/// Why a link is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Released {
    /// The owner wanted it.
    Asked,
    /// The peer sent DISC.
    ByPeer,
    /// The peer answered SABME with DM.
    Refused,
    /// The peer answered nothing to SABME.
    NoAnswer,
    /// The line carries nothing.
    PhysicalDown,
}

/// Why a message is not sent. The caller is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// There is no link.
    NotEstablished,
    /// More octets than N201.
    TooLong,
    /// [`Params::queue`] messages wait already.
    QueueFull,
}

impl Link {
    /// A link whose line is down and that nobody wants yet. Nothing happens before
    /// [`Input::PhysicalUp`], so that the time does not matter yet.
    pub fn new(role: Role, params: Params, _now: Instant) -> Link {
        let params = params.nearest();
        Link {
            role,
            params,
            state: State::Assigned { retry_at: None },
            physical: false,
            wanted: false,
            own_busy: false,
            rest: params.retry.map_or(Duration::ZERO, |retry| retry.first),
            queue: VecDeque::new(),
            outputs: VecDeque::new(),
            counters: Counters::default(),
        }
    }

    /// Says what happened. If a timeout is due as well, it comes first:
    /// [`handle_timeout`](Link::handle_timeout).
    pub fn handle(&mut self, input: Input<'_>, now: Instant) {
        match input {
            Input::Frame(octets) => self.frame(octets, now),
            Input::Establish => {
                self.wanted = true;
                if !self.state.serves() {
                    self.step(Event::Establish, now);
                }
            }
            Input::Reset => {
                self.wanted = true;
                self.step(Event::Establish, now);
            }
            Input::Release => {
                self.wanted = false;
                self.step(Event::Release, now);
            }
            Input::Send(message) => self.enqueue(message),
            Input::SendUnit(message) => self.send_unit(message),
            Input::PhysicalUp if self.physical => {}
            Input::PhysicalUp => {
                self.physical = true;
                self.step(Event::PhysicalUp, now);
            }
            Input::PhysicalDown => {
                self.physical = false;
                self.step(Event::PhysicalDown, now);
            }
            Input::OwnBusy(busy) => self.own_busy(busy),
        }
        self.transmit(now);
    }

    /// The next thing to do; `None` when the link waits.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`handle_timeout`](Link::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.state.deadline()
    }

    /// Says that it is this late. Before [`poll_timeout`](Link::poll_timeout) nothing happens.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_some_and(|at| at <= now) {
            self.expire(now);
        }
    }

    /// The state, as Annex B numbers them.
    pub fn phase(&self) -> Phase {
        self.state.phase()
    }

    /// Whether the peer asked us to send nothing (RNR).
    pub fn is_peer_busy(&self) -> bool {
        self.state.flow().is_some_and(|flow| flow.peer_busy)
    }

    /// How many messages of layer 3 are not acknowledged or not sent yet.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// What was seen and done so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The timer of the state ran out.
    fn expire(&mut self, now: Instant) {
        self.step(Event::Expiry, now);
        self.transmit(now);
    }

    fn frame(&mut self, octets: &[u8], now: Instant) {
        if !self.physical {
            self.counters.while_down += 1;
            return;
        }
        let Ok((address, kind, rest)) = Address::parse(octets, self.role.peer()) else {
            self.counters.invalid += 1;
            return;
        };
        if address.sapi == MANAGEMENT {
            self.counters.terminals += 1;
            return;
        }
        let everybody = address == Address { tei: EVERYBODY, ..Address::PRIMARY };
        if address != Address::PRIMARY && !everybody {
            self.counters.elsewhere += 1;
            return;
        }
        match Body::parse(rest, kind) {
            Ok(Body::Ui { data, .. }) => self.unit(data),
            _ if everybody => self.counters.elsewhere += 1,
            Ok(body) => self.understood(kind, body, now),
            Err(malformed) => self.malformed(malformed, now),
        }
    }

    fn understood(&mut self, kind: Kind, body: Body<'_>, now: Instant) {
        if let Body::I { data, .. } = body
            && data.len() > self.params.n201
        {
            self.counters.rejected += 1;
            self.step(Event::Wrong(Code::O), now);
            return;
        }
        self.counters.received.count(&body);
        match body {
            Body::Xid { .. } => self.counters.unexpected += 1,
            _ => self.step(Event::Frame(kind, body), now),
        }
    }

    fn malformed(&mut self, malformed: Malformed, now: Instant) {
        let Some(code) = Code::of(malformed) else {
            self.counters.invalid += 1;
            return;
        };
        self.counters.rejected += 1;
        self.counters.wrong_side += u64::from(malformed == Malformed::WrongSide);
        self.step(Event::Wrong(code), now);
    }

    /// UI means the same in every state (Q.921 §5.2).
    fn unit(&mut self, data: &[u8]) {
        if data.len() > self.params.n201 {
            self.counters.invalid += 1;
            return;
        }
        self.counters.received.ui += 1;
        self.outputs.push_back(Output::Unit(data.to_vec()));
    }

    fn send_unit(&mut self, message: Vec<u8>) {
        if message.len() > self.params.n201 {
            self.outputs.push_back(Output::Refused(Refusal::TooLong, message));
        } else if !self.physical {
            self.outputs.push_back(Output::Refused(Refusal::NotEstablished, message));
        } else {
            self.send(Kind::Command, Body::Ui { p: false, data: &message });
        }
    }

    fn enqueue(&mut self, message: Vec<u8>) {
        let refusal = if !self.state.takes_data() {
            Refusal::NotEstablished
        } else if message.len() > self.params.n201 {
            Refusal::TooLong
        } else if self.queue.len() >= self.params.queue {
            Refusal::QueueFull
        } else {
            self.queue.push_back(message);
            return;
        };
        self.outputs.push_back(Output::Refused(refusal, message));
    }

    fn step(&mut self, event: Event<'_>, now: Instant) {
        self.state = match self.state {
            State::Assigned { retry_at } => self.assigned(retry_at, event, now),
            State::AwaitingEstablishment(setup) => self.awaiting_establishment(setup, event, now),
            State::AwaitingRelease(release) => self.awaiting_release(release, event, now),
            State::Established { flow, watch } => self.established(flow, watch, event, now),
            State::TimerRecovery { flow, t200, rc } => {
                self.timer_recovery(flow, t200, rc, event, now)
            }
        };
    }

    fn send(&mut self, kind: Kind, body: Body<'_>) {
        self.counters.sent.count(&body);
        let frame = Frame { address: Address::PRIMARY, kind, body };
        self.outputs.push_back(Output::Frame(frame.octets(self.role)));
    }

    fn error(&mut self, code: Code) {
        self.outputs.push_back(Output::Error(code));
    }

    /// Drops all messages that are not acknowledged, and says how many.
    fn discard(&mut self) -> usize {
        let lost = self.queue.len();
        self.counters.lost += lost as u64;
        self.queue.clear();
        lost
    }

    /// The link is down: state 4, and another attempt later if the owner wants it.
    fn ended(&mut self, why: Released, now: Instant) -> State {
        self.discard();
        self.outputs.push_back(Output::Released(why));
        let Some(retry) = self.params.retry else {
            self.wanted = false;
            return State::Assigned { retry_at: None };
        };
        if !self.wanted || !self.physical {
            return State::Assigned { retry_at: None };
        }
        let retry_at = Some(now + self.rest);
        self.rest = (self.rest * 2).min(retry.longest);
        State::Assigned { retry_at }
    }

    /// The link is up: state 7, numbers from 0.
    fn begun(&mut self, now: Instant) -> State {
        self.counters.established += 1;
        self.rest = self.params.retry.map_or(Duration::ZERO, |retry| retry.first);
        if self.own_busy {
            self.supervise(Kind::Response, &mut Flow::default(), false);
        }
        State::Established { flow: Flow::default(), watch: self.quiet(now) }
    }
}

/// The access point of the management of terminals (Q.921 Table 2).
const MANAGEMENT: u8 = 63;
/// The TEI that means all terminals (Q.921 §3.3.4.2).
const EVERYBODY: u8 = 127;

#[cfg(test)]
mod tests;
