//! A conference: everybody hears all others, and only who is loud enough costs anything.
//!
//! A [`Room`] works in ticks of 20 ms. First it is told how loud everybody is, as far as that shows
//! without decoding ([`Level`]); from that it gives the floor to the loudest few. Only they are
//! decoded, and each of them hears the sum without its own voice. All others hear the same sum at
//! their rate, so that it is worked out and encoded once for all of them.
//!
//! Members speak and hear at 8, 16, 32 or 48 kHz. There is a sum for each rate in use, and voices
//! are brought to the other rates, not the sums: who hears a voice of its own rate hears its very
//! samples. Where voices add up beyond full scale, all are turned down together for a moment.
//!
//! A room reads no clock and allocates only when somebody joins.
//!
//! ```
//! use media::mixer::{Level, Room, TICK};
//! use media_dsp::resample::Rate;
//!
//! let mut room = Room::new();
//! let [alice, bob] = [(); 2].map(|()| room.join(Rate::Hz8000).unwrap());
//! let (voice, mut heard) = ([1_000_i16; 160], [0_i16; 160]);
//! assert_eq!(voice.len(), TICK.samples(Rate::Hz8000));
//! for _ in 0..2 {
//!     room.begin();
//!     room.expect(alice, Level::of(&voice));
//!     room.choose();
//!     assert!(room.has_floor(alice));
//!     room.say(alice, &voice);
//!     room.mix();
//!     room.hear(bob, &mut heard);
//! }
//! assert_eq!(heard, voice);
//! room.hear(alice, &mut heard);
//! assert_eq!(heard, [0; 160]);
//! ```

mod chair;
mod floor;
mod level;
mod limiter;
mod presence;
mod sum;

pub use level::Level;
pub use sum::TICK;

use chair::Chair;
use floor::Floor;
use media_dsp::resample::Rate;
use presence::Presence;
use sum::Sum;

/// A member of a room, until it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(u16);

/// One conference: 16 kB, 39 for each rate in use, 41 for each way between two of them, and 24
/// octets for every member.
#[derive(Debug)]
pub struct Room {
    members: Vec<Option<Member>>,
    /// Who speaks; each member points back to its chair.
    chairs: [Chair; CHAIRS],
    /// One for each rate that a member has.
    sums: [Option<Box<Sum>>; Rate::ALL.len()],
    floor: Floor,
}

/// Somebody in the room.
#[derive(Debug)]
struct Member {
    rate: Rate,
    presence: Presence,
    chair: Option<u8>,
}

impl Room {
    /// With nobody in it.
    pub fn new() -> Self {
        Self {
            members: Vec::new(),
            chairs: std::array::from_fn(|_| Chair::new()),
            sums: [const { None }; Rate::ALL.len()],
            floor: Floor::default(),
        }
    }

    /// Lets somebody in, who speaks and hears at this rate; nothing when the room is full
    /// ([`MOST_MEMBERS`]).
    pub fn join(&mut self, rate: Rate) -> Option<Place> {
        let free = self.members.iter().position(Option::is_none);
        let place = free.unwrap_or(self.members.len());
        let number = u16::try_from(place).ok().filter(|it| *it < MOST_MEMBERS)?;
        if free.is_none() {
            self.members.push(None);
        }
        let member = Member { rate, presence: Presence::default(), chair: None };
        *self.members.get_mut(place)? = Some(member);
        self.provide(rate);
        Some(Place(number))
    }

    /// Lets a member go.
    pub fn leave(&mut self, place: Place) {
        let Some(member) = self.members.get_mut(usize::from(place.0)).and_then(Option::take) else {
            return;
        };
        if let Some(chair) = member.chair {
            self.rise(chair);
        }
        self.floor.forget(place);
        let used = self.members.iter().flatten().any(|it| it.rate == member.rate);
        if let Some(sum) = self.sums.get_mut(member.rate as usize).filter(|_| !used) {
            *sum = None;
        }
    }

    /// How many are in the room.
    pub fn len(&self) -> usize {
        self.members.iter().flatten().count()
    }

    /// Whether nobody is in the room.
    pub fn is_empty(&self) -> bool {
        self.members.iter().all(Option::is_none)
    }

    /// Nobody hears a member that is muted; it still hears the others.
    pub fn mute(&mut self, place: Place, muted: bool) {
        if let Some(member) = self.member(place) {
            member.presence.muted = muted;
        }
    }

    /// Makes a member louder by so many decibels, -66 to 24; less is nothing at all.
    pub fn set_gain(&mut self, place: Place, decibels: i8) {
        if let Some(member) = self.member(place) {
            member.presence.set_gain(decibels);
        }
    }

    /// Begins a tick: nobody has said anything yet.
    pub fn begin(&mut self) {
        for member in self.members.iter_mut().flatten() {
            member.presence.begin();
        }
        for chair in &mut self.chairs {
            chair.begin();
        }
    }

    /// How loud a member is in this tick; who is not told of is silent.
    pub fn expect(&mut self, place: Place, level: Level) {
        if let Some(member) = self.member(place) {
            member.presence.expect(level);
        }
    }

    /// Gives the floor to the loudest. In a room of no more than [`SPEAKERS`] everybody has it.
    pub fn choose(&mut self) {
        let members = self.members.iter_mut().zip(0..);
        let present = members.filter_map(|(it, n)| Some((Place(n), &mut it.as_mut()?.presence)));
        self.floor.choose(present);
        for number in 0..self.members.len() {
            self.seat(number);
        }
    }

    /// Whether a member is to be decoded, for [`Self::say`]: it has the floor, or is on its way
    /// off.
    pub fn has_floor(&self, place: Place) -> bool {
        self.members
            .get(usize::from(place.0))
            .is_some_and(|it| it.as_ref().is_some_and(|it| it.chair.is_some()))
    }

    /// What a member says. It is heard if the member has the floor.
    ///
    /// `pcm`: 20 ms at the member's rate, linear 16-bit; samples that lack are silence.
    pub fn say(&mut self, place: Place, pcm: &[i16]) {
        let Some(Some(member)) = self.members.get(usize::from(place.0)) else { return };
        if let Some(chair) = member.chair.and_then(|it| self.chairs.get_mut(usize::from(it))) {
            chair.say(pcm);
        }
    }

    /// Adds up what was said. Afterwards everybody may [hear](Self::hear) it.
    pub fn mix(&mut self) {
        for member in self.members.iter_mut().flatten() {
            let Some(number) = member.chair else { continue };
            let Some(chair) = self.chairs.get_mut(usize::from(number)) else { continue };
            chair.fade(member.rate, member.presence.wanted_gain());
        }
        for (sum, rate) in self.sums.iter_mut().zip(Rate::ALL) {
            let Some(sum) = sum else { continue };
            sum.begin();
            for (number, chair) in self.chairs.iter_mut().enumerate() {
                chair.bring_to(rate, |pcm| sum.add(number, pcm));
            }
            sum.mix();
        }
        self.release();
    }

    /// What a member hears: all but itself.
    ///
    /// `out`: 20 ms at the member's rate, linear 16-bit. Of another length it stays as it is.
    pub fn hear(&mut self, place: Place, out: &mut [i16]) {
        let Some(Some(member)) = self.members.get(usize::from(place.0)) else { return };
        let Some(Some(sum)) = self.sums.get_mut(member.rate as usize) else { return };
        sum.hear(member.chair.map(usize::from), out);
    }

    /// What all say, at this rate: what everybody hears who does not have the floor.
    ///
    /// `out`: 20 ms, linear 16-bit. It stays as it is when nobody in the room has this rate, or its
    /// length is another.
    pub fn hear_all(&mut self, rate: Rate, out: &mut [i16]) {
        if let Some(Some(sum)) = self.sums.get_mut(rate as usize) {
            sum.hear(None, out);
        }
    }

    /// Who speaks most of the time, which changes only when somebody else has clearly been louder
    /// for a while; nobody after two seconds of silence.
    pub fn active_speaker(&self) -> Option<Place> {
        self.floor.active()
    }

    fn member(&mut self, place: Place) -> Option<&mut Member> {
        self.members.get_mut(usize::from(place.0))?.as_mut()
    }

    /// Has what a rate needs before anybody speaks.
    fn provide(&mut self, rate: Rate) {
        let sum = self.sums.get_mut(rate as usize);
        if let Some(sum @ None) = sum {
            *sum = Some(Box::new(Sum::new(rate)));
        }
        let used = |it: &Rate| self.members.iter().flatten().any(|member| member.rate == *it);
        for other in Rate::ALL.into_iter().filter(used).filter(|it| *it != rate) {
            for chair in &mut self.chairs {
                chair.provide(rate, other);
                chair.provide(other, rate);
            }
        }
    }

    /// Gives a member that was chosen a chair.
    fn seat(&mut self, number: usize) {
        let Some(Some(member)) = self.members.get_mut(number) else { return };
        if member.chair.is_some() || !member.presence.is_chosen() {
            return;
        }
        let mut free = self.chairs.iter_mut().zip(0..);
        if let Some((chair, number)) = free.find(|(it, _)| it.is_free()) {
            chair.take(member.rate);
            member.chair = Some(number);
        }
    }

    /// Who has faded away gives its chair back.
    fn release(&mut self) {
        for number in 0..self.members.len() {
            let Some(Some(member)) = self.members.get_mut(number) else { continue };
            let Some(chair) = member.chair.filter(|_| !member.presence.is_chosen()) else {
                continue;
            };
            if self.chairs.get(usize::from(chair)).is_none_or(Chair::is_faded) {
                member.chair = None;
                self.rise(chair);
            }
        }
    }

    fn rise(&mut self, chair: u8) {
        if let Some(chair) = self.chairs.get_mut(usize::from(chair)) {
            chair.leave();
        }
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::new()
    }
}

/// So many have the floor at most. More who speak at once are not understood anyway.
pub const SPEAKERS: usize = 5;
/// So many fit into a room.
pub const MOST_MEMBERS: u16 = 1_000;
/// Some more than [`SPEAKERS`]: who leaves the floor fades away on its own chair.
const CHAIRS: usize = 8;
