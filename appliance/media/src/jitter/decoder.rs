//! What the buffer asks of a codec.

use media_dsp::codec::DecodeError;

/// How fast the timestamps of a stream and the samples of its sound run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// Ticks of the timestamps in a second: 8,000 for G.722, 48,000 for Opus.
    pub clock: u32,
    /// Samples in a second.
    pub rate: u32,
}

impl Format {
    /// So many samples in ticks.
    pub fn ticks(self, samples: usize) -> i64 {
        let samples = i64::try_from(samples).unwrap_or(i64::MAX);
        samples.saturating_mul(i64::from(self.clock)) / i64::from(self.rate.max(1))
    }

    /// So many ticks in samples; less than none are none.
    pub fn samples(self, ticks: i64) -> usize {
        let samples = ticks.max(0).saturating_mul(i64::from(self.rate));
        usize::try_from(samples / i64::from(self.clock.max(1))).unwrap_or(usize::MAX)
    }

    pub(super) fn tick_micros(self, ticks: i64) -> i64 {
        ticks.saturating_mul(MICROS) / i64::from(self.clock.max(1))
    }

    pub(super) fn sample_micros(self, samples: usize) -> i64 {
        let samples = i64::try_from(samples).unwrap_or(i64::MAX);
        samples.saturating_mul(MICROS) / i64::from(self.rate.max(1))
    }

    pub(super) fn micro_samples(self, micros: i64) -> usize {
        let samples = micros.max(0).saturating_mul(i64::from(self.rate)) / MICROS;
        usize::try_from(samples).unwrap_or(usize::MAX)
    }
}

/// What a payload holds, as far as its octets show without decoding them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Sound of so many ticks.
    Sound(u32),
    /// So many ticks, the last of which describe noise: a pause has begun, and nothing has to come
    /// until it ends.
    Pause(u32),
    /// Nothing for this decoder: a telephone event, another codec, no octets, or damaged ones.
    Foreign,
}

/// One direction of one stream's codec, with what makes up for losses and fills pauses.
///
/// The buffer calls these in the order of the sound. Where it fills, `pcm` is always one
/// [`frame`](Decoder::frame) long, and all of it is to be written.
pub trait Decoder {
    /// The clocks. They do not change.
    fn format(&self) -> Format;

    /// The samples that are concealed at once: 10 ms, or one frame of a codec whose frames are
    /// longer.
    fn frame(&self) -> usize;

    /// What a payload holds. It is asked when the packet comes, before those that are decoded
    /// first.
    fn content(&self, payload_type: u8, payload: &[u8]) -> Content;

    /// Decodes all frames of a payload; says how many samples they made. `pcm` has room for what
    /// [`content`](Decoder::content) announced.
    ///
    /// # Errors
    /// Where there is no such payload. It is then concealed.
    fn decode(
        &mut self,
        payload_type: u8,
        payload: &[u8],
        pcm: &mut [i16],
    ) -> Result<usize, DecodeError>;

    /// Fills one frame that did not come.
    fn conceal(&mut self, pcm: &mut [i16]);

    /// How many ticks of the sound before a payload it holds once more.
    fn redundancy(&self, payload_type: u8, payload: &[u8]) -> u32 {
        let _ = (payload_type, payload);
        0
    }

    /// Fills what was lost directly before the payload `next` from the redundancy in it; `pcm` is
    /// as long as that.
    fn recover(&mut self, next: &[u8], pcm: &mut [i16]) {
        let _ = next;
        self.conceal(pcm);
    }

    /// Fills one frame of a pause with the noise that was described last.
    fn noise(&mut self, pcm: &mut [i16]);
}

const MICROS: i64 = 1_000_000;
