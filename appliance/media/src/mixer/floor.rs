//! Who has the floor: the loudest few, and the one of them who is reported as speaking.

use super::presence::{Presence, QUIET, SILENCE};
use super::{Place, SPEAKERS};

/// The choice of one room.
#[derive(Debug, Default)]
pub(super) struct Floor {
    active: Option<Place>,
    /// Who has been louder than the active speaker, and for how many ticks.
    rival: Option<(Place, u16)>,
    /// For how many ticks nobody has spoken.
    quiet: u16,
}

/// Somebody who may get the floor.
#[derive(Debug, Clone, Copy)]
struct Bid {
    score: i16,
    loudness: i16,
    /// Whether something is said in this very tick.
    speaks: bool,
    place: Place,
}

impl Floor {
    /// Chooses those who are heard in this tick.
    pub(super) fn choose<'a>(&mut self, members: impl Iterator<Item = (Place, &'a mut Presence)>) {
        let mut best: [Option<(Bid, &mut Presence)>; SPEAKERS] = [const { None }; SPEAKERS];
        // With seats for all, nobody has to be loud to get one.
        let mut left_out = false;
        self.quiet = self.quiet.saturating_add(1);
        for (place, presence) in members {
            let loudness = presence.settle();
            if Some(place) == self.active && loudness >= SPOKEN {
                self.quiet = 0;
            }
            let favour = if presence.is_chosen() { FAVOUR } else { 0 };
            presence.choose(false);
            if !presence.is_audible() {
                continue;
            }
            let (score, speaks) = (loudness + favour, presence.speaks());
            let mut next = Some((Bid { score, loudness, speaks, place }, presence));
            for slot in &mut best {
                let score = |it: &Option<(Bid, &mut Presence)>| it.as_ref().map(|(it, _)| it.score);
                if score(&next) > score(slot) {
                    std::mem::swap(slot, &mut next);
                }
            }
            left_out |= next.is_some();
        }
        let mut loudest = None;
        for (bid, presence) in best.into_iter().flatten() {
            presence.choose(!left_out || bid.score >= AUDIBLE);
            if loudest.is_none_or(|it: Bid| bid.loudness > it.loudness) {
                loudest = Some(bid);
            }
        }
        self.follow(loudest);
    }

    /// Somebody left.
    pub(super) fn forget(&mut self, place: Place) {
        self.active = self.active.filter(|it| *it != place);
        self.rival = self.rival.filter(|(it, _)| *it != place);
    }

    pub(super) fn active(&self) -> Option<Place> {
        self.active
    }

    /// Reports another speaker when it was the loudest for a while.
    fn follow(&mut self, loudest: Option<Bid>) {
        if self.quiet >= PAUSE {
            self.active = None;
        }
        let loudest = loudest.filter(|it| it.loudness >= SPOKEN);
        let Some(rival) = loudest.filter(|it| Some(it.place) != self.active) else {
            self.rival = None;
            return;
        };
        // Where nobody has the floor, one of those who speak at once gets it, though none is always louder.
        let nobody = self.active.is_none();
        let ticks = match self.rival {
            Some((place, ticks)) if place == rival.place || nobody => {
                ticks + u16::from(rival.speaks)
            }
            _ => 1,
        };
        self.rival = Some((rival.place, ticks));
        if ticks >= PATIENCE {
            (self.active, self.rival, self.quiet) = (Some(rival.place), None, 0);
        }
    }
}

/// Decibels by which somebody has to be louder than who has the floor.
const FAVOUR: i16 = 6;
/// Softer than -60 dBov is the noise of a room.
const AUDIBLE: i16 = SILENCE as i16 - 60;
/// As loudness.
const SPOKEN: i16 = (SILENCE - QUIET) as i16;
/// Ticks: 400 ms, longer than a cough.
const PATIENCE: u16 = 20;
/// Ticks: 2 s.
const PAUSE: u16 = 100;
