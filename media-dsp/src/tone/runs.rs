//! What is on a line as a row of runs: a sound, silence, a sound; with the duration of each.

/// What a stretch of the line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// One of the sounds that are sought.
    Sound(u8),
    Silence,
    /// Speech, noise, anything.
    Other,
}

/// The last runs. All times are in milliseconds.
#[derive(Debug, Clone)]
pub(crate) struct Runs {
    /// Those that are over, the newest last.
    over: [(Class, f32); KEPT],
    count: usize,
    now: Class,
    since: f32,
    next: Next,
    clock: f32,
}

/// What it will be if it stays so.
#[derive(Debug, Clone, Copy)]
struct Next {
    class: Class,
    /// Looks that said so, and those since the last that did not.
    count: u8,
    misses: u8,
    /// When the first said so.
    since: f32,
}

impl Runs {
    pub(crate) fn new() -> Self {
        Self {
            over: [(Class::Other, 0.0); KEPT],
            count: 0,
            now: Class::Other,
            since: 0.0,
            next: Next { class: Class::Other, count: 0, misses: 0, since: 0.0 },
            clock: 0.0,
        }
    }

    /// Takes the next look, 5 ms after the last. `enough`: how many looks make a sound. `late`: by
    /// how much a sound and a silence are seen late.
    pub(crate) fn look(&mut self, class: Class, enough: u8, late: (f32, f32)) {
        self.clock += LOOK;
        let next = &mut self.next;
        if next.count > 0 && class == next.class {
            next.count += 1;
            next.misses = 0;
        } else if next.is_fading_in(self.now) {
            next.misses += 1;
            return;
        } else if class == self.now {
            next.count = 0;
            return;
        } else {
            *next = Next { class, count: 1, misses: 0, since: self.clock };
        }
        let (needed, late) = match next.class {
            // Between one sound and another there is silence; the rest is beats.
            Class::Sound(_) if matches!(self.now, Class::Sound(_)) => (OTHER_SOUND_LOOKS, late.0),
            Class::Sound(_) => (enough, late.0),
            Class::Silence => (SILENT_LOOKS, late.1),
            Class::Other => (OTHER_LOOKS, 0.0),
        };
        if next.count >= needed {
            let at = next.since - late;
            self.turn(class, at);
        }
    }

    fn turn(&mut self, class: Class, at: f32) {
        if class == Class::Other {
            self.count = 0;
        } else if self.now != Class::Other {
            self.over.copy_within(1.., 0);
            self.over[KEPT - 1] = (self.now, (at - self.since).max(0.0));
            self.count = (self.count + 1).min(KEPT);
        }
        self.now = class;
        self.next.count = 0;
        // Times stay small, so that they stay exact.
        self.clock -= at;
        self.since = 0.0;
    }

    /// What there is now, and since when.
    pub(crate) fn now(&self) -> (Class, f32) {
        (self.now, self.clock - self.since)
    }

    /// The runs that are over and whole, the newest last.
    pub(crate) fn over(&self) -> &[(Class, f32)] {
        &self.over[KEPT - self.count..]
    }
}

impl Next {
    /// Whether it is a sound that begins, and may be silent for a moment because it is modulated.
    fn is_fading_in(&self, now: Class) -> bool {
        let begins = matches!(self.class, Class::Sound(_)) && !matches!(now, Class::Sound(_));
        begins && self.count > 0 && self.misses < MOST_MISSES
    }
}

/// Runs that are kept.
const KEPT: usize = 12;
const LOOK: f32 = 5.0;
const MOST_MISSES: u8 = 2;
const OTHER_SOUND_LOOKS: u8 = 8;
/// A modulated sound is silent for a moment, too.
const SILENT_LOOKS: u8 = 7;
/// A change from sound to silence may look like anything for a while.
const OTHER_LOOKS: u8 = 12;
