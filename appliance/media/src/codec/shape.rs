//! What goes into a codec and comes out of it, known before there is one.

use super::{DISC, GSM_FRAME, g726_rate};
use call::Codec;
use media_dsp::resample::Rate;
use media_dsp::{amrwb, g729, g7231};

/// A codec, the rate of its samples, and how many of them a packet holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    codec: Codec,
    rate: Rate,
    packet: usize,
}

impl Shape {
    /// What a far side is sent; nothing for what carries no sound, or sound at a rate that is not
    /// known here.
    ///
    /// `wanted`: the rate of what is to be encoded, for a codec that takes any. `millis`: how much
    /// sound a packet should hold; what the codec cannot do is rounded down, but to one frame at
    /// least.
    pub fn new(codec: Codec, wanted: Rate, millis: u8) -> Option<Self> {
        let rate = rate(codec, wanted).filter(|_| codec.is_sound())?;
        let packet = rate.hz() * usize::from(packet_millis(codec, millis)) / 1_000;
        Some(Self { codec, rate, packet })
    }

    /// The codec.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Of its samples.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Samples of a packet.
    pub fn packet(&self) -> usize {
        self.packet
    }

    /// The same in milliseconds.
    pub fn millis(&self) -> usize {
        self.packet * 1_000 / self.rate.hz()
    }

    /// So many samples in ticks of the codec's clock.
    pub fn ticks(&self, samples: usize) -> u32 {
        (samples as u64 * u64::from(self.codec.clock()) / self.rate.hz() as u64) as u32
    }

    /// The fewest samples that can be sent: packets hold whole numbers of them.
    pub fn grain(&self) -> usize {
        match self.codec {
            Codec::Pcmu | Codec::Pcma | Codec::Clear => 1,
            Codec::L16 { rate: DISC } => DISC_GRAIN,
            Codec::L16 { .. } => 1,
            Codec::G722 => 2,
            Codec::G726 { bits, .. } => g726_rate(bits).samples(),
            Codec::G729 { .. } => g729::FRAME,
            Codec::G723 { .. } => g7231::FRAME_SAMPLES,
            Codec::Gsm => GSM_FRAME,
            Codec::AmrWb { .. } => amrwb::FRAME,
            Codec::Opus | Codec::TelephoneEvent { .. } | Codec::ComfortNoise { .. } => self.packet,
        }
    }
}

/// The samples in a second on the linear side of a codec; nothing for one without sound, or at a
/// rate that is not known here. `wanted`: for a codec that gives and takes any.
pub(crate) fn rate(codec: Codec, wanted: Rate) -> Option<Rate> {
    match codec {
        Codec::Pcmu | Codec::Pcma | Codec::Gsm => Some(Rate::Hz8000),
        Codec::G726 { .. } | Codec::G729 { .. } | Codec::G723 { .. } => Some(Rate::Hz8000),
        Codec::G722 | Codec::AmrWb { .. } => Some(Rate::Hz16000),
        // That it does so by itself is better than to convert once more.
        Codec::Opus => match wanted {
            Rate::Hz8000 | Rate::Hz16000 => Some(wanted),
            Rate::Hz32000 | Rate::Hz48000 => Some(Rate::Hz48000),
        },
        Codec::L16 { rate: DISC } => Some(Rate::Hz48000),
        Codec::L16 { rate } => linear(rate),
        Codec::ComfortNoise { clock } => linear(clock).filter(|it| it.hz() <= Rate::Hz16000.hz()),
        Codec::Clear | Codec::TelephoneEvent { .. } => None,
    }
}

/// Whether a payload means the same whatever came before.
pub(crate) fn is_memoryless(codec: Codec) -> bool {
    match codec {
        Codec::Pcmu | Codec::Pcma => true,
        Codec::L16 { rate } => rate != DISC,
        _ => false,
    }
}

fn linear(hertz: u32) -> Option<Rate> {
    Rate::ALL.into_iter().find(|rate| u32::try_from(rate.hz()) == Ok(hertz))
}

/// What a packet holds when so much is wanted.
fn packet_millis(codec: Codec, wanted: u8) -> u8 {
    let wanted = if wanted == 0 { USUAL } else { wanted.clamp(LEAST, MOST) };
    let frame = match codec {
        Codec::G723 { .. } => 30,
        Codec::Gsm | Codec::AmrWb { .. } => 20,
        // RFC 6716 §2.1.4: one frame of these lengths.
        Codec::Opus => match wanted {
            ..20 => 10,
            20..40 => 20,
            40..60 => 40,
            60.. => 60,
        },
        Codec::Pcmu
        | Codec::Pcma
        | Codec::G722
        | Codec::G726 { .. }
        | Codec::G729 { .. }
        | Codec::L16 { .. }
        | Codec::Clear
        | Codec::TelephoneEvent { .. }
        | Codec::ComfortNoise { .. } => 10,
    };
    (wanted / frame).max(1) * frame
}

/// RFC 3551 §4.2.
const USUAL: u8 = 20;
const LEAST: u8 = 10;
const MOST: u8 = 60;
/// 10 ms at 48 kHz, which are whole samples at 44.1.
const DISC_GRAIN: usize = 480;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_holds_what_is_wanted_as_far_as_the_codec_can() {
        let opus = |wanted| packet_millis(Codec::Opus, wanted);
        assert_eq!([0, 10, 20, 30, 50, 60].map(opus), [20, 10, 20, 20, 40, 60]);
        let g723 = |wanted| packet_millis(Codec::G723 { annex_a: false }, wanted);
        assert_eq!([0, 10, 30, 40, 60, 255].map(g723), [30, 30, 30, 30, 60, 60]);
        assert_eq!([0, 5, 35, 60].map(|it| packet_millis(Codec::Gsm, it)), [20, 20, 20, 60]);
        assert_eq!([0, 5, 35, 60].map(|it| packet_millis(Codec::Pcmu, it)), [20, 10, 30, 60]);
    }
}
