//! Which spans there are, and where: cards that DAHDI knows, ends of simulated lines.

use super::alarms::kind;
use super::line::Line;
use board::dahdi::{Card, Driver, Found};
use board::sheet::{Kind, Port};
use board::sim::{self, End};
use board::{Fault, LineKind, Setting, Sheet, Span, Status};
use call::{SpanFacts, SpanId};
use std::path::Path;

/// Where a span is.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// A card's, by the name that its driver has for it.
    Card {
        driver: Driver,
        name: String,
    },
    End {
        line: sim::Line,
        end: End,
    },
}

/// Finds the spans that a fact sheet speaks of.
pub(super) struct Finder {
    drivers: Vec<Driver>,
    /// The simulated lines, whose time somebody has to tell them.
    pub(super) simulated: Vec<sim::Line>,
    said: Option<Fault>,
}

impl Place {
    /// Sets the span up.
    pub(super) fn open(&self, name: &str, setting: Setting) -> Result<Box<dyn Span>, Fault> {
        Ok(match self {
            Self::Card { driver, name } => Box::new(Card::open(driver, name, setting)?),
            Self::End { line, end } => Box::new(line.open(*end, name, setting)?),
        })
    }

    /// How the span stands that is not set up; nothing where its card does not look at its line.
    pub(super) fn look(&self, name: &str) -> Result<Option<Status>, Fault> {
        match self {
            Self::Card { driver, name } => Card::look(driver, name),
            Self::End { line, end } => line.end(*end, name).status().map(Some),
        }
    }

    fn is_card(&self) -> bool {
        matches!(self, Self::Card { .. })
    }
}

impl Finder {
    /// Both ends of each simulated line are there at once; cards are looked for.
    pub(super) fn new(sheet: &Sheet) -> (Self, Vec<Line>) {
        let mut finder = Self { drivers: Vec::new(), simulated: Vec::new(), said: None };
        let mut lines = Vec::new();
        for port in &sheet.spans {
            match port {
                Port::Dahdi { devices } => finder.drivers.push(Driver::new(Path::new(devices))),
                Port::Sim { label, line } => finder.simulate(label, *line, &mut lines),
            }
        }
        (finder, lines)
    }

    fn simulate(&mut self, label: &str, line: Kind, lines: &mut Vec<Line>) {
        let setting = match line {
            Kind::E1 => Setting::e1(),
            Kind::T1 => Setting::t1(),
        };
        let (kind, chance) = (setting.kind(), self.simulated.len() as u64);
        // Fails only for ends of two kinds.
        let Ok(line) = sim::Line::new(setting.clone(), setting, chance) else { return };
        for (end, name) in [(End::Near, label.to_owned()), (End::Far, format!("{label} far end"))] {
            let place = Place::End { line: line.clone(), end };
            add(lines, place, name, "simulated line".to_owned(), kind);
        }
        self.simulated.push(line);
    }

    /// Whether cards may come that are not there yet, or come back.
    pub(super) fn expects(&self, lines: &[Line]) -> bool {
        let mut cards = lines.iter().filter(|line| line.place.is_card()).peekable();
        !self.drivers.is_empty() && (cards.peek().is_none() || cards.any(Line::is_lost))
    }

    /// Looks for cards; whether there is anything new.
    pub(super) fn look(&mut self, lines: &mut Vec<Line>) -> bool {
        let mut new = false;
        for driver in &self.drivers {
            if let Err(fault) = Driver::number_spans(Path::new("/sys")) {
                tracing::debug!(%fault, "spans of cards are not numbered");
            }
            match driver.spans() {
                Ok(found) => {
                    for span in found {
                        new |= meet(lines, driver, span);
                    }
                    self.said = None;
                }
                Err(fault) => {
                    if self.said != Some(fault) {
                        tracing::info!("no cards for lines: {fault}");
                    }
                    self.said = Some(fault);
                }
            }
        }
        new
    }
}

/// Whether this span is new, or not what it was.
fn meet(lines: &mut Vec<Line>, driver: &Driver, found: Found) -> bool {
    let Some(of) = found.kind else { return false };
    let known =
        |line: &&mut Line| matches!(&line.place, Place::Card { name, .. } if *name == found.name);
    if let Some(line) = lines.iter_mut().find(known) {
        let facts =
            SpanFacts { description: found.description, kind: kind(of), ..line.facts.clone() };
        let changed = line.facts != facts;
        line.facts = facts;
        return changed;
    }
    let cards = lines.iter().filter(|line| line.place.is_card()).count();
    let taken = |name: &String| lines.iter().any(|line| line.facts.name == *name);
    let mut names = (cards + 1..).map(|number| format!("line {number}"));
    let Some(name) = names.find(|name| !taken(name)) else { return false };
    let place = Place::Card { driver: driver.clone(), name: found.name };
    add(lines, place, name, found.description, of)
}

/// Gives a span its place among all; whether there was one.
fn add(
    lines: &mut Vec<Line>,
    place: Place,
    name: String,
    description: String,
    of: LineKind,
) -> bool {
    let Some(span) = u8::try_from(lines.len()).ok().filter(|span| *span < MOST) else {
        tracing::warn!("{name} is one line too many: there is room for {MOST}");
        return false;
    };
    let simulated = !place.is_card();
    let facts = SpanFacts { span: SpanId(span), name, description, kind: kind(of), simulated };
    lines.push(Line::new(facts, place));
    true
}

/// Spans of a box ([`SpanId`]).
const MOST: u8 = 64;
