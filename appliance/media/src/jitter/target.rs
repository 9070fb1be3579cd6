//! How late packets may be: what of late would have been enough.

/// What is known of lateness. Times are in microseconds.
#[derive(Debug)]
pub(super) struct Target {
    /// How often packets were how late, in steps of [`STEP`]; what is older counts less.
    often: [f32; STEPS],
    /// What a second adds now: it grows, instead of that all else shrinks.
    weight: f32,
    /// The time from which something was learned: long pauses count little.
    time: i64,
    /// What the histogram still has to be shifted by.
    shift: i64,
    /// The latest packet of each of the last half seconds; the latest first.
    peaks: [i64; PEAKS],
    since: i64,
    /// The two latest packets that others had overtaken, in each of the last spans of 5 s.
    overtaken: [i64; 2 * SPANS],
    span_since: i64,
    /// Until when it is believed that packets overtake each other.
    disorder: i64,
    /// The latest that all this asks for.
    lateness: i64,
}

/// Whether a packet came in its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// After all that were sent before it.
    InTurn,
    /// The same, and held up by the one before.
    Behind,
    /// After one that was sent later.
    Overtaken,
}

impl Target {
    /// Nothing is known yet, and packets may overtake each other.
    pub(super) fn new() -> Self {
        let mut target = Self {
            often: [0.0; STEPS],
            weight: 1.0,
            time: 0,
            shift: 0,
            peaks: [0; PEAKS],
            since: 0,
            overtaken: [0; 2 * SPANS],
            span_since: 0,
            disorder: BELIEF,
            lateness: 0,
        };
        target.reckon();
        target
    }

    /// A packet was so late; how long it is since the one before was sent.
    pub(super) fn hear(&mut self, since: i64, late: i64, order: Order) {
        let since = since.clamp(0, LONGEST_STEP);
        self.time += since;
        self.weight *= (since as f32 / MEMORY).exp();
        self.turn();
        if order == Order::Overtaken {
            self.disorder = self.time + BELIEF;
            let late = late.min(LATEST);
            let [first, second, ..] = &mut self.overtaken;
            if late > *first {
                (*first, *second) = (late, *first);
            } else {
                *second = late.max(*second);
            }
        }
        // A stall is not waited for, it is caught up with; and what was held up behind another
        // packet would have come in time without that one.
        match order {
            Order::Behind => self.count(since, 0),
            _ if late >= LATEST => {}
            Order::InTurn | Order::Overtaken => {
                self.count(since, late);
                let [latest, ..] = &mut self.peaks;
                *latest = late.max(*latest);
            }
        }
        self.reckon();
    }

    /// All that was late was so by so much less: the fastest packet of late has become slower.
    pub(super) fn shift(&mut self, micros: i64) {
        for peak in self.peaks.iter_mut().chain(&mut self.overtaken) {
            *peak = (*peak - micros).clamp(0, LATEST);
        }
        self.shift += micros;
        let steps = self.shift / STEP;
        if steps == 0 {
            return;
        }
        self.shift -= steps * STEP;
        let before = self.often;
        self.often = [0.0; STEPS];
        for (step, often) in (0_i64..).zip(before) {
            let step = (step - steps).clamp(0, STEPS as i64 - 1);
            if let Some(it) = usize::try_from(step).ok().and_then(|it| self.often.get_mut(it)) {
                *it += often;
            }
        }
    }

    /// How late packets may be.
    pub(super) fn lateness(&self) -> i64 {
        self.lateness
    }

    fn turn(&mut self) {
        let peaks = (self.time - self.since) / PEAK;
        for _ in 0..peaks.min(PEAKS as i64) {
            self.peaks.rotate_right(1);
            let [latest, ..] = &mut self.peaks;
            *latest = 0;
        }
        self.since += peaks * PEAK;
        let spans = (self.time - self.span_since) / SPAN;
        for _ in 0..spans.min(SPANS as i64) {
            self.overtaken.rotate_right(2);
            let [first, second, ..] = &mut self.overtaken;
            (*first, *second) = (0, 0);
        }
        self.span_since += spans * SPAN;
    }

    fn count(&mut self, since: i64, late: i64) {
        let step = usize::try_from(late / STEP).unwrap_or_default().min(STEPS - 1);
        if let Some(often) = self.often.get_mut(step) {
            *often += since as f32 / SECOND * self.weight;
        }
        if self.weight > LARGE {
            self.often.iter_mut().for_each(|it| *it /= self.weight);
            self.weight = 1.0;
        }
    }

    fn reckon(&mut self) {
        let all: f32 = self.often.iter().sum();
        let mut rest = all * RARE;
        let mut steps = STEPS;
        for often in self.often.iter().rev() {
            rest -= often;
            if rest < 0.0 {
                break;
            }
            steps -= 1;
        }
        let usual = steps as i64 * STEP;

        let repeated = match second(&self.peaks) {
            0 => 0,
            peak => peak + STEP,
        };
        let overtaken = match self.time < self.disorder {
            true => second(&self.overtaken).max(DISORDER) + STEP,
            false => 0,
        };
        self.lateness = usual.max(repeated).max(overtaken);
    }
}

/// The second of the highest: once is chance, twice is how it is there.
fn second(values: &[i64]) -> i64 {
    let (mut first, mut second) = (0, 0);
    for value in values {
        if *value > first {
            (first, second) = (*value, first);
        } else {
            second = second.max(*value);
        }
    }
    second
}

/// Microseconds of a step of the histogram.
const STEP: i64 = 5_000;
const STEPS: usize = 100;
/// Later than this is a stall.
const LATEST: i64 = STEP * STEPS as i64;
/// Microseconds in which the share of a packet in the histogram shrinks to a third.
const MEMORY: f32 = 2_500_000.0;
const SECOND: f32 = 1_000_000.0;
/// Microseconds that count at most between two packets: more than between two descriptions of
/// noise.
const LONGEST_STEP: i64 = 200_000;
/// The share of packets that may come later than is usual.
const RARE: f32 = 0.03;
const LARGE: f32 = 1e6;
/// The spans of which the latest packet is remembered: 7 s in all.
const PEAK: i64 = 500_000;
const PEAKS: usize = 14;
/// Those of which the latest packet that was overtaken is: 30 s in all, for it is rare.
const SPAN: i64 = 5_000_000;
const SPANS: usize = 6;
/// How long one packet that was overtaken speaks for others.
const BELIEF: i64 = 6_000_000;
/// How late they are taken to be before it is known: three packets of 20 ms.
const DISORDER: i64 = 60_000;
