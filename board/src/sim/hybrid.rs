//! The echo of a hybrid: where four wires become two, part of what arrives goes back.

use std::collections::VecDeque;

use crate::Law;

/// The echo path of one timeslot.
#[derive(Clone, Debug)]
pub(super) struct Hybrid {
    response: Vec<f32>,
    /// What arrived, newest first.
    arrived: VecDeque<f32>,
}

impl Hybrid {
    pub(super) fn new(response: &[f32]) -> Hybrid {
        Hybrid {
            response: response.to_vec(),
            arrived: std::iter::repeat_n(0.0, response.len()).collect(),
        }
    }

    /// What goes back in place of `says`, while `arrives` arrives.
    pub(super) fn mix(&mut self, law: Law, arrives: u8, says: u8) -> u8 {
        self.arrived.pop_back();
        self.arrived.push_front(f32::from(law.expand(arrives)));
        let echo: f32 = self.response.iter().zip(&self.arrived).map(|(part, was)| part * was).sum();
        // Saturates, as the two wires do.
        law.compress((f32::from(law.expand(says)) + echo) as i32)
    }
}
