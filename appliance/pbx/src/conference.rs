//! Conferences: who is in which room, and what they hear. Whoever is alone hears music.

use crate::call::{Call, State};
use crate::calls::Pbx;
use crate::serve::{Served, Stage};
use call::{CallId, Conference, Decibels, LegCommand, LegId, Member, Moderation, Voice};
use config::{Config, FeatureId};

impl Pbx {
    /// The conferences in which somebody is, by their ids.
    pub fn conferences(&self, config: &Config) -> Vec<Conference> {
        self.rooms.keys().map(|room| self.conference(*room, config)).collect()
    }

    /// One conference; without members when nobody is in it.
    pub fn conference(&self, room: FeatureId, config: &Config) -> Conference {
        let feature = config.features.get(&room);
        let calls = self.rooms.get(&room).into_iter().flatten();
        let mut members: Vec<Member> = calls.filter_map(|id| self.call(*id)?.member(*id)).collect();
        members.sort_by_key(|member| (member.since, member.call));
        let first = members.first().and_then(|member| self.call(member.call));
        let tenant = feature.map(|it| it.tenant.0).or(first.map(|call| call.record.tenant));
        Conference {
            id: room.0,
            tenant: tenant.unwrap_or_default(),
            number: feature.map(|it| it.number.to_string()).unwrap_or_default(),
            name: feature.map(|it| it.name.clone()).unwrap_or_default(),
            members,
        }
    }

    /// The next conference that has changed since somebody asked.
    pub fn poll_conference(&mut self) -> Option<FeatureId> {
        self.untold_rooms.pop_first()
    }

    /// Whether a call is in a conference.
    pub fn is_in(&self, room: FeatureId, id: CallId) -> bool {
        self.rooms.get(&room).is_some_and(|calls| calls.contains(&id))
    }

    /// From now on a member is heard otherwise.
    pub fn moderate(&mut self, id: CallId, moderation: Moderation) {
        let Some(Call { state: State::Served(served), .. }) = self.calls.get_mut(&id) else {
            return;
        };
        let Stage::Meeting { room, muted, gain, .. } = &mut served.stage else { return };
        *muted = moderation.muted.unwrap_or(*muted);
        let most = Moderation::MOST_GAIN;
        *gain = moderation.gain.map_or(*gain, |gain| Decibels(gain.clamp(-most, most)));
        self.untold_rooms.insert(*room);
        let (leg, command) = (served.leg, served.stage.manner());
        if let Some(command) = command {
            self.say(id, leg, command);
        }
    }

    /// A call went into a room or left one: all who are there hear what they should.
    pub(crate) fn moved(&mut self, id: CallId, from: Option<FeatureId>, to: Option<FeatureId>) {
        if from == to {
            return;
        }
        if let Some(from) = from
            && let Some(calls) = self.rooms.get_mut(&from)
        {
            calls.remove(&id);
            if calls.is_empty() {
                self.rooms.remove(&from);
            }
        }
        if let Some(to) = to {
            self.rooms.entry(to).or_default().insert(id);
        }
        for room in [from, to].into_iter().flatten() {
            self.untold_rooms.insert(room);
            self.let_hear_room(room);
        }
    }

    fn let_hear_room(&mut self, room: FeatureId) {
        let Some(calls) = self.rooms.get(&room) else { return };
        let voice = if calls.len() == 1 { Voice::Music } else { Voice::Room(room.0) };
        let told: Vec<(CallId, LegId)> = calls
            .iter()
            .filter_map(|id| {
                let Some(Call { state: State::Served(served), .. }) = self.calls.get_mut(id) else {
                    return None;
                };
                let differs = std::mem::replace(&mut served.voice, voice) != voice;
                differs.then_some((*id, served.leg))
            })
            .collect();
        for (id, leg) in told {
            self.say(id, leg, LegCommand::Serve(voice));
        }
    }
}

impl Call {
    fn member(&self, id: CallId) -> Option<Member> {
        let State::Served(Served { leg, stage, .. }) = &self.state else { return None };
        let Stage::Meeting { since, muted, gain, .. } = stage else { return None };
        let party = self.party_of(*leg);
        let held = self.record.held;
        let (muted, gain) = (*muted, gain.0);
        Some(Member { call: id, party, since: *since, talking: false, held, muted, gain })
    }
}
