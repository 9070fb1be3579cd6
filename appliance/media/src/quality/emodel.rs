//! The E-model: how people would judge a connection with this much loss and delay (ITU-T G.107
//! (06/2015)), with the figures of ITU-T G.113 (11/2007) Appendix I for codecs.
//!
//! What the network and the codec do is counted; the telephones are taken to be as G.107 §7.7 has
//! them by default, and to cancel their echo.

use call::Codec;
use std::time::Duration;

/// What spoils a connection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Impairment {
    /// What is heard, where the box knows it.
    pub(crate) codec: Option<Codec>,
    /// Lost, in thousandths.
    pub(crate) loss_permille: u16,
    /// From mouth to ear.
    pub(crate) delay: Duration,
}

impl Impairment {
    /// The transmission rating R, 0 to 100 (G.107 §7.1).
    pub(crate) fn rating(self) -> f64 {
        let rating = UNIMPAIRED - self.of_delay() - self.of_equipment();
        rating.clamp(0.0, 100.0)
    }

    /// Idd (§7.4): delay alone, which hurts from a tenth of a second on.
    fn of_delay(self) -> f64 {
        let millis = self.delay.as_secs_f64() * 1_000.0;
        if millis <= 100.0 {
            return 0.0;
        }
        let x = (millis / 100.0).log2();
        let sixth = |x: f64| (1.0 + x.powi(6)).powf(1.0 / 6.0);
        25.0 * (sixth(x) - 3.0 * sixth(x / 3.0) + 2.0)
    }

    /// Ie-eff (§7.5): the codec, and what is lost of it, one packet independently of another.
    fn of_equipment(self) -> f64 {
        let (equipment, robustness) = self.codec.map_or(G711, figures);
        let loss = f64::from(self.loss_permille.min(1_000)) / 10.0;
        equipment + (95.0 - equipment) * loss / (loss + robustness)
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
/// the tables have no Bpl, that of the nearest codec that also repeats what it heard last; codecs for
/// more than telephone bandwidth are judged as G.711, since R ends at what a narrow band can give.
fn figures(codec: Codec) -> (f64, f64) {
    use call::G726Bits;
    match codec {
        Codec::Pcmu
        | Codec::Pcma
        | Codec::G722
        | Codec::AmrWb { .. }
        | Codec::Opus
        | Codec::L16 { .. }
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
        Impairment { codec: Some(codec), loss_permille, delay }.rating()
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
        for codec in [Codec::Opus, Codec::Gsm, Codec::G723 { annex_a: true }] {
            let ratings: Vec<_> = (0..=1_000).map(|loss| rating(codec, loss, 50)).collect();
            assert!(ratings.windows(2).all(|it| it[1] <= it[0]), "{codec:?}");
        }
    }
}
