//! Which of two sets of weights is heard, and how much the path is thought to move.
//!
//! The foreground takes over the background when that leaves less echo by more than chance. When the
//! foreground suddenly leaves much more than it used to, either the near end speaks or the path has
//! changed: the background then *probes*, that is, begins anew and learns as fast as it can, and is taken
//! only when it is better by 8 dB, which near-end speech never makes it. An estimate of an echo that is no
//! longer there stays in what is left, upside down; near-end speech knows nothing of it. Where what is
//! left correlates with the estimate below zero, the path has changed, and 3 dB are enough. K. Ochiai et
//! al., "Echo canceler with two echo path models", IEEE Trans. Communications 25 (1977); the test for
//! chance follows the one of Speex.

/// What a block brought: sums of squares.
#[derive(Debug, Clone, Copy)]
pub(super) struct Energies {
    /// Of the far end.
    far: f32,
    /// Of the near end, echo included.
    near: f32,
    /// Of what the foreground left.
    front: f32,
    /// Of what the background left.
    back: f32,
    /// Of the difference of the two.
    apart: f32,
    /// Of the foreground's echo estimate.
    echo: f32,
}

impl Energies {
    /// From the sums of squares, in the order of the fields. One more keeps running sums from falling below
    /// what numbers can hold.
    pub(super) fn of([far, near, front, back, apart, echo]: [f32; 6]) -> Self {
        Self { far: far + 1.0, near: near + 1.0, front: front + 1.0, back: back + 1.0, apart, echo }
    }
}

/// What to do with the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Go on.
    Learn,
    /// The background becomes the foreground.
    Take,
    /// The path may have changed: learn fast.
    Probe,
    /// The foreground becomes the background.
    GoBack,
    /// Both are worse than none.
    Forget,
}

/// How well the echo path is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Knowledge {
    /// It was heard for a short time only.
    New,
    /// Noise or the near end keep it from being known well.
    Rough,
    /// As well as it can be.
    Fine,
}

/// The state of the contest between the two.
#[derive(Debug, Clone)]
pub(super) struct Contest {
    mode: Mode,
    /// The far end's energy, that of its echo not yet come included.
    far: f32,
    /// Running sums of squares over about ten blocks.
    near: f32,
    front: f32,
    back: f32,
    echo: f32,
    /// The same over about five.
    front_now: f32,
    back_now: f32,
    /// By how much the background was better, at three paces, and the square of what chance makes of it.
    lead: [f32; 3],
    spread: [f32; 3],
    /// The least part of the echo's power that was left, slowly forgotten.
    leak: f32,
    /// Blocks in which the foreground was worse than nothing.
    harmful: u32,
    /// Blocks in which what was left held the estimate upside down.
    inverse: u32,
    /// Blocks with sound since nothing was known of the path.
    age: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// The foreground is as good as ever; so many blocks speak against it.
    Steady(u32),
    /// The background learns fast, for so many blocks, because of this.
    Probing(u32, Cause),
}

/// Why the background probes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// More is left than before: of another path, or of the near end.
    Louder,
    /// The path has changed.
    Changed,
}

impl Contest {
    pub(super) fn new() -> Self {
        Self {
            mode: Mode::Steady(0),
            far: 0.0,
            near: 1.0,
            front: 1.0,
            back: 1.0,
            echo: 0.0,
            front_now: 0.0,
            back_now: 0.0,
            lead: [0.0; 3],
            spread: [0.0; 3],
            leak: 1.0,
            harmful: 0,
            inverse: 0,
            age: 0,
        }
    }

    /// The part of the echo's power that is left.
    pub(super) fn leak(&self) -> f32 {
        self.leak
    }

    /// Whether the path is known to have changed, and nothing better has been found.
    pub(super) fn lost(&self) -> bool {
        matches!(self.mode, Mode::Probing(_, Cause::Changed))
    }

    /// How well the path is known.
    pub(super) fn knowledge(&self) -> Knowledge {
        if matches!(self.mode, Mode::Probing(..)) {
            return Knowledge::New;
        }
        match self.leak {
            leak if leak > FINE && self.age < NEW => Knowledge::New,
            leak if leak > ROUGH => Knowledge::Rough,
            _ => Knowledge::Fine,
        }
    }

    /// Whether the far end sends anything, and a near end with this sum of squares may hold its echo.
    pub(super) fn sounds(&self, near: f32) -> bool {
        self.far > SILENT && near > SILENT
    }

    /// Whether the path has been known for long, and nothing speaks against it.
    pub(super) fn settled(&self) -> bool {
        self.mode == Mode::Steady(0) && self.leak < ROUGH && self.age > OLD
    }

    /// Whether of a near end with this sum of squares the foreground leaves no more than ever.
    pub(super) fn content(&self, near: f32, front: f32) -> bool {
        front < AS_EVER * self.leak * near || near.max(front) < FAINT
    }

    /// How much of the path's power is thought to change from block to block.
    pub(super) fn drift(&self) -> f32 {
        let leak = match self.mode {
            Mode::Steady(_) => self.leak,
            Mode::Probing(..) => 1.0,
        };
        STEADY_DRIFT + DRIFT * leak * leak.sqrt()
    }

    /// What the block says.
    pub(super) fn judge(&mut self, block: &Energies) -> Verdict {
        self.front_now += 0.2 * (block.front - self.front_now);
        self.back_now += 0.2 * (block.back - self.back_now);
        self.far = block.far.max(0.9 * self.far);
        let loud = self.far > FAINT && block.near.max(block.front) > FAINT;
        if loud {
            self.near += 0.1 * (block.near - self.near);
            self.front += 0.1 * (block.front - self.front);
            self.back += 0.1 * (block.back - self.back);
            self.echo += 0.1 * (block.echo - self.echo);
            self.age = self.age.saturating_add(1);
            self.learn_leak();
        }
        let (ahead, behind) = self.compare(block);
        if let Some(verdict) = self.harm(loud) {
            return verdict;
        }
        let changed = loud && self.changed();
        match self.mode {
            Mode::Probing(blocks, cause) => {
                self.probe(blocks, if changed { Cause::Changed } else { cause }, loud)
            }
            Mode::Steady(_) if ahead => {
                self.even();
                self.front_now = self.back_now;
                Verdict::Take
            }
            Mode::Steady(_) if behind && self.back_now > 2.0 * self.front_now => {
                self.even();
                self.back_now = self.front_now;
                Verdict::GoBack
            }
            Mode::Steady(_) if changed => self.begin_probe(Cause::Changed),
            Mode::Steady(_) if !loud => Verdict::Learn,
            Mode::Steady(doubts) if self.suspect() => {
                if doubts < PATIENCE {
                    self.mode = Mode::Steady(doubts + 1);
                    return Verdict::Learn;
                }
                self.begin_probe(Cause::Louder)
            }
            Mode::Steady(_) => {
                self.mode = Mode::Steady(0);
                Verdict::Learn
            }
        }
    }

    fn learn_leak(&mut self) {
        let left = (self.back / self.near).min(1.0);
        if left < self.leak {
            self.leak += 0.2 * (left - self.leak);
        } else if matches!(self.mode, Mode::Steady(_)) {
            self.leak = (self.leak * FORGETTING).min(1.0);
        }
    }

    /// Whether the background is ahead, or behind, by more than chance.
    fn compare(&mut self, block: &Energies) -> (bool, bool) {
        let (mut ahead, mut behind) = (false, false);
        for (place, (keep, sure)) in PACES.into_iter().enumerate() {
            let take = 1.0 - keep;
            let lead = keep * self.lead[place] + take * (block.front - block.back);
            self.lead[place] = if lead.abs() < EVEN { 0.0 } else { lead };
            self.spread[place] =
                keep * keep * self.spread[place] + take * take * block.front * (block.apart + EVEN);
            let (lead, spread) = (self.lead[place], self.spread[place]);
            ahead |= lead > 0.0 && lead * lead > sure * spread;
            behind |= lead < 0.0 && lead * lead > 4.0 * sure * spread;
        }
        (ahead, behind)
    }

    /// An echo estimate that adds more than it takes away is of no path that is there.
    fn harm(&mut self, loud: bool) -> Option<Verdict> {
        if !loud || self.front < HARMFUL * self.near {
            self.harmful = 0;
            return None;
        }
        self.harmful += 1;
        if self.harmful < PATIENCE {
            return None;
        }
        *self = Self::new();
        Some(Verdict::Forget)
    }

    /// Whether what is left has held the estimate upside down for long enough, in a path that was known.
    fn changed(&mut self) -> bool {
        // Twice the product of what is left and the estimate, whose sum came.
        let twice = self.near - self.front - self.echo;
        let sure = 4.0 * INVERSE * INVERSE * self.front * self.echo;
        let inverse = self.leak < 0.3 && twice < 0.0 && twice * twice > sure;
        self.inverse = if inverse { self.inverse + 1 } else { 0 };
        self.inverse > PATIENCE
    }

    fn begin_probe(&mut self, cause: Cause) -> Verdict {
        self.mode = Mode::Probing(0, cause);
        self.back_now = self.front_now;
        Verdict::Probe
    }

    fn probe(&mut self, blocks: u32, cause: Cause, loud: bool) -> Verdict {
        let better = match cause {
            Cause::Louder => MUCH_BETTER,
            Cause::Changed => BETTER,
        };
        if blocks > 3 && self.back_now < better * self.front_now {
            self.mode = Mode::Steady(0);
            self.leak = (self.back / self.near).clamp(0.3, 1.0);
            self.age = 0;
            self.front = self.back;
            self.front_now = self.back_now;
            self.even();
            return Verdict::Take;
        }
        if !loud {
            self.mode = Mode::Probing(blocks, cause);
            return Verdict::Learn;
        }
        if !self.suspect() || blocks >= PROBE {
            self.mode = Mode::Steady(0);
            self.back_now = self.front_now;
            self.even();
            return Verdict::GoBack;
        }
        self.mode = Mode::Probing(blocks + 1, cause);
        Verdict::Learn
    }

    /// Whether the foreground is much worse than it used to be.
    fn suspect(&self) -> bool {
        let left = (self.front / self.near).min(1.0);
        left > SUSPICIOUS && left > 8.0 * self.leak
    }

    fn even(&mut self) {
        self.lead = [0.0; 3];
        self.spread = [0.0; 3];
    }
}

/// What the comparison keeps from block to block, and the square of the lead, in spreads, that is sure.
const PACES: [(f32, f32); 3] = [(0.0, 1.0), (0.6, 0.5), (0.85, 0.25)];
/// The least energy that is a difference.
const EVEN: f32 = 1e-6;
/// The drift of a path that is known, and of one that is not.
const STEADY_DRIFT: f32 = 5e-5;
const DRIFT: f32 = 0.6;
/// A block below this energy says nothing: -54 dBm0.
const FAINT: f32 = 64.0 * 1000.0;
/// A block below this energy holds nothing at all: -84 dBm0.
const SILENT: f32 = 64.0;
/// How the leak grows while it is not confirmed: 1 dB in a second of sound.
const FORGETTING: f32 = 1.002;
/// The part of the echo that is left when something must have happened: -7 dB.
const SUSPICIOUS: f32 = 0.2;
/// Blocks that a suspicion waits.
const PATIENCE: u32 = 4;
/// Blocks that a probe lasts at most.
const PROBE: u32 = 40;
/// What the probe must leave of the foreground's rest: -8 dB, or -3 dB where the path has changed.
const MUCH_BETTER: f32 = 0.15;
const BETTER: f32 = 0.5;
/// Leak above which a new path is still learned, 23 dB of enhancement, and above which an old one is
/// known only roughly, 20 dB.
const FINE: f32 = 0.005;
const ROUGH: f32 = 0.01;
/// Blocks for which a path is new: two seconds of sound. Where noise lets no more be known, that is all.
const NEW: u32 = 250;
/// Blocks after which it is settled: six and a half seconds of sound.
const OLD: u32 = 800;
/// What a block leaves at most of what is usual where nothing is new: 6 dB more.
const AS_EVER: f32 = 4.0;
/// The correlation of the estimate and of what is left, below zero, that no near end has for long.
const INVERSE: f32 = 0.4;
/// The gain of an echo estimate that is worse than none.
const HARMFUL: f32 = 1.3;
