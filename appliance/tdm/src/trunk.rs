//! An ISDN trunk: the calls of an interface and the links of its D channels in one value, from frames to
//! calls (ITU-T Q.921 and Q.931; the primitives between the two are those of Q.921 §4).
//!
//! A [`Trunk`] is told which frames came on which D channel ([`Trunk::frame`]), which spans have an alarm
//! ([`Trunk::alarm`]), what time it is ([`Trunk::handle_timeout`]), and what its owner wants of calls and
//! channels. After each of these, [`Trunk::poll_output`] is drained to `None`, and
//! [`Trunk::poll_timeout`] says when [`Trunk::handle_timeout`] is due; what is due comes before what
//! happened later. There is no I/O and no clock.
//!
//! A link that is lost is asked for again by the link itself, as long as the trunk lives
//! ([`q921::Params::retry`]), and not each time that layer 3 asks, which would spend the rest after an
//! attempt in vain.
//!
//! A link may also be begun anew while it is up, by either end, and Q.921 tells layer 3 of it only where
//! messages of ours were on their way (§5.7). But who begins it anew may have forgotten its calls
//! meanwhile, as an exchange that was restarted has. So layer 3 is told each time, and asks the far side
//! where the calls stand (Q.931 §5.8.8, §5.8.10).

mod output;
mod owner;
mod release;
mod status;
mod trace;

use std::collections::{BTreeSet, VecDeque};
use std::time::Instant;

use crate::q921::{self, Input, Link, Role};
use crate::q931::interface::{self, Interface, LinkId};
use crate::q931::timers::Side;
use release::Life;

pub use output::{Fault, LinkChange, Output};
pub use status::{CallStatus, LinkStatus, Status};
pub use trace::{Direction, Layer, Line};

/// How a trunk is set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Params {
    /// Layer 3: side, dialect, spans with their channels, D channels.
    pub interface: interface::Params,
    /// Layer 2, the same for the link of each D channel. Without [`q921::Params::retry`] that of the
    /// defaults holds.
    pub links: q921::Params,
    /// Whether all that is said is told from the first frame on, see [`Trunk::trace`].
    pub traces: bool,
}

/// An ISDN trunk.
///
/// A trunk begins by asking for its links:
///
/// ```
/// use tdm::q931::dialect::Dialect;
/// use tdm::q931::interface::{self, LinkId};
/// use tdm::q931::timers::Side;
/// use tdm::trunk::{Output, Params, Trunk};
///
/// # #[allow(clippy::disallowed_methods)]
/// let now = std::time::Instant::now();
/// let interface = interface::Params::of(Side::User, Dialect::EuroIsdn, (1..=15).collect());
/// let links = tdm::q921::Params::default();
/// let mut trunk = Trunk::new(Params { interface, links, traces: false }, now);
/// // SABME, and nothing else before the far side has answered.
/// let octets = vec![0x00, 0x01, 0x7f];
/// assert_eq!(trunk.poll_output(), Some(Output::Frame { link: LinkId(0), octets }));
/// assert_eq!(trunk.poll_timeout(), Some(now + links.t200));
/// ```
///
/// A call of the far side, from its offer to its end, as an owner would write it. Frames go by
/// themselves here, from one trunk to the other:
///
/// ```
/// use tdm::q931::call::{Event, Request};
/// use tdm::q931::dialect::Dialect;
/// use tdm::q931::element::{CauseValue, Element, Number};
/// use tdm::q931::interface::{self, Notice, Setup, Wish};
/// use tdm::q931::timers::Side;
/// use tdm::trunk::{Output, Params, Trunk};
/// # use std::time::Instant;
/// # #[allow(clippy::disallowed_methods)]
/// # let now = Instant::now();
///
/// /// Passes on frames until both wait; what is told is told to their owners.
/// fn run(ends: &mut [Trunk; 2], now: Instant, mut told: impl FnMut(&mut Trunk, Notice)) {
///     while let Some((at, output)) =
///         (0..2).find_map(|at| Some((at, ends[at].poll_output()?)))
///     {
///         match output {
///             Output::Frame { link, octets } => ends[1 - at].frame(link, &octets, now),
///             Output::Notice(notice) => told(&mut ends[at], notice),
///             // For whoever watches the line.
///             Output::Link { .. } | Output::Fault(_) | Output::Trace(_) | Output::Released => {}
///         }
///     }
/// }
///
/// let trunk = |side| {
///     let interface = interface::Params::of(side, Dialect::EuroIsdn, (1..=15).collect());
///     Trunk::new(Params { interface, links: Default::default(), traces: false }, now)
/// };
/// let mut ends = [trunk(Side::Network), trunk(Side::User)];
/// run(&mut ends, now, |_, _| {});
///
/// // The network calls.
/// let digits = Element::CalledNumber(Number::unknown("4711"));
/// let with = vec![Dialect::EuroIsdn.speech().into(), digits, Element::SendingComplete];
/// let caller = ends[0].setup(Setup { with, channel: Wish::Next }, now).unwrap();
/// assert_eq!(ends[0].channel_of(caller).unwrap().number, 15);
///
/// let mut talking = None;
/// run(&mut ends, now, |trunk, notice| match notice {
///     Notice::Call { call, event: Event::Offered(offer) } => {
///         let called = offer.setup.message.called_number().map(|number| number.digits.as_str());
///         if called != Some("4711") {
///             let cause = CauseValue::UNALLOCATED;
///             let refusal = Request::Disconnect { cause, tones: false, with: Vec::new() };
///             return trunk.request(call, refusal, now).unwrap();
///         }
///         // Here the telephone rings; its voice goes to and comes from `offer.channel`.
///         trunk.request(call, Request::Alert(Vec::new()), now).unwrap();
///         // Somebody lifts the receiver.
///         trunk.request(call, Request::Answer(Vec::new()), now).unwrap();
///     }
///     // The caller is told its channel with the first answer, and may listen to it from there.
///     Notice::Call { event: Event::Channel(channel), .. } => assert_eq!(channel.unwrap().number, 15),
///     // The network has our answer.
///     Notice::Call { call, event: Event::Connected } => talking = Some(call),
///     _ => {}
/// });
/// let call = talking.unwrap();
///
/// // Somebody hangs up.
/// let hang_up =
///     Request::Disconnect { cause: CauseValue::NORMAL, tones: false, with: Vec::new() };
/// ends[1].request(call, hang_up, now).unwrap();
/// let mut ended = 0;
/// run(&mut ends, now, |_, notice| {
///     ended += usize::from(matches!(notice, Notice::Call { event: Event::Ended { .. }, .. }));
/// });
/// assert_eq!(ended, 2);
/// ```
#[derive(Debug)]
pub struct Trunk {
    role: Role,
    interface: Interface,
    /// In the order of [`LinkId`].
    links: Vec<DChannel>,
    /// The spans whose layer 1 has failed.
    alarms: BTreeSet<u8>,
    life: Life,
    traces: bool,
    outputs: VecDeque<Output>,
}

#[derive(Debug)]
struct DChannel {
    id: LinkId,
    span: u8,
    link: Link,
    /// Layer 3 has asked for it: from then on the link asks again by itself.
    asked: bool,
    /// How often it was established, as far as layer 3 knows.
    established: u64,
}

impl Trunk {
    /// A trunk whose spans have no alarm, and whose links are all asked for.
    pub fn new(params: Params, now: Instant) -> Trunk {
        let role = match params.interface.rules.side {
            Side::User => Role::User,
            Side::Network => Role::Network,
        };
        let retry = params.links.retry.or(q921::Params::default().retry);
        let of_link = q921::Params { retry, ..params.links };
        let spans = params.interface.d_channels.iter().zip([LinkId(0), LinkId(1)]);
        let d_channel = |(span, id): (&u8, LinkId)| {
            let mut link = Link::new(role, of_link, now);
            link.handle(Input::PhysicalUp, now);
            DChannel { id, span: *span, link, asked: false, established: 0 }
        };
        let links = spans.map(d_channel).collect();
        let mut trunk = Trunk {
            role,
            interface: Interface::new(params.interface),
            links,
            alarms: BTreeSet::new(),
            life: Life::Working,
            traces: params.traces,
            outputs: VecDeque::new(),
        };
        trunk.work(now);
        trunk
    }

    /// The next thing to do or to know; `None` when the trunk waits.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`handle_timeout`](Trunk::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.is_released() {
            return None;
        }
        let links = self.links.iter().filter_map(|d| d.link.poll_timeout());
        let calls = self.interface.poll_timeout().map(|(at, _)| at);
        links.chain(calls).chain(self.life.deadline()).min()
    }

    /// Says that it is this late. Before [`poll_timeout`](Trunk::poll_timeout) nothing happens.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.is_released() {
            return;
        }
        self.links.iter_mut().for_each(|d| d.link.handle_timeout(now));
        self.work(now);
        self.interface.handle_timeout(now);
        self.work(now);
    }

    /// A frame came on a D channel; its check was right and is cut off. One of a D channel that there is
    /// not is dropped.
    pub fn frame(&mut self, link: LinkId, octets: &[u8], now: Instant) {
        let Some(d) = self.links.iter_mut().find(|d| d.id == link) else { return };
        let span = d.span;
        if self.traces {
            let (direction, layer) = (Direction::Received, Layer::Frame);
            self.say(link, span, direction, layer, octets, now);
        }
        self.handle(link, Input::Frame(octets), now);
        self.work(now);
    }

    /// Layer 1 of a span has failed for longer than the owner overlooks, or is back. Its calls that stand
    /// end if it is not back within T309 (Q.931 §5.8.9); its D channel, if it has one, is down.
    pub fn alarm(&mut self, span: u8, on: bool, now: Instant) {
        let known = if on { !self.alarms.insert(span) } else { !self.alarms.remove(&span) };
        if known {
            return;
        }
        let of_span = |d: &&DChannel| d.span == span;
        let link = self.links.iter().find(of_span).map(|d| d.id);
        if on {
            // First the link, so that nothing is said on a line that carries nothing.
            link.into_iter().for_each(|link| self.handle(link, Input::PhysicalDown, now));
            self.work(now);
            self.interface.alarm(span, true, now);
        } else {
            self.interface.alarm(span, false, now);
            // What is on its way to its end does not come back.
            let link = link.filter(|_| self.life == Life::Working);
            link.into_iter().for_each(|link| self.handle(link, Input::PhysicalUp, now));
        }
        self.work(now);
    }

    /// From now on [`Output::Trace`] tells all that is said, or no longer; then it costs nothing.
    pub fn trace(&mut self, on: bool) {
        self.traces = on;
    }

    fn handle(&mut self, link: LinkId, input: Input<'_>, now: Instant) {
        if let Some(d) = self.links.iter_mut().find(|d| d.id == link) {
            d.link.handle(input, now);
        }
    }

    /// Lets both layers do what the other one wants until both wait. What layer 2 has read is told before
    /// layer 3 answers to it.
    fn work(&mut self, now: Instant) {
        loop {
            if let Some((id, span, output)) = self.next_of_links() {
                self.link_wants(id, span, output, now);
            } else if let Some(id) = self.begun_anew() {
                self.interface.link_up(id, now);
            } else if let Some(output) = self.interface.poll_output() {
                self.interface_wants(output, now);
            } else if !self.goes_on(now) {
                return;
            }
        }
    }

    fn next_of_links(&mut self) -> Option<(LinkId, u8, q921::Output)> {
        self.links.iter_mut().find_map(|d| Some((d.id, d.span, d.link.poll_output()?)))
    }

    /// A link that was begun anew and told nothing of it; it has told all else.
    fn begun_anew(&mut self) -> Option<LinkId> {
        let d = self.links.iter_mut().find(|d| d.link.counters().established != d.established)?;
        d.established = d.link.counters().established;
        Some(d.id)
    }

    fn link_wants(&mut self, link: LinkId, span: u8, output: q921::Output, now: Instant) {
        let output = match output {
            q921::Output::Frame(octets) => {
                if self.traces {
                    self.say(link, span, Direction::Sent, Layer::Frame, &octets, now);
                }
                Output::Frame { link, octets }
            }
            q921::Output::Established(by) => {
                if let Some(d) = self.links.iter_mut().find(|d| d.id == link) {
                    d.established = d.link.counters().established;
                }
                self.interface.link_up(link, now);
                Output::Link { link, change: LinkChange::Up { by } }
            }
            q921::Output::Released(why) => {
                self.interface.link_down(link, now);
                Output::Link { link, change: LinkChange::Down { why } }
            }
            q921::Output::Data(octets) => {
                if self.traces {
                    self.say(link, span, Direction::Received, Layer::Message, &octets, now);
                }
                return self.interface.receive(link, &octets, now);
            }
            // Calls need no broadcast where there is one terminal (Q.931 §5.2.1); the counters have it.
            q921::Output::Unit(_) => return,
            q921::Output::Error(code) => Output::Fault(Fault::Link { link, code }),
            q921::Output::Refused(why, octets) => {
                Output::Fault(Fault::Unsent { link, why, octets })
            }
        };
        self.outputs.push_back(output);
    }

    fn interface_wants(&mut self, output: interface::Output, now: Instant) {
        match output {
            interface::Output::Send { link, octets } => self.send(link, octets, now),
            interface::Output::Establish(link) => self.establish(link, now),
            interface::Output::Tell(notice) => self.outputs.push_back(Output::Notice(notice)),
        }
    }

    fn send(&mut self, link: LinkId, octets: Vec<u8>, now: Instant) {
        let Some(d) = self.links.iter().find(|d| d.id == link) else { return };
        let span = d.span;
        if self.traces {
            self.say(link, span, Direction::Sent, Layer::Message, &octets, now);
        }
        self.handle(link, Input::Send(octets), now);
    }

    /// Only the first time: see the module.
    fn establish(&mut self, link: LinkId, now: Instant) {
        let Some(d) = self.links.iter_mut().find(|d| d.id == link && !d.asked) else { return };
        d.asked = true;
        d.link.handle(Input::Establish, now);
    }

    fn say(
        &mut self,
        link: LinkId,
        span: u8,
        direction: Direction,
        layer: Layer,
        octets: &[u8],
        at: Instant,
    ) {
        let sender = match direction {
            Direction::Sent => self.role,
            Direction::Received => self.role.peer(),
        };
        let octets = octets.to_vec();
        self.outputs.push_back(Output::Trace(Line {
            at,
            link,
            span,
            direction,
            sender,
            layer,
            octets,
        }));
    }
}
