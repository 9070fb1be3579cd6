//! Random events against a small reference model: who rings, who talks with whom, who is free.
//!
//! Seeds are printed. `STROWGER_SEED` sets the first, `STROWGER_SEEDS` how many are played, and
//! `STROWGER_EVENTS` how many events of each.

use crate::model::Session::{Ringing, Up};
use config::{Number, TrunkKind};
use sim::{Called, Lab, Phase, Random};
use std::collections::BTreeMap;
use std::time::Duration;

/// One call of one phone: the phone's name and which of its calls.
type End = (String, usize);

/// What the model knows of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Session {
    /// Somebody waits while others ring. `over`: a transfer, and who asked for it, if still there.
    Ringing {
        waits: End,
        rings: Vec<End>,
        of: String,
        through: Vec<String>,
        over: Option<Option<End>>,
    },
    /// Two talk.
    Up { one: End, other: End },
}

/// What the model knows of an extension.
#[derive(Debug, Clone, Default)]
struct Line {
    disturbed: bool,
    always: Option<String>,
    busy: Option<String>,
    away: Option<String>,
}

/// Where a call for a number comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Rings { of: String, phones: Vec<String>, through: Vec<String> },
    Fails(u16),
}

struct World {
    lab: Lab,
    random: Random,
    lines: BTreeMap<String, Line>,
    /// Phones, and whether they are registered.
    phones: BTreeMap<String, bool>,
    sessions: Vec<Session>,
    /// How often each kind of event came to something.
    tally: BTreeMap<&'static str, usize>,
}

#[test]
fn random_events_never_surprise_the_model() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("STROWGER_SEED").unwrap_or(0x5743_4f47);
    let seeds = number("STROWGER_SEEDS").unwrap_or(1);
    let events = usize::try_from(number("STROWGER_EVENTS").unwrap_or(10_000)).unwrap();
    for seed in first..first + seeds {
        println!("STROWGER_SEED={seed} STROWGER_EVENTS={events}");
        play(seed, events);
    }
}

fn play(seed: u64, events: usize) {
    let mut played = 0;
    let mut world = World::new(seed);
    for phase in 1.. {
        let bad_wire = phase % 4 == 0;
        if bad_wire {
            world.plays_badly(60);
        } else {
            world.plays(100);
        }
        played += if bad_wire { 60 } else { 100 };
        world.everybody_hangs_up();
        if played >= events {
            break;
        }
    }
    println!("{:?}", world.tally);
    let kinds = ["call", "answer", "refusal", "giving up", "hang-up", "hold", "transfer", "join"];
    for kind in kinds {
        let times = world.tally.get(kind).copied().unwrap_or(0);
        assert!(times >= events / 1000, "only {times} times: {kind}");
    }
}

impl World {
    fn new(seed: u64) -> Self {
        let numbers = ["201", "202", "203", "204", "205", "206"];
        let mut lab = Lab::new(seed);
        for number in numbers {
            lab.extension(number);
            match number {
                "206" => lab.add_phone_at("206", "[2001:db8::66]:5060", "[2001:db8::10]:5060"),
                number => lab.add_phone(number),
            }
        }
        lab.phone("205").ua().transport = "TCP";
        lab.stop_recording();
        lab.add_phone("203/b");
        let carrier = lab.carrier("carrier", "198.51.100.1:5060", TrunkKind::Static);
        lab.outbound("0.", &[carrier]);
        lab.inbound("+44207946020X", "204");
        let phones: BTreeMap<_, _> =
            numbers.iter().chain(&["203/b"]).map(|name| ((*name).to_owned(), true)).collect();
        for name in phones.keys() {
            lab.phone(name).ua().registration.keeps = false;
            lab.phone(name).ua().registration.expires = 86_400;
            lab.phone(name).registers();
            lab.run_ms(50);
        }
        let lines = numbers.iter().map(|number| ((*number).to_owned(), Line::default())).collect();
        let random = Random::new(seed ^ 0xabcd);
        Self { lab, random, lines, phones, sessions: Vec::new(), tally: BTreeMap::new() }
    }

    /// So many events, each compared with the model.
    fn plays(&mut self, events: usize) {
        for n in 0..events {
            self.event();
            let pause = 150 + u64::try_from(self.random.below(400)).unwrap();
            self.lab.run_ms(pause);
            self.compare();
            if n % 12 == 0 {
                self.listen();
            }
        }
    }

    fn event(&mut self) {
        match self.random.below(30) {
            0..=8 => self.dials(),
            9..=15 => self.answers(),
            16 => self.refuses(486),
            17 => self.refuses(603),
            18 => self.gives_up(),
            19..=21 => self.hangs_up(),
            22 => self.holds(),
            23..=24 => self.transfers(),
            25 => self.joins(),
            26 => self.registers(),
            27..=28 => self.changes_a_line(),
            _ => self.writes(),
        }
    }

    fn note(&mut self, kind: &'static str) {
        *self.tally.entry(kind).or_default() += 1;
    }

    fn any<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        if of.is_empty() { None } else { Some(of[self.random.below(of.len())].clone()) }
    }

    fn any_number(&mut self) -> String {
        let all = ["201", "202", "203", "204", "205", "206", "299", "02079461111"];
        self.any(&all).unwrap().to_owned()
    }

    /// A phone calls if it has no call, or one call, for a transfer.
    fn dials(&mut self) {
        let names: Vec<String> =
            self.phones.keys().cloned().chain(["carrier".to_owned()]).collect();
        let name = self.any(&names).unwrap();
        let live = self.live(&name).len();
        if live > 1 || (live == 1 && self.random.below(3) > 0) {
            return;
        }
        let number = if name == "carrier" { "+442079460200".to_owned() } else { self.any_number() };
        let call = self.lab.phone(&name).dials(&number);
        self.note("call");
        let target = if name == "carrier" { "204".to_owned() } else { number };
        let outcome = self.outcome(&target, Vec::new());
        self.ring((name, call), outcome, None);
    }

    /// The model's router.
    fn outcome(&self, number: &str, mut through: Vec<String>) -> Outcome {
        if number.starts_with('0') {
            return Outcome::Rings {
                of: "outside".to_owned(),
                phones: vec!["carrier".to_owned()],
                through,
            };
        }
        let Some(line) = self.lines.get(number) else { return Outcome::Fails(404) };
        let registered = self
            .phones
            .iter()
            .filter(|(name, registered)| **registered && name.split('/').next() == Some(number));
        let phones: Vec<String> = registered.map(|(name, _)| name.clone()).collect();
        let next = match (&line.always, line.disturbed, phones.is_empty()) {
            (Some(next), _, _) => Some(next),
            (None, true, _) => line.busy.as_ref(),
            (None, false, true) => line.away.as_ref(),
            (None, false, false) => {
                return Outcome::Rings { of: number.to_owned(), phones, through };
            }
        };
        let Some(next) = next else { return Outcome::Fails(480) };
        if through.iter().any(|before| before == number) {
            return Outcome::Fails(482);
        }
        through.push(number.to_owned());
        self.outcome(next, through)
    }

    /// The phones of an outcome ring from now on.
    fn ring(&mut self, waits: End, outcome: Outcome, over: Option<Option<End>>) {
        match outcome {
            Outcome::Rings { of, phones, through } => {
                // Calls appear at the phones in a moment: their places are known already.
                let rings = phones.iter().map(|name| {
                    let next = self.lab.phone(name).ua().calls.len();
                    (name.clone(), next)
                });
                let rings = rings.collect();
                self.sessions.push(Ringing { waits, rings, of, through, over });
            }
            Outcome::Fails(_) => match over {
                Some(Some(transferor)) => {
                    self.sessions.push(Up { one: waits, other: transferor });
                }
                // Who is left alone hears so for a while.
                Some(None) => self.lab.run_ms(4_200),
                None => {}
            },
        }
    }

    fn answers(&mut self) {
        let Some((at, end)) = self.any_ringing() else { return };
        self.lab.phone(&end.0).on(end.1).answers();
        self.note("answer");
        let Ringing { waits, .. } = self.sessions.remove(at) else { return };
        self.sessions.push(Up { one: waits, other: end });
    }

    fn refuses(&mut self, status: u16) {
        let Some((at, end)) = self.any_ringing() else { return };
        self.lab.phone(&end.0).on(end.1).refuses(status);
        self.note("refusal");
        let Ringing { waits, mut rings, of, through, over } = self.sessions.remove(at) else {
            return;
        };
        rings.retain(|ringing| *ringing != end);
        if status == 603 {
            return self.ring(waits, Outcome::Fails(603), over);
        }
        if !rings.is_empty() {
            return self.sessions.push(Ringing { waits, rings, of, through, over });
        }
        let next = self.lines.get(&of).and_then(|line| line.busy.clone());
        let outcome = match next {
            Some(_) if through.contains(&of) => Outcome::Fails(482),
            Some(next) => self.outcome(&next, [through, vec![of]].concat()),
            None => Outcome::Fails(486),
        };
        self.ring(waits, outcome, over);
    }

    fn gives_up(&mut self) {
        let waiting: Vec<usize> = (0..self.sessions.len())
            .filter(|at| matches!(&self.sessions[*at], Ringing { over: None, .. }))
            .collect();
        let Some(at) = self.any(&waiting) else { return };
        let Ringing { waits, .. } = self.sessions.remove(at) else { return };
        self.lab.phone(&waits.0).on(waits.1).cancels();
        self.note("giving up");
    }

    fn hangs_up(&mut self) {
        let Some((at, end)) = self.any_talking() else { return };
        self.lab.phone(&end.0).on(end.1).hangs_up();
        self.note("hang-up");
        self.gone(at, &end);
    }

    /// One that was connected is so no more.
    fn gone(&mut self, at: usize, end: &End) {
        match self.sessions.remove(at) {
            Up { .. } => {}
            Ringing { waits, rings, of, through, over } => {
                // Who asked for a transfer may leave; who is transferred ends everything.
                if waits != *end && over.is_some() {
                    self.sessions.push(Ringing { waits, rings, of, through, over: Some(None) });
                }
            }
        }
    }

    fn holds(&mut self) {
        let Some((at, end)) = self.any_talking() else { return };
        if !matches!(self.sessions[at], Up { .. }) {
            return;
        }
        let held = self.lab.phone(&end.0).on(end.1).talk().direction == "sendonly";
        let mut phone = self.lab.phone(&end.0).on(end.1);
        if held {
            phone.resumes()
        } else {
            phone.holds()
        }
        self.note("hold");
        self.lab.run_ms(200);
    }

    fn transfers(&mut self) {
        let Some((at, end)) = self.any_talking() else { return };
        let Up { one, other } = self.sessions[at].clone() else { return };
        // A carrier does not transfer our people.
        if end.0 == "carrier" {
            return;
        }
        let number = self.any_number();
        self.lab.phone(&end.0).on(end.1).transfers(&number);
        self.note("transfer");
        let stays = if one == end { other } else { one };
        self.sessions.remove(at);
        let outcome = self.outcome(&number, Vec::new());
        self.ring(stays, outcome, Some(Some(end)));
    }

    /// Somebody with two calls connects them.
    fn joins(&mut self) {
        let names: Vec<String> = self.phones.keys().cloned().collect();
        for name in names {
            let mine: Vec<(usize, End, End)> = (0..self.sessions.len())
                .filter_map(|at| match &self.sessions[at] {
                    Up { one, other } if one.0 == name => Some((at, one.clone(), other.clone())),
                    Up { one, other } if other.0 == name => Some((at, other.clone(), one.clone())),
                    Up { .. } | Ringing { .. } => None,
                })
                .collect();
            let [(first, mine_one, far_one), (second, mine_other, far_other)] = mine.as_slice()
            else {
                continue;
            };
            if far_one.0 == name || far_other.0 == name {
                continue;
            }
            self.lab.phone(&name).on(mine_one.1).joins("200", mine_other.1);
            self.note("join");
            let (first, second) = (*first.min(second), *first.max(second));
            self.sessions.remove(second);
            self.sessions.remove(first);
            self.sessions.push(Up { one: far_one.clone(), other: far_other.clone() });
            return;
        }
    }

    fn registers(&mut self) {
        let names: Vec<String> = self.phones.keys().cloned().collect();
        let name = self.any(&names).unwrap();
        let registered = self.phones[&name];
        let mut phone = self.lab.phone(&name);
        if registered {
            phone.unregisters();
        } else {
            phone.ua().registration.expires = 86_400;
            phone.registers();
        }
        self.phones.insert(name, !registered);
        self.lab.run_ms(100);
    }

    fn changes_a_line(&mut self) {
        let numbers: Vec<String> = self.lines.keys().cloned().collect();
        let number = self.any(&numbers).unwrap();
        let others: Vec<String> =
            numbers.iter().filter(|other| **other != number).cloned().collect();
        let target = self.any(&others).unwrap();
        let what = self.random.below(8);
        let line = self.lines.get_mut(&number).unwrap();
        match what {
            0 => line.always = Some(target),
            1 => line.busy = Some(target),
            2 => line.away = Some(target),
            3 => line.disturbed = true,
            _ => *line = Line::default(),
        }
        let line = line.clone();
        let parse = |text: &Option<String>| text.as_ref().map(|text| Number::parse(text).unwrap());
        self.lab.change(&number, |extension| {
            extension.do_not_disturb = line.disturbed;
            extension.forward.always = parse(&line.always);
            extension.forward.busy = parse(&line.busy);
            extension.forward.unreachable = parse(&line.away);
        });
    }

    fn writes(&mut self) {
        let names: Vec<String> = self.phones.keys().cloned().collect();
        let name = self.any(&names).unwrap();
        let number = self.any_number();
        self.lab.phone(&name).writes(&number, "Lunch?");
    }

    fn any_ringing(&mut self) -> Option<(usize, End)> {
        let mut all = Vec::new();
        for (at, session) in self.sessions.iter().enumerate() {
            if let Ringing { rings, .. } = session {
                all.extend(rings.iter().map(|end| (at, end.clone())));
            }
        }
        self.any(&all)
    }

    fn any_talking(&mut self) -> Option<(usize, End)> {
        let mut all = Vec::new();
        for (at, session) in self.sessions.iter().enumerate() {
            match session {
                Up { one, other } => all.extend([(at, one.clone()), (at, other.clone())]),
                Ringing { waits, over: Some(over), .. } => {
                    all.push((at, waits.clone()));
                    all.extend(over.iter().map(|end| (at, end.clone())));
                }
                Ringing { over: None, .. } => {}
            }
        }
        self.any(&all)
    }

    /// The calls that a phone has by the model.
    fn live(&self, name: &str) -> Vec<usize> {
        let ends = self.sessions.iter().flat_map(|session| match session {
            Up { one, other } => vec![one.clone(), other.clone()],
            Ringing { waits, rings, over, .. } => {
                let over = over.clone().flatten();
                rings.iter().cloned().chain([waits.clone()]).chain(over).collect()
            }
        });
        let mut calls: Vec<usize> = ends.filter(|end| end.0 == name).map(|end| end.1).collect();
        calls.sort_unstable();
        calls
    }

    /// Every phone has exactly the calls that the model gives it.
    fn compare(&mut self) {
        for name in self.lab.names() {
            let live = self.lab.phone(&name).live();
            assert_eq!(live, self.live(&name), "calls of {name}; model: {:#?}", self.sessions);
        }
        assert_eq!(self.lab.exchange.figures().calls, self.sessions.len(), "{:#?}", self.sessions);
        for session in self.sessions.clone() {
            let Up { one, other } = session else { continue };
            for end in [one, other] {
                assert_eq!(self.lab.phone(&end.0).on(end.1).phase(), Phase::Up, "{end:?}");
            }
        }
    }

    /// Two that talk hear each other and nobody else.
    fn listen(&mut self) {
        self.lab.run_ms(200);
        let pairs: Vec<(End, End)> = self
            .sessions
            .iter()
            .filter_map(|session| match session {
                Up { one, other } => Some((one.clone(), other.clone())),
                Ringing { .. } => None,
            })
            .collect();
        let count = |lab: &mut Lab, end: &End| lab.phone(&end.0).on(end.1).talk().heard.len();
        let marks: Vec<_> = pairs
            .iter()
            .map(|(one, other)| (count(&mut self.lab, one), count(&mut self.lab, other)))
            .collect();
        self.lab.run_ms(1_300);
        for ((one, other), marks) in pairs.into_iter().zip(marks) {
            let holds = [&one, &other]
                .iter()
                .any(|end| self.lab.phone(&end.0).on(end.1).talk().direction != "sendrecv");
            for (end, far, mark) in [(&one, &other, marks.0), (&other, &one, marks.1)] {
                let heard = self.lab.phone(&end.0).on(end.1).talk().heard[mark..].to_vec();
                assert!(
                    heard.iter().all(|(name, _)| *name == far.0),
                    "{end:?} hears {heard:?}, not {far:?}"
                );
                assert!(holds || !heard.is_empty(), "{end:?} hears nothing of {far:?}");
            }
        }
    }

    /// Events on a bad wire: what happens is anybody's guess, but nothing may be left behind.
    fn plays_badly(&mut self, events: usize) {
        self.lab.wire.loss = 80;
        self.lab.wire.doubled = 80;
        self.lab.wire.jitter = Duration::from_millis(30);
        let names: Vec<String> =
            self.phones.keys().cloned().chain(["carrier".to_owned()]).collect();
        for _ in 0..events {
            let name = self.any(&names).unwrap();
            let number = self.any_number();
            let action = self.random.below(10);
            let live = self.lab.phone(&name).live();
            if action == 0 {
                self.lab.breaks_streams_of("205");
            }
            let Some(call) = self.any(&live) else {
                let number = if name == "carrier" { "+442079460200" } else { &number };
                self.lab.phone(&name).dials(number);
                continue;
            };
            let mut phone = self.lab.phone(&name).on(call);
            let talk = phone.talk().clone();
            match (talk.phase, talk.caller, action) {
                (Phase::Ringing, false, 0..=6) => phone.answers(),
                (Phase::Ringing, false, 7) => phone.refuses(486),
                (Phase::Calling | Phase::Ringing, true, 0..=1) => phone.cancels(),
                (Phase::Up, _, 0..=2) => phone.hangs_up(),
                (Phase::Up, _, 3) => phone.holds(),
                (Phase::Up, _, 4) => phone.resumes(),
                (Phase::Up, _, 5..=6) => phone.transfers(&number),
                (Phase::Up, _, 7) => phone.presses('7'),
                _ => {}
            }
            let pause = u64::try_from(self.random.below(1_500)).unwrap();
            self.lab.run_ms(pause);
        }
        self.lab.run_ms(500);
        self.lab.wire.loss = 0;
        self.lab.wire.doubled = 0;
        self.lab.wire.jitter = Duration::ZERO;
        self.lab.run_for(Duration::from_secs(40));
        self.sessions.clear();
    }

    /// The end of a phase: nothing is left, anywhere.
    fn everybody_hangs_up(&mut self) {
        let names = self.lab.names();
        for name in &names {
            self.lab.phone(name).when_called(Called::Refuses(486));
            for call in 0..self.lab.phone(name).ua().calls.len() {
                let mut phone = self.lab.phone(name).on(call);
                let talk = phone.talk().clone();
                match (talk.phase, talk.caller) {
                    (Phase::Up, _) => phone.hangs_up(),
                    (Phase::Calling | Phase::Ringing, true) => phone.cancels(),
                    (Phase::Ringing, false) => phone.refuses(486),
                    (Phase::Calling, false) | (Phase::Over, _) => {}
                }
            }
        }
        self.lab.rest();
        for name in &names {
            assert!(self.lab.phone(name).is_free(), "{name} still has a call");
            self.lab.phone(name).ua().calls.clear();
            self.lab.phone(name).ua().received.clear();
            self.lab.phone(name).when_called(Called::Rings);
        }
        self.lab.forget();
        self.sessions.clear();
        self.resynchronise();
    }

    /// A REGISTER may have been lost on the bad wire.
    fn resynchronise(&mut self) {
        for (name, registered) in self.phones.clone() {
            let mut phone = self.lab.phone(&name);
            if registered {
                phone.ua().registration.expires = 86_400;
                phone.registers();
            } else {
                phone.unregisters();
            }
            self.lab.run_ms(50);
        }
    }
}
