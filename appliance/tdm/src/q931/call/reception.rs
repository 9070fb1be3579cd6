//! Which messages fit which state (ITU-T Q.931 §5.8.4 and the tables of states of EN 300 403-2).

use super::{Call, Clearing, Incoming, Outgoing, Rules, State};
use crate::q931::message::MessageKind as Kind;
use crate::q931::timers::Side;

/// How a message is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reception {
    /// It is acted upon.
    Expected,
    /// It is dropped without a word.
    Ignored,
    /// It is answered with STATUS, and changes nothing.
    Unexpected,
}

impl Call {
    pub(super) fn reception(&self, kind: Kind, rules: &Rules) -> Reception {
        use Outgoing as Out;
        use State::{Active, Clearing as Ending, Incoming as In, Outgoing as From};
        let state = &self.state;
        let fits = match kind {
            // §5.3, §5.8.10, §5.8.11: in every state. What informs may come in every state.
            Kind::Release | Kind::ReleaseComplete | Kind::Status | Kind::StatusEnquiry => true,
            Kind::Information | Kind::Notify | Kind::Facility => true,
            // §5.8.3.2 e: said again, or a mistake.
            Kind::Setup => return Reception::Ignored,
            Kind::SetupAck => matches!(state, From(Out::Sent { .. })),
            Kind::CallProceeding => matches!(state, From(Out::Sent { .. } | Out::Overlap { .. })),
            Kind::Alerting => {
                matches!(
                    state,
                    From(Out::Sent { .. } | Out::Overlap { .. } | Out::Proceeding { .. })
                )
            }
            Kind::Connect => matches!(state, From(_)),
            Kind::Progress => match state {
                From(Out::Sent { .. }) => false,
                From(_) | In(_) => true,
                _ => false,
            },
            Kind::ConnectAck => match state {
                // §5.1.8: no action where the answer stands already.
                Active { .. } => return Reception::Ignored,
                _ => matches!(state, In(Incoming::Answered { .. })),
            },
            Kind::Disconnect => {
                !matches!(state, Ending(Clearing::Told | Clearing::Released { .. }))
            }
            // §7.1: while it rings and while they talk.
            Kind::UserInformation | Kind::CongestionControl => {
                matches!(state, From(Out::Ringing { .. }) | In(Incoming::Ringing) | Active { .. })
            }
            // EN 300 196-1 §8.2: refused where it does not fit; answers that nobody waits for are late.
            Kind::Hold | Kind::Retrieve => !matches!(state, Ending(_)),
            Kind::HoldAck | Kind::HoldReject if self.hold.asks() => true,
            Kind::RetrieveAck | Kind::RetrieveReject if self.hold.asks_back() => true,
            Kind::HoldAck | Kind::HoldReject | Kind::RetrieveAck | Kind::RetrieveReject => {
                return Reception::Ignored;
            }
            // §5.6: only the network can be asked, and it refuses.
            Kind::Suspend => rules.side == Side::Network && matches!(state, Active { .. }),
            _ => false,
        };
        if fits { Reception::Expected } else { Reception::Unexpected }
    }
}
