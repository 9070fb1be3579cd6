//! How loud a payload is, as far as its octets show without decoding them.

use super::content::content;
use super::opus;
use crate::jitter::Content;
use crate::mixer::Level;
use call::Codec;
use media_dsp::g711::Law;

/// Of a payload of this codec; nothing where only decoding tells.
pub(crate) fn loudness(codec: Codec, payload: &[u8]) -> Option<Level> {
    match codec {
        Codec::Pcmu => Some(Level::of_g711(Law::Mu, payload)),
        Codec::Pcma => Some(Level::of_g711(Law::A, payload)),
        Codec::ComfortNoise { .. } => Some(Level::SILENCE),
        Codec::Opus if opus::is_spoken(payload) == Some(false) => Some(Level::SILENCE),
        _ => match content(codec, payload) {
            Content::Pause(_) => Some(Level::SILENCE),
            Content::Sound(_) | Content::Foreign => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Encoder, Shape};
    use media_dsp::resample::Rate;

    /// A voice of many harmonics, or the noise of a quiet room.
    fn sample(n: usize, rate: usize, speaks: bool) -> i16 {
        let at = n as f64 / rate as f64 * std::f64::consts::TAU;
        let noise = ((n as u32).wrapping_mul(2_654_435_761) >> 29) as f64 - 3.5;
        let pitch = 120.0 + 10.0 * (at * 3.0).sin();
        let harmonics = (1..20).map(|it| (at * pitch * f64::from(it)).sin() / f64::from(it));
        let swell = 0.6 + 0.4 * (at * 4.0).sin();
        (noise + if speaks { 4_000.0 * swell * harmonics.sum::<f64>() } else { 0.0 }) as i16
    }

    #[test]
    fn an_opus_payload_says_whether_somebody_speaks() {
        for (wanted, millis) in [(Rate::Hz16000, 10), (Rate::Hz48000, 20), (Rate::Hz16000, 60)] {
            let shape = Shape::new(Codec::Opus, wanted, millis).unwrap();
            let (mut encoder, mut out) = (Encoder::new(shape).unwrap(), [0; 1_500]);
            let (mut heard, mut missed) = (0, 0);
            for packet in 0..200 {
                // Two seconds of each; the first half second of both is left out.
                let place = packet * shape.packet();
                let speaks = place / shape.rate().hz() % 4 >= 2;
                let settled = place % (2 * shape.rate().hz()) >= shape.rate().hz() / 2;
                let pcm: Vec<i16> = (place..place + shape.packet())
                    .map(|n| sample(n, shape.rate().hz(), speaks))
                    .collect();
                let made = encoder.encode(&pcm, &mut out).unwrap();
                let silent = loudness(Codec::Opus, &out[..made]) == Some(Level::SILENCE);
                heard += usize::from(settled && !speaks && !silent);
                missed += usize::from(settled && speaks && silent);
            }
            assert_eq!((heard, missed), (0, 0), "{wanted:?}, {millis} ms");
        }
    }

    #[test]
    fn what_is_not_sent_is_silence_and_what_only_decoding_shows_is_not_guessed() {
        let silence = Some(Level::SILENCE);
        assert_eq!(loudness(Codec::Opus, &[0xf8]), silence, "discontinuous transmission");
        assert_eq!(loudness(Codec::Opus, &[0xf8, 1, 2, 3]), None, "CELT alone");
        assert_eq!(loudness(Codec::Opus, &[0x4b, 2, 1, 2, 3]), None, "two frames");
        assert_eq!(loudness(Codec::G729 { annex_b: true }, &[1, 2]), silence);
        assert_eq!(loudness(Codec::G729 { annex_b: true }, &[1; 20]), None);
        assert_eq!(loudness(Codec::G722, &[1; 160]), None);
    }

    #[test]
    fn either_channel_of_a_stereo_payload_may_speak() {
        let spoken = |first| opus::is_spoken(&[0x4c, first, 0, 0]);
        let told = [0x00, 0x80, 0x40, 0x20, 0x10].map(spoken);
        assert_eq!(told, [false, true, false, true, false].map(Some));
    }
}
