//! A whole call's sound in three figures and a sentence.

use super::{Quality, QualityPoint, Scale};
use serde::{Deserialize, Serialize};

/// How the sound of one leg fared in all; each direction only where it was judged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StreamSummary {
    /// What the box heard of this leg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<QualitySummary>,
    /// What this leg heard of the box, as it reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<QualitySummary>,
}

/// How one direction fared in all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QualitySummary {
    /// The mean of all opinions, in hundredths.
    pub mean_mos_hundredths: u16,
    /// That of the worst five seconds.
    pub worst_mos_hundredths: u16,
    /// When those ended, in milliseconds since the leg's media was set up.
    pub worst_after_ms: u64,
    /// Whose opinion it is.
    #[serde(default, skip_serializing_if = "Scale::is_narrow")]
    pub scale: Scale,
    /// What spoiled the worst five seconds most, in a sentence; nothing where they were good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// Adds up both directions of a leg's sound, point by point.
#[derive(Debug, Clone, Default)]
pub struct QualityTotal {
    heard: Option<Direction>,
    said: Option<Direction>,
}

#[derive(Debug, Clone, Copy)]
struct Direction {
    sum: u64,
    count: u64,
    worst: Quality,
    after_ms: u64,
    round_trip_micros: Option<u32>,
}

/// Which way sound goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    From,
    To,
}

impl QualityTotal {
    /// The next five seconds.
    pub fn add(&mut self, point: &QualityPoint) {
        add(&mut self.heard, point.heard, point);
        if let Some(said) = point.said {
            add(&mut self.said, said, point);
        }
    }

    /// All of it, where there is anything.
    ///
    /// `leg`: `caller` or the number of the called party.
    pub fn summary(&self, leg: &str) -> Option<StreamSummary> {
        let heard = self.heard.map(|it| it.summary(Way::From, leg));
        let said = self.said.map(|it| it.summary(Way::To, leg));
        (heard.is_some() || said.is_some()).then_some(StreamSummary { heard, said })
    }
}

fn add(direction: &mut Option<Direction>, quality: Quality, point: &QualityPoint) {
    let worse = direction.is_none_or(|it| quality.mos_hundredths < it.worst.mos_hundredths);
    let (sum, count) = direction.map_or((0, 0), |it| (it.sum, it.count));
    let (sum, count) = (sum + u64::from(quality.mos_hundredths), count + 1);
    let (after_ms, round_trip_micros) = (point.after_ms, point.round_trip_micros);
    let worst = Direction { sum, count, worst: quality, after_ms, round_trip_micros };
    *direction = Some(match direction.filter(|_| !worse) {
        Some(before) => Direction { sum, count, ..before },
        None => worst,
    });
}

impl Direction {
    fn summary(self, way: Way, leg: &str) -> QualitySummary {
        let mean = self.sum.checked_div(self.count).unwrap_or_default();
        QualitySummary {
            mean_mos_hundredths: u16::try_from(mean).unwrap_or(u16::MAX),
            worst_mos_hundredths: self.worst.mos_hundredths,
            worst_after_ms: self.after_ms,
            scale: self.worst.scale,
            cause: self.cause(way, leg),
        }
    }

    fn cause(self, way: Way, leg: &str) -> Option<String> {
        if self.worst.mos_hundredths >= GOOD {
            return None;
        }
        let phone = match leg {
            "caller" => "the caller's phone".to_owned(),
            leg => format!("{leg}'s phone"),
        };
        let lost = self.worst.loss_permille;
        let late = self.worst.discarded_permille.unwrap_or_default();
        let round_trip = self.round_trip_micros.unwrap_or_default() / 1_000;
        let jitter = self.worst.jitter_micros / 1_000;
        Some(if lost.max(late) >= MUCH_LOST && lost >= late {
            match way {
                Way::From => format!("Lost {} on the way from {phone}.", percent(lost)),
                Way::To => format!("Lost {} on the way to {phone}, as it reports.", percent(lost)),
            }
        } else if late >= MUCH_LOST {
            match way {
                Way::From => format!("{} came too late from {phone}.", percent(late)),
                Way::To => format!("{} came too late at {phone}, as it reports.", percent(late)),
            }
        } else if round_trip >= LONG {
            format!("The way to {phone} and back took {round_trip} ms.")
        } else if jitter >= UNSTEADY {
            match way {
                Way::From => format!("Came unsteadily from {phone}, by {jitter} ms."),
                Way::To => format!("Came unsteadily at {phone}, by {jitter} ms, as it reports."),
            }
        } else {
            "The codec gives no more.".to_owned()
        })
    }
}

fn percent(permille: u16) -> String {
    match (permille / 10, permille % 10) {
        (whole, 0) => format!("{whole} %"),
        (whole, tenths) => format!("{whole}.{tenths} %"),
    }
}

/// "Many users satisfied" ends here (ITU-T G.107 table B.1): MOS in hundredths.
const GOOD: u16 = 403;
/// In thousandths.
const MUCH_LOST: u16 = 10;
/// Milliseconds there and back: ITU-T G.114 wants no more than 150 one way.
const LONG: u32 = 300;
/// Milliseconds.
const UNSTEADY: u32 = 30;

#[cfg(test)]
mod tests {
    use super::*;

    fn point(after_ms: u64, heard: Quality, said: Option<Quality>) -> QualityPoint {
        QualityPoint { after_ms, heard, said, round_trip_micros: Some(320_000) }
    }

    fn quality(mos_hundredths: u16, loss_permille: u16) -> Quality {
        Quality { mos_hundredths, loss_permille, ..Quality::default() }
    }

    #[test]
    fn the_worst_five_seconds_are_told_with_what_spoiled_them() {
        let mut total = QualityTotal::default();
        assert_eq!(total.summary("201"), None);
        total.add(&point(5_000, quality(440, 0), None));
        total.add(&point(10_000, quality(330, 40), Some(quality(430, 0))));
        total.add(&point(15_000, quality(430, 2), Some(quality(350, 0))));
        let StreamSummary { heard: Some(heard), said: Some(said) } = total.summary("201").unwrap()
        else {
            panic!()
        };
        assert_eq!((heard.mean_mos_hundredths, heard.worst_mos_hundredths), (400, 330));
        assert_eq!(heard.worst_after_ms, 10_000);
        assert_eq!(heard.cause.as_deref(), Some("Lost 4 % on the way from 201's phone."));
        assert_eq!((said.mean_mos_hundredths, said.worst_after_ms), (390, 15_000));
        let long = "The way to 201's phone and back took 320 ms.";
        assert_eq!(said.cause.as_deref(), Some(long));
    }

    #[test]
    fn what_was_good_has_no_cause_and_what_came_late_has() {
        let mut total = QualityTotal::default();
        total.add(&point(5_000, quality(441, 9), None));
        assert_eq!(total.summary("201").unwrap().heard.unwrap().cause, None);
        let late = Quality { discarded_permille: Some(25), ..quality(300, 12) };
        total.add(&point(10_000, late, Some(late)));
        let summary = total.summary("caller").unwrap();
        let cause = |it: Option<QualitySummary>| it.unwrap().cause.unwrap();
        assert_eq!(cause(summary.heard), "2.5 % came too late from the caller's phone.");
        let reported = "2.5 % came too late at the caller's phone, as it reports.";
        assert_eq!(cause(summary.said), reported);
    }
}
