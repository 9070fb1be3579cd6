//! The rows of the table: the middle of all rounds.

use crate::load::Outcome;
use crate::way::{Beside, Kind, Way};

/// One of the figures of a round.
type Figure = fn(&Outcome) -> f64;

/// Ours, and the rival's by which they are judged.
pub(crate) fn rows(way: &Way, calls: usize, outcomes: &[Vec<Outcome>; 2]) -> Vec<String> {
    let unit = if way.beside == Beside::Plain { ", beside plain" } else { "" };
    let of_what = match way.kind {
        Kind::Room(_) => format!("{} members: {}", calls * 2, way.name),
        _ => format!("{calls} calls: {}{unit}", way.name),
    };
    let goal = if way.beside == Beside::Same { "1.0" } else { "" };
    let mut figures: Vec<(&str, &str, Figure)> = vec![
        ("% of a core for a call", way.goal, |it| it.cpu_per_call),
        ("delay p50, ms", "", |it| it.p50),
        ("delay p99, ms", "", |it| it.p99),
        ("delay p99.9, ms", goal, |it| it.p999),
        ("memory for a call, KB", "", |it| it.memory),
    ];
    if matches!(way.kind, Kind::Room(_)) {
        figures = vec![("memory for a member, KB", "", |it| it.memory / 2.0)];
    }
    let row = |(name, goal, what): (&str, &str, Figure)| {
        let [ours, theirs] = [0, 1].map(|at| median(&outcomes[at], what));
        Some(line(name, &of_what, goal, ours?, theirs))
    };
    let mut rows: Vec<String> = figures.into_iter().filter_map(row).collect();
    if matches!(way.kind, Kind::Room(_))
        && let Some(each) = median(&outcomes[0], |it| it.cpu_per_call)
    {
        let all = each * calls as f64;
        rows.insert(0, line("% of a core for all", &of_what, "at most 50", all, None));
    }
    rows
}

fn line(name: &str, of_what: &str, goal: &str, ours: f64, theirs: Option<f64>) -> String {
    let [theirs, ratio] = match theirs {
        Some(theirs) => [format!("{theirs:.3}"), format!("{:.2}", ours / theirs)],
        None => [String::new(), String::new()],
    };
    format!("| {of_what}: {name} | {goal} | {ours:.3} | {theirs} | {ratio} |")
}

fn median(of: &[Outcome], what: Figure) -> Option<f64> {
    let mut values: Vec<f64> = of.iter().map(what).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
