//! Calls that the box itself answers: who dials a [`Feature`] talks with no other leg.

use crate::announce::{announcement, ask, prompts, say};
use crate::call::{Call, State};
use crate::calls::Act;
use crate::desk::Desk;
use crate::placing::Transferor;
use crate::route::Caller;
use call::{
    Cause, Decibels, End, Fetch, LegCommand, LegId, Party, Place, Tone, TransferState, UnixMillis,
    Voice, Why,
};
use config::{Feature, FeatureId, FeatureKind, FeatureTone, Pin};
use std::time::{Duration, Instant};

/// The box talks with one leg.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    pub(crate) leg: LegId,
    /// What it hears.
    pub(crate) voice: Voice,
    pub(crate) stage: Stage,
}

/// What the box does with a leg.
#[derive(Debug, Clone)]
pub(crate) enum Stage {
    /// It says the same until the caller hangs up.
    Speaking,
    /// It waits for the PIN of a conference.
    Asking { room: FeatureId, pin: Pin, typed: String, wrong: u8, until: Instant },
    /// The leg is in a conference, and the others hear it so.
    Meeting { room: FeatureId, since: UnixMillis, muted: bool, gain: Decibels },
    /// The call has failed: until when the leg hears so, and why.
    Failed { until: Instant, end: End },
    /// It plays a recording.
    Playing,
    /// It plays what this number announces.
    Announcing(FeatureId),
    /// It plays what is heard before this conference.
    Welcoming(FeatureId),
}

impl Served {
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Speaking
            | Stage::Playing
            | Stage::Announcing(_)
            | Stage::Welcoming(_)
            | Stage::Meeting { .. } => None,
            Stage::Asking { until, .. } | Stage::Failed { until, .. } => Some(*until),
        }
    }

    /// The same for another leg.
    pub(crate) fn of(self, leg: LegId) -> Self {
        Self { leg, ..self }
    }
}

impl Stage {
    pub(crate) fn meeting(room: FeatureId, since: UnixMillis) -> Self {
        Self::Meeting { room, since, muted: false, gain: Decibels(0) }
    }

    /// How the others in a conference hear the leg, if it is in one.
    pub(crate) fn manner(&self) -> Option<LegCommand> {
        let Self::Meeting { room, muted, gain, .. } = self else { return None };
        Some(LegCommand::Moderate { room: room.0, muted: *muted, gain: *gain })
    }

    /// The same, if that is not as it is.
    fn odd_manner(&self) -> Option<LegCommand> {
        let odd = matches!(self, Self::Meeting { muted, gain, .. } if *muted || gain.0 != 0);
        self.manner().filter(|_| odd)
    }
}

impl Call {
    /// The box answers, or takes over from a leg that transferred the caller here.
    pub(crate) fn serve(&mut self, id: FeatureId, desk: &mut Desk<'_>) {
        let Some(feature) = desk.world.config().features.get(&id).cloned() else {
            let end = End::ours(Cause::UNALLOCATED_NUMBER, Why::NoSuchNumber);
            return self.failed(end, desk);
        };
        let number = feature.number.to_string();
        self.record.to = Party { number: number.clone(), name: feature.name.clone() };
        self.record.destination = Some(Place::Number(number));
        let State::Placing(placing) = &mut self.state else { return };
        let (leg, transferor) = (placing.caller, placing.transferor.take());
        if let Some(Transferor { leg: transferor, .. }) = transferor {
            desk.tell(transferor, LegCommand::TransferProgress(TransferState::Done));
            self.free_trunk(transferor, desk);
            desk.tell(transferor, LegCommand::End(End::transferred()));
        }
        let (voice, stage) = match feature.kind {
            FeatureKind::Playback => self.play_back(leg, desk),
            FeatureKind::Record => regret(Why::NotInCall, desk),
            FeatureKind::Announcement => announcement(&feature, desk),
            FeatureKind::Conference => into_room(&feature, desk),
            FeatureKind::Echo => (Voice::Echo, Stage::Speaking),
            FeatureKind::Music => (Voice::Music, Stage::Speaking),
            FeatureKind::Tone => (tone(feature.tone), Stage::Speaking),
        };
        self.serve_leg(Served { leg, voice, stage }, desk);
        self.record.answered.get_or_insert(desk.world.clock());
        self.record.held = false;
    }

    /// The newest recording that whoever calls had made.
    fn play_back(&self, leg: LegId, desk: &mut Desk<'_>) -> (Voice, Stage) {
        let rights = self.who.get(&leg).and_then(|talker| talker.rights.as_ref());
        let Some(Caller::Extension { tenant, number }) = rights else {
            return regret(Why::NoRecording, desk);
        };
        let (call, tenant, by) = (desk.call, tenant.0, number.clone());
        desk.ask(Act::Fetch(Fetch::Newest { call, tenant, by }));
        (Voice::Playback(call), Stage::Playing)
    }

    /// From now on this leg talks with the box.
    pub(crate) fn serve_leg(&mut self, served: Served, desk: &mut Desk<'_>) {
        let (leg, voice) = (served.leg, served.voice);
        served.stage.odd_manner().into_iter().for_each(|manner| desk.tell(leg, manner));
        self.state = State::Served(served);
        desk.tell(leg, LegCommand::Serve(voice));
        self.note_talking([self.party_of(leg), self.record.to.clone()], desk);
    }

    /// The conference in which a call is.
    pub(crate) fn room(&self) -> Option<FeatureId> {
        match &self.state {
            State::Served(Served { stage: Stage::Meeting { room, .. }, .. }) => Some(*room),
            State::Served(_) | State::Placing(_) | State::Up { .. } => None,
        }
    }

    /// Whether keys are a secret now.
    pub(crate) fn is_asking(&self) -> bool {
        matches!(&self.state, State::Served(Served { stage: Stage::Asking { .. }, .. }))
    }

    /// A key that the caller of a conference pressed.
    pub(crate) fn key(&mut self, key: char, desk: &mut Desk<'_>) {
        let State::Served(served) = &mut self.state else { return };
        let Stage::Asking { room, pin, typed, wrong, until } = &mut served.stage else { return };
        *until = desk.now + PATIENCE;
        if key.is_ascii_digit() && typed.len() < MOST_KEYS {
            typed.push(key);
        }
        if key != '#' && typed.len() < pin.as_str().len() {
            return;
        }
        if typed == pin.as_str() {
            (served.voice, served.stage) = enter(*room, desk);
            desk.tell(served.leg, LegCommand::Serve(served.voice));
            return self.step("The PIN was right.".to_owned(), desk);
        }
        typed.clear();
        *wrong += 1;
        let (leg, prompts) = (served.leg, prompts(*room, desk));
        if *wrong == MOST_WRONG {
            let end = End::ours(Cause::CALL_REJECTED, Why::WrongPin);
            let Some(voice) = say(prompts.refused) else { return self.over(None, end, desk) };
            let stage = Stage::Failed { until: desk.now + REFUSAL, end };
            return self.serve_leg(Served { leg, voice, stage }, desk);
        }
        served.voice = say(prompts.wrong_pin).unwrap_or(Voice::WrongPin);
        desk.tell(leg, LegCommand::Serve(served.voice));
        self.step("The PIN was wrong.".to_owned(), desk);
    }

    /// Nobody is left whom a leg that is up could talk to: it hears so, and is then ended.
    pub(crate) fn let_hear_failure(&mut self, leg: LegId, end: End, desk: &mut Desk<'_>) {
        let tone = match end.why {
            Why::Busy | Why::DoNotDisturb | Why::NoAnswer | Why::Rejected => Tone::Busy,
            _ => Tone::Congestion,
        };
        let voice = Voice::Tone(tone);
        let stage = Stage::Failed { until: desk.now + FAREWELL, end };
        self.state = State::Served(Served { leg, voice, stage });
        desk.tell(leg, LegCommand::Hear(Some(voice)));
    }

    /// The leg that the box talks with has ended. A call that had failed before failed.
    pub(crate) fn served_ended(&mut self, end: End, desk: &mut Desk<'_>) {
        let State::Served(served) = &self.state else { return };
        let gone = Some(served.leg);
        let end = match &served.stage {
            Stage::Failed { end, .. } => end.clone(),
            Stage::Speaking
            | Stage::Playing
            | Stage::Announcing(_)
            | Stage::Welcoming(_)
            | Stage::Asking { .. }
            | Stage::Meeting { .. } => end,
        };
        self.over(gone, end, desk);
    }

    /// The box has said for long enough that a call failed, or waited for long enough for a PIN.
    pub(crate) fn served_enough(&mut self, desk: &mut Desk<'_>) {
        let State::Served(served) = &self.state else { return };
        if served.deadline().is_none_or(|at| at > desk.now) {
            return;
        }
        let end = match &served.stage {
            Stage::Failed { end, .. } => end.clone(),
            Stage::Speaking
            | Stage::Playing
            | Stage::Announcing(_)
            | Stage::Welcoming(_)
            | Stage::Asking { .. }
            | Stage::Meeting { .. } => End::ours(Cause::NO_USER_RESPONDING, Why::NoPin),
        };
        self.over(None, end, desk);
    }
}

fn tone(tone: FeatureTone) -> Voice {
    match tone {
        FeatureTone::Test => Voice::Test,
        FeatureTone::Dial => Voice::Tone(Tone::Dial),
        FeatureTone::Ringback => Voice::Tone(Tone::Ringback),
        FeatureTone::Busy => Voice::Tone(Tone::Busy),
        FeatureTone::Congestion => Voice::Tone(Tone::Congestion),
    }
}

/// The congestion tone for a while, and then the end.
pub(crate) fn regret(why: Why, desk: &Desk<'_>) -> (Voice, Stage) {
    let end = End::ours(Cause::NORMAL_CLEARING, why);
    (Voice::Tone(Tone::Congestion), Stage::Failed { until: desk.now + FAREWELL, end })
}

fn into_room(feature: &Feature, desk: &Desk<'_>) -> (Voice, Stage) {
    let room = feature.id;
    let Some(pin) = feature.pin.clone() else { return enter(room, desk) };
    let prompts = prompts(room, desk);
    // What is spoken takes longer than two beeps.
    let patience = if prompts.ask_pin.is_some() { 2 * PATIENCE } else { PATIENCE };
    let (typed, until) = (String::new(), desk.now + patience);
    (ask(prompts), Stage::Asking { room, pin, typed, wrong: 0, until })
}

fn enter(room: FeatureId, desk: &Desk<'_>) -> (Voice, Stage) {
    match say(prompts(room, desk).welcome) {
        Some(voice) => (voice, Stage::Welcoming(room)),
        // Who is alone waits with music; `conference` says when that ends.
        None => (Voice::Music, Stage::meeting(room, desk.world.clock())),
    }
}

/// How long a tone says that a call has failed: long enough for two turns of any country's.
const FAREWELL: Duration = Duration::from_secs(4);
/// How long a caller may think about each key.
const PATIENCE: Duration = Duration::from_secs(20);
/// The most that is heard of why a call is refused.
const REFUSAL: Duration = Duration::from_secs(30);
const MOST_WRONG: u8 = 3;
/// More than the longest PIN.
const MOST_KEYS: usize = 20;
