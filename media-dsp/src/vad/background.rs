//! The level of the background: the least of the last seconds, and how much it varies.

/// Follows one level in dBov, in steps of 10 ms.
#[derive(Debug, Clone)]
pub(super) struct Background {
    /// The least of each of the last windows, and of the one under way.
    least: [f32; WINDOWS],
    /// The window under way, and how many steps it has had.
    window: usize,
    steps: usize,
    /// The level before, for levels vary by chance: two steps are averaged.
    before: f32,
    /// How far the last levels were above the least.
    rise: f32,
    /// How far noise is above the least in the mean.
    spread: f32,
}

impl Background {
    pub(super) fn new() -> Self {
        Self {
            least: [UNKNOWN; WINDOWS],
            window: 0,
            steps: 0,
            before: UNKNOWN,
            rise: 0.0,
            spread: LEAST_SPREAD,
        }
    }

    /// Takes the level of a step and says how far it is above all that the background reaches.
    pub(super) fn excess(&mut self, level: f32) -> f32 {
        let smooth = (level + self.before) / 2.0;
        self.before = level;
        self.steps += 1;
        if self.steps > STEPS {
            self.steps = 1;
            self.window = (self.window + 1) % WINDOWS;
            self.least[self.window] = smooth;
        }
        self.least[self.window] = self.least[self.window].min(smooth);
        let least = self.least.iter().copied().fold(f32::INFINITY, f32::min);
        self.rise = smooth - least;
        let sudden = level - least - SUDDEN;
        self.rise.max(sudden) - (MARGIN + PER_SPREAD * self.spread)
    }

    /// Learns that the last step was noise.
    pub(super) fn confirm(&mut self) {
        self.spread += (self.rise - self.spread) * PACE;
        self.spread = self.spread.clamp(LEAST_SPREAD, MOST_SPREAD);
    }
}

/// dBov: a background that is louder is found when the first windows have passed.
const UNKNOWN: f32 = -60.0;
/// Windows of a quarter of a second: nobody speaks for four without a stop.
const WINDOWS: usize = 16;
const STEPS: usize = 25;
/// dB: how much more a single step has to rise than two.
const SUDDEN: f32 = 3.0;
/// dB: white noise is 1.5 above its least in the mean, and 4.5 at most; what is deeper varies more.
const LEAST_SPREAD: f32 = 1.5;
const MOST_SPREAD: f32 = 5.0;
const MARGIN: f32 = 3.0;
const PER_SPREAD: f32 = 2.0;
/// Part of the way to a new spread in a step: a second or so.
const PACE: f32 = 0.01;
