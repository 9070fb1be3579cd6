//! What users say to each other through the network, along with the messages of their call (ITU-T Q.957).

use crate::call::{Call, State};
use crate::desk::Desk;
use call::{LegCommand, LegId, UserData};
use std::collections::BTreeMap;

/// What the users of called legs have said, and nobody was told yet.
#[derive(Debug, Default)]
pub(crate) struct Users {
    said: BTreeMap<LegId, UserData>,
    /// What was said with the end that the caller will be told.
    last: Option<UserData>,
}

impl Users {
    /// The caller is told next what this leg did.
    pub(crate) fn pass_on(&mut self, leg: LegId, caller: LegId, desk: &mut Desk<'_>) {
        if let Some(data) = self.said.remove(&leg) {
            desk.tell(caller, LegCommand::UserSays(data));
        }
    }

    /// How this leg ended is what the caller will be told, if nobody answers.
    pub(crate) fn counts(&mut self, leg: LegId) {
        self.last = self.said.remove(&leg);
    }

    /// Nobody has answered.
    pub(crate) fn pass_on_last(&mut self, caller: LegId, desk: &mut Desk<'_>) {
        if let Some(data) = self.last.take() {
            desk.tell(caller, LegCommand::UserSays(data));
        }
    }
}

impl Call {
    /// Of two who talk the other one is told at once; who calls, when there is something else to be told.
    pub(crate) fn user_says(&mut self, leg: LegId, data: UserData, desk: &mut Desk<'_>) {
        match &mut self.state {
            State::Up { a, b } => {
                let other = if leg == *a { *b } else { *a };
                desk.tell(other, LegCommand::UserSays(data));
            }
            State::Placing(placing) if placing.caller != leg => {
                placing.users.said.insert(leg, data);
            }
            State::Placing(_) | State::Served(_) => {}
        }
    }
}
