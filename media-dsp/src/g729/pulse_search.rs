//! Search of the fixed codebook, depth first and two pulses at a time: ITU-T G.729 Annex A §A.3.8.

use super::adaptive::{Vector, backward_filtered};
use super::pitch::SUBFRAME;
use super::pulses::{MINUS, PLUS, Word, sharpen};
use super::sum::squares;
use crate::fixed::{add, l_mac, norm_l, shl, sub};

/// What the search found.
pub(super) struct Found {
    /// The word, not sharpened.
    pub(super) word: Word,
    /// The word through the weighted synthesis filter, Q12.
    pub(super) filtered: Vector,
    pub(super) places: i16,
    pub(super) signs: i16,
}

/// Finds the word that is most like the target, through a filter whose impulse response, Q12, is sharpened
/// first.
#[inline(always)]
pub(super) fn search(target: &Vector, response: &mut Vector, lag: i16, sharpness: i16) -> Found {
    sharpen(response, lag, sharpness);
    let likeness = backward_filtered(response, target);
    let negative = likeness.map(|it| it < 0);
    let likeness = likeness.map(i16::saturating_abs);
    let field = Field::of(response, &negative, likeness.map(i32::from));
    let places = if field.fits { field.best::<true>() } else { field.best_saturating() };

    let mut found =
        Found { word: [0; SUBFRAME], filtered: [0; SUBFRAME], places: code(places), signs: 0 };
    for (n, place) in places.into_iter().enumerate() {
        let minus = negative[place];
        found.word[place] = if minus { MINUS } else { PLUS };
        found.signs |= i16::from(!minus) << n;
        let echo = found.filtered[place..].iter_mut().zip(response.iter());
        for (sum, &value) in echo {
            *sum = if minus { sub(*sum, value) } else { add(*sum, value) };
        }
    }
    found
}

/// The thirteen bits for the places of the pulses.
fn code(places: [usize; 4]) -> i16 {
    let [first, second, third, fourth] = places.map(|it| (it / TRACKS) as i16);
    let track = (places[3] % TRACKS) as i16 - 3;
    first | second << 3 | third << 6 | (2 * fourth + track) << 9
}

/// What the search goes by: each place's likeness, and the energy of each place and pair of places.
struct Field {
    likeness: [i32; SUBFRAME],
    energy: [i32; SUBFRAME],
    /// With the signs of both places; row and column, the row not before the column.
    pair: [[i16; WIDTH]; SUBFRAME],
    /// Whether the response's energy fits 32 bits, so that no sum of these saturates.
    fits: bool,
}

/// The pairs of every place of one track, by the places of another.
type Block = [[i32; POSITIONS]; POSITIONS];

/// A pair of pulses and how good it is: squared likeness and energy.
#[derive(Clone, Copy)]
struct Pair {
    places: [usize; 2],
    likeness: i32,
    square: i32,
    energy: i32,
}

impl Field {
    #[inline(always)]
    fn of(response: &Vector, negative: &[bool; SUBFRAME], likeness: [i32; SUBFRAME]) -> Self {
        // The response backwards, as loud as its energy permits.
        let wide = 2 * squares(response);
        let scaled = if wide.min(i64::from(i32::MAX)) >> 16 > 32_000 {
            response.map(|it| it >> 1)
        } else {
            let by = norm_l(wide as i32) >> 1;
            response.map(|it| shl(it, by))
        };
        let fits = 2 * squares(&scaled) <= i64::from(i32::MAX);
        let mut backwards = [0_i32; WIDTH];
        for (out, &value) in backwards.iter_mut().zip(scaled.iter().rev()) {
            *out = value.into();
        }
        let mut turned = [0_i32; WIDTH];
        for (out, &minus) in turned.iter_mut().zip(negative) {
            *out = -i32::from(minus);
        }
        let mut field =
            Self { likeness, energy: [0; SUBFRAME], pair: [[0; WIDTH]; SUBFRAME], fits };
        let mut sums = [0_i32; WIDTH + 1];
        for row in (0..SUBFRAME).rev() {
            // The sum for two places is that for both places after them and one more product.
            let last = backwards[row];
            // Whole vectors, as far as the row.
            let width = (row / VECTOR + 1) * VECTOR;
            for column in 0..width {
                let product = last.wrapping_mul(backwards[column]);
                sums[column] = if fits {
                    sums[column + 1].wrapping_add(product.wrapping_mul(2))
                } else {
                    l_mac(sums[column + 1], last as i16, backwards[column] as i16)
                };
            }
            field.energy[row] = sums[row] >> 16;
            for column in 0..width {
                let value = sums[column] >> 16;
                // By 32767 or -32768 in Q15.
                let same = value - i32::from(value > 0);
                let opposite = (-value).min(32_767);
                let value = if turned[column] == turned[row] { same } else { opposite };
                field.pair[row][column] = value as i16;
            }
        }
        field
    }

    #[cold]
    #[inline(never)]
    fn best_saturating(&self) -> [usize; 4] {
        self.best::<false>()
    }

    /// The places of the best four pulses. `PLAIN`: no sum has to be saturated.
    #[inline(always)]
    fn best<const PLAIN: bool>(&self) -> [usize; 4] {
        let mut best = [0, 1, 2, 3];
        let (mut square, mut energy) = (-1, 1);
        let mut pair = Pair { places: [0, 0], likeness: 0, square: -1, energy: 1 };
        let mut rest = pair;
        let (low, high) = (self.block(0, 1), self.block(1, 2));
        let third = self.likeliest(2);
        for track in 3..TRACKS {
            self.start::<PLAIN>(third, track, &mut pair);
            self.complete::<PLAIN>(&pair, [0, 1], &low, &mut rest);
            if energy * rest.square > square * rest.energy {
                (square, energy) = (rest.square, rest.energy);
                best = [rest.places[0], rest.places[1], pair.places[0], pair.places[1]];
            }
            self.start::<PLAIN>(self.likeliest(track), 0, &mut pair);
            self.complete::<PLAIN>(&pair, [1, 2], &high, &mut rest);
            if energy * rest.square > square * rest.energy {
                (square, energy) = (rest.square, rest.energy);
                best = [pair.places[1], rest.places[0], rest.places[1], pair.places[0]];
            }
        }
        best
    }

    /// The two likeliest places of a track, the first of equal ones before.
    #[inline(always)]
    fn likeliest(&self, track: usize) -> [usize; 2] {
        let (mut most, mut second) = (-1, -1);
        for n in 0..POSITIONS {
            let key = self.likeness[track + n * TRACKS] * 8 + (7 - n as i32);
            second = second.max(key.min(most));
            most = most.max(key);
        }
        [most, second].map(|key| track + (7 - (key & 7)) as usize * TRACKS)
    }

    /// The best pair of one of these two places and any of `track`.
    #[inline(always)]
    fn start<const PLAIN: bool>(&self, firsts: [usize; 2], track: usize, best: &mut Pair) {
        let seconds = places(track);
        let mut squares = [[0; POSITIONS]; 2];
        let mut energies = [[0; POSITIONS]; 2];
        for (row, first) in firsts.into_iter().enumerate() {
            for (n, second) in seconds.into_iter().enumerate() {
                let likeness = self.likeness[first] + self.likeness[second];
                squares[row][n] = (likeness * likeness) >> 15;
                let own = [self.energy[first] << 14, self.pair(first, second) << 15];
                let sum = add_up::<PLAIN>(own[0], own[1]);
                energies[row][n] = rounded::<PLAIN>(sum, self.energy[second] << 14);
            }
        }
        let (square, energy, at) = best_of(squares.as_flattened(), energies.as_flattened());
        (best.square, best.energy) = (square, energy);
        if square >= 0 {
            best.places = [firsts[at / POSITIONS], seconds[at % POSITIONS]];
            best.likeness = best.places.map(|place| self.likeness[place]).iter().sum();
        }
    }

    /// The best pair of both tracks to go with a pair that is there.
    #[inline(always)]
    fn complete<const PLAIN: bool>(
        &self,
        given: &Pair,
        tracks: [usize; 2],
        block: &Block,
        best: &mut Pair,
    ) {
        let [outer, inner] = tracks.map(places);
        let [first, second] = given.places;
        let base = outer.map(|place| {
            let sum = add_up::<PLAIN>(given.energy << 14, self.pair(first, place) << 13);
            let sum = add_up::<PLAIN>(sum, self.pair(second, place) << 13);
            add_up::<PLAIN>(sum, self.energy[place] << 12)
        });
        let inner_energy = inner.map(|place| {
            let both = [self.pair(first, place) << 14, self.pair(second, place) << 14];
            rounded::<PLAIN>(add_up::<PLAIN>(both[0], both[1]), self.energy[place] << 13)
        });
        let likeness = inner.map(|place| self.likeness[place]);
        let mut squares = [[0; POSITIONS]; POSITIONS];
        let mut energies = [[0; POSITIONS]; POSITIONS];
        for row in 0..POSITIONS {
            let so_far = given.likeness + self.likeness[outer[row]];
            for n in 0..POSITIONS {
                let likeness = (so_far + likeness[n]).min(32_767);
                squares[row][n] = (likeness * likeness) >> 15;
                let sum = add_up::<PLAIN>(base[row], block[row][n] << 13);
                energies[row][n] = rounded::<PLAIN>(sum, inner_energy[n] << 15);
            }
        }
        let (square, energy, at) = best_of(squares.as_flattened(), energies.as_flattened());
        (best.square, best.energy) = (square, energy);
        if square >= 0 {
            best.places = [outer[at / POSITIONS], inner[at % POSITIONS]];
        }
    }

    #[inline(always)]
    fn block(&self, outer: usize, inner: usize) -> Block {
        std::array::from_fn(|row| {
            std::array::from_fn(|n| self.pair(outer + row * TRACKS, inner + n * TRACKS))
        })
    }

    #[inline(always)]
    fn pair(&self, a: usize, b: usize) -> i32 {
        self.pair[a.max(b)][a.min(b)].into()
    }
}

/// The places of a track.
#[inline(always)]
fn places(track: usize) -> [usize; POSITIONS] {
    std::array::from_fn(|n| track + n * TRACKS)
}

/// The first pair of which the square over the energy is the greatest; a square of -1 when none is.
#[inline(always)]
fn best_of(squares: &[i32], energies: &[i32]) -> (i32, i32, usize) {
    let (mut square, mut energy, mut at) = (-1, 1, 0);
    for (n, (&new_square, &new_energy)) in squares.iter().zip(energies).enumerate() {
        if energy * new_square > square * new_energy {
            (square, energy, at) = (new_square, new_energy, n);
        }
    }
    (square, energy, at)
}

#[inline(always)]
fn add_up<const PLAIN: bool>(a: i32, b: i32) -> i32 {
    if PLAIN { a.wrapping_add(b) } else { a.saturating_add(b) }
}

/// The upper half of a sum, rounded.
#[inline(always)]
fn rounded<const PLAIN: bool>(a: i32, b: i32) -> i32 {
    add_up::<PLAIN>(add_up::<PLAIN>(a, b), 0x8000) >> 16
}

const TRACKS: usize = 5;
const POSITIONS: usize = SUBFRAME / TRACKS;
/// Columns that are worked off side by side, and all of a row.
const VECTOR: usize = 8;
const WIDTH: usize = SUBFRAME;

#[cfg(test)]
mod tests {
    use super::super::pulses::decode;
    use super::*;

    #[test]
    fn a_word_that_was_filtered_is_found_again() {
        let response: Vector = std::array::from_fn(|n| if n < 4 { 4096 >> n } else { 0 });
        for (places, signs) in [(0x1234, 5), (0x0777, 15), (0x1f03, 0), (0x0a51, 9)] {
            let word = decode(places, signs);
            let mut target = [0; SUBFRAME];
            for n in 0..SUBFRAME {
                let sum: i32 =
                    (0..=n).map(|m| i32::from(word[m]) * i32::from(response[n - m])).sum();
                target[n] = (sum >> 14) as i16;
            }
            let found = search(&target, &mut response.clone(), 60, 3277);
            assert_eq!((found.places, found.signs), (places, signs));
            assert_eq!(found.word, word);
            let field = Field::of(&response, &[false; SUBFRAME], found.word.map(i32::from));
            assert_eq!(field.best::<true>(), field.best_saturating());
        }
    }
}
