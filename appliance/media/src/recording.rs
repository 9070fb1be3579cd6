//! A conversation as a file: WAV or Ogg Opus, the two sides left and right, or both in one channel.
//!
//! A [`Recording`] turns sound into octets and does no input or output. What it makes is only ever
//! put at the end of the file, but for the sizes at the beginning of a WAV file, which
//! [`Recording::head`] has anew each time. So a writer that is killed between any two instructions
//! leaves a file that plays up to its last second; [`mend`] afterwards removes what is torn at the
//! end.
//!
//! ```
//! use media::recording::{Container, Layout, Recording};
//! use media_dsp::speech::Rate;
//!
//! let mut recording = Recording::new(Container::Wav, Layout::Sides, Rate::Hz8000, 1);
//! let mut file = Vec::new();
//! recording.push(&[1; 160], &[2; 160]);
//! recording.finish();
//! recording.take(&mut file);
//! if let Some(head) = recording.head() {
//!     file[..head.len()].copy_from_slice(&head);
//! }
//! assert_eq!(file.len(), 80 + 160 * 4);
//! assert_eq!(file[80..84], [1, 0, 2, 0]);
//! ```

pub(crate) mod ogg;
mod opus;
mod reader;
mod tape;
mod wav;

pub use call::{Container, Layout};
pub use reader::Reader;
pub use tape::{Block, Taped};

use media_dsp::speech::Rate;
use opus::OpusFile;
use wav::WavFile;

/// One file that is being recorded.
#[derive(Debug)]
pub struct Recording {
    layout: Layout,
    file: File,
    samples: u64,
    /// Octets for the end of the file.
    ready: Vec<u8>,
}

#[derive(Debug)]
enum File {
    Wav(WavFile),
    Opus(Box<OpusFile>),
}

/// What is wrong at the end of a file that nobody finished, and how it is put right: first the
/// patch is written, then the file is cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mending {
    /// How long the file has to be.
    pub length: u64,
    /// Where these octets go.
    pub at: u64,
    /// What is written there.
    pub patch: Vec<u8>,
}

impl Recording {
    /// A file with sound at this rate.
    ///
    /// `serial`: names the stream in an Ogg file; any number will do.
    pub fn new(container: Container, layout: Layout, rate: Rate, serial: u32) -> Self {
        let mut ready = Vec::new();
        let file = match container {
            Container::Wav => File::Wav(WavFile::begin(layout, rate, &mut ready)),
            Container::Opus => {
                File::Opus(Box::new(OpusFile::begin(layout, rate, serial, &mut ready)))
            }
        };
        Self { layout, file, samples: 0, ready }
    }

    /// The same, but WAV becomes RF64 from so many octets on, in place of 2 GiB.
    #[must_use]
    pub fn large_from(mut self, octets: u64) -> Self {
        if let File::Wav(file) = &mut self.file {
            file.large_from(octets);
        }
        self
    }

    /// Adds what the caller and the callee said at the same time; where one is shorter, that side is
    /// silent.
    pub fn push(&mut self, caller: &[i16], callee: &[i16]) {
        let len = caller.len().max(callee.len());
        self.samples += len as u64;
        let sides = (0..len).map(|it| {
            let of = |side: &[i16]| side.get(it).copied().unwrap_or_default();
            (of(caller), of(callee))
        });
        match (&mut self.file, self.layout) {
            (File::Wav(_), Layout::Sides) => {
                let octets = sides.flat_map(|(a, b)| [a.to_le_bytes(), b.to_le_bytes()]);
                self.ready.extend(octets.flatten());
            }
            (File::Wav(_), Layout::Mix) => {
                self.ready.extend(sides.flat_map(|(a, b)| a.saturating_add(b).to_le_bytes()));
            }
            (File::Opus(file), Layout::Sides) => {
                for (a, b) in sides {
                    file.push([a, b], &mut self.ready);
                }
            }
            (File::Opus(file), Layout::Mix) => {
                for (a, b) in sides {
                    file.push([a.saturating_add(b), 0], &mut self.ready);
                }
            }
        }
    }

    /// Adds silence in place of so many samples that never came.
    pub fn skip(&mut self, samples: usize) {
        let silence = [0; 960];
        let mut left = samples;
        while left > 0 {
            let now = left.min(silence.len());
            self.push(silence.get(..now).unwrap_or_default(), &[]);
            left -= now;
        }
    }

    /// Ends the file: whatever still waits becomes ready.
    pub fn finish(&mut self) {
        if let File::Opus(file) = &mut self.file {
            file.finish(&mut self.ready);
        }
    }

    /// Moves what is ready behind `out`; it belongs at the end of the file. Of Ogg Opus, half
    /// seconds become ready at a time.
    pub fn take(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.ready);
    }

    /// What then belongs at the beginning of the file; nothing where that stays as it is.
    pub fn head(&self) -> Option<[u8; 80]> {
        match &self.file {
            File::Wav(file) => Some(file.head(self.samples)),
            File::Opus(_) => None,
        }
    }

    /// Samples of each side so far.
    pub fn samples(&self) -> u64 {
        self.samples
    }
}

/// Says how a file that was not finished is put right; nothing where it is right, or no recording at
/// all.
///
/// `length`: of the file. `head`: its first octets, 4,096 or all. `tail`: its last octets,
/// [`TAIL`] or all.
pub fn mend(length: u64, head: &[u8], tail: &[u8]) -> Option<Mending> {
    match head {
        [b'R', b'I', b'F', b'F', ..] | [b'R', b'F', b'6', b'4', ..] => wav::mend(length, head),
        [b'O', b'g', b'g', b'S', ..] => ogg::mend(length, tail),
        _ => None,
    }
}

/// Two of the largest pages (RFC 3533 §6): the last whole one is among them.
pub const TAIL: usize = 2 * 65_307;
