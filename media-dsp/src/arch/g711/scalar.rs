//! The laws as tables: what the other kernels are compared with, and what runs where there are no vector
//! instructions.

use crate::g711::Law;

pub(super) fn encode(law: Law, pcm: &[i16], out: &mut [u8]) {
    match law {
        Law::A => {
            for (sample, code) in pcm.iter().zip(out) {
                *code = A_CODES[usize::from(*sample as u16 >> 4)];
            }
        }
        Law::Mu => {
            for (sample, code) in pcm.iter().zip(out) {
                *code = MU_CODES[usize::from(*sample as u16 >> 2)];
            }
        }
    }
}

pub(super) fn decode(law: Law, codes: &[u8], pcm: &mut [i16]) {
    let values = match law {
        Law::A => &A_VALUES,
        Law::Mu => &MU_VALUES,
    };
    for (code, sample) in codes.iter().zip(pcm) {
        *sample = values[usize::from(*code)];
    }
}

pub(super) fn transcode(from: Law, codes: &[u8], out: &mut [u8]) {
    let others = match from {
        Law::A => &A_TO_MU,
        Law::Mu => &MU_TO_A,
    };
    for (code, other) in codes.iter().zip(out) {
        *other = others[usize::from(*code)];
    }
}

/// Table 1/G.711: a segment is 16 steps; the step is 1/2048 of full scale in the first two and twice that
/// of the one before in each that follows. 13 bits; the even bits of the code are inverted.
const fn a_code(sample: i16) -> u8 {
    let size = (if sample < 0 { !sample } else { sample }) >> 4;
    let mut segment = 0;
    let mut place = size;
    while place >= if segment == 0 { 16 } else { 32 } {
        place = if segment == 0 { place } else { place >> 1 };
        segment += 1;
    }
    let low = (segment << 4) | (place as u8 & 15);
    let sign = if sample < 0 { 0 } else { 0x80 };
    (low | sign) ^ 0x55
}

/// Table 1/G.711, column 7: the middle of the interval.
const fn a_value(code: u8) -> i16 {
    let low = (code ^ 0x55) & 0x7f;
    let (segment, place) = (low >> 4, (low & 15) as i16);
    let middle = match segment {
        0 => place * 16 + 8,
        _ => (place * 16 + 264) << (segment - 1),
    };
    if code & 0x80 == 0 { -middle } else { middle }
}

/// Table 2/G.711: a segment is 16 steps; the step is 1/4096 of full scale in the first and twice that of
/// the one before in each that follows. 14 bits; all bits of the code are inverted.
const fn mu_code(sample: i16) -> u8 {
    let mut size = ((if sample < 0 { !sample } else { sample }) >> 2) + 33;
    if size > 8_191 {
        size = 8_191;
    }
    let mut segment = 0;
    while size >= 64 {
        size >>= 1;
        segment += 1;
    }
    let low = (segment << 4) | (size as u8 >> 1 & 15);
    let sign = if sample < 0 { 0x80 } else { 0 };
    !(low | sign)
}

/// Table 2/G.711, column 7: the middle of the interval.
const fn mu_value(code: u8) -> i16 {
    let low = !code & 0x7f;
    let (segment, place) = (low >> 4, (low & 15) as i16);
    let middle = ((place * 8 + 132) << segment) - 132;
    if code & 0x80 == 0 { -middle } else { middle }
}

/// By the 12 upper bits of the sample.
static A_CODES: [u8; 4_096] = {
    let mut codes = [0; 4_096];
    let mut sample = 0;
    while sample < codes.len() {
        codes[sample] = a_code((sample << 4) as u16 as i16);
        sample += 1;
    }
    codes
};

/// By the 14 upper bits of the sample.
static MU_CODES: [u8; 16_384] = {
    let mut codes = [0; 16_384];
    let mut sample = 0;
    while sample < codes.len() {
        codes[sample] = mu_code((sample << 2) as u16 as i16);
        sample += 1;
    }
    codes
};

static A_VALUES: [i16; 256] = {
    let mut values = [0; 256];
    let mut code = 0;
    while code < values.len() {
        values[code] = a_value(code as u8);
        code += 1;
    }
    values
};

static MU_VALUES: [i16; 256] = {
    let mut values = [0; 256];
    let mut code = 0;
    while code < values.len() {
        values[code] = mu_value(code as u8);
        code += 1;
    }
    values
};

static A_TO_MU: [u8; 256] = {
    let mut codes = [0; 256];
    let mut code = 0;
    while code < codes.len() {
        codes[code] = mu_code(a_value(code as u8));
        code += 1;
    }
    codes
};

static MU_TO_A: [u8; 256] = {
    let mut codes = [0; 256];
    let mut code = 0;
    while code < codes.len() {
        codes[code] = a_code(mu_value(code as u8));
        code += 1;
    }
    codes
};
