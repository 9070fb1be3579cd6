//! What an interface wants done, and what its owner is told.

use super::{CallId, Channel, ChannelState, LinkId, Scope};
use crate::q931::call::{Event, Said};
use crate::q931::element::CauseValue;
use crate::q931::message::{MessageKind, NotAMessage};

/// The far side calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The channel that the call gets.
    pub channel: Channel,
    /// Whether the number is complete; if not, more digits may be asked for
    /// ([`Request::AskDigits`](crate::q931::call::Request::AskDigits)).
    pub complete: bool,
    /// SETUP: numbers, names, bearer.
    pub setup: Said,
}

/// What an interface wants done, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// A message for this D channel, acknowledged (DL-DATA request).
    Send {
        /// The D channel.
        link: LinkId,
        /// The message.
        octets: Vec<u8>,
    },
    /// The data link of this D channel is to be established (DL-ESTABLISH request).
    Establish(LinkId),
    /// The owner is to know this.
    Tell(Notice),
}

/// What the owner of an interface is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
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
    /// The far side restarts a channel: it is to be cleared, then [`Interface::cleared`](super::Interface::cleared) called. Only with
    /// [`Params::owner_clears`](super::Params::owner_clears).
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
}

/// What is wrong, and belongs to no call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A long message came in parts that do not fit together, or whose rest did not come on this D
    /// channel; all of it is dropped (annex H.3).
    SegmentsLost(LinkId),
    /// Octets that are no message, dropped.
    NotAMessage(NotAMessage),
    /// A message on a D channel that is down, dropped.
    LinkDown(LinkId),
    /// A message about a call that does not exist, of this kind.
    NoSuchCall(MessageKind),
    /// A call was refused before the owner heard of it, for this cause.
    Refused(CauseValue),
    /// The far side did not answer SERVICE.
    ServiceUnanswered(Channel),
    /// The owner did not clear all channels within T317.
    NotCleared,
    /// The far side says that we were wrong about something that is no call.
    Reproached(CauseValue),
}
