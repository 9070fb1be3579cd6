//! Every codec to every other: a tone arrives as a tone, and speech as loud as it was.

use super::*;
use call::{G726Bits, G726Packing};

/// All codecs that carry sound.
fn codecs() -> Vec<Codec> {
    let mut codecs = vec![
        Codec::Pcmu,
        Codec::Pcma,
        Codec::G722,
        Codec::G729 { annex_b: false },
        Codec::G729 { annex_b: true },
        Codec::G723 { annex_a: false },
        Codec::Gsm,
        Codec::AmrWb { octet_aligned: true },
        Codec::AmrWb { octet_aligned: false },
        Codec::Opus,
    ];
    codecs.extend([8_000, 16_000, 32_000, 44_100, 48_000].map(|rate| Codec::L16 { rate }));
    for packing in [G726Packing::Rtp, G726Packing::Aal2] {
        for bits in [G726Bits::Two, G726Bits::Three, G726Bits::Four, G726Bits::Five] {
            codecs.push(Codec::G726 { bits, packing });
        }
    }
    codecs
}

/// What becomes of a sound: its level in decibels beside what it was, and how much of it is right.
#[derive(Debug, Clone, Copy)]
struct Fidelity {
    level: f64,
    likeness: f64,
}

const LINEAR: Codec = Codec::L16 { rate: 16_000 };
/// Samples in 20 ms.
const FRAME: usize = 320;

/// A stream of packets.
type Stream = Vec<(u16, u32, Vec<u8>)>;

/// What becomes of a stream; its numbers and times are checked on the way.
fn translate(from: Codec, to: Codec, stream: &Stream) -> Stream {
    let mut bridge = Bridge::between(from, to, 20);
    if from.is_understood_as(to) {
        return stream.clone();
    }
    let mut made = Stream::new();
    for (sequence, timestamp, payload) in stream {
        for left in bridge.say(100, *sequence, *timestamp, payload) {
            assert_eq!(left.payload_type, 110);
            made.push((left.sequence, left.timestamp, left.payload));
        }
    }
    let millis = if matches!(to, Codec::G723 { .. }) { 30 } else { 20 };
    let ticks = to.clock() * millis / 1_000;
    let first = (stream[0].0, stream[0].1);
    for (n, (sequence, timestamp, payload)) in made.iter().enumerate() {
        assert_eq!(*sequence, first.0.wrapping_add(n as u16), "{from:?} to {to:?}");
        assert_eq!(*timestamp, first.1.wrapping_add(n as u32 * ticks), "{from:?} to {to:?}");
        assert!(!payload.is_empty());
    }
    let (came, went) = (duration(from, stream.len()), made.len() * millis as usize);
    assert!(went <= came && went + 30 > came, "{from:?} to {to:?}: {came} ms became {went}");
    made
}

/// How many decibels of noise a codec takes away at most: what models a voice has no model of it.
fn thins(codec: Codec) -> f64 {
    match codec {
        Codec::G729 { .. } | Codec::G723 { .. } | Codec::AmrWb { .. } => 4.6,
        Codec::Gsm | Codec::Opus | Codec::G726 { bits: G726Bits::Two, .. } => 2.5,
        _ => 0.2,
    }
}

fn duration(codec: Codec, packets: usize) -> usize {
    packets * if matches!(codec, Codec::G723 { .. }) { 30 } else { 20 }
}

fn linear(pcm: &[i16]) -> Stream {
    let mut stream = Stream::new();
    for (n, frame) in pcm.chunks_exact(FRAME).enumerate() {
        let payload = frame.iter().flat_map(|sample| sample.to_be_bytes()).collect();
        let sequence = 65_500_u16.wrapping_add(n as u16);
        stream.push((sequence, 4_294_960_000_u32.wrapping_add((n * FRAME) as u32), payload));
    }
    stream
}

fn samples(stream: &Stream) -> Vec<i16> {
    let octets: Vec<u8> = stream.iter().flat_map(|(_, _, payload)| payload.clone()).collect();
    octets.as_chunks().0.iter().map(|pair| i16::from_be_bytes(*pair)).collect()
}

/// A second and a half at 16 kHz.
fn tone() -> Vec<i16> {
    let wave = |n: usize| (n as f64 * std::f64::consts::TAU / 16.0).sin();
    (0..75 * FRAME).map(|n| (8_000.0 * wave(n)) as i16).collect()
}

/// Noise of the lower kilohertz that rises and falls four times a second.
fn syllables() -> Vec<i16> {
    let (mut chance, mut low, mut lower) = (1_u32, 0.0, 0.0);
    let mut sample = |n: usize| {
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let white = f64::from(chance >> 16) / 32_768.0 - 1.0;
        low += 0.25 * (white - low);
        lower += 0.02 * (low - lower);
        let swell = (n as f64 * std::f64::consts::TAU * 2.0 / 16_000.0).sin().abs();
        (20_000.0 * swell * (low - lower)) as i16
    };
    (0..75 * FRAME).map(&mut sample).collect()
}

fn power(pcm: &[i16]) -> f64 {
    pcm.iter().map(|&it| f64::from(it) * f64::from(it)).sum::<f64>() / pcm.len() as f64
}

/// How loud a tone of 1 kHz is, and which part of all that is heard is the tone.
fn of_tone(pcm: &[i16]) -> Fidelity {
    let heard = &pcm[pcm.len() / 3 / 16 * 16..pcm.len() / 16 * 16];
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (n, sample) in heard.iter().enumerate() {
        let angle = n as f64 * std::f64::consts::TAU / 16.0;
        sine += f64::from(*sample) * angle.sin();
        cosine += f64::from(*sample) * angle.cos();
    }
    let tone = (sine * sine + cosine * cosine) * 2.0 / (heard.len() as f64).powi(2);
    let level = 10.0 * (tone / (8_000.0 * 8_000.0 / 2.0)).log10();
    Fidelity { level, likeness: tone / power(heard) }
}

/// How loud syllables are, and how alike their outlines in steps of 20 ms.
fn of_syllables(pcm: &[i16]) -> Fidelity {
    let sent = syllables();
    let outline = |pcm: &[i16]| -> Vec<f64> {
        pcm.chunks_exact(FRAME).map(|frame| power(frame).sqrt()).collect()
    };
    let level = 10.0 * (power(&pcm[pcm.len() / 3..]) / power(&sent[sent.len() / 3..])).log10();
    let sent = outline(&sent);
    // Codecs delay sound by up to 40 ms, in steps of 2.5.
    let likeness = (0..16)
        .map(|late| alike(&sent, &outline(&pcm[(late * 40).min(pcm.len())..])))
        .fold(0.0, f64::max);
    Fidelity { level, likeness }
}

fn alike(a: &[f64], b: &[f64]) -> f64 {
    let count = a.len().min(b.len());
    let mean = |it: &[f64]| it[..count].iter().sum::<f64>() / count as f64;
    let (a0, b0) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        ab += (a - a0) * (b - b0);
        aa += (a - a0) * (a - a0);
        bb += (b - b0) * (b - b0);
    }
    ab / (aa * bb).sqrt().max(1e-9)
}

/// Sound goes from linear to one codec, to the other, and back to linear: three bridges.
fn each_pair(sound: &[i16], judge: impl Fn(Codec, Codec, &[i16])) {
    let sent = linear(sound);
    for from in codecs() {
        let said = translate(LINEAR, from, &sent);
        for to in codecs() {
            let heard = translate(to, LINEAR, &translate(from, to, &said));
            judge(from, to, &samples(&heard));
        }
    }
}

#[test]
fn a_tone_arrives_as_a_tone_between_every_two_codecs() {
    each_pair(&tone(), |from, to, pcm| {
        let Fidelity { level, likeness } = of_tone(pcm);
        assert!(level.abs() < 1.5 && likeness > 0.95, "{from:?} to {to:?}: {level} {likeness}");
    });
}

#[test]
fn syllables_arrive_as_loud_and_as_long_as_they_were_between_every_two_codecs() {
    each_pair(&syllables(), |from, to, pcm| {
        let Fidelity { level, likeness } = of_syllables(pcm);
        // What lies above 4 kHz is not much.
        let most = if from.is_understood_as(to) { thins(to) } else { thins(from) + thins(to) };
        let right = level < 0.5 && level > -0.6 - most && likeness > 0.95;
        assert!(right, "{from:?} to {to:?}: {level} {likeness}, {most}");
    });
}

#[test]
fn each_payload_is_what_its_standard_says() {
    let sent = linear(&[0; 30 * FRAME]);
    let octets = |codec| translate(LINEAR, codec, &sent).last().unwrap().2.clone();
    assert_eq!(octets(Codec::Pcmu), [0xff; 160]);
    assert_eq!(octets(Codec::Pcma), [0xd5; 160]);
    assert_eq!(octets(Codec::G722).len(), 160);
    assert_eq!(octets(Codec::G729 { annex_b: true }).len(), 20);
    assert_eq!(octets(Codec::G723 { annex_a: true }).len(), 24);
    assert_eq!(octets(Codec::Gsm).len(), 33);
    assert_eq!(octets(Codec::Gsm)[0] >> 4, 0xd);
    // Mode 2 has 253 bits; the table of contents says so in its first octets (RFC 4867 §4.3.2,
    // §4.4.2).
    let amr_wb = octets(Codec::AmrWb { octet_aligned: true });
    assert_eq!((amr_wb.len(), amr_wb[0], amr_wb[1]), (34, 0xf0, 2 << 3 | 4));
    assert_eq!(octets(Codec::AmrWb { octet_aligned: false }).len(), 33);
    assert_eq!(octets(Codec::L16 { rate: 48_000 }), [0; 1_920]);
    for (bits, length) in
        [(G726Bits::Two, 40), (G726Bits::Three, 60), (G726Bits::Four, 80), (G726Bits::Five, 100)]
    {
        assert_eq!(octets(Codec::G726 { bits, packing: G726Packing::Rtp }).len(), length);
    }
    // The same codes, the first of two in the lower or in the higher half of an octet.
    let sent = linear(&tone());
    let [rtp, aal2] = [G726Packing::Rtp, G726Packing::Aal2]
        .map(|packing| translate(LINEAR, Codec::G726 { bits: G726Bits::Four, packing }, &sent));
    for ((_, _, rtp), (_, _, aal2)) in rtp.iter().zip(&aal2) {
        assert!(rtp.iter().zip(aal2).all(|(rtp, aal2)| *rtp == aal2.rotate_left(4)));
    }
    let mut decoder = media_dsp::g726::Decoder::new(
        media_dsp::g726::Rate::Kbit32,
        media_dsp::g726::Packing::Aal2,
    );
    let mut pcm = vec![0; 160];
    for (_, _, payload) in &aal2 {
        decoder.decode(payload, &mut pcm).unwrap();
    }
    assert!(power(&pcm) > 1e7);
}

#[test]
fn the_same_codec_in_other_octets_is_not_heard_but_written() {
    let [aligned, dense] = [true, false].map(|octet_aligned| Codec::AmrWb { octet_aligned });
    let said = translate(LINEAR, aligned, &linear(&syllables()));
    assert_eq!(translate(dense, aligned, &translate(aligned, dense, &said)), said);
    let packed = |packing| Codec::G726 { bits: G726Bits::Three, packing };
    let [rtp, aal2] = [G726Packing::Rtp, G726Packing::Aal2].map(packed);
    let said = translate(LINEAR, rtp, &linear(&syllables()));
    assert_eq!(translate(aal2, rtp, &translate(rtp, aal2, &said)), said);
    // Each stands alone, so one that was overtaken has its place.
    let mut bridge = Bridge::between(rtp, aal2, 20);
    let mut say = |n: u16| names(&bridge.say(100, n, u32::from(n) * 160, &said[0].2));
    assert_eq!(say(1), [(110, 1, 160)]);
    assert_eq!(say(3), [(110, 3, 480)]);
    assert_eq!(say(2), [(110, 2, 320)]);
}

#[test]
fn who_asks_for_less_of_amr_wb_is_sent_less() {
    let amr_wb = Codec::AmrWb { octet_aligned: true };
    let mut bridge = Bridge::between(Codec::Pcmu, amr_wb, 20);
    let said = translate(LINEAR, amr_wb, &linear(&tone()));
    let mut hear = |sequence: u16, request: u8| {
        let mut packet = rtp(110, sequence, u32::from(sequence) * 320, 99);
        packet.truncate(12);
        packet.extend(&said[0].2);
        packet[12] = request << 4;
        let (engine, now) = (&mut bridge.wire.engine, bridge.wire.now);
        let verdict = engine.packet(B, false, carrier(), &mut packet, now);
        assert!(matches!(verdict, Verdict::Translated { port: A, .. }), "{verdict:?}");
        let left = bridge.say(100, sequence, u32::from(sequence) * 160, &[0xff; 160]);
        left[0].payload[1] >> 3
    };
    // 15 asks for nothing (RFC 4867 §4.3.1), and more than 12.65 kbit/s is not sent.
    assert_eq!(
        [(1, 15), (2, 0), (3, 15), (4, 1), (5, 8)].map(|(n, it)| hear(n, it)),
        [2, 0, 0, 1, 2]
    );
}
