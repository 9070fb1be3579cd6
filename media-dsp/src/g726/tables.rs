//! The quantizers of ITU-T G.726 (12/1990): for 40, 32, 24 and 16 kbit/s the decision levels and output
//! levels (QUAN, RECONST), and the functions W and F (FUNCTW, FUNCTF). All but the decision levels go by
//! the size of a code: the code itself, or its complement when it is negative.

/// What a rate has of its own.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Quantizer {
    /// Bits of a code.
    pub(super) bits: u32,
    /// The code of a difference of size 0: that with all bits set, for what is never sent is 0.
    pub(super) zero: i32,
    /// By how many places the coefficients of the zeros are shifted to leak (UPB).
    pub(super) leak: u32,
    /// Base-2 logarithms, Q7, at which a size begins.
    pub(super) levels: [i32; 16],
    /// The logarithm, Q7, that a size stands for.
    pub(super) logs: [i32; 16],
    /// W: what a size adds to the scale, Q4.
    pub(super) steps: [i32; 16],
    /// F: how fast a size says that the scale changes.
    pub(super) speeds: [i32; 16],
}

pub(super) const TWO: Quantizer = Quantizer {
    bits: 2,
    zero: 0,
    leak: 8,
    levels: filled([261], i32::MAX),
    logs: filled([116, 365], 0),
    steps: filled([-22, 439], 0),
    speeds: filled([0, 7], 0),
};

pub(super) const THREE: Quantizer = Quantizer {
    bits: 3,
    zero: 7,
    leak: 8,
    levels: filled([8, 218, 331], i32::MAX),
    logs: filled([-2_048, 135, 273, 373], 0),
    steps: filled([-4, 30, 137, 582], 0),
    speeds: filled([0, 1, 2, 7], 0),
};

pub(super) const FOUR: Quantizer = Quantizer {
    bits: 4,
    zero: 15,
    leak: 8,
    levels: filled([-124, 80, 178, 246, 300, 349, 400], i32::MAX),
    logs: filled([-2_048, 4, 135, 213, 273, 323, 373, 425], 0),
    steps: filled([-12, 18, 41, 64, 112, 198, 355, 1_122], 0),
    speeds: filled([0, 0, 0, 1, 1, 1, 3, 7], 0),
};

pub(super) const FIVE: Quantizer = Quantizer {
    bits: 5,
    zero: 31,
    leak: 9,
    levels: filled(
        [-122, -16, 68, 139, 198, 250, 298, 339, 378, 413, 445, 475, 502, 528, 553],
        i32::MAX,
    ),
    logs: [-2_048, -66, 28, 104, 169, 224, 274, 318, 358, 395, 429, 459, 488, 514, 539, 566],
    steps: [14, 14, 24, 39, 40, 41, 58, 100, 141, 179, 219, 280, 358, 440, 529, 696],
    speeds: [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6],
};

const fn filled<const SIZE: usize>(values: [i32; SIZE], rest: i32) -> [i32; 16] {
    let mut table = [rest; 16];
    let mut place = 0;
    while place < SIZE {
        table[place] = values[place];
        place += 1;
    }
    table
}
