//! What becomes of the packets of a stream, one after another, once it is certain.

use super::bursts::{Bursts, Fate, Pattern};

/// The last packets, of which one may still come, and the pattern of those before.
#[derive(Debug, Default)]
pub(crate) struct Fates {
    newest: u16,
    /// One bit for each number up to the newest, which is the lowest: whether it came, and whether it
    /// came too late to be played.
    came: u32,
    discarded: u32,
    /// How many of them there are yet.
    known: u32,
    bursts: Bursts,
}

impl Fates {
    /// A packet came.
    pub(crate) fn came(&mut self, sequence: u16) {
        if self.known == 0 {
            (self.newest, self.came, self.known) = (sequence, 1, 1);
            return;
        }
        let ahead = sequence.wrapping_sub(self.newest).cast_signed();
        match u16::try_from(ahead) {
            Ok(ahead) if ahead > MAX_DROPOUT => {
                *self = Self { bursts: self.bursts, ..Self::default() };
                self.came(sequence);
            }
            Ok(ahead) => {
                (0..ahead).for_each(|_| self.shift());
                self.newest = sequence;
                self.came |= 1;
            }
            Err(_) => {
                if let Some(bit) = bit(ahead) {
                    self.came |= bit;
                }
            }
        }
    }

    /// A packet that came is not played: its sound was due before.
    pub(crate) fn discarded(&mut self, sequence: u16) {
        let ahead = sequence.wrapping_sub(self.newest).cast_signed();
        if let Some(bit) = bit(ahead) {
            self.discarded |= bit;
        }
    }

    /// Of all but the last, of which some may still come.
    pub(crate) fn pattern(&self) -> Pattern {
        self.bursts.pattern()
    }

    fn shift(&mut self) {
        if self.known == u32::BITS {
            let oldest = |bits: u32| bits >> (u32::BITS - 1) == 1;
            self.bursts.packet(match (oldest(self.came), oldest(self.discarded)) {
                (false, _) => Fate::Lost,
                (true, true) => Fate::Discarded,
                (true, false) => Fate::Played,
            });
        }
        self.known = u32::BITS.min(self.known + 1);
        self.came <<= 1;
        self.discarded <<= 1;
    }
}

/// The place of a number that is so far behind the newest.
fn bit(ahead: i16) -> Option<u32> {
    let behind = u32::try_from(-i32::from(ahead)).ok()?;
    1_u32.checked_shl(behind)
}

/// RFC 3550 §A.1.
const MAX_DROPOUT: u16 = 3_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_late_is_not_lost_and_what_comes_too_late_is_discarded() {
        let mut fates = Fates::default();
        for number in 65_400..66_200_u32 {
            let sequence = number as u16;
            match number % 40 {
                // Lost; overtaken by three; came, but when it was due already.
                3 => {}
                10 => continue,
                13 => {
                    fates.came(sequence);
                    fates.came(sequence.wrapping_sub(3));
                }
                30 => {
                    fates.came(sequence);
                    fates.discarded(sequence);
                }
                _ => fates.came(sequence),
            }
        }
        let it = fates.pattern();
        assert!(it.lost.abs_diff(6) <= 1 && it.discarded.abs_diff(6) <= 1, "{it:?}");
    }

    #[test]
    fn a_sender_that_counts_anew_has_lost_nothing() {
        let mut fates = Fates::default();
        (0..200).for_each(|sequence| fates.came(sequence));
        (20_000..20_200).for_each(|sequence| fates.came(sequence));
        assert_eq!((fates.pattern().lost, fates.pattern().discarded), (0, 0));
    }
}
