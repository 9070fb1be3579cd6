//! `cargo bench -p tests --bench relay`: what a relayed call costs, beside rtpengine in the same run.
//!
//! Each call is two streams of 50 packets a second, 172 octets each, through the relay and back to
//! this process, which measures how long they took. CPU is user and system time of the relay's
//! process alone, read to the nanosecond. The two relays take turns, so that a busy machine is busy
//! for both.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod browser;
mod lines;
mod load;
mod ours;
mod report;
mod rtpengine;
mod side;
mod speech;
mod voices;
mod way;

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
use way::{Beside, Kind, WAYS};

/// Something that relays calls in a process of its own.
pub(crate) trait Rival {
    fn name(&self) -> &'static str;
    fn pid(&self) -> u32;
    fn set_up(&mut self, calls: &[Call], kind: Kind) -> Vec<Aim>;
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|it| it != "--bench").collect();
    if arguments.first().is_some_and(|first| first == "serve") {
        return ours::serve();
    }
    let word = |name: &str| arguments.iter().skip_while(|it| *it != name).nth(1);
    let number = |name: &str, default: u64| {
        word(name).map_or(default, |value| value.parse().expect("a number"))
    };
    if arguments.first().is_some_and(|first| first == "voices") {
        return voices::main(number("--seconds", 20));
    }
    if arguments.first().is_some_and(|first| first == "lines") {
        return lines::main(number("--seconds", 20));
    }
    let (rounds, seconds) = (number("--rounds", 3), number("--seconds", 6));
    let sizes = |kind| match (number("--calls", 0), kind) {
        (0, Kind::Plain) => vec![100, 300],
        (0, _) => vec![100],
        (calls, _) => vec![calls as usize],
    };
    let beside = !arguments.iter().any(|it| it == "--alone") && rtpengine::is_installed();
    if !beside {
        println!("rtpengine is not run beside (apt-get install rtpengine-daemon)");
    }
    println!("{rounds} rounds of {seconds} s; {}", load::machine());
    let mut table = Vec::new();
    let ways = WAYS.iter().filter(|way| word("--only").is_none_or(|word| way.name.contains(word)));
    for (way, calls) in ways.flat_map(|way| sizes(way.kind).into_iter().map(move |it| (way, it))) {
        let mut outcomes = [Vec::new(), Vec::new()];
        println!("\n{calls} calls: {}", way.name);
        for _ in 0..rounds {
            load::stay_on(RELAY_CORE);
            let mut ours = ours::Ours::start();
            outcomes[0].push(one(&mut ours, way.kind, calls, seconds, way.tick()));
            drop(ours);
            if beside && way.beside != Beside::Nobody {
                let kind = if way.beside == Beside::Plain { Kind::Plain } else { way.kind };
                load::stay_on(RELAY_CORE);
                let mut rival = rtpengine::Rtpengine::start();
                outcomes[1].push(one(&mut rival, kind, calls, seconds, way.tick()));
            }
        }
        table.extend(report::rows(way, calls, &outcomes));
    }
    println!("\n| what | goal | strowger | rtpengine | ratio |\n| --- | --- | --- | --- | --- |");
    for row in table {
        println!("{row}");
    }
}

fn one(rival: &mut dyn Rival, kind: Kind, calls: usize, seconds: u64, tick: Duration) -> Outcome {
    load::stay_on(LOAD_CORE);
    let mut load = Load::new(calls);
    let before = load::memory(rival.pid());
    let aims = rival.set_up(load.calls(), kind);
    load.aim(kind, &aims);
    let mut outcome = load.run(rival.pid(), seconds, tick);
    outcome.memory = (load::memory(rival.pid()) - before) / calls as f64;
    println!("  {:10} {outcome}", rival.name());
    assert!(outcome.is_whole(kind), "{} did not pass on what was said", rival.name());
    outcome
}

/// The relay has one core for itself, whatever the load does on the other.
const RELAY_CORE: usize = 1;
const LOAD_CORE: usize = 0;
