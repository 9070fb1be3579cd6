//! Calls that the box itself answers: who dials a [`Feature`] talks with no other leg.

use crate::call::{Call, Desk, State};
use crate::placing::Transferor;
use call::{Cause, End, LegCommand, LegId, Party, Place, Tone, TransferState, Voice, Why};
use config::{Feature, FeatureId, FeatureKind, FeatureTone};
use std::time::{Duration, Instant};

/// The box talks with one leg.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) leg: LegId,
    /// What it hears.
    pub(crate) voice: Voice,
    /// The call has failed: until when the leg hears so, and how.
    failed: Option<(Instant, End)>,
}

impl Served {
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.failed.as_ref().map(|(until, _)| *until)
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
        self.serve_leg(leg, voice_of(&feature), desk);
        self.record.answered.get_or_insert(desk.world.clock());
        self.record.held = false;
    }

    /// From now on this leg talks with the box.
    pub(crate) fn serve_leg(&mut self, leg: LegId, voice: Voice, desk: &mut Desk<'_>) {
        self.state = State::Served(Served { leg, voice, failed: None });
        desk.tell(leg, LegCommand::Serve(voice));
        self.note_talking([self.party_of(leg), self.record.to.clone()], desk);
    }
}

impl Call {
    /// Nobody is left whom a leg that is up could talk to: it hears so, and is then ended.
    pub(crate) fn let_hear_failure(&mut self, leg: LegId, end: End, desk: &mut Desk<'_>) {
        let tone = match end.why {
            Why::Busy | Why::DoNotDisturb | Why::NoAnswer | Why::Rejected => Tone::Busy,
            _ => Tone::Congestion,
        };
        let voice = Voice::Tone(tone);
        let failed = Some((desk.now + FAREWELL, end));
        self.state = State::Served(Served { leg, voice, failed });
        desk.tell(leg, LegCommand::Hear(Some(voice)));
    }

    /// The leg that the box talks with has ended, or heard long enough that nobody is there.
    pub(crate) fn served_ended(
        &mut self,
        gone: Option<LegId>,
        end: Option<End>,
        desk: &mut Desk<'_>,
    ) {
        let State::Served(served) = &mut self.state else { return };
        let failed = served.failed.take().map(|(_, end)| end);
        if let Some(end) = failed.or(end) {
            self.over(gone, end, desk);
        }
    }
}

/// What the caller of a number of the box hears.
fn voice_of(feature: &Feature) -> Voice {
    match feature.kind {
        FeatureKind::Echo => Voice::Echo,
        FeatureKind::Music => Voice::Music,
        FeatureKind::Tone => match feature.tone {
            FeatureTone::Test => Voice::Test,
            FeatureTone::Dial => Voice::Tone(Tone::Dial),
            FeatureTone::Ringback => Voice::Tone(Tone::Ringback),
            FeatureTone::Busy => Voice::Tone(Tone::Busy),
            FeatureTone::Congestion => Voice::Tone(Tone::Congestion),
        },
    }
}

/// How long a tone says that a call has failed: long enough for two turns of any country's.
const FAREWELL: Duration = Duration::from_secs(4);
