//! Uploaded sounds in calls that the box answers: announcements, and what conferences say.

use crate::call::{Call, State};
use crate::desk::Desk;
use crate::placing::Placing;
use crate::serve::{Served, Stage};
use call::{Cause, End, LegCommand, LegId, Party, Repeat, Voice, Why};
use config::{Feature, FeatureId, Number, Prompts};

impl Call {
    /// What the box said once on a leg was heard to its end, or is not `there`.
    pub(crate) fn heard(&mut self, leg: LegId, there: bool, desk: &mut Desk<'_>) {
        let State::Served(served) = &mut self.state else { return };
        if served.leg != leg {
            return;
        }
        match &served.stage {
            Stage::Playing if there => self.was_played(desk),
            Stage::Playing => self.regret(leg, Why::NoRecording, desk),
            Stage::Announcing(id) => {
                let id = *id;
                self.announced(leg, id, there, desk);
            }
            Stage::Asking { room, .. } => {
                let voice = match (there, served.voice) {
                    (true, _) => ask(prompts(*room, desk)),
                    (false, Voice::Upload { repeat: Repeat::Once, .. }) => Voice::WrongPin,
                    (false, _) => Voice::AskPin,
                };
                served.voice = voice;
                desk.tell(leg, LegCommand::Serve(voice));
            }
            // The others are heard as soon as the tables are true again.
            Stage::Welcoming(room) => {
                served.stage = Stage::meeting(*room, desk.world.clock());
                desk.changed = true;
            }
            Stage::Failed { end, .. } => {
                let end = end.clone();
                self.over(None, end, desk);
            }
            Stage::Speaking | Stage::Meeting { .. } => {}
        }
    }

    /// An announcement was heard: the call goes on where it leads, or ends.
    fn announced(&mut self, leg: LegId, id: FeatureId, there: bool, desk: &mut Desk<'_>) {
        let feature = desk.world.config().features.get(&id).cloned();
        let Some((feature, number)) =
            feature.and_then(|it| Some((it.clone(), it.onward()?.clone())))
        else {
            return if there {
                self.was_played(desk)
            } else {
                self.regret(leg, Why::NoSound, desk)
            };
        };
        self.step(
            match there {
                true => format!("The announcement was heard; {number} is called."),
                false => format!(
                    "The sound of {} is not on the box; {number} is called.",
                    feature.number
                ),
            },
            desk,
        );
        self.go_on(leg, &feature, &number, desk);
    }

    /// Who talked with the box is connected with somebody of its tenant.
    fn go_on(&mut self, leg: LegId, from: &Feature, number: &Number, desk: &mut Desk<'_>) {
        self.record.to = Party { number: number.to_string(), name: String::new() };
        self.state = State::Placing(Box::new(Placing::connected(leg)));
        desk.tell(leg, LegCommand::Hear(None));
        let config = desk.world.config();
        let extension = config.extension_by_number(from.tenant, number.as_str());
        if let Some(id) = extension.filter(|it| it.enabled).map(|it| it.id) {
            return self.ring_extension(id, desk);
        }
        let feature = config.feature_by_number(from.tenant, number.as_str());
        match feature.filter(|it| it.enabled).map(|it| it.id) {
            Some(id) => self.serve(id, desk),
            None => self.failed(End::ours(Cause::UNALLOCATED_NUMBER, Why::NoSuchNumber), desk),
        }
    }

    fn was_played(&mut self, desk: &mut Desk<'_>) {
        self.over(None, End::ours(Cause::NORMAL_CLEARING, Why::Played), desk);
    }

    fn regret(&mut self, leg: LegId, why: Why, desk: &mut Desk<'_>) {
        let (voice, stage) = crate::serve::regret(why, desk);
        self.serve_leg(Served { leg, voice, stage }, desk);
    }
}

/// What is announced at a number.
pub(crate) fn announcement(feature: &Feature, desk: &Desk<'_>) -> (Voice, Stage) {
    let Some(sound) = feature.sound else { return crate::serve::regret(Why::NoSound, desk) };
    let repeat = if feature.repeat { Repeat::Seamless } else { Repeat::Once };
    (Voice::Upload { sound, repeat }, Stage::Announcing(feature.id))
}

/// The sounds of the tenant that a conference belongs to.
pub(crate) fn prompts(room: FeatureId, desk: &Desk<'_>) -> Prompts {
    let config = desk.world.config();
    let feature = config.features.get(&room);
    let tenant = feature.and_then(|it| config.tenants.get(&it.tenant));
    tenant.map(|it| it.prompts).unwrap_or_default()
}

/// Asks for a PIN.
pub(crate) fn ask(prompts: Prompts) -> Voice {
    let spoken = |sound| Voice::Upload { sound, repeat: Repeat::Paused };
    prompts.ask_pin.map_or(Voice::AskPin, spoken)
}

/// Says something once, if there is something to say.
pub(crate) fn say(sound: Option<u32>) -> Option<Voice> {
    sound.map(|sound| Voice::Upload { sound, repeat: Repeat::Once })
}
