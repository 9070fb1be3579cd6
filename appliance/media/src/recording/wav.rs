//! RIFF WAVE with linear 16-bit samples (Microsoft and IBM, "Multimedia Programming Interface and Data
//! Specifications 1.0", 1991, chapter 3).

use super::{Layout, Mending};
use media_dsp::speech::Rate;

/// What the head of the file says.
#[derive(Debug)]
pub(super) struct WavFile {
    rate: Rate,
    channels: u16,
}

impl WavFile {
    pub(super) fn begin(layout: Layout, rate: Rate, ready: &mut Vec<u8>) -> Self {
        let channels = match layout {
            Layout::Sides => 2,
            Layout::Mix => 1,
        };
        let file = Self { rate, channels };
        ready.extend(file.head(0));
        file
    }

    pub(super) fn head(&self, samples: u64) -> [u8; HEAD] {
        let frame = self.channels * 2;
        let octets = u32::try_from(samples * u64::from(frame)).unwrap_or(MOST);
        let hz = self.rate.block() as u32 * BLOCKS_A_SECOND;
        let mut head = [0; HEAD];
        let parts: [&[u8]; 13] = [
            b"RIFF",
            &(octets + BEFORE_DATA).to_le_bytes(),
            b"WAVE",
            b"fmt ",
            &16_u32.to_le_bytes(),
            &PCM.to_le_bytes(),
            &self.channels.to_le_bytes(),
            &hz.to_le_bytes(),
            &(hz * u32::from(frame)).to_le_bytes(),
            &frame.to_le_bytes(),
            &16_u16.to_le_bytes(),
            b"data",
            &octets.to_le_bytes(),
        ];
        for (slot, octet) in head.iter_mut().zip(parts.into_iter().flatten()) {
            *slot = *octet;
        }
        head
    }

    pub(super) fn is_full(&self, samples: u64) -> bool {
        samples * u64::from(self.channels * 2) > u64::from(MOST / 2)
    }
}

/// Makes the sizes of a file that was recorded here agree with its length.
pub(super) fn mend(length: u64, head: &[u8]) -> Option<Mending> {
    let head: &[u8; HEAD] = head.first_chunk()?;
    let ours = head.get(8..16) == Some(b"WAVEfmt ") && head.get(36..40) == Some(b"data");
    let frame = u16::from_le_bytes([*head.get(32)?, *head.get(33)?]);
    if !ours || frame == 0 {
        return None;
    }
    let sound = length.checked_sub(HEAD as u64)?;
    let whole = sound / u64::from(frame) * u64::from(frame);
    let octets = u32::try_from(whole).ok()?;
    let mut patch = head.to_vec();
    let sizes = [(4, octets.checked_add(BEFORE_DATA)?), (40, octets)];
    for (at, size) in sizes {
        patch.get_mut(at..at + 4)?.copy_from_slice(&size.to_le_bytes());
    }
    let right = whole == sound && patch == head;
    (!right).then_some(Mending { length: HEAD as u64 + whole, at: 0, patch })
}

const HEAD: usize = 44;
/// What is counted in the size of the file and lies before the samples.
const BEFORE_DATA: u32 = 36;
/// `WAVE_FORMAT_PCM`.
const PCM: u16 = 1;
/// Of 10 ms.
const BLOCKS_A_SECOND: u32 = 100;
const MOST: u32 = u32::MAX - BEFORE_DATA;
