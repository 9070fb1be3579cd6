//! RIFF WAVE with linear 16-bit samples (Microsoft and IBM, "Multimedia Programming Interface and Data
//! Specifications 1.0", 1991, chapter 3), and RF64 (EBU Tech 3306), which a file becomes when it grows
//! beyond what RIFF can say: for that it begins with room for sizes of 64 bits.

use super::{Layout, Mending};
use media_dsp::speech::Rate;

/// What the head of the file says.
#[derive(Debug)]
pub(super) struct WavFile {
    rate: Rate,
    channels: u16,
    /// From so many octets on it is RF64.
    large: u64,
}

impl WavFile {
    pub(super) fn begin(layout: Layout, rate: Rate, ready: &mut Vec<u8>) -> Self {
        let channels = match layout {
            Layout::Sides => 2,
            Layout::Mix => 1,
        };
        let file = Self { rate, channels, large: LARGE };
        ready.extend(file.head(0));
        file
    }

    pub(super) fn large_from(&mut self, octets: u64) {
        self.large = octets;
    }

    pub(super) fn head(&self, samples: u64) -> [u8; HEAD] {
        let frame = self.channels * 2;
        let hz = self.rate.block() as u32 * BLOCKS_A_SECOND;
        let mut head = [0; HEAD];
        let parts: [&[u8]; 13] = [
            b"RIFF",
            &[0; 4],
            b"WAVE",
            b"JUNK",
            &SIZES.to_le_bytes(),
            &[0; SIZES as usize],
            b"fmt ",
            &16_u32.to_le_bytes(),
            &PCM.to_le_bytes(),
            &self.channels.to_le_bytes(),
            &hz.to_le_bytes(),
            &(hz * u32::from(frame)).to_le_bytes(),
            &frame.to_le_bytes(),
        ];
        let rest: [&[u8]; 3] = [&16_u16.to_le_bytes(), b"data", &[0; 4]];
        for (slot, octet) in head.iter_mut().zip(parts.into_iter().chain(rest).flatten()) {
            *slot = *octet;
        }
        size(&mut head, samples * u64::from(frame), u64::from(frame), self.large);
        head
    }
}

/// Writes into a head how many octets of sound there are.
fn size(head: &mut [u8; HEAD], sound: u64, frame: u64, large: u64) {
    let whole = sound + (HEAD - BEFORE) as u64;
    let small = u32::try_from(whole).ok().zip(u32::try_from(sound).ok());
    let (name, chunk, sizes) = match small.filter(|_| whole < large) {
        Some(sizes) => (b"RIFF", b"JUNK", sizes),
        None => (b"RF64", b"ds64", (u32::MAX, u32::MAX)),
    };
    let samples = sound / frame.max(1);
    let wide: [&[u8]; 4] =
        [&whole.to_le_bytes(), &sound.to_le_bytes(), &samples.to_le_bytes(), &[0; 4]];
    let wide: Vec<u8> = match name {
        b"RF64" => wide.concat(),
        _ => vec![0; SIZES as usize],
    };
    let parts: [(usize, &[u8]); 5] = [
        (0, name),
        (4, &sizes.0.to_le_bytes()),
        (12, chunk),
        (20, &wide),
        (HEAD - 4, &sizes.1.to_le_bytes()),
    ];
    for (at, octets) in parts {
        if let Some(slot) = head.get_mut(at..at + octets.len()) {
            slot.copy_from_slice(octets);
        }
    }
}

/// Makes the sizes of a file that was recorded here agree with its length.
pub(super) fn mend(length: u64, head: &[u8]) -> Option<Mending> {
    let head: &[u8; HEAD] = head.first_chunk()?;
    let ours = head.get(8..12) == Some(b"WAVE")
        && head.get(48..52) == Some(b"fmt ")
        && head.get(72..76) == Some(b"data");
    let frame = u64::from(u16::from_le_bytes([*head.get(68)?, *head.get(69)?]));
    if !ours || frame == 0 {
        return None;
    }
    let sound = length.checked_sub(HEAD as u64)?;
    let whole = sound / frame * frame;
    let large = if head.starts_with(b"RF64") { 0 } else { LARGE };
    let mut patch = *head;
    size(&mut patch, whole, frame, large);
    let right = whole == sound && patch == *head;
    (!right).then_some(Mending { length: HEAD as u64 + whole, at: 0, patch: patch.to_vec() })
}

/// What belongs at the beginning of every file.
pub(super) const HEAD: usize = 80;
/// What is not counted in the size of the file.
const BEFORE: usize = 8;
/// Octets of `ds64` without a table: EBU Tech 3306 §4.
const SIZES: u32 = 28;
/// `WAVE_FORMAT_PCM`.
const PCM: u16 = 1;
/// Of 10 ms.
const BLOCKS_A_SECOND: u32 = 100;
/// 2 GiB: many programs take the sizes of RIFF for numbers with a sign.
const LARGE: u64 = 1 << 31;
