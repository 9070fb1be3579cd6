//! Calls of the far side, and messages about calls that there are not (ITU-T Q.931 §5.8.3.2, §5.2).

use std::time::Instant;

use super::{Channel, Entry, Event, Fault, Interface, Notice, Numbers, Offer, Said, Usage};
use crate::q931::call::{Call, CallState, Faults};
use crate::q931::element::{self, CauseValue, ChannelId};
use crate::q931::message::{CallReference, Message, MessageKind, Problem};
use crate::q931::timers::Side;

impl Interface {
    /// A message with a reference that no call has.
    pub(super) fn receive_stray(&mut self, message: Message, problems: &[Problem], now: Instant) {
        let kind = message.kind;
        match kind {
            // d: only who begins a call may choose the reference.
            MessageKind::Setup if message.call.from_originator() => {
                return self.offered(message, problems, now);
            }
            MessageKind::Setup => {}
            // c.
            MessageKind::ReleaseComplete => {}
            // b.
            MessageKind::Release => {
                self.refuse(&message, CauseValue::INVALID_CALL_REFERENCE, Vec::new());
            }
            // §5.6.5: nobody suspends calls here.
            MessageKind::Resume if self.params.rules.side == Side::Network => {
                let cause = self.params.rules.cause(CauseValue::NO_CALL_SUSPENDED);
                let reference = message.call.answered();
                self.send(&Message::new(reference, MessageKind::ResumeReject).with(cause));
            }
            // §5.8.11 a.
            MessageKind::Status => {
                let state = message.call_state().map_or(0, |state| state.value);
                if CallState::from_value(state) == CallState::Null {
                    return;
                }
                self.refuse(&message, CauseValue::NOT_COMPATIBLE, Vec::new());
            }
            // §5.8.10.
            MessageKind::StatusEnquiry => {
                return self.say_stray_status(message.call, CauseValue::STATUS_ENQUIRED);
            }
            // a.
            _ => self.refuse(&message, CauseValue::INVALID_CALL_REFERENCE, Vec::new()),
        }
        self.tell(Notice::Fault(Fault::NoSuchCall(kind)));
    }

    /// STATUS about what is no call, or about everything.
    pub(super) fn say_stray_status(&mut self, reference: CallReference, cause: CauseValue) {
        let cause = self.params.rules.cause(cause);
        let state = element::CallState::new(CallState::Null.value());
        let message = Message::new(reference.answered(), MessageKind::Status);
        self.send(&message.with(cause).with(state));
    }

    fn refuse(&mut self, message: &Message, cause: CauseValue, diagnostics: Vec<u8>) {
        let cause = self.params.rules.cause(cause).with_diagnostics(diagnostics);
        let reference = message.call.answered();
        self.send(&Message::new(reference, MessageKind::ReleaseComplete).with(cause));
    }

    /// SETUP: a channel and an offer, or a refusal.
    fn offered(&mut self, setup: Message, problems: &[Problem], now: Instant) {
        let faults = Faults::of(problems, &self.params.rules);
        // §5.8.6.1, §5.8.6.2.
        if let Some(fault) = &faults.grave {
            self.tell(Notice::Fault(Fault::Refused(fault.cause)));
            return self.refuse(&setup, fault.cause, fault.elements.clone());
        }
        let channel = match self.closing.map_or_else(|| self.channel_for(setup.channel_id()), Err) {
            Ok(channel) => channel,
            Err(cause) => {
                self.tell(Notice::Fault(Fault::Refused(cause)));
                return self.refuse(&setup, cause, Vec::new());
            }
        };
        let id = self.next_id();
        self.channels.take(channel, Usage::Busy(id));
        self.tell_channel(channel);
        let named = ChannelId { exclusive: true, ..self.name(channel) };
        let call = Call::offered(setup.call.answered(), named);
        self.add(id, Entry { call, channel: Some(channel), exclusive: true, among: Numbers::ALL });
        let offer = self.offer(channel, setup);
        self.tell(Notice::Call { call: id, event: Event::Offered(Box::new(offer)) });
        if let Some(fault) = faults.slight {
            self.with_call(id, now, |call, rules, _, out| {
                call.say_fault(MessageKind::Setup, &fault, rules, out);
            });
        }
    }

    fn offer(&self, channel: Channel, setup: Message) -> Offer {
        Offer { channel, complete: setup.sending_complete(), setup: Said::new(setup) }
    }
}
