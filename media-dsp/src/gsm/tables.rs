//! The constants of ETSI EN 300 961 (GSM 06.10) Tables 4.1 to 4.6.

/// How a log area ratio is quantized, Table 4.1.
pub(super) struct Ratio {
    /// Slope, Q10.
    pub(super) slope: i16,
    /// Offset, Q9.
    pub(super) offset: i16,
    /// The least code; the greatest is its complement.
    pub(super) least: i16,
    /// One by the slope, Q15: Table 4.2.
    pub(super) inverse: i16,
}

pub(super) const RATIOS: [Ratio; 8] = [
    Ratio { slope: 20_480, offset: 0, least: -32, inverse: 13_107 },
    Ratio { slope: 20_480, offset: 0, least: -32, inverse: 13_107 },
    Ratio { slope: 20_480, offset: 2_048, least: -16, inverse: 13_107 },
    Ratio { slope: 20_480, offset: -2_560, least: -16, inverse: 13_107 },
    Ratio { slope: 13_964, offset: 94, least: -8, inverse: 19_223 },
    Ratio { slope: 15_360, offset: -1_792, least: -8, inverse: 17_476 },
    Ratio { slope: 8_534, offset: -341, least: -4, inverse: 31_454 },
    Ratio { slope: 9_036, offset: -1_144, least: -4, inverse: 29_708 },
];

/// Where the gain of the long-term predictor goes to the next code, Q15: Table 4.3a.
pub(super) const GAIN_LEVELS: [i16; 3] = [6_554, 16_384, 26_214];

/// The gains of the long-term predictor, Q15: Table 4.3b.
pub(super) const GAINS: [i16; 4] = [3_277, 11_469, 21_299, 32_767];

/// The weighting filter's impulse response, Q13: Table 4.4.
pub(super) const WEIGHTS: [i16; 11] =
    [-134, -374, 0, 2_054, 5_741, 8_192, 5_741, 2_054, 0, -374, -134];

/// One by the mantissa of the block maximum, Q15: Table 4.5.
pub(super) const INVERSE_MANTISSAS: [i16; 8] =
    [29_128, 26_215, 23_832, 21_846, 20_165, 18_725, 17_476, 16_384];

/// The mantissa of the block maximum, Q15: Table 4.6.
pub(super) const MANTISSAS: [i16; 8] =
    [18_431, 20_479, 22_527, 24_575, 26_623, 28_671, 30_719, 32_767];
