//! What is encoded.

use crate::oracle::{Chance, speech};
use media_dsp::amrwb::{FRAME, Frame, FrameType, Quality};

/// Speech at 16 kHz: that of 8 kHz with every second sample between its neighbours, and some noise
/// of the upper band.
pub(crate) fn wide_speech(seconds: usize) -> Option<Vec<i16>> {
    let narrow = speech(seconds)?;
    let mut chance = Chance::new(5);
    let mut wide = Vec::with_capacity(2 * narrow.len());
    for (i, &sample) in narrow.iter().enumerate() {
        let next = narrow.get(i + 1).copied().unwrap_or_default();
        let between = (i32::from(sample) + i32::from(next)) / 2;
        for value in [i32::from(sample), between] {
            let hiss = (i32::from(chance.sample()) * i32::from(sample.unsigned_abs())) >> 19;
            wide.push((value + hiss).clamp(-32_768, 32_767) as i16);
        }
    }
    Some(wide)
}

/// Under two seconds of something like speech: a voice whose pitch glides, breaths, and a pause.
pub(crate) fn test_signal() -> Vec<i16> {
    let mut chance = Chance::new(8);
    let (mut phase, mut smooth) = (0, 0);
    let samples = (0..90 * FRAME).map(|i| {
        let voiced = (i / 4_000) % 3 < 2 && i < 50 * FRAME;
        // Pulses of 90 to 250 Hz through a resonance.
        phase += 65_536 / 16_000 * (90 + (i as i32 / 100) % 160);
        let pulse = if phase > 65_536 { 12_000 } else { 0 };
        phase &= 0xffff;
        let breath = i32::from(chance.sample() >> if i < 50 * FRAME { 5 } else { 10 });
        smooth += (if voiced { pulse } else { 0 } + breath - smooth) / 3;
        smooth as i16
    });
    samples.collect()
}

/// The frames as a bad line gives them: some lost, some not sent, some known to be damaged, with
/// and without wrong bits.
pub(crate) fn degraded(frames: &[Frame], seed: u64) -> Vec<Frame> {
    let mut chance = Chance::new(seed);
    let mut left = 0;
    let mut kind = 0;
    let frames = frames.iter().map(|frame| {
        if left == 0 && chance.below(6) == 0 {
            (left, kind) = (1 + chance.below(3), chance.below(4));
        }
        if left == 0 {
            return *frame;
        }
        left -= 1;
        let mut bits = frame.bits().to_vec();
        match kind {
            0 => return Frame::empty(FrameType::Lost),
            1 => return Frame::empty(FrameType::NoData),
            2 => bits.iter_mut().step_by(5).for_each(|octet| *octet ^= 1 << chance.below(8)),
            _ => {}
        }
        Frame::new(frame.frame_type(), Quality::Damaged, &bits)
    });
    frames.collect()
}

/// Speech far too loud, white noise, digital silence, a tone, noise that is hardly there.
pub(crate) fn extremes() -> Option<Vec<i16>> {
    let mut pcm = wide_speech(4)?;
    for sample in &mut pcm {
        *sample = sample.saturating_mul(12);
    }
    let mut chance = Chance::new(3);
    pcm.extend((0..FRAME * 30).map(|_| chance.sample()));
    pcm.extend([0; FRAME * 30]);
    pcm.extend((0..FRAME * 30).map(|i| if i / 8 % 2 == 0 { 20_000 } else { -20_000 }));
    pcm.extend((0..FRAME * 60).map(|_| chance.sample() >> 12));
    Some(pcm)
}
