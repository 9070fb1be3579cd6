//! A frame's parameters and their 33 octets: RFC 3551 §4.5.8, Table 2.

/// The 76 parameters of 20 ms: GSM 06.10 Table 1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Frame {
    /// Codes of the log area ratios.
    pub(super) ratios: [u8; 8],
    /// The four sub-frames of 5 ms.
    pub(super) parts: [Part; 4],
}

/// The parameters of one sub-frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Part {
    /// Lag of the long-term predictor, 40 to 120.
    pub(super) lag: u8,
    /// Code of its gain.
    pub(super) gain: u8,
    /// Which of four grids the pulses are on.
    pub(super) grid: u8,
    /// Code of the greatest pulse.
    pub(super) maximum: u8,
    /// Codes of the pulses.
    pub(super) pulses: [u8; 13],
}

impl Frame {
    /// The parameters in their order, each with how many bits it has.
    fn fields(&mut self) -> impl Iterator<Item = (&mut u8, u32)> {
        let parts = self.parts.iter_mut().flat_map(|part| {
            let head = [&mut part.lag, &mut part.gain, &mut part.grid, &mut part.maximum];
            let pulses = part.pulses.iter_mut().map(|pulse| (pulse, 3));
            head.into_iter().zip([7, 2, 2, 6]).chain(pulses)
        });
        self.ratios.iter_mut().zip([6, 6, 5, 5, 4, 4, 3, 3]).chain(parts)
    }

    /// The octets, the signature first.
    pub(super) fn pack(mut self, out: &mut [u8; OCTETS]) {
        let (mut word, mut held) = (SIGNATURE, 4);
        let mut octets = out.iter_mut();
        for (&mut field, bits) in self.fields() {
            word = word << bits | u32::from(field);
            held += bits;
            if held >= 8 {
                held -= 8;
                if let Some(octet) = octets.next() {
                    *octet = (word >> held) as u8;
                }
            }
        }
    }

    /// The parameters, if the signature is there.
    pub(super) fn unpack(octets: &[u8; OCTETS]) -> Option<Self> {
        if u32::from(octets[0] >> 4) != SIGNATURE {
            return None;
        }
        let mut frame = Self::default();
        let (mut word, mut held) = (u32::from(octets[0]), 4);
        let mut octets = octets.iter().skip(1);
        for (field, bits) in frame.fields() {
            if held < bits {
                word = word << 8 | u32::from(octets.next().copied().unwrap_or(0));
                held += 8;
            }
            held -= bits;
            *field = (word >> held) as u8 & ((1 << bits) - 1);
        }
        Some(frame)
    }
}

/// Octets of a frame.
pub(super) const OCTETS: usize = 33;
/// The four bits that begin every frame.
const SIGNATURE: u32 = 0xd;
