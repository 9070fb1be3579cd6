//! Chance as the owner of both sides, from a seed that is printed: what both know in the end must agree.

use std::collections::BTreeMap;
use std::time::Duration;

use tdm::q931::call::{Event, Request};
use tdm::q931::dialect::Dialect;
use tdm::q931::element::{CauseValue, Number};
use tdm::q931::interface::{CallId, Channel, LinkId, Params, Scope, Standing, Wish};
use tdm::q931::timers::Side;

use crate::pair::{End, Pair, setup};

/// A small generator (xorshift, Marsaglia 2003): the same seed, the same story.
struct Chance(u64);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }

    fn side(&mut self) -> Side {
        if self.below(2) == 0 { Side::User } else { Side::Network }
    }
}

/// What is known of the calls of one side: whether each has ended. The reference model.
#[derive(Default)]
struct Ledger {
    ended: BTreeMap<CallId, bool>,
    read: usize,
}

impl Ledger {
    fn read(&mut self, end: &End) {
        for (call, event) in &end.events[self.read..] {
            match event {
                Event::Offered(_) => {
                    assert_eq!(self.ended.insert(*call, false), None, "offered twice");
                }
                Event::Ended { cause, .. } => {
                    assert!(cause.value.value() > 0);
                    assert_eq!(self.ended.insert(*call, true), Some(false), "ended twice");
                }
                other => assert_eq!(self.ended.get(call), Some(&false), "too late: {other:?}"),
            }
        }
        self.read = end.events.len();
        let open = self.ended.iter().filter(|(_, ended)| !**ended).map(|(call, _)| *call);
        let there: Vec<_> = end.interface.calls().map(|(id, ..)| id).collect();
        assert_eq!(open.collect::<Vec<_>>(), there, "calls that nobody knows, or that are lost");
    }
}

struct Story {
    pair: Pair,
    chance: Chance,
    user: Ledger,
    network: Ledger,
    /// How many calls there were.
    placed: usize,
    answered: usize,
}

impl Story {
    fn new(seed: u64, dialect: Dialect) -> Self {
        let mut chance = Chance::new(seed);
        let channels = 1 + chance.below(5) as u8;
        let exclusive = chance.below(2) == 0;
        let params = |side| {
            let mut params = Params::of(side, dialect, (1..=channels).collect());
            params.exclusive = exclusive;
            params
        };
        let mut pair = Pair::new(params(Side::User), params(Side::Network));
        pair.run(Duration::from_secs(1));
        pair.begin();
        let (user, network) = (Ledger::default(), Ledger::default());
        Self { pair, chance, user, network, placed: 0, answered: 0 }
    }

    fn some_call(&mut self, side: Side) -> Option<CallId> {
        let calls: Vec<_> = self.pair.end(side).interface.calls().map(|(id, ..)| id).collect();
        let count = calls.len() as u64;
        (count > 0).then(|| calls[self.chance.below(count) as usize])
    }

    /// One thing happens; with `harm`, also to the line.
    fn step(&mut self, harm: bool) {
        let side = self.chance.side();
        let now = self.pair.now;
        match self.chance.below(if harm { 20 } else { 16 }) {
            0..=3 => {
                let wishes = [Wish::Next, Wish::Preferred, Wish::Exclusive];
                let mut setup = setup(side, "1");
                setup.channel = wishes[self.chance.below(3) as usize];
                if let Ok(call) = self.pair.end(side).interface.place(setup, now) {
                    self.placed += 1;
                    let ledger = match side {
                        Side::User => &mut self.user,
                        Side::Network => &mut self.network,
                    };
                    ledger.ended.insert(call, false);
                }
            }
            4..=13 => {
                let Some(call) = self.some_call(side) else { return };
                let request = self.request();
                let answers = matches!(request, Request::Answer(_));
                let done = self.pair.end(side).interface.request(call, request, now);
                self.answered += usize::from(answers && done.is_ok());
            }
            14 => {
                let long = Duration::from_millis(self.chance.below(40_000));
                self.pair.run(long);
            }
            15 if harm => {
                let channel = Channel { span: 0, number: 1 + self.chance.below(5) as u8 };
                let scope = match self.chance.below(3) {
                    0 => Scope::All,
                    1 => Scope::Span(0),
                    _ => Scope::Channel(channel),
                };
                self.pair.end(side).interface.restart(scope, now);
            }
            15 => {}
            16 => self.pair.reset(LinkId(0)),
            17 => self.pair.cut(LinkId(0), false),
            18 => self.pair.mend(LinkId(0)),
            _ => {
                let channel = Channel { span: 0, number: 1 + self.chance.below(5) as u8 };
                let standing = [Standing::In, Standing::Out][self.chance.below(2) as usize];
                let gently = self.chance.below(2) == 0;
                let interface = &mut self.pair.end(side).interface;
                let _ = interface.set_service(channel, standing, gently, now);
            }
        }
        self.pair.drain();
        let long = Duration::from_millis(self.chance.below(30));
        self.pair.run(long);
        self.read();
    }

    fn request(&mut self) -> Request {
        let with = Vec::new();
        match self.chance.below(14) {
            0 => Request::AskDigits(with),
            1 => Request::Proceed(with),
            2 => Request::Alert(with),
            3 => Request::Progress {
                progress: tdm::q931::element::Progress::new(tdm::q931::element::Location::USER, 1),
                with,
            },
            4..=6 => Request::Answer(with),
            7 => Request::Digits { number: Number::unknown("2"), complete: false },
            8 => Request::Hold,
            9 => Request::AnswerHold(None),
            10 => Request::Retrieve,
            11 => Request::AnswerRetrieve(None),
            tones => Request::Disconnect { cause: CauseValue::NORMAL, tones: tones == 12, with },
        }
    }

    fn read(&mut self) {
        self.user.read(&self.pair.user);
        self.network.read(&self.pair.network);
    }

    /// Both sides have the same calls on the same channels.
    fn assert_agreement(&mut self) {
        self.pair.run(Duration::from_secs(1));
        while self.pair.is_busy() {
            self.pair.run(Duration::from_millis(1));
        }
        self.read();
        let calls = |end: &End, mirrored: bool| {
            let mut calls: Vec<_> = end
                .interface
                .calls()
                .map(|(_, call, channel)| {
                    let by_user = call.reference().from_originator() != mirrored;
                    (by_user, call.reference().value(), channel)
                })
                .collect();
            calls.sort();
            calls
        };
        assert_eq!(calls(&self.pair.user, false), calls(&self.pair.network, true));
    }

    /// Everybody hangs up, and time passes.
    fn end(&mut self) {
        self.pair.mend(LinkId(0));
        self.pair.run(Duration::from_secs(200));
        for side in [Side::User, Side::Network] {
            let now = self.pair.now;
            let numbers = 1..=5;
            for number in numbers {
                let channel = Channel { span: 0, number };
                let interface = &mut self.pair.end(side).interface;
                let _ = interface.set_service(channel, Standing::In, false, now);
            }
            while let Some(call) = self.some_call(side) {
                let (cause, with) = (CauseValue::NORMAL, Vec::new());
                let request = Request::Disconnect { cause, tones: false, with };
                let now = self.pair.now;
                self.pair.end(side).interface.request(call, request, now).expect("fits");
                self.pair.drain();
                self.pair.run(Duration::from_secs(1));
            }
        }
        self.pair.run(Duration::from_secs(300));
        self.read();
        assert!(self.user.ended.values().chain(self.network.ended.values()).all(|ended| *ended));
        self.pair.assert_at_rest();
    }
}

/// The seeds that are told in every run; how many calls there were.
fn tell(seeds: std::ops::Range<u64>, harm: bool) -> (usize, usize) {
    let dialects = [Dialect::EuroIsdn, Dialect::Ni2, Dialect::Qsig, Dialect::Ess5];
    let (mut placed, mut answered) = (0, 0);
    for seed in seeds {
        println!("seed {seed}");
        let mut story = Story::new(seed, dialects[seed as usize % dialects.len()]);
        for number in 0..150 {
            story.step(harm);
            if !harm && number % 10 == 0 {
                story.assert_agreement();
            }
        }
        story.end();
        placed += story.placed;
        answered += story.answered;
    }
    (placed, answered)
}

#[test]
fn both_sides_agree_about_every_call_and_channel_while_nothing_is_lost() {
    let (placed, answered) = tell(0..200, false);
    assert!(placed > 3_000 && answered > 500, "{placed} {answered}");
}

#[test]
fn both_sides_come_to_rest_whatever_happens_to_the_line() {
    let (placed, answered) = tell(1_000..1_200, true);
    assert!(placed > 1_500 && answered > 200, "{placed} {answered}");
}
