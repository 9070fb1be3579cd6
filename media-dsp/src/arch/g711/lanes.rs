//! The laws as arithmetic without tables or branches, in loops over fixed lengths that become vector
//! instructions of whatever level they are compiled for.

use crate::g711::Law;

#[inline(always)]
pub(super) fn encode(law: Law, pcm: &[i16], out: &mut [u8]) {
    match law {
        Law::A => encode_by::<A>(pcm, out),
        Law::Mu => encode_by::<Mu>(pcm, out),
    }
}

#[inline(always)]
pub(super) fn decode(law: Law, codes: &[u8], pcm: &mut [i16]) {
    match law {
        Law::A => decode_by::<A>(codes, pcm),
        Law::Mu => decode_by::<Mu>(codes, pcm),
    }
}

#[inline(always)]
pub(super) fn transcode(from: Law, codes: &[u8], out: &mut [u8]) {
    match from {
        Law::A => transcode_by::<A, Mu>(codes, out),
        Law::Mu => transcode_by::<Mu, A>(codes, out),
    }
}

/// A law, for one sample in 32 bits.
trait Curve {
    /// The code of a 16-bit sample.
    fn code(sample: i32) -> u8;
    /// The 16-bit sample of a code.
    fn value(code: u8) -> i16;
}

/// A-law, Table 1/G.711.
struct A;

/// µ-law, Table 2/G.711.
struct Mu;

impl Curve for A {
    #[inline(always)]
    fn code(sample: i32) -> u8 {
        let sign = sample >> 31;
        let size = (sample ^ sign) >> 4;
        // The first two segments have one step; from the second on, the number of the segment and the
        // place in it are the exponent and the upper mantissa of the size as a float.
        let curved = segment_and_place(size) - ((127 + 3) << 4);
        let low = if size < 16 { size } else { curved };
        ((low | 0x80) ^ 0x55 ^ (sign & 0x80)) as u8
    }

    #[inline(always)]
    fn value(code: u8) -> i16 {
        let low = u16::from(code ^ 0x55);
        let segment = (low >> 4) & 7;
        let leading = if segment == 0 { 0 } else { 16 };
        let middle = ((((low & 15) + leading) << 4) + 8) << segment.saturating_sub(1);
        let sign = if code & 0x80 == 0 { -1_i16 } else { 0 };
        (middle as i16 ^ sign) - sign
    }
}

impl Curve for Mu {
    #[inline(always)]
    fn code(sample: i32) -> u8 {
        let sign = sample >> 31;
        let size = (((sample ^ sign) >> 2) + BIAS).min(0x1fff);
        let low = segment_and_place(size) - ((127 + 5) << 4);
        (!low & 0x7f | !sign & 0x80) as u8
    }

    #[inline(always)]
    fn value(code: u8) -> i16 {
        let low = !code;
        let segment = u16::from(low >> 4) & 7;
        let place = u16::from(low & 15);
        let middle = ((2 * place + BIAS as u16) << (segment + 2)) as i16 - 4 * BIAS as i16;
        let sign = if code & 0x80 == 0 { -1_i16 } else { 0 };
        (middle ^ sign) - sign
    }
}

/// `floor(log2(size)) + 127` in the upper bits, the four bits after the leading one in the lower.
#[inline(always)]
fn segment_and_place(size: i32) -> i32 {
    ((size as f32).to_bits() >> 19) as i32
}

#[inline(always)]
fn encode_by<C: Curve>(pcm: &[i16], out: &mut [u8]) {
    let (blocks, rest) = pcm.as_chunks::<BLOCK>();
    let (out_blocks, out_rest) = out.as_chunks_mut::<BLOCK>();
    for (block, out) in blocks.iter().zip(out_blocks) {
        encode_block::<C>(block, out);
    }
    for (sample, code) in rest.iter().zip(out_rest) {
        *code = C::code(i32::from(*sample));
    }
}

#[inline(always)]
fn decode_by<C: Curve>(codes: &[u8], pcm: &mut [i16]) {
    let (blocks, rest) = codes.as_chunks::<BLOCK>();
    let (pcm_blocks, pcm_rest) = pcm.as_chunks_mut::<BLOCK>();
    for (block, pcm) in blocks.iter().zip(pcm_blocks) {
        decode_block::<C>(block, pcm);
    }
    for (code, sample) in rest.iter().zip(pcm_rest) {
        *sample = C::value(*code);
    }
}

#[inline(always)]
fn transcode_by<C: Curve, D: Curve>(codes: &[u8], out: &mut [u8]) {
    let (blocks, rest) = codes.as_chunks::<BLOCK>();
    let (out_blocks, out_rest) = out.as_chunks_mut::<BLOCK>();
    for (block, out) in blocks.iter().zip(out_blocks) {
        let mut pcm = [0; BLOCK];
        decode_block::<C>(block, &mut pcm);
        encode_block::<D>(&pcm, out);
    }
    for (code, other) in rest.iter().zip(out_rest) {
        *other = D::code(i32::from(C::value(*code)));
    }
}

#[inline(always)]
fn encode_block<C: Curve>(pcm: &[i16; BLOCK], out: &mut [u8; BLOCK]) {
    for (sample, code) in pcm.iter().zip(out) {
        *code = C::code(i32::from(*sample));
    }
}

#[inline(always)]
fn decode_block<C: Curve>(codes: &[u8; BLOCK], pcm: &mut [i16; BLOCK]) {
    for (code, sample) in codes.iter().zip(pcm) {
        *sample = C::value(*code);
    }
}

/// What is added to the size in µ-law so that all segments begin at a power of two: Table 2/G.711, the
/// decision value 31 of 8159 below 8192, and half a step of the first segment.
const BIAS: i32 = 33;
/// Samples at a time: 20 ms are whole blocks.
const BLOCK: usize = 32;
