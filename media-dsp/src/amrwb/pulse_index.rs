//! The indices of pulses: what [`super::codebook`] reads, written (3GPP TS 26.173, `q_pulse.c`).

use super::Mode;

/// The indices of the pulses of all tracks, and how many parameters they are.
pub(super) fn indices(mode: Mode, tracks: &[[i16; 6]; 4]) -> ([i16; 8], usize) {
    let mut indices = [0; 8];
    let tracks = tracks.map(|track| track.map(i32::from));
    if mode == Mode::M660 {
        indices[0] = ((tracks[0][0] << 6) + tracks[1][0]) as i16;
        return (indices, 1);
    }
    let mut count = 4;
    for (i, track) in tracks.iter().enumerate() {
        let (index, lower_bits) = match mode {
            Mode::M660 | Mode::M885 => (one(track[0], 4), None),
            Mode::M1265 => (two(track[0], track[1], 4), None),
            Mode::M1425 if i >= 2 => (two(track[0], track[1], 4), None),
            Mode::M1425 | Mode::M1585 => (three(&track[..3], 4), None),
            Mode::M1985 if i < 2 => (five(&track[..5], 4), Some(10)),
            Mode::M1825 | Mode::M1985 => (four(&track[..4], 4), Some(14)),
            Mode::M2305 | Mode::M2385 => (six(track), Some(11)),
        };
        match lower_bits {
            None => indices[i] = index as i16,
            Some(bits) => {
                count = 8;
                indices[i] = (index >> bits) as i16;
                indices[i + 4] = (index & ((1 << bits) - 1)) as i16;
            }
        }
    }
    (indices, count)
}

fn one(pulse: i32, bits: i32) -> i32 {
    (pulse & ((1 << bits) - 1)) + (((pulse >> 4) & 1) << bits)
}

fn two(first: i32, second: i32, bits: i32) -> i32 {
    let mask = (1 << bits) - 1;
    let sign = |pulse: i32| ((pulse >> 4) & 1) << (2 * bits);
    let (low, high) = (first & mask, second & mask);
    let put = |upper: i32, lower: i32| ((upper & mask) << bits) + (lower & mask);
    if (first ^ second) & 16 == 0 {
        // Pulses of equal sign are compared with it.
        let ordered = if first <= second { put(low, high) } else { put(high, low) };
        return ordered + sign(first);
    }
    if low <= high { put(high, low) + sign(second) } else { put(low, high) + sign(first) }
}

/// Two of the pulses are in one half of the track.
fn three(pulses: &[i32], bits: i32) -> i32 {
    let half = 1 << (bits - 1);
    let (a, b, rest) = match *pulses {
        [a, b, c] if (a ^ b) & half == 0 => (a, b, c),
        [a, b, c] if (a ^ c) & half == 0 => (a, c, b),
        [a, b, c] => (b, c, a),
        _ => return 0,
    };
    two(a, b, bits - 1) + ((a & half) << bits) + (one(rest, bits) << (2 * bits))
}

/// Four pulses in one half of the track.
fn four_together(pulses: &[i32], bits: i32) -> i32 {
    let half = 1 << (bits - 1);
    let (a, b, c, d) = match *pulses {
        [a, b, c, d] if (a ^ b) & half == 0 => (a, b, c, d),
        [a, b, c, d] if (a ^ c) & half == 0 => (a, c, b, d),
        [a, b, c, d] => (b, c, a, d),
        _ => return 0,
    };
    two(a, b, bits - 1) + ((a & half) << bits) + (two(c, d, bits) << (2 * bits))
}

/// Pulses by the half of the track that they are in, in their order.
fn halves(pulses: &[i32], bits: i32) -> ([i32; 6], usize, [i32; 6]) {
    let (mut low, mut high) = ([0; 6], [0; 6]);
    let (mut in_low, mut in_high) = (0, 0);
    for &pulse in pulses {
        if pulse & (1 << (bits - 1)) == 0 {
            low[in_low] = pulse;
            in_low += 1;
        } else {
            high[in_high] = pulse;
            in_high += 1;
        }
    }
    (low, in_low, high)
}

fn four(pulses: &[i32], bits: i32) -> i32 {
    let half = bits - 1;
    let (low, count, high) = halves(pulses, bits);
    let index = match count {
        0 => (1 << (4 * bits - 3)) + four_together(&high[..4], half),
        1 => (one(low[0], half) << (3 * half + 1)) + three(&high[..3], half),
        2 => (two(low[0], low[1], half) << (2 * half + 1)) + two(high[0], high[1], half),
        3 => (three(&low[..3], half) << bits) + one(high[0], half),
        _ => four_together(&low[..4], half),
    };
    index + ((count as i32 & 3) << (4 * bits - 2))
}

fn five(pulses: &[i32], bits: i32) -> i32 {
    let half = bits - 1;
    let (low, count, high) = halves(pulses, bits);
    let (upper, most, rest) = match count {
        0 => (1, high, [high[3], high[4]]),
        1 => (1, high, [high[3], low[0]]),
        2 => (1, high, [low[0], low[1]]),
        3 => (0, low, [high[0], high[1]]),
        4 => (0, low, [low[3], high[0]]),
        _ => (0, low, [low[3], low[4]]),
    };
    (upper << (5 * bits - 1))
        + (three(&most[..3], half) << (2 * bits + 1))
        + two(rest[0], rest[1], bits)
}

fn six(pulses: &[i32; 6]) -> i32 {
    let (low, count, high) = halves(pulses, 4);
    let upper = 1 << 19;
    let (shape, index) = match count {
        0 => (0, upper + (five(&high[..5], 3) << 4) + one(high[5], 3)),
        1 => (1, upper + (five(&high[..5], 3) << 4) + one(low[0], 3)),
        2 => (2, upper + (four(&high[..4], 3) << 7) + two(low[0], low[1], 3)),
        3 => (3, (three(&low[..3], 3) << 10) + three(&high[..3], 3)),
        4 => (2, (four(&low[..4], 3) << 7) + two(high[0], high[1], 3)),
        5 => (1, (five(&low[..5], 3) << 4) + one(high[0], 3)),
        _ => (0, (five(&low[..5], 3) << 4) + one(low[5], 3)),
    };
    index + (shape << 20)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amrwb::arithmetic::Noise;
    use crate::amrwb::codebook::code_vector;

    #[test]
    fn pulses_come_back_from_their_indices() {
        let mut chance = Noise::new();
        for mode in Mode::ALL {
            for _ in 0..500 {
                let (tracks, wanted) = random_pulses(mode, &mut chance);
                let (indices, _) = indices(mode, &tracks);
                assert_eq!(code_vector(mode, &indices), wanted, "{mode:?} {tracks:?}");
            }
        }
    }

    /// Pulses that a mode can have: of one place all are of one sign.
    fn random_pulses(mode: Mode, chance: &mut Noise) -> ([[i16; 6]; 4], [i16; 64]) {
        let (count_of_tracks, places) = if mode == Mode::M660 { (2, 32) } else { (4, 16) };
        let counts = match mode {
            Mode::M660 | Mode::M885 => [1; 4],
            Mode::M1265 => [2; 4],
            Mode::M1425 => [3, 3, 2, 2],
            Mode::M1585 => [3; 4],
            Mode::M1825 => [4; 4],
            Mode::M1985 => [5, 5, 4, 4],
            Mode::M2305 | Mode::M2385 => [6; 4],
        };
        let (mut tracks, mut code) = ([[0; 6]; 4], [0_i16; 64]);
        for track in 0..count_of_tracks {
            for slot in &mut tracks[track][..counts[track]] {
                let place = (chance.next() >> 5) & (places - 1);
                let at = place as usize * count_of_tracks + track;
                let negative = if code[at] == 0 { chance.next() < 0 } else { code[at] < 0 };
                *slot = place + if negative { places } else { 0 };
                code[at] += if negative { -512 } else { 512 };
            }
        }
        (tracks, code)
    }
}
