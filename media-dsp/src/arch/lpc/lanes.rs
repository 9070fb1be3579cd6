//! Loops over fixed lengths that become vector instructions of whatever level they are compiled
//! for.

/// A recursive filter that makes eight samples at once.
///
/// They follow from eight samples of input and those of output before them, each of which has its
/// own response in all eight: the first sum over products with no sample waiting for another.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    /// Of the inputs, the first first.
    forced: [[f32; LANES]; LANES],
    /// Of the outputs before, the latest first.
    free: [[f32; LANES]; MAX_ORDER],
    /// How many of these count.
    order: usize,
}

impl Filter {
    /// The filter that adds to each input the outputs before it by these weights, the latest first.
    pub(crate) fn new(weights: &[f32]) -> Self {
        let order = weights.len().min(MAX_ORDER);
        let mut filter =
            Self { forced: [[0.0; LANES]; LANES], free: [[0.0; LANES]; MAX_ORDER], order };
        let mut impulse = [0.0; LANES];
        for place in 0..LANES {
            let mut sum = if place == 0 { 1.0 } else { 0.0 };
            for back in 1..=place.min(order) {
                sum += weights[back - 1] * impulse[place - back];
            }
            impulse[place] = sum;
        }
        for (delay, response) in filter.forced.iter_mut().enumerate() {
            response[delay..].copy_from_slice(&impulse[..LANES - delay]);
        }
        // An output before acts like the inputs that its weights make of it.
        for (age, response) in filter.free[..order].iter_mut().enumerate() {
            for (delay, weight) in weights[age..order].iter().take(LANES).enumerate() {
                for (sum, forced) in response.iter_mut().zip(filter.forced[delay]) {
                    *sum += weight * forced;
                }
            }
        }
        filter
    }
}

/// Filters whole blocks of eight; `last` is what went before, the latest at the end.
#[inline(always)]
pub(super) fn recur(filter: &Filter, input: &[f32], last: &mut [f32; MAX_ORDER], out: &mut [f32]) {
    let blocks = input.as_chunks::<LANES>().0.iter().zip(out.as_chunks_mut::<LANES>().0);
    for (input, out) in blocks {
        let mut sums = [0.0; LANES];
        for (response, sample) in filter.forced.iter().zip(input) {
            for lane in 0..LANES {
                sums[lane] += response[lane] * sample;
            }
        }
        // The latest outputs come last: the others are added while they are being made.
        for (response, sample) in filter.free[..filter.order].iter().zip(last.iter().rev()).rev() {
            for lane in 0..LANES {
                sums[lane] += response[lane] * sample;
            }
        }
        last.copy_within(LANES.., 0);
        last[MAX_ORDER - LANES..].copy_from_slice(&sums);
        *out = sums;
    }
}

#[inline(always)]
pub(super) fn correlate(
    template: &[f32],
    windows: &[f32],
) -> ([f32; LAGS_AT_ONCE], [f32; LAGS_AT_ONCE]) {
    let mut products = [0.0; LAGS_AT_ONCE];
    let mut energies = [0.0; LAGS_AT_ONCE];
    for (sample, others) in template.iter().zip(windows.array_windows::<LAGS_AT_ONCE>()) {
        for lag in 0..LAGS_AT_ONCE {
            products[lag] += sample * others[lag];
            energies[lag] += others[lag] * others[lag];
        }
    }
    (products, energies)
}

#[inline(always)]
pub(super) fn autocorrelate(signal: &[f32], products: &mut [f32]) {
    let Some(most) = products.len().checked_sub(1) else { return };
    let Some(later) = signal.get(most..) else { return };
    for (shift, product) in products.iter_mut().enumerate() {
        let earlier = &signal[most - shift..];
        let mut sums = [0.0; LANES];
        for (one, other) in later.as_chunks::<LANES>().0.iter().zip(earlier.as_chunks::<LANES>().0)
        {
            for lane in 0..LANES {
                sums[lane] += one[lane] * other[lane];
            }
        }
        *product = sums.iter().sum();
    }
}

#[inline(always)]
pub(super) fn differences(signal: &[f32]) -> f32 {
    let Some((_, later)) = signal.split_first() else { return 0.0 };
    let mut sums = [0.0; LANES];
    let (blocks, rest) = later.as_chunks::<LANES>();
    let earlier = signal.as_chunks::<LANES>().0;
    for (one, other) in blocks.iter().zip(earlier) {
        for lane in 0..LANES {
            sums[lane] += (one[lane] - other[lane]) * (one[lane] - other[lane]);
        }
    }
    for (sum, (one, other)) in
        sums.iter_mut().zip(rest.iter().zip(&signal[later.len() - rest.len()..]))
    {
        *sum += (one - other) * (one - other);
    }
    sums.iter().sum()
}

/// Lags whose products are found together.
pub(crate) const LAGS_AT_ONCE: usize = 16;
/// Of the recursive filter.
pub(crate) const MAX_ORDER: usize = 16;
const LANES: usize = 8;
