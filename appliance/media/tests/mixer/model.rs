//! The model: whoever was left alone for three ticks, and of whose rate all are, is heard exactly.

use media::mixer::{Place, Room, SPEAKERS, TICK};
use media_dsp::resample::Rate;
use std::collections::BTreeMap;

/// Numbers from a seed: xorshift.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

#[derive(Default)]
pub(crate) struct Model {
    members: BTreeMap<Place, Member>,
    /// Ticks since anything but sound changed.
    calm: u32,
}

struct Member {
    rate: Rate,
    muted: bool,
}

impl Model {
    /// Now and then somebody comes, goes, or is muted.
    pub(crate) fn disturb(&mut self, room: &mut Room, chance: &mut Chance) {
        self.calm += 1;
        let count = self.members.len() as u64;
        match chance.below(24) {
            0 | 1 if count < SPEAKERS as u64 => {
                let rate = [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000][chance.below(3) as usize];
                let place = room.join(rate).unwrap();
                assert!(self.members.insert(place, Member { rate, muted: false }).is_none());
            }
            2 if count > 0 => {
                let place = self.any(chance);
                room.leave(place);
                self.members.remove(&place);
            }
            3 if count > 0 => {
                let place = self.any(chance);
                let member = self.members.get_mut(&place).unwrap();
                member.muted = !member.muted;
                room.mute(place, member.muted);
            }
            _ => return,
        }
        self.calm = 0;
    }

    /// What everybody says, soft enough for all to add up.
    pub(crate) fn voices(&self, tick: usize, chance: &mut Chance) -> Vec<(Place, Vec<i16>)> {
        let voice = |(place, member): (&Place, &Member)| {
            let seed = chance.below(1 << 20) + tick as u64 + 1;
            let mut noise = Chance(seed);
            let sample = |_| noise.below(8_001) as i16 - 4_000;
            (*place, (0..TICK.samples(member.rate)).map(sample).collect())
        };
        self.members.iter().map(voice).collect()
    }

    pub(crate) fn compare(&self, room: &mut Room, voices: &[(Place, Vec<i16>)], at: &str) {
        assert_eq!(room.len(), self.members.len(), "{at}");
        if self.calm < 3 {
            return;
        }
        for (me, member) in &self.members {
            let audible = |place: &Place| place != me && !self.members[place].muted;
            let others: Vec<_> = voices.iter().filter(|(place, _)| audible(place)).collect();
            let mut heard = vec![1; TICK.samples(member.rate)];
            room.hear(*me, &mut heard);
            if others.iter().all(|(place, _)| self.members[place].rate == member.rate) {
                let sum = |n: usize| others.iter().map(|(_, pcm)| pcm[n]).sum();
                assert_eq!(heard, (0..heard.len()).map(sum).collect::<Vec<i16>>(), "{at}, {me:?}");
            } else {
                let power: f64 = heard.iter().map(|it| f64::from(*it).powi(2)).sum();
                assert!(power > 0.0, "{at}, {me:?}");
            }
        }
    }

    fn any(&self, chance: &mut Chance) -> Place {
        *self.members.keys().nth(chance.below(self.members.len() as u64) as usize).unwrap()
    }
}
