//! `cargo bench -p tests --bench relay`: what a relayed call costs, beside rtpengine in the same run.
//!
//! Each call is two streams of 50 packets a second, 172 octets each, through the relay and back to
//! this process, which measures how long they took. CPU is user and system time of the relay's
//! process alone, read to the nanosecond. The two relays take turns, so that a busy machine is busy
//! for both.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod load;
mod ours;
mod rtpengine;
mod voices;

// The thread under test is part of the daemon's binary; its own tests run there.
#[allow(dead_code, unused_imports)]
#[path = "../../../appliance/daemon/src"]
mod daemon {
    pub(crate) mod media_worker;
    pub(crate) mod priority;
}

use load::{Aim, Call, Load, Outcome};
use std::env;
use std::time::Duration;

/// Something that relays calls in a process of its own.
pub(crate) trait Rival {
    fn name(&self) -> &'static str;
    fn pid(&self) -> u32;
    /// Relays calls, of which the A sides may be encrypted.
    fn set_up(&mut self, calls: &[Call], encrypted: bool) -> Vec<Aim>;
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "serve") {
        return ours::serve();
    }
    let number = |name: &str, default: u64| {
        let value = arguments.iter().skip_while(|it| *it != name).nth(1);
        value.map_or(default, |value| value.parse().expect("a number"))
    };
    if arguments.first().is_some_and(|first| first == "voices") {
        return voices::main(number("--seconds", 20));
    }
    let (rounds, seconds) = (number("--rounds", 3), number("--seconds", 6));
    let calls: Vec<usize> = match number("--calls", 0) {
        0 => vec![100, 300],
        calls => vec![calls as usize],
    };
    let beside = !arguments.iter().any(|it| it == "--alone") && rtpengine::is_installed();
    if !beside {
        println!("rtpengine is not run beside (apt-get install rtpengine-daemon)");
    }
    println!("{rounds} rounds of {seconds} s; {}", load::machine());
    let mut table = Vec::new();
    for (way, goal, tick, encrypted) in WAYS {
        for calls in &calls {
            let mut outcomes = [Vec::new(), Vec::new()];
            println!("\n{calls} calls, {way}");
            for _ in 0..rounds {
                load::stay_on(RELAY_CORE);
                outcomes[0].push(one(&mut ours::Ours::start(), *calls, seconds, tick, encrypted));
                if beside {
                    load::stay_on(RELAY_CORE);
                    let mut rival = rtpengine::Rtpengine::start();
                    outcomes[1].push(one(&mut rival, *calls, seconds, tick, encrypted));
                }
            }
            table.extend(report(&outcomes, &format!("{calls} calls, {way}"), goal));
        }
    }
    println!("\n| what | goal | strowger | rtpengine | ratio |\n| --- | --- | --- | --- | --- |");
    for row in table {
        println!("{row}");
    }
}

fn one(
    rival: &mut dyn Rival,
    calls: usize,
    seconds: u64,
    tick: Duration,
    encrypted: bool,
) -> Outcome {
    load::stay_on(LOAD_CORE);
    let mut load = Load::new(calls);
    let to = rival.set_up(load.calls(), encrypted);
    load.aim(&to);
    let outcome = load.run(rival.pid(), seconds, tick);
    println!("  {:10} {outcome}", rival.name());
    outcome
}

/// One of the figures of a round.
type Figure = fn(&Outcome) -> f64;

/// The middle of all rounds, and where both ran, ours by theirs: the rows of the table.
fn report(outcomes: &[Vec<Outcome>; 2], of_what: &str, goal: &'static str) -> Vec<String> {
    let median = |of: &[Outcome], what: Figure| {
        let mut values: Vec<f64> = of.iter().map(what).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    let figures: [(&str, &str, Figure); 4] = [
        ("% of a core for a call", goal, |it| it.cpu_per_call),
        ("delay p50, ms", "", |it| it.p50),
        ("delay p99, ms", "1.0", |it| it.p99),
        ("delay p99.9, ms", "1.0", |it| it.p999),
    ];
    let row = |(name, goal, what): (&str, &str, Figure)| {
        let ours = median(&outcomes[0], what)?;
        let theirs = median(&outcomes[1], what);
        let [theirs, ratio] = match theirs {
            Some(theirs) => [format!("{theirs:.3}"), format!("{:.2}", ours / theirs)],
            None => [String::new(), String::new()],
        };
        Some(format!("| {name}: {of_what} | {goal} | {ours:.3} | {theirs} | {ratio} |"))
    };
    figures.into_iter().filter_map(row).collect()
}

/// How packets come (as from many phones, or as from one sender with a coarse clock), the goal for
/// what they cost, and whether one side of each call is encrypted.
const WAYS: [(&str, &str, Duration, bool); 3] = [
    ("packets spread evenly", "0.55", Duration::from_nanos(1), false),
    ("packets in bursts every millisecond", "0.55", Duration::from_millis(1), false),
    ("SRTP to plain, packets in bursts every millisecond", "0.7", Duration::from_millis(1), true),
];
/// The relay has one core for itself, whatever the load does on the other.
const RELAY_CORE: usize = 1;
const LOAD_CORE: usize = 0;
