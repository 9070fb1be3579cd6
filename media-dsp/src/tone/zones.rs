//! The indication tones of countries: ITU-T E.180 Supplement 2 ("Various tones used in national
//! networks"), for GB BT SIN 350, for AU S002, for NZ TNA 102, for SG TS PSTN 1, for RU and UA GOST
//! 45.223. Where an administration names several forms of a tone this is the first or the one of
//! its digital exchanges; for CO, LV, PE, RS, TW and VN, which are missing there or name no
//! cadence, what their operators use. EG is as exchanges have it: the Supplement prints its busy
//! and ringing tones with exchanged cadences.

use super::cadence::Sound::{Modulated, Off, One, Three, Two};
use super::cadence::Step;

/// The tones of a country.
#[derive(Debug, PartialEq)]
pub struct Zone {
    /// ISO 3166-1 alpha-2.
    pub code: &'static str,
    /// Go on and dial.
    pub dial: Steps,
    /// The telephone at the other end rings.
    pub ringback: Steps,
    /// It is busy.
    pub busy: Steps,
    /// There is no way to it, where that has a tone of its own.
    pub congestion: Option<Steps>,
    /// Another call waits, where that has a tone.
    pub call_waiting: Option<Steps>,
    /// Special information, where it is used: three tones, each higher than the last.
    pub information: Option<Steps>,
}

/// One turn of a tone that goes on and on.
pub type Steps = &'static [Step];

/// What a tone means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Indication {
    /// Go on and dial.
    Dial,
    /// The telephone at the other end rings.
    Ringback,
    /// It is busy.
    Busy,
    /// There is no way to it.
    Congestion,
    /// Another call waits.
    CallWaiting,
}

impl Zone {
    /// All countries, by code.
    pub fn all() -> &'static [Self] {
        ZONES
    }

    /// A country by its code, in either case.
    pub fn find(code: &str) -> Option<&'static Self> {
        ZONES.iter().find(|zone| zone.code.eq_ignore_ascii_case(code))
    }

    /// A tone of it.
    pub fn steps(&self, indication: Indication) -> Option<Steps> {
        match indication {
            Indication::Dial => Some(self.dial),
            Indication::Ringback => Some(self.ringback),
            Indication::Busy => Some(self.busy),
            Indication::Congestion => self.congestion,
            Indication::CallWaiting => self.call_waiting,
        }
    }

    /// All tones that it has, but that of special information.
    pub fn indications(&self) -> impl Iterator<Item = (Indication, Steps)> {
        let all = [
            Indication::Dial,
            Indication::Ringback,
            Indication::Busy,
            Indication::Congestion,
            Indication::CallWaiting,
        ];
        all.into_iter().filter_map(|it| Some((it, self.steps(it)?)))
    }
}

const fn zone(
    code: &'static str,
    dial: Steps,
    ringback: Steps,
    busy: Steps,
    congestion: Option<Steps>,
    call_waiting: Option<Steps>,
    information: Option<Steps>,
) -> Zone {
    Zone { code, dial, ringback, busy, congestion, call_waiting, information }
}

/// E.180 §8: 330 ms each, 1 s of pause.
const INFORMATION: Option<Steps> = Some(&[
    Step(One(950.0), 330),
    Step(One(1_400.0), 330),
    Step(One(1_800.0), 330),
    Step(Off, 1_000),
]);
const INFORMATION_WITH_GAPS: Option<Steps> = Some(&[
    Step(One(950.0), 330),
    Step(Off, 30),
    Step(One(1_400.0), 330),
    Step(Off, 30),
    Step(One(1_800.0), 330),
    Step(Off, 1_000),
]);

// What many countries have.
const DIAL_425: Steps = &[Step(One(425.0), 0)];
const DIAL_350_440: Steps = &[Step(Two(350.0, 440.0), 0)];
const DIAL_400: Steps = &[Step(One(400.0), 0)];
/// Once common in the south-east of Europe.
const DIAL_MORSE_A: Steps =
    &[Step(One(425.0), 200), Step(Off, 300), Step(One(425.0), 700), Step(Off, 800)];
const RING_425: Steps = &[Step(One(425.0), 1_000), Step(Off, 4_000)];
const RING_425_5_S: Steps = &[Step(One(425.0), 1_000), Step(Off, 5_000)];
const RING_440_480: Steps = &[Step(Two(440.0, 480.0), 2_000), Step(Off, 4_000)];
const RING_400_450: Steps =
    &[Step(Two(400.0, 450.0), 400), Step(Off, 200), Step(Two(400.0, 450.0), 400), Step(Off, 2_000)];
const BUSY_425_200: Steps = &[Step(One(425.0), 200), Step(Off, 200)];
const BUSY_425_250: Steps = &[Step(One(425.0), 250), Step(Off, 250)];
const BUSY_425_300: Steps = &[Step(One(425.0), 300), Step(Off, 300)];
const BUSY_425_400: Steps = &[Step(One(425.0), 400), Step(Off, 400)];
const BUSY_425_500: Steps = &[Step(One(425.0), 500), Step(Off, 500)];
const BUSY_400_250: Steps = &[Step(One(400.0), 250), Step(Off, 250)];
const BUSY_400_375: Steps = &[Step(One(400.0), 375), Step(Off, 375)];
const BUSY_400_500: Steps = &[Step(One(400.0), 500), Step(Off, 500)];
const BUSY_480_620: Steps = &[Step(Two(480.0, 620.0), 500), Step(Off, 500)];
const FAST_480_620: Steps = &[Step(Two(480.0, 620.0), 250), Step(Off, 250)];
const BRITISH_CONGESTION: Steps =
    &[Step(One(400.0), 400), Step(Off, 350), Step(One(400.0), 225), Step(Off, 525)];
/// Two beeps of 150 ms in 4, 8 or 10 s.
const WAITING_150_4: Steps =
    &[Step(One(425.0), 150), Step(Off, 150), Step(One(425.0), 150), Step(Off, 4_000)];
const WAITING_150_8: Steps =
    &[Step(One(425.0), 150), Step(Off, 150), Step(One(425.0), 150), Step(Off, 8_000)];
const WAITING_150_10: Steps =
    &[Step(One(425.0), 150), Step(Off, 150), Step(One(425.0), 150), Step(Off, 10_000)];
const WAITING_200_5: Steps =
    &[Step(One(425.0), 200), Step(Off, 200), Step(One(425.0), 200), Step(Off, 5_000)];
const WAITING_200_600: Steps = &[Step(One(425.0), 200), Step(Off, 600)];
const WAITING_440: Steps = &[Step(One(440.0), 300), Step(Off, 10_000)];

#[rustfmt::skip]
static ZONES: &[Zone] = &[
    zone("AE", DIAL_350_440, RING_400_450, BUSY_400_375, Some(BRITISH_CONGESTION), None, None),
    zone("AR", DIAL_425, RING_425, &[Step(One(425.0), 300), Step(Off, 200)], Some(&[Step(One(425.0), 300), Step(Off, 400)]), Some(&[Step(One(425.0), 300), Step(Off, 10_000)]), None),
    zone("AT", &[Step(One(420.0), 0)], &[Step(One(420.0), 1_000), Step(Off, 5_000)], &[Step(One(420.0), 400), Step(Off, 400)], Some(&[Step(One(420.0), 200), Step(Off, 200)]), Some(&[Step(One(420.0), 40), Step(Off, 1_950)]), INFORMATION),
    zone("AU", &[Step(Two(413.0, 438.0), 0)], &[Step(Two(413.0, 438.0), 400), Step(Off, 200), Step(Two(413.0, 438.0), 400), Step(Off, 2_000)], &[Step(One(425.0), 375), Step(Off, 375)], None, Some(&[Step(One(425.0), 200), Step(Off, 200), Step(One(425.0), 200), Step(Off, 4_400)]), None),
    zone("BE", DIAL_425, &[Step(One(425.0), 1_000), Step(Off, 3_000)], BUSY_425_500, Some(&[Step(One(425.0), 167), Step(Off, 167)]), Some(&[Step(One(1_400.0), 175), Step(Off, 175), Step(One(1_400.0), 175), Step(Off, 3_500)]), Some(&[Step(One(900.0), 330), Step(One(1_380.0), 330), Step(One(1_860.0), 330), Step(Off, 1_000)])),
    zone("BG", DIAL_425, RING_425, BUSY_425_500, Some(BUSY_425_250), Some(WAITING_150_4), INFORMATION),
    zone("BR", DIAL_425, RING_425, BUSY_425_250, Some(&[Step(One(425.0), 250), Step(Off, 250), Step(One(425.0), 750), Step(Off, 250)]), Some(&[Step(One(425.0), 50), Step(Off, 1_000)]), None),
    zone("CA", DIAL_350_440, RING_440_480, BUSY_480_620, Some(FAST_480_620), Some(WAITING_440), INFORMATION),
    zone("CH", DIAL_425, RING_425, BUSY_425_500, Some(BUSY_425_200), Some(&[Step(One(425.0), 200), Step(Off, 200), Step(One(425.0), 200), Step(Off, 4_000)]), INFORMATION),
    zone("CL", DIAL_400, &[Step(One(400.0), 1_000), Step(Off, 3_000)], BUSY_400_500, Some(&[Step(One(400.0), 200), Step(Off, 200)]), Some(&[Step(One(400.0), 250), Step(Off, 8_750)]), INFORMATION),
    zone("CN", &[Step(One(450.0), 0)], &[Step(One(450.0), 1_000), Step(Off, 4_000)], &[Step(One(450.0), 350), Step(Off, 350)], Some(&[Step(One(450.0), 700), Step(Off, 700)]), Some(&[Step(One(450.0), 400), Step(Off, 4_000)]), None),
    zone("CO", DIAL_425, RING_425, BUSY_425_250, None, None, INFORMATION),
    zone("CY", &[Step(Two(350.0, 450.0), 0)], &[Step(One(425.0), 1_500), Step(Off, 3_000)], BUSY_425_500, Some(BUSY_425_250), Some(WAITING_200_600), None),
    zone("CZ", &[Step(One(425.0), 330), Step(Off, 330), Step(One(425.0), 660), Step(Off, 660)], RING_425, &[Step(One(425.0), 330), Step(Off, 330)], Some(&[Step(One(425.0), 165), Step(Off, 165)]), Some(&[Step(One(425.0), 330), Step(Off, 9_000)]), INFORMATION_WITH_GAPS),
    zone("DE", DIAL_425, RING_425, &[Step(One(425.0), 480), Step(Off, 480)], Some(&[Step(One(425.0), 240), Step(Off, 240)]), Some(WAITING_200_5), INFORMATION),
    zone("DK", DIAL_425, RING_425, BUSY_425_250, None, Some(&[Step(One(425.0), 200), Step(Off, 600), Step(One(425.0), 200), Step(Off, 3_000)]), INFORMATION),
    zone("EE", DIAL_425, RING_425, BUSY_425_300, Some(BUSY_425_200), None, INFORMATION),
    zone("EG", &[Step(Modulated(425.0, 50.0), 0)], &[Step(Modulated(425.0, 50.0), 2_000), Step(Off, 1_000)], &[Step(One(450.0), 500), Step(Off, 500)], None, None, INFORMATION),
    zone("ES", DIAL_425, &[Step(One(425.0), 1_500), Step(Off, 3_000)], BUSY_425_200, Some(&[Step(One(425.0), 200), Step(Off, 200), Step(One(425.0), 200), Step(Off, 200), Step(One(425.0), 200), Step(Off, 600)]), Some(&[Step(One(425.0), 175), Step(Off, 175), Step(One(425.0), 175), Step(Off, 3_500)]), INFORMATION),
    zone("FI", DIAL_425, RING_425, BUSY_425_300, Some(BUSY_425_200), Some(WAITING_150_8), INFORMATION),
    zone("FR", &[Step(One(440.0), 0)], &[Step(One(440.0), 1_500), Step(Off, 3_500)], &[Step(One(440.0), 500), Step(Off, 500)], Some(&[Step(One(440.0), 250), Step(Off, 250)]), Some(WAITING_440), INFORMATION_WITH_GAPS),
    zone("GB", DIAL_350_440, RING_400_450, BUSY_400_375, Some(BRITISH_CONGESTION), Some(&[Step(One(400.0), 100), Step(Off, 4_000)]), Some(&[Step(One(950.0), 330), Step(Off, 15), Step(One(1_400.0), 330), Step(Off, 15), Step(One(1_800.0), 330), Step(Off, 1_000)])),
    zone("GR", &[Step(One(425.0), 200), Step(Off, 300), Step(One(425.0), 700), Step(Off, 800)], RING_425, BUSY_425_300, Some(&[Step(One(425.0), 150), Step(Off, 150)]), Some(&[Step(One(425.0), 300), Step(Off, 10_000)]), Some(&[Step(One(950.0), 330), Step(One(1_450.0), 330), Step(One(1_800.0), 330), Step(Off, 1_000)])),
    zone("HK", DIAL_350_440, &[Step(Two(440.0, 480.0), 400), Step(Off, 200), Step(Two(440.0, 480.0), 400), Step(Off, 3_000)], BUSY_480_620, Some(FAST_480_620), Some(&[Step(One(440.0), 500), Step(Off, 500), Step(One(440.0), 500), Step(Off, 500), Step(One(440.0), 500), Step(Off, 8_000)]), None),
    zone("HR", DIAL_MORSE_A, RING_425, BUSY_425_500, Some(BUSY_425_250), Some(&[Step(One(425.0), 300), Step(Off, 8_000)]), INFORMATION),
    zone("HU", DIAL_425, &[Step(One(425.0), 1_250), Step(Off, 3_750)], BUSY_425_300, None, Some(&[Step(One(425.0), 40), Step(Off, 1_960)]), INFORMATION),
    zone("ID", DIAL_425, RING_425, BUSY_425_500, Some(BUSY_425_250), Some(WAITING_150_10), INFORMATION_WITH_GAPS),
    zone("IE", &[Step(Three(400.0, 425.0, 450.0), 0)], RING_400_450, BUSY_425_500, None, None, INFORMATION),
    zone("IL", DIAL_400, &[Step(One(400.0), 1_000), Step(Off, 3_000)], BUSY_400_500, Some(BUSY_400_250), Some(&[Step(One(400.0), 100), Step(Off, 100), Step(One(400.0), 100), Step(Off, 100), Step(One(400.0), 600), Step(Off, 3_000)]), Some(&[Step(One(975.0), 330), Step(One(1_400.0), 330), Step(One(1_800.0), 330), Step(Off, 1_000)])),
    zone("IN", &[Step(Modulated(400.0, 25.0), 0)], &[Step(Modulated(400.0, 25.0), 400), Step(Off, 200), Step(Modulated(400.0, 25.0), 400), Step(Off, 2_000)], &[Step(One(400.0), 750), Step(Off, 750)], Some(BUSY_400_250), Some(&[Step(One(400.0), 200), Step(Off, 100), Step(One(400.0), 200), Step(Off, 7_500)]), INFORMATION),
    zone("IS", DIAL_425, &[Step(One(425.0), 1_200), Step(Off, 4_700)], BUSY_425_250, None, Some(&[Step(One(425.0), 200), Step(Off, 600), Step(One(425.0), 200), Step(Off, 5_000)]), None),
    zone("IT", &[Step(One(425.0), 200), Step(Off, 200), Step(One(425.0), 600), Step(Off, 1_000)], RING_425, BUSY_425_500, Some(BUSY_425_200), Some(&[Step(One(425.0), 400), Step(Off, 100), Step(One(425.0), 250), Step(Off, 100), Step(One(425.0), 150), Step(Off, 14_000)]), INFORMATION),
    zone("JP", DIAL_400, &[Step(Modulated(400.0, 16.0), 1_000), Step(Off, 2_000)], BUSY_400_500, None, Some(&[Step(One(400.0), 50), Step(Off, 450), Step(One(400.0), 50), Step(Off, 3_450)]), None),
    zone("KE", DIAL_425, RING_425, BUSY_425_500, Some(BUSY_425_200), None, None),
    zone("KR", DIAL_350_440, &[Step(Two(440.0, 480.0), 1_000), Step(Off, 2_000)], BUSY_480_620, Some(&[Step(Two(480.0, 620.0), 300), Step(Off, 200)]), Some(&[Step(Two(350.0, 440.0), 250), Step(Off, 250), Step(Two(350.0, 440.0), 250), Step(Off, 3_250)]), None),
    zone("LT", DIAL_425, RING_425, &[Step(One(425.0), 350), Step(Off, 350)], Some(BUSY_425_200), Some(WAITING_150_4), INFORMATION),
    zone("LU", DIAL_425, RING_425, BUSY_425_500, Some(BUSY_425_250), None, INFORMATION),
    zone("LV", DIAL_425, RING_425, BUSY_425_400, Some(BUSY_425_200), None, INFORMATION),
    zone("MA", DIAL_425, &[Step(One(425.0), 1_660), Step(Off, 3_330)], BUSY_425_500, None, None, None),
    zone("MT", DIAL_350_440, RING_400_450, BUSY_400_375, Some(BRITISH_CONGESTION), None, None),
    zone("MX", DIAL_425, RING_425, BUSY_425_250, None, Some(&[Step(One(425.0), 200), Step(Off, 600), Step(One(425.0), 200), Step(Off, 10_000)]), INFORMATION_WITH_GAPS),
    zone("MY", DIAL_425, &[Step(One(425.0), 400), Step(Off, 200), Step(One(425.0), 400), Step(Off, 2_000)], BUSY_425_500, Some(BUSY_425_250), None, None),
    zone("NG", DIAL_425, &[Step(One(425.0), 2_000), Step(Off, 4_000)], BUSY_400_500, Some(BUSY_400_250), None, None),
    zone("NL", DIAL_425, RING_425, BUSY_425_500, Some(BUSY_425_250), Some(&[Step(One(425.0), 500), Step(Off, 9_500)]), INFORMATION),
    zone("NO", DIAL_425, RING_425, BUSY_425_500, Some(BUSY_425_200), Some(&[Step(One(425.0), 200), Step(Off, 600), Step(One(425.0), 200), Step(Off, 10_000)]), INFORMATION),
    zone("NZ", DIAL_400, RING_400_450, BUSY_400_500, Some(BUSY_400_250), Some(&[Step(One(400.0), 200), Step(Off, 3_000)]), None),
    zone("PE", DIAL_425, RING_425, BUSY_425_500, None, None, None),
    zone("PH", DIAL_425, &[Step(Two(425.0, 480.0), 1_000), Step(Off, 4_000)], BUSY_480_620, Some(FAST_480_620), Some(WAITING_440), None),
    zone("PL", DIAL_425, RING_425, BUSY_425_500, None, Some(WAITING_150_4), INFORMATION),
    zone("PT", DIAL_425, RING_425_5_S, BUSY_425_500, Some(BUSY_425_200), Some(WAITING_200_5), INFORMATION),
    zone("RO", &[Step(One(450.0), 0)], &[Step(Two(425.0, 475.0), 2_000), Step(Off, 4_000)], &[Step(One(450.0), 150), Step(Off, 200)], None, None, None),
    zone("RS", DIAL_MORSE_A, RING_425, BUSY_425_500, Some(BUSY_425_250), Some(&[Step(One(425.0), 300), Step(Off, 8_000)]), INFORMATION),
    zone("RU", DIAL_425, RING_425, &[Step(One(425.0), 350), Step(Off, 350)], Some(&[Step(One(425.0), 175), Step(Off, 175)]), Some(&[Step(One(425.0), 200), Step(Off, 5_000)]), INFORMATION),
    zone("SA", DIAL_425, &[Step(One(425.0), 1_200), Step(Off, 4_600)], BUSY_425_500, None, Some(&[Step(One(425.0), 200), Step(Off, 600), Step(One(425.0), 200), Step(Off, 4_000)]), None),
    zone("SE", DIAL_425, RING_425_5_S, BUSY_425_250, Some(&[Step(One(425.0), 250), Step(Off, 750)]), Some(&[Step(One(425.0), 200), Step(Off, 500), Step(One(425.0), 200), Step(Off, 9_100)]), INFORMATION),
    zone("SG", DIAL_425, &[Step(Modulated(425.0, 24.0), 400), Step(Off, 200), Step(Modulated(425.0, 24.0), 400), Step(Off, 2_000)], &[Step(One(425.0), 750), Step(Off, 750)], Some(BUSY_425_250), Some(&[Step(Modulated(425.0, 24.0), 300), Step(Off, 200), Step(Modulated(425.0, 24.0), 300), Step(Off, 3_200)]), INFORMATION),
    zone("SI", &[Step(One(425.0), 700), Step(Off, 800), Step(One(425.0), 200), Step(Off, 300)], RING_425, BUSY_425_500, Some(BUSY_425_200), Some(&[Step(One(425.0), 300), Step(Off, 10_000)]), INFORMATION),
    zone("SK", &[Step(One(425.0), 330), Step(Off, 330), Step(One(425.0), 660), Step(Off, 660)], RING_425, &[Step(One(425.0), 330), Step(Off, 330)], Some(&[Step(One(425.0), 165), Step(Off, 165)]), Some(&[Step(One(425.0), 330), Step(Off, 9_000)]), INFORMATION_WITH_GAPS),
    zone("TH", &[Step(Two(350.0, 450.0), 0)], &[Step(One(400.0), 1_000), Step(Off, 4_000)], BUSY_400_500, Some(&[Step(One(400.0), 300), Step(Off, 300)]), None, INFORMATION),
    zone("TR", &[Step(One(450.0), 0)], &[Step(One(450.0), 2_000), Step(Off, 4_000)], &[Step(One(450.0), 500), Step(Off, 500)], Some(&[Step(One(450.0), 200), Step(Off, 200), Step(One(450.0), 200), Step(Off, 200), Step(One(450.0), 200), Step(Off, 200), Step(One(450.0), 600), Step(Off, 200)]), Some(&[Step(One(450.0), 200), Step(Off, 600), Step(One(450.0), 200), Step(Off, 8_000)]), INFORMATION),
    zone("TW", DIAL_350_440, &[Step(Two(440.0, 480.0), 1_000), Step(Off, 2_000)], BUSY_480_620, Some(FAST_480_620), Some(&[Step(Two(350.0, 440.0), 250), Step(Off, 250), Step(Two(350.0, 440.0), 250), Step(Off, 3_250)]), INFORMATION),
    zone("UA", DIAL_425, RING_425, &[Step(One(425.0), 350), Step(Off, 350)], Some(&[Step(One(425.0), 175), Step(Off, 175)]), Some(&[Step(One(425.0), 200), Step(Off, 5_000)]), INFORMATION),
    zone("US", DIAL_350_440, RING_440_480, BUSY_480_620, Some(FAST_480_620), Some(WAITING_440), INFORMATION),
    zone("VE", DIAL_425, RING_425, BUSY_425_500, Some(BUSY_425_250), Some(&[Step(Two(400.0, 450.0), 300), Step(Off, 6_000)]), Some(&[Step(One(950.0), 330), Step(One(1_440.0), 330), Step(One(1_800.0), 330), Step(Off, 1_000)])),
    zone("VN", DIAL_425, RING_425, BUSY_425_500, Some(BUSY_425_250), Some(WAITING_200_5), INFORMATION),
    zone("ZA", &[Step(Modulated(400.0, 33.0), 0)], &[Step(Modulated(400.0, 33.0), 400), Step(Off, 200), Step(Modulated(400.0, 33.0), 400), Step(Off, 2_000)], BUSY_400_500, Some(BUSY_400_250), Some(&[Step(Modulated(400.0, 33.0), 250), Step(Off, 250), Step(Modulated(400.0, 33.0), 250), Step(Off, 250), Step(Modulated(400.0, 33.0), 250), Step(Off, 250), Step(Modulated(400.0, 33.0), 250), Step(Off, 7_250)]), INFORMATION),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_no_tone_is_empty() {
        assert!(ZONES.len() >= 40);
        for pair in ZONES.windows(2) {
            assert!(pair[0].code < pair[1].code, "{}", pair[1].code);
        }
        for zone in ZONES {
            assert!(zone.indications().all(|(_, steps)| !steps.is_empty()), "{}", zone.code);
        }
        assert_eq!(Zone::find("gb").map(|zone| zone.code), Some("GB"));
        assert_eq!(Zone::find("XX"), None);
    }
}
