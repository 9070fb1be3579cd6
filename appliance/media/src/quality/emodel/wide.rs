//! The wide scale: sound of 50 to 7,000 Hz (ITU-T G.107.1 (06/2019) with Corrigendum 1 (01/2020)).
//!
//! Equipment impairments are those of G.113 (09/2024) table IV.1, listened to with one ear. Robustness
//! against loss is published for three modes of AMR-WB alone (table IV.4, listened to with both ears);
//! where nothing is, this says what is taken instead. They are planning figures, as G.113 calls them.

use call::Codec;
use media_dsp::amrwb::Mode;

/// The equipment impairment Ie,wb and the packet-loss robustness Bpl,wb; nothing for what has no more
/// than telephone bandwidth.
///
/// `mode`: of AMR-WB; until a packet has shown it, that of 12.65 kbit/s, the usual one.
pub(super) fn figures(codec: Codec, mode: Option<Mode>) -> Option<(f64, f64)> {
    match codec {
        // 64 kbit/s. No robustness is published.
        Codec::G722 => Some((13.0, LEAST)),
        Codec::AmrWb { .. } => Some(of_mode(mode.unwrap_or(Mode::M1265))),
        // The reference of the scale. No robustness is published.
        Codec::L16 { rate: 16_000.. } => Some((0.0, LEAST)),
        // Nothing is published for this scale: it is taken for the best of AMR-WB.
        Codec::Opus => Some(of_mode(Mode::M2305)),
        Codec::L16 { .. }
        | Codec::Pcmu
        | Codec::Pcma
        | Codec::G726 { .. }
        | Codec::G729 { .. }
        | Codec::G723 { .. }
        | Codec::Gsm
        | Codec::Clear
        | Codec::TelephoneEvent { .. }
        | Codec::ComfortNoise { .. } => None,
    }
}

/// Tables IV.1 and IV.4. The fastest mode is not the best one, there as here. Modes without a published
/// robustness get that of the nearest slower one that has it, or the least.
fn of_mode(mode: Mode) -> (f64, f64) {
    match mode {
        Mode::M660 => (41.0, LEAST),
        Mode::M885 => (26.0, LEAST),
        Mode::M1265 => (13.0, 4.3),
        Mode::M1425 => (10.0, 4.3),
        Mode::M1585 => (7.0, 4.3),
        Mode::M1825 => (5.0, 4.3),
        Mode::M1985 => (3.0, 4.3),
        Mode::M2305 => (1.0, 4.6),
        Mode::M2385 => (8.0, 4.9),
    }
}

/// R without any impairment (G.107.1 §7.2).
pub(super) const UNIMPAIRED: f64 = 129.0;
/// How much longer this scale is than the narrow one (equation A-1).
pub(super) const RANGE: f64 = 1.29;
/// The least robustness that is published, which is on the safe side.
const LEAST: f64 = 4.3;

#[cfg(test)]
mod tests {
    use super::super::{Impairment, Rating, Scale};
    use super::*;
    use call::Quality;
    use std::time::Duration;

    fn rated(codec: Codec, mode: Option<Mode>, loss_permille: u16, millis: u64) -> Quality {
        let delay = Duration::from_millis(millis);
        let it = Impairment { codec: Some(codec), mode, loss_permille, delay };
        let rating: Rating = it.rating();
        rating.fill(Quality::default())
    }

    #[test]
    fn codecs_without_loss_are_rated_as_the_tables_have_them() {
        let amr = Codec::AmrWb { octet_aligned: true };
        for (codec, mode, mos) in [
            (Codec::L16 { rate: 16_000 }, None, 450),
            (Codec::G722, None, 434),
            (amr, None, 434),
            (amr, Some(Mode::M660), 351),
            (amr, Some(Mode::M885), 402),
            (amr, Some(Mode::M1585), 443),
            (amr, Some(Mode::M2305), 449),
            (amr, Some(Mode::M2385), 442),
            (Codec::Opus, None, 449),
        ] {
            let it = rated(codec, mode, 0, 50);
            assert_eq!(it.scale, Scale::Wide);
            assert!(it.mos_hundredths.abs_diff(mos) <= 1, "{codec:?} {mode:?}: {it:?}");
        }
        for codec in [Codec::Pcma, Codec::L16 { rate: 8_000 }, Codec::Gsm] {
            assert_eq!(rated(codec, None, 0, 50).scale, Scale::Narrow);
        }
    }

    #[test]
    fn loss_and_delay_hurt_as_on_the_narrow_scale() {
        // 13 + 82 · 2 / (2 + 4.3) less than 129, in 100ths of 129.
        let lossy = rated(Codec::G722, None, 20, 50);
        assert_eq!(lossy.r, ((129.0 - 13.0 - 82.0 * 2.0 / 6.3) / 1.29_f64).round() as u8);
        let far = rated(Codec::G722, None, 0, 400);
        assert_eq!(far.r, ((129.0 - 13.0 - 24.07) / 1.29_f64).round() as u8);
    }
}
