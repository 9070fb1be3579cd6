//! Packet loss concealment for codecs that have none of their own, of the class of ITU-T G.711
//! Appendix I.
//!
//! What is missing is spoken on by a model of the last sounds: a prediction filter for the shape of
//! the mouth, excited by the last cycle of the voice over and over, weaker the less the cycles were
//! alike, and fading to silence within 50 ms. The filter goes on from the last samples heard, so
//! that the gap begins without a seam and, unlike in Appendix I, nothing that is heard has to be
//! delayed for it. Where sound comes back it is faded in over the model's.

mod substitute;

use crate::arch::Level;
use crate::speech::Rate;
use substitute::{MAX_HISTORY, Substitute};

/// Fills what was lost in one direction of a call. Its frames (linear 16-bit) may have any length,
/// from one to the next; 10 to 60 ms are usual. Delay: none. State: at most 3 KiB.
#[derive(Debug, Clone)]
pub struct Concealment {
    rate: Rate,
    level: Level,
    /// The last 20 ms of what was given out, at the end.
    history: [i16; MAX_HISTORY],
    /// What is said in a gap, until the first frame after it has come.
    gap: Option<Substitute>,
}

impl Concealment {
    /// A concealment that has heard nothing yet.
    pub fn new(rate: Rate) -> Self {
        Self::with_level(rate, Level::current())
    }

    /// The same with these instructions; with none, where the machine lacks them.
    pub fn with_level(rate: Rate, level: Level) -> Self {
        let level = crate::arch::lpc::usable(level);
        Self { rate, level, history: [0; MAX_HISTORY], gap: None }
    }

    /// Takes a frame that has come. After a gap its first 8 ms are changed: they are faded in.
    pub fn heard(&mut self, pcm: &mut [i16]) {
        if let Some(mut substitute) = self.gap.take() {
            substitute.fade_into(pcm);
        }
        self.remember(pcm);
    }

    /// Fills a frame that has not come.
    pub fn conceal(&mut self, pcm: &mut [i16]) {
        let substitute =
            self.gap.get_or_insert_with(|| Substitute::new(self.rate, self.level, &self.history));
        substitute.fill(pcm);
        self.remember(pcm);
    }

    fn remember(&mut self, pcm: &[i16]) {
        let history = match self.rate {
            Rate::Hz8000 => &mut self.history[MAX_HISTORY / 2..],
            Rate::Hz16000 => &mut self.history[..],
        };
        let all = history.len();
        if let Some(before) = pcm.len().checked_sub(all) {
            history.copy_from_slice(&pcm[before..]);
            return;
        }
        history.copy_within(pcm.len().., 0);
        history[all - pcm.len()..].copy_from_slice(pcm);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_has_the_size_that_is_documented() {
        assert!(size_of::<Concealment>() <= 3_072);
    }

    #[test]
    fn frames_of_any_length_are_remembered_alike() {
        let sound: Vec<i16> = (0..1_000).collect();
        for rate in [Rate::Hz8000, Rate::Hz16000] {
            let mut whole = Concealment::new(rate);
            whole.heard(&mut sound.clone());
            let mut pieces = Concealment::new(rate);
            for piece in sound.clone().chunks_mut(7) {
                pieces.heard(piece);
            }
            assert_eq!(whole.history, pieces.history);
        }
    }
}
