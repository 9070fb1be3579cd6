//! The echo of a hybrid: where four wires become two, part of what arrives goes back.

use std::collections::VecDeque;

use crate::Law;

/// The echo path of one timeslot.
#[derive(Clone, Debug)]
pub(super) struct Hybrid {
    /// What is left after how many samples; what is nothing is left out, so that a long delay costs no
    /// more than a short one.
    response: Vec<(usize, f32)>,
    /// What arrived, newest first.
    arrived: VecDeque<f32>,
}

impl Hybrid {
    pub(super) fn new(response: &[f32]) -> Hybrid {
        Hybrid {
            response: response
                .iter()
                .copied()
                .enumerate()
                .filter(|(_, part)| *part != 0.0)
                .collect(),
            arrived: std::iter::repeat_n(0.0, response.len()).collect(),
        }
    }

    /// What goes back in place of `says`, while `arrives` arrives.
    pub(super) fn mix(&mut self, law: Law, arrives: u8, says: u8) -> u8 {
        self.arrived.pop_back();
        self.arrived.push_front(f32::from(law.expand(arrives)));
        let was = |after: &usize| self.arrived.get(*after).copied().unwrap_or_default();
        let echo: f32 = self.response.iter().map(|(after, part)| part * was(after)).sum();
        // Saturates, as the two wires do.
        law.compress((f32::from(law.expand(says)) + echo) as i32)
    }
}
