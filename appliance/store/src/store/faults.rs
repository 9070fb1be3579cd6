//! What the box survives: power failures, full disks, other daemons, other keys.

use super::*;
use crate::samples::{self, NOW, entries, extension, open, with_everything};
use crate::{Journal, Reader, RecordQuery, folder};
use call::{CallId, CallRecord, CallState, Why};
use std::fs;
use std::time::{Duration, Instant};

/// What lies on the disk of a box that lost its power now: the log cut off at `wal` octets.
fn after_power_failure(dir: &Path, wal: u64) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in ["strowger.db", "strowger.db-wal", "device-key"] {
        fs::copy(dir.join(name), copy.path().join(name)).unwrap();
    }
    let log = fs::File::options().write(true).open(copy.path().join("strowger.db-wal"));
    log.unwrap().set_len(wal).unwrap();
    copy
}

fn wal_length(dir: &Path) -> u64 {
    dir.join("strowger.db-wal").metadata().unwrap().len()
}

#[test]
fn a_call_that_was_up_when_the_box_went_down_has_a_complete_record() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let mut up = samples::record(1);
    (up.state, up.ended, up.end) = (CallState::Up, None, None);
    let mut facts = Facts::default();
    facts.record(Box::new(up.clone()));
    facts.record(Box::new(samples::record(2)));
    store.commit(&facts).unwrap();
    let copy = after_power_failure(dir.path(), wal_length(dir.path()));
    let mut store = open(copy.path());
    let later = UnixMillis(up.started.0 + 90_000);
    assert_eq!(store.close_open_calls(later).unwrap(), 1);
    assert_eq!(store.close_open_calls(later).unwrap(), 0);
    let reader = Reader::open(copy.path()).unwrap();
    let record = reader.record(CallId(1)).unwrap().unwrap();
    assert_eq!((record.state, record.ended), (CallState::Ended, Some(later)));
    assert_eq!(record.end.unwrap().why, Why::Crash);
    assert_eq!(reader.record(CallId(2)).unwrap(), Some(samples::record(2)));
}

#[test]
fn however_many_calls_were_up_all_their_records_are_completed() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let mut facts = Facts::default();
    for id in 0..2500 {
        let up = CallRecord { state: CallState::Up, ended: None, ..samples::record(id) };
        facts.record(Box::new(up));
    }
    store.commit(&facts).unwrap();
    assert_eq!(store.close_open_calls(NOW).unwrap(), 2500);
    assert_eq!(store.close_open_calls(NOW).unwrap(), 0);
}

#[test]
fn power_may_fail_at_any_octet_and_nothing_acknowledged_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for step in 0..8 {
        let (old, acknowledged) = (entries(store.config()), wal_length(dir.path()));
        store.apply(extension(300 + step), "anna", NOW).unwrap();
        let mut facts = Facts::default();
        facts.record(Box::new(samples::record(step.into())));
        store.commit(&facts).unwrap();
        let (new, written) = (entries(store.config()), wal_length(dir.path()));
        for cut in (acknowledged..written).step_by(3011).chain([written]) {
            let copy = after_power_failure(dir.path(), cut);
            let found = entries(open(copy.path()).config());
            assert!(found == new || (found == old && cut < written), "cut at {cut} of {written}");
            let reader = Reader::open(copy.path()).unwrap();
            let is_there = |id: u32| reader.record(CallId(id.into())).unwrap().is_some();
            assert!((0..step).all(is_there), "cut at {cut} of {written}");
            assert!(is_there(step) || cut < written);
        }
    }
}

#[test]
fn every_commit_waits_for_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let pragma = |name| store.db.pragma_query_value(None, name, |row| row.get::<_, String>(0));
    assert_eq!(pragma("journal_mode").unwrap(), "wal");
    let number = |name| store.db.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
    assert_eq!(number("synchronous").unwrap(), 2, "FULL");
    assert_eq!(number("secure_delete").unwrap(), 1);
    assert_eq!(number("foreign_keys").unwrap(), 1);
}

/// Leaves room for so many pages more.
fn leave_room(store: &Store, pages: i64) {
    let used: i64 = store.db.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    store.db.pragma_update(None, "max_page_count", used + pages).unwrap();
}

#[test]
fn a_full_disk_is_told_apart_and_writing_goes_on_when_there_is_room_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = with_everything(dir.path());
    let before = entries(store.config());
    leave_room(&store, 0);
    let mut facts = Facts::default();
    (0..500).for_each(|id| facts.record(Box::new(samples::record(id))));
    assert!(matches!(store.commit(&facts), Err(WriteError::DiskFull)));
    let refused = (300..600).find_map(|number| {
        store.apply(extension(number), "anna", NOW).err().map(|error| (number, error))
    });
    let (number, refused) = refused.unwrap();
    assert!(matches!(refused, ChangeError::Write(WriteError::DiskFull)), "{refused:?}");
    assert!(refused.to_string().contains("no room left"), "{refused}");
    assert_ne!(entries(store.config()), before, "some room was left in the last pages");
    leave_room(&store, 100_000);
    store.commit(&facts).unwrap();
    store.apply(extension(number), "anna", NOW).unwrap();
    let after = entries(store.config());
    drop(store);
    assert_eq!(entries(open(dir.path()).config()), after);
}

#[test]
fn what_happened_while_the_disk_was_full_is_written_when_it_no_longer_is() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let mut journal = Journal::default();
    let start = Instant::now();
    let mut attempts = 0;
    for tick in 0..100 {
        let now = start + Duration::from_millis(tick * 50);
        match tick {
            10 => leave_room(&store, 0),
            60 => leave_room(&store, 100_000),
            _ => {}
        }
        let mut facts = Facts::default();
        (0..10).for_each(|call| facts.record(Box::new(samples::record(tick * 10 + call))));
        journal.add(facts, now);
        let Some(batch) = journal.due(now) else { continue };
        attempts += 1;
        if store.commit(&batch).is_err() {
            journal.refused(batch, now);
        }
    }
    assert!(attempts < 25, "a full disk is tried once a second, not {attempts} times");
    store.commit(&journal.last().unwrap_or_default()).unwrap();
    let all = RecordQuery { before: None, from: None, to: None, search: None, limit: 1000 };
    assert_eq!(Reader::open(dir.path()).unwrap().records(&all).unwrap().records.len(), 1000);
}

#[test]
fn no_password_is_in_any_file_in_clear() {
    let dir = tempfile::tempdir().unwrap();
    let store = with_everything(dir.path());
    let shows = |dir: &Path| {
        fs::read_dir(dir).unwrap().any(|entry| {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            let password = samples::TRUNK_PASSWORD.as_bytes();
            bytes.windows(password.len()).any(|window| window == password)
        })
    };
    assert!(wal_length(dir.path()) > 0);
    assert!(!shows(dir.path()));
    drop(store);
    assert!(!shows(dir.path()));
}

#[test]
fn only_the_owner_reads_the_database_and_its_log() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let _store = with_everything(dir.path());
    for entry in fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.path());
    }
}

#[test]
fn a_second_daemon_in_the_same_folder_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let key = DeviceKey::load(dir.path()).unwrap();
    let refused = Store::open(dir.path(), key.clone()).unwrap_err();
    assert!(matches!(refused, OpenError::InUse { .. }));
    assert!(refused.to_string().starts_with("another strowgerd works in"), "{refused}");
    drop(store);
    assert!(Store::open(dir.path(), key).is_ok());
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = DeviceKey::load(&file.join("var")).unwrap_err();
    assert!(matches!(refused, OpenError::Folder { .. }));
    let refused = Store::open(&file, DeviceKey::from_bytes([0; 32])).unwrap_err();
    assert!(refused.to_string().contains("file cannot be used"), "{refused}");
}

#[test]
fn another_boxs_key_does_not_open_the_trunks() {
    let dir = tempfile::tempdir().unwrap();
    drop(with_everything(dir.path()));
    let refused = Store::open(dir.path(), DeviceKey::from_bytes([0; 32])).unwrap_err();
    assert!(matches!(&refused, OpenError::WrongKey { trunk, .. } if trunk == "Carrier"));
}

#[test]
fn a_newer_database_is_refused_before_anything_is_touched() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let path = folder::database(dir.path());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = fs::read(&path).unwrap();
    let key = DeviceKey::load(dir.path()).unwrap();
    let refused = Store::open(dir.path(), key).unwrap_err();
    assert!(matches!(refused, OpenError::NewerDatabase { found: 99, .. }));
    assert_eq!(fs::read(&path).unwrap(), before);
}
