//! The line and the carrier together, and what checks do with calls of both.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use board::dahdi::{Card, Cross, Driver};
use board::{ClockSource, LineKind, Setting, Timeslot};
use tdm::q931::call::{Event, Request};
use tdm::q931::dialect::Dialect;
use tdm::q931::element::{Cause, CauseValue, Element};
use tdm::q931::interface::{self, CallId, Offer, Setup, Wish};
use tdm::q931::timers::Side;

use crate::asterisk::{Asterisk, Told};
use crate::at;
use crate::line::Line;

/// Both ends of a line whose spans are made and set up.
pub(crate) struct Bed {
    pub(crate) line: Line,
    pub(crate) asterisk: Asterisk,
    pub(crate) dialect: Dialect,
    pub(crate) kind: LineKind,
    settings: PathBuf,
    of_line: &'static str,
}

/// How a line is set.
pub(crate) struct Variant {
    /// The file of Asterisk's settings.
    pub(crate) line: &'static str,
    /// What we are.
    pub(crate) side: Side,
    pub(crate) dialect: Dialect,
    pub(crate) kind: LineKind,
}

impl Bed {
    /// Makes two spans, Asterisk's and ours, each the other's far end; Asterisk's is the clock.
    pub(crate) fn open(driver: &Driver, settings: &Path, of: &Variant) -> Result<Bed, String> {
        let setting = match of.kind {
            LineKind::E1 => Setting::e1(),
            LineKind::T1 => Setting::t1(),
        };
        let name = |end| cross(of.kind, end).create(driver, of.kind).map_err(at("create"));
        let (theirs, ours) = (name(0)?, name(1)?);
        let clock = Setting { clock: ClockSource::Own, ..setting.clone() };
        // Asterisk opens the channels of a span that is set up; it needs no program of the driver's.
        Card::open(driver, &theirs, clock).map_err(at("their span"))?;
        let card = Card::open(driver, &ours, setting).map_err(at("our span"))?;
        let slots = of.kind.timeslots().map(|Timeslot(slot)| slot);
        let d_channel = if of.kind == LineKind::E1 { 16 } else { 24 };
        let channels = slots.filter(|slot| *slot != d_channel).collect();
        let mut interface = interface::Params::of(of.side, of.dialect, channels);
        // Asterisk takes the first channel that is free.
        interface.selection = interface::Selection::Descending;
        interface.owner_clears = true;
        let asterisk = Asterisk::start(settings, of.line)?;
        let line = Line::open(card, interface)?;
        let (settings, of_line) = (settings.to_owned(), of.line);
        Ok(Bed { line, asterisk, dialect: of.dialect, kind: of.kind, settings, of_line })
    }

    /// Asterisk dies, and is started again.
    pub(crate) fn start_anew(&mut self) -> Result<(), String> {
        self.asterisk.kill()?;
        self.asterisk = Asterisk::start(&self.settings, self.of_line)?;
        Ok(())
    }

    /// Ends both, and takes the spans away.
    pub(crate) fn close(self, driver: &Driver) -> Result<(), String> {
        self.asterisk.stop()?;
        drop(self.line.close());
        for end in [0, 1] {
            cross(self.kind, end).destroy(driver).map_err(at("destroy"))?;
        }
        Ok(())
    }

    /// Works until this is so.
    pub(crate) fn until<T>(
        &mut self,
        what: &str,
        mut so: impl FnMut(&mut Bed) -> Option<T>,
    ) -> Result<T, String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let mut busy = self.line.turn()?;
            busy |= self.asterisk.turn()?;
            if let Some(found) = so(self) {
                return Ok(found);
            }
            if Instant::now() > until {
                return Err(format!("in vain: {what}"));
            }
            if !busy {
                sleep(Duration::from_millis(1));
            }
        }
    }

    /// Works for a while.
    pub(crate) fn run(&mut self, long: Duration) -> Result<(), String> {
        let until = Instant::now() + long;
        self.until("time", |_| (Instant::now() >= until).then_some(()))
    }

    /// What Asterisk's dialplan tells under this name.
    pub(crate) fn told(&mut self, name: &str) -> Result<Told, String> {
        let fits = |told: &Told| told.get("UserEvent").map(String::as_str) == Some(name);
        self.until(name, |bed| bed.asterisk.take(fits))
    }

    /// The next event of a call that this knows what to do with; those before it are forgotten.
    pub(crate) fn event<T>(
        &mut self,
        call: CallId,
        what: &str,
        wanted: impl Fn(&Event) -> Option<T>,
    ) -> Result<T, String> {
        self.until(what, |bed| {
            while let Some(at) = bed.line.events.iter().position(|(other, _)| *other == call) {
                let (_, event) = bed.line.events.remove(at);
                if let Some(found) = wanted(&event) {
                    return Some(Ok(found));
                }
                if let Event::Ended { cause, .. } = event {
                    return Some(Err(format!("not {what}, but the end of the call: {cause}")));
                }
            }
            None
        })?
    }

    pub(crate) fn setup(&mut self, with: Vec<Element>) -> Result<CallId, String> {
        let mut elements = vec![self.dialect.speech().into()];
        elements.extend(with);
        let setup = Setup { with: elements, channel: Wish::Next };
        self.line.trunk.setup(setup, Instant::now()).map_err(|refused| format!("{refused:?}"))
    }

    /// Calls a number, all digits at once.
    pub(crate) fn dial(&mut self, digits: &str) -> Result<CallId, String> {
        let called = Element::CalledNumber(self.dialect.number(digits));
        let complete = self.dialect.habits().sending_complete.then_some(Element::SendingComplete);
        self.setup([Some(called), complete].into_iter().flatten().collect())
    }

    /// Calls a number, and is answered.
    pub(crate) fn reach(&mut self, digits: &str) -> Result<CallId, String> {
        let call = self.dial(digits)?;
        self.answered(call)?;
        Ok(call)
    }

    pub(crate) fn answered(&mut self, call: CallId) -> Result<(), String> {
        self.event(call, "an answer", |event| matches!(event, Event::Answered(_)).then_some(()))
    }

    pub(crate) fn request(&mut self, call: CallId, request: Request) -> Result<(), String> {
        let asked = format!("{request:?}");
        let done = self.line.trunk.request(call, request, Instant::now());
        done.map_err(|misuse| format!("{asked}: {misuse:?}"))
    }

    pub(crate) fn hang_up(&mut self, call: CallId, cause: CauseValue) -> Result<(), String> {
        self.request(call, Request::Disconnect { cause, tones: false, with: Vec::new() })?;
        self.ended(call).map(|_| ())
    }

    pub(crate) fn ended(&mut self, call: CallId) -> Result<Cause, String> {
        self.event(call, "an end of the call", |event| match event {
            Event::Ended { cause, .. } => Some(cause.clone()),
            _ => None,
        })
    }

    /// Lets Asterisk call this number, and do what this extension says when it is answered.
    pub(crate) fn let_call(&mut self, number: &str, does: &str) -> Result<(), String> {
        let channel = format!("DAHDI/g1/{number}");
        let with = [
            ("Channel", channel.as_str()),
            ("Context", "does"),
            ("Exten", does),
            ("Priority", "1"),
            ("Timeout", "60000"),
            ("CallerID", "\"Carrier\" <8921999>"),
            ("Async", "true"),
        ];
        self.asterisk.send("Originate", &with).map(|_| ())
    }

    /// Lets Asterisk's dialplan call this number from a number of this `PLAN` that is `SHOWN` or not, and
    /// tell how it ends.
    pub(crate) fn let_dial(&mut self, number: &str, shown: &str) -> Result<(), String> {
        let variables = format!("DIAL=DAHDI/g1/{number},CALLING=8921555,NAME=Bert,{shown}");
        let with = [
            ("Channel", "Local/call@out/n"),
            ("Context", "does"),
            ("Exten", "2000"),
            ("Priority", "1"),
            ("Timeout", "60000"),
            ("Variable", &variables),
            ("Async", "true"),
        ];
        self.asterisk.send("Originate", &with).map(|_| ())
    }

    /// The next call that Asterisk offers.
    pub(crate) fn offered(&mut self) -> Result<(CallId, Offer), String> {
        self.until("a call", |bed| {
            let offered = |(_, event): &(_, _)| matches!(event, Event::Offered(_));
            let at = bed.line.events.iter().position(offered)?;
            let (call, event) = bed.line.events.remove(at);
            let Event::Offered(offer) = event else { return None };
            Some((call, *offer))
        })
    }

    /// Takes the next call that Asterisk offers, and is told that the answer arrived.
    pub(crate) fn accept(&mut self) -> Result<CallId, String> {
        let (call, _) = self.offered()?;
        self.request(call, Request::Proceed(Vec::new()))?;
        self.request(call, Request::Alert(Vec::new()))?;
        self.request(call, Request::Answer(Vec::new()))?;
        self.until("a call that stands", |bed| bed.stands(call).then_some(()))?;
        Ok(call)
    }

    pub(crate) fn stands(&self, call: CallId) -> bool {
        let calls = self.line.trunk.describe().calls;
        let active = tdm::q931::call::CallState::Active;
        calls.iter().any(|other| other.call == call && other.state == active)
    }

    /// No calls are left here, and none there.
    pub(crate) fn quiet(&mut self) -> Result<(), String> {
        for call in self.line.trunk.describe().calls {
            let request =
                Request::Disconnect { cause: CauseValue::NORMAL, tones: false, with: Vec::new() };
            // One that is ending already may not be asked to.
            let _ = self.line.trunk.request(call.call, request, Instant::now());
        }
        self.until("calls to end", |bed| bed.line.trunk.describe().calls.is_empty().then_some(()))?;
        let until = Instant::now() + PATIENCE;
        while !self.asterisk.command("core show channels count")?.contains("0 active channels") {
            if Instant::now() > until {
                return Err("Asterisk keeps channels".into());
            }
            self.run(Duration::from_millis(50))?;
        }
        self.line.forget();
        self.asterisk.forget();
        Ok(())
    }
}

fn cross(kind: LineKind, end: u8) -> Cross {
    Cross { pair: if kind == LineKind::E1 { 1 } else { 2 }, end }
}

/// For what a machine of real speed does in a second.
const PATIENCE: Duration = Duration::from_secs(30);
