//! How the sound of a pair fares: every five seconds what was lost, how unsteady and how far it is,
//! and how people would judge that.

mod emodel;
mod round_trip;

use crate::rtcp::{Report, VoipMetrics};
use call::{Codec, Quality, QualityPoint, StreamStats};
use emodel::{Impairment, opinion};
use round_trip::RoundTrip;
use std::time::{Duration, Instant};

/// Judges one pair.
#[derive(Debug)]
pub(crate) struct Watch {
    opened: Instant,
    /// When to judge next; nothing while nothing comes.
    pub(crate) due: Option<Instant>,
    pub(crate) round_trip: RoundTrip,
    /// What had come and was lost by the last time.
    before: (u64, u64),
    /// What the far side reported since then.
    reported: Option<Reported>,
}

/// What a far side says of what it hears.
#[derive(Debug, Clone, Copy, Default)]
struct Reported {
    /// In 1/256.
    lost: u16,
    /// Its own rating, if it has one.
    r: Option<u8>,
}

impl Watch {
    /// Of a pair that is lent now.
    pub(crate) fn new(now: Instant) -> Self {
        let round_trip = RoundTrip::default();
        Self { opened: now, due: None, round_trip, before: (0, 0), reported: None }
    }

    /// The far side reports of the stream that it hears.
    pub(crate) fn note_report(&mut self, report: Report) {
        let reported = self.reported.get_or_insert_default();
        reported.lost = reported.lost.max(report.fraction_lost.into());
    }

    /// The telephone itself says what it played (RFC 3611 §4.7).
    pub(crate) fn note_metrics(&mut self, metrics: VoipMetrics) {
        let reported = self.reported.get_or_insert_default();
        let lost = u16::from(metrics.lost) + u16::from(metrics.discarded);
        reported.lost = reported.lost.max(lost.min(256));
        reported.r = metrics.r.or(reported.r);
    }

    /// How it fared since the last time; nothing when nothing came.
    ///
    /// `codecs`: of what comes in, and of what the far side hears. `beyond`: the round trip to who
    /// hears it behind the box.
    pub(crate) fn judge(
        &mut self,
        stats: &StreamStats,
        codecs: (Option<Codec>, Option<Codec>),
        beyond: Option<Duration>,
        now: Instant,
    ) -> Option<QualityPoint> {
        let received = stats.received.saturating_sub(self.before.0);
        // What came late after all is taken off the losses.
        let lost = stats.lost.saturating_sub(self.before.1);
        self.before = (stats.received, stats.lost);
        let reported = self.reported.take();
        if received == 0 {
            return None;
        }
        let loss_permille = permille(lost, received.saturating_add(lost));
        let way = (self.round_trip.last().unwrap_or_default() + beyond.unwrap_or_default()) / 2;
        let jitter = |micros: u32| Duration::from_micros(micros.into()) * BUFFERED + PACKET;
        let heard = rated(loss_permille, stats.jitter_micros, codecs.0, way, jitter);
        let said = reported.map(|reported| {
            let loss = permille(reported.lost.into(), 256);
            let said = rated(loss, stats.remote_jitter_micros, codecs.1, way, jitter);
            match reported.r {
                Some(r) => Quality { r, mos_hundredths: hundredths(r.into()), ..said },
                None => said,
            }
        });
        let after = now.saturating_duration_since(self.opened).as_millis();
        let micros = |it: Duration| u32::try_from(it.as_micros()).unwrap_or(u32::MAX);
        Some(QualityPoint {
            after_ms: u64::try_from(after).unwrap_or(u64::MAX),
            heard,
            said,
            round_trip_micros: self.round_trip.last().map(micros),
        })
    }
}

fn rated(
    loss_permille: u16,
    jitter_micros: u32,
    codec: Option<Codec>,
    way: Duration,
    waits: impl Fn(u32) -> Duration,
) -> Quality {
    let delay = way + waits(jitter_micros);
    let rating = Impairment { codec, loss_permille, delay }.rating();
    // 0 to 100.
    let r = rating.round() as u8;
    Quality { loss_permille, jitter_micros, r, mos_hundredths: hundredths(rating) }
}

fn hundredths(rating: f64) -> u16 {
    (opinion(rating) * 100.0).round() as u16
}

fn permille(part: u64, whole: u64) -> u16 {
    let permille = part.saturating_mul(1_000).checked_div(whole).unwrap_or(0);
    u16::try_from(permille).unwrap_or(1_000).min(1_000)
}

/// How long sound is judged at once.
pub(crate) const INTERVAL: Duration = Duration::from_secs(5);
/// A telephone waits for about twice the jitter, and holds a packet of 20 ms.
const BUFFERED: u32 = 2;
const PACKET: Duration = Duration::from_millis(20);
