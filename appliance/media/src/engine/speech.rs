//! What the box itself says, turn by turn.

use super::{Engine, Spoken, Turn, Verdict};
use crate::beat::BEAT;
use crate::ear::Ear;
use crate::mouth::Mouth;
use crate::transcode::Interpreter;
use crate::voice::{Pulled, Voice};
use call::{MediaEvent, PlayId, PortId};
use media_dsp::resample::Rate;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

impl Engine {
    /// Says the next of what is due; nothing when all of it was said. Drain
    /// [`Engine::poll_packet`] after each, and [`Engine::poll_event`] whenever it suits.
    ///
    /// What is due lasts 20 ms. Whoever comes late is given all that should have been said; what is
    /// more than a tenth of a second late is left out.
    pub fn speak(&mut self, now: Instant) -> Option<Spoken> {
        self.captures.turn(now);
        loop {
            let (port, to) = match self.go_round() {
                Some(spoken) => spoken,
                None => match self.next_cut(now) {
                    Some(cut) => cut,
                    None => match self.beat.next(now)? {
                        (Turn::Voice(port), due) => (port, self.turn(port, due)),
                        (Turn::Keys(port), due) => (port, self.type_keys(port, due)),
                        (Turn::Room(room), due) => {
                            self.gather(room, due);
                            continue;
                        }
                        (Turn::Tape(recording), due) => {
                            self.turn_tape(recording, due);
                            continue;
                        }
                    },
                },
            };
            if self.desk.is_empty() {
                continue;
            }
            if port.is_browser() {
                self.enclose_counted(port, now);
                continue;
            }
            // Whoever listens nowhere yet has missed it.
            let Some(to) = to else { continue };
            let (packets, octets) = self.desk.sum();
            if let Some(it) = self.ports.of_mut(port) {
                it.speak(packets, octets);
            }
            if self.seal(port, false) == 0 {
                continue;
            }
            match self.follow(Verdict::Translated { port, to }, &mut [], now) {
                Verdict::Forward { port, to, .. }
                | Verdict::Translated { port, to }
                | Verdict::Ciphered { port, to, .. } => return Some(Spoken { port, to }),
                Verdict::Enclosed | Verdict::Carried | Verdict::Handshake | Verdict::Drop(_) => {}
            }
        }
    }

    /// When [`Engine::speak`] has something to say; nothing while the box itself is silent, and nothing
    /// waits that it cut.
    pub fn next_speech(&self) -> Option<Instant> {
        [self.beat.due(), self.cut_due()].into_iter().flatten().min()
    }

    pub(super) fn play(&mut self, port: PortId, play: PlayId, voice: Option<Voice>, now: Instant) {
        let Some(it) = self.ports.of_mut(port) else { return };
        let Some(voice) = voice else {
            return self.events.push_back(MediaEvent::Speechless { port, play });
        };
        it.voice = Some(Box::new(voice));
        self.beat.join(Turn::Voice(port), now);
        self.begin_reports(port, now);
        self.agree(port);
    }

    pub(super) fn feed(&mut self, port: PortId, play: PlayId, block: Arc<[i16]>, last: bool) {
        let Some(it) = self.ports.of_mut(port) else { return };
        if let Some(voice) = &mut it.voice {
            voice.feed(play, block, last);
        }
    }

    pub(super) fn stop(&mut self, port: PortId, now: Instant) {
        let Some(it) = self.ports.of_mut(port) else { return };
        (it.voice, it.mouth, it.ear) = (None, None, None);
        self.beat.leave(Turn::Voice(port));
        self.sit_anew(port, now);
    }

    /// What a far side understands is known, or what it is to be told.
    pub(super) fn agree(&mut self, port: PortId) {
        let Some(it) = self.ports.of_mut(port) else { return };
        let Some(voice) = &it.voice else { return };
        let (formats, own) = (it.formats.as_deref(), it.own);
        it.ear = match it.ear.take().filter(|_| voice.is_echo()) {
            Some(mut ear) => {
                formats.into_iter().for_each(|formats| ear.describe(formats));
                Some(ear)
            }
            None if voice.is_echo() => formats.map(|it| Box::new(Ear::new(it, voice.rate()))),
            None => None,
        };
        it.mouth = match it.mouth.take() {
            Some(mut mouth) if formats.is_some_and(|formats| mouth.fits(formats)) => {
                mouth.tune(voice.rate());
                Some(mouth)
            }
            _ => formats.and_then(|it| Mouth::new(it, voice.rate(), own)).map(Box::new),
        };
        it.interpreter.get_or_insert_with(|| Box::new(Interpreter::new()));
        if it.mouth.is_none() {
            let play = voice.play;
            self.events.push_back(MediaEvent::Speechless { port, play });
        }
    }

    /// One voice says what was due; where that goes.
    fn turn(&mut self, port: PortId, due: Instant) -> Option<SocketAddr> {
        self.desk.clear();
        let it = self.ports.of_mut(port)?;
        let (Some(voice), Some(mouth), Some(stream)) =
            (&mut it.voice, &mut it.mouth, &mut it.interpreter)
        else {
            return None;
        };
        let pcm = self.frame.get_mut(..voice.rate().hz() / TURNS)?;
        let play = voice.play;
        let pulled = voice.pull(pcm);
        if pulled == Pulled::Echo {
            match &mut it.ear {
                Some(ear) => drop(ear.hear(pcm, due)),
                None => pcm.fill(0),
            }
            voice.turn_up(pcm);
        }
        if let Some(spool) = &mut it.spool {
            spool.take(pcm, voice.rate());
        }
        match pulled {
            Pulled::Whole | Pulled::Echo => mouth.say(pcm, due, stream, &mut self.desk),
            Pulled::Hungry => {
                self.events.push_back(MediaEvent::Hungry { port, play });
                mouth.say(pcm, due, stream, &mut self.desk);
            }
            Pulled::Last(samples) => {
                if samples > 0 {
                    mouth.say(pcm, due, stream, &mut self.desk);
                }
                mouth.finish(due, stream, &mut self.desk);
                self.events.push_back(MediaEvent::Finished { port, play });
                self.stop(port, due);
            }
        }
        self.listens(port)
    }

    /// Where a far side listens to the box.
    pub(super) fn listens(&self, port: PortId) -> Option<SocketAddr> {
        let to = self.ports.of(port)?.to(false)?;
        (!self.is_circle(to, port, port)).then_some(to)
    }
}

/// Room for 20 ms at the highest rate.
pub(super) fn frame() -> Box<[i16]> {
    vec![0; Rate::Hz48000.hz() / TURNS].into_boxed_slice()
}

/// In a second.
const TURNS: usize = (1_000 / BEAT.as_millis()) as usize;
