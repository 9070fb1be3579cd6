//! `make bench-dsp`: what 20 ms of every block cost, beside its peer in the same run.
//!
//! `cargo bench -p media-dsp --bench dsp -- [WORD...]` runs the rows whose name holds one of the words.
//! A figure is the CPU time of this thread, the best of several turns that ours and the peers take one
//! after another, so that a busy machine is busy for all.

#![allow(missing_docs, dead_code, unsafe_code, clippy::unwrap_used, clippy::indexing_slicing)]
#![allow(clippy::approx_constant)] // 3.14 is dBm0.

#[path = "../../tests/echo/css.rs"]
mod css;
#[path = "../../tests/echo/line.rs"]
mod line;
#[path = "../../tests/echo/models.rs"]
mod models;
#[path = "../../tests/oracle/mod.rs"]
mod oracle;
#[path = "../../tests/echo/quality.rs"]
mod quality;

mod amrwb;
mod denoise;
mod dtmf;
mod echo;
mod fsk;
mod g711;
mod g722;
mod g7231;
mod g726;
mod g729;
mod gsm;
mod mix;
mod opus;
mod plc;
mod resample;
mod silence;
mod tone;

use rustix::time::{ClockId, clock_gettime};
use std::env;
use std::fs;

/// Runs rows and keeps them for the table.
pub(crate) struct Bench {
    words: Vec<String>,
    rows: Vec<String>,
}

/// What a row has to reach.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// So many nanoseconds for 20 ms.
    Nanos(f64),
    /// This part of the first peer's time.
    OfPeer(f64),
    /// Nothing is asked.
    Stated,
}

/// A rival: its name, and what it does with the same material.
pub(crate) type Peer<'a> = (&'a str, &'a mut dyn FnMut());

impl Bench {
    /// Whether this was asked for.
    pub(crate) fn wants(&self, what: &str) -> bool {
        self.words.is_empty() || self.words.iter().any(|word| what.contains(word))
    }

    /// Times `ours` and the peers; `frames`: how many times 20 ms of one channel a call works off.
    pub(crate) fn row(
        &mut self,
        what: &str,
        goal: Goal,
        frames: usize,
        ours: &mut dyn FnMut(),
        peers: &mut [Peer<'_>],
    ) {
        if !self.wants(what) {
            return;
        }
        let mut best = vec![f64::INFINITY; 1 + peers.len()];
        for _ in 0..TURNS {
            best[0] = best[0].min(time(ours, frames));
            for (place, (_, peer)) in peers.iter_mut().enumerate() {
                best[place + 1] = best[place + 1].min(time(*peer, frames));
            }
        }
        let mine = best[0];
        let goal = match goal {
            Goal::Nanos(nanos) => format!("{nanos:.0} ns"),
            Goal::OfPeer(part) => format!("{part} of {}", peers.first().map_or("?", |it| it.0)),
            Goal::Stated => String::new(),
        };
        let others = peers.iter().zip(&best[1..]);
        let names: Vec<_> =
            others.clone().map(|((name, _), ns)| format!("{name} {ns:.0}")).collect();
        let ratios: Vec<_> = others.map(|(_, ns)| format!("{:.2}", mine / ns)).collect();
        let (names, ratios) = (names.join(", "), ratios.join(", "));
        let channels = 20e6 / mine;
        let row = format!("| {what} | {goal} | {mine:.0} | {channels:.0} | {names} | {ratios} |");
        println!("{row}");
        self.rows.push(row);
    }
}

fn time(work: &mut dyn FnMut(), frames: usize) -> f64 {
    let mut times = 1;
    loop {
        let before = cpu();
        for _ in 0..times {
            work();
        }
        let spent = cpu() - before;
        if spent >= LEAST || times > 1 << 20 {
            return spent / (times * frames) as f64;
        }
        times *= 2;
    }
}

/// Nanoseconds that this thread ran.
fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

fn main() {
    let words = env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let mut bench = Bench { words, rows: Vec::new() };
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name\t: ")).unwrap_or("?");
    let level = media_dsp::arch::Level::current().name();
    println!("{model}, level {level}\n");
    println!("| 20 ms of | goal | ns | channels a core | peers, ns | ratio |");
    println!("| --- | --- | --- | --- | --- | --- |");
    run(&mut bench);
}

/// Every block, in the order of the table.
fn run(bench: &mut Bench) {
    g711::run(bench);
    g722::run(bench);
    g726::run(bench);
    gsm::run(bench);
    g729::run(bench);
    g7231::run(bench);
    amrwb::run(bench);
    opus::run(bench);
    resample::run(bench);
    mix::run(bench);
    denoise::run(bench);
    plc::run(bench);
    silence::run(bench);
    dtmf::run(bench);
    tone::run(bench);
    fsk::run(bench);
    echo::run(bench);
}

/// Turns of each contestant.
const TURNS: usize = 5;
/// Nanoseconds that a turn takes at least.
const LEAST: f64 = 20e6;
