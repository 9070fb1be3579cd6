//! The E-model: how people would judge a connection with this much loss and delay.
//!
//! Sound of telephone bandwidth is rated by ITU-T G.107 (06/2015) with the figures of G.113 (11/2007)
//! Appendix I, sound of more by the wide scale of G.107.1 (06/2019) with those of G.113 (09/2024)
//! Appendix IV, as far as there are any: [`wide`].
//!
//! What the network and the codec do is counted; the telephones are taken to be as G.107 §7.7 has
//! them by default, and to cancel their echo.

mod wide;

use call::{Codec, Quality, Scale};
use media_dsp::amrwb::Mode;
use std::time::Duration;

/// What spoils a connection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Impairment {
    /// What is heard, where the box knows it.
    pub(crate) codec: Option<Codec>,
    /// Of AMR-WB, where that is known.
    pub(crate) mode: Option<Mode>,
    /// Lost, or too late to be played, in thousandths.
    pub(crate) loss_permille: u16,
    /// From mouth to ear.
    pub(crate) delay: Duration,
}

/// How people would judge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rating {
    /// 0 to 100.
    r: f64,
    scale: Scale,
}

impl Impairment {
    /// The transmission rating R (G.107 §7.1); of the wide scale, as the opinion is told by it (G.107.1
    /// equation A-1).
    pub(crate) fn rating(self) -> Rating {
        let (unimpaired, range, figures, scale) = match self.codec.and_then(|it| self.wide(it)) {
            Some(figures) => (wide::UNIMPAIRED, wide::RANGE, figures, Scale::Wide),
            None => (UNIMPAIRED, 1.0, self.codec.map_or(G711, figures), Scale::Narrow),
        };
        let rating = unimpaired - self.of_delay() - self.of_equipment(figures);
        Rating { r: (rating / range).clamp(0.0, 100.0), scale }
    }

    fn wide(self, codec: Codec) -> Option<(f64, f64)> {
        wide::figures(codec, self.mode)
    }

    /// Idd (G.107 §7.4, G.107.1 §7.4): delay alone, which hurts from a tenth of a second on.
    fn of_delay(self) -> f64 {
        let millis = self.delay.as_secs_f64() * 1_000.0;
        if millis <= 100.0 {
            return 0.0;
        }
        let x = (millis / 100.0).log2();
        let sixth = |x: f64| (1.0 + x.powi(6)).powf(1.0 / 6.0);
        25.0 * (sixth(x) - 3.0 * sixth(x / 3.0) + 2.0)
    }

    /// Ie-eff (G.107 §7.5, G.107.1 §7.5): the codec, and what is lost of it, one packet independently of
    /// another. The 95 is the same in both.
    fn of_equipment(self, (equipment, robustness): (f64, f64)) -> f64 {
        let loss = f64::from(self.loss_permille.min(1_000)) / 10.0;
        equipment + (95.0 - equipment) * loss / (loss + robustness)
    }
}

impl Rating {
    /// What somebody else says who has a rating of his own.
    pub(crate) fn as_told(self, r: u8) -> Self {
        Self { r: f64::from(r.min(100)), ..self }
    }

    /// Writes it down.
    pub(crate) fn fill(self, quality: Quality) -> Quality {
        let mos_hundredths = (opinion(self.r) * 100.0).round() as u16;
        Quality { r: self.r.round() as u8, mos_hundredths, scale: self.scale, ..quality }
    }

    /// The opinion in tenths, 10 to 45.
    pub(crate) fn tenths(self) -> u8 {
        (opinion(self.r) * 10.0).round() as u8
    }
}

/// The mean opinion score that a rating stands for (G.107 Annex B), 1 to 4.5.
pub(crate) fn opinion(rating: f64) -> f64 {
    match rating {
        ..=0.0 => 1.0,
        100.0.. => 4.5,
        r => (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7.0e-6).max(1.0),
    }
}

/// The equipment impairment Ie and the packet-loss robustness Bpl (G.113 tables I.1 and I.3). Where
/// the tables have no Bpl, that of the nearest codec that also repeats what it heard last. Codecs that
/// are rated on the wide scale are not asked for here.
fn figures(codec: Codec) -> (f64, f64) {
    use call::G726Bits;
    match codec {
        Codec::Pcmu
        | Codec::Pcma
        | Codec::G722
        | Codec::AmrWb { .. }
        | Codec::Opus
        | Codec::L16 { .. }
        | Codec::Clear
        | Codec::TelephoneEvent { .. }
        | Codec::ComfortNoise { .. } => G711,
        Codec::G726 { bits: G726Bits::Five, .. } => (2.0, 25.1),
        Codec::G726 { bits: G726Bits::Four, .. } => (7.0, 25.1),
        Codec::G726 { bits: G726Bits::Three, .. } => (25.0, 25.1),
        Codec::G726 { bits: G726Bits::Two, .. } => (50.0, 25.1),
        Codec::G729 { .. } => (11.0, 19.0),
        Codec::G723 { .. } => (15.0, 16.1),
        Codec::Gsm => (20.0, 10.0),
    }
}

/// R without any impairment but what cannot be avoided (G.107 table 3, (06/2015)).
const UNIMPAIRED: f64 = 93.2;
/// G.711 with the concealment of its Appendix I.
const G711: (f64, f64) = (0.0, 25.1);

#[cfg(test)]
mod tests {
    use super::*;

    fn rating(codec: Codec, loss_permille: u16, millis: u64) -> f64 {
        let delay = Duration::from_millis(millis);
        Impairment { codec: Some(codec), mode: None, loss_permille, delay }.rating().r
    }

    #[test]
    fn a_line_without_fault_is_rated_as_the_recommendation_has_it() {
        assert!((rating(Codec::Pcmu, 0, 0) - 93.2).abs() < 1e-9);
        assert!((opinion(93.2) - 4.41).abs() < 0.005);
        assert_eq!((opinion(-3.0), opinion(0.0), opinion(100.0)), (1.0, 1.0, 4.5));
        // G.107 table B.1.
        for (r, mos) in [(90.0, 4.34), (80.0, 4.03), (70.0, 3.60), (60.0, 3.10), (50.0, 2.58)] {
            assert!((opinion(r) - mos).abs() < 0.01, "{r}: {}", opinion(r));
        }
    }

    #[test]
    fn delay_hurts_from_a_tenth_of_a_second_on() {
        assert_eq!(rating(Codec::Pcmu, 0, 100), rating(Codec::Pcmu, 0, 0));
        // Idd of G.107 at 200 and 400 ms: 3 and 24, as G.114 figure 1 shows them.
        assert!((93.2 - rating(Codec::Pcmu, 0, 200) - 3.1).abs() < 0.5);
        assert!((93.2 - rating(Codec::Pcmu, 0, 400) - 24.0).abs() < 1.5);
    }

    #[test]
    fn loss_hurts_a_codec_by_what_it_can_hide() {
        let g729 = Codec::G729 { annex_b: true };
        assert!((rating(g729, 0, 0) - 82.2).abs() < 1e-9);
        // 11 + 84 · 2 / (2 + 19).
        assert!((rating(g729, 20, 0) - (93.2 - 19.0)).abs() < 1e-9);
        assert!(rating(Codec::Pcmu, 20, 0) > rating(g729, 20, 0));
        assert!(rating(Codec::Pcmu, 1_000, 0) < 20.0);
        for codec in [Codec::Opus, Codec::G722, Codec::Gsm, Codec::G723 { annex_a: true }] {
            let ratings: Vec<_> = (0..=1_000).map(|loss| rating(codec, loss, 50)).collect();
            assert!(ratings.windows(2).all(|it| it[1] <= it[0]), "{codec:?}");
        }
    }
}
