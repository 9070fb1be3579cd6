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
//! ([`q921::Params::retry`]), and not each time that layer 3 asks: a request resets a link that is up
//! (Q.921 §5.5.1.1), and would spend the rest after an attempt in vain.

mod owner;
mod status;
mod trace;

use std::collections::{BTreeSet, VecDeque};
use std::time::Instant;

use crate::q921::{self, Input, Link, Refusal, Released, Role, Setup};
use crate::q931::call::Event;
use crate::q931::interface::{self, CallId, Channel, ChannelState, Interface, LinkId, Scope};
use crate::q931::timers::Side;

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

/// What a trunk wants done, or tells, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// Send this frame on this D channel; flags and check are the sender's.
    Frame {
        /// The D channel.
        link: LinkId,
        /// Address, control and information.
        octets: Vec<u8>,
    },
    /// The link of a D channel came up, went down or lost something.
    Link {
        /// The D channel.
        link: LinkId,
        /// What happened to it.
        change: LinkChange,
    },
    /// This D channel carries the calls from now on.
    Carries(LinkId),
    /// Something happened to a call.
    Call {
        /// The call.
        call: CallId,
        /// What.
        event: Event,
    },
    /// A channel does something else than before.
    Channel {
        /// The channel.
        channel: Channel,
        /// What it does now.
        state: ChannelState,
    },
    /// The far side restarts a channel: it is to be cleared, then [`Trunk::cleared`] called. Only with
    /// [`interface::Params::owner_clears`].
    Clear(Channel),
    /// A restart that we asked for has ended.
    Restarted {
        /// What was restarted.
        scope: Scope,
        /// Whether the far side confirmed it; else its channels are out of service with us.
        confirmed: bool,
    },
    /// Something is wrong that belongs to no call.
    Fault(Fault),
    /// What was said, frame by frame and message by message: only with [`Trunk::trace`].
    Trace(Line),
}

/// What happened to the link of a D channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkChange {
    /// It is up (DL-ESTABLISH).
    Up {
        /// Who asked for it, and what a reset took.
        by: Setup,
    },
    /// It is down (DL-RELEASE).
    Down {
        /// Why.
        why: Released,
    },
}

/// What is wrong, and belongs to no call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// In layer 2 (MDL-ERROR); what follows of it is told besides. A link that was begun anew with
    /// nothing on its way is told only here.
    Link {
        /// The D channel.
        link: LinkId,
        /// What went wrong, and who is at fault.
        code: q921::Code,
    },
    /// A message of ours was not sent; the waits of layer 3 make up for it. The settings are at fault, or
    /// a peer that takes nothing.
    Unsent {
        /// The D channel.
        link: LinkId,
        /// Why.
        why: Refusal,
        /// The message.
        octets: Vec<u8>,
    },
    /// In layer 3.
    Interface(interface::Fault),
}

/// An ISDN trunk.
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
#[derive(Debug)]
pub struct Trunk {
    role: Role,
    interface: Interface,
    /// In the order of [`LinkId`].
    links: Vec<DChannel>,
    /// The spans whose layer 1 has failed.
    alarms: BTreeSet<u8>,
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
            DChannel { id, span: *span, link, asked: false }
        };
        let links = spans.map(d_channel).collect();
        let mut trunk = Trunk {
            role,
            interface: Interface::new(params.interface),
            links,
            alarms: BTreeSet::new(),
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
        let links = self.links.iter().filter_map(|d| d.link.poll_timeout());
        links.chain(self.interface.poll_timeout().map(|(at, _)| at)).min()
    }

    /// Says that it is this late. Before [`poll_timeout`](Trunk::poll_timeout) nothing happens.
    pub fn handle_timeout(&mut self, now: Instant) {
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
            } else if let Some(output) = self.interface.poll_output() {
                self.interface_wants(output, now);
            } else {
                return;
            }
        }
    }

    fn next_of_links(&mut self) -> Option<(LinkId, u8, q921::Output)> {
        self.links.iter_mut().find_map(|d| Some((d.id, d.span, d.link.poll_output()?)))
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
        let output = match output {
            interface::Output::Send { link, octets } => return self.send(link, octets, now),
            interface::Output::Establish(link) => return self.establish(link, now),
            interface::Output::Carries(link) => Output::Carries(link),
            interface::Output::Call { call, event } => Output::Call { call, event },
            interface::Output::Channel { channel, state } => Output::Channel { channel, state },
            interface::Output::Clear(channel) => Output::Clear(channel),
            interface::Output::Restarted { scope, confirmed } => {
                Output::Restarted { scope, confirmed }
            }
            interface::Output::Fault(fault) => Output::Fault(Fault::Interface(fault)),
        };
        self.outputs.push_back(output);
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
