//! All short interleavings of two ends: any frame is delivered or lost in any order of the two
//! directions, any owner speaks at any time, and a timer runs out when the wire is empty, because LAPD
//! relies on answers that are faster than T200 (Q.921 §5.9).

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use super::super::super::{Counters, Link, Params, Role};
use super::super::Input;
use super::two_ends::{Owner, epoch};

/// Two ends and what lies between them. All happens at one instant, so that equal situations are
/// equal values: timers are told to run out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    links: [Link; 2],
    owners: [Owner; 2],
    /// What each of them sent and the other did not get yet.
    ways: [VecDeque<Vec<u8>>; 2],
    /// How many messages each owner still has.
    left: [u8; 2],
    /// How often the owners may still interfere.
    whims: u8,
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Deliver,
    Lose,
    Expire,
    Speak,
    Reset,
    Release,
    Busy(bool),
}

const ACTS: [Act; 8] = [
    Act::Deliver,
    Act::Lose,
    Act::Expire,
    Act::Speak,
    Act::Reset,
    Act::Release,
    Act::Busy(true),
    Act::Busy(false),
];

impl World {
    fn new(left: [u8; 2], whims: u8) -> World {
        let params =
            Params { n200: 1, k: 2, queue: 2, t200: Duration::from_secs(1), ..Params::default() };
        let mut world = World {
            links: [Role::User, Role::Network].map(|role| Link::new(role, params, epoch())),
            owners: [Owner::default(), Owner::default()],
            ways: [VecDeque::new(), VecDeque::new()],
            left,
            whims,
        };
        for side in 0..2 {
            world.links[side].handle(Input::PhysicalUp, epoch());
        }
        world
    }

    fn is_wire_empty(&self) -> bool {
        self.ways.iter().all(VecDeque::is_empty)
    }

    /// The same situation after this side did this, if it can.
    fn after(&self, side: usize, act: Act) -> Option<World> {
        let mut next = self.clone();
        let link = &mut next.links[side];
        match act {
            Act::Deliver => {
                let frame = next.ways[1 - side].pop_front()?;
                link.handle(Input::Frame(&frame), epoch());
            }
            Act::Lose => {
                next.ways[1 - side].pop_front()?;
            }
            Act::Expire => {
                link.poll_timeout().filter(|_| self.is_wire_empty())?;
                link.expire(epoch());
            }
            Act::Speak => {
                if self.left[side] == 0 || !link.phase().is_up() || link.waiting() >= 2 {
                    return None;
                }
                next.left[side] -= 1;
                link.handle(Input::Send(vec![next.owners[side].next]), epoch());
                next.owners[side].next += 1;
            }
            Act::Reset | Act::Release | Act::Busy(_) => {
                next.whims = self.whims.checked_sub(1)?;
                link.handle(
                    match act {
                        Act::Reset => Input::Reset,
                        Act::Release => Input::Release,
                        Act::Busy(busy) => Input::OwnBusy(busy),
                        _ => return None,
                    },
                    epoch(),
                );
            }
        }
        next.hear(side);
        (next != *self).then_some(next)
    }

    fn hear(&mut self, side: usize) {
        let peer = self.owners[1 - side].clone();
        let frames = self.owners[side].hear(&mut self.links[side], &peer);
        self.ways[side].extend(frames);
        self.links[side].counters = Counters::default();
    }

    /// From here on nothing is lost: the ends come to rest, established, with all that is due.
    fn settles(&self) {
        let mut world = self.clone();
        for side in 0..2 {
            world.links[side].handle(Input::OwnBusy(false), epoch());
            world.hear(side);
            if !world.links[side].phase().is_up() {
                world.links[side].handle(Input::Establish, epoch());
                world.hear(side);
            }
        }
        for _ in 0..60 {
            while let Some(side) = (0..2).find(|side| !world.ways[1 - side].is_empty()) {
                world = world.after(side, Act::Deliver).unwrap_or_else(|| panic!("{world:?}"));
            }
            let at_rest = |link: &Link| link.phase().number() == 7 && link.waiting() == 0;
            if world.links.iter().all(at_rest) {
                world.owners[0].settled(&world.owners[1]);
                world.owners[1].settled(&world.owners[0]);
                return;
            }
            // Timers run out one after the other; those that only watch a quiet line are last.
            let urgent = |side: &usize| {
                let link = &world.links[*side];
                (link.phase().number() == 7 && link.waiting() == 0, link.poll_timeout())
            };
            let running = (0..2).filter(|side| world.links[*side].poll_timeout().is_some());
            let side = running.min_by_key(urgent).unwrap_or_else(|| panic!("no timer: {world:?}"));
            world = world.after(side, Act::Expire).unwrap_or(world);
        }
        panic!("the ends never come to rest: {world:?}\nfrom {self:?}");
    }
}

/// Looks at all that can follow in so many acts, each situation once; says how many there were.
fn explore(start: World, depth: usize) -> usize {
    let mut seen = HashSet::from([start.clone()]);
    let mut border = vec![start];
    for _ in 0..depth {
        let mut next = Vec::new();
        for world in &border {
            for (side, act) in (0..2).flat_map(|side| ACTS.map(|act| (side, act))) {
                let Some(after) = world.after(side, act) else { continue };
                if seen.insert(after.clone()) {
                    after.settles();
                    next.push(after);
                }
            }
        }
        border = next;
    }
    println!("{} situations", seen.len());
    seen.len()
}

/// Both ends up, nothing on the wire.
fn established(left: [u8; 2], whims: u8) -> World {
    let mut world = World::new(left, whims + 1);
    world = world.after(0, Act::Reset).unwrap();
    while let Some(side) = (0..2).find(|side| !world.ways[1 - side].is_empty()) {
        world = world.after(side, Act::Deliver).unwrap();
    }
    assert!(world.links.iter().all(|link| link.phase().number() == 7));
    world
}

#[test]
fn all_ways_to_send_messages_over_a_lossy_wire() {
    assert!(explore(established([2, 1], 0), 16) > 1000);
}

#[test]
fn all_ways_to_set_up_and_end_a_link_over_a_lossy_wire() {
    assert!(explore(World::new([1, 1], 3), 10) > 1000);
}

#[test]
fn all_ways_to_interfere_with_a_link_that_is_up() {
    assert!(explore(established([2, 1], 2), 8) > 1000);
}
