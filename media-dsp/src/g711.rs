//! Pulse code modulation of voice: ITU-T G.711 (11/88), A-law and µ-law.
//!
//! Where the Recommendation leaves a choice (values that are exactly a decision value, §3.6) the
//! result is that of the ITU's Software Tool Library (G.191, module G711): linear samples are 16 bits,
//! left-justified, and negative ones are taken in one's complement. There is no state between samples,
//! no delay, and every octet is a valid code.

use crate::arch::{self, Level};
use crate::codec::{DecodeError, EncodeError};

/// One of the two laws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Law {
    /// A-law (`PCMA`): Table 1/G.711, sent with its even bits inverted.
    A,
    /// µ-law (`PCMU`): Table 2/G.711.
    Mu,
}

impl Law {
    /// The code that stands for no sound.
    pub fn silence(self) -> u8 {
        match self {
            Self::A => 0xd5,
            Self::Mu => 0xff,
        }
    }
}

/// Linear samples to codes. 2 octets of state: what it was made with.
#[derive(Debug, Clone)]
pub struct Encoder {
    law: Law,
    level: Level,
}

impl Encoder {
    /// An encoder with the best instructions of this machine.
    pub fn new(law: Law) -> Self {
        Self::with_level(law, Level::current())
    }

    /// An encoder with these instructions; with tables, where the machine lacks them.
    pub fn with_level(law: Law, level: Level) -> Self {
        Self { law, level: level.or_scalar() }
    }

    /// Encodes any number of samples (linear 16-bit), an octet each; says how many octets were written.
    ///
    /// # Errors
    /// `out` is too short; nothing was written then.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, EncodeError> {
        let Some(out) = out.get_mut(..pcm.len()) else {
            return Err(EncodeError::NoRoom { needed: pcm.len() });
        };
        arch::g711::encode(self.level, self.law, pcm, out);
        Ok(out.len())
    }
}

/// Codes to linear samples. 2 octets of state: what it was made with. What is lost is filled by
/// [`crate::plc`].
#[derive(Debug, Clone)]
pub struct Decoder {
    law: Law,
    level: Level,
}

impl Decoder {
    /// A decoder with the best instructions of this machine.
    pub fn new(law: Law) -> Self {
        Self::with_level(law, Level::current())
    }

    /// A decoder with these instructions; with tables, where the machine lacks them.
    pub fn with_level(law: Law, level: Level) -> Self {
        Self { law, level: level.or_scalar() }
    }

    /// Decodes a payload of any length to a sample (linear 16-bit) an octet; says how many samples were
    /// written.
    ///
    /// # Errors
    /// `pcm` is too short; nothing was written then.
    pub fn decode(&mut self, payload: &[u8], pcm: &mut [i16]) -> Result<usize, DecodeError> {
        let Some(pcm) = pcm.get_mut(..payload.len()) else {
            return Err(DecodeError::NoRoom { needed: payload.len() });
        };
        arch::g711::decode(self.level, self.law, payload, pcm);
        Ok(pcm.len())
    }
}

/// Codes of one law to codes of the other, by way of the linear values and nothing else: what
/// [`Decoder`] and [`Encoder`] give one after the other. (Tables 3 and 4/G.711 choose the neighbouring
/// code for some values that lie midway.) 2 octets of state: what it was made with.
#[derive(Debug, Clone)]
pub struct Transcoder {
    from: Law,
    level: Level,
}

impl Transcoder {
    /// From this law to the other, with the best instructions of this machine.
    pub fn new(from: Law) -> Self {
        Self::with_level(from, Level::current())
    }

    /// From this law to the other with these instructions; with tables, where the machine lacks them.
    pub fn with_level(from: Law, level: Level) -> Self {
        Self { from, level: level.or_scalar() }
    }

    /// Rewrites a payload of any length in the other law; says how many octets were written.
    ///
    /// # Errors
    /// `out` is too short; nothing was written then.
    pub fn transcode(&mut self, payload: &[u8], out: &mut [u8]) -> Result<usize, EncodeError> {
        let Some(out) = out.get_mut(..payload.len()) else {
            return Err(EncodeError::NoRoom { needed: payload.len() });
        };
        arch::g711::transcode(self.level, self.from, payload, out);
        Ok(out.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_the_code_of_nothing() {
        for law in [Law::A, Law::Mu] {
            let mut code = [0];
            Encoder::new(law).encode(&[0], &mut code).unwrap();
            assert_eq!(code, [law.silence()]);
        }
    }

    #[test]
    fn the_states_have_the_sizes_that_are_documented() {
        assert_eq!(size_of::<Encoder>(), 2);
        assert_eq!(size_of::<Decoder>(), 2);
        assert_eq!(size_of::<Transcoder>(), 2);
    }
}
