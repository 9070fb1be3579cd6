//! How loud 20 ms are, from whatever shows it at the least cost.

use media_dsp::g711::{self, Law};

/// A level as RFC 6464 §3 has it: decibels below the overload point, 0 (the loudest) to 127
/// (silence).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(u8);

impl Level {
    /// Nothing.
    pub const SILENCE: Self = Self(127);

    /// From the octet of the header extension; the first bit (voice activity) is not heeded: each
    /// sender has an idea of its own of what that is.
    pub const fn of_extension(octet: u8) -> Self {
        Self(octet & 0x7f)
    }

    /// Of linear 16-bit samples.
    pub fn of(pcm: &[i16]) -> Self {
        let squares =
            pcm.iter().map(|it| u64::from(it.unsigned_abs()) * u64::from(it.unsigned_abs()));
        Self::of_power(squares.sum(), pcm.len())
    }

    /// Of a payload of G.711, without decoding it: of every other octet.
    pub fn of_g711(law: Law, payload: &[u8]) -> Self {
        let squares = match law {
            Law::A => &A_LAW,
            Law::Mu => &MU_LAW,
        };
        let places = payload.iter().step_by(2).map(|it| usize::from(it & 0x7f));
        let power = places.filter_map(|it| squares.get(it)).map(|it| u64::from(*it)).sum();
        Self::of_power(power, payload.len().div_ceil(2))
    }

    /// Decibels below the overload point.
    pub const fn below_overload(self) -> u8 {
        self.0
    }

    /// Of the squares of so many samples. A square wave at full scale is 0 (RFC 6465 §5).
    fn of_power(sum: u64, samples: usize) -> Self {
        if sum == 0 {
            return Self::SILENCE;
        }
        let mean = sum as f32 / samples.max(1) as f32;
        let decibels = -10.0 * (mean / (32_768.0 * 32_768.0)).log10();
        Self(decibels.round().clamp(0.0, 127.0) as u8)
    }
}

/// The squares of the magnitudes of all codes, without their signs.
static A_LAW: std::sync::LazyLock<[u32; 128]> = std::sync::LazyLock::new(|| squares(Law::A));
static MU_LAW: std::sync::LazyLock<[u32; 128]> = std::sync::LazyLock::new(|| squares(Law::Mu));

fn squares(law: Law) -> [u32; 128] {
    let mut decoder = g711::Decoder::new(law);
    let codes: [u8; 128] = std::array::from_fn(|code| code as u8);
    let mut pcm = [0; 128];
    // There is room for all.
    let _ = decoder.decode(&codes, &mut pcm);
    pcm.map(|it| u32::from(it.unsigned_abs()) * u32::from(it.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_wave_at_full_scale_is_the_overload_point() {
        assert_eq!(Level::of(&[i16::MIN; 160]), Level(0));
        assert_eq!(Level::of(&[3_277; 160]), Level(20));
        assert_eq!(Level::of(&[0; 160]), Level::SILENCE);
        assert_eq!(Level::of(&[]), Level::SILENCE);
        assert_eq!(Level::of_extension(0x80 | 33), Level(33));
    }

    #[test]
    fn a_payload_is_as_loud_as_what_it_decodes_to() {
        for law in [Law::A, Law::Mu] {
            for amplitude in [30_000.0_f32, 3_000.0, 300.0, 60.0] {
                let pcm: [i16; 160] =
                    std::array::from_fn(|n| ((n as f32 * 0.71).sin() * amplitude) as i16);
                let mut payload = [0; 160];
                g711::Encoder::new(law).encode(&pcm, &mut payload).unwrap();
                let read = Level::of_g711(law, &payload).below_overload();
                let exact = Level::of(&pcm).below_overload();
                assert!(read.abs_diff(exact) <= 1, "{law:?} {amplitude}: {read} and {exact}");
            }
            assert!(Level::of_g711(law, &[law.silence(); 160]).below_overload() >= 70);
        }
    }
}
