//! The frame check sequence of 16 bits, ISO/IEC 13239 §4.2.5.2, Q.921 §2.7.

/// The check of these octets. It is sent behind them with its low octet first.
pub fn fcs16(octets: &[u8]) -> u16 {
    !octets.iter().fold(START, |register, octet| step(register, *octet))
}

/// The frame without its check, if the check is right.
pub fn checked(octets: &[u8]) -> Option<&[u8]> {
    let (frame, check) = octets.split_last_chunk::<2>()?;
    (fcs16(frame) == u16::from_le_bytes(*check)).then_some(frame)
}

/// What the register is filled with before the first bit.
pub(super) const START: u16 = 0xffff;

/// What the register holds when frame and check went through it: 1D0F of the standard, mirrored.
pub(super) const RIGHT: u16 = 0xf0b8;

/// The register after one more octet.
pub(super) fn step(register: u16, octet: u8) -> u16 {
    let [low, _] = register.to_le_bytes();
    let entry = TABLE.get(usize::from(low ^ octet)).copied().unwrap_or(0);
    (register >> 8) ^ entry
}

/// x^16 + x^12 + x^5 + 1 with the lowest bit first, for each octet.
const TABLE: [u16; 256] = table();

#[expect(clippy::indexing_slicing, reason = "at compile time, where it is an error to miss")]
const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        let mut register = octet as u16;
        let mut bit = 0;
        while bit < 8 {
            register = (register >> 1) ^ if register & 1 == 1 { 0x8408 } else { 0 };
            bit += 1;
        }
        table[octet] = register;
        octet += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value that catalogues give for this polynomial, CRC-16/X-25.
    #[test]
    fn nine_digits_have_the_check_that_is_known_of_them() {
        assert_eq!(fcs16(b"123456789"), 0x906e);
    }

    #[test]
    fn a_frame_and_its_check_leave_the_known_rest() {
        let mut octets = vec![0x02, 0x01, 0x7f];
        octets.extend(fcs16(&octets).to_le_bytes());
        assert_eq!(octets.iter().fold(START, |register, octet| step(register, *octet)), RIGHT);
        assert_eq!(checked(&octets), Some(&[0x02, 0x01, 0x7f][..]));
    }

    #[test]
    fn every_turned_bit_is_noticed() {
        let mut octets = b"SETUP".to_vec();
        octets.extend(fcs16(&octets).to_le_bytes());
        for bit in 0..octets.len() * 8 {
            let mut turned = octets.clone();
            turned[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(checked(&turned), None, "bit {bit}");
        }
        assert_eq!(checked(&[]), None);
        assert_eq!(checked(&[0]), None);
    }
}
