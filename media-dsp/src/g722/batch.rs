//! Several channels side by side, one in each lane. All have equally many samples; a lane without a
//! channel goes along idle.

use super::band::Band;
use super::mirror::{BACKWARDS, DIFFERENCE, FORWARDS, PAST, SUM};
use super::tables::{HIGH_TWO, LOW};
use super::{Decoder, Encoder};
use crate::arch::lanes::{Lanes, MOST};

/// Encodes the samples of all channels one by one.
#[inline(always)]
pub(crate) fn encode_each(channels: &mut [&mut Encoder], pcm: &[&[i16]], out: &mut [&mut [u8]]) {
    for ((channel, pcm), out) in channels.iter_mut().zip(pcm).zip(out) {
        channel.encode_pairs(pcm, out);
    }
}

/// Decodes the octets of all channels one by one.
#[inline(always)]
pub(crate) fn decode_each(
    channels: &mut [&mut Decoder],
    payload: &[&[u8]],
    pcm: &mut [&mut [i16]],
) {
    for ((channel, payload), pcm) in channels.iter_mut().zip(payload).zip(pcm) {
        channel.decode_octets(payload, pcm);
    }
}

/// Encodes the samples of all channels, two samples to an octet.
#[inline(always)]
pub(crate) fn encode<L: Lanes>(
    channels: &mut [&mut Encoder],
    pcm: &[&[i16]],
    out: &mut [&mut [u8]],
) {
    let mut low = Band::<L>::gather(channels.iter().map(|channel| &channel.low));
    let mut high = Band::<L>::gather(channels.iter().map(|channel| &channel.high));
    let speech = per_lane::<L>(channels.iter().map(|channel| i32::from(channel.mode.speech())));
    let mut line = [[0; MOST]; HELD + PAIRS];
    for (lane, channel) in channels.iter().take(MOST).enumerate() {
        for (pair, held) in line.iter_mut().zip(channel.past.chunks_exact(2)) {
            pair[lane] = packed(held[0], held[1]);
        }
    }
    let total = pcm.first().map_or(0, |pcm| pcm.len() / 2);
    for start in (0..total).step_by(PAIRS) {
        let count = PAIRS.min(total - start);
        for (lane, pcm) in pcm.iter().take(MOST).enumerate() {
            let fresh = pcm[2 * start..2 * (start + count)].chunks_exact(2);
            for (pair, held) in line[HELD..].iter_mut().zip(fresh) {
                pair[lane] = packed(held[0], held[1]);
            }
        }
        let mut codes = [[0; MOST]; PAIRS];
        for (pair, code) in codes.iter_mut().take(count).enumerate() {
            let (mut sum, mut difference) = (L::all(0), L::all(0));
            for tap in 0..=HELD {
                let held = L::read(&line[pair + tap]);
                sum = sum + held.dot(L::all(packed(SUM[2 * tap], SUM[2 * tap + 1])));
                let taps = packed(DIFFERENCE[2 * tap], DIFFERENCE[2 * tap + 1]);
                difference = difference + held.dot(L::all(taps));
            }
            let low_code = low.quantize_low(sum.right(14));
            let high_code = high.quantize_high(difference.right(14));
            low.adapt_low(low_code.right(2));
            high.adapt_high(high_code);
            ((high_code.left(6) | low_code) & speech).write(code);
        }
        for (lane, out) in out.iter_mut().take(MOST).enumerate() {
            for (octet, code) in out[start..start + count].iter_mut().zip(&codes) {
                *octet = code[lane] as u8;
            }
        }
        line.copy_within(count..count + HELD, 0);
    }
    for (lane, channel) in channels.iter_mut().take(MOST).enumerate() {
        for (pair, held) in line.iter().zip(channel.past.chunks_exact_mut(2)) {
            (held[0], held[1]) = unpacked(pair[lane]);
        }
    }
    low.scatter(channels.iter_mut().map(|channel| &mut channel.low));
    high.scatter(channels.iter_mut().map(|channel| &mut channel.high));
}

/// Decodes the octets of all channels, each to two samples.
#[inline(always)]
pub(crate) fn decode<L: Lanes>(
    channels: &mut [&mut Decoder],
    payload: &[&[u8]],
    pcm: &mut [&mut [i16]],
) {
    let mut low = Band::<L>::gather(channels.iter().map(|channel| &channel.low));
    let mut high = Band::<L>::gather(channels.iter().map(|channel| &channel.high));
    let table = per_lane::<L>(channels.iter().map(|channel| channel.mode.table()));
    let mut line = [[0; MOST]; HELD + PAIRS];
    for (lane, channel) in channels.iter().take(MOST).enumerate() {
        for (tap, pair) in line.iter_mut().take(HELD).enumerate() {
            pair[lane] = packed(channel.past[0][tap], channel.past[1][tap]);
        }
    }
    let total = payload.first().map_or(0, |payload| payload.len());
    for start in (0..total).step_by(PAIRS) {
        let count = PAIRS.min(total - start);
        let mut work = [[0; MOST]; PAIRS];
        for (lane, payload) in payload.iter().take(MOST).enumerate() {
            for (code, &octet) in work.iter_mut().zip(&payload[start..start + count]) {
                code[lane] = i32::from(octet);
            }
        }
        for (pair, work) in work.iter_mut().take(count).enumerate() {
            let code = L::read(work);
            let (low_code, high_code) = (code & L::all(63), code.right(6));
            let below = low.reconstruct((low_code + table).look(&LOW));
            let above = high.reconstruct(high_code.look8(&HIGH_TWO));
            low.adapt_low(low_code.right(2));
            high.adapt_high(high_code);
            pack(below - above, below + above).write(&mut line[HELD + pair]);

            let (mut first, mut second) = (L::all(0), L::all(0));
            for tap in 0..=HELD {
                let held = L::read(&line[pair + tap]);
                first = first + held.dot(L::all(packed(BACKWARDS[tap], 0)));
                second = second + held.dot(L::all(packed(0, FORWARDS[tap])));
            }
            pack(first.right(11).saturated(), second.right(11).saturated()).write(work);
        }
        for (lane, pcm) in pcm.iter_mut().take(MOST).enumerate() {
            let samples = pcm[2 * start..2 * (start + count)].chunks_exact_mut(2);
            for (sample, work) in samples.zip(&work) {
                (sample[0], sample[1]) = unpacked(work[lane]);
            }
        }
        line.copy_within(count..count + HELD, 0);
    }
    for (lane, channel) in channels.iter_mut().take(MOST).enumerate() {
        for (tap, pair) in line.iter().take(HELD).enumerate() {
            (channel.past[0][tap], channel.past[1][tap]) = unpacked(pair[lane]);
        }
    }
    low.scatter(channels.iter_mut().map(|channel| &mut channel.low));
    high.scatter(channels.iter_mut().map(|channel| &mut channel.high));
}

#[inline(always)]
fn per_lane<L: Lanes>(values: impl Iterator<Item = i32>) -> L {
    let mut lanes = [0; MOST];
    for (lane, value) in lanes.iter_mut().zip(values) {
        *lane = value;
    }
    L::read(&lanes)
}

#[inline(always)]
const fn packed(first: i16, second: i16) -> i32 {
    first as u16 as i32 | (second as i32) << 16
}

#[inline(always)]
fn unpacked(pair: i32) -> (i16, i16) {
    (pair as i16, (pair >> 16) as i16)
}

#[inline(always)]
fn pack<L: Lanes>(first: L, second: L) -> L {
    (first & L::all(0xffff)) | second.left(16)
}

/// Pairs that the filters hold.
const HELD: usize = PAST / 2;
/// Pairs at a time.
const PAIRS: usize = 32;
