//! The recursion of ITU-T G.726 clauses 2 to 4, which encoder and decoder share. Names in
//! capitals are those of the blocks in clause 4.

use super::tables::Quantizer;
use crate::arch::lanes::{Lanes, MOST};

/// The state of a channel, or of as many as there are lanes.
///
/// Samples that the predictor holds are floating point: sign, four bits of exponent, six of mantissa.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Coder<L> {
    /// The last six quantized differences, the latest first; floating.
    differences: [L; 6],
    /// Coefficients of the six zeros, Q14.
    zeros: [L; 6],
    /// The last two reconstructed samples; floating.
    samples: [L; 2],
    /// Coefficients of the two poles, Q14.
    poles: [L; 2],
    /// Signs, -1 or 0, of the last two sums of a difference and the zeros' part.
    signs: [L; 2],
    /// Averages of F: short, Q9, and long, Q11.
    averages: [L; 2],
    /// How much the fast scale counts, Q8.
    speed: L,
    /// The fast scale, Q9.
    fast: L,
    /// The slow scale, Q15.
    slow: L,
    /// -1 when a partial band signal, such as a modem's carrier, is there.
    tone: L,
}

/// What is known before the difference.
#[derive(Clone, Copy)]
pub(crate) struct Prediction<L> {
    /// The sample that is expected.
    pub(super) sample: L,
    /// The zeros' part of it.
    zero_part: L,
    /// The scale of the quantizer, a logarithm, Q9.
    scale: L,
}

impl Coder<i32> {
    /// After a reset (R in the blocks DELAY).
    pub(super) const fn new() -> Self {
        Self {
            differences: [32; 6],
            zeros: [0; 6],
            samples: [32; 2],
            poles: [0; 2],
            signs: [0; 2],
            averages: [0; 2],
            speed: 0,
            fast: 544,
            slow: 34_816,
            tone: 0,
        }
    }
}

impl<L: Lanes> Coder<L> {
    /// Encodes a 14-bit sample.
    #[inline(always)]
    pub(super) fn encode(&mut self, quantizer: &Quantizer, sample: L) -> L {
        let expected = self.predict();
        let code = quantizer.code(sample - expected.sample, expected.scale);
        self.adapt(quantizer, code, &expected);
        code
    }

    /// The sample that a code stands for, of up to 16 bits, and what was expected.
    #[inline(always)]
    pub(super) fn decode(&mut self, quantizer: &Quantizer, code: L) -> (L, Prediction<L>) {
        let expected = self.predict();
        (self.adapt(quantizer, code, &expected), expected)
    }

    /// FMULT, ACCUM, LIMA, MIX.
    #[inline(always)]
    fn predict(&self) -> Prediction<L> {
        let mut zero_part = L::all(0);
        for (&zero, &difference) in self.zeros.iter().zip(&self.differences) {
            zero_part = zero_part + product(zero, difference);
        }
        let mut sample = zero_part;
        for (&pole, &held) in self.poles.iter().zip(&self.samples) {
            sample = sample + product(pole, held);
        }
        let fastness = self.speed.right(2).min(L::all(64));
        let slow = self.slow.right(6);
        let apart = self.fast - slow;
        let sign = apart.sign();
        let scale = slow + (apart.turned(sign) * fastness).right(6).turned(sign);
        Prediction {
            sample: sample.wrapped().right(1),
            zero_part: zero_part.wrapped().right(1),
            scale,
        }
    }

    /// Goes on by a code, and gives the sample that it stands for.
    #[inline(always)]
    fn adapt(&mut self, quantizer: &Quantizer, code: L, expected: &Prediction<L>) -> L {
        let sign = L::all(0) - code.right(quantizer.bits - 1);
        let size = code ^ (sign & L::all((1 << quantizer.bits) - 1));
        let magnitude = quantizer.magnitude(size, expected.scale);
        let difference = magnitude.turned(sign);
        let sample = (difference + expected.sample).wrapped();

        let sudden = self.transition(magnitude);
        self.rescale(quantizer, size, expected.scale);
        let narrow = self.adapt_poles((difference + expected.zero_part).wrapped());
        self.adapt_zeros(quantizer.leak, magnitude, sign);
        self.adapt_speed(expected.scale, narrow, sudden);
        // TRIGB: after a transition of a partial band signal the predictor begins anew.
        let kept = sudden ^ L::all(-1);
        self.poles = self.poles.map(|pole| pole & kept);
        self.zeros = self.zeros.map(|zero| zero & kept);
        self.tone = narrow & kept;

        let [d1, d2, d3, d4, d5, _] = self.differences;
        self.differences = [floating(magnitude, sign), d1, d2, d3, d4, d5];
        let sign = sample.sign();
        self.samples = [floating(sample.turned(sign) & L::all(32_767), sign), self.samples[0]];
        sample
    }

    /// TRANS: -1 when a partial band signal changes.
    #[inline(always)]
    fn transition(&self, magnitude: L) -> L {
        let whole = self.slow.right(15);
        let part = self.slow.right(10) & L::all(31);
        let threshold = (part + L::all(32)).left_by(whole);
        let threshold = L::pick(whole.above(L::all(9)), L::all(31_744), threshold);
        let threshold = (threshold + threshold.right(1)).right(1);
        L::pick(magnitude.above(threshold), self.tone, L::all(0))
    }

    /// FUNCTW, FILTD, LIMB, FILTE; FUNCTF, FILTA, FILTB.
    #[inline(always)]
    fn rescale(&mut self, quantizer: &Quantizer, size: L, scale: L) {
        let step = size.look16(&quantizer.steps).left(5);
        self.fast = (scale + (step - scale).right(5)).within(L::all(544), L::all(5_120));
        self.slow = self.slow + self.fast + (L::all(0) - self.slow).right(6);
        let speed = size.look16(&quantizer.speeds);
        let [short, long] = self.averages;
        let short = short + (speed.left(9) - short).right(5);
        let long = long + (speed.left(11) - long).right(7);
        self.averages = [short, long];
    }

    /// UPA2, LIMC, UPA1, LIMD, TONE. Gives -1 when the poles say that the band is partial.
    #[inline(always)]
    fn adapt_poles(&mut self, partial: L) -> L {
        let sign = partial.sign();
        let [last, before] = self.signs;
        self.signs = [sign, last];
        let nothing = partial.equals(L::all(0));
        let [first, second] = self.poles;

        let unlike = sign ^ last;
        let cross = first.within(L::all(-8_191), L::all(8_191)).left(2);
        let cross = cross.turned(unlike ^ L::all(-1));
        let gain = (L::all(16_384).turned(sign ^ before) + cross).right(7);
        let gain = L::pick(nothing, L::all(0), gain);
        let second = (second + gain - second.right(7)).within(L::all(-12_288), L::all(12_288));

        let gain = L::pick(nothing, L::all(0), L::all(192).turned(unlike));
        let limit = L::all(15_360) - second;
        let first = (first + gain - first.right(8)).within(L::all(0) - limit, limit);
        self.poles = [first, second];
        (second + L::all(11_776)).sign()
    }

    /// XOR, UPB.
    #[inline(always)]
    fn adapt_zeros(&mut self, leak: u32, magnitude: L, sign: L) {
        let gain = L::pick(magnitude.equals(L::all(0)), L::all(0), L::all(128));
        for (zero, &difference) in self.zeros.iter_mut().zip(&self.differences) {
            let gain = gain.turned(sign ^ difference.sign());
            *zero = (*zero + gain - zero.right(leak)).wrapped();
        }
    }

    /// SUBTC, FILTC, TRIGA.
    #[inline(always)]
    fn adapt_speed(&mut self, scale: L, narrow: L, sudden: L) {
        let [short, long] = self.averages;
        let apart = short.left(2) - long;
        let apart = apart.turned(apart.sign());
        let steady =
            scale.above(L::all(1_535)) & long.right(3).above(apart) & narrow.equals(L::all(0));
        let goal = L::pick(steady, L::all(0), L::all(512));
        let speed = self.speed + (goal - self.speed).right(4);
        self.speed = L::pick(sudden.equals(L::all(0)), speed, L::all(256));
    }

    /// One lane for each of these channels.
    #[inline(always)]
    pub(crate) fn gather<'a>(channels: impl Iterator<Item = &'a Coder<i32>>) -> Self {
        let mut words = [[0; MOST]; WORDS];
        for (lane, coder) in channels.take(L::COUNT).enumerate() {
            for (word, value) in words.iter_mut().zip(coder.words()) {
                word[lane] = value;
            }
        }
        Self::from_words(words.map(|word| L::read(&word)))
    }

    /// The lanes back to their channels.
    #[inline(always)]
    pub(crate) fn scatter<'a>(&self, channels: impl Iterator<Item = &'a mut Coder<i32>>) {
        let mut words = [[0; MOST]; WORDS];
        for (word, value) in words.iter_mut().zip(self.words()) {
            value.write(word);
        }
        for (lane, coder) in channels.take(L::COUNT).enumerate() {
            *coder = Coder::from_words(words.each_ref().map(|word| word[lane]));
        }
    }

    #[inline(always)]
    fn words(&self) -> [L; WORDS] {
        let [d1, d2, d3, d4, d5, d6] = self.differences;
        let [b1, b2, b3, b4, b5, b6] = self.zeros;
        let ([r1, r2], [a1, a2]) = (self.samples, self.poles);
        let ([p1, p2], [m1, m2]) = (self.signs, self.averages);
        let (ap, yu, yl, td) = (self.speed, self.fast, self.slow, self.tone);
        [
            d1, d2, d3, d4, d5, d6, b1, b2, b3, b4, b5, b6, r1, r2, a1, a2, p1, p2, m1, m2, ap, yu,
            yl, td,
        ]
    }

    #[inline(always)]
    fn from_words(words: [L; WORDS]) -> Self {
        let [
            d1,
            d2,
            d3,
            d4,
            d5,
            d6,
            b1,
            b2,
            b3,
            b4,
            b5,
            b6,
            r1,
            r2,
            a1,
            a2,
            p1,
            p2,
            m1,
            m2,
            ap,
            yu,
            yl,
            td,
        ] = words;
        Self {
            differences: [d1, d2, d3, d4, d5, d6],
            zeros: [b1, b2, b3, b4, b5, b6],
            samples: [r1, r2],
            poles: [a1, a2],
            signs: [p1, p2],
            averages: [m1, m2],
            speed: ap,
            fast: yu,
            slow: yl,
            tone: td,
        }
    }
}

impl<L: Lanes> Prediction<L> {
    /// The code that a sample would have had.
    #[inline(always)]
    pub(super) fn code(&self, quantizer: &Quantizer, sample: L) -> L {
        quantizer.code(sample - self.sample, self.scale)
    }
}

impl Quantizer {
    /// LOG, SUBTB, QUAN: the code of a difference.
    #[inline(always)]
    fn code<L: Lanes>(&self, difference: L, scale: L) -> L {
        let sign = difference.sign();
        let log = difference.turned(sign).float().right(16) - L::all(127 << 7);
        let size = (log.max(L::all(0)) - scale.right(2)).rank(&self.levels);
        let code = size ^ (sign & L::all((1 << self.bits) - 1));
        L::pick(code.equals(L::all(0)), L::all(self.zero), code)
    }

    /// RECONST, ADDA, ANTILOG: the magnitude that a size stands for.
    #[inline(always)]
    fn magnitude<L: Lanes>(&self, size: L, scale: L) -> L {
        let log = size.look16(&self.logs) + scale.right(2);
        let mantissa = (log & L::all(127)) + L::all(128);
        let magnitude = mantissa.left(7).right_by(L::all(14) - (log.right(7) & L::all(15)));
        L::pick(L::all(0).above(log), L::all(0), magnitude)
    }
}

/// FMULT: a coefficient times a floating sample.
#[inline(always)]
fn product<L: Lanes>(coefficient: L, held: L) -> L {
    let coefficient = coefficient.right(2);
    let float = (coefficient.turned(coefficient.sign()) & L::all(8_191)).float();
    let exponent = (float.right(23) - L::all(126)).max(L::all(0));
    let mantissa = (float.right(18) & L::all(31)) | L::all(32);
    let product = (mantissa * (held & L::all(63)) + L::all(48)).right(4);
    let places = L::all(28) - exponent - (held.right(6) & L::all(15));
    (product.left(9).right_by(places) & L::all(32_767)).turned((coefficient ^ held).sign())
}

/// FLOATA, FLOATB: a magnitude of up to 15 bits and a sign, floating.
#[inline(always)]
fn floating<L: Lanes>(magnitude: L, sign: L) -> L {
    let float = magnitude.float();
    let exponent = (float.right(23) - L::all(126)).max(L::all(0));
    let mantissa = (float.right(18) & L::all(31)) | L::all(32);
    sign.left(10) | exponent.left(6) | mantissa
}

/// Words of a channel's state.
const WORDS: usize = 24;
