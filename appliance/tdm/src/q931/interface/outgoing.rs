//! Our calls: a reference, a channel, SETUP (ITU-T Q.931 §4.3, §5.1.1, §5.2.1).

use std::time::Instant;

use super::{CallId, Channel, Entry, Interface, Numbers, Usage};
use crate::q931::call::Call;
use crate::q931::element::{CauseValue, ChannelId, Channels, Element};
use crate::q931::message::{CallReference, Message, MessageKind};
use crate::q931::timers::Side;

/// A call to be placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// Bearer, numbers, names, Sending complete: all that SETUP says but the channel.
    pub with: Vec<Element>,
    /// Which channel.
    pub channel: Wish,
}

/// Which channel a call wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wish {
    /// The next one, as the interface is set.
    #[default]
    Next,
    /// The next one, and another if the far side likes that better.
    Preferred,
    /// The next one and no other.
    Exclusive,
    /// The next one of these that is not this one: the far side has refused it.
    Other(Channel, Numbers),
    /// This one and no other.
    Only(Channel),
    /// The next one of these, and if the far side likes another one better, one of these too.
    Among(Numbers),
}

impl Wish {
    /// The same for a second try, after the far side has refused this channel.
    #[must_use]
    pub fn but(self, refused: Option<Channel>) -> Self {
        match refused {
            Some(channel) => Self::Other(channel, self.among()),
            None => self,
        }
    }

    fn among(self) -> Numbers {
        match self {
            Self::Among(among) | Self::Other(_, among) => among,
            Self::Next | Self::Preferred | Self::Exclusive | Self::Only(_) => Numbers::ALL,
        }
    }
}

/// Why a call cannot be placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The D channel is down.
    NoLink,
    /// Every channel that may be used is taken or out of service.
    NoChannel,
    /// The channel that was asked for is.
    ChannelTaken,
    /// Every call reference is taken.
    NoReference,
    /// The owner ends the interface.
    Closing,
}

impl Refused {
    /// The cause to end the call with.
    pub fn cause(self) -> CauseValue {
        match self {
            Self::NoLink | Self::Closing => CauseValue::OUT_OF_ORDER,
            Self::NoChannel => CauseValue::NO_CHANNEL,
            Self::ChannelTaken => CauseValue::CHANNEL_NOT_AVAILABLE,
            Self::NoReference => CauseValue::CONGESTION,
        }
    }
}

impl Interface {
    /// Places a call.
    pub fn place(&mut self, setup: Setup, now: Instant) -> Result<CallId, Refused> {
        if self.closing.is_some() {
            return Err(Refused::Closing);
        }
        if self.links.active().is_none() {
            return Err(Refused::NoLink);
        }
        let among = setup.channel.among();
        let channel = match setup.channel {
            Wish::Only(channel) => {
                let free = self.channels.state(channel).is_some_and(|state| state.is_free());
                free.then_some(channel).ok_or(Refused::ChannelTaken)?
            }
            Wish::Other(refused, among) => {
                self.channels.next_free_but(Some(refused), among).ok_or(Refused::NoChannel)?
            }
            Wish::Next | Wish::Preferred | Wish::Exclusive | Wish::Among(_) => {
                self.channels.next_free(among).ok_or(Refused::NoChannel)?
            }
        };
        let exclusive = match setup.channel {
            Wish::Next | Wish::Among(_) | Wish::Other(..) => self.params.exclusive,
            Wish::Preferred => false,
            Wish::Exclusive | Wish::Only(_) => true,
        };
        let reference = self.free_reference().ok_or(Refused::NoReference)?;
        let named = ChannelId { exclusive, ..self.name(channel) };
        let mut message = Message::new(reference, MessageKind::Setup).with(named);
        setup.with.into_iter().for_each(|element| message.push(element));

        let id = self.next_id();
        self.channels.take(channel, Usage::Reserved(id));
        self.tell_channel(channel);
        let mut acts = Vec::new();
        let call = Call::place(message, &self.params.rules, now, &mut acts);
        self.add(id, Entry { call, channel: Some(channel), exclusive, among });
        self.perform(id, acts, now);
        Ok(id)
    }

    pub(super) fn next_id(&mut self) -> CallId {
        self.last_call = self.last_call.wrapping_add(1);
        CallId(self.last_call)
    }

    pub(super) fn add(&mut self, id: CallId, entry: Entry) {
        let reference = entry.call.reference();
        self.references.insert((reference.from_originator(), reference.value()), id);
        self.calls.insert(id, entry);
    }

    /// A reference that none of our calls has; each value rests as long as it can.
    fn free_reference(&mut self) -> Option<CallReference> {
        let length = self.params.reference_length;
        for _ in 0..length.greatest() {
            self.last_reference = self.last_reference % length.greatest() + 1;
            if !self.references.contains_key(&(true, self.last_reference)) {
                return Some(CallReference::new(self.last_reference, true, length));
            }
        }
        None
    }

    /// How messages name a channel.
    pub(super) fn name(&self, channel: Channel) -> ChannelId {
        let id = ChannelId::primary(channel.number);
        if self.params.names_spans { id.on_interface(channel.span) } else { id }
    }

    /// The span that a message means: that of the primary D channel if it names none.
    pub(super) fn span_of(&self, id: &ChannelId) -> Option<u8> {
        match &id.interface {
            Some(_) => id.interface_number(),
            None => Some(self.primary_span()),
        }
    }

    pub(super) fn primary_span(&self) -> u8 {
        let first = self.params.spans.first().map(|span| span.id);
        self.params.d_channels.first().copied().or(first).unwrap_or_default()
    }

    /// The channels that a message names, whether they exist or not.
    pub(super) fn named(&self, id: &ChannelId) -> Vec<Channel> {
        let Some(span) = self.span_of(id) else { return Vec::new() };
        match id.channels {
            Channels::Basic(_) | Channels::Numbers { .. } | Channels::Map { .. } => {
                id.numbers().into_iter().map(|number| Channel { span, number }).collect()
            }
            Channels::None | Channels::Any | Channels::Interface => Vec::new(),
        }
    }

    /// Whether the call of the far side wins where both want a channel: that of the network does
    /// (ITU-T Q.931 §5.7); in QSIG, that of side A (ECMA-143).
    pub(super) fn far_side_wins(&self) -> bool {
        self.params.rules.side == Side::User
    }
}
