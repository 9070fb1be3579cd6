//! A test of bit errors on a B channel that no call has: the sequence goes out and is looked for in what
//! comes (ITU-T O.150).
//!
//! As much waits to be sent as the channel has room for, so that the thread may be as late as the channel
//! allows; what was late nevertheless is counted apart, as no fault of the line's.

use super::{BEAT, Counts, SILENT, idle};
use board::{Bearer, Event, Fault};
use call::{BertFigures, BertPattern, BertSync, LineLaw};
use media::line::LONGEST;
use std::time::{Duration, Instant};
use tdm::bert::{Checker, Generator, Pattern, Polarity};

/// A test that runs.
pub(super) struct Bert {
    generator: Generator,
    checker: Checker,
    /// What the channel had no room for.
    waiting: Option<[u8; LONGEST]>,
    /// Errors that are still to be put in.
    to_insert: u32,
    inserted: u64,
    late: u64,
    /// When the next of what does not come is due, while there is no channel.
    next: Instant,
    told: BertFigures,
    told_at: Instant,
}

impl Bert {
    pub(super) fn new(pattern: BertPattern, now: Instant) -> Self {
        let pattern = match pattern {
            BertPattern::Bits2047 => Pattern::Bits2047,
            BertPattern::Bits32767 => Pattern::Bits32767,
        };
        Self {
            generator: Generator::new(pattern),
            checker: Checker::new(pattern),
            waiting: None,
            to_insert: 0,
            inserted: 0,
            late: 0,
            next: now,
            told: BertFigures::default(),
            told_at: now,
        }
    }

    /// Turns a bit around in what is sent next.
    pub(super) fn insert_error(&mut self) {
        self.to_insert = self.to_insert.saturating_add(1);
    }

    /// Lets the time pass until now. A channel that is lost meanwhile is given up.
    pub(super) fn turn(
        &mut self,
        bearer: &mut Option<Box<dyn Bearer>>,
        law: LineLaw,
        counts: &mut Counts,
        now: Instant,
    ) {
        let Some(there) = bearer else { return self.wait(law, now) };
        if self.exchange(&mut **there, counts, now).is_err() {
            counts.lost += 1;
            *bearer = None;
        }
    }

    /// Takes all that has come, and gives as much as there is room for.
    fn exchange(
        &mut self,
        bearer: &mut dyn Bearer,
        counts: &mut Counts,
        now: Instant,
    ) -> Result<(), Fault> {
        self.next = now + BEAT;
        bearer.turn(now);
        while let Some(event) = bearer.next_event() {
            match event {
                Event::Underrun => {
                    counts.underrun += 1;
                    self.late += 1;
                }
                Event::Overrun => {
                    counts.overrun += 1;
                    self.late += 1;
                }
                Event::Removed => return Err(Fault::Lost),
                Event::Alarm | Event::AlarmsClear | Event::BadFrame(_) | Event::Other(_) => {}
            }
        }
        let mut heard = [0; LONGEST];
        for _ in 0..MOST_BLOCKS {
            let length = bearer.read(&mut heard)?.min(LONGEST);
            if length == 0 {
                break;
            }
            counts.received += length as u64;
            self.checker.take(heard.get(..length).unwrap_or_default(), |_| {});
        }
        let length = bearer.block().min(LONGEST);
        for _ in 0..MOST_BLOCKS {
            let mut block = [0; LONGEST];
            match self.waiting.take() {
                Some(waiting) => block = waiting,
                None => self.fill(block.get_mut(..length).unwrap_or_default()),
            }
            let sent = bearer.write(block.get(..length).unwrap_or_default())?;
            if sent == 0 {
                self.waiting = Some(block);
                break;
            }
            counts.sent += sent as u64;
        }
        Ok(())
    }

    /// There is no channel: nothing comes in this time.
    fn wait(&mut self, law: LineLaw, now: Instant) {
        // Who was stopped for longer goes on from here.
        if now.saturating_duration_since(self.next) > INTERVAL {
            self.next = now;
        }
        while self.next <= now {
            self.next += BEAT;
            self.checker.take(&[idle(law); SILENT], |_| {});
        }
    }

    /// What was counted, when it is time to tell.
    pub(super) fn poll(&mut self, now: Instant) -> Option<BertFigures> {
        let figures = self.figures();
        let since = now.saturating_duration_since(self.told_at);
        let pressing = figures.sync != self.told.sync || figures.inserted != self.told.inserted;
        if since < INTERVAL && !(pressing && since >= SOONEST) {
            return None;
        }
        (self.told, self.told_at) = (figures, now);
        Some(figures)
    }

    /// What was counted by now.
    pub(super) fn figures(&self) -> BertFigures {
        let totals = self.checker.totals();
        BertFigures {
            sync: match self.checker.polarity() {
                None => BertSync::Searching,
                Some(Polarity::Straight) => BertSync::Found,
                Some(Polarity::Inverted) => BertSync::Inverted,
            },
            bits: totals.bits,
            errors: totals.errors,
            uncompared: totals.uncompared,
            losses: totals.losses,
            slips: totals.slips,
            seconds: totals.seconds,
            errored_seconds: totals.errored_seconds,
            severely_errored_seconds: totals.severely_errored_seconds,
            inserted: self.inserted,
            late: self.late,
        }
    }

    fn fill(&mut self, block: &mut [u8]) {
        self.generator.fill(block);
        if self.to_insert > 0
            && let Some(octet) = block.first_mut()
        {
            *octet ^= 1;
            self.to_insert -= 1;
            self.inserted += 1;
        }
    }
}

/// How often is told what was counted.
const INTERVAL: Duration = Duration::from_secs(1);
/// A line that comes and goes is told of no more often.
const SOONEST: Duration = Duration::from_millis(200);
/// More than any channel has room for.
const MOST_BLOCKS: usize = 64;
