//! Which vector instructions are used, and the kernels that use them.
//!
//! The level is found once. `STROWGER_CPU=scalar|sse2|avx2|avx512|neon` lowers it, so that one machine
//! tests every path. Each kernel has a scalar twin with the same result.

pub(crate) mod amrwb;
pub(crate) mod echo;
pub(crate) mod fft;
pub(crate) mod fir;
pub(crate) mod g711;
pub(crate) mod g722;
pub(crate) mod g7231;
pub(crate) mod g726;
pub(crate) mod g729;
pub(crate) mod gsm;
pub(crate) mod lanes;
pub(crate) mod lpc;
pub(crate) mod mix;
pub(crate) mod per_level;

use std::env;
use std::io::Write;
use std::sync::OnceLock;

/// A set of vector instructions. Of two levels of one kind of processor the greater includes the less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// None.
    Scalar,
    /// 128 bits on x86-64: every such processor.
    Sse2,
    /// 256 bits on x86-64, with fused multiply-add: AVX2 and FMA.
    Avx2,
    /// 512 bits on x86-64: AVX-512 F, BW, DQ and VL.
    Avx512,
    /// 128 bits on AArch64: every such processor.
    Neon,
}

impl Level {
    /// The level in use: what the machine has, or less when `STROWGER_CPU` says so.
    pub fn current() -> Self {
        static CURRENT: OnceLock<Level> = OnceLock::new();
        *CURRENT.get_or_init(|| {
            let best = Self::best();
            let Ok(name) = env::var("STROWGER_CPU") else { return best };
            let wanted = Self::all().iter().copied().find(|level| level.name() == name);
            match wanted {
                Some(level) if level.is_here() => level,
                Some(_) | None => {
                    // Standard error may be closed.
                    let _ = writeln!(
                        std::io::stderr(),
                        "STROWGER_CPU={name} is not to be had here: {} is used",
                        best.name()
                    );
                    best
                }
            }
        })
    }

    /// How many of these channels are best taken side by side in a serial recursion, and at which level,
    /// which is at most this one: `Scalar` for one by one.
    pub(crate) fn side_by_side(self, channels: usize) -> (Self, usize) {
        let (level, lanes) = match self {
            Self::Avx512 if channels > 8 => (Self::Avx512, 16),
            Self::Avx512 | Self::Avx2 => (Self::Avx2, 8),
            Self::Neon => (Self::Neon, 4),
            Self::Scalar | Self::Sse2 => (Self::Scalar, 1),
        };
        if channels < LEAST_LANES {
            (Self::Scalar, 1.min(channels))
        } else {
            (level, lanes.min(channels))
        }
    }

    /// All levels that this machine has, the least first.
    pub fn here() -> impl Iterator<Item = Self> {
        Self::all().iter().copied().filter(|level| level.is_here())
    }

    /// This level, or `Scalar` where the machine lacks it.
    pub fn or_scalar(self) -> Self {
        if self.is_here() { self } else { Self::Scalar }
    }

    /// As `STROWGER_CPU` names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Sse2 => "sse2",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
        }
    }

    fn all() -> &'static [Self] {
        &[Self::Scalar, Self::Sse2, Self::Avx2, Self::Avx512, Self::Neon]
    }

    fn best() -> Self {
        Self::here().last().unwrap_or(Self::Scalar)
    }

    #[cfg(target_arch = "x86_64")]
    fn is_here(self) -> bool {
        match self {
            Self::Scalar | Self::Sse2 => true,
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            Self::Avx512 => {
                Self::Avx2.is_here()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            }
            Self::Neon => false,
        }
    }

    #[cfg(target_arch = "aarch64")]
    fn is_here(self) -> bool {
        matches!(self, Self::Scalar | Self::Neon)
    }

    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    fn is_here(self) -> bool {
        self == Self::Scalar
    }
}

/// Fewer channels than this are sooner done one by one.
const LEAST_LANES: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_a_level_and_the_current_one_is_here() {
        assert_eq!(Level::here().next(), Some(Level::Scalar));
        assert!(Level::here().any(|level| level == Level::current()));
    }
}
