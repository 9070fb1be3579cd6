//! How the sound of a pair fares: every five seconds what was lost, how unsteady and how far it is, what
//! was made of it where the box listens itself, and how people would judge that.

mod bursts;
mod emodel;
mod fates;
mod round_trip;

pub(crate) use bursts::Pattern;
pub(crate) use fates::Fates;

use crate::jitter::Statistics;
use crate::rtcp::{Report, VoipMetrics};
use call::{Codec, Played, Quality, QualityPoint, StreamStats};
use emodel::Impairment;
use media_dsp::amrwb::Mode;
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
    /// What the box's own jitter buffer had made of it by then.
    played: Statistics,
    /// What the far side reported since then.
    reported: Option<Reported>,
    /// What was judged last of what is heard here.
    last: Option<Judged>,
    /// In which mode AMR-WB comes, as one packet since the last time said.
    pub(crate) mode: Option<Mode>,
    /// Whether the next packet is to be asked for it.
    pub(crate) asks_mode: bool,
}

/// What a far side says of what it hears.
#[derive(Debug, Clone, Copy, Default)]
struct Reported {
    /// In 1/256.
    lost: u16,
    discarded: Option<u16>,
    /// Its own rating, if it has one.
    r: Option<u8>,
}

/// A judgement for who only listens, and for who converses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judged {
    pub(crate) r: u8,
    /// In tenths.
    pub(crate) listening: u8,
    pub(crate) conversation: u8,
}

/// What there is to judge.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence<'a> {
    pub(crate) stats: &'a StreamStats,
    /// Of what comes in, and of what the far side hears.
    pub(crate) codecs: (Option<Codec>, Option<Codec>),
    /// The round trip to who hears it behind the box.
    pub(crate) beyond: Option<Duration>,
    /// What the box's own jitter buffer has made of it, where it listens itself.
    pub(crate) played: Option<Statistics>,
}

impl Watch {
    /// Of a pair that is lent now.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            opened: now,
            due: None,
            round_trip: RoundTrip::default(),
            before: (0, 0),
            played: Statistics::default(),
            reported: None,
            last: None,
            mode: None,
            asks_mode: true,
        }
    }

    /// The far side reports of the stream that it hears.
    pub(crate) fn note_report(&mut self, report: Report) {
        let reported = self.reported.get_or_insert_default();
        reported.lost = reported.lost.max(report.fraction_lost.into());
    }

    /// The telephone itself says what it played (RFC 3611 §4.7).
    pub(crate) fn note_metrics(&mut self, metrics: VoipMetrics) {
        let reported = self.reported.get_or_insert_default();
        reported.lost = reported.lost.max(metrics.lost.into());
        reported.discarded = reported.discarded.max(Some(metrics.discarded.into()));
        reported.r = metrics.r.or(reported.r);
    }

    /// What was judged last.
    pub(crate) fn last(&self) -> Option<Judged> {
        self.last
    }

    /// How it fared since the last time; nothing when nothing came.
    pub(crate) fn judge(&mut self, evidence: Evidence<'_>, now: Instant) -> Option<QualityPoint> {
        let Evidence { stats, codecs, beyond, played } = evidence;
        let received = stats.received.saturating_sub(self.before.0);
        // What came late after all is taken off the losses.
        let lost = stats.lost.saturating_sub(self.before.1);
        self.before = (stats.received, stats.lost);
        let reported = self.reported.take();
        let (mode, played) = (self.mode, played.map(|now| self.played(now)));
        self.asks_mode = matches!(codecs.0, Some(Codec::AmrWb { .. }));
        if received == 0 {
            return None;
        }
        let expected = received.saturating_add(lost);
        let way = (self.round_trip.last().unwrap_or_default() + beyond.unwrap_or_default()) / 2;
        let waits = |micros: u32| Duration::from_micros(micros.into()) * BUFFERED + PACKET;
        let discarded = played.map(|(_, discarded)| permille(discarded, expected));
        let played = played.map(|(played, _)| played);
        let buffered = played.filter(|it| it.unheard_permille < ALL);
        let waited = buffered.map(|it| Duration::from_micros(it.delay_micros.into()) + PACKET);
        let heard = Quality {
            loss_permille: permille(lost, expected),
            discarded_permille: discarded,
            jitter_micros: stats.jitter_micros,
            played,
            ..Quality::default()
        };
        let delay = way + waited.unwrap_or_else(|| waits(stats.jitter_micros));
        let impairment = |quality: &Quality, codec, mode, delay| Impairment {
            codec,
            mode,
            loss_permille: quality.loss_permille + quality.discarded_permille.unwrap_or_default(),
            delay,
        };
        let at_once = impairment(&heard, codecs.0, mode, Duration::ZERO).rating();
        let rating = impairment(&heard, codecs.0, mode, delay).rating();
        let heard = rating.fill(heard);
        self.last =
            Some(Judged { r: heard.r, listening: at_once.tenths(), conversation: rating.tenths() });
        let said = reported.map(|reported| {
            let said = Quality {
                loss_permille: permille(reported.lost.into(), 256),
                discarded_permille: reported.discarded.map(|it| permille(it.into(), 256)),
                jitter_micros: stats.remote_jitter_micros,
                ..Quality::default()
            };
            let delay = way + waits(stats.remote_jitter_micros);
            let rating = impairment(&said, codecs.1, None, delay).rating();
            reported.r.map_or(rating, |r| rating.as_told(r)).fill(said)
        });
        let after = now.saturating_duration_since(self.opened).as_millis();
        Some(QualityPoint {
            after_ms: u64::try_from(after).unwrap_or(u64::MAX),
            heard,
            said,
            round_trip_micros: self.round_trip.last().map(micros),
        })
    }

    /// What the jitter buffer made since the last time, and how many packets it discarded.
    fn played(&mut self, now: Statistics) -> (Played, u64) {
        let mut before = std::mem::replace(&mut self.played, now);
        if now.received < before.received {
            // Another one: it began anew.
            before = Statistics::default();
        }
        let since = |of: fn(&Statistics) -> u64| of(&now).saturating_sub(of(&before));
        let given = since(|it| it.given_samples).max(1);
        let share = |of: fn(&Statistics) -> u64| permille(since(of), given);
        let played = Played {
            concealed_permille: share(|it| it.concealed_samples),
            stretched_permille: share(|it| it.stretched_samples),
            compressed_permille: share(|it| it.compressed_samples),
            noise_permille: share(|it| it.noise_samples),
            unheard_permille: permille(since(|it| it.unheard), since(|it| it.received)),
            delay_micros: micros(now.delay),
        };
        (played, since(|it| it.late) + since(|it| it.discarded))
    }
}

fn micros(it: Duration) -> u32 {
    u32::try_from(it.as_micros()).unwrap_or(u32::MAX)
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
/// In thousandths, but for the packets that are under way.
const ALL: u16 = 900;
