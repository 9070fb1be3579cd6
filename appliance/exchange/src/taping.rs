//! Recordings as they begin and end: by a request, by a code that was keyed in, or by themselves.

use crate::tapes::Wanted;
use crate::{Exchange, Output};
use call::{CallId, Container, Layout, MediaCommand, RecordingId, RecordingStop};
use pbx::Taping;
use std::time::Instant;

impl Exchange {
    /// Somebody who talks wants the call to be recorded, or no longer.
    pub(crate) fn turn_tape(&mut self, call: CallId, by: String, now: Instant) {
        let begun = self.frame.tapes.of(call).is_none();
        let recording = match begun {
            true => {
                let (container, layout) = (Container::default(), Layout::default());
                self.begin_tape(Wanted { call, container, layout, by: by.clone() }, now)
            }
            false => self.end_tape(call, Some(by.clone()), now),
        };
        if let Some(recording) = recording {
            self.frame.output.push_back(Output::Taped { recording, call, by, begun });
        }
    }

    /// Begins to record a call; nothing where nobody talks, or where that runs already.
    pub(crate) fn begin_tape(&mut self, wanted: Wanted, now: Instant) -> Option<RecordingId> {
        let (call, by) = (wanted.call, wanted.by.clone());
        let record = self.pbx.record(call)?;
        let (tenant, answered) = (record.tenant, record.answered.is_some());
        let clock = self.frame.clock(now);
        if !self.frame.tapes.ask(wanted, tenant, answered, clock) {
            return None;
        }
        let recording = self.frame.tapes.of(call)?.id;
        self.note_tape(call, Taping::Begun { recording, by }, now);
        Some(recording)
    }

    /// The next recording that begins, now that all who talk are heard.
    pub(crate) fn begun_tape(&mut self, now: Instant) -> Option<MediaCommand> {
        let (clock, legs, lent) = (self.frame.clock(now), &self.legs, &self.frame.lent);
        let is_heard = |port| lent.get(&port).is_none_or(|leg| legs.is_heard(*leg));
        self.frame.tapes.poll_begun(clock, is_heard)
    }

    /// Ends the recording of a call that runs.
    pub(crate) fn end_tape(
        &mut self,
        call: CallId,
        by: Option<String>,
        now: Instant,
    ) -> Option<RecordingId> {
        let recording = self.frame.tapes.of(call)?.id;
        let why = RecordingStop::Asked;
        let taping = match self.frame.tapes.unbegun(call) {
            Some(_) => Taping::Failed { recording, why, kept: false },
            None => Taping::Ended { by },
        };
        let command = self.frame.tapes.end(call, why)?;
        self.frame.media(command);
        self.note_tape(call, taping, now);
        Some(recording)
    }

    /// The phones of a call do not come back to be recorded.
    pub(crate) fn tape_hears_nothing(&mut self, recording: RecordingId, now: Instant) {
        let Some(call) = self.frame.tapes.call_of(recording) else { return };
        let kept = self.frame.tapes.unbegun(call).is_none();
        self.tape_ended(recording, RecordingStop::Unheard, kept, now);
    }

    /// The disk has ended a recording. The call goes on.
    pub(crate) fn tape_ended(
        &mut self,
        recording: RecordingId,
        why: RecordingStop,
        kept: bool,
        now: Instant,
    ) {
        let Some(call) = self.frame.tapes.call_of(recording) else { return };
        let command = self.frame.tapes.end(call, why);
        command.into_iter().for_each(|it| self.frame.media(it));
        self.note_tape(call, Taping::Failed { recording, why, kept }, now);
    }

    /// Writes it into the story of the call. Who talks past the box is taken back to be heard, and let
    /// go again when nobody listens.
    fn note_tape(&mut self, call: CallId, taping: Taping, now: Instant) {
        let (pbx, mut view) = self.view(now);
        pbx.taped(call, taping, now, &mut view);
        let (legs, mut desk) = self.desk(now);
        legs.review_call(&mut desk, call);
    }
}
