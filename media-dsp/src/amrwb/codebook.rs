//! The algebraic codebooks: 12 to 88 bits place 2 to 24 signed unit pulses in a subframe
//! (3GPP TS 26.190, clause 5.8.2; the indices as in TS 26.173, `q_pulse.c`).

use super::{Mode, SUBFRAME, Subframe};

/// Builds the code vector of a subframe in Q9 from the indices of its pulses.
pub(super) fn code_vector(mode: Mode, indices: &[i16]) -> Subframe {
    let mut code = [0; SUBFRAME];
    if mode == Mode::M660 {
        two_pulses(indices[0], &mut code);
        return code;
    }
    for track in 0..4 {
        let index = |upper_bits: u32| {
            i32::from(indices[track]) << upper_bits | i32::from(indices[track + 4])
        };
        let mut pulses = Pulses::default();
        match mode {
            Mode::M660 | Mode::M885 => pulses.one(i32::from(indices[track]), 4, 0),
            Mode::M1265 => pulses.two(i32::from(indices[track]), 4, 0),
            Mode::M1425 if track >= 2 => pulses.two(i32::from(indices[track]), 4, 0),
            Mode::M1425 | Mode::M1585 => pulses.three(i32::from(indices[track]), 4, 0),
            Mode::M1985 if track < 2 => pulses.five(index(10)),
            Mode::M1825 | Mode::M1985 => pulses.four(index(14), 4, 0),
            Mode::M2305 | Mode::M2385 => pulses.six(index(11)),
        }
        pulses.put(track, &mut code);
    }
    code
}

/// Mode 0: one pulse in the even and one in the odd places.
fn two_pulses(index: i16, code: &mut Subframe) {
    let even = ((index >> 5) & 0x3e) as usize;
    let odd = ((index & 0x1f) << 1) as usize + 1;
    code[even] = if index & 0x800 == 0 { PULSE } else { -PULSE };
    code[odd] = if index & 0x20 == 0 { PULSE } else { -PULSE };
}

/// Pulses of a track: places 0 to 15, with 16 added for a negative one.
#[derive(Default)]
struct Pulses {
    places: [i32; 6],
    count: usize,
}

impl Pulses {
    /// One pulse by `bits + 1` bits.
    fn one(&mut self, index: i32, bits: u32, offset: i32) {
        let place = (index & ((1 << bits) - 1)) + offset;
        self.push(place + (((index >> bits) & 1) << 4));
    }

    /// Two pulses by `2 bits + 1` bits: the order of the places says whether the signs differ.
    fn two(&mut self, index: i32, bits: u32, offset: i32) {
        let mask = (1 << bits) - 1;
        let first = ((index >> bits) & mask) + offset;
        let second = (index & mask) + offset;
        let sign = ((index >> (2 * bits)) & 1) << 4;
        let opposite = if second < first { 16 - sign } else { sign };
        self.push(first + sign);
        self.push(second + opposite);
    }

    /// Three pulses by `3 bits + 1` bits: two in one half of the track, one anywhere.
    fn three(&mut self, index: i32, bits: u32, offset: i32) {
        self.two_in_half(index, bits, offset);
        self.one(index >> (2 * bits), bits, offset);
    }

    /// Four pulses by `4 bits` bits: two bits say how many are in the lower half.
    fn four(&mut self, index: i32, bits: u32, offset: i32) {
        let half = bits - 1;
        let upper = offset + (1 << half);
        match (index >> (4 * bits - 2)) & 3 {
            0 => {
                let offset = if (index >> (4 * half + 1)) & 1 == 0 { offset } else { upper };
                self.two_in_half(index, half, offset);
                self.two(index >> (2 * half), half, offset);
            }
            1 => {
                self.one(index >> (3 * half + 1), half, offset);
                self.three(index, half, upper);
            }
            2 => {
                self.two(index >> (2 * half + 1), half, offset);
                self.two(index, half, upper);
            }
            _ => {
                self.three(index >> (half + 1), half, offset);
                self.one(index, half, upper);
            }
        }
    }

    /// Five pulses by 20 bits: three in one half of the track, two anywhere.
    fn five(&mut self, index: i32) {
        self.five_of(index, 4, 0);
    }

    fn five_of(&mut self, index: i32, bits: u32, offset: i32) {
        let half = bits - 1;
        let place = if (index >> (5 * bits - 1)) & 1 == 0 { offset } else { offset + (1 << half) };
        self.three(index >> (2 * bits + 1), half, place);
        self.two(index, bits, offset);
    }

    /// Six pulses by 22 bits: two bits say how they are shared by the halves of the track.
    fn six(&mut self, index: i32) {
        let (most, least) = if (index >> 19) & 1 == 0 { (0, 8) } else { (8, 0) };
        match (index >> 20) & 3 {
            0 => {
                self.five_of(index >> 4, 3, most);
                self.one(index, 3, most);
            }
            1 => {
                self.five_of(index >> 4, 3, most);
                self.one(index, 3, least);
            }
            2 => {
                self.four(index >> 7, 3, most);
                self.two(index, 3, least);
            }
            _ => {
                self.three(index >> 10, 3, 0);
                self.three(index, 3, 8);
            }
        }
    }

    /// Two pulses in the half of the track that a bit names.
    fn two_in_half(&mut self, index: i32, bits: u32, offset: i32) {
        let upper = (index >> (2 * bits - 1)) & 1;
        self.two(index & ((1 << (2 * bits - 1)) - 1), bits - 1, offset + (upper << (bits - 1)));
    }

    fn push(&mut self, place: i32) {
        self.places[self.count] = place;
        self.count += 1;
    }

    fn put(&self, track: usize, code: &mut Subframe) {
        for place in &self.places[..self.count] {
            let at = ((place & 15) as usize) * 4 + track;
            code[at] += if place & 16 == 0 { PULSE } else { -PULSE };
        }
    }
}

/// A pulse in Q9.
const PULSE: i16 = 512;
