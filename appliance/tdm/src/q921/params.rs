//! What can be set of a link: ITU-T Q.921 §5.9.

use std::time::Duration;

/// The parameters of a link. A [`Link`](super::Link) takes the nearest allowed value for one that is
/// out of range; [`check`](Params::check) tells an installer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Params {
    /// T200, how long an answer may take: 100 ms to 60 s, default 1 s (§5.9).
    pub t200: Duration,
    /// T203, how long the line may be quiet before the peer is asked whether it is there: longer than
    /// T200, up to 10 minutes, default 10 s (§5.9).
    pub t203: Duration,
    /// N200, how often something is said again: 1 to 20, default 3 (§5.9).
    pub n200: u8,
    /// N201, the most octets of information in a frame: 1 to 4096, default 260 (§5.9).
    pub n201: usize,
    /// k, the most I frames without acknowledgement: 1 to 127, default 7 for 64 kbit/s (§5.9).
    pub k: u8,
    /// How many messages of layer 3 may wait, those without acknowledgement among them: k to 4096,
    /// default 64.
    pub queue: usize,
    /// When a link that its owner wants is asked for again after it was lost or refused; `None`: only
    /// the owner does that. Default 1 s, doubled up to 30 s.
    pub retry: Option<Retry>,
}

/// How long a link that was lost rests before it is asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Retry {
    /// After a link that was established: 10 ms to an hour.
    pub first: Duration,
    /// Doubled after each attempt in vain, up to this: `first` to an hour.
    pub longest: Duration,
}

/// The parameter that is out of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutOfRange {
    /// [`Params::t200`].
    T200,
    /// [`Params::t203`].
    T203,
    /// [`Params::n200`].
    N200,
    /// [`Params::n201`].
    N201,
    /// [`Params::k`].
    K,
    /// [`Params::queue`].
    Queue,
    /// [`Params::retry`].
    Retry,
}

impl Default for Params {
    fn default() -> Params {
        Params {
            t200: Duration::from_secs(1),
            t203: Duration::from_secs(10),
            n200: 3,
            n201: 260,
            k: 7,
            queue: 64,
            retry: Some(Retry { first: Duration::from_secs(1), longest: Duration::from_secs(30) }),
        }
    }
}

impl Params {
    /// Whether all are in their ranges; the first that is not.
    pub fn check(&self) -> Result<(), OutOfRange> {
        let near = self.nearest();
        let parts = [
            (near.t200 == self.t200, OutOfRange::T200),
            (near.t203 == self.t203, OutOfRange::T203),
            (near.n200 == self.n200, OutOfRange::N200),
            (near.n201 == self.n201, OutOfRange::N201),
            (near.k == self.k, OutOfRange::K),
            (near.queue == self.queue, OutOfRange::Queue),
            (near.retry == self.retry, OutOfRange::Retry),
        ];
        parts.iter().find(|(right, _)| !right).map_or(Ok(()), |(_, which)| Err(*which))
    }

    /// Each parameter, or the nearest one that is allowed.
    pub(super) fn nearest(&self) -> Params {
        let t200 = self.t200.clamp(Duration::from_millis(100), Duration::from_secs(60));
        let k = self.k.clamp(1, 127);
        Params {
            t200,
            t203: self.t203.clamp(t200 + Duration::from_millis(1), Duration::from_secs(600)),
            n200: self.n200.clamp(1, 20),
            n201: self.n201.clamp(1, 4096),
            k,
            queue: self.queue.clamp(usize::from(k), 4096),
            retry: self.retry.map(|retry| {
                let hour = Duration::from_secs(3600);
                let first = retry.first.clamp(Duration::from_millis(10), hour);
                Retry { first, longest: retry.longest.clamp(first, hour) }
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_recommendation_for_64_kbit_s() {
        let params = Params::default();
        assert_eq!(params.check(), Ok(()));
        assert_eq!((params.t200, params.t203), (Duration::from_secs(1), Duration::from_secs(10)));
        assert_eq!((params.n200, params.n201, params.k), (3, 260, 7));
    }

    #[test]
    fn a_parameter_out_of_range_is_named_and_brought_near() {
        let good = Params::default();
        let cases = [
            (Params { t200: Duration::ZERO, ..good }, OutOfRange::T200),
            (Params { t203: good.t200, ..good }, OutOfRange::T203),
            (Params { n200: 0, ..good }, OutOfRange::N200),
            (Params { n201: 0, ..good }, OutOfRange::N201),
            (Params { k: 128, ..good }, OutOfRange::K),
            (Params { queue: 6, ..good }, OutOfRange::Queue),
            (
                Params {
                    retry: Some(Retry { first: Duration::ZERO, longest: Duration::MAX }),
                    ..good
                },
                OutOfRange::Retry,
            ),
        ];
        for (params, want) in cases {
            assert_eq!(params.check(), Err(want));
            assert_eq!(params.nearest().check(), Ok(()));
        }
    }
}
