//! Wrong bits at a rate, from a seed.

/// Which bits of a direction arrive wrong: each with the same probability, on its own.
#[derive(Clone, Debug)]
pub(super) struct Errors {
    state: u64,
    rate: f64,
    /// Right bits until the next wrong one.
    until: u64,
}

impl Errors {
    pub(super) fn new(seed: u64) -> Errors {
        // A state of zero would stay zero.
        Errors { state: seed ^ 0x9E37_79B9_7F4A_7C15 | 1, rate: 0.0, until: u64::MAX }
    }

    pub(super) fn set_rate(&mut self, rate: f64) {
        self.rate = if rate.is_finite() { rate.clamp(0.0, 0.5) } else { 0.0 };
        self.until = self.gap();
    }

    /// The next wrong bit within the `bits` to come that is not before `from`.
    pub(super) fn within(&mut self, from: u16, bits: u16) -> Option<u16> {
        let here = u64::from(from).checked_add(self.until)?;
        if here >= u64::from(bits) {
            return None;
        }
        self.until = self.gap();
        u16::try_from(here).ok()
    }

    /// The frame of `bits` is over; `from` of them were looked at already.
    pub(super) fn pass(&mut self, from: u16, bits: u16) {
        if self.until != u64::MAX {
            self.until = self.until.saturating_sub(u64::from(bits.saturating_sub(from)));
        }
    }

    /// How many right bits come before a wrong one: a geometric distribution.
    fn gap(&mut self) -> u64 {
        if self.rate <= 0.0 {
            return u64::MAX;
        }
        // xorshift64*, Vigna 2016: the high bits are good.
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let random = self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11;
        let uniform = (random as f64 + 1.0) / (1u64 << 53) as f64;
        (uniform.ln() / (1.0 - self.rate).ln()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(rate: f64, frames: u32) -> u32 {
        let mut errors = Errors::new(7);
        errors.set_rate(rate);
        let mut wrong = 0;
        for _ in 0..frames {
            let mut from = 0;
            while let Some(bit) = errors.within(from, 256) {
                assert!(bit >= from && bit < 256);
                wrong += 1;
                from = bit + 1;
            }
            errors.pass(from, 256);
        }
        wrong
    }

    #[test]
    fn as_many_bits_are_wrong_as_the_rate_says() {
        assert_eq!(count(0.0, 80_000), 0);
        // 20 million bits: 20480 and 2048 wrong ones, give or take four standard deviations.
        assert!(count(1e-3, 80_000).abs_diff(20_480) < 4 * 143);
        assert!(count(1e-4, 80_000).abs_diff(2_048) < 4 * 45);
        assert!(count(0.5, 8_000).abs_diff(1_024_000) < 4 * 716);
    }
}
