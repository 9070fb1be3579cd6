//! Signals of two tones at once out of a set: DTMF and the multi-frequency codes. One machine hears
//! them all; a plan says which frequencies there are and what is still a signal.

use super::Dbm0;
use super::bank::{BLOCK, Bank, Ear, LANES, MEMORY, RECENT, Tone};

/// A kind of two-tone signal and its limits.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) bank: Bank,
    /// Where the second tone is sought: in the lanes from here on, or in all when `None`.
    pub(crate) split: Option<usize>,
    pub(crate) lanes: usize,
    pub(crate) limits: Limits,
    least_energy: f32,
    /// The limits as ratios of power.
    twist: f32,
    reverse_twist: f32,
    /// The greatest that tone of the lane may be off, in Hz.
    most_off: [f32; LANES],
}

/// What is still a signal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Of each tone.
    pub(crate) least: Dbm0,
    /// The greatest ratio of the second (higher) tone's power to the first's, in dB.
    pub(crate) twist: f32,
    /// The greatest ratio of the first tone's power to the second's, in dB.
    pub(crate) reverse_twist: f32,
    /// How far off a tone may be: a part of its frequency, and Hz.
    pub(crate) off: (f32, f32),
    /// The part of the energy that is in the two tones.
    pub(crate) clean: f32,
    /// Windows in a row that begin a signal.
    pub(crate) windows: u8,
    /// Blocks without it in a row that end it.
    pub(crate) gap: u8,
}

/// Hears signals.
#[derive(Debug, Clone)]
pub(crate) struct Listener {
    ear: Ear<WINDOW>,
    rising: Option<Rising>,
    sounding: Option<Sounding>,
}

/// What happened on the line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Event {
    Began(Signal),
    Ended(Signal),
}

/// Two tones, by their lanes, the lower first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Signal {
    pub(crate) tones: (usize, usize),
    /// Of both together.
    pub(crate) level: Dbm0,
    /// In samples.
    pub(crate) begin: u64,
    /// In samples; so far.
    pub(crate) duration: u64,
}

#[derive(Debug, Clone, Copy)]
struct Rising {
    tones: (usize, usize),
    windows: u8,
    /// Sums over the windows from the second on, which is the first that is surely full.
    low: Gathered,
    high: Gathered,
    total: f32,
}

/// What the windows so far say about one of the tones.
#[derive(Debug, Clone, Copy, Default)]
struct Gathered {
    energy: f32,
    turn: (f32, f32),
}

#[derive(Debug, Clone, Copy)]
struct Sounding {
    signal: Signal,
    /// Energy of both tones in the short window when it began.
    reference: f32,
    absent: u8,
}

impl Plan {
    pub(crate) fn new(frequencies: &[f32], split: Option<usize>, limits: Limits) -> Self {
        let bank = Bank::new(frequencies);
        let (part, hertz) = limits.off;
        let most_off = std::array::from_fn(|lane| bank.hertz(lane) * part + hertz);
        let least_energy = limits.least.mean_square() * (BLOCK * WINDOW) as f32;
        let ratio = |decibels: f32| 10_f32.powf(decibels / 10.0);
        let (twist, reverse_twist) = (ratio(limits.twist), ratio(limits.reverse_twist));
        let lanes = frequencies.len();
        Self { bank, split, lanes, limits, least_energy, twist, reverse_twist, most_off }
    }

    /// The strongest two tones that can be a signal, the lower first.
    #[inline]
    fn strongest(&self, energies: &[f32; LANES]) -> (usize, usize) {
        if let Some(split) = self.split {
            return (greatest(energies, 0..split), greatest(energies, split..self.lanes));
        }
        let first = greatest(energies, 0..self.lanes);
        let mut others = *energies;
        others[first] = -1.0;
        let second = greatest(&others, 0..self.lanes);
        (first.min(second), first.max(second))
    }
}

fn greatest(energies: &[f32; LANES], lanes: std::ops::Range<usize>) -> usize {
    let start = lanes.start;
    lanes.fold(start, |best, lane| if energies[lane] > energies[best] { lane } else { best })
}

impl Listener {
    pub(crate) fn new() -> Self {
        Self { ear: Ear::new(), rising: None, sounding: None }
    }

    pub(crate) fn hear(&mut self, plan: &Plan, mut pcm: &[i16], tell: &mut impl FnMut(Event)) {
        while let Some(rest) = self.ear.take(&plan.bank, pcm) {
            self.hear_block(plan, tell);
            pcm = rest;
        }
    }

    fn hear_block(&mut self, plan: &Plan, tell: &mut impl FnMut(Event)) {
        if let Some(sounding) = &mut self.sounding
            && sounding.ends(plan, &self.ear)
        {
            tell(Event::Ended(sounding.signal));
            self.sounding = None;
        }
        let Some(begun) = self.rise(plan) else { return };
        match &mut self.sounding {
            // A short gap does not make it two.
            Some(sounding) if sounding.signal.tones == begun.signal.tones => return,
            Some(sounding) => tell(Event::Ended(sounding.signal)),
            None => {}
        }
        tell(Event::Began(begun.signal));
        self.sounding = Some(begun);
    }

    /// Looks at the newest window; says what began when it is the last that was wanting.
    #[inline]
    fn rise(&mut self, plan: &Plan) -> Option<Sounding> {
        let energies = self.ear.energies();
        let total = self.ear.energy(WINDOW);
        let tones = plan.strongest(&energies);
        // Speech mostly ends here. A tone at its limit of frequency loses half in the filter.
        if energies[tones.0] + energies[tones.1] < ROUGH * total.max(plan.least_energy) {
            self.rising = None;
            return None;
        }
        let (low, high) = (self.gathered(&energies, tones.0), self.gathered(&energies, tones.1));
        let now = Rising { tones, windows: 1, low, high, total };
        if !now.is_signal(plan, ONE_WINDOW) {
            self.rising = None;
            return None;
        }
        let rising = match self.rising.filter(|before| before.tones == tones) {
            Some(before) => before.and(now),
            None => now,
        };
        self.rising = Some(rising);
        let is_new = rising.windows >= plan.limits.windows && rising.is_signal(plan, ALL_WINDOWS);
        is_new.then(|| self.begun(plan, rising))
    }

    fn gathered(&self, energies: &[f32; LANES], lane: usize) -> Gathered {
        Gathered { energy: energies[lane], turn: self.ear.advance(lane) }
    }

    fn begun(&self, plan: &Plan, rising: Rising) -> Sounding {
        let full: f32 = self.ear.energy(RECENT) / RECENT as f32;
        let windows = usize::from(plan.limits.windows);
        // The first window was two thirds full or more.
        let mut heard = 0.0;
        for ago in 0..(windows + WINDOW + 1).min(MEMORY) {
            let energy = self.ear.block_energy(ago);
            if energy < full * SILENT {
                break;
            }
            heard += (energy / full).min(1.2);
        }
        let span = (windows + WINDOW - 1) as f32;
        let blocks = heard.clamp(span - 2.0, span + 0.5);
        let duration = (blocks * BLOCK as f32) as u64;
        let (low, high) = rising.tones;
        let energy = (rising.low.tone().energy + rising.high.tone().energy) / rising.summed();
        let recent = self.ear.recent();
        Sounding {
            signal: Signal {
                tones: rising.tones,
                level: Dbm0::of_mean_square(energy / (BLOCK * WINDOW) as f32),
                begin: self.ear.now().saturating_sub(duration),
                duration,
            },
            reference: recent[low] + recent[high],
            absent: 0,
        }
    }
}

impl Rising {
    fn and(self, now: Self) -> Self {
        let windows = self.windows.saturating_add(1);
        if windows == 2 {
            return Self { windows, ..now };
        }
        let sum = |a: Gathered, b: Gathered| Gathered {
            energy: a.energy + b.energy,
            turn: (a.turn.0 + b.turn.0, a.turn.1 + b.turn.1),
        };
        Self {
            tones: self.tones,
            windows,
            low: sum(self.low, now.low),
            high: sum(self.high, now.high),
            total: self.total + now.total,
        }
    }

    /// Windows that are summed up.
    fn summed(&self) -> f32 {
        f32::from(self.windows.max(2) - 1)
    }

    fn is_signal(&self, plan: &Plan, slack: Slack) -> bool {
        let (low, high) = (self.low.tone(), self.high.tone());
        let limits = &plan.limits;
        low.energy.min(high.energy) >= plan.least_energy * self.summed() * slack.clean
            && low.energy + high.energy >= limits.clean * slack.clean * self.total
            && high.energy <= low.energy * plan.twist * slack.twist
            && low.energy <= high.energy * plan.reverse_twist * slack.twist
            && low.offset.abs() <= plan.most_off[self.tones.0] * slack.off
            && high.offset.abs() <= plan.most_off[self.tones.1] * slack.off
    }
}

impl Gathered {
    fn tone(self) -> Tone {
        Tone::by(self.energy, self.turn, WINDOW)
    }
}

impl Sounding {
    /// Looks at the newest 10 ms; whether it has been away for as long as ends it.
    fn ends(&mut self, plan: &Plan, ear: &Ear<WINDOW>) -> bool {
        let (low, high) = self.signal.tones;
        let recent = ear.recent();
        let tones = recent[low] + recent[high];
        let is_there = tones >= HALF_COVERED * self.reference
            && tones >= STILL_CLEAN * ear.energy(RECENT)
            && recent[low].min(recent[high]) > 0.0;
        if is_there {
            self.absent = 0;
            self.signal.duration = ear.now().saturating_sub(self.signal.begin);
            return false;
        }
        if self.absent == 0 {
            // What is left of it in the window says where in the window it ended.
            let window = (BLOCK * RECENT) as u64;
            let left = (tones / self.reference).sqrt().min(1.0) * window as f32;
            let end = (ear.now() - window) + left as u64;
            self.signal.duration = end.saturating_sub(self.signal.begin);
        }
        self.absent += 1;
        self.absent >= plan.limits.gap
    }
}

/// Blocks in a window: 15 ms.
const WINDOW: usize = 3;
/// The least part of the energy in the two filters, before it is known how far off the tones are.
const ROUGH: f32 = 0.35;
/// How much wider than a plan's limits.
#[derive(Clone, Copy)]
struct Slack {
    clean: f32,
    /// A ratio of power.
    twist: f32,
    off: f32,
}

/// In a single window the tones disturb each other, which evens out over several.
const ONE_WINDOW: Slack = Slack { clean: 0.85, twist: 1.6, off: 1.5 };
const ALL_WINDOWS: Slack = Slack { clean: 1.0, twist: 1.0, off: 1.0 };
/// The part of a full block's energy below which a signal has not begun.
const SILENT: f32 = 0.04;
/// A window that is half covered has a quarter of the energy in its filters.
const HALF_COVERED: f32 = 0.25;
/// The least part of the energy in the two filters while a signal sounds.
const STILL_CLEAN: f32 = 0.4;
