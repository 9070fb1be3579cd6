//! Who listened to what lately: a player fetches a recording in many parts, and that is one line in the
//! audit.

use call::RecordingId;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Listeners of the last ten minutes.
#[derive(Debug, Default)]
pub(crate) struct Heard(Mutex<BTreeMap<(RecordingId, String), Instant>>);

impl Heard {
    /// Whether this listener had not begun to listen to this yet.
    pub(crate) fn is_new(&self, recording: RecordingId, actor: &str, now: Instant) -> bool {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.retain(|_, began| now.saturating_duration_since(*began) < ONE_HEARING);
        let mut new = false;
        heard.entry((recording, actor.to_owned())).or_insert_with(|| {
            new = true;
            now
        });
        new
    }
}

const ONE_HEARING: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_one_hearing_are_one() {
        let (heard, start) = (Heard::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(heard.is_new(RecordingId(1), "anna", start));
        assert!(!heard.is_new(RecordingId(1), "anna", at(599)));
        assert!(heard.is_new(RecordingId(1), "boris", at(599)));
        assert!(heard.is_new(RecordingId(2), "anna", at(599)));
        assert!(heard.is_new(RecordingId(1), "anna", at(600)));
    }
}
