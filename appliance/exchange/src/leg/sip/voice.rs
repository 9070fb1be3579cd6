//! Legs that talk with the box itself: what it says of its own media, and what it lets them hear.

use super::media::{LegMedia, Unoffered};
use super::renegotiation::Wanted;
use super::{AnsweredBy, Desk, Legs, SipLeg, State, speech};
use crate::Output;
use crate::frame::Frame;
use call::{
    Cause, Decibels, End, LegEvent, LegId, MediaCommand, PlayId, PortId, Repeat, RoomId, Rounds,
    Sound, SoundKey, Voice, Why,
};
use sip::session::provisional::Reliable;

/// What the box says on a leg.
#[derive(Debug)]
pub(super) struct Speaking {
    voice: Voice,
    /// Where media was told so, and under which name; nowhere while the far side does not listen.
    at: Option<(PortId, PlayId)>,
}

/// How the others in a conference hear a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Manner {
    pub(super) room: u32,
    pub(super) muted: bool,
    pub(super) gain: Decibels,
}

impl Legs {
    /// The box itself talks with this leg from now on.
    pub(super) fn serve(&mut self, desk: &mut Desk<'_>, id: LegId, voice: Voice) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.partner = None;
        leg.media.unbridge(desk.frame);
        leg.media.say(desk.frame, Some(voice));
        match &leg.state {
            State::Incoming(_) => self.answer_itself(desk, id),
            State::Up(_) => self.reclaim(desk, id),
            // Who has not answered cannot be talked to.
            State::Outgoing(_) | State::Ending(_) | State::Line(_) => {}
        }
        if let Voice::Upload { sound, .. } = voice
            && desk.frame.sounds.is_lost(sound)
        {
            self.tell(id, LegEvent::Missing);
        }
    }

    /// Answers a caller with what the box speaks itself.
    pub(super) fn answer_itself(&mut self, desk: &mut Desk<'_>, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let whose = leg.whose(id);
        let State::Incoming(incoming) = &mut leg.state else { return };
        let unconfirmed = incoming.reliable.as_ref().is_some_and(Reliable::is_unacknowledged);
        if incoming.answered_early && unconfirmed {
            incoming.answered_by = Some(AnsweredBy::Box);
            return;
        }
        let body = match incoming.offer.clone() {
            _ if incoming.answered_early => Ok(None),
            None => {
                let own = speech::own_offer(None);
                let terms = speech::Terms::own();
                own.map(|own| leg.media.offer(desk.frame, whose, &own, &terms, None)).transpose()
            }
            Some(offer) => {
                let Some(own) = speech::own_answer(&offer, leg.media.policy()) else {
                    let end = End::ours(Cause::INCOMPATIBLE, Why::NoCommonMedia);
                    return self.fail(desk, id, &end);
                };
                let answer = leg.media.answer(desk.frame, whose, &offer, &own);
                leg.media.heard(desk.frame, whose, offer);
                answer.map(Some).map_err(Unoffered::from)
            }
        };
        match body {
            Ok(body) => self.confirm(desk, id, body.as_deref()),
            Err(unoffered) => self.fail(desk, id, &unoffered.end()),
        }
    }

    /// Whether a leg hears somebody else by way of the box, and knows that it does.
    pub(crate) fn hears_others(&self, id: LegId) -> bool {
        let Some(leg) = self.legs.get(&id) else { return false };
        let confirmed = match &leg.state {
            State::Up(up) => !up.answer.is_unconfirmed(),
            State::Line(line) => line.is_up(),
            State::Incoming(_) | State::Outgoing(_) | State::Ending(_) => false,
        };
        let listens = leg.media.mouth().is_some_and(|(_, listens)| listens);
        let talks = leg.partner.is_some() && leg.media.voice.is_none();
        talks && listens && self.is_heard(id) && confirmed
    }

    /// Whether what a leg says comes to the box.
    pub(crate) fn is_heard(&self, id: LegId) -> bool {
        self.legs.get(&id).is_some_and(|leg| !leg.media.is_past())
    }

    /// Something was played to this leg to its end.
    pub(crate) fn has_played(&mut self, id: LegId, play: PlayId) {
        let speaking = self.legs.get(&id).and_then(|leg| leg.media.voice.as_ref());
        if speaking.and_then(|it| it.at).is_some_and(|(_, at)| at == play) {
            self.tell(id, LegEvent::Heard);
        }
    }

    /// A sound that legs may wait for came, or is not there.
    pub(crate) fn fetched(&mut self, frame: &mut Frame, key: SoundKey, there: bool) {
        let mut without = Vec::new();
        for (id, leg) in &mut self.legs {
            let waits = leg.media.voice.as_ref().is_some_and(|it| key_of(it.voice) == Some(key));
            match (waits, there) {
                (true, true) => leg.media.speak(frame),
                (true, false) => without.push(*id),
                (false, _) => {}
            }
        }
        for id in without {
            self.tell(id, LegEvent::Missing);
        }
    }

    fn fail(&mut self, desk: &mut Desk<'_>, id: LegId, end: &End) {
        self.tell(id, LegEvent::Ended(end.clone()));
        self.end(desk, id, end);
    }

    /// A leg that was up is asked anew, unless the box and it hear each other already: it may have been
    /// held, or have spoken what only its partner understood.
    pub(super) fn reclaim(&mut self, desk: &mut Desk<'_>, id: LegId) {
        let Some(SipLeg { state: State::Up(up), media, .. }) = self.legs.get_mut(&id) else {
            return;
        };
        up.talk.wanted = None;
        if media.is_open() {
            return;
        }
        if up.answer.is_unconfirmed() || !up.turn.take() {
            up.talk.wanted = Some(Wanted::Reclaim);
            return;
        }
        self.offer_own(desk, id);
    }
}

impl LegMedia {
    /// From now on the box says this here, in place of what it said before.
    pub(in crate::leg) fn say(&mut self, frame: &mut Frame, voice: Option<Voice>) {
        let same = self.voice.as_ref().map(|speaking| speaking.voice) == voice;
        if let Some(before) = self.voice.take_if(|_| !same) {
            // What is played replaces what was played.
            let replaced = voice.is_some_and(|voice| before.is_played() && is_played(voice));
            if !replaced {
                before.fall_silent(frame);
            }
        }
        if !same {
            self.voice = voice.map(|voice| Speaking { voice, at: None });
        }
        self.speak(frame);
    }

    /// From now on the others in a conference hear it so.
    pub(super) fn moderate(&mut self, frame: &mut Frame, manner: Manner) {
        self.manner = Some(manner);
        let at = self.voice.as_ref().filter(|it| it.voice == Voice::Room(manner.room));
        if let Some((port, _)) = at.and_then(|it| it.at) {
            manner.tell(frame, port);
        }
    }

    /// Begins to speak as soon as somebody listens, and stops when nobody does.
    pub(super) fn speak(&mut self, frame: &mut Frame) {
        let Some((port, listens)) = self.mouth() else { return };
        let music = self.music;
        let Some(speaking) = &mut self.voice else { return };
        match (listens, speaking.at) {
            (true, None) => {
                if let Voice::Room(room) = speaking.voice
                    && let Some(manner) = self.manner
                {
                    // Media remembers it from one room to the next.
                    let plain = Manner { room, muted: false, gain: Decibels(0) };
                    if manner.room == room { manner } else { plain }.tell(frame, port);
                }
                speaking.at = begin(frame, port, speaking.voice, music).map(|play| (port, play));
            }
            (false, Some(_)) => {
                speaking.fall_silent(frame);
                speaking.at = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
}

impl Speaking {
    fn is_played(&self) -> bool {
        is_played(self.voice)
    }

    fn fall_silent(&self, frame: &mut Frame) {
        let Some((port, _)) = self.at else { return };
        frame.media(match self.is_played() {
            true => MediaCommand::Stop { port },
            false => MediaCommand::Leave { port },
        });
    }
}

impl Manner {
    fn tell(self, frame: &mut Frame, port: PortId) {
        frame.media(MediaCommand::Mute { port, muted: self.muted });
        frame.media(MediaCommand::Gain { port, gain: self.gain });
    }
}

fn is_played(voice: Voice) -> bool {
    !matches!(voice, Voice::Room(_))
}

/// What a voice needs from the disk.
fn key_of(voice: Voice) -> Option<SoundKey> {
    match voice {
        Voice::Playback(call) => Some(SoundKey::Playback(call)),
        Voice::Upload { sound, .. } => Some(SoundKey::Upload(sound)),
        Voice::Echo
        | Voice::Test
        | Voice::Tone(_)
        | Voice::Music
        | Voice::AskPin
        | Voice::WrongPin
        | Voice::Room(_) => None,
    }
}

/// Speaks, unless that waits for the disk.
fn begin(frame: &mut Frame, port: PortId, voice: Voice, music: Option<u32>) -> Option<PlayId> {
    let (mut rounds, mut read) = (Rounds::Endless, None);
    let sound = match voice {
        Voice::Room(room) => {
            let room = RoomId(room.into());
            frame.media(MediaCommand::Join { port, room });
            return Some(frame.next_play());
        }
        Voice::Echo => Sound::Echo,
        Voice::Test => Sound::Samples(frame.sounds.test()),
        Voice::Music => {
            let own = music.and_then(|id| frame.sounds.fetched(SoundKey::Upload(id)));
            Sound::Samples(own.unwrap_or_else(|| frame.sounds.music()))
        }
        Voice::AskPin => Sound::Samples(frame.sounds.ask()),
        Voice::WrongPin => Sound::Samples(frame.sounds.wrong()),
        Voice::Tone(tone) => {
            let code = frame.config.settings.country.code().as_bytes();
            Sound::Tone { tone, country: <[u8; 2]>::try_from(code).unwrap_or_default() }
        }
        Voice::Playback(call) => {
            rounds = Rounds::ONCE;
            let reel = frame.sounds.reel(call)?;
            read = Some(reel.recording);
            Sound::Stream { rate: reel.rate }
        }
        Voice::Upload { sound, repeat } => {
            if repeat == Repeat::Once {
                rounds = Rounds::ONCE;
            }
            Sound::Samples(match repeat {
                Repeat::Once | Repeat::Seamless => frame.sounds.fetched(SoundKey::Upload(sound))?,
                Repeat::Paused => frame.sounds.paused(sound)?,
            })
        }
    };
    let (play, gain) = (frame.next_play(), Decibels::default());
    frame.media(MediaCommand::Play { port, play, sound, rounds, gain });
    if let Some(recording) = read {
        frame.output.push_back(Output::Feed { port, play, recording });
    }
    Some(play)
}
