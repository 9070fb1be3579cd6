#![allow(clippy::disallowed_methods, reason = "tests begin somewhere")]

use std::os::fd::BorrowedFd;

use super::Meaning::{Armed, Claim, Disarmed, FactoryReset};
use super::*;

/// A press and the millisecond at which the test began.
struct Bench {
    press: Press,
    start: Instant,
}

impl Bench {
    fn new() -> Bench {
        Bench { press: Press::new(false), start: Instant::now() }
    }

    fn at(&self, milliseconds: u64) -> Instant {
        self.start + Duration::from_millis(milliseconds)
    }

    fn down(&mut self, at: u64) -> Vec<Meaning> {
        self.press.change(Change { pressed: true, at: self.at(at) });
        self.said()
    }

    fn up(&mut self, at: u64) -> Vec<Meaning> {
        self.press.change(Change { pressed: false, at: self.at(at) });
        self.said()
    }

    fn turn(&mut self, at: u64) -> Vec<Meaning> {
        self.press.turn(self.at(at));
        self.said()
    }

    fn said(&mut self) -> Vec<Meaning> {
        std::iter::from_fn(|| self.press.poll_output()).collect()
    }
}

/// What a press of so many milliseconds means.
fn held(milliseconds: u64) -> Vec<Meaning> {
    let mut bench = Bench::new();
    let mut said = bench.down(1_000);
    said.extend(bench.up(1_000 + milliseconds));
    said
}

#[test]
fn a_short_press_claims_from_50_ms_on_until_3_s() {
    assert_eq!(held(49), []);
    assert_eq!(held(50), [Claim]);
    assert_eq!(held(700), [Claim]);
    assert_eq!(held(2_999), [Claim]);
    assert_eq!(held(3_000), [Armed, Disarmed]);
}

#[test]
fn what_is_let_go_before_10_s_does_nothing_and_then_it_is_a_reset() {
    assert_eq!(held(9_999), [Armed, Disarmed]);
    assert_eq!(held(10_000), [Armed, FactoryReset]);
    assert_eq!(held(60_000), [Armed, FactoryReset]);
}

#[test]
fn a_lamp_is_told_at_3_s_and_the_reset_comes_while_it_is_held() {
    let mut bench = Bench::new();
    assert_eq!(bench.press.poll_timeout(), None);
    assert_eq!(bench.down(0), []);
    assert_eq!(bench.press.poll_timeout(), Some(bench.at(3_000)));
    assert_eq!(bench.turn(2_999), []);
    assert_eq!(bench.turn(3_000), [Armed]);
    assert_eq!(bench.press.poll_timeout(), Some(bench.at(10_000)));
    assert_eq!(bench.turn(9_999), []);
    assert_eq!(bench.turn(10_000), [FactoryReset]);
    assert_eq!(bench.press.poll_timeout(), None);
    assert_eq!(bench.turn(60_000), []);
    assert_eq!(bench.up(61_000), []);
    assert_eq!(bench.down(62_000), []);
    assert_eq!(bench.up(62_100), [Claim]);
}

#[test]
fn a_button_that_is_pressed_when_one_looks_means_nothing_until_it_is_let_go() {
    let mut bench = Bench::new();
    bench.press = Press::new(true);
    assert_eq!(bench.press.poll_timeout(), None);
    assert_eq!(bench.turn(100_000), []);
    assert_eq!(bench.up(100_100), []);
    assert_eq!(bench.down(100_200), []);
    assert_eq!(bench.up(100_300), [Claim]);
}

#[test]
fn two_short_presses_are_two_and_do_not_add_up() {
    let mut bench = Bench::new();
    bench.down(0);
    assert_eq!(bench.up(2_000), [Claim]);
    bench.down(2_100);
    assert_eq!(bench.turn(5_099), []);
    assert_eq!(bench.up(5_099), [Claim]);
}

#[test]
fn a_press_whose_end_was_missed_begins_anew() {
    let mut bench = Bench::new();
    bench.down(0);
    assert_eq!(bench.down(8_000), [Armed, Disarmed]);
    assert_eq!(bench.turn(10_000), []);
    assert_eq!(bench.up(10_500), [Claim]);
    assert_eq!(bench.up(20_000), []);
}

#[test]
fn a_change_that_is_stamped_before_the_last_one_is_no_press() {
    let mut bench = Bench::new();
    bench.down(1_000);
    assert_eq!(bench.up(900), []);
}

/// A button that does what the test wrote down.
struct Script {
    changes: VecDeque<Change>,
    pressed: bool,
    lost: bool,
}

impl Button for Script {
    fn next_change(&mut self, now: Instant) -> Result<Option<Change>, Fault> {
        if self.lost {
            return Err(Fault::Lost);
        }
        Ok(self.changes.pop_front_if(|change| change.at <= now))
    }

    fn is_pressed(&mut self) -> Result<bool, Fault> {
        Ok(self.pressed)
    }

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

fn script(bench: &Bench, changes: &[(bool, u64)], pressed: bool) -> Script {
    let changes =
        changes.iter().map(|(pressed, at)| Change { pressed: *pressed, at: bench.at(*at) });
    Script { changes: changes.collect(), pressed, lost: false }
}

#[test]
fn who_looks_late_still_sees_when_it_was_let_go() {
    let mut bench = Bench::new();
    let mut button = script(&bench, &[(true, 0), (false, 4_000)], false);
    bench.press.follow(&mut button, bench.at(30_000)).unwrap();
    assert_eq!(bench.said(), [Armed, Disarmed]);
    let mut button = script(&bench, &[(true, 31_000), (false, 31_200)], false);
    bench.press.follow(&mut button, bench.at(90_000)).unwrap();
    assert_eq!(bench.said(), [Claim]);
}

#[test]
fn a_lost_edge_resets_nothing() {
    let mut bench = Bench::new();
    let mut button = script(&bench, &[(true, 0)], false);
    bench.press.follow(&mut button, bench.at(5_000)).unwrap();
    assert_eq!(bench.said(), [Armed]);
    bench.press.follow(&mut button, bench.at(10_000)).unwrap();
    assert_eq!(bench.said(), [Disarmed]);
    let mut button = script(&bench, &[(true, 20_000)], true);
    bench.press.follow(&mut button, bench.at(29_999)).unwrap();
    assert_eq!(bench.said(), [Armed]);
    bench.press.follow(&mut button, bench.at(30_000)).unwrap();
    assert_eq!(bench.said(), [FactoryReset]);
}

#[test]
fn a_button_that_goes_away_while_it_is_held_resets_nothing() {
    let mut bench = Bench::new();
    let mut button = script(&bench, &[(true, 0)], true);
    bench.press.follow(&mut button, bench.at(9_000)).unwrap();
    assert_eq!(bench.said(), [Armed]);
    button.lost = true;
    assert_eq!(bench.press.follow(&mut button, bench.at(10_000)), Err(Fault::Lost));
    assert_eq!(bench.said(), [Disarmed]);
    assert_eq!(bench.turn(60_000), []);
}
