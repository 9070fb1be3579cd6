//! How long sound waits, and for how long after the reason for it is gone.

use crate::network::{Call, Chance, ms, seconds, speech};
use media::jitter::Settings;
use std::time::Duration;

/// Packets are late by chance.
struct Network {
    chance: Chance,
    /// Microseconds that they are late at most.
    most: u64,
    /// Whether one may overtake another.
    overtaking: bool,
    /// When the last one arrives.
    last: u64,
}

impl Network {
    fn takes(&mut self, sent: u64) -> Option<u64> {
        let takes = ms(30) + self.chance.below(self.most + 1);
        if self.overtaking {
            return Some(takes);
        }
        self.last = self.last.max(sent * ms(20) + takes);
        Some(self.last - sent * ms(20))
    }
}

#[test]
fn a_calm_network_is_waited_for_less_than_two_packets() {
    let mut call = Call::new(Settings::default());
    let statistics = call.run(seconds(30), speech, |_| Some(ms(30)));
    println!("{statistics:?}");
    assert!(statistics.delay <= Duration::from_millis(35), "{statistics:?}");
    assert_eq!(statistics.concealed_samples, 0);
}

#[test]
fn jitter_that_steps_from_20_to_120_ms_settles_in_2_s_and_is_forgotten_in_10() {
    for (pull, overtaking) in [(20, false), (10, false), (20, true), (10, true)] {
        for seed in 1..=10 {
            let chance = Chance::new(seed);
            let mut network = Network { chance, most: ms(20), overtaking, last: 0 };
            let mut call = Call::new(Settings::default());
            call.pull = ms(pull);
            let calm = call.run(seconds(20), speech, |sent| network.takes(sent));
            network.most = ms(120);
            let step = call.run(seconds(2), speech, |sent| network.takes(sent));
            let rough = call.run(seconds(18), speech, |sent| network.takes(sent));
            network.most = ms(20);
            let gone = call.run(seconds(10), speech, |sent| network.takes(sent));
            let what = format!("{pull} ms, overtaking: {overtaking}, seed {seed}");
            println!(
                "{what}: calm {:?} {} step {:?} {} rough {:?} {} late {} gone {:?} {:?} {}",
                calm.delay,
                calm.concealed_samples,
                step.delay,
                step.concealed_samples,
                rough.delay,
                rough.concealed_samples,
                rough.late,
                gone.delay,
                gone.target,
                gone.concealed_samples,
            );
            assert_eq!(rough.concealed_samples, step.concealed_samples, "{what}: not settled");
            assert!(gone.delay < Duration::from_millis(60), "{what}: {gone:?}");
        }
    }
}

#[test]
fn a_stall_of_a_second_leaves_little_delay_after_5_s() {
    for delivered in [true, false] {
        for pull in [10, 20] {
            let mut call = Call::new(Settings::default());
            call.pull = ms(pull);
            let before = call.run(seconds(20), speech, |_| Some(ms(30)));
            let mut sent_in_stall = 0;
            call.run(seconds(1), speech, |_| {
                let left = ms(1_000).saturating_sub(ms(20) * sent_in_stall);
                sent_in_stall += 1;
                delivered.then_some(ms(30) + left)
            });
            let mut least = Duration::MAX;
            for second in 1..=5 {
                let after = call.run(seconds(1), speech, |_| Some(ms(30)));
                println!("delivered {delivered} {second} s: {after:?}");
                least = after.delay;
            }
            assert!(least <= before.delay + Duration::from_millis(200), "{least:?}");
        }
    }
}

#[test]
fn a_network_that_holds_its_packets_every_second_is_waited_for() {
    for held in [80, 150, 250] {
        let mut call = Call::new(Settings::default());
        // The packets of so many milliseconds come at once, at their end.
        let takes = |sent: u64| Some(ms(30) + ms(held).saturating_sub(sent % 50 * ms(20)));
        let early = call.run(seconds(4), speech, takes);
        let late = call.run(seconds(60), speech, takes);
        println!("{held}: {early:?}\n{late:?}");
        assert_eq!(late.concealed_samples, early.concealed_samples, "{held}");
        assert!(late.delay <= Duration::from_millis(held + 45), "{held}: {late:?}");
    }
}

#[test]
fn what_happens_once_is_not_waited_for() {
    // One packet is overtaken by ten, or ten are held up by one.
    for holds in [1, 11] {
        let mut call = Call::new(Settings::default());
        call.run(seconds(20), speech, |_| Some(ms(30)));
        let once = call.run(seconds(3), speech, |sent| {
            let late = 11_u64.saturating_sub(sent.wrapping_sub(1_010)) * 20;
            Some(ms(30) + if sent.wrapping_sub(1_010) < holds { ms(late) } else { 0 })
        });
        println!("{holds}: {once:?}");
        assert!(once.target <= Duration::from_millis(90), "{holds}: {once:?}");
        assert!(once.concealed_samples > 0, "{holds}: {once:?}");
        let after = call.run(seconds(7), speech, |_| Some(ms(30)));
        assert!(after.delay <= Duration::from_millis(40), "{holds}: {after:?}");
    }
}

#[test]
fn a_player_that_is_late_now_and_then_changes_nothing() {
    let mut chance = Chance::new(8);
    let mut call = Call::new(Settings::default());
    call.player_late =
        Box::new(move || if chance.permille(100) { chance.below(ms(90)) } else { 0 });
    call.run(seconds(20), speech, |_| Some(ms(30)));
    let before = call.buffer.statistics();
    let after = call.run(seconds(100), speech, |_| Some(ms(30)));
    println!("{before:?}\n{after:?}");
    assert_eq!(after.concealed_samples, 0);
    assert_eq!(after.compressed_samples, before.compressed_samples);
    assert_eq!(after.stretched_samples, before.stretched_samples);
}

#[test]
fn a_clock_that_drifts_for_an_hour_is_followed() {
    for (ppm, pull) in [(200.0, 20), (-200.0, 20), (200.0, 10), (-200.0, 10)] {
        let mut call = Call::new(Settings::default());
        call.pull = ms(pull);
        call.interval = 20_000.0 * (1.0 + ppm / 1e6);
        let mut most = Duration::ZERO;
        for _ in 0..60 {
            let statistics = call.run(seconds(60), speech, |_| Some(ms(30)));
            most = most.max(statistics.delay);
            call.heard.clear();
            call.what.clear();
        }
        let statistics = call.buffer.statistics();
        println!("{ppm} ppm: most {most:?} {statistics:?}");
        assert_eq!(statistics.concealed_samples, 0, "{ppm}: {statistics:?}");
        assert!(most < Duration::from_millis(110), "{ppm}: {most:?}");
    }
}
