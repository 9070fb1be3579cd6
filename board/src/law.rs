//! How octets of a bearer channel are companded, and what the simulation needs of it. The codec of
//! calls is in `media-dsp`; this crate stands alone.

/// How samples are companded on a span: ITU-T G.711 (11/1988).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// A-law: E1, and wherever two countries differ (G.711 §3.3).
    A,
    /// μ-law: T1 in North America and Japan.
    Mu,
}

impl Law {
    /// What a channel says that has nothing to say: the smallest positive value, which is also what
    /// both tables of G.711 give for silence after their inversion of bits.
    #[must_use]
    pub fn idle(self) -> u8 {
        match self {
            Law::A => 0xD5,
            Law::Mu => 0xFF,
        }
    }

    /// The sample of an octet, linear, with full scale at ±32767 (G.711 tables 1 and 2, shifted to 16
    /// bits).
    #[must_use]
    pub fn expand(self, octet: u8) -> i16 {
        let (bits, positive) = match self {
            Law::A => (octet ^ 0x55, octet & 0x80 != 0),
            Law::Mu => (!octet, octet & 0x80 != 0),
        };
        let segment = u32::from(bits >> 4 & 0x07);
        let step = i32::from(bits & 0x0F);
        let size = match self {
            // The two lowest segments of A-law have the same step.
            Law::A if segment == 0 => (step << 4) + 8,
            Law::A => ((step << 4) + 0x108) << (segment - 1),
            // Decision values of μ-law lie 33 (of 8159) off a power of two.
            Law::Mu => (((step << 3) + 0x84) << segment) - 0x84,
        };
        i16::try_from(if positive { size } else { -size }).unwrap_or(i16::MAX)
    }

    /// The octet whose sample is nearest to this one; louder than full scale is full scale.
    #[must_use]
    pub fn compress(self, sample: i32) -> u8 {
        let sign = if sample < 0 { 0 } else { 0x80 };
        let size = sample.unsigned_abs().min(32_767);
        let (segment, step) = match self {
            Law::A => {
                let segment = (size >> 8).checked_ilog2().map_or(0, |power| power + 1).min(7);
                (segment, size >> if segment == 0 { 4 } else { segment + 3 })
            }
            Law::Mu => {
                let biased = size.min(32_635) + 0x84;
                let segment = (biased >> 7).checked_ilog2().unwrap_or(0).min(7);
                (segment, biased >> (segment + 3))
            }
        };
        let bits = u8::try_from(segment << 4 | (step & 0x0F)).unwrap_or(0x7F);
        match self {
            Law::A => (sign | bits) ^ 0x55,
            Law::Mu => !(bits | (sign ^ 0x80)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_octet_comes_back_from_its_own_sample() {
        for law in [Law::A, Law::Mu] {
            for octet in 0..=255u8 {
                let sample = law.expand(octet);
                let again = law.compress(i32::from(sample));
                // Minus zero of μ-law is heard as zero.
                if law == Law::Mu && octet == 0x7F {
                    assert_eq!(again, 0xFF);
                } else {
                    assert_eq!(again, octet, "{law:?} {sample}");
                }
            }
        }
    }

    /// G.711 tables 1a and 2a: full scale is 4096 and 8159 units, the last decoded value 4032 and 8031.
    #[test]
    fn the_ends_of_the_scale_are_where_the_tables_have_them() {
        assert_eq!(Law::A.expand(0xAA), 4032 * 8);
        assert_eq!(Law::A.expand(0x2A), -4032 * 8);
        assert_eq!(Law::A.expand(Law::A.idle()), 8);
        assert_eq!(Law::Mu.expand(0x80), 8031 * 4);
        assert_eq!(Law::Mu.expand(0x00), -8031 * 4);
        assert_eq!(Law::Mu.expand(Law::Mu.idle()), 0);
        for law in [Law::A, Law::Mu] {
            assert_eq!(law.compress(1_000_000), law.compress(32_767));
            assert_eq!(law.compress(-1_000_000), law.compress(-32_767));
        }
    }

    #[test]
    fn a_sample_goes_to_the_nearest_octet_within_half_a_step() {
        for law in [Law::A, Law::Mu] {
            for sample in -32_000..32_000i32 {
                let off = i32::from(law.expand(law.compress(sample))) - sample;
                let step = (sample.abs() / 16).max(16);
                assert!(off.abs() <= step, "{law:?}: {sample} is off by {off}");
            }
        }
    }
}
