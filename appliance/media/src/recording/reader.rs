//! A recording as it is played: samples come out as octets go in, and nothing is kept of either.

use super::ogg::Page;
use crate::sound::Unreadable;
use crate::sound::opus::{Stream, next};
use crate::sound::wav::{Form, start};
use media_dsp::resample::Rate;

/// Reads a file that was recorded here from its beginning to its end, both sides together.
#[derive(Debug)]
pub struct Reader {
    rate: Rate,
    kind: Kind,
    /// What is no whole page or frame yet.
    waiting: Vec<u8>,
}

#[derive(Debug)]
enum Kind {
    Wav(Form),
    Opus(Box<Stream>),
}

impl Reader {
    /// Looks at the first 4,096 octets of a file, or all; from which octet on the rest is to be given
    /// to [`Self::read`].
    ///
    /// # Errors
    /// It says why the file cannot be played.
    pub fn new(head: &[u8]) -> Result<(Self, u64), Unreadable> {
        let (kind, rate, from) = match head {
            [
                b'R',
                b'I' | b'F',
                b'F' | b'6',
                b'F' | b'4',
                _,
                _,
                _,
                _,
                b'W',
                b'A',
                b'V',
                b'E',
                chunks @ ..,
            ] => {
                let (form, rest) = start(chunks)?;
                (Kind::Wav(form), form.exact_rate()?, head.len() - rest.len())
            }
            [b'O', b'g', b'g', b'S', ..] => {
                let page = Page::read(head).ok_or(Unreadable::Malformed)?;
                let stream = Stream::new(page.body)?;
                let rate = stream.rate();
                (Kind::Opus(Box::new(stream)), rate, page.octets.len())
            }
            _ => return Err(Unreadable::Unknown),
        };
        Ok((Self { rate, kind, waiting: Vec::new() }, from as u64))
    }

    /// Samples a second of what comes out.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Takes the next octets of the file; adds the samples that are whole by that.
    pub fn read(&mut self, octets: &[u8], pcm: &mut Vec<i16>) {
        self.waiting.extend(octets);
        let left = match &mut self.kind {
            Kind::Wav(form) => form.read_on(&self.waiting, pcm),
            Kind::Opus(stream) => {
                let mut rest = self.waiting.as_slice();
                while let Some(page) = next(&mut rest) {
                    stream.turn(&page);
                    stream.take(pcm);
                }
                // More than the largest page that is none is damage.
                if rest.len() > super::TAIL { 0 } else { rest.len() }
            }
        };
        let done = self.waiting.len() - left;
        self.waiting.drain(..done);
    }
}
