//! Finds the sequence in what comes, and counts what is wrong in it.
//!
//! Of a sequence each bit follows from those before it, so that those that came tell where in the sequence
//! the sender is, and those that come next prove it. From then on a register of our own runs along, and
//! each bit is compared with it: an error counts once, and is not carried on.
//!
//! What comes is also searched while it is compared. Bits that prove another place of the sequence are not
//! wrong, they were shifted: octets were lost or doubled on the way.

use super::Pattern;

/// Looks for a sequence, and counts. One second is 8000 octets, however they come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checker {
    pub(super) pattern: Pattern,
    search: Search,
    /// The sequence is found.
    lock: Option<Lock>,
    /// Counts from the first time that it is.
    begun: bool,
    second: Second,
    totals: Totals,
}

/// How the bits come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Polarity {
    /// As they were sent.
    Straight,
    /// Each one inverted: something on the way does that.
    Inverted,
}

/// What changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Change {
    /// The sequence is found: its bits count from here.
    Found(Polarity),
    /// It is another place of the sequence from one bit to the next: a slip. What came between does not
    /// count as errors.
    Slipped(Polarity),
    /// What comes is not the sequence any longer: more than 20 % of the bits were wrong (ITU-T O.150).
    Lost,
}

/// What was counted since the sequence was found for the first time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// Bits that were compared.
    pub bits: u64,
    /// Those of them that were wrong.
    pub errors: u64,
    /// Bits that came while the sequence was lost, or that showed that it was.
    pub uncompared: u64,
    /// How often it was lost.
    pub losses: u64,
    /// How often it slipped.
    pub slips: u64,
    /// Seconds that are over.
    pub seconds: u64,
    /// Those with an error, a slip or without the sequence (ITU-T G.821).
    pub errored_seconds: u64,
    /// Those with one error in 1000 bits or more, or without the sequence (ITU-T G.821).
    pub severely_errored_seconds: u64,
}

/// The last bits, and for how many each followed from those before it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Search {
    /// The latest is the lowest.
    bits: u32,
    came: u32,
    /// Whether the last ones contradicted those before them, as all do of an inverted sequence.
    inverted: bool,
    run: u32,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Lock {
    polarity: Polarity,
    register: u32,
    /// Which of the last 128 bits were wrong; the latest is the lowest.
    wrong: u128,
    /// Bits and errors of the block that is not over.
    bits: u32,
    errors: u32,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Second {
    bits: u32,
    errors: u32,
    slipped: bool,
    lost: bool,
}

impl Checker {
    /// Has found nothing yet.
    pub fn new(pattern: Pattern) -> Self {
        Self {
            pattern,
            search: Search::default(),
            lock: None,
            begun: false,
            second: Second::default(),
            totals: Totals::default(),
        }
    }

    /// The next octets of the channel, none of which is left out, and what changed with them.
    pub fn take(&mut self, octets: &[u8], mut told: impl FnMut(Change)) {
        for octet in octets {
            for at in (0..8).rev() {
                let bit = octet >> at & 1 == 1;
                if let Some(change) = self.bit(bit != self.pattern.is_inverted()) {
                    told(change);
                }
            }
        }
    }

    /// How the sequence comes, if it does.
    pub fn polarity(&self) -> Option<Polarity> {
        self.lock.as_ref().map(|lock| lock.polarity)
    }

    /// What was counted so far.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// The next bit, as it would be if the sequence was not inverted.
    pub(super) fn bit(&mut self, bit: bool) -> Option<Change> {
        let found = self.search.bit(bit, self.pattern);
        let change = match &mut self.lock {
            None => {
                self.totals.uncompared += u64::from(self.begun);
                found.map(|lock| self.found(lock))
            }
            Some(lock) => {
                let wrong = lock.compare(bit, self.pattern);
                self.totals.bits += 1;
                self.totals.errors += u64::from(wrong);
                self.second.errors += u32::from(wrong);
                match found {
                    Some(place) if !place.is_that_of(lock) => Some(self.slipped(place)),
                    _ if lock.errors > MOST_ERRORS => Some(self.lost()),
                    _ => None,
                }
            }
        };
        self.time_passes();
        change
    }

    fn found(&mut self, lock: Lock) -> Change {
        let polarity = lock.polarity;
        self.begun = true;
        self.lock = Some(lock);
        Change::Found(polarity)
    }

    /// The bits that proved the new place are not errors of the old one.
    fn slipped(&mut self, place: Lock) -> Change {
        let polarity = place.polarity;
        if let Some(lock) = self.lock.replace(place) {
            let proof = self.pattern.found_within();
            let wrong = lock.wrong & ((1 << proof) - 1);
            self.take_back(proof, wrong.count_ones());
        }
        self.totals.slips += 1;
        self.second.slipped = true;
        Change::Slipped(polarity)
    }

    /// The block in which it was lost does not count.
    fn lost(&mut self) -> Change {
        if let Some(lock) = self.lock.take() {
            self.take_back(lock.bits, lock.errors);
        }
        self.search = Search::default();
        self.totals.losses += 1;
        Change::Lost
    }

    fn take_back(&mut self, bits: u32, errors: u32) {
        let bits = u64::from(bits).min(self.totals.bits);
        self.totals.bits -= bits;
        self.totals.uncompared += bits;
        self.totals.errors = self.totals.errors.saturating_sub(u64::from(errors));
    }

    fn time_passes(&mut self) {
        if !self.begun {
            return;
        }
        self.second.lost |= self.lock.is_none();
        self.second.bits += 1;
        if self.second.bits < BITS_OF_SECOND {
            return;
        }
        let Second { errors, slipped, lost, .. } = std::mem::take(&mut self.second);
        let severe = lost || errors >= BITS_OF_SECOND / 1000;
        self.totals.seconds += 1;
        self.totals.errored_seconds += u64::from(severe || slipped || errors > 0);
        self.totals.severely_errored_seconds += u64::from(severe);
    }
}

impl Search {
    /// Where in the sequence the sender is, if the last bits prove it.
    fn bit(&mut self, bit: bool, pattern: Pattern) -> Option<Lock> {
        let inverted = bit != pattern.next(self.bits);
        self.bits = pattern.shifted(self.bits, bit);
        self.came = self.came.saturating_add(1);
        if self.came <= pattern.stages() {
            return None;
        }
        self.run = if inverted == self.inverted { self.run.saturating_add(1) } else { 1 };
        self.inverted = inverted;
        if self.run < PROOF {
            return None;
        }
        let (polarity, register) = match inverted {
            false => (Polarity::Straight, self.bits),
            true => (Polarity::Inverted, !self.bits & pattern.mask()),
        };
        // A dead line follows the rule as well, but no sequence has such a place.
        (register != 0).then_some(Lock { polarity, register, wrong: 0, bits: 0, errors: 0 })
    }
}

impl Lock {
    fn is_that_of(&self, other: &Lock) -> bool {
        self.polarity == other.polarity && self.register == other.register
    }

    /// Whether this bit is wrong.
    fn compare(&mut self, bit: bool, pattern: Pattern) -> bool {
        if self.bits == BITS_OF_BLOCK {
            (self.bits, self.errors) = (0, 0);
        }
        let expected = pattern.next(self.register);
        self.register = pattern.shifted(self.register, expected);
        let wrong = bit != (expected != (self.polarity == Polarity::Inverted));
        self.wrong = self.wrong << 1 | u128::from(wrong);
        self.bits += 1;
        self.errors += u32::from(wrong);
        wrong
    }
}

/// How many bits must follow from those before them. Of bits by chance 2^64 would do so once.
pub(super) const PROOF: u32 = 64;

/// How many bits are looked at together to know whether it is still the sequence: the 64th part of a
/// second, so that one second that is lost costs no other.
const BITS_OF_BLOCK: u32 = 1000;

/// 20 % of the bits of a block. Bits by chance show it in the first half of a block.
const MOST_ERRORS: u32 = BITS_OF_BLOCK / 5;

/// A B channel has 64 kbit/s.
const BITS_OF_SECOND: u32 = 64_000;
