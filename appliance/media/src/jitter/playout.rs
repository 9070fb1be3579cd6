//! What is played next, and how fast.

use super::slots::Slot;
use super::stretch::{self, Effort};
use super::{Decoder, Heard, JitterBuffer, Pace};

/// How far the stream is played. Times are in microseconds, places in ticks.
#[derive(Debug)]
pub(super) struct Playout {
    state: State,
    /// The number of the packet that comes next.
    next: i64,
    /// The timestamp of the sound that comes after what is decoded.
    place: i64,
    /// The mean square of the loudest sound of the last seconds.
    loudness: f32,
    /// Since when sound has waited longer than it has to.
    over_since: i64,
    /// Samples until the next attempt to stretch.
    settled: usize,
    /// What was decoded or made up last.
    heard: Heard,
    /// How much of the sound before them packets repeat, in ticks, and until when they are waited
    /// for the longer for that.
    repeated: (i64, i64),
    /// Samples that were made up while nothing was there, until it is known what for.
    unexplained: u64,
    /// Whether with them something begins that was not counted yet.
    begun: bool,
    /// How long a frame is that is asked for, and when the last one was.
    pull: i64,
    since: i64,
    delay: i64,
    /// Whether nobody heard what went by last.
    passing: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing was played yet: the first packet is played when it is due.
    Begin,
    /// A pause was announced: the next packet is played when it is due.
    Pause,
    /// One packet follows another. So many ticks were made up while none was there to wait for.
    Sound { held: i64 },
}

impl Playout {
    pub(super) fn new() -> Self {
        Self {
            state: State::Begin,
            next: 0,
            place: 0,
            loudness: 0.0,
            over_since: 0,
            settled: 0,
            heard: Heard::Nothing,
            repeated: (0, 0),
            unexplained: 0,
            begun: false,
            pull: 0,
            since: 0,
            delay: 0,
            passing: false,
        }
    }

    /// A stream begins with this number.
    pub(super) fn begin(&mut self, sequence: i64) {
        self.state = State::Begin;
        self.next = sequence;
    }

    /// A packet of this number has come.
    pub(super) fn expect(&mut self, sequence: i64) {
        if self.state == State::Begin {
            self.next = self.next.min(sequence);
        }
    }

    pub(super) fn next(&self) -> i64 {
        self.next
    }

    pub(super) fn pull(&self) -> i64 {
        self.pull
    }

    pub(super) fn delay(&self) -> i64 {
        self.delay
    }

    /// Remembers how loud it is; says its mean square.
    fn hear(&mut self, pcm: &[i16]) -> f32 {
        let sum: f32 = pcm.iter().map(|it| f32::from(*it) * f32::from(*it)).sum();
        let square = sum / pcm.len().max(1) as f32;
        self.loudness = square.max(self.loudness * FADING);
        square
    }

    /// How many ticks longer packets are waited for, so that what they repeat comes in time.
    pub(super) fn repeated(&self) -> i64 {
        let (ticks, until) = self.repeated;
        if self.since < until { ticks } else { 0 }
    }

    /// Whether the time of a packet with this number and this end is over.
    pub(super) fn is_past(&self, sequence: i64, end: i64) -> bool {
        let made_up = matches!(self.state, State::Sound { .. }) && end <= self.place;
        sequence < self.next || made_up
    }

    /// How long a frame is, and when it is asked for.
    pub(super) fn set_pace(&mut self, pull: i64, now: i64) {
        (self.pull, self.since) = (pull, now);
    }

    /// Nobody hears what comes next: what is heard after that begins when it is due.
    pub(super) fn look_away(&mut self) {
        self.passing = true;
        self.settled = 0;
        if self.state != State::Begin {
            self.state = State::Pause;
        }
    }

    /// A packet that went by is known to the decoder.
    pub(super) fn look_back(&mut self, decoded: bool) {
        self.state = State::Pause;
        if decoded {
            self.heard = Heard::Noise;
        }
    }

    /// Samples that were made up without being told of.
    pub(super) fn take_unexplained(&mut self) -> u64 {
        self.begun = false;
        std::mem::take(&mut self.unexplained)
    }

    /// The packets before this number are not waited for.
    pub(super) fn pass(&mut self, sequence: i64) {
        self.next = self.next.max(sequence);
    }
}

impl JitterBuffer {
    pub(super) fn play(&mut self, decoder: &mut impl Decoder, pcm: &mut [i16], now: i64) -> Heard {
        self.playout.set_pace(self.format.sample_micros(pcm.len()).max(1), now);
        if std::mem::take(&mut self.playout.passing) {
            self.find_in(decoder, now);
        }
        let mut at = now;
        let mut rest = pcm;
        while !rest.is_empty() {
            let wanted = rest.len().min(self.format.micro_samples(AT_ONCE).max(1));
            while self.ahead.len() < wanted {
                self.decode_more(decoder, at);
            }
            if self.playout.settled == 0 {
                self.stretch(decoder, at, wanted);
            }
            let settled = self.playout.settled;
            let given = if settled == 0 { wanted } else { wanted.min(settled) };
            // A cut may have left less than is wanted.
            let (frame, later) = rest.split_at_mut(given.min(self.ahead.len()));
            let given = self.ahead.give(frame);
            self.statistics.given_samples += given as u64;
            let square = self.playout.hear(frame);
            if self.playout.heard == Heard::Sound {
                self.background.hear(frame, square, self.playout.loudness);
            }
            self.playout.settled = settled.saturating_sub(given);
            at += self.format.sample_micros(given);
            rest = later;
        }
        if self.playout.state == (State::Sound { held: 0 }) {
            self.playout.delay = self.delay(at);
        }
        self.playout.heard
    }

    /// The delay of the sound that comes after what is decoded, if the first of that is played
    /// then.
    fn delay(&self, at: i64) -> i64 {
        let Some(stream) = &self.stream else { return 0 };
        let at = at + self.format.sample_micros(self.ahead.len());
        stream.arrivals.delay(at, self.format.tick_micros(self.playout.place))
    }

    /// Decodes a packet, or makes up a frame.
    fn decode_more(&mut self, decoder: &mut impl Decoder, at: i64) {
        let Some(stream) = &self.stream else { return self.silence(decoder) };
        let lateness = self.lateness(stream);
        let Some(slot) = self.slots.first(self.playout.next, stream.newest()) else {
            return match self.playout.state {
                State::Begin | State::Pause => self.noise(decoder),
                State::Sound { held } => self.wait(decoder, held),
            };
        };
        let played = at + self.format.sample_micros(self.ahead.len());
        let delay = stream.arrivals.delay(played, self.format.tick_micros(slot.timestamp));
        if delay > lateness + self.playout.pull + TOO_FAR {
            self.slots.drop(slot.sequence);
            self.playout.next = slot.sequence + 1;
            self.playout.place = slot.timestamp + slot.ticks;
            self.statistics.discarded += 1;
            return;
        }
        let State::Sound { held } = self.playout.state else {
            let needed = lateness + self.phase(slot, played);
            return if delay >= needed { self.decode(decoder, slot) } else { self.noise(decoder) };
        };
        let gap = slot.timestamp - self.playout.place;
        // Something is made up at least, for the sound to fade over from.
        let begun = self.playout.heard == Heard::Concealed;
        if gap <= 0 || begun && delay >= lateness + self.playout.pull {
            return self.decode(decoder, slot);
        }
        if stream.is_whole(self.playout.next, slot.sequence) {
            // Nothing is missing: its sender has paused without saying so.
            self.statistics.noise_samples += std::mem::take(&mut self.playout.unexplained);
            self.playout.begun = false;
            self.playout.state = State::Pause;
            return;
        }
        // What was made up while nothing was there was in place of this.
        let made_up = gap.min(held);
        if made_up > 0 {
            self.playout.place += made_up;
            self.playout.state = State::Sound { held: held - made_up };
            return;
        }
        let early = lateness - delay - self.format.tick_micros(gap);
        self.bridge(decoder, slot, gap, early);
    }

    /// How much longer than it may be late a packet has to wait if it begins within a frame that is
    /// given out: the next one is needed at that frame's end.
    pub(super) fn phase(&self, slot: Slot, played: i64) -> i64 {
        let pull = self.playout.pull;
        if self.format.tick_micros(slot.ticks) % pull == 0 {
            (played - self.playout.since) % pull
        } else {
            pull
        }
    }

    /// Plays a packet.
    fn decode(&mut self, decoder: &mut impl Decoder, slot: Slot) {
        let overlap = match self.playout.state {
            State::Sound { .. } => self.format.samples(self.playout.place - slot.timestamp),
            State::Begin | State::Pause => 0,
        };
        self.explain();
        let payload = self.slots.read(&slot, &mut self.room);
        let before = self.ahead.len();
        let room = self.ahead.room();
        let decoded = decoder.decode(slot.payload_type, payload, self.ahead.behind(room));
        self.slots.drop(slot.sequence);
        self.playout.next = slot.sequence + 1;
        let Ok(samples) = decoded else {
            self.statistics.discarded += 1;
            return;
        };
        self.ahead.grow(samples);
        self.ahead.remove(before, overlap);
        let end = slot.timestamp + self.format.ticks(samples);
        self.playout.place = if overlap > 0 { end.max(self.playout.place) } else { end };
        self.playout.state = if slot.pause { State::Pause } else { State::Sound { held: 0 } };
        self.playout.heard = Heard::Sound;
    }

    /// Makes a frame up while the next packet is waited for.
    fn wait(&mut self, decoder: &mut impl Decoder, held: i64) {
        let made = self.conceal(decoder);
        self.playout.unexplained += made as u64;
        self.playout.state = State::Sound { held: held + self.format.ticks(made) };
    }

    /// What was made up was in place of what has come late, or not at all.
    fn explain(&mut self) {
        let samples = std::mem::take(&mut self.playout.unexplained);
        self.statistics.concealed_samples += samples;
        self.statistics.concealments += u64::from(std::mem::take(&mut self.playout.begun));
    }

    /// Recovers or makes up what is missing before a packet, or a frame of it; if that is `early`
    /// by as much as is made up at once, in the hope that it will still come.
    fn bridge(&mut self, decoder: &mut impl Decoder, slot: Slot, gap: i64, early: i64) {
        let payload = self.slots.read(&slot, &mut self.room);
        let repeated = i64::from(decoder.redundancy(slot.payload_type, payload));
        if repeated > 0 {
            self.playout.repeated = (repeated, self.playout.since + REPEATED);
        }
        if repeated == gap {
            let pcm = self.ahead.behind(self.format.samples(gap));
            let filled = pcm.len();
            decoder.recover(payload, pcm);
            self.ahead.grow(filled);
            self.playout.place = slot.timestamp;
            self.playout.heard = Heard::Sound;
            self.statistics.recovered_samples += filled as u64;
            return;
        }
        if early >= self.format.sample_micros(decoder.frame()) {
            return self.wait(decoder, 0);
        }
        let made = self.conceal(decoder);
        self.playout.unexplained += made as u64;
        self.explain();
        self.playout.place += self.format.ticks(made);
    }

    fn conceal(&mut self, decoder: &mut impl Decoder) -> usize {
        let pcm = self.ahead.behind(decoder.frame().max(1));
        let made = pcm.len();
        decoder.conceal(pcm);
        self.background.fill(pcm);
        self.ahead.grow(made);
        self.playout.begun |= self.playout.heard != Heard::Concealed;
        self.playout.heard = Heard::Concealed;
        made
    }

    fn noise(&mut self, decoder: &mut impl Decoder) {
        if self.playout.heard == Heard::Nothing {
            return self.silence(decoder);
        }
        let pcm = self.ahead.behind(decoder.frame().max(1));
        let made = pcm.len();
        decoder.noise(pcm);
        self.ahead.grow(made);
        self.statistics.noise_samples += made as u64;
        self.playout.heard = Heard::Noise;
    }

    fn silence(&mut self, decoder: &impl Decoder) {
        let pcm = self.ahead.behind(decoder.frame().max(1));
        pcm.fill(0);
        let made = pcm.len();
        self.ahead.grow(made);
    }

    /// Takes a cycle out if sound waits too long, and puts one in if it does not wait long enough.
    fn stretch(&mut self, decoder: &mut impl Decoder, at: i64, wanted: usize) {
        let Some(stream) = &self.stream else { return };
        if self.settings.pace == Pace::Fixed || self.playout.state != (State::Sound { held: 0 }) {
            return;
        }
        let (lateness, pull) = (self.lateness(stream), self.playout.pull);
        let delay = self.delay(at);
        let over = delay - lateness - pull - SLACK;
        // What is decoded already is so much less that the next packet may be late.
        let surplus = self.format.sample_micros(self.ahead.len() - wanted);
        let under = lateness - delay + surplus % pull.max(1);
        if over <= 0 {
            self.playout.over_since = at;
            if under <= 0 {
                return;
            }
        }
        let rate = self.format.rate;
        while self.ahead.len() < stretch::window(rate) && self.follows() {
            self.decode_more(decoder, at);
        }
        let length = self.ahead.len();
        // What nobody hears is cut in pauses; a voice only if there is none for a while.
        let likeness = match over {
            HURRY.. => -1.0,
            HASTE.. => 0.5,
            1.. if at - self.playout.over_since < PATIENCE => PAUSES_ONLY,
            1.. => 0.95,
            _ => 0.85,
        };
        let effort = Effort { likeness, quiet: QUIET.max(self.playout.loudness * PAUSES) };
        let changed = if over > 0 {
            let removed = stretch::shrink(self.ahead.with_room(0), rate, effort);
            self.ahead.cut(removed.unwrap_or(0));
            self.statistics.compressed_samples += removed.unwrap_or(0) as u64;
            removed
        } else {
            let pcm = self.ahead.with_room(stretch::longest(rate));
            let added = stretch::grow(pcm, length, rate, effort);
            self.ahead.grow(added.unwrap_or(0));
            self.statistics.stretched_samples += added.unwrap_or(0) as u64;
            added
        };
        let pause = if over > HASTE { 0 } else { self.format.micro_samples(PAUSE) };
        self.playout.settled = match changed {
            Some(cycle) => cycle + pause,
            None => self.format.micro_samples(RETRY),
        };
    }

    /// Whether the packet that comes next is there.
    fn follows(&self) -> bool {
        let next = self.slots.at(self.playout.next);
        self.playout.state == (State::Sound { held: 0 })
            && next.is_some_and(|it| it.timestamp <= self.playout.place)
    }
}

/// How long one loss that could have been recovered, or was, speaks for others.
const REPEATED: i64 = 10_000_000;
/// Microseconds that are played at once, however much is asked for.
const AT_ONCE: i64 = 60_000;
/// Sound may wait so much longer than it has to.
const SLACK: i64 = 10_000;
/// So far behind the sound is played faster, even if that is heard.
const HASTE: i64 = 100_000;
/// So far behind it is played as fast as it goes.
const HURRY: i64 = 250_000;
/// What is further behind is not played at all.
const TOO_FAR: i64 = 1_500_000;
/// Between two cuts that nobody shall hear.
const PAUSE: i64 = 20_000;
/// Until a cut is tried again where there was none to make.
const RETRY: i64 = 10_000;
/// The mean square of samples in a pause: -60 dBov, or 30 dB below the voice.
const QUIET: f32 = 1_000.0;
const PAUSES: f32 = 0.001;
/// No two cycles are so much alike.
const PAUSES_ONLY: f32 = 2.0;
/// Microseconds in which a pause is hoped for.
const PATIENCE: i64 = 1_500_000;
/// What is left of the loudness after a frame: half after 1.4 s of frames of 20 ms.
const FADING: f32 = 0.99;
