//! Pauses: which frames are one, and the noise that fills them (3GPP TS 26.192, TS 26.193).

use super::arithmetic::{Noise, log2, parts, ratio};
use super::frame::Parameters;
use super::spectrum::{Isf, noise_isf};
use super::tables::FIRST_ISF;
use super::{FRAME_12K8, Frame, FrameType, Lineage, ORDER, Quality};
use crate::fixed::{add, l_add, l_mult, mult, mult_r, shl, sub};

/// What a frame is to the receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Received {
    /// Speech without errors.
    Good,
    /// Speech with errors.
    Bad,
    /// Speech that did not arrive.
    Lost,
    /// The first silence descriptor, without parameters.
    SidFirst,
    /// A silence descriptor with parameters.
    SidUpdate,
    /// A silence descriptor with errors.
    SidBad,
    /// Nothing was sent.
    NoData,
}

impl Received {
    pub(super) fn of(frame: &Frame) -> Self {
        match (frame.frame_type(), frame.quality()) {
            (FrameType::Speech(_), Quality::Good) => Self::Good,
            (FrameType::Speech(_), Quality::Damaged) => Self::Bad,
            (FrameType::Sid, Quality::Damaged) => Self::SidBad,
            (FrameType::Sid, Quality::Good) if frame.is_update() => Self::SidUpdate,
            (FrameType::Sid, Quality::Good) => Self::SidFirst,
            (FrameType::Lost, _) => Self::Lost,
            (FrameType::NoData, _) => Self::NoData,
        }
    }

    fn is_sid(self) -> bool {
        matches!(self, Self::SidFirst | Self::SidUpdate | Self::SidBad)
    }
}

/// What is synthesised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activity {
    Speech,
    /// Comfort noise.
    Noise,
    /// Comfort noise that fades, because nothing has been heard of it for long.
    Muted,
}

/// The state of the pauses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ComfortNoise {
    lineage: Lineage,
    /// Of the last frame.
    activity: Activity,
    since_sid: i16,
    /// Frames since the parameters of the sender's hangover can have been analysed.
    elapsed: i16,
    hangover: i16,
    hangover_added: bool,
    sid: bool,
    valid: bool,
    /// Whether parameters have ever been received.
    updated: bool,
    /// Frames in a row whose sender heard no voice.
    unvoiced: i16,
    /// The last eight frames of speech.
    isf_history: [Isf; HISTORY],
    energy_history: [i16; HISTORY],
    latest: usize,
    isf: Isf,
    last_isf: Isf,
    /// log2 of the energy plus 2, in Q9.
    energy: i16,
    last_energy: i16,
    /// 1 / frames between descriptors, Q15.
    pace: i16,
    dithered: bool,
    noise: Noise,
    dither: Noise,
}

impl ComfortNoise {
    pub(super) fn new(lineage: Lineage) -> Self {
        Self {
            lineage,
            activity: Activity::Speech,
            since_sid: 0,
            elapsed: 127,
            hangover: HANGOVER,
            hangover_added: false,
            sid: false,
            valid: false,
            updated: false,
            unvoiced: 0,
            isf_history: [FIRST_ISF; HISTORY],
            energy_history: [FIRST_ENERGY; HISTORY],
            latest: 0,
            isf: FIRST_ISF,
            last_isf: FIRST_ISF,
            energy: FIRST_ENERGY,
            last_energy: FIRST_ENERGY,
            pace: 1 << 13,
            dithered: false,
            noise: Noise::new(),
            dither: Noise::new(),
        }
    }

    /// What was synthesised in the last frame.
    pub(super) fn activity(&self) -> Activity {
        self.activity
    }

    pub(super) fn set_activity(&mut self, activity: Activity) {
        self.activity = activity;
    }

    /// What is to be synthesised for a frame.
    pub(super) fn receive(&mut self, received: Received) -> Activity {
        let activity = self.next_activity(received);
        self.follow_hangover(received);
        if activity != Activity::Speech {
            self.sid = received.is_sid();
            self.valid = received == Received::SidUpdate;
            if received == Received::SidBad {
                self.hangover_added = false;
            }
        }
        activity
    }

    /// Notes whether the sender heard voice in a frame of speech.
    pub(super) fn hear(&mut self, voice: bool, erased: bool) {
        if !erased {
            self.unvoiced = if voice { 0 } else { add(self.unvoiced, 1) };
        } else if self.unvoiced > 0 {
            self.unvoiced = add(self.unvoiced, 1);
        }
    }

    /// Keeps a frame of speech: the first descriptor of a pause stands for the last eight.
    /// The excitation is scaled up by `scale` bits.
    pub(super) fn remember(&mut self, isf: &Isf, excitation: &[i16], scale: i16) {
        self.latest = (self.latest + 1) % HISTORY;
        self.isf_history[self.latest] = *isf;
        let rounding = (1 << scale) >> 1;
        let sum: i64 =
            excitation.iter().map(|&x| i64::from(add(x, rounding) >> scale)).map(|x| x * x).sum();
        let (whole, fraction) = log2(sum.min(0x3fff_ffff) as i32);
        self.energy_history[self.latest] = shl(whole, 7) + (fraction >> 8) - 1024;
    }

    /// The frequencies and the excitation of a frame of noise.
    pub(super) fn generate(
        &mut self,
        activity: Activity,
        parameters: &Parameters,
        excitation: &mut [i16; FRAME_12K8],
    ) -> Isf {
        if self.hangover_added && self.sid {
            self.average();
        }
        if self.sid {
            self.last_isf = self.isf;
            self.last_energy = self.energy;
            if self.valid {
                self.update(parameters);
                self.since_sid = 0;
            }
        }
        let share = shl(mult(shl(self.since_sid.min(32), 10), self.pace).min(1024), 4);
        let rest = 16_384 - share;
        let mut level = l_add(l_mult(share, self.energy), l_mult(rest, self.last_energy));
        let mut isf = [0; ORDER];
        for (i, frequency) in isf.iter_mut().enumerate() {
            *frequency = shl(add(mult(share, self.isf[i]), mult(rest, self.last_isf[i])), 1);
        }
        if self.dithered {
            self.dither(&mut isf, &mut level);
        }
        let (whole, fraction) = parts(level >> 9);
        self.noise.fill(self.lineage, (whole as i16, fraction as i16), excitation);
        if activity == Activity::Muted {
            self.fade();
        }
        if self.sid && (self.valid || self.hangover_added) {
            self.since_sid = 0;
            self.updated = true;
        }
        isf
    }

    fn next_activity(&mut self, received: Received) -> Activity {
        let missing = matches!(received, Received::NoData | Received::Bad | Received::Lost);
        let goes_on = missing && self.activity != Activity::Speech;
        if !received.is_sid() && !goes_on {
            self.since_sid = 0;
            return Activity::Speech;
        }
        self.since_sid = add(self.since_sid, 1);
        let stale = self.since_sid > LONGEST
            && (received != Received::SidUpdate || self.lineage == Lineage::Opencore);
        let stays = self.activity == Activity::Muted
            && !matches!(received, Received::SidUpdate | Received::Bad);
        if stale || stays { Activity::Muted } else { Activity::Noise }
    }

    /// Follows the sender's state machine, to know when it has analysed the noise before a pause.
    fn follow_hangover(&mut self, received: Received) {
        if !self.updated && received == Received::SidUpdate {
            self.elapsed = 0;
        }
        self.elapsed = (self.elapsed + 1).min(127);
        self.hangover_added = false;
        let silent = received == Received::NoData
            && (self.lineage == Lineage::Opencore
                || self.activity != Activity::Speech
                || self.unvoiced >= HANGOVER);
        if !received.is_sid() && !silent {
            self.hangover = HANGOVER;
        } else if self.elapsed > ANALYSED {
            self.hangover_added = true;
            self.elapsed = 0;
            self.hangover = 0;
        } else if self.hangover == 0 {
            self.elapsed = 0;
        } else {
            self.hangover -= 1;
        }
    }

    /// The noise is that of the last eight frames of speech, the last one counted twice.
    fn average(&mut self) {
        let oldest = (self.latest + 1) % HISTORY;
        self.isf_history[oldest] = self.isf_history[self.latest];
        self.energy_history[oldest] = self.energy_history[self.latest];
        let sum = self.energy_history.iter().fold(0, |sum, &it| add(sum, it));
        self.energy = add(sum >> 1, 1024).max(0);
        for i in 0..ORDER {
            let sum: i32 = self.isf_history.iter().map(|isf| i32::from(isf[i])).sum();
            self.isf[i] = (sum >> 3) as i16;
        }
    }

    /// Takes the parameters of a descriptor.
    fn update(&mut self, parameters: &Parameters) {
        let frames = self.since_sid.min(32);
        self.pace = if frames >= 2 { ratio(1 << 10, shl(frames, 10)) } else { 1 << 14 };
        let values = parameters.values();
        self.isf = noise_isf(&values[..5]);
        self.energy = noise_level(values[5]);
        self.dithered = values[6] != 0;
        if !self.updated || self.activity == Activity::Speech {
            self.last_isf = self.isf;
            self.last_energy = self.energy;
        }
    }

    /// Noise that is not stationary varies.
    fn dither(&mut self, isf: &mut Isf, level: &mut i32) {
        *level = l_add(*level, l_mult(self.variation(), 75)).max(0);
        let mut factor = 256;
        isf[0] = add(isf[0], mult_r(self.variation(), factor)).max(128);
        for i in 1..ORDER - 1 {
            factor += 2;
            let varied = add(isf[i], mult_r(self.variation(), factor));
            isf[i] = if sub(varied, isf[i - 1]) < 448 { add(isf[i - 1], 448) } else { varied };
        }
        isf[ORDER - 2] = isf[ORDER - 2].min(16_384);
    }

    fn variation(&mut self) -> i16 {
        (self.dither.next() >> 1) + (self.dither.next() >> 1)
    }

    /// 3/8 dB less with every frame.
    fn fade(&mut self) {
        let frames = match (self.since_sid.min(32), self.lineage) {
            (..=0, Lineage::Standard) => 8,
            (frames, _) => frames,
        };
        self.pace = ratio(1 << 10, shl(frames, 10));
        self.since_sid = 0;
        self.last_energy = self.energy;
        self.energy = sub(self.energy, 64);
    }
}

/// The level of comfort noise that an index of 6 bits stands for: log2 of its root mean square plus
/// 2, in Q10.
pub(super) fn noise_level(index: i16) -> i16 {
    mult(shl(index, 9), 12_483)
}

/// Frames of noise that are remembered, on both sides.
pub(super) const HISTORY: usize = 8;
/// The energy at the beginning.
const FIRST_ENERGY: i16 = 3500;
/// Frames that a sender goes on with after the last voice, less one.
pub(super) const HANGOVER: i16 = 7;
/// Frames after which a sender has a new analysis.
pub(super) const ANALYSED: i16 = 24 + HANGOVER - 1;
/// Frames without a descriptor after which the noise fades.
const LONGEST: i16 = 50;
