//! Chance, and the excitation of comfort noise: ITU-T G.729 §4.4.4, Annex B §B.4.4.

use super::double::{inverse_root, scale};
use super::pitch::{EXCITATION_PAST, Excitation, Lag, SUBFRAME, interpolate};
use crate::fixed::{
    abs_s, add, extract_h, extract_l, l_mac, l_mult, l_shl, l_shr, l_sub, mult_r, negate, norm_l,
    norm_s, shl, shr, shr_r, sub,
};

/// The standard's random numbers.
#[derive(Debug, Clone)]
pub(super) struct Random(i16);

impl Random {
    /// For lost frames: §4.4.4.
    pub(super) fn for_erasures() -> Self {
        Self(21_845)
    }

    /// For comfort noise; both sides start here at every silence.
    pub(super) fn for_noise() -> Self {
        Self(11_111)
    }

    pub(super) fn next(&mut self) -> i16 {
        self.0 = self.0.wrapping_mul(31_821).wrapping_add(13_849);
        self.0
    }

    /// About normally distributed.
    fn gaussian(&mut self) -> i16 {
        let sum: i32 = (0..12).map(|_| i32::from(self.next())).sum();
        (sum >> 7) as i16
    }
}

/// What the noise took from the past in half a frame: the pitch gain (Q14) and the delay.
pub(super) type Taken = (i16, i16);

/// Four pulses: place, and whether positive.
type Pulses = [(usize, bool); 4];

/// Puts comfort noise of this gain into the frame's excitation.
pub(super) fn excite(gain: i16, excitation: &mut Excitation, random: &mut Random) -> [Taken; 2] {
    if gain == 0 {
        excitation[EXCITATION_PAST..].fill(0);
        return [(0, SUBFRAME as i16 + 1); 2];
    }
    let mut taken = [(0, 0); 2];
    for (half, taken) in taken.iter_mut().enumerate() {
        *taken = excite_half(gain, excitation, EXCITATION_PAST + half * SUBFRAME, random);
    }
    taken
}

fn excite_half(gain: i16, excitation: &mut Excitation, at: usize, random: &mut Random) -> Taken {
    let (lag, pulses) = draw(random);
    let pitch = random.next() & 0x1fff;
    let gaussian = gaussian(gain, random);

    interpolate(excitation, at, lag);
    let present = &mut excitation[at..at + SUBFRAME];
    for (sample, noise) in present.iter_mut().zip(gaussian) {
        *sample = add(mult_r(*sample, shl(pitch, 1)), noise);
    }
    let loudest = present.iter().map(|&it| abs_s(it)).max().unwrap_or(0);
    let by = if loudest == 0 { 0 } else { (3 - norm_s(loudest)).max(0) };
    let scaled: [i16; SUBFRAME] = std::array::from_fn(|n| present[n] >> by);
    let energy = scaled.iter().fold(0, |sum, &it| l_mac(sum, it, it));

    // The pulse gain brings the energy to the wanted one: the root of a quadratic equation.
    let wanted = l_mult(gain, extract_l(l_mult(gain, SUBFRAME as i16) >> 6));
    let along = pulses_sum(&pulses, |place| scaled[place]) >> 1;
    let left = l_mac(l_sub(l_shr(wanted, 1 + 2 * by), energy), along, along);
    if left >= 0 {
        let pulse = pulse_gain(left, along, by + 1);
        add_pulses(present, &pulses, pulse);
        return (pitch, lag.whole);
    }
    // The past is too loud: noise and pulses alone.
    present.copy_from_slice(&gaussian);
    let bits = pulses.iter().fold(0, |bits, &(place, _)| bits | abs_s(gaussian[place]));
    let by = if bits & 0x4000 == 0 { 1 } else { 2 };
    let along = pulses_sum(&pulses, |place| gaussian[place] >> by);
    let left = l_mac(l_shr(scale(wanted, 24_576), 2 * by - 1), along, along);
    add_pulses(present, &pulses, pulse_gain(left, along, by));
    (0, lag.whole)
}

/// Delay, places and signs from two random numbers.
fn draw(random: &mut Random) -> (Lag, Pulses) {
    let bits = random.next();
    let thirds = match (bits & 3) - 1 {
        2 => 0,
        thirds => thirds,
    };
    let lag = Lag { whole: (bits >> 2 & 0x3f) + 40, thirds };
    let place = |bits: i16| (bits & 7) as usize * 5;
    let first = (place(bits >> 8), bits >> 11 & 1 != 0);
    let second = (place(bits >> 12) + 1, bits >> 15 & 1 != 0);
    let bits = random.next();
    let third = (place(bits) + 2, bits >> 3 & 1 != 0);
    let fourth = (place(bits >> 5) + 3 + (bits >> 4 & 1) as usize, bits >> 8 & 1 != 0);
    (lag, [first, second, third, fourth])
}

/// White noise of the wanted level.
fn gaussian(gain: i16, random: &mut Random) -> [i16; SUBFRAME] {
    let mut noise = [0; SUBFRAME];
    let mut energy = 0;
    for sample in &mut noise {
        *sample = random.gaussian();
        energy = l_mac(energy, *sample, *sample);
    }
    let level = add(gain, mult_r(gain, 19_043));
    let factor = scale(inverse_root(energy >> 1), level);
    let by = norm_l(factor);
    let factor = extract_h(l_shl(factor, by));
    noise.map(|it| shr_r(mult_r(it, factor), by - 14))
}

fn pulses_sum(pulses: &Pulses, value: impl Fn(usize) -> i16) -> i16 {
    pulses.iter().fold(
        0,
        |sum, &(place, positive)| {
            if positive { add(sum, value(place)) } else { sub(sum, value(place)) }
        },
    )
}

fn pulse_gain(left: i32, along: i16, by: i16) -> i16 {
    let root = root(left);
    let (above, below) = (sub(root, along), negate(add(along, root)));
    let nearer = if abs_s(below) < abs_s(above) { below } else { above };
    shr_r(nearer, 2 - by).clamp(-5000, 5000)
}

fn add_pulses(samples: &mut [i16], pulses: &Pulses, gain: i16) {
    for &(place, positive) in pulses {
        let sample = &mut samples[place];
        *sample = if positive { add(*sample, gain) } else { sub(*sample, gain) };
    }
}

/// The square root of half the value, bit by bit.
fn root(x: i32) -> i16 {
    let mut root = 0;
    let mut bit = 0x4000;
    for _ in 0..14 {
        let more = add(root, bit);
        if x >= l_mult(more, more) {
            root = more;
        }
        bit = shr(bit, 1);
    }
    root
}

#[cfg(test)]
mod tests {
    use super::super::pitch::FRAME;
    use super::*;

    #[test]
    fn silence_of_no_gain_is_silent_and_the_noise_follows_its_gain() {
        let mut random = Random::for_noise();
        let mut excitation = [0; EXCITATION_PAST + FRAME];
        excite(0, &mut excitation, &mut random);
        assert!(excitation.iter().all(|&it| it == 0));
        for gain in [8, 80, 800] {
            let mut energy = 0.0;
            for _ in 0..20 {
                excite(gain, &mut excitation, &mut random);
                energy += excitation[EXCITATION_PAST..]
                    .iter()
                    .map(|&it| f64::from(it).powi(2))
                    .sum::<f64>();
                excitation.copy_within(FRAME.., 0);
            }
            let level = (energy / 1600.0).sqrt();
            let wanted = f64::from(gain) / 8.0;
            assert!((0.5..2.5).contains(&(level / wanted)), "{level} {gain}");
        }
    }
}
