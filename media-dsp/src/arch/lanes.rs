//! Channels side by side: 32-bit integers on which a codec's recursion is written once, for one channel
//! or for as many as a vector holds. No operation here branches, so that all lanes take the same steps.

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
#[cfg(target_arch = "aarch64")]
pub(crate) mod neon;

use std::ops::{Add, BitAnd, BitOr, BitXor, Mul, Sub};

/// One 32-bit integer a channel. Sums and products stay within 32 bits by what is computed.
pub(crate) trait Lanes:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + BitXor<Output = Self>
{
    /// A truth a channel.
    type Mask: Copy + BitAnd<Output = Self::Mask> + BitOr<Output = Self::Mask>;

    /// How many channels.
    const COUNT: usize;

    /// The same for all.
    fn all(value: i32) -> Self;

    /// From the first `COUNT` values.
    fn read(from: &[i32; MOST]) -> Self;

    /// To the first `COUNT` values.
    fn write(self, to: &mut [i32; MOST]);

    /// Each shifted left by its own 0 to 31 places.
    fn left_by(self, by: Self) -> Self;

    /// Each shifted right, with the sign, by its own 0 to 31 places.
    fn right_by(self, by: Self) -> Self;

    /// The lesser.
    fn min(self, other: Self) -> Self;

    /// The greater.
    fn max(self, other: Self) -> Self;

    /// Whether greater than the other.
    fn above(self, other: Self) -> Self::Mask;

    /// Whether equal.
    fn equals(self, other: Self) -> Self::Mask;

    /// One or the other.
    fn pick(mask: Self::Mask, yes: Self, no: Self) -> Self;

    /// The bits of the same number, up to 2^24, as an IEEE 754 single: its logarithm lies in them.
    fn float(self) -> Self;

    /// The products of the lower halves and of the upper halves, 16 bits with sign each, summed.
    fn dot(self, other: Self) -> Self;

    /// The entries at these places, 0 to 7.
    fn look8(self, table: &[i32; 8]) -> Self;

    /// The entries at these places, 0 to 15.
    fn look16(self, table: &[i32; 16]) -> Self;

    /// The entries at these places, 0 to 31.
    fn look32(self, table: &[i32; 32]) -> Self;

    /// The entries at these places of a longer table.
    fn look<const SIZE: usize>(self, table: &[i32; SIZE]) -> Self;

    /// Shifted left by 0 to 31 places.
    #[inline(always)]
    fn left(self, by: u32) -> Self {
        self.left_by(Self::all(by as i32))
    }

    /// Shifted right, with the sign, by 0 to 31 places.
    #[inline(always)]
    fn right(self, by: u32) -> Self {
        self.right_by(Self::all(by as i32))
    }

    /// How many of the levels, which rise, the value reaches; all sixteen are never reached. It is found by
    /// halving.
    #[inline(always)]
    fn rank(self, levels: &[i32; 16]) -> Self {
        let mut place = Self::all(0);
        for half in [8, 4, 2, 1] {
            let level = (place + Self::all(half - 1)).look16(levels);
            let short = level.above(self);
            place = place + Self::pick(short, Self::all(0), Self::all(half));
        }
        place
    }

    /// Between two limits.
    #[inline(always)]
    fn within(self, least: Self, most: Self) -> Self {
        self.max(least).min(most)
    }

    /// The lower sixteen bits with their sign.
    #[inline(always)]
    fn wrapped(self) -> Self {
        self.left(16).right(16)
    }

    /// As a 16-bit value, saturated.
    #[inline(always)]
    fn saturated(self) -> Self {
        self.within(Self::all(-32_768), Self::all(32_767))
    }

    /// -1 for negative values, otherwise 0.
    #[inline(always)]
    fn sign(self) -> Self {
        self.right(31)
    }

    /// The negative where `sign` is -1, the value where it is 0.
    #[inline(always)]
    fn turned(self, sign: Self) -> Self {
        (self ^ sign) - sign
    }
}

/// The most channels that any vector holds.
pub(crate) const MOST: usize = 16;

/// One channel.
impl Lanes for i32 {
    type Mask = bool;

    const COUNT: usize = 1;

    #[inline(always)]
    fn all(value: i32) -> Self {
        value
    }

    #[inline(always)]
    fn read(from: &[i32; MOST]) -> Self {
        from[0]
    }

    #[inline(always)]
    fn write(self, to: &mut [i32; MOST]) {
        to[0] = self;
    }

    #[inline(always)]
    fn left_by(self, by: Self) -> Self {
        self << (by & 31)
    }

    #[inline(always)]
    fn right_by(self, by: Self) -> Self {
        self >> (by & 31)
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Ord::min(self, other)
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Ord::max(self, other)
    }

    #[inline(always)]
    fn above(self, other: Self) -> bool {
        self > other
    }

    #[inline(always)]
    fn equals(self, other: Self) -> bool {
        self == other
    }

    #[inline(always)]
    fn pick(mask: bool, yes: Self, no: Self) -> Self {
        if mask { yes } else { no }
    }

    #[inline(always)]
    fn float(self) -> Self {
        (self as f32).to_bits() as i32
    }

    #[inline(always)]
    fn rank(self, levels: &[i32; 16]) -> Self {
        levels.iter().map(|&level| i32::from(self >= level)).sum()
    }

    #[inline(always)]
    fn dot(self, other: Self) -> Self {
        let low = i32::from(self as i16) * i32::from(other as i16);
        low + (self >> 16) * (other >> 16)
    }

    #[inline(always)]
    fn look8(self, table: &[i32; 8]) -> Self {
        table[self as usize & 7]
    }

    #[inline(always)]
    fn look16(self, table: &[i32; 16]) -> Self {
        table[self as usize & 15]
    }

    #[inline(always)]
    fn look32(self, table: &[i32; 32]) -> Self {
        table[self as usize & 31]
    }

    #[inline(always)]
    fn look<const SIZE: usize>(self, table: &[i32; SIZE]) -> Self {
        table[(self as usize).min(SIZE - 1)]
    }
}
