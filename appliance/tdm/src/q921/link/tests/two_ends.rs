//! Two links and a wire that harms what it carries. Whatever one owner sends, the other gets once and
//! in order, or the first was told that the link was reset.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use super::super::super::{Link, Output, Params, Role};
use super::super::Input;
use crate::hdlc::{self, Decoder, Encoder};

/// Any instant; the tests count from here.
#[expect(clippy::disallowed_methods, reason = "an instant to begin with; nothing waits for it")]
pub(super) fn epoch() -> Instant {
    static EPOCH: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    *EPOCH.get_or_init(Instant::now)
}

/// What an owner knows: what it sent, and of what it cannot be sure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Owner {
    /// The number of the next message.
    pub(super) next: u8,
    /// Messages whose link was reset or ended: they came or they did not.
    pub(super) unsure: BTreeSet<u8>,
    /// Messages of the other owner, in order.
    pub(super) got: Vec<u8>,
}

impl Owner {
    /// Does what the link of this owner wants, and gives its frames.
    pub(super) fn hear(&mut self, link: &mut Link, peer: &Owner) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        while let Some(output) = link.poll_output() {
            match output {
                Output::Frame(octets) => frames.push(octets),
                Output::Data(data) => self.take(&data, peer),
                Output::Established(_) | Output::Released(_) => {
                    self.unsure.extend(0..self.next);
                }
                Output::Refused(_, data) => {
                    self.unsure.insert(data[0]);
                }
                Output::Error(_) => {}
                Output::Unit(_) => panic!("nobody sent one"),
            }
        }
        frames
    }

    /// A message came: it is later than all before, and what is missing between was told as unsure.
    fn take(&mut self, data: &[u8], peer: &Owner) {
        let [number] = *data else { panic!("no message of the test: {data:02x?}") };
        let expected = self.got.last().map_or(0, |last| last + 1);
        assert!(number >= expected, "{number} again or late, after {:?}", self.got);
        assert!(number < peer.next, "{number} was never sent");
        for missing in expected..number {
            assert!(peer.unsure.contains(&missing), "{missing} was lost without a word");
        }
        self.got.push(number);
    }

    /// Both are at rest: all that this owner may be sure of has arrived.
    pub(super) fn settled(&self, peer: &Owner) {
        for number in 0..self.next {
            let arrived = peer.got.contains(&number) || self.unsure.contains(&number);
            assert!(arrived, "{number} was lost without a word");
        }
    }
}

/// The same numbers for the same seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % limit
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }
}

/// One way of a wire: frames with their check, or the octets of a timeslot.
struct Way {
    under_way: VecDeque<(Instant, Vec<u8>)>,
    encoder: Encoder,
    decoder: Decoder,
}

/// How much harm a wire does, each in percent of frames.
#[derive(Clone, Copy)]
struct Harm {
    lost: u64,
    damaged: u64,
    doubled: u64,
}

const NO_HARM: Harm = Harm { lost: 0, damaged: 0, doubled: 0 };

impl Way {
    fn new() -> Way {
        let params = hdlc::Params::default();
        Way {
            under_way: VecDeque::new(),
            encoder: Encoder::new(&params),
            decoder: Decoder::new(&params),
        }
    }

    /// Puts a frame on the wire, in order; it takes less than half of the shortest T200 of the tests.
    fn carry(&mut self, frame: &[u8], harm: Harm, dice: &mut Dice, now: Instant) {
        if dice.percent(harm.lost) {
            return;
        }
        let earliest = self.under_way.back().map_or(now, |(at, _)| *at);
        let at = earliest.max(now + Duration::from_millis(1 + dice.below(20)));
        self.encoder.offer(frame).unwrap();
        let mut octets = Vec::new();
        while !self.encoder.is_idle() {
            octets.push(self.encoder.pull());
        }
        octets.extend((0..3).map(|_| self.encoder.pull()));
        // A doubled SABME or DISC is more than the protocol bears: it resets one end only.
        let numbered = frame.get(2).is_some_and(|control| control & 3 != 3);
        if numbered && dice.percent(harm.doubled) {
            self.under_way.push_back((at, octets.clone()));
        }
        if dice.percent(harm.damaged) {
            for _ in 0..1 + dice.below(6) {
                let place = dice.below(octets.len() as u64) as usize;
                octets[place] ^= 1 << dice.below(8);
            }
        }
        self.under_way.push_back((at, octets));
    }

    fn next_at(&self) -> Option<Instant> {
        self.under_way.front().map(|(at, _)| *at)
    }

    /// The frames that arrived by now.
    fn arrived(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        while self.next_at().is_some_and(|at| at <= now) {
            let Some((_, octets)) = self.under_way.pop_front() else { break };
            self.decoder.push_all(&octets, |frame| frames.extend(frame.map(<[u8]>::to_vec)));
        }
        frames
    }
}

struct Pair {
    links: [Link; 2],
    owners: [Owner; 2],
    /// From each of them to the other.
    ways: [Way; 2],
    now: Instant,
    dice: Dice,
    harm: Harm,
}

impl Pair {
    fn new(params: [Params; 2], seed: u64, harm: Harm) -> Pair {
        let now = epoch();
        let link = |role, params| {
            let mut link = Link::new(role, params, now);
            link.handle(Input::PhysicalUp, now);
            link
        };
        let [user, network] = params;
        Pair {
            links: [link(Role::User, user), link(Role::Network, network)],
            owners: [Owner::default(), Owner::default()],
            ways: [Way::new(), Way::new()],
            now,
            dice: Dice(seed),
            harm,
        }
    }

    fn hear(&mut self, side: usize) {
        let peer = self.owners[1 - side].clone();
        for frame in self.owners[side].hear(&mut self.links[side], &peer) {
            self.ways[side].carry(&frame, self.harm, &mut self.dice, self.now);
        }
    }

    fn input(&mut self, side: usize, input: Input<'_>) {
        self.links[side].handle(input, self.now);
        self.hear(side);
    }

    /// Lets time go on to then.
    fn run_until(&mut self, end: Instant) {
        loop {
            let timers = self.links.iter().map(Link::poll_timeout);
            let next = timers.chain(self.ways.iter().map(Way::next_at)).flatten().min();
            let Some(next) = next.filter(|at| *at <= end) else { break };
            self.now = self.now.max(next);
            for side in 0..2 {
                for frame in self.ways[1 - side].arrived(self.now) {
                    self.input(side, Input::Frame(&frame));
                }
                self.links[side].handle_timeout(self.now);
                self.hear(side);
            }
        }
        self.now = end;
    }

    /// Something that owners or lines do.
    fn happen(&mut self) {
        let side = self.dice.below(2) as usize;
        match self.dice.below(200) {
            0 => self.input(side, Input::Release),
            1 => self.input(side, Input::Establish),
            2..4 => self.input(side, Input::Reset),
            4 => {
                for side in 0..2 {
                    self.input(side, Input::PhysicalDown);
                }
                self.ways.iter_mut().for_each(|way| way.under_way.clear());
                for side in 0..2 {
                    self.input(side, Input::PhysicalUp);
                }
            }
            5..15 => self.input(side, Input::OwnBusy(true)),
            15..40 => self.input(side, Input::OwnBusy(false)),
            _ if self.owners[side].next < 250 => {
                let number = self.owners[side].next;
                self.owners[side].next += 1;
                self.input(side, Input::Send(vec![number]));
            }
            _ => {}
        }
    }

    fn settle(&mut self) {
        self.harm = NO_HARM;
        for side in 0..2 {
            self.input(side, Input::OwnBusy(false));
            if !self.links[side].phase().is_up() {
                self.input(side, Input::Establish);
            }
        }
        self.run_until(self.now + Duration::from_secs(60));
        for side in 0..2 {
            assert!(self.links[side].phase().is_up(), "{:?}", self.links[side].phase());
            assert_eq!(self.links[side].waiting(), 0);
            self.owners[side].settled(&self.owners[1 - side]);
        }
    }
}

fn run(seed: u64) -> [Owner; 2] {
    let mut dice = Dice(seed ^ 0x5eed);
    let mut params = || Params {
        t200: Duration::from_millis(100 + dice.below(900)),
        t203: Duration::from_millis(1100 + dice.below(9000)),
        n200: 1 + dice.below(4) as u8,
        k: 1 + dice.below(9) as u8,
        queue: 20,
        ..Params::default()
    };
    let params = [params(), params()];
    let harm = Harm { lost: dice.below(30), damaged: dice.below(30), doubled: dice.below(20) };
    let mut pair = Pair::new(params, seed, harm);
    for side in 0..2 {
        pair.input(side, Input::Establish);
    }
    for _ in 0..400 {
        pair.happen();
        let pause = if pair.dice.percent(5) { 5000 } else { 60 };
        let until = pair.now + Duration::from_millis(pair.dice.below(pause));
        pair.run_until(until);
    }
    pair.settle();
    pair.owners
}

#[test]
fn whatever_the_wire_does_messages_come_once_and_in_order_or_a_reset_is_told() {
    let (mut got, mut unsure) = (0, 0);
    for seed in 0..400 {
        println!("seed {seed}");
        for owner in run(seed) {
            got += owner.got.len();
            unsure += owner.unsure.len();
        }
    }
    println!("{got} messages came, of {unsure} the senders were not sure");
    assert!(got > 20_000, "the test is of no use when next to nothing arrives: {got}");
}

/// A wire that only loses, and not too much: no reset, and nobody is ever unsure.
#[test]
fn losses_are_mended_without_a_reset() {
    for seed in 0..100 {
        println!("seed {seed}");
        let params = Params { n200: 20, ..Params::default() };
        let mut pair = Pair::new([params; 2], seed, NO_HARM);
        pair.input(0, Input::Establish);
        pair.run_until(pair.now + Duration::from_secs(1));
        pair.owners = [Owner::default(), Owner::default()];
        pair.harm = Harm { lost: 20, damaged: 10, doubled: 5 };
        for _ in 0..150 {
            let side = pair.dice.below(2) as usize;
            let number = pair.owners[side].next;
            pair.owners[side].next += 1;
            pair.input(side, Input::Send(vec![number]));
            pair.run_until(pair.now + Duration::from_millis(300));
        }
        pair.settle();
        for side in 0..2 {
            let sent: Vec<u8> = (0..pair.owners[side].next).collect();
            assert_eq!(pair.owners[1 - side].got, sent);
            assert_eq!(pair.links[side].counters().established, 1);
        }
    }
}
