//! One stream for a browser, whatever streams follow each other on the other side: it was told one SSRC,
//! and its numbers and times go on (RFC 3550 §5.1, §8).

use std::time::Instant;

/// How packets of others' streams are numbered in the one that leaves.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    of: Option<Source>,
    /// The highest number that left, with its roll-overs; the next stream goes on behind it.
    highest: u64,
}

#[derive(Debug)]
struct Source {
    ssrc: u32,
    /// Its highest number, with its roll-overs.
    highest: u64,
    /// What is added to its numbers.
    ahead: u64,
    /// What is added to its times.
    later: u32,
    last: (Instant, u32),
}

impl Numbering {
    /// The number, with its roll-overs, and the time with which a packet leaves. Nothing for one that was
    /// overtaken by the beginning of its stream.
    pub(super) fn place(
        &mut self,
        ssrc: u32,
        sequence: u16,
        time: u32,
        clock: u32,
        now: Instant,
    ) -> Option<(u64, u32)> {
        let source = match &mut self.of {
            Some(source) if source.ssrc == ssrc => source,
            other => {
                let later = other.as_ref().map_or(0, |before| {
                    let (at, last) = before.last;
                    let passed = now.saturating_duration_since(at).as_micros();
                    let ticks = passed * u128::from(clock) / 1_000_000;
                    let left = last.wrapping_add(before.later);
                    left.wrapping_add(ticks as u32).wrapping_sub(time)
                });
                // The first stream keeps its numbers, and others go on behind the last one.
                let first = if other.is_none() { u64::from(sequence) } else { self.highest + 1 };
                // Room for packets that were overtaken by the first one.
                let highest = (1 << 16) + u64::from(sequence);
                let ahead = first.wrapping_sub(highest);
                other.insert(Source { ssrc, highest, ahead, later, last: (now, time) })
            }
        };
        let step = sequence.wrapping_sub(source.highest as u16) as i16;
        let number = source.highest.checked_add_signed(i64::from(step))?;
        if number > source.highest {
            source.highest = number;
            source.last = (now, time);
        }
        let out = number.wrapping_add(source.ahead);
        // Below the first number of the first stream there is nothing.
        if out > u64::MAX / 2 {
            return None;
        }
        self.highest = self.highest.max(out);
        Some((out, time.wrapping_add(source.later)))
    }
}

#[cfg(test)]
// The one clock of these tests: an origin, on which nothing depends.
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn one_stream_keeps_its_numbers_and_rolls_over() {
        let (mut it, now) = (Numbering::default(), Instant::now());
        let mut place = |sequence| it.place(7, sequence, 100, 8_000, now);
        assert_eq!(place(65_534), Some((65_534, 100)));
        assert_eq!(place(1), Some((65_537, 100)));
        assert_eq!(place(65_535), Some((65_535, 100)));
        assert_eq!(place(2), Some((65_538, 100)));
    }

    #[test]
    fn another_stream_goes_on_where_the_last_one_was() {
        let (mut it, now) = (Numbering::default(), Instant::now());
        assert_eq!(it.place(7, 100, 1_000, 8_000, now), Some((100, 1_000)));
        let later = now + Duration::from_millis(60);
        assert_eq!(it.place(8, 9_000, 77, 8_000, later), Some((101, 1_480)));
        assert_eq!(it.place(8, 9_001, 237, 8_000, later), Some((102, 1_640)));
        assert_eq!(it.place(9, 3, 0, 8_000, later), Some((103, 1_640)));
    }

    #[test]
    fn what_was_overtaken_by_the_very_first_has_no_number_below_zero() {
        let (mut it, now) = (Numbering::default(), Instant::now());
        assert_eq!(it.place(7, 0, 0, 8_000, now), Some((0, 0)));
        assert_eq!(it.place(7, 65_535, 0, 8_000, now), None);
        assert_eq!(it.place(7, 1, 0, 8_000, now), Some((1, 0)));
    }
}
