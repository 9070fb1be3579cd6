//! The place of one who speaks: its voice of this tick, at every rate that somebody hears.

use super::limiter::Ramp;
use super::sum::{LONGEST, TICK};
use media_dsp::resample::{Rate, Resampler};

/// One of the chairs from which members are heard.
#[derive(Debug)]
pub(super) struct Chair {
    state: State,
    /// How loud it is at the end of the last tick, in 4,096ths.
    gain: i32,
    spoken: bool,
    pcm: [i16; LONGEST],
    /// By the rates they lead from and to; only between rates in use.
    ways: [[Option<Box<Way>>; Rate::ALL.len()]; Rate::ALL.len()],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Free,
    Taken(Rate),
}

/// From one rate to another.
#[derive(Debug)]
struct Way {
    resampler: Resampler,
    pcm: [i16; LONGEST],
}

impl Chair {
    pub(super) fn new() -> Self {
        Self {
            state: State::Free,
            gain: 0,
            spoken: false,
            pcm: [0; LONGEST],
            ways: [const { [const { None }; Rate::ALL.len()] }; Rate::ALL.len()],
        }
    }

    /// Has a way between these rates.
    pub(super) fn provide(&mut self, from: Rate, to: Rate) {
        let way = self.ways.get_mut(from as usize).and_then(|it| it.get_mut(to as usize));
        if let Some(way @ None) = way {
            *way = Some(Box::new(Way { resampler: Resampler::new(from, to), pcm: [0; LONGEST] }));
        }
    }

    pub(super) fn is_free(&self) -> bool {
        self.state == State::Free
    }

    pub(super) fn is_faded(&self) -> bool {
        self.gain == 0
    }

    /// Somebody sits down, and will fade in.
    pub(super) fn take(&mut self, rate: Rate) {
        (self.state, self.gain, self.spoken) = (State::Taken(rate), 0, false);
        // The ways remember whoever spoke before.
        self.pcm.fill(0);
        let len = TICK.samples(rate);
        for way in self.ways.get_mut(rate as usize).into_iter().flatten().flatten() {
            way.convert(self.pcm.get(..len).unwrap_or_default());
        }
    }

    pub(super) fn leave(&mut self) {
        self.state = State::Free;
    }

    /// Begins a tick.
    pub(super) fn begin(&mut self) {
        self.spoken = false;
    }

    pub(super) fn say(&mut self, pcm: &[i16]) {
        let State::Taken(rate) = self.state else { return };
        let own = self.pcm.get_mut(..TICK.samples(rate)).unwrap_or_default();
        let (said, lacking) = own.split_at_mut(pcm.len().min(own.len()));
        said.copy_from_slice(pcm.get(..said.len()).unwrap_or_default());
        lacking.fill(0);
        self.spoken = true;
    }

    /// Brings the voice to the gain that is wanted.
    pub(super) fn fade(&mut self, rate: Rate, gain: i32) {
        let samples = TICK.samples(rate);
        let ramp = Ramp { from: self.gain, to: gain, samples };
        let steady = ramp.from == super::presence::UNITY && ramp.to == ramp.from;
        if self.spoken && !steady {
            ramp.apply(self.pcm.get_mut(..samples).unwrap_or_default());
        }
        self.gain = gain;
    }

    /// Gives out what was said, at this rate; nothing where nothing was said.
    pub(super) fn bring_to(&mut self, rate: Rate, give: impl FnOnce(&[i16])) {
        let State::Taken(own) = self.state else { return };
        if !self.spoken {
            return;
        }
        let pcm = self.pcm.get(..TICK.samples(own)).unwrap_or_default();
        if own == rate {
            return give(pcm);
        }
        let way = self.ways.get_mut(own as usize).and_then(|it| it.get_mut(rate as usize));
        if let Some(Some(way)) = way {
            give(way.convert(pcm));
        }
    }
}

impl Way {
    fn convert(&mut self, pcm: &[i16]) -> &[i16] {
        let made = self.resampler.resample(pcm, &mut self.pcm).unwrap_or_default();
        self.pcm.get(..made).unwrap_or_default()
    }
}
