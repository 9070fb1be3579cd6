//! Channels in and out of service, agreed by SERVICE messages where the dialect has them
//! (AT&T TR 41459, Telcordia SR-4994, ANSI T1.607 annex; not in EN 300 403 and ECMA-143).

use std::collections::BTreeMap;
use std::time::Instant;

use super::{Channel, Due, Fault, Interface, Misuse, Notice, ServiceStatus, Standing, Usage};
use crate::q931::call::after;
use crate::q931::element::{CauseValue, ChangeStatus, ChannelId};
use crate::q931::message::{Message, MessageKind};
use crate::q931::timers::Timer;

/// SERVICE messages that wait for their answer.
#[derive(Debug, Default)]
pub(super) struct Services {
    asked: BTreeMap<Channel, Asked>,
}

#[derive(Debug)]
struct Asked {
    message: Message,
    left: u8,
}

impl Interface {
    /// Takes a channel out of service, or back. While it carries a call, `gently` waits for the end of the
    /// call; else the call is cleared. The far side is told where the dialect has words for it; where it
    /// has not, its calls for this channel get another one, or are refused (cause 44). A channel that is
    /// restarting is left alone: what it is afterwards both sides have yet to agree on.
    pub fn set_service(
        &mut self,
        channel: Channel,
        service: Standing,
        gently: bool,
        now: Instant,
    ) -> Result<(), Misuse> {
        let state = self.channels.state_mut(channel).ok_or(Misuse::NoSuchChannel)?;
        if state.usage == Usage::Restarting {
            return Err(Misuse::Restarting);
        }
        let call = state.call();
        if service != Standing::In && gently && call.is_some() {
            state.closing = Some(service);
            self.tell_channel(channel);
            return Ok(());
        }
        state.closing = None;
        state.ours = service;
        self.tell_channel(channel);
        if let (Some(call), false) = (call, service == Standing::In) {
            let cause = CauseValue::TEMPORARY_FAILURE;
            self.with_call(call, now, |call, rules, connected, out| match connected {
                true => call.give_away(cause, rules, now, out),
                false => call.drop_here(cause, rules, out),
            });
        }
        self.announce(channel, now);
        Ok(())
    }

    /// A channel that was to close when its call ends.
    pub(super) fn close_if_asked(&mut self, channel: Channel, now: Instant) {
        let Some(state) = self.channels.state_mut(channel) else { return };
        let (Usage::Idle, Some(service)) = (state.usage, state.closing.take()) else { return };
        state.ours = service;
        self.tell_channel(channel);
        self.announce(channel, now);
    }

    /// Says what is out of service with us: the far side may have forgotten it while the link was down.
    pub(super) fn announce_again(&mut self, now: Instant) {
        let out = self.channels.iter().filter(|(_, state)| state.ours != Standing::In);
        let out: Vec<_> = out.map(|(channel, _)| channel).collect();
        out.into_iter().for_each(|channel| self.announce(channel, now));
    }

    fn announce(&mut self, channel: Channel, now: Instant) {
        let Some(discriminator) = self.params.rules.dialect.maintenance() else { return };
        let Some(state) = self.channels.state(channel) else { return };
        let status = match state.ours {
            Standing::In => ServiceStatus::InService,
            Standing::Maintenance => ServiceStatus::Maintenance,
            Standing::Out => ServiceStatus::OutOfService,
        };
        let named = ChannelId { exclusive: true, ..self.name(channel) };
        let message = Message::new(self.global(), MessageKind::Service(discriminator))
            .with(ChangeStatus { channel: true, status })
            .with(named);
        self.send(&message);
        self.services.asked.insert(channel, Asked { message, left: self.params.rules.repeats });
        self.wait_for_service(channel, now);
    }

    fn wait_for_service(&mut self, channel: Channel, now: Instant) {
        let at = after(self.params.rules.timers.service, now);
        self.clock.set(Due::Service(channel), at.map(|at| (at, Timer::Service)));
    }

    /// T3M1: once more, then the owner hears of it.
    pub(super) fn service_unanswered(&mut self, channel: Channel, now: Instant) {
        let Some(asked) = self.services.asked.get_mut(&channel) else { return };
        if asked.left > 0 {
            asked.left -= 1;
            let message = asked.message.clone();
            self.send(&message);
            return self.wait_for_service(channel, now);
        }
        self.services.asked.remove(&channel);
        self.tell(Notice::Fault(Fault::ServiceUnanswered(channel)));
    }

    /// SERVICE ACKNOWLEDGE.
    pub(super) fn service_is_through(&mut self, message: &Message) {
        let channels = message.channel_id().map(|id| self.named(id)).unwrap_or_default();
        for channel in channels {
            self.services.asked.remove(&channel);
            self.clock.set(Due::Service(channel), None);
        }
    }

    /// SERVICE: a channel may not be used, or may again; its call goes on. Or a D channel is meant: that
    /// it answers is all that is asked.
    pub(super) fn far_side_serves(&mut self, message: &Message, now: Instant) {
        let (Some(status), Some(id)) = (message.change_status(), message.channel_id()) else {
            return self.tell(Notice::Fault(Fault::NoSuchCall(message.kind)));
        };
        let MessageKind::Service(discriminator) = message.kind else { return };
        if !id.d_channel {
            let service = match status.status {
                ServiceStatus::InService => Standing::In,
                ServiceStatus::Maintenance => Standing::Maintenance,
                _ => Standing::Out,
            };
            let channels = match &id.channels {
                crate::q931::element::Channels::Interface => {
                    self.span_of(id).map(|span| self.channels.of_span(span)).unwrap_or_default()
                }
                _ => self.named(id),
            };
            let mut known = false;
            for channel in channels {
                let Some(state) = self.channels.state_mut(channel) else { continue };
                known = true;
                state.theirs = service;
                self.tell_channel(channel);
            }
            if !known {
                return self.tell(Notice::Fault(Fault::NoSuchCall(message.kind)));
            }
        }
        let answer = MessageKind::ServiceAck(discriminator);
        let answer = Message::new(message.call.answered(), answer).with(*status).with(id.clone());
        self.send(&answer);
        self.next_restart(now);
    }
}
