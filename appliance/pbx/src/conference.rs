//! Conferences: who is in which room, and what they hear. Whoever is alone hears music.

use crate::call::{Call, Pbx, State};
use crate::serve::{Served, Stage};
use call::{CallId, Conference, LegCommand, LegId, Member, Voice};
use config::{Config, FeatureId};

impl Pbx {
    /// The conferences in which somebody is, by their ids.
    pub fn conferences(&self, config: &Config) -> Vec<Conference> {
        let conference = |(room, calls): (&FeatureId, &std::collections::BTreeSet<CallId>)| {
            let feature = config.features.get(room);
            let mut members: Vec<Member> =
                calls.iter().filter_map(|id| self.call(*id)?.member(*id)).collect();
            members.sort_by_key(|member| (member.since, member.call));
            let record = self.call(*calls.first()?).map(|call| &call.record)?;
            Some(Conference {
                id: room.0,
                tenant: record.tenant,
                number: feature.map(|it| it.number.to_string()).unwrap_or_default(),
                name: feature.map(|it| it.name.clone()).unwrap_or_default(),
                members,
            })
        };
        self.rooms.iter().filter_map(conference).collect()
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
        let State::Served(Served { leg, stage: Stage::Meeting { since, .. }, .. }) = &self.state
        else {
            return None;
        };
        let party = self.party_of(*leg);
        let held = self.record.held;
        Some(Member { call: id, party, since: *since, talking: false, held })
    }
}
