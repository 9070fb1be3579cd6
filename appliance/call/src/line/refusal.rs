//! Which wishes of an administrator a line cannot fulfil as it stands.

use super::{Bert, ChannelStatus, ChannelUsage, LineStatus, LineWish};
use crate::CallId;

/// Why nothing comes of a [`LineWish`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineRefusal {
    /// The box has no such span.
    NoSpan,
    /// No trunk uses the span, so it has neither channels nor a D channel.
    NoTrunk,
    /// The trunk does not use this timeslot.
    NoChannel,
    /// The channel carries this call.
    Busy(CallId),
    /// A call is being set up on the channel, or is not quite over.
    Taken,
    /// A channel that is meant is restarting: both ends have yet to agree on what it is.
    Restarting,
    /// The channel is looped.
    Looped,
    /// The bit errors of the channel are tested.
    Tested,
    /// They are not.
    NotTested,
    /// The card is not there, or not open.
    Absent,
    /// Faults are made on simulated lines only.
    Real,
}

impl LineStatus {
    /// Whether something can come of a wish that is about this line.
    pub fn allows(&self, wish: &LineWish) -> Result<(), LineRefusal> {
        match *wish {
            LineWish::Restart { slot: None, .. } | LineWish::Trace { .. } => self.used(),
            LineWish::Restart { slot: Some(slot), .. } => self.channel(slot).map(drop),
            LineWish::LoopChannel { slot, on: false, .. }
            | LineWish::Bert { slot, pattern: None, .. } => self.channel(slot)?.settled(),
            LineWish::Service { slot: Some(slot), .. } => self.channel(slot)?.served(),
            LineWish::Service { slot: None, .. } => {
                self.used()?;
                self.channels.iter().try_for_each(ChannelStatus::settled)
            }
            LineWish::LoopChannel { slot, on: true, .. } => {
                let channel = self.channel(slot)?;
                channel.rests()?;
                channel.untested()
            }
            LineWish::Bert { slot, pattern: Some(_), .. } => {
                let channel = self.channel(slot)?;
                channel.rests()?;
                channel.served()?;
                self.there()
            }
            LineWish::BertError { slot, .. } => match self.channel(slot)?.untested() {
                Ok(()) => Err(LineRefusal::NotTested),
                Err(_) => Ok(()),
            },
            LineWish::LoopSpan { .. } => {
                self.used()?;
                self.there()
            }
            LineWish::Fault { .. } if self.facts.simulated => Ok(()),
            LineWish::Fault { .. } => Err(LineRefusal::Real),
        }
    }

    fn there(&self) -> Result<(), LineRefusal> {
        self.present.then_some(()).ok_or(LineRefusal::Absent)
    }

    fn used(&self) -> Result<(), LineRefusal> {
        self.trunk.map(drop).ok_or(LineRefusal::NoTrunk)
    }

    fn channel(&self, slot: u8) -> Result<&ChannelStatus, LineRefusal> {
        self.used()?;
        let mut channels = self.channels.iter();
        channels.find(|it| it.slot == slot).ok_or(LineRefusal::NoChannel)
    }
}

impl ChannelStatus {
    /// Whether no call has it.
    fn rests(&self) -> Result<(), LineRefusal> {
        match (self.call, self.usage) {
            (Some(call), _) => Err(LineRefusal::Busy(call)),
            (None, ChannelUsage::Busy | ChannelUsage::Reserved) => Err(LineRefusal::Taken),
            (None, ChannelUsage::Idle | ChannelUsage::Alarm | ChannelUsage::Restarting) => {
                self.settled()
            }
        }
    }

    /// Whether it can go out of service and come back.
    fn served(&self) -> Result<(), LineRefusal> {
        self.settled()?;
        match self.looped {
            true => Err(LineRefusal::Looped),
            false => self.untested(),
        }
    }

    /// Whether it is not restarting.
    fn settled(&self) -> Result<(), LineRefusal> {
        match self.usage {
            ChannelUsage::Restarting => Err(LineRefusal::Restarting),
            ChannelUsage::Idle
            | ChannelUsage::Reserved
            | ChannelUsage::Busy
            | ChannelUsage::Alarm => Ok(()),
        }
    }

    fn untested(&self) -> Result<(), LineRefusal> {
        match self.bert.as_ref().is_some_and(Bert::runs) {
            true => Err(LineRefusal::Tested),
            false => Ok(()),
        }
    }
}

impl LineWish {
    /// The span that it is about.
    pub fn span(&self) -> super::SpanId {
        match *self {
            Self::Service { span, .. }
            | Self::Restart { span, .. }
            | Self::LoopSpan { span, .. }
            | Self::LoopChannel { span, .. }
            | Self::Bert { span, .. }
            | Self::BertError { span, .. }
            | Self::Trace { span, .. }
            | Self::Fault { span, .. } => span,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        BertPattern, ChannelService, LineAlarms, LineCounters, LineFault, LineKind, SpanFacts,
        SpanId, SpanLoop, UnixMillis,
    };

    const SPAN: SpanId = SpanId(0);

    fn line(channels: Vec<ChannelStatus>) -> LineStatus {
        let (name, description) = ("line 1".to_owned(), String::new());
        LineStatus {
            facts: SpanFacts {
                span: SPAN,
                name,
                description,
                kind: LineKind::E1,
                simulated: false,
            },
            trunk: (!channels.is_empty()).then_some(1),
            present: true,
            watched: true,
            alarms: LineAlarms::default(),
            counters: LineCounters::default(),
            is_clock: true,
            loop_back: None,
            traced: false,
            d_channel: None,
            channels,
        }
    }

    fn channel(slot: u8, call: Option<CallId>) -> ChannelStatus {
        ChannelStatus {
            slot,
            usage: if call.is_some() { ChannelUsage::Busy } else { ChannelUsage::Idle },
            ours: ChannelService::In,
            theirs: ChannelService::In,
            closing: None,
            call,
            looped: false,
            bert: None,
            sound: None,
        }
    }

    #[test]
    fn a_channel_that_carries_a_call_is_not_looped_and_one_that_no_trunk_has_is_not_found() {
        let call = CallId(7);
        let line = line(vec![channel(1, None), channel(2, Some(call))]);
        let looped = |slot, on| line.allows(&LineWish::LoopChannel { span: SPAN, slot, on });
        assert_eq!(looped(1, true), Ok(()));
        assert_eq!(looped(2, true), Err(LineRefusal::Busy(call)));
        assert_eq!(looped(2, false), Ok(()));
        assert_eq!(looped(3, true), Err(LineRefusal::NoChannel));
        let restart = |slot| line.allows(&LineWish::Restart { span: SPAN, slot });
        assert_eq!((restart(None), restart(Some(2))), (Ok(()), Ok(())));
        assert_eq!(restart(Some(16)), Err(LineRefusal::NoChannel));
    }

    #[test]
    fn a_channel_that_restarts_is_neither_put_into_service_nor_out_of_it() {
        let mut line = line(vec![channel(1, None), channel(2, None)]);
        line.channels[1].usage = ChannelUsage::Restarting;
        let out = |slot| {
            let service = ChannelService::Out;
            line.allows(&LineWish::Service { span: SPAN, slot, service, gently: true })
        };
        assert_eq!(out(Some(1)), Ok(()));
        assert_eq!(out(Some(2)), Err(LineRefusal::Restarting));
        assert_eq!(out(None), Err(LineRefusal::Restarting));
        assert_eq!(out(Some(3)), Err(LineRefusal::NoChannel));
        let looped = |slot| line.allows(&LineWish::LoopChannel { span: SPAN, slot, on: false });
        assert_eq!((looped(1), looped(2)), (Ok(()), Err(LineRefusal::Restarting)));
    }

    #[test]
    fn bit_errors_are_tested_where_no_call_no_loop_and_no_other_test_is() {
        let mut line = line(vec![channel(1, None), channel(2, Some(CallId(7)))]);
        let starts = |line: &LineStatus, slot| {
            let pattern = Some(BertPattern::Bits2047);
            line.allows(&LineWish::Bert { span: SPAN, slot, pattern })
        };
        let error = LineWish::BertError { span: SPAN, slot: 1 };
        let (service, gently) = (ChannelService::In, true);
        let service = LineWish::Service { span: SPAN, slot: Some(1), service, gently };
        assert_eq!(starts(&line, 1), Ok(()));
        assert_eq!(starts(&line, 2), Err(LineRefusal::Busy(CallId(7))));
        assert_eq!(starts(&line, 16), Err(LineRefusal::NoChannel));
        assert_eq!(line.allows(&error), Err(LineRefusal::NotTested));
        line.channels[0].bert = Some(Bert::new(BertPattern::Bits2047, UnixMillis(0)));
        assert_eq!(starts(&line, 1), Err(LineRefusal::Tested));
        assert_eq!(line.allows(&error), Ok(()));
        assert_eq!(line.allows(&service), Err(LineRefusal::Tested));
        let looped = LineWish::LoopChannel { span: SPAN, slot: 1, on: true };
        assert_eq!(line.allows(&looped), Err(LineRefusal::Tested));
        let stops = LineWish::Bert { span: SPAN, slot: 1, pattern: None };
        assert_eq!(line.allows(&stops), Ok(()));
        line.channels[0].bert.as_mut().unwrap().ended = Some(UnixMillis(1));
        assert_eq!((starts(&line, 1), line.allows(&service)), (Ok(()), Ok(())));
        line.channels[0].looped = true;
        assert_eq!(starts(&line, 1), Err(LineRefusal::Looped));
        line.channels[0].looped = false;
        line.present = false;
        assert_eq!(starts(&line, 1), Err(LineRefusal::Absent));
    }

    #[test]
    fn a_channel_that_restarts_or_is_being_taken_does_nothing_else() {
        let mut line = line(vec![channel(1, None)]);
        let (service, gently) = (ChannelService::Out, true);
        let service = LineWish::Service { span: SPAN, slot: Some(1), service, gently };
        let looped = LineWish::LoopChannel { span: SPAN, slot: 1, on: true };
        for (usage, out, refused) in [
            (ChannelUsage::Restarting, Err(LineRefusal::Restarting), LineRefusal::Restarting),
            (ChannelUsage::Reserved, Ok(()), LineRefusal::Taken),
            (ChannelUsage::Busy, Ok(()), LineRefusal::Taken),
        ] {
            line.channels[0].usage = usage;
            assert_eq!(line.allows(&service), out, "{usage:?}");
            assert_eq!(line.allows(&looped), Err(refused), "{usage:?}");
        }
    }

    #[test]
    fn a_line_without_a_trunk_is_not_set_up_so_nothing_comes_of_a_wish() {
        let mut line = line(Vec::new());
        let service = ChannelService::Out;
        let looped = LineWish::LoopSpan { span: SPAN, loop_back: Some(SpanLoop::Local) };
        for wish in [
            LineWish::Trace { span: SPAN, on: true },
            LineWish::Service { span: SPAN, slot: Some(1), service, gently: true },
            LineWish::Bert { span: SPAN, slot: 1, pattern: None },
            looped,
        ] {
            assert_eq!(line.allows(&wish), Err(LineRefusal::NoTrunk), "{wish:?}");
        }
        line.trunk = Some(1);
        assert_eq!(line.allows(&looped), Ok(()));
        line.present = false;
        assert_eq!(line.allows(&looped), Err(LineRefusal::Absent));
    }

    #[test]
    fn faults_are_made_on_simulated_lines_only_also_while_the_card_is_out() {
        let mut line = line(Vec::new());
        let back = LineWish::Fault { span: SPAN, fault: LineFault::Card { out: false } };
        assert_eq!(line.allows(&back), Err(LineRefusal::Real));
        (line.facts.simulated, line.present) = (true, false);
        assert_eq!(line.allows(&back), Ok(()));
        assert_eq!(back.span(), SPAN);
    }
}
