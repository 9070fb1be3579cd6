//! Call forwarding: always, when busy, when nobody answers, when no phone can be reached.

use crate::call::{Call, State};
use crate::desk::Desk;
use crate::placing::Attempts;
use crate::route::{Caller, is_loop};
use call::{Cause, Diversion, DiversionReason, End, LegCommand, LegId, Why};
use config::Extension;

impl Call {
    /// An extension cannot take the call: its forwarding for that case, else the end.
    pub(crate) fn extension_failed(
        &mut self,
        extension: &Extension,
        end: End,
        desk: &mut Desk<'_>,
    ) {
        let forward = &extension.forward;
        let (target, reason) = match end.why {
            Why::Busy => (&forward.busy, DiversionReason::UserBusy),
            Why::DoNotDisturb => (&forward.busy, DiversionReason::DoNotDisturb),
            Why::NoAnswer => (&forward.no_answer, DiversionReason::NoAnswer),
            Why::NotRegistered | Why::Unreachable => {
                (&forward.unreachable, DiversionReason::Unavailable)
            }
            _ => (&None, DiversionReason::Unconditional),
        };
        match target {
            Some(target) => self.forward(extension, target.as_str(), reason, desk),
            None => {
                self.step(format!("{} was not reached: {}.", extension.number, end.why), desk);
                self.failed(end, desk);
            }
        }
    }

    /// Calls somebody else in an extension's stead, on its behalf: the forwarding may go where the
    /// extension itself may call.
    pub(crate) fn forward(
        &mut self,
        extension: &Extension,
        target: &str,
        reason: DiversionReason,
        desk: &mut Desk<'_>,
    ) {
        let number = extension.number.to_string();
        if is_loop(self.diverted(), &number) {
            self.step(format!("{number} forwards in a circle."), desk);
            return self.failed(End::ours(Cause::DESTINATION_OUT_OF_ORDER, Why::Loop), desk);
        }
        self.step(format!("{number} forwards to {target} ({}).", because(reason)), desk);
        self.record.diverted.push(Diversion { from: number.clone(), reason });
        self.caller = Caller::Extension { tenant: extension.tenant, number };
        self.follow(target, desk);
    }

    /// A phone asks that somebody else be called.
    pub(crate) fn redirected(&mut self, leg: LegId, to: &str, desk: &mut Desk<'_>) {
        let State::Placing(placing) = &mut self.state else { return };
        let Attempts::Extension { id, .. } = placing.attempts else {
            // A carrier does not decide whom we call next: toll fraud begins like this.
            let end = End::ours(Cause::CALL_REJECTED, Why::CarrierFailed);
            return self.attempt_ended(leg, End { status: Some(503), ..end }, desk);
        };
        let others: Vec<LegId> = placing.take_called();
        desk.forget(leg);
        for other in others.into_iter().filter(|other| *other != leg) {
            desk.tell(other, LegCommand::End(crate::call::cancelled()));
        }
        let Some(extension) = desk.world.config().extensions.get(&id).cloned() else { return };
        self.forward(&extension, to, DiversionReason::Unconditional, desk);
    }
}

/// What a forwarding before the call came here is in its story.
pub(crate) fn came_from(diversion: &Diversion) -> String {
    format!("{} had forwarded it ({}).", diversion.from, because(diversion.reason))
}

fn because(reason: DiversionReason) -> &'static str {
    match reason {
        DiversionReason::Unconditional => "always",
        DiversionReason::UserBusy => "busy",
        DiversionReason::NoAnswer => "nobody answered",
        DiversionReason::Unavailable => "no phone can be reached",
        DiversionReason::DoNotDisturb => "does not want to be disturbed",
    }
}
