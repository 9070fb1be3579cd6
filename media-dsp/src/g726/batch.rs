//! Several channels of one rate side by side, one in each lane. All have equally many samples; a lane
//! without a channel goes along idle.

use super::coder::Coder;
use super::form::Form;
use super::packing::GROUP;
use super::{Decoder, Encoder};
use crate::arch::lanes::{Lanes, MOST};

/// Encodes the samples of all channels one by one.
#[inline(always)]
pub(crate) fn encode_each<F: Form>(
    form: F,
    channels: &mut [&mut Encoder],
    sound: &[&[F::Sample]],
    out: &mut [&mut [u8]],
) {
    for ((channel, sound), out) in channels.iter_mut().zip(sound).zip(out) {
        channel.encode_codes(form, sound, out);
    }
}

/// Decodes the octets of all channels one by one.
#[inline(always)]
pub(crate) fn decode_each<F: Form>(
    form: F,
    channels: &mut [&mut Decoder],
    payload: &[&[u8]],
    out: &mut [&mut [F::Sample]],
) {
    for ((channel, payload), out) in channels.iter_mut().zip(payload).zip(out) {
        channel.decode_codes(form, payload, out);
    }
}

/// Encodes the samples of all channels.
#[inline(always)]
pub(crate) fn encode<L: Lanes, F: Form>(
    form: F,
    channels: &mut [&mut Encoder],
    sound: &[&[F::Sample]],
    out: &mut [&mut [u8]],
) {
    let Some(rate) = channels.first().map(|channel| channel.rate) else { return };
    let (quantizer, bits) = (rate.quantizer(), rate.bits());
    let mut coder = Coder::<L>::gather(channels.iter().map(|channel| &channel.coder));
    let total = sound.first().map_or(0, |sound| sound.len());
    for start in (0..total).step_by(GROUP) {
        let end = total.min(start + GROUP);
        let mut work = [[0; MOST]; GROUP];
        for (lane, sound) in sound.iter().take(MOST).enumerate() {
            for (work, &sample) in work.iter_mut().zip(&sound[start..end]) {
                work[lane] = form.linear(sample);
            }
        }
        for work in work.iter_mut().take(end - start) {
            coder.encode(quantizer, L::read(work)).write(work);
        }
        let octets = start * bits / 8..end * bits / 8;
        for (lane, (channel, out)) in channels.iter().zip(&mut *out).take(MOST).enumerate() {
            let codes = work.each_ref().map(|work| work[lane] as u8);
            // A group cut short leaves linear samples behind its codes; they are not packed.
            let mask = (1 << bits) - 1;
            let codes = codes.map(|code| code & mask);
            channel.packing.pack(bits, &codes, &mut out[octets.clone()]);
        }
    }
    coder.scatter(channels.iter_mut().map(|channel| &mut channel.coder));
}

/// Decodes the octets of all channels.
#[inline(always)]
pub(crate) fn decode<L: Lanes, F: Form>(
    form: F,
    channels: &mut [&mut Decoder],
    payload: &[&[u8]],
    out: &mut [&mut [F::Sample]],
) {
    let Some(rate) = channels.first().map(|channel| channel.rate) else { return };
    let (quantizer, bits) = (rate.quantizer(), rate.bits());
    let mut coder = Coder::<L>::gather(channels.iter().map(|channel| &channel.coder));
    let octets = payload.first().map_or(0, |payload| payload.len());
    let total = octets * 8 / bits;
    for (group, start) in (0..total).step_by(GROUP).enumerate() {
        let end = total.min(start + GROUP);
        let mut work = [[0; MOST]; GROUP];
        for (lane, (channel, payload)) in channels.iter().zip(payload).take(MOST).enumerate() {
            let packed = &payload[group * bits..octets.min((group + 1) * bits)];
            for (work, code) in work.iter_mut().zip(channel.packing.unpack(bits, packed)) {
                work[lane] = i32::from(code);
            }
        }
        for work in work.iter_mut().take(end - start) {
            let code = L::read(work);
            let (sample, expected) = coder.decode(quantizer, code);
            form.sound(quantizer, sample, code, &expected).write(work);
        }
        for (lane, out) in out.iter_mut().take(MOST).enumerate() {
            for (out, work) in out[start..end].iter_mut().zip(&work) {
                *out = F::sample(work[lane]);
            }
        }
    }
    coder.scatter(channels.iter_mut().map(|channel| &mut channel.coder));
}
