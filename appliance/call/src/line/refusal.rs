//! Which wishes of an administrator a line cannot fulfil as it stands.

use super::{LineStatus, LineWish};
use crate::{CallId, ChannelUsage};

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
    /// A channel that is meant is restarting: both ends have yet to agree on what it is.
    Restarting,
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
            LineWish::Service { slot, .. } => self.settled(slot),
            LineWish::Restart { slot: Some(slot), .. } => self.carried(slot).map(drop),
            LineWish::LoopChannel { slot, on, .. } => {
                self.settled(Some(slot))?;
                match self.carried(slot)?.filter(|_| on) {
                    Some(call) => Err(LineRefusal::Busy(call)),
                    None => Ok(()),
                }
            }
            LineWish::LoopSpan { .. } if self.present => Ok(()),
            LineWish::LoopSpan { .. } => Err(LineRefusal::Absent),
            LineWish::Fault { .. } if self.facts.simulated => Ok(()),
            LineWish::Fault { .. } => Err(LineRefusal::Real),
        }
    }

    /// Whether nothing that is meant is restarting.
    fn settled(&self, slot: Option<u8>) -> Result<(), LineRefusal> {
        match slot {
            Some(slot) => self.carried(slot).map(drop)?,
            None => self.used()?,
        }
        let mut meant = self.channels.iter().filter(|it| slot.is_none_or(|slot| it.slot == slot));
        match meant.any(|it| it.usage == ChannelUsage::Restarting) {
            true => Err(LineRefusal::Restarting),
            false => Ok(()),
        }
    }

    fn used(&self) -> Result<(), LineRefusal> {
        self.trunk.map(drop).ok_or(LineRefusal::NoTrunk)
    }

    /// The call on a channel.
    fn carried(&self, slot: u8) -> Result<Option<CallId>, LineRefusal> {
        self.used()?;
        let mut channels = self.channels.iter();
        let channel = channels.find(|it| it.slot == slot).ok_or(LineRefusal::NoChannel)?;
        Ok(channel.call)
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
            | Self::Trace { span, .. }
            | Self::Fault { span, .. } => span,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ChannelService, ChannelStatus, ChannelUsage, LineAlarms, LineCounters, LineFault, LineKind,
        SpanFacts, SpanId, SpanLoop,
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
    fn a_line_without_a_trunk_can_be_looped_but_has_nothing_to_say() {
        let mut line = line(Vec::new());
        let trace = LineWish::Trace { span: SPAN, on: true };
        assert_eq!(line.allows(&trace), Err(LineRefusal::NoTrunk));
        let service = ChannelService::Out;
        let out = LineWish::Service { span: SPAN, slot: Some(1), service, gently: true };
        assert_eq!(line.allows(&out), Err(LineRefusal::NoTrunk));
        let looped = LineWish::LoopSpan { span: SPAN, loop_back: Some(SpanLoop::Local) };
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
