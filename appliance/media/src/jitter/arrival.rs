//! When packets came, beside when they were sent: how late each is after the fastest of late.
//!
//! The clocks of the two sides have nothing in common but their speed, and that not quite. What
//! counts is the least that arrival and timestamp were apart within the last seconds: it follows
//! the sender's clock as it drifts away.

/// The least transit of late, and the jitter. Times are in microseconds; their zero is anywhere.
#[derive(Debug)]
pub(super) struct Arrivals {
    /// The least transit in each of the last seconds; the latest first.
    least: [i64; SECONDS],
    /// When the latest of them began.
    since: i64,
    /// The transit of the packet before.
    last: i64,
    /// RFC 3550 §6.4.1, in sixteenths.
    jitter: i64,
    /// Packets in a row that were much too late and did not come at once.
    apart: u8,
    last_arrival: i64,
}

/// What a packet's arrival shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrival {
    /// How much later it came than the fastest of late.
    pub(super) late: i64,
    /// By how much the fastest of late has become slower with it.
    pub(super) moved: i64,
    /// Whether it came right behind another that was later still: what held that one up held this
    /// one up as well, and is one event.
    pub(super) behind: bool,
}

impl Arrivals {
    /// From the first packet on: it is the fastest.
    pub(super) fn new(arrival: i64, sent: i64) -> Self {
        let transit = arrival - sent;
        Self {
            least: [transit; SECONDS],
            since: arrival,
            last: transit,
            jitter: 0,
            apart: 0,
            last_arrival: arrival,
        }
    }

    /// A packet has come: when, when it was sent by its sender's clock, and how long its sound
    /// lasts. One that has overtaken others does not show how fast the rest may be.
    pub(super) fn hear(&mut self, arrival: i64, sent: i64, lasts: i64, overtakes: bool) -> Arrival {
        let before = self.least();
        let transit = arrival - sent;
        let difference = (transit - self.last).abs();
        self.jitter += difference - ((self.jitter + 8) >> 4);
        let at_once = arrival - self.last_arrival < lasts / 2;
        let behind = at_once && transit < self.last;
        self.last = transit;
        self.last_arrival = arrival;

        // After a stall the packets come at once, and each is less late than the one before. If
        // they do not, then the way has become longer, or the sender's clock stood still.
        self.apart = match transit - before > STALL {
            true if at_once => self.apart,
            true => self.apart + 1,
            false => 0,
        };
        if self.apart >= MOVED {
            self.apart = 0;
            self.least = [transit; SECONDS];
            self.since = arrival;
        } else if !overtakes {
            self.learn(arrival, transit);
        }
        let least = self.least();
        Arrival { late: (transit - least).max(0), moved: least - before, behind }
    }

    fn learn(&mut self, arrival: i64, transit: i64) {
        if arrival - self.since >= SECOND {
            // One at a time: after a pause the packets before it are still the best that is known.
            self.least.rotate_right(1);
            self.since = arrival;
            let [latest, ..] = &mut self.least;
            *latest = transit;
        }
        let [latest, ..] = &mut self.least;
        *latest = transit.min(*latest);
    }

    /// How much earlier the packet came than any of late: below zero it came later.
    pub(super) fn early(&self, arrival: i64, sent: i64) -> i64 {
        self.least() - (arrival - sent)
    }

    /// How long after the fastest packet of late could have brought it a sound is played that is
    /// played now.
    pub(super) fn delay(&self, now: i64, sent: i64) -> i64 {
        now - sent - self.least()
    }

    /// Interarrival jitter.
    pub(super) fn jitter(&self) -> i64 {
        self.jitter >> 4
    }

    fn least(&self) -> i64 {
        self.least.iter().copied().min().unwrap_or_default()
    }
}

/// Seconds that a fast packet is remembered: the clocks of two sides, 200 ppm apart, drift 1 ms in
/// them.
const SECONDS: usize = 5;
const SECOND: i64 = 1_000_000;
/// Later than this is no jitter but a stall, and earlier than this another clock.
pub(super) const STALL: i64 = 500_000;
/// So many packets, each apart from the one before, show that the way has become longer.
const MOVED: u8 = 3;
