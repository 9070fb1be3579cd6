//! The sound that is decoded and not yet given out.

/// Samples in a row, in memory taken at construction.
#[derive(Debug)]
pub(super) struct Ahead {
    samples: Box<[i16]>,
    start: usize,
    end: usize,
}

impl Ahead {
    pub(super) fn new(samples: usize) -> Self {
        Self { samples: vec![0; samples].into_boxed_slice(), start: 0, end: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    /// Takes all away.
    pub(super) fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }

    /// How many more fit.
    pub(super) fn room(&self) -> usize {
        self.samples.len() - self.len()
    }

    /// The first samples, with the place of as many more as there is room for, up to `more`.
    pub(super) fn with_room(&mut self, more: usize) -> &mut [i16] {
        self.gather(more);
        let end = self.samples.len().min(self.end + more);
        self.samples.get_mut(self.start..end).unwrap_or_default()
    }

    /// The place behind the last sample: as many as asked for, or as there is room for.
    pub(super) fn behind(&mut self, samples: usize) -> &mut [i16] {
        self.gather(samples);
        let end = self.samples.len().min(self.end + samples);
        self.samples.get_mut(self.end..end).unwrap_or_default()
    }

    /// So many of the samples behind the last belong to them now.
    pub(super) fn grow(&mut self, samples: usize) {
        self.end = self.samples.len().min(self.end + samples);
    }

    /// Takes the last samples away.
    pub(super) fn cut(&mut self, samples: usize) {
        self.end -= samples.min(self.len());
    }

    /// Takes so many samples away that lie behind the first `keep`.
    pub(super) fn remove(&mut self, keep: usize, samples: usize) {
        let from = (self.start + keep).min(self.end);
        let to = (from + samples).min(self.end);
        self.samples.copy_within(to..self.end, from);
        self.end -= to - from;
    }

    /// Gives out as many as `pcm` holds, or all; says how many.
    pub(super) fn give(&mut self, pcm: &mut [i16]) -> usize {
        let count = pcm.len().min(self.len());
        let given = self.samples.iter().skip(self.start);
        for (sample, given) in pcm.iter_mut().zip(given.take(count)) {
            *sample = *given;
        }
        self.start += count;
        count
    }

    /// Moves all to the front where there is no room for so many behind.
    fn gather(&mut self, samples: usize) {
        if self.samples.len() - self.end < samples {
            self.samples.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
    }
}
