//! Which channel a call gets, where both sides have a say (ITU-T Q.931 §5.1.2, §5.2.3.1, §5.7).

use std::time::Instant;

use super::{CallId, Channel, Event, Interface, Notice, Numbers, Usage};
use crate::q931::element::{BasicChannel, CauseValue, ChannelId, Channels};
use crate::q931::message::{Message, MessageKind};

impl Interface {
    /// The channel for a call of the far side, or the cause to refuse it with.
    pub(super) fn channel_for(
        &mut self,
        wanted: Option<&ChannelId>,
    ) -> Result<Channel, CauseValue> {
        let any = |this: &Self| this.channels.next_free(Numbers::ALL).ok_or(CauseValue::NO_CHANNEL);
        let Some(wanted) = wanted else { return any(self) };
        if wanted.d_channel {
            return Err(CauseValue::CHANNEL_TYPE_NOT_IMPLEMENTED);
        }
        match wanted.channels {
            Channels::Any | Channels::Basic(BasicChannel::Any) => return any(self),
            // A call that would wait for a channel (§5.2.3.2).
            Channels::None | Channels::Basic(BasicChannel::None) | Channels::Interface => {
                return Err(CauseValue::NO_CHANNEL);
            }
            Channels::Basic(_) | Channels::Numbers { .. } | Channels::Map { .. } => {}
        }
        let channel = match self.named(wanted).as_slice() {
            [channel] => *channel,
            // Calls of several channels are not placed here.
            _ => return Err(CauseValue::CHANNEL_TYPE_NOT_IMPLEMENTED),
        };
        let other = |this: &Self, cause| match wanted.exclusive {
            true => Err(cause),
            false => any(this),
        };
        let Some(state) = self.channels.state(channel).copied() else {
            return other(self, CauseValue::CHANNEL_DOES_NOT_EXIST);
        };
        match state.usage {
            _ if state.is_free() => Ok(channel),
            Usage::Reserved(ours) if self.far_side_wins() && state.in_service() => {
                self.leave_to_far_side(ours);
                Ok(channel)
            }
            _ => other(self, CauseValue::CHANNEL_NOT_AVAILABLE),
        }
    }

    /// Glare: our call waits for the channel that the network will name (§5.7).
    fn leave_to_far_side(&mut self, ours: CallId) {
        if let Some(entry) = self.calls.get_mut(&ours) {
            entry.channel = None;
            self.tell(Notice::Call { call: ours, event: Event::Channel(None) });
        }
    }

    /// The first answer to our SETUP says which channel the call gets. False if it cannot be: the call is
    /// being released, and the message is not for it.
    pub(super) fn settle_channel(&mut self, id: CallId, message: &Message, now: Instant) -> bool {
        let first = matches!(
            message.kind,
            MessageKind::SetupAck
                | MessageKind::CallProceeding
                | MessageKind::Alerting
                | MessageKind::Connect
        );
        let Some(entry) = self.calls.get(&id) else { return false };
        if !first || !entry.call.is_unanswered() {
            return true;
        }
        let (held, exclusive, among) = (entry.channel, entry.exclusive, entry.among);
        let chosen = match message.channel_id() {
            None => held,
            Some(chosen) => match self.named(chosen).as_slice() {
                [channel] => Some(*channel),
                _ => None,
            },
        };
        let fits = chosen.is_some_and(|channel| {
            let free = || self.channels.state(channel).is_some_and(|state| state.is_free());
            let may_change = !(exclusive && held.is_some()) && among.contains(channel.number);
            Some(channel) == held || may_change && free()
        });
        let (true, Some(channel)) = (fits, chosen) else {
            self.with_call(id, now, |call, rules, _, out| {
                call.refuse_channel(CauseValue::CHANNEL_UNACCEPTABLE, rules, now, out);
            });
            return false;
        };
        if let Some(held) = held.filter(|held| *held != channel) {
            self.channels.release(held, id);
            self.tell_channel(held);
        }
        self.channels.take(channel, Usage::Busy(id));
        self.tell_channel(channel);
        if let Some(entry) = self.calls.get_mut(&id) {
            entry.channel = Some(channel);
        }
        self.tell(Notice::Call { call: id, event: Event::Channel(Some(channel)) });
        true
    }
}
