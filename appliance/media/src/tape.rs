//! A recording in a media thread: what two far sides say, or one and the box itself, in blocks that
//! go to the disk.

use crate::ports::Ports;
use crate::recording::{Block, Taped};
use call::{RecordingId, Track};
use media_dsp::resample;
use media_dsp::speech::Rate;
use std::collections::VecDeque;
use std::time::Instant;

/// One recording while it runs. Its memory is taken at the beginning: 3 s of both sides.
#[derive(Debug)]
pub(crate) struct Tape {
    recording: RecordingId,
    rate: Rate,
    /// Left and right; one may be gone.
    pub(crate) tracks: [Option<Track>; 2],
    /// The block that is being filled.
    filling: Option<Block>,
    free: Vec<Block>,
    /// Samples that found no block.
    missed: u64,
}

impl Tape {
    pub(crate) fn new(recording: RecordingId, rate: Rate) -> Self {
        let free = (0..BLOCKS).map(|_| Block::new(recording, rate)).collect();
        Self { recording, rate, tracks: [None; 2], filling: None, free, missed: 0 }
    }

    /// Of the taps.
    pub(crate) fn rate(&self) -> resample::Rate {
        match self.rate {
            Rate::Hz8000 => resample::Rate::Hz8000,
            Rate::Hz16000 => resample::Rate::Hz16000,
        }
    }

    /// Takes 20 ms of both sides. A full block goes out.
    pub(crate) fn turn(&mut self, ports: &mut Ports, due: Instant, out: &mut VecDeque<Taped>) {
        let samples = 2 * self.rate.block();
        if self.filling.is_none() {
            self.filling = self.free.pop();
            if let Some(block) = &mut self.filling {
                block.clear();
                block.missed = std::mem::take(&mut self.missed);
            }
        }
        let mut nowhere = [0; 640];
        let (left, right) = nowhere.split_at_mut(320);
        let room = self.filling.as_mut().and_then(|it| it.extend(samples));
        if room.is_none() {
            self.missed += samples as u64;
        }
        // What is not kept is heard all the same, so that the next block begins in time.
        let sides = match room {
            Some(sides) => sides,
            None => [left, right].map(|it| it.get_mut(..samples).unwrap_or_default()),
        };
        for (track, pcm) in self.tracks.iter().zip(sides) {
            let port = track.and_then(|it| ports.of_mut(it.port()));
            let Some((track, port)) = track.zip(port) else {
                pcm.fill(0);
                continue;
            };
            match (track, &mut port.tap, &mut port.spool) {
                (Track::Says(_), Some(tap), _) => drop(tap.hear(pcm, due)),
                (Track::Hears(_), _, Some(spool)) => spool.give(pcm),
                (Track::Says(_) | Track::Hears(_), ..) => pcm.fill(0),
            }
        }
        if let Some(block) = self.filling.take_if(|it| it.is_full()) {
            out.push_back(Taped::Sound(block));
        }
    }

    /// Gives out what was begun; how many samples were missed behind it.
    pub(crate) fn finish(&mut self, out: &mut VecDeque<Taped>) -> u64 {
        if let Some(block) = self.filling.take() {
            out.push_back(Taped::Sound(block));
        }
        self.missed
    }

    pub(crate) fn reuse(&mut self, block: Block) {
        if self.free.len() < BLOCKS && block.recording == self.recording {
            self.free.push(block);
        }
    }
}

/// Three seconds: what a disk may take to answer.
const BLOCKS: usize = 16;
