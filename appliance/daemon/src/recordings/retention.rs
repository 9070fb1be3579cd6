//! How long recordings are kept: the oldest go when they are too old, take too much of the disk, or
//! leave too little of it to others. One that runs never goes.

use super::Recordings;
use crate::archive::RESERVE;
use crate::clock;
use crate::storage::Storage;
use arc_swap::ArcSwap;
use call::{Recording, RecordingId, UnixMillis};
use config::{Config, Settings};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use store::Action;
use tokio::sync::Notify;

/// Why a recording went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    Age,
    Share,
    Room,
}

/// Looks every minute, and whenever the settings have changed, whether recordings have to go.
pub(crate) async fn keep(
    recordings: Recordings,
    config: Arc<ArcSwap<Config>>,
    changed: Arc<Notify>,
    storage: Storage,
) -> io::Result<()> {
    loop {
        let (folder, settings) = (recordings.clone(), config.load().settings.clone());
        let sweep = move || sweep(&folder, &settings, clock::wall());
        for (recording, reason) in tokio::task::spawn_blocking(sweep).await.unwrap_or_default() {
            tracing::info!(recording = %recording.id, "a recording was deleted: {}", reason.text());
            let subject = format!("recording {} of call {}", recording.id, recording.call);
            let note = move |store: &mut store::Store| {
                store.note(Action::Delete, &subject, ACTOR, clock::wall())
            };
            if let Some(Err(error)) = storage.write(note).await {
                tracing::warn!("the audit lacks a recording that was deleted: {error}");
            }
        }
        // Whichever it is, the next turn follows.
        let _ = tokio::time::timeout(EVERY, changed.notified()).await;
    }
}

/// Deletes what has to go; what that was, oldest first.
fn sweep(folder: &Recordings, settings: &Settings, now: UnixMillis) -> Vec<(Recording, Reason)> {
    let oldest = match settings.recording_days {
        0 => 0,
        days => now.0.saturating_sub(u64::from(days) * DAY_MS),
    };
    let most = match settings.recording_mb {
        0 => u64::MAX,
        most => u64::from(most) << 20,
    };
    let mut used = if most == u64::MAX { 0 } else { folder.used() };
    let (mut room, least) = folder.disk().map_or((u64::MAX, 0), |(room, size)| {
        let share = size / 100 * u64::from(settings.recording_free_percent);
        // Before the room is so little that recordings end by themselves.
        (room, if share > 0 { share.max(2 * RESERVE) } else { 0 })
    });
    let mut gone = Vec::new();
    for id in folder.ids() {
        let reason = if began(id) < oldest {
            Reason::Age
        } else if used > most {
            Reason::Share
        } else if room < least {
            Reason::Room
        } else {
            break;
        };
        let Some(recording) = folder.find(id).filter(|it| it.ended.is_some()) else { continue };
        match folder.delete(&recording) {
            Ok(()) => {
                used = used.saturating_sub(recording.octets);
                // What the disk says may come later.
                room = room.saturating_add(recording.octets);
                gone.push((recording, reason));
            }
            Err(error) => {
                tracing::warn!(recording = %id, "a recording cannot be deleted: {error}");
            }
        }
    }
    gone
}

/// When a recording began: its name says it.
fn began(id: RecordingId) -> u64 {
    id.0 >> 16
}

impl Reason {
    fn text(self) -> &'static str {
        match self {
            Self::Age => "it was older than recordings are kept",
            Self::Share => "recordings took more of the disk than they may",
            Self::Room => "the disk had less room than recordings are to leave",
        }
    }
}

/// Who deletes, in the audit.
const ACTOR: &str = "retention";
const EVERY: Duration = Duration::from_secs(60);
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

#[cfg(test)]
mod tests {
    use super::*;
    use call::{CallId, Container, Layout, RecordingStop};

    const NOW: UnixMillis = UnixMillis(100 * DAY_MS);

    /// One a day, each of a megabyte; the oldest runs still, the youngest is of today.
    fn folder(dir: &std::path::Path, days: u64) -> Recordings {
        let folder = Recordings::new(dir.join("recordings"));
        for age in 0..days {
            let started = UnixMillis(NOW.0 - age * DAY_MS);
            let running = age + 1 == days;
            let recording = Recording {
                id: RecordingId(started.0 << 16 | 1),
                call: CallId(1),
                tenant: 1,
                container: Container::Wav,
                layout: Layout::Sides,
                by: "anna".to_owned(),
                started,
                ended: (!running).then_some(started),
                stop: (!running).then_some(RecordingStop::Call),
                millis: 1,
                octets: 1 << 20,
                missed_millis: 0,
            };
            let file = folder.create(&recording).unwrap();
            file.set_len(1 << 20).unwrap();
        }
        folder
    }

    fn ages(gone: &[(Recording, Reason)]) -> Vec<u64> {
        gone.iter().map(|(it, _)| (NOW.0 - it.started.0) / DAY_MS).collect()
    }

    #[test]
    fn what_is_too_old_goes_and_what_runs_stays() {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder(dir.path(), 10);
        let settings = Settings { recording_free_percent: 0, ..Settings::default() };
        assert!(sweep(&folder, &settings, NOW).is_empty());
        let settings = Settings { recording_days: 5, ..settings };
        let gone = sweep(&folder, &settings, NOW);
        assert_eq!(ages(&gone), [8, 7, 6]);
        assert!(gone.iter().all(|(_, reason)| *reason == Reason::Age));
        let left: Vec<u64> =
            folder.ids().into_iter().map(|id| (NOW.0 - began(id)) / DAY_MS).collect();
        assert_eq!(left, [9, 5, 4, 3, 2, 1, 0]);
        assert!(sweep(&folder, &settings, NOW).is_empty());
    }

    #[test]
    fn of_too_much_the_oldest_go() {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder(dir.path(), 6);
        let settings =
            Settings { recording_mb: 4, recording_free_percent: 0, ..Settings::default() };
        assert_eq!(ages(&sweep(&folder, &settings, NOW)), [4, 3, 2]);
        // The notes count as well, so that just four would be too much.
        assert!(folder.used() <= 4 << 20, "{}", folder.used());
    }

    #[test]
    fn a_disk_that_is_too_full_for_the_settings_costs_all_but_what_runs() {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder(dir.path(), 3);
        let full = Settings { recording_free_percent: 100, ..Settings::default() };
        let gone = sweep(&folder, &full, NOW);
        assert_eq!(ages(&gone), [1, 0]);
        assert!(gone.iter().all(|(_, reason)| *reason == Reason::Room));
        assert_eq!(folder.ids().len(), 1);
    }
}
