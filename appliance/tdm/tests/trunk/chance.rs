//! Calls, requests, outages, alarms, restarts and closed channels as chance has it, from seeds that are
//! printed: whatever happens, every call ends with a cause, and both sides come to rest and agree.

use std::time::Duration;

use tdm::q931::call::{Misuse, Request};
use tdm::q931::dialect::Dialect;
use tdm::q931::element::{CauseValue, Number};
use tdm::q931::interface::{CallId, Channel, Params, Scope, Standing};
use tdm::q931::message::{Message, MessageKind};
use tdm::q931::timers::Side;
use tdm::trunk::{Direction, Layer, Line};

use crate::life::nfas;
use crate::pair::{BOTH, Pair};
use crate::wire::Trouble;

const BAD: Trouble = Trouble { lost: 20, doubled: 40, spoilt: 200, jitter: 15 };

fn euro(side: Side) -> Params {
    Params::of(side, Dialect::EuroIsdn, (1..=15).collect())
}

fn qsig(side: Side) -> Params {
    Params {
        restarts_at_first: true,
        owner_clears: true,
        ..Params::of(side, Dialect::Qsig, (1..=10).collect())
    }
}

struct Play {
    pair: Pair,
    /// How many calls were placed.
    placed: usize,
    answered: usize,
    outages: usize,
    /// What hangs until it is mended: one end has an alarm, a D channel is cut.
    fails: bool,
}

impl Play {
    fn run(of: fn(Side) -> Params, bits: bool, seed: u64) -> Play {
        eprintln!("seed {seed}");
        let mut pair = Pair::new(of, bits, seed);
        pair.trouble = BAD;
        pair.run(Duration::from_secs(3));
        let mut play = Play { pair, placed: 0, answered: 0, outages: 0, fails: false };
        while play.answered < CALLS {
            play.act();
            let pause = play.pair.chance.below(if bits { 60 } else { 300 });
            play.pair.run(Duration::from_millis(pause));
            play.pair.assert_sound();
        }
        play.end();
        play
    }

    fn side(&mut self) -> Side {
        self.pair.chance.pick(&BOTH)
    }

    fn call(&mut self, side: Side) -> Option<CallId> {
        let calls = self.pair.end(side).trunk.describe().calls;
        let calls: Vec<_> = calls.iter().map(|call| call.call).collect();
        (!calls.is_empty()).then(|| self.pair.chance.pick(&calls))
    }

    fn channel(&mut self, side: Side) -> Channel {
        let channels = self.pair.end(side).trunk.describe().channels;
        let channels: Vec<_> = channels.iter().map(|(channel, _)| *channel).collect();
        self.pair.chance.pick(&channels)
    }

    fn act(&mut self) {
        let side = self.side();
        let now = self.pair.now;
        match self.pair.chance.below(1000) {
            0..=249 => self.placed += usize::from(self.pair.call(side, "4711").is_ok()),
            250..=974 => self.ask(side),
            975..=982 => {
                let (channel, gently) = (self.channel(side), self.pair.chance.once_in(2));
                let standing = self.pair.chance.pick(&[
                    Standing::In,
                    Standing::In,
                    Standing::In,
                    Standing::Out,
                ]);
                let trunk = &mut self.pair.end(side).trunk;
                let done = trunk.set_service(channel, standing, gently, now);
                assert!(matches!(done, Ok(()) | Err(Misuse::Restarting)), "{done:?}");
                self.pair.drain();
            }
            983..=988 => {
                let channel = self.channel(side);
                let scope =
                    self.pair.chance.pick(&[Scope::Channel(channel), Scope::Span(channel.span)]);
                self.pair.end(side).trunk.restart(scope, now);
                self.pair.drain();
            }
            989..=991 if !self.fails => self.fail(),
            _ => self.mend(),
        }
    }

    fn ask(&mut self, side: Side) {
        let Some(call) = self.call(side) else { return };
        let request = match self.pair.chance.below(20) {
            0 => Request::AskDigits(Vec::new()),
            1 => Request::Digits { number: Number::unknown("9"), complete: false },
            2..=4 => Request::Proceed(Vec::new()),
            5..=7 => Request::Alert(Vec::new()),
            8..=13 => Request::Answer(Vec::new()),
            14 => Request::Hold,
            15 => Request::Notify(Vec::new()),
            16 => Request::AnswerHold(None),
            17 => Request::Retrieve,
            _ => {
                let cause = self.pair.chance.pick(&[CauseValue::NORMAL, CauseValue::BUSY]);
                let tones = self.pair.chance.once_in(4);
                Request::Disconnect { cause, tones, with: Vec::new() }
            }
        };
        let answers = matches!(request, Request::Answer(_));
        let now = self.pair.now;
        let done = self.pair.end(side).trunk.request(call, request, now);
        self.answered += usize::from(answers && done.is_ok());
        self.pair.drain();
    }

    /// A D channel or one of its directions is cut, or one end or both see an alarm.
    fn fail(&mut self) {
        self.fails = true;
        self.outages += 1;
        let at = self.pair.chance.below(self.pair.ways.len() as u64) as usize;
        let link = self.pair.ways[at].link;
        match self.pair.chance.below(4) {
            0 => self.pair.ways[at].cut = true,
            1 => self.pair.cut(link, true),
            seen => {
                self.pair.cut(link, true);
                let side = self.side();
                self.pair.alarm(side, link.0, true);
                if seen == 3 {
                    self.pair.alarm(side.other(), link.0, true);
                }
            }
        }
        // Some last longer than T309 (90 s).
        let long = self.pair.chance.pick(&[1, 5, 20, 60, 150]);
        self.pair.run(Duration::from_secs(long));
    }

    fn mend(&mut self) {
        self.fails = false;
        self.pair.ways.iter_mut().for_each(|way| way.cut = false);
        for side in BOTH {
            (0..2).for_each(|span| self.pair.alarm(side, span, false));
        }
    }

    /// Everything is mended, every call is ended, every channel opened, and time passes.
    fn end(&mut self) {
        self.mend();
        self.pair.trouble = Trouble::default();
        // A link rests 30 s at most before it is asked for again, and needs T203 to see that it is lost.
        self.pair.run(Duration::from_secs(60));
        for side in BOTH {
            for call in self.pair.end(side).trunk.describe().calls {
                self.pair.hang_up(side, call.call, CauseValue::NORMAL);
            }
        }
        // T316 twice for each of the restarts that wait, T306, T308 twice.
        self.pair.run(Duration::from_secs(600));
        for side in BOTH {
            let now = self.pair.now;
            for (channel, _) in self.pair.end(side).trunk.describe().channels {
                let trunk = &mut self.pair.end(side).trunk;
                trunk.set_service(channel, Standing::In, false, now).expect("it exists");
            }
            self.pair.drain();
        }
        self.pair.run(Duration::from_secs(300));
        self.pair.assert_at_rest();
        for end in [&self.pair.user, &self.pair.network] {
            assert!(end.calls.values().all(Option::is_some), "every call ended with a cause");
        }
    }

    /// It was no quiet afternoon: calls ended as they should on both sides, and the line failed. How often
    /// the two asked each other about what stood.
    fn enquiries(&self) -> usize {
        assert!(self.outages > 0);
        let mut enquiries = 0;
        for end in [&self.pair.user, &self.pair.network] {
            let enquiry = |line: &&Line| {
                line.layer == Layer::Message
                    && line.direction == Direction::Sent
                    && Message::parse(&line.octets).unwrap().0.kind == MessageKind::StatusEnquiry
            };
            enquiries += end.lines.iter().filter(enquiry).count();
            assert!(end.calls.len() >= CALLS);
            let normal = end.calls.values().filter(|cause| **cause == Some(CauseValue::NORMAL));
            assert!(normal.count() > CALLS / 10);
        }
        enquiries
    }
}

/// Answered in one play.
const CALLS: usize = 200;

#[test]
fn every_call_on_a_bad_line_ends_with_a_cause_and_both_sides_agree_at_rest() {
    assert!((1..=6).map(|seed| Play::run(euro, false, seed).enquiries()).sum::<usize>() > 20);
}

#[test]
fn so_it_is_where_the_owner_clears_channels_and_all_restart_at_first() {
    assert!((1..=6).map(|seed| Play::run(qsig, false, seed).enquiries()).sum::<usize>() > 20);
}

#[test]
fn so_it_is_with_two_spans_a_spare_d_channel_and_service_messages() {
    assert!((1..=6).map(|seed| Play::run(nfas, false, seed).enquiries()).sum::<usize>() > 20);
}

#[test]
fn so_it_is_in_the_bits_of_a_timeslot_that_are_spoilt() {
    let play = Play::run(euro, true, 1);
    assert_ne!(play.enquiries(), 0);
    for way in &play.pair.ways {
        let counters = way.counters().expect("bits");
        assert!(counters.bad_checks > 10, "{counters:?}");
        assert!(counters.frames > 1000, "{counters:?}");
    }
}
