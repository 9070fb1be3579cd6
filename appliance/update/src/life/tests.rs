#![allow(clippy::disallowed_methods)] // Some instant to begin with: time is only ever added to it.

use super::*;
use crate::Source;

fn request(source: Source) -> Request {
    Request { source, urgency: Urgency::Polite, leave: true, older_too: false, action: None }
}

fn https() -> Source {
    Source::Https { url: "https://updates.example/box".into(), sha256: None, authorised: false }
}

fn bundle(board: &str, version: &str) -> Bundle {
    Bundle { compatible: board.into(), version: Version::parse(version).unwrap(), size: 100 }
}

fn life(now: Instant) -> Life {
    let settings = Settings::new("pc", Version::parse("1.5").unwrap());
    Life::start(settings, Slot::A, None, now)
}

fn drain(life: &mut Life) -> Vec<Output> {
    std::iter::from_fn(|| life.poll_output()).collect()
}

fn done(life: &mut Life, done: Done, now: Instant) -> Vec<Output> {
    life.handle(Input::Done { job: life.job, done }, now);
    drain(life)
}

/// A life whose bundle was just verified by RAUC.
fn checked(request: Request, bundle: Bundle, room: u64, now: Instant) -> Life {
    let mut life = life(now);
    life.handle(Input::Begin(request), now);
    done(&mut life, Done::Fetched, now);
    done(&mut life, Done::Verified { bundle, room }, now);
    life
}

#[test]
fn board_comes_before_version_and_version_before_room() {
    let now = Instant::now();
    let stage = |bundle, room| checked(request(https()), bundle, room, now).stage();
    let board = Failure::Board { bundle: "cm4".into(), board: "pc".into() };
    assert_eq!(stage(bundle("cm4", "1.4"), 1), Stage::Failed(board));
    assert!(matches!(stage(bundle("pc", "1.4"), 1), Stage::Failed(Failure::Older { .. })));
    let room = Failure::Room { needed: 100, there: 99 };
    assert_eq!(stage(bundle("pc", "1.5"), 99), Stage::Failed(room));
    assert_eq!(stage(bundle("pc", "1.5"), 100), Stage::Verified);
}

#[test]
fn an_older_version_is_installed_when_somebody_breaks_the_glass() {
    let now = Instant::now();
    let older = Request { older_too: true, ..request(https()) };
    assert_eq!(checked(older, bundle("pc", "1.4"), 100, now).stage(), Stage::Verified);
}

#[test]
fn a_foreign_signature_ends_it_before_anything_is_written() {
    let now = Instant::now();
    let mut life = life(now);
    life.handle(Input::Begin(request(Source::Upload)), now);
    done(&mut life, Done::Fetched, now);
    let outputs = done(&mut life, Done::NotVerified(NotVerified::Signature), now);
    assert_eq!(life.stage(), Stage::Failed(Failure::Signature));
    assert!(outputs.contains(&Output::DropBundle));
    assert!(!outputs.iter().any(|output| matches!(output, Output::Do { .. })));
}

#[test]
fn a_broken_fetch_is_taken_up_after_five_seconds_where_it_broke_off() {
    let now = Instant::now();
    let mut life = life(now);
    life.handle(Input::Begin(request(https())), now);
    let tag = Some("\"x\"".to_owned());
    done(&mut life, Done::Began { size: 100, room: 1_000, tag }, now);
    done(&mut life, Done::Arrived { octets: 40 }, now);
    done(&mut life, Done::NotFetched(NotFetched::Broken), now);
    let due = now + Duration::from_secs(5);
    assert_eq!(life.poll_timeout(), Some(due));
    life.handle(Input::Tick, due - Duration::from_millis(1));
    assert_eq!(drain(&mut life), []);
    life.handle(Input::Tick, due);
    let from = From::Rest { tag: "\"x\"".to_owned() };
    let again = Work::Fetch { source: https(), from };
    assert!(drain(&mut life).contains(&Output::Do { job: life.job, work: again }));
}

#[test]
fn the_window_is_waited_for_and_then_the_last_call() {
    let now = Instant::now();
    let mut life = checked(request(https()), bundle("pc", "2"), 100, now);
    assert_eq!(life.stage(), Stage::Verified);
    life.handle(Input::Calls(1), now);
    life.handle(Input::Window(true), now);
    let outputs = done(&mut life, Done::Installed(true), now);
    assert!(outputs.contains(&Output::Announce { within: Duration::from_secs(30) }));
    assert!(outputs.contains(&Output::Drain(true)));
    let later = now + Duration::from_secs(31);
    life.handle(Input::Tick, later);
    assert_eq!(life.stage(), Stage::Draining);
    life.handle(Input::Calls(0), later);
    let outputs = drain(&mut life);
    assert!(outputs.contains(&Output::Do { job: life.job, work: Work::CopyDatabase }));
}

#[test]
fn a_call_that_never_ends_puts_a_polite_update_off() {
    let now = Instant::now();
    let mut life = checked(request(https()), bundle("pc", "2"), 100, now);
    life.handle(Input::Calls(1), now);
    life.handle(Input::Window(true), now);
    done(&mut life, Done::Installed(true), now);
    life.handle(Input::Tick, now + Duration::from_secs(600));
    assert!(drain(&mut life).contains(&Output::Drain(false)));
    assert_eq!(life.stage(), Stage::Installed);
    assert_eq!(life.poll_timeout(), Some(now + Duration::from_secs(1_500)));
}

#[test]
fn news_of_a_work_that_was_called_off_are_not_heard() {
    let now = Instant::now();
    let mut life = life(now);
    life.handle(Input::Begin(request(https())), now);
    let late = life.job;
    life.handle(Input::Cancel, now);
    assert_eq!(life.stage(), Stage::Failed(Failure::Cancelled));
    life.handle(Input::Begin(request(https())), now);
    life.handle(Input::Done { job: late, done: Done::Fetched }, now);
    assert_eq!(life.stage(), Stage::Fetching { have: 0, size: None });
}

/// The third and last attempt, just begun.
fn on_trial(now: Instant) -> Life {
    let trial = crate::Trial {
        request: request(https()),
        bundle: bundle("pc", "2"),
        slot: Slot::B,
        attempt: 3,
        begun: false,
        before: crate::health::Before { network: false, fleet: true },
    };
    let kept = Kept { phase: Phase::Trial(trial), ..Kept::idle(Slot::A) };
    let settings = Settings::new("pc", Version::parse("2").unwrap());
    Life::start(settings, Slot::B, Some(kept), now)
}

#[test]
fn it_is_good_only_when_all_checks_said_yes_and_still_do() {
    let now = Instant::now();
    let mut life = on_trial(now);
    for check in [Check::Sip, Check::Call, Check::Web] {
        life.handle(Input::Check { check, yes: true }, now);
    }
    life.handle(Input::Check { check: Check::Web, yes: false }, now);
    life.handle(Input::Check { check: Check::Fleet, yes: true }, now);
    assert_eq!(life.stage(), Stage::Trial { attempt: 3 });
    life.handle(Input::Check { check: Check::Web, yes: true }, now);
    done(&mut life, Done::Loader(true), now);
    assert_eq!(life.stage(), Stage::Good);
}

#[test]
fn a_check_that_says_nothing_until_its_time_is_over_sends_the_box_back() {
    let now = Instant::now();
    let mut life = on_trial(now);
    for check in [Check::Sip, Check::Call, Check::Web] {
        life.handle(Input::Check { check, yes: true }, now);
    }
    let due = now + Duration::from_secs(420);
    assert_eq!(life.poll_timeout(), Some(due));
    life.handle(Input::Tick, due - Duration::from_millis(1));
    assert_eq!(life.stage(), Stage::Trial { attempt: 3 });
    life.handle(Input::Tick, due);
    let why = Failure::Unhealthy { check: Check::Fleet };
    assert_eq!(life.stage(), Stage::GoingBack(why));
}
