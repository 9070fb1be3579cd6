//! A trunk as a status page shows it.

use super::Trunk;
use crate::q921::{Counters, Phase};
use crate::q931::call::CallState;
use crate::q931::interface::{CallId, Channel, ChannelState, LinkId};
use crate::q931::message::CallReference;

/// A trunk at one instant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
    /// Its D channels, the primary one first.
    pub links: Vec<LinkStatus>,
    /// The spans with an alarm, in order.
    pub alarms: Vec<u8>,
    /// Its channels, by span and number.
    pub channels: Vec<(Channel, ChannelState)>,
    /// Its calls, the oldest first.
    pub calls: Vec<CallStatus>,
}

/// The link of a D channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LinkStatus {
    /// Which D channel.
    pub link: LinkId,
    /// The span that it is on.
    pub span: u8,
    /// Its state; [`Phase::is_up`] says whether messages go.
    pub phase: Phase,
    /// Whether it carries the calls.
    pub carries: bool,
    /// Whether the peer asked us to send nothing.
    pub peer_busy: bool,
    /// Messages of layer 3 that are not sent or not acknowledged yet.
    pub waiting: usize,
    /// What went through it.
    pub counters: Counters,
}

/// A call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallStatus {
    /// Its name between trunk and owner.
    pub call: CallId,
    /// Its name on the D channel, and whether we began it.
    pub reference: CallReference,
    /// Where it stands, for our side.
    pub state: CallState,
    /// Its channel; none while it waits for the far side to choose another.
    pub channel: Option<Channel>,
}

impl Trunk {
    /// All that a status page shows, as plain data.
    pub fn describe(&self) -> Status {
        let side = self.interface.params().rules.side;
        let carrier = self.interface.carrier();
        let links = self.links.iter().map(|d| LinkStatus {
            link: d.id,
            span: d.span,
            phase: d.link.phase(),
            carries: carrier == Some(d.id),
            peer_busy: d.link.is_peer_busy(),
            waiting: d.link.waiting(),
            counters: *d.link.counters(),
        });
        let calls = self.interface.calls().map(|(id, call, channel)| CallStatus {
            call: id,
            reference: call.reference(),
            state: call.state(side),
            channel,
        });
        Status {
            links: links.collect(),
            alarms: self.alarms.iter().copied().collect(),
            channels: self.interface.channels().map(|(id, state)| (id, *state)).collect(),
            calls: calls.collect(),
        }
    }
}
