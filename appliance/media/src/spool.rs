//! What the box itself says to one far side, on its way to a recording.
//!
//! The box speaks at one instant of the beat and a recording has its turn at another, so there is
//! room for a few turns between the two; what finds none, as after a turn that came late, pushes
//! out what is oldest.

use media_dsp::resample::{Rate, Resampler};

/// Sound that was said and is not recorded yet, at the rate of the recording.
#[derive(Debug)]
pub(crate) struct Spool {
    rate: Rate,
    /// For the rate of what was said last; nothing where that is the same.
    resampler: Option<(Rate, Resampler)>,
    resampled: Box<[i16]>,
    waiting: Box<[i16]>,
    len: usize,
}

impl Spool {
    /// Gives its sound out at this rate.
    pub(crate) fn new(rate: Rate) -> Self {
        let room = |millis| vec![0; rate.hz() * millis / 1_000 + SPARE].into_boxed_slice();
        Self { rate, resampler: None, resampled: room(TURN), waiting: room(ROOM), len: 0 }
    }

    /// Takes at most 20 ms of what the box says now.
    pub(crate) fn take(&mut self, pcm: &[i16], rate: Rate) {
        if rate == self.rate {
            return keep(&mut self.waiting, &mut self.len, pcm);
        }
        if self.resampler.as_ref().is_none_or(|(from, _)| *from != rate) {
            self.resampler = Some((rate, Resampler::new(rate, self.rate)));
        }
        if let Some((_, resampler)) = &mut self.resampler
            && let Ok(made) = resampler.resample(pcm, &mut self.resampled)
            && let Some(made) = self.resampled.get(..made)
        {
            keep(&mut self.waiting, &mut self.len, made);
        }
    }

    /// Fills in what comes next; where the box said nothing, that is silence.
    pub(crate) fn give(&mut self, pcm: &mut [i16]) {
        let count = pcm.len().min(self.len);
        let (said, silence) = pcm.split_at_mut(count);
        said.copy_from_slice(self.waiting.get(..count).unwrap_or_default());
        silence.fill(0);
        self.waiting.copy_within(count..self.len, 0);
        self.len -= count;
    }
}

/// Puts sound behind what waits; of too much, the oldest goes.
fn keep(waiting: &mut [i16], len: &mut usize, pcm: &[i16]) {
    let over = (*len + pcm.len()).saturating_sub(waiting.len());
    let over = over.min(*len);
    waiting.copy_within(over..*len, 0);
    *len -= over;
    if let Some(room) = waiting.get_mut(*len..*len + pcm.len()) {
        room.copy_from_slice(pcm);
        *len += pcm.len();
    }
}

/// Milliseconds of what is said at once.
const TURN: usize = 20;
/// Milliseconds that may wait: as much as the beat makes up for, and one turn.
const ROOM: usize = 120;
/// Samples that a resampler gives out beyond its input.
const SPARE: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_comes_out_in_order_and_then_silence() {
        let mut spool = Spool::new(Rate::Hz8000);
        spool.take(&[1; 160], Rate::Hz8000);
        spool.take(&[2; 160], Rate::Hz8000);
        let mut pcm = [9; 240];
        spool.give(&mut pcm);
        assert_eq!((pcm[0], pcm[159], pcm[160], pcm[239]), (1, 1, 2, 2));
        spool.give(&mut pcm);
        assert_eq!((pcm[79], pcm[80]), (2, 0));
    }

    #[test]
    fn who_is_not_asked_keeps_the_newest() {
        let mut spool = Spool::new(Rate::Hz8000);
        for turn in 0..100 {
            spool.take(&[turn; 160], Rate::Hz8000);
        }
        let mut pcm = [0; 976];
        spool.give(&mut pcm);
        assert_eq!((pcm[0], pcm[975]), (93, 99));
        spool.give(&mut pcm);
        assert_eq!(pcm, [0; 976]);
    }

    #[test]
    fn another_rate_becomes_that_of_the_recording() {
        let mut spool = Spool::new(Rate::Hz16000);
        for _ in 0..5 {
            spool.take(&[1_000; 160], Rate::Hz8000);
        }
        let mut pcm = [0; 1_600];
        spool.give(&mut pcm);
        assert!(pcm[800..1_500].iter().all(|it| (990..1_010).contains(it)), "{pcm:?}");
    }
}
