//! Recording what pairs of ports hear and what the box says to them, beside all that becomes of it
//! otherwise.

use super::{Engine, Turn};
use crate::codec::rate;
use crate::ear::Ear;
use crate::recording::{Block, Taped};
use crate::spool::Spool;
use crate::tape::Tape;
use call::{PortId, Recording, RecordingId, RecordingStop, Track};
use media_dsp::resample;
use media_dsp::speech::Rate;
use std::time::Instant;

impl Engine {
    /// What became of recordings, in order: for the disk, which is not waited for.
    pub fn poll_taped(&mut self) -> Option<Taped> {
        self.taped.pop_front()
    }

    /// What the disk had no room for; it comes first again.
    pub fn put_back(&mut self, taped: Taped) {
        self.taped.push_front(taped);
    }

    /// A block that was written.
    pub fn reuse(&mut self, block: Block) {
        if let Some(tape) = self.tapes.get_mut(&block.recording) {
            tape.reuse(block);
        }
    }

    /// Begins a recording, or goes on with it between others.
    pub(super) fn record(&mut self, recording: Box<Recording>, tracks: [Track; 2], now: Instant) {
        let id = recording.id;
        match self.tapes.get(&id).map(|tape| tape.tracks) {
            Some(before) if before == tracks.map(Some) => return,
            Some(before) => before.into_iter().flatten().for_each(|it| self.untap(it.port())),
            None => {
                let rate = self.best_rate(tracks);
                self.taped.push_back(Taped::Begin(recording, rate));
                self.tapes.insert(id, Tape::new(id, rate));
                self.beat.join(Turn::Tape(id), now);
            }
        }
        let Some(tape) = self.tapes.get_mut(&id) else { return };
        let rate = tape.rate();
        tape.tracks = tracks.map(Some);
        for track in tracks {
            let Some(it) = self.ports.of_mut(track.port()) else { continue };
            it.taped = Some(id);
            match track {
                Track::Says(_) => {
                    it.tap = it.formats.as_deref().map(|formats| Box::new(Ear::new(formats, rate)));
                }
                Track::Hears(_) => it.spool = Some(Box::new(Spool::new(rate))),
            }
        }
    }

    pub(super) fn stop_record(&mut self, id: RecordingId, why: RecordingStop) {
        let Some(mut tape) = self.tapes.remove(&id) else { return };
        self.beat.leave(Turn::Tape(id));
        let missed = tape.finish(&mut self.taped);
        self.taped.push_back(Taped::End(id, why, missed));
        tape.tracks.into_iter().flatten().for_each(|it| self.untap(it.port()));
    }

    /// What a far side speaks has changed.
    pub(super) fn listen_anew(&mut self, port: PortId) {
        let Some(it) = self.ports.of_mut(port) else { return };
        let (Some(id), Some(formats)) = (it.taped, it.formats.as_deref()) else { return };
        let Some(tape) = self.tapes.get(&id) else { return };
        match &mut it.tap {
            Some(tap) => tap.describe(formats),
            None => it.tap = Some(Box::new(Ear::new(formats, tape.rate()))),
        }
    }

    /// A pair is given back. When both are, there is nothing left to record.
    pub(super) fn part_with_tape(&mut self, port: PortId) {
        let Some(id) = self.ports.of(port).and_then(|it| it.taped) else { return };
        self.untap(port);
        let Some(tape) = self.tapes.get_mut(&id) else { return };
        for slot in &mut tape.tracks {
            slot.take_if(|it| it.port() == port);
        }
        if tape.tracks.iter().all(Option::is_none) {
            self.stop_record(id, RecordingStop::Call);
        }
    }

    pub(super) fn turn_tape(&mut self, id: RecordingId, due: Instant) {
        if let Some(tape) = self.tapes.get_mut(&id) {
            tape.turn(&mut self.ports, due, &mut self.taped);
        }
    }

    fn untap(&mut self, port: PortId) {
        if let Some(it) = self.ports.of_mut(port) {
            (it.tap, it.taped, it.spool) = (None, None, None);
        }
    }

    /// 16 kHz where either side speaks at that rate or a higher one.
    fn best_rate(&self, tracks: [Track; 2]) -> Rate {
        let wide = tracks.into_iter().any(|track| {
            let formats = self.ports.of(track.port()).and_then(|it| it.formats.as_deref());
            let mut codecs = formats.into_iter().flat_map(|it| &it.receive);
            codecs.any(|it| {
                let own = rate(it.codec, resample::Rate::Hz48000).filter(|_| it.codec.is_sound());
                own.is_some_and(|own| own > resample::Rate::Hz8000)
            })
        });
        if wide { Rate::Hz16000 } else { Rate::Hz8000 }
    }
}
