//! The simulated line, fault by fault, in given time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, reason = "some instant has to be the first")]

use std::time::{Duration, Instant};

use board::sim::{End, Line, Slip, Terminal};
use board::{
    Alarms, Bearer, ClockSource, Event, Fault, FrameFault, LONGEST_FRAME, Law, LineKind, Loop,
    Setting, Signalling, Span, Timeslot,
};

/// An E1 whose ends both run on clocks of their own.
fn e1() -> (Line, Terminal, Terminal) {
    line(Setting { clock: ClockSource::Own, ..Setting::e1() })
}

fn line(setting: Setting) -> (Line, Terminal, Terminal) {
    let line = Line::new(setting.clone(), setting, 1).unwrap();
    let (near, far) = (line.end(End::Near, "near"), line.end(End::Far, "far"));
    (line, near, far)
}

fn bearers(
    near: &mut Terminal,
    far: &mut Terminal,
    slot: u8,
) -> (Box<dyn Bearer>, Box<dyn Bearer>) {
    let slot = Timeslot(slot);
    (near.open_bearer(slot, 16).unwrap(), far.open_bearer(slot, 16).unwrap())
}

/// All that is there to be read.
fn heard(end: &mut dyn Bearer) -> Vec<u8> {
    let mut all = Vec::new();
    let mut block = [0; 160];
    loop {
        match end.read(&mut block).unwrap() {
            0 => return all,
            count => all.extend_from_slice(&block[..count]),
        }
    }
}

/// Sends these octets from one end, and returns what the other heard: as much as was sent.
fn carry(line: &Line, from: &mut dyn Bearer, to: &mut dyn Bearer, octets: &[u8]) -> Vec<u8> {
    let mut arrived = Vec::new();
    for block in octets.chunks(from.block()) {
        assert_eq!(from.write(block).unwrap(), block.len());
        line.advance(block.len() as u64);
        arrived.extend(heard(to));
    }
    arrived
}

/// Octets that differ from their neighbours: each value comes as often as the others.
fn counting(count: usize) -> Vec<u8> {
    (0..count).map(|index| (index * 7 + index / 256) as u8).collect()
}

fn received(end: &mut dyn Signalling) -> Option<Vec<u8>> {
    let mut frame = [0; LONGEST_FRAME];
    let length = end.receive(&mut frame).unwrap()?;
    Some(frame[..length].to_vec())
}

fn events(mut next: impl FnMut() -> Option<Event>) -> Vec<Event> {
    std::iter::from_fn(&mut next).collect()
}

#[test]
fn every_bearer_of_both_kinds_of_line_carries_all_octets_exactly() {
    for setting in [Setting::e1(), Setting::t1()] {
        let (line, mut near, mut far) = line(setting);
        let slots: Vec<_> = near.facts().bearers().collect();
        assert_eq!(slots.len(), if near.facts().kind == LineKind::E1 { 30 } else { 23 });
        for slot in slots {
            let (mut here, mut there) = bearers(&mut near, &mut far, slot.0);
            let octets = counting(512);
            assert_eq!(carry(&line, &mut *here, &mut *there, &octets), octets);
            heard(&mut *here);
            assert_eq!(carry(&line, &mut *there, &mut *here, &octets), octets);
        }
        assert!(near.status().unwrap().alarms.is_clear());
        assert_eq!(far.status().unwrap().counters, board::Counters::default());
    }
}

#[test]
fn who_has_nothing_to_say_sends_silence_and_hears_of_it() {
    let (line, mut near, mut far) = e1();
    let (mut here, mut there) = bearers(&mut near, &mut far, 1);
    here.write(&[1; 16]).unwrap();
    line.advance(32);
    assert_eq!(heard(&mut *there), [[1; 16], [Law::A.idle(); 16]].concat());
    assert_eq!(events(|| here.next_event()), [Event::Underrun]);
}

#[test]
fn what_is_not_read_in_time_is_lost_and_said_once() {
    let (line, mut near, mut far) = e1();
    let (mut here, mut there) = bearers(&mut near, &mut far, 1);
    line.advance(16 * 8 + 40);
    assert_eq!(heard(&mut *there).len(), 16 * 8);
    assert_eq!(events(|| there.next_event()), [Event::Overrun]);
    for _ in 0..8 {
        assert_eq!(here.write(&[0; 16]).unwrap(), 16);
    }
    assert_eq!(here.write(&[0; 16]).unwrap(), 0, "the buffers are full");
}

#[test]
fn a_frame_takes_the_time_of_its_octets_and_of_what_is_around_them() {
    let (line, mut near, mut far) = e1();
    let mut here = near.open_signalling(Timeslot(16)).unwrap();
    let mut there = far.open_signalling(Timeslot(16)).unwrap();
    assert!(here.send(&counting(100)).unwrap());
    assert!(here.send(&counting(20)).unwrap());
    line.advance(102);
    assert_eq!(received(&mut *there), None);
    line.advance(1);
    assert_eq!(received(&mut *there), Some(counting(100)));
    line.advance(22);
    assert_eq!(received(&mut *there), None);
    line.advance(1);
    assert_eq!(received(&mut *there), Some(counting(20)));
}

#[test]
fn a_broken_pair_is_red_at_its_end_and_yellow_at_the_other() {
    let (line, mut near, mut far) = e1();
    let (mut here, mut there) = bearers(&mut near, &mut far, 1);
    line.cut(End::Near, true);
    let red = Alarms { red: true, no_signal: true, no_frames: true, ..Alarms::default() };
    assert_eq!(far.status().unwrap().alarms, red);
    assert_eq!(near.status().unwrap().alarms, Alarms { yellow: true, ..Alarms::default() });
    assert_eq!(events(|| here.next_event()), [Event::Alarm]);
    assert_eq!(events(|| there.next_event()), [Event::Alarm]);
    assert_eq!(carry(&line, &mut *here, &mut *there, &[0x11; 16]), [0xFF; 16]);
    assert_eq!(carry(&line, &mut *there, &mut *here, &[0x22; 16])[16..], [0x22; 16], "unhurt");
    heard(&mut *there);
    line.cut(End::Near, false);
    assert!(near.status().unwrap().alarms.is_clear() && far.status().unwrap().alarms.is_clear());
    assert!(events(|| here.next_event()).contains(&Event::AlarmsClear));
    assert!(events(|| there.next_event()).contains(&Event::AlarmsClear));
    assert_eq!(carry(&line, &mut *here, &mut *there, &[0x11; 16]), [0x11; 16]);
}

#[test]
fn two_broken_pairs_are_red_at_both_ends_and_nobody_hears_of_the_other() {
    let (line, mut near, mut far) = e1();
    line.cut(End::Near, true);
    line.cut(End::Far, true);
    for end in [&mut near, &mut far] {
        let alarms = end.status().unwrap().alarms;
        assert!(alarms.red && !alarms.yellow);
    }
}

#[test]
fn all_ones_are_blue_and_no_loss_of_signal() {
    let (line, mut near, mut far) = e1();
    let (mut here, mut there) = bearers(&mut near, &mut far, 31);
    line.all_ones(End::Near, true);
    let blue = Alarms { red: true, blue: true, no_frames: true, ..Alarms::default() };
    assert_eq!(far.status().unwrap().alarms, blue);
    assert!(near.status().unwrap().alarms.yellow);
    assert_eq!(carry(&line, &mut *here, &mut *there, &[0x11; 16]), [0xFF; 16]);
}

#[test]
fn a_second_without_a_signal_is_severely_errored() {
    let (line, _near, mut far) = e1();
    line.advance(8_000);
    line.cut(End::Near, true);
    line.advance(8_000);
    line.cut(End::Near, false);
    line.advance(8_000);
    let counters = far.status().unwrap().counters;
    assert_eq!((counters.errored_seconds, counters.severely_errored_seconds), (1, 1));
}

#[test]
fn a_slip_drops_or_repeats_one_octet_of_every_timeslot() {
    for (slip, sent, expected) in [
        (Slip::Dropped, [1u8, 2, 3, 4, 5], vec![1, 2, 4, 5]),
        (Slip::Repeated, [1, 2, 3, 4, 5], vec![1, 2, 2, 3, 4, 5]),
    ] {
        let (line, mut near, mut far) = e1();
        let (mut here, mut there) = bearers(&mut near, &mut far, 5);
        let (mut other, mut other_there) = bearers(&mut near, &mut far, 31);
        here.write(&sent).unwrap();
        other.write(&sent).unwrap();
        line.advance(2);
        line.slip(End::Far, slip);
        line.advance(30);
        assert_eq!(heard(&mut *there)[..expected.len()], expected);
        assert_eq!(heard(&mut *other_there)[..expected.len()], expected);
        assert_eq!(far.status().unwrap().counters.slips, 1);
        assert_eq!(near.status().unwrap().counters.slips, 0);
    }
}

#[test]
fn a_slip_spoils_the_frame_that_is_on_its_way_and_no_other() {
    let (line, mut near, mut far) = e1();
    let mut here = near.open_signalling(Timeslot(16)).unwrap();
    let mut there = far.open_signalling(Timeslot(16)).unwrap();
    here.send(&counting(50)).unwrap();
    here.send(&counting(51)).unwrap();
    line.advance(20);
    line.slip(End::Far, Slip::Dropped);
    line.advance(200);
    assert_eq!(received(&mut *there), Some(counting(51)));
    assert_eq!(received(&mut *there), None);
    assert_eq!(events(|| there.next_event()), [Event::BadFrame(FrameFault::Check)]);
}

#[test]
fn bits_are_wrong_at_the_rate_and_the_checks_of_both_ends_count_them() {
    let (line, mut near, mut far) = e1();
    let (mut here, mut there) = bearers(&mut near, &mut far, 9);
    line.bit_errors(End::Near, 1e-4);
    let octets = counting(80_000);
    let arrived = carry(&line, &mut *here, &mut *there, &octets);
    let wrong: u32 = octets.iter().zip(&arrived).map(|(was, is)| (was ^ is).count_ones()).sum();
    // 640000 bits of the timeslot, 20.5 million of the line: 64 and 2048, within four deviations.
    assert!(wrong.abs_diff(64) < 32, "{wrong}");
    let (ours, theirs) = (near.status().unwrap().counters, far.status().unwrap().counters);
    assert!(theirs.code_violations.abs_diff(2_048) < 181, "{theirs:?}");
    // 2048 bits in a block of the check: about 18 % of 10000 have a wrong one.
    assert!(theirs.check_errors.abs_diff(1_852) < 170, "{theirs:?}");
    assert_eq!(ours.far_errors, theirs.check_errors, "as E bits say");
    assert_eq!((ours.check_errors, ours.errored_seconds), (0, 0));
    assert_eq!((theirs.errored_seconds, theirs.severely_errored_seconds), (10, 0));
    // 7 bits of 512 are alignment: 28 of the 2048, give or take.
    assert!(theirs.framing_errors.abs_diff(28) < 22, "{theirs:?}");
}

#[test]
fn three_tenths_of_blocks_in_error_make_a_second_severe() {
    let (line, _near, mut far) = e1();
    line.bit_errors(End::Near, 1e-3);
    line.advance(16_000);
    let counters = far.status().unwrap().counters;
    assert_eq!((counters.errored_seconds, counters.severely_errored_seconds), (2, 2));
}

#[test]
fn frames_with_wrong_bits_are_counted_and_not_handed_up() {
    let (line, mut near, mut far) = e1();
    let mut here = near.open_signalling(Timeslot(16)).unwrap();
    let mut there = far.open_signalling(Timeslot(16)).unwrap();
    line.bit_errors(End::Near, 1e-3);
    let (mut good, mut bad) = (0, 0);
    for _ in 0..1_000 {
        here.send(&counting(60)).unwrap();
        line.advance(63);
        good += u32::from(received(&mut *there).is_some_and(|frame| frame == counting(60)));
        bad += events(|| there.next_event()).len() as u32;
    }
    // 504 bits of which none may be wrong: 60 % of frames survive.
    assert_eq!(good + bad, 1_000);
    assert!(good.abs_diff(604) < 64, "{good}");
}

#[test]
fn lost_frames_leave_no_trace() {
    let (line, mut near, mut far) = e1();
    let mut here = near.open_signalling(Timeslot(16)).unwrap();
    let mut there = far.open_signalling(Timeslot(16)).unwrap();
    line.lose_frames(End::Near, 2);
    for length in [10, 20, 30] {
        here.send(&counting(length)).unwrap();
    }
    line.advance(100);
    assert_eq!(received(&mut *there), Some(counting(30)));
    assert_eq!(received(&mut *there), None);
    assert_eq!(there.next_event(), None);
}

#[test]
fn a_line_that_is_faster_than_the_machine_brings_more_octets() {
    let began = Instant::now();
    for (ppm, expected) in [(0.0, 80_000), (100.0, 80_008), (-50.0, 79_996)] {
        let (line, mut near, mut far) = e1();
        let (_here, mut there) = bearers(&mut near, &mut far, 1);
        line.drift(ppm);
        let mut count = 0;
        for millisecond in 0..=10_000 {
            far.turn(began + Duration::from_millis(millisecond));
            count += heard(&mut *there).len();
        }
        line.advance(16);
        count += heard(&mut *there).len() - 16;
        assert!(count.abs_diff(expected) < 16, "{ppm} ppm: {count}");
        let exact = (count / 16, expected / 16);
        assert_eq!(exact.0, exact.1, "{ppm} ppm: {count}");
    }
}

#[test]
fn a_change_of_drift_takes_nothing_back() {
    let began = Instant::now();
    let (line, mut near, mut far) = e1();
    let (_here, mut there) = bearers(&mut near, &mut far, 1);
    let mut count = 0;
    line.turn(began);
    for second in 1..=20u32 {
        line.drift(if second % 2 == 0 { 1_000.0 } else { -1_000.0 });
        for step in 1..=100 {
            let now = began + Duration::from_millis(u64::from((second - 1) * 1_000 + step * 10));
            line.turn(now);
            count += heard(&mut *there).len();
        }
    }
    assert!((159_980..=160_020).contains(&count), "{count}");
}

#[test]
fn two_clocks_slip_and_one_does_not() {
    // 100 ppm of 8000 frames are 0.8 a second.
    let (line, mut near, mut far) = e1();
    line.far_clock(100.0);
    line.advance(80_001);
    let slips = [near.status().unwrap().counters.slips, far.status().unwrap().counters.slips];
    assert_eq!(slips, [8, 8]);
    line.far_clock(-100.0);
    line.advance(100_000);
    assert!(near.status().unwrap().counters.slips >= 17);

    let own = Setting { clock: ClockSource::Own, ..Setting::e1() };
    let line = Line::new(own, Setting::e1(), 1).unwrap();
    let mut near = line.end(End::Near, "near");
    line.far_clock(100.0);
    line.advance(80_000);
    assert_eq!(near.status().unwrap().counters.slips, 0, "the far end follows the line");
}

#[test]
fn a_hybrid_sends_back_a_part_of_what_arrives_after_its_time() {
    for law in [Law::A, Law::Mu] {
        let setting = Setting { law, ..Setting::e1() };
        let (line, mut near, mut far) = line(setting);
        let (mut here, _there) = bearers(&mut near, &mut far, 1);
        line.echo(End::Far, Timeslot(1), &[0.0, 0.0, 0.0, 0.5, -0.25]);
        let mut says = [law.idle(); 16];
        says[0] = law.compress(16_000);
        here.write(&says).unwrap();
        line.advance(16);
        let back: Vec<i32> =
            heard(&mut *here).iter().map(|octet| i32::from(law.expand(*octet))).collect();
        for (index, expected) in [(3, 0), (4, 8_000), (5, -4_000), (6, 0)] {
            let off = (back[index] - expected).abs();
            assert!(off <= expected.abs() / 32 + 16, "{law:?} {index}: {back:?}");
        }
        line.echo(End::Far, Timeslot(1), &[]);
        here.write(&says).unwrap();
        line.advance(16);
        assert_eq!(heard(&mut *here), [law.idle(); 16]);
    }
}

#[test]
fn what_is_far_away_arrives_later() {
    let (line, mut near, mut far) = e1();
    let (mut here, mut there) = bearers(&mut near, &mut far, 1);
    let mut messages = near.open_signalling(Timeslot(16)).unwrap();
    let mut messages_there = far.open_signalling(Timeslot(16)).unwrap();
    line.delay(End::Near, 40);
    here.write(&[9; 16]).unwrap();
    messages.send(&counting(13)).unwrap();
    line.advance(16 + 39);
    assert_eq!(received(&mut *messages_there), None);
    line.advance(9);
    assert_eq!(received(&mut *messages_there), Some(counting(13)));
    let arrived = heard(&mut *there);
    assert_eq!(arrived[..40], [Law::A.idle(); 40]);
    assert_eq!(arrived[40..56], [9; 16]);
    assert_eq!(far.status().unwrap().counters.slips, 0);
}

#[test]
fn a_local_loop_gives_back_sound_and_frames_even_if_the_line_is_cut() {
    let (line, mut near, _far) = e1();
    let mut here = near.open_bearer(Timeslot(1), 16).unwrap();
    let mut messages = near.open_signalling(Timeslot(16)).unwrap();
    line.cut(End::Far, true);
    near.loop_back(Some(Loop::Local)).unwrap();
    assert_eq!(near.status().unwrap().alarms, Alarms { looped: true, ..Alarms::default() });
    here.write(&[3; 16]).unwrap();
    messages.send(&counting(12)).unwrap();
    line.advance(16);
    assert_eq!(heard(&mut *here), [3; 16]);
    assert_eq!(received(&mut *messages), Some(counting(12)));
    near.loop_back(None).unwrap();
    assert!(near.status().unwrap().alarms.red);
}

#[test]
fn a_remote_loop_gives_back_what_the_line_brings() {
    let (line, mut near, mut far) = e1();
    let mut here = near.open_bearer(Timeslot(1), 16).unwrap();
    let mut messages = near.open_signalling(Timeslot(16)).unwrap();
    far.loop_back(Some(Loop::Remote)).unwrap();
    here.write(&counting(16)).unwrap();
    messages.send(&counting(12)).unwrap();
    line.advance(32);
    assert_eq!(heard(&mut *here)[1..17], counting(16), "a frame later");
    assert_eq!(received(&mut *messages), Some(counting(12)));
}

#[test]
fn a_channel_loops_alone() {
    let (line, mut near, mut far) = e1();
    let (mut here, mut there) = bearers(&mut near, &mut far, 1);
    let (mut other, _other_there) = bearers(&mut near, &mut far, 2);
    there.loop_back(true).unwrap();
    here.write(&counting(16)).unwrap();
    other.write(&counting(16)).unwrap();
    line.advance(32);
    assert_eq!(heard(&mut *here)[1..17], counting(16));
    assert_eq!(heard(&mut *other), [Law::A.idle(); 32]);
}

#[test]
fn a_card_that_is_pulled_out_loses_what_is_open_until_it_is_reopened() {
    let (line, mut near, mut far) = e1();
    let (mut here, mut there) = bearers(&mut near, &mut far, 1);
    let mut messages = near.open_signalling(Timeslot(16)).unwrap();
    line.pull_out(End::Near);
    assert_eq!(here.read(&mut [0; 16]), Err(Fault::Lost));
    assert_eq!(here.write(&[0; 16]), Err(Fault::Lost));
    assert_eq!(messages.send(&[0; 5]), Err(Fault::Lost));
    assert_eq!(events(|| here.next_event()), [Event::Removed]);
    assert_eq!(near.status(), Err(Fault::Lost));
    assert_eq!(near.reopen(), Err(Fault::Absent));
    assert_eq!(here.reopen(), Err(Fault::Absent));
    assert!(far.status().unwrap().alarms.no_signal);

    line.plug_in(End::Near);
    assert_eq!(here.read(&mut [0; 16]), Err(Fault::Lost), "not by itself");
    assert_eq!(near.status(), Err(Fault::Lost));
    near.reopen().unwrap();
    here.reopen().unwrap();
    messages.reopen().unwrap();
    assert!(near.status().unwrap().alarms.is_clear() && far.status().unwrap().alarms.is_clear());
    heard(&mut *there);
    assert_eq!(carry(&line, &mut *here, &mut *there, &[5; 16]), [5; 16]);
}

#[test]
fn a_channel_is_open_once_and_for_what_it_is() {
    let (_line, mut near, _far) = e1();
    let first = near.open_bearer(Timeslot(1), 160).unwrap();
    assert_eq!(near.open_bearer(Timeslot(1), 160).err(), Some(Fault::Busy));
    drop(first);
    let mut again = near.open_bearer(Timeslot(1), 160).unwrap();
    assert_eq!(again.read(&mut [0; 159]), Err(Fault::Misuse));
    assert_eq!(again.write(&[0; 161]), Err(Fault::Misuse));
    assert_eq!(near.open_bearer(Timeslot(16), 160).err(), Some(Fault::Misuse));
    assert_eq!(near.open_signalling(Timeslot(1)).err(), Some(Fault::Misuse));
    assert_eq!(near.open_bearer(Timeslot(2), 8).err(), Some(Fault::Misuse));
    assert_eq!(near.open_bearer(Timeslot(0), 160).err(), Some(Fault::Absent));
    assert_eq!(near.open_bearer(Timeslot(32), 160).err(), Some(Fault::Absent));
    let mut messages = near.open_signalling(Timeslot(16)).unwrap();
    assert_eq!(messages.send(&[0; LONGEST_FRAME + 1]), Err(Fault::Misuse));
    assert_eq!(messages.receive(&mut [0; 10]), Err(Fault::Misuse));
    assert_eq!(Line::new(Setting::e1(), Setting::t1(), 1).err(), Some(Fault::Misuse));
}

#[test]
fn the_same_seed_has_the_same_faults() {
    let run = |seed| {
        let line = Line::new(Setting::t1(), Setting::t1(), seed).unwrap();
        let (mut near, mut far) = (line.end(End::Near, "near"), line.end(End::Far, "far"));
        let (mut here, mut there) = bearers(&mut near, &mut far, 3);
        line.bit_errors(End::Near, 1e-3);
        carry(&line, &mut *here, &mut *there, &[0; 8_000])
    };
    assert_eq!(run(5), run(5));
    assert_ne!(run(5), run(6));
}

#[test]
fn an_end_that_is_set_up_anew_keeps_its_kind_and_nothing_of_it_may_be_open() {
    let (line, mut near, _far) = e1();
    let alone = Setting { signalling: Vec::new(), ..Setting::e1() };
    assert_eq!(line.open(End::Near, "near", Setting::t1()).err(), Some(Fault::Misuse));
    let channel = near.open_bearer(Timeslot(1), 40).unwrap();
    assert_eq!(line.open(End::Near, "near", alone.clone()).err(), Some(Fault::Busy));
    drop(channel);
    let mut anew = line.open(End::Near, "near", alone.clone()).unwrap();
    assert_eq!(anew.facts().bearers().count(), 31);
    anew.open_bearer(Timeslot(16), 40).unwrap();
    line.pull_out(End::Near);
    assert_eq!(line.open(End::Near, "near", alone).err(), Some(Fault::Absent));
}

#[test]
fn what_passed_while_a_line_rested_is_not_made_up_for() {
    let (line, mut near, mut far) = e1();
    let (_here, mut there) = bearers(&mut near, &mut far, 1);
    let began = Instant::now();
    line.turn(began);
    line.turn(began + Duration::from_millis(4));
    assert_eq!(heard(&mut *there).len(), 32);
    line.rest();
    let later = began + Duration::from_secs(3_600);
    line.turn(later);
    line.turn(later + Duration::from_millis(2));
    assert_eq!(heard(&mut *there).len(), 16);
}
