//! The constants of ITU-T G.722 (09/2012) clause 6, in the order of the codes. Names in capitals
//! are those of the arrays there.

/// Decision levels of the lower sub-band's 60 level quantizer (Q6), which are 29, filled up with the
/// last.
pub(super) const LOW_LEVELS: [i32; 32] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1_023,
    1_121, 1_219, 1_339, 1_458, 1_612, 1_765, 1_980, 2_195, 2_557, 2_919, 2_919, 2_919, 2_919,
];

/// Quantized differences of the lower sub-band, for the three modes one after another, by all six bits
/// of the code.
pub(super) const LOW: [i32; 192] = {
    let mut table = [0; 192];
    let mut code = 0;
    while code < 64 {
        table[code] = LOW_SIX[code];
        table[64 + code] = LOW_FIVE[code >> 1];
        table[128 + code] = LOW_FOUR[code >> 2];
        code += 1;
    }
    table
};

/// Quantized differences for the 6-bit codes of the lower sub-band (QQ6).
const LOW_SIX: [i32; 64] = [
    -17, -17, -17, -17, -3_101, -2_738, -2_376, -2_088, -1_873, -1_689, -1_535, -1_399, -1_279,
    -1_170, -1_072, -982, -899, -822, -750, -682, -618, -558, -501, -447, -396, -347, -300, -254,
    -211, -170, -130, -91, 3_101, 2_738, 2_376, 2_088, 1_873, 1_689, 1_535, 1_399, 1_279, 1_170,
    1_072, 982, 899, 822, 750, 682, 618, 558, 501, 447, 396, 347, 300, 254, 211, 170, 130, 91, 54,
    17, -54, -17,
];

/// The same for the 5-bit codes that are left at 56 kbit/s (QQ5).
const LOW_FIVE: [i32; 32] = [
    -35, -35, -2_919, -2_195, -1_765, -1_458, -1_219, -1_023, -858, -714, -587, -473, -370, -276,
    -190, -110, 2_919, 2_195, 1_765, 1_458, 1_219, 1_023, 858, 714, 587, 473, 370, 276, 190, 110,
    35, -35,
];

/// The same for the 4-bit codes that are left at 48 kbit/s (QQ4), by which the predictor always adapts.
pub(super) const LOW_FOUR: [i32; 16] =
    [0, -2_557, -1_612, -1_121, -786, -530, -323, -150, 2_557, 1_612, 1_121, 786, 530, 323, 150, 0];

/// What a 4-bit code of the lower sub-band adds to the logarithm of its scale (WL).
pub(super) const LOW_STEPS: [i32; 16] =
    [-60, 3_042, 1_198, 538, 334, 172, 58, -30, 3_042, 1_198, 538, 334, 172, 58, -30, -60];

/// The level at which the upper sub-band's quantizer steps from one code to the other (Q2).
pub(super) const HIGH_LEVEL: i32 = 564;

/// Quantized differences for the 2-bit codes of the upper sub-band (QQ2); twice over.
pub(super) const HIGH_TWO: [i32; 8] = [-926, -202, 926, 202, -926, -202, 926, 202];

/// What a code of the upper sub-band adds to the logarithm of its scale (WH); twice over.
pub(super) const HIGH_STEPS: [i32; 8] = [798, -214, 798, -214, 798, -214, 798, -214];

/// 2048 times two to the power of so many 32nds (ILB).
pub(super) const POWERS: [i32; 32] = [
    2_048, 2_093, 2_139, 2_186, 2_233, 2_282, 2_332, 2_383, 2_435, 2_489, 2_543, 2_599, 2_656,
    2_714, 2_774, 2_834, 2_896, 2_960, 3_025, 3_091, 3_158, 3_228, 3_298, 3_371, 3_444, 3_520,
    3_597, 3_676, 3_756, 3_838, 3_922, 4_008,
];

/// Every other coefficient of the quadrature mirror filters (H); the rest are these backwards.
pub(super) const MIRROR: [i32; 12] = [3, -11, 12, 32, -210, 951, 3_876, -805, 362, -156, 53, -11];
