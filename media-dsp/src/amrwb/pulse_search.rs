//! The search of the algebraic codebooks: pairs of pulses in neighbouring tracks, the most likely
//! places first (3GPP TS 26.190, clause 5.8).

use super::arithmetic::{dot, inverse_root};
use super::{Mode, SUBFRAME, Subframe};
use crate::fixed::{l_shl, mult_r, norm_l, round};

/// Pulses that were found.
pub(crate) struct Found {
    /// The code vector, Q9, or Q8 where the impulse response is strong.
    pub(super) code: Subframe,
    /// The code vector through the impulse response.
    pub(super) filtered: Subframe,
    /// Places in each track, with 16 added for a negative pulse; in mode 0 tracks of 32 places.
    pub(super) tracks: [[i16; 6]; 4],
}

/// How a mode searches.
struct Plan {
    /// Rounds, each beginning with another track.
    rounds: usize,
    /// How much the correlation counts beside the residual when places are chosen, Q12.
    weight: i16,
    pulses: usize,
    /// How many places of the first pulse of each pair are tried.
    tried: &'static [i16],
}

impl Plan {
    fn of(mode: Mode) -> Self {
        let (rounds, weight, pulses, tried): (_, _, _, &'static [i16]) = match mode {
            Mode::M660 | Mode::M885 => (4, 8192, 4, &[4, 8]),
            Mode::M1265 => (4, 4096, 8, &[4, 8, 8]),
            Mode::M1425 => (4, 4096, 10, &[4, 6, 8, 8]),
            Mode::M1585 => (4, 4096, 12, &[4, 6, 8, 8]),
            Mode::M1825 => (3, 3277, 16, &[4, 4, 6, 6, 8, 8]),
            Mode::M1985 => (3, 3072, 18, &[2, 3, 4, 5, 6, 7, 8]),
            Mode::M2305 => (2, 2048, 24, &[2, 2, 3, 4, 5, 6, 7, 8, 8, 8]),
            Mode::M2385 => (1, 2048, 24, &[2, 2, 3, 4, 5, 6, 7, 8, 8, 8]),
        };
        Self { rounds, weight, pulses, tried }
    }

    /// The track of a pulse in a round.
    fn track(&self, round: usize, pulse: usize) -> usize {
        // The last pair of ten and eighteen pulses is always in the first tracks.
        if matches!(self.pulses, 10 | 18) && pulse >= self.pulses - 2 {
            return pulse - (self.pulses - 2);
        }
        (round + pulse + pulse / 4) % 4
    }
}

/// The correlation of target and impulse response at each place, scaled.
#[inline(always)]
pub(crate) fn correlation(impulse: &Subframe, target: &Subframe) -> Subframe {
    let mut sums = [0; SUBFRAME];
    let mut most = [0_i32; 4];
    for (i, sum) in sums.iter_mut().enumerate() {
        *sum = (dot(&target[i..], impulse) << 1).wrapping_add(1);
        most[i % 4] = most[i % 4].max(sum.wrapping_abs());
    }
    let mean = most.iter().fold(0, |sum: i32, &it| sum.wrapping_add(it)) >> 2;
    let shift = norm_l(1_i32.wrapping_add(mean).wrapping_add(mean >> 1)) - 4;
    sums.map(|sum| (l_shl(sum, shift).wrapping_add(0x8000) >> 16) as i16)
}

/// Signs for all places, and what they were chosen by.
pub(super) struct Signs {
    /// -1 where a pulse is negative.
    pub(super) negative: [bool; SUBFRAME],
    /// The correlation with the signs applied.
    pub(super) correlation: Subframe,
    /// Residual and correlation together, with the signs applied.
    likely: Subframe,
}

impl Signs {
    #[inline(always)]
    pub(super) fn choose(correlation: &Subframe, residual: &Subframe, weight: i16) -> Self {
        let (root, exponent) = root(residual);
        let of_residual = i32::from(round(l_shl(root, exponent + 5)));
        let (root, exponent) = self::root(correlation);
        let of_correlation = (l_shl(root, exponent + 8).wrapping_add(0x8000) >> 16) as i16;
        let of_correlation = i32::from(mult_r(weight, of_correlation));
        let mut signs =
            Self { negative: [false; SUBFRAME], correlation: *correlation, likely: [0; SUBFRAME] };
        for i in 0..SUBFRAME {
            let sum = (of_residual * i32::from(residual[i]))
                .wrapping_add(of_correlation * i32::from(correlation[i]));
            signs.likely[i] = (sum >> 7) as i16;
            if signs.likely[i] < 0 {
                signs.negative[i] = true;
                signs.likely[i] = signs.likely[i].wrapping_neg();
                signs.correlation[i] = correlation[i].wrapping_neg();
            }
        }
        signs
    }

    /// A value with the sign of a place: what is positive loses one in 32768.
    #[inline(always)]
    fn applied(&self, value: i32, place: usize) -> i16 {
        ((value * if self.negative[place] { -32_768 } else { 32_767 }) >> 15) as i16
    }
}

#[inline(always)]
fn root(signal: &Subframe) -> (i32, i16) {
    let energy = (dot(signal, signal) << 1).wrapping_add(1);
    let shift = norm_l(energy);
    inverse_root(energy << shift, 30 - shift)
}

/// Correlations of the impulse response with itself.
struct Matrix {
    /// Energy of the response from each place of each track on.
    own: [[i16; 16]; 4],
    /// Of each place of a track with each of the next track, signs applied.
    next: [[[i16; 16]; 16]; 4],
}

impl Matrix {
    #[inline(always)]
    fn new(impulse: &Subframe, signs: &Signs) -> Self {
        let mut own = [[0; 16]; 4];
        let mut sum = 0x8000_i32;
        for i in 0..SUBFRAME {
            let h = i32::from(impulse[i]);
            sum = sum.wrapping_add((h * h) << 1);
            own[3 - i % 4][15 - i / 4] = (sum >> 16) as i16;
        }
        let mut next = [[[0; 16]; 16]; 4];
        for distance in (1..SUBFRAME).step_by(2) {
            diagonal(impulse, distance, &mut next);
        }
        for (track, rows) in next.iter_mut().enumerate() {
            let after = (track + 1) % 4;
            let negative: [bool; 16] = std::array::from_fn(|j| signs.negative[after + 4 * j]);
            for (i, row) in rows.iter_mut().enumerate() {
                let first = signs.negative[track + 4 * i];
                for (value, &second) in row.iter_mut().zip(&negative) {
                    *value = with_signs(*value, first, second);
                }
            }
        }
        Self { own, next }
    }
}

/// The correlations of all places that are so far apart, from the end.
#[inline(always)]
fn diagonal(impulse: &Subframe, distance: usize, next: &mut [[[i16; 16]; 16]; 4]) {
    let mut sum = 0x8000_i32;
    for (i, (&h, &later)) in impulse.iter().zip(&impulse[distance..]).enumerate() {
        sum = sum.wrapping_add((i32::from(h) * i32::from(later)) << 1);
        let (late, early) = (SUBFRAME - 1 - i, SUBFRAME - 1 - i - distance);
        // Of two neighbouring tracks one is the first; the tracks go round.
        let (first, second) = if distance % 4 == 1 { (early, late) } else { (late, early) };
        next[first % 4][first / 4][second / 4] = (sum >> 16) as i16;
    }
}

/// A value with the sign of two places: what stays positive loses one, as by 32767 in Q15.
#[inline(always)]
fn with_signs(value: i16, first: bool, second: bool) -> i16 {
    if first == second {
        value - i16::from(value > 0) + i16::from(value == i16::MIN)
    } else {
        value.wrapping_neg()
    }
}

/// Pulses so far: their places, correlation, energy and the sum of their responses.
#[derive(Clone)]
struct State {
    places: [usize; 24],
    /// The last pair: it is taken again where no other is found, which overload can do.
    last: (usize, usize),
    correlation: i16,
    energy: i16,
    responses: Subframe,
}

/// What a search goes by.
struct Context<'a> {
    signs: &'a Signs,
    matrix: &'a Matrix,
    impulse: &'a Subframe,
}

/// Searches the codebook of any mode but the first.
#[inline(always)]
pub(crate) fn search(
    mode: Mode,
    correlation: &Subframe,
    residual: &Subframe,
    impulse: &Subframe,
) -> Found {
    let plan = Plan::of(mode);
    let mut signs = Signs::choose(correlation, residual, plan.weight);
    let best_places = mark_likely(&mut signs.likely);
    let energy = dot(impulse, impulse) << 1;
    let weak = plan.pulses >= 12 && (energy >> 16) as i16 > 1024;
    let impulse = impulse.map(|h| h >> i16::from(weak));
    let matrix = Matrix::new(&impulse, &signs);
    let context = Context { signs: &signs, matrix: &matrix, impulse: &impulse };
    let mut best: Option<State> = None;
    let (mut best_square, mut best_energy) = (-1, 1);
    let mut last = (0, 1);
    for round in 0..plan.rounds {
        let mut state = begin(&plan, round, &best_places, last, &context);
        let first = match plan.pulses {
            4 => 0,
            8 | 10 => 2,
            _ => 4,
        };
        for (step, pulse) in (first..plan.pulses).step_by(2).enumerate() {
            let tracks = (plan.track(round, pulse), plan.track(round, pulse + 1));
            add_pair(&mut state, pulse, tracks, plan.tried[step], &context);
        }
        last = state.last;
        let square = ((i32::from(state.correlation) * i32::from(state.correlation)) >> 15) as i16;
        let better = ((best_energy * i32::from(square)) << 1)
            .wrapping_sub((best_square * i32::from(state.energy)) << 1);
        if better > 0 || best.is_none() {
            best_square = i32::from(square);
            best_energy = i32::from(state.energy);
            best = Some(state);
        }
    }
    let Some(best) = best else { return nothing() };
    build(&best, plan.pulses, &signs, weak)
}

/// No pulses.
pub(super) fn nothing() -> Found {
    Found { code: [0; SUBFRAME], filtered: [0; SUBFRAME], tracks: [[0; 6]; 4] }
}

/// Marks the eight likeliest places of each track with -8 to -1; the likeliest of each.
#[inline(always)]
fn mark_likely(likely: &mut Subframe) -> [usize; 4] {
    let mut best = [0; 4];
    let mut place = 0;
    for (track, best) in best.iter_mut().enumerate() {
        for rank in 0..8 {
            let mut most = -1;
            for at in (track..SUBFRAME).step_by(4) {
                if likely[at] > most {
                    (most, place) = (likely[at], at);
                }
            }
            likely[place] = rank - 8;
            if rank == 0 {
                *best = place;
            }
        }
    }
    best
}

/// Begins a round with none, two or four pulses in the likeliest places.
#[inline(always)]
fn begin(
    plan: &Plan,
    round: usize,
    best_places: &[usize; 4],
    last: (usize, usize),
    &Context { signs, matrix, impulse }: &Context<'_>,
) -> State {
    let mut state =
        State { places: [0; 24], last, correlation: 0, energy: 0, responses: [0; SUBFRAME] };
    let count = match plan.pulses {
        4 => return state,
        8 | 10 => 2,
        _ => 4,
    };
    for pulse in 0..count {
        let place = best_places[plan.track(round, pulse)];
        state.places[pulse] = place;
        state.correlation = state.correlation.wrapping_add(signs.correlation[place]);
        respond(&mut state.responses, impulse, place, signs);
    }
    state.last = (state.places[0], state.places[1]);
    state.energy = if count == 2 {
        let (first, second) = (state.places[0], state.places[1]);
        let own = |place: usize| i32::from(matrix.own[place % 4][place / 4]) << 13;
        let both = i32::from(matrix.next[first % 4][first / 4][second / 4]) << 14;
        let sum = own(first).wrapping_add(own(second)).wrapping_add(both);
        (sum.wrapping_add(0x8000) >> 16) as i16
    } else {
        let energy = dot(&state.responses, &state.responses) << 1;
        ((energy >> 3).wrapping_add(0x8000) >> 16) as i16
    };
    state
}

/// Adds the response to a pulse.
#[inline(always)]
pub(super) fn respond(responses: &mut Subframe, impulse: &Subframe, place: usize, signs: &Signs) {
    for (sum, &h) in responses[place..].iter_mut().zip(impulse) {
        *sum = sum.wrapping_add(if signs.negative[place] { h.wrapping_neg() } else { h });
    }
}

/// Adds the two pulses in neighbouring tracks that are best together with those before.
#[inline(always)]
fn add_pair(
    state: &mut State,
    pulse: usize,
    (first, second): (usize, usize),
    tried: i16,
    context: &Context<'_>,
) {
    let &Context { signs, matrix, impulse } = context;
    let with_first = with_others(first, &state.responses, context);
    let with_second = with_others(second, &state.responses, context);
    let energy = (i32::from(state.energy) << 16).wrapping_add(0x8000);
    let (mut best_square, mut best_energy) = (-1_i32, 1_i32);
    let (mut x, mut y) = state.last;
    let correlations: [i16; 16] = std::array::from_fn(|j| signs.correlation[second + 4 * j]);
    for (i, &with_first) in with_first.iter().enumerate() {
        let place = first + 4 * i;
        if signs.likely[place] >= tried - 8 {
            continue;
        }
        let correlation = state.correlation.wrapping_add(signs.correlation[place]);
        let energy = energy.wrapping_add(i32::from(with_first) << 13);
        let row = &matrix.next[first][i];
        let energies: [i32; 16] = std::array::from_fn(|j| {
            energy
                .wrapping_add(i32::from(with_second[j]) << 13)
                .wrapping_add(i32::from(row[j]) << 14)
                >> 16
        });
        let squares: [i32; 16] = std::array::from_fn(|j| {
            let sum = i32::from(correlation.wrapping_add(correlations[j]));
            i32::from(((sum * sum) >> 15) as i16)
        });
        for (j, (&square, &energy)) in squares.iter().zip(&energies).enumerate() {
            let better = ((best_energy * square) << 1).wrapping_sub((best_square * energy) << 1);
            if better > 0 {
                (best_square, best_energy) = (square, energy);
                (x, y) = (place, second + 4 * j);
            }
        }
    }
    state.last = (x, y);
    state.places[pulse] = x;
    state.places[pulse + 1] = y;
    state.correlation =
        state.correlation.wrapping_add(signs.correlation[x].wrapping_add(signs.correlation[y]));
    state.energy = best_energy as i16;
    respond(&mut state.responses, impulse, x, signs);
    respond(&mut state.responses, impulse, y, signs);
}

/// For each place of a track: the energy that a pulse there adds.
#[inline(always)]
fn with_others(
    track: usize,
    responses: &Subframe,
    &Context { signs, matrix, impulse }: &Context<'_>,
) -> [i16; 16] {
    let mut padded = [0; 2 * SUBFRAME];
    padded[..SUBFRAME].copy_from_slice(responses);
    std::array::from_fn(|i| {
        let place = track + 4 * i;
        let sum = dot(&padded[place..place + SUBFRAME], impulse);
        let sum = (sum << 2).wrapping_add(0x8000) >> 16;
        signs.applied(sum, place).wrapping_add(matrix.own[track][i])
    })
}

fn build(state: &State, pulses: usize, signs: &Signs, weak: bool) -> Found {
    let mut found = nothing();
    found.filtered = state.responses.map(|y| ((i32::from(y) + 4) >> 3) as i16);
    let unit = 512 >> i16::from(weak);
    let slots = found.tracks.as_flattened_mut();
    slots.fill(-1);
    for &place in &state.places[..pulses] {
        let (track, mut index) = (place % 4, (place / 4) as i16);
        if signs.negative[place] {
            found.code[place] -= unit;
            index += 16;
        } else {
            found.code[place] += unit;
        }
        // A track with too many pulses goes on in the next.
        if let Some(slot) = slots[6 * track..].iter_mut().find(|slot| **slot < 0) {
            *slot = index;
        }
    }
    found
}
