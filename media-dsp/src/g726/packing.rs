//! How codes of two to five bits lie in octets.

/// Which end of an octet the first code takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Packing {
    /// The first code is in the least significant bits: RFC 3551 §4.5.4, `G726-16` to `G726-40`.
    Rtp,
    /// The first code is in the most significant bits: ITU-T I.366.2 Annex E, `AAL2-G726-16` to `-40`.
    Aal2,
}

impl Packing {
    /// Packs the codes that fill `out`, which is at most as many octets as a code has bits.
    #[inline(always)]
    pub(super) fn pack(self, bits: usize, codes: &[u8; GROUP], out: &mut [u8]) {
        let mut word = 0;
        match self {
            Self::Rtp => {
                for &code in codes.iter().rev() {
                    word = word << bits | u64::from(code);
                }
            }
            Self::Aal2 => {
                for &code in codes {
                    word = word << bits | u64::from(code);
                }
                word = (word << (64 - GROUP * bits)).swap_bytes();
            }
        }
        for (octet, &packed) in out.iter_mut().zip(&word.to_le_bytes()) {
            *octet = packed;
        }
    }

    /// The codes in at most as many octets as a code has bits; those beyond the octets are 0.
    #[inline(always)]
    pub(super) fn unpack(self, bits: usize, octets: &[u8]) -> [u8; GROUP] {
        let mut bytes = [0; 8];
        for (byte, &octet) in bytes.iter_mut().zip(octets) {
            *byte = octet;
        }
        let word = u64::from_le_bytes(bytes);
        let mask = (1 << bits) - 1;
        let mut codes = [0; GROUP];
        match self {
            Self::Rtp => {
                for (place, code) in codes.iter_mut().enumerate() {
                    *code = (word >> (place * bits)) as u8 & mask;
                }
            }
            Self::Aal2 => {
                let word = word.swap_bytes();
                for (place, code) in codes.iter_mut().enumerate() {
                    *code = (word >> (64 - (place + 1) * bits)) as u8 & mask;
                }
            }
        }
        codes
    }
}

/// Codes that are packed at a time: they fill as many octets as a code has bits.
pub(super) const GROUP: usize = 8;
