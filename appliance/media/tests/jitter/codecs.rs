//! Every codec through the buffer: packets of 10 to 60 ms, losses, pauses.

use crate::network::{Chance, ms};
use call::{Codec, G726Bits, G726Packing};
use media::codec::{Hearing, Types};
use media::jitter::{Decoder, Heard, JitterBuffer, Packet, Settings, Statistics};
use media_dsp::amrwb::{self, rtp};
use media_dsp::resample::Rate;
use media_dsp::{g711, g722, g726, g729, g7231, gsm, opus};
use std::f64::consts::TAU;
use std::time::{Duration, Instant};

type Encode = Box<dyn FnMut(&[i16]) -> Vec<u8>>;

/// A name, a decoder, an encoder, and the milliseconds that a packet may hold.
fn codecs() -> Vec<(&'static str, Hearing, Encode, &'static [usize])> {
    let at_8k = |codec| hearing(codec, Rate::Hz8000);
    let mut all: Vec<(&'static str, Hearing, Encode, &'static [usize])> = Vec::new();

    let mut encoder = g711::Encoder::new(g711::Law::A);
    let encode = written(move |pcm, out| encoder.encode(pcm, out).unwrap());
    all.push(("PCMA", at_8k(Codec::Pcma), encode, &[10, 20, 30, 40, 60]));

    let mut encoder = g722::Encoder::new(g722::Mode::One);
    let encode = written(move |pcm, out| encoder.encode(pcm, out).unwrap());
    all.push(("G.722", at_8k(Codec::G722), encode, &[10, 20, 30, 60]));

    let (rate, packing) = (g726::Rate::Kbit32, g726::Packing::Rtp);
    let mut encoder = g726::Encoder::new(rate, packing);
    let g726 = Codec::G726 { bits: G726Bits::Four, packing: G726Packing::Rtp };
    let encode = written(move |pcm, out| encoder.encode(pcm, out).unwrap());
    all.push(("G.726", at_8k(g726), encode, &[10, 20, 60]));

    for (name, rate) in [("L16 at 8 kHz", 8_000), ("L16 at 16 kHz", 16_000)] {
        let encode: Encode = Box::new(|pcm| pcm.iter().flat_map(|it| it.to_be_bytes()).collect());
        all.push((name, at_8k(Codec::L16 { rate }), encode, &[10, 20, 40]));
    }

    let mut encoder = g729::Encoder::new(g729::Dtx::Off);
    let encode = written(move |pcm, out| encoder.encode(pcm, out).unwrap());
    all.push((
        "G.729",
        hearing(Codec::G729 { annex_b: true }, Rate::Hz8000),
        encode,
        &[10, 20, 30, 60],
    ));

    let mut encoder = g7231::Encoder::new(g7231::Rate::High, g7231::Vad::Off);
    let encode = written(move |pcm, out| {
        pcm.chunks(240)
            .fold(0, |at, pcm| at + encoder.encode(pcm, &mut out[at..]).unwrap().octets())
    });
    all.push(("G.723.1", at_8k(Codec::G723 { annex_a: true }), encode, &[30, 60]));

    let mut encoder = gsm::Encoder::new();
    let encode = written(move |pcm, out| encoder.encode(pcm, out).unwrap());
    all.push(("GSM", at_8k(Codec::Gsm), encode, &[20, 40, 60]));

    for octet_aligned in [true, false] {
        let framing = match octet_aligned {
            true => rtp::Framing::OctetAligned,
            false => rtp::Framing::BandwidthEfficient,
        };
        let mut encoder = amrwb::Encoder::new(amrwb::Mode::M1265, amrwb::Transmission::Continuous);
        let encode = written(move |pcm, out| {
            let frames: Vec<_> =
                pcm.chunks(320).map(|it| encoder.encode_frame(it).unwrap()).collect();
            rtp::write(framing, None, &frames, out).unwrap()
        });
        all.push(("AMR-WB", at_8k(Codec::AmrWb { octet_aligned }), encode, &[20, 40, 60]));
    }

    for (rate, encoded) in [
        (Rate::Hz8000, opus::Rate::Hz8000),
        (Rate::Hz16000, opus::Rate::Hz16000),
        (Rate::Hz48000, opus::Rate::Hz48000),
    ] {
        let mut encoder = opus::Encoder::new(encoded, opus::Settings::default());
        let encode = written(move |pcm, out| encoder.encode(pcm, out).unwrap());
        let codec = hearing(Codec::Opus, rate);
        all.push(("Opus", codec, encode, &[10, 20, 40, 60]));
    }
    all
}

fn hearing(codec: Codec, rate: Rate) -> Hearing {
    Hearing::new(codec, Types { sound: 96, noise: Some(13) }, rate).unwrap()
}

fn written(mut encode: impl FnMut(&[i16], &mut [u8]) -> usize + 'static) -> Encode {
    Box::new(move |pcm| {
        let mut out = vec![0; 4_000];
        let length = encode(pcm, &mut out);
        out.truncate(length);
        out
    })
}

/// Ten seconds of a voice through a network that is late and loses by chance; what was heard in the
/// last five, and the counts.
fn carry(
    codec: &mut Hearing,
    encode: &mut Encode,
    packet_ms: usize,
    lost_permille: u64,
) -> (Vec<i16>, Vec<Heard>, Statistics) {
    let format = codec.format();
    let mut buffer = JitterBuffer::new(format, Settings::default());
    let mut chance = Chance::new(packet_ms as u64);
    #[allow(clippy::disallowed_methods)]
    let epoch = Instant::now();
    let samples = format.rate as usize * packet_ms / 1_000;
    let mut arrivals: Vec<(u64, u32, Vec<u8>)> = Vec::new();
    for number in 0..10_000 / packet_ms {
        let pcm: Vec<i16> =
            (number * samples..(number + 1) * samples).map(|at| voice(at, format.rate)).collect();
        let at = (ms((number * packet_ms) as u64)) + chance.below(ms(15));
        if !chance.permille(lost_permille) || number == 0 {
            arrivals.push((at, number as u32, encode(&pcm)));
        } else {
            encode(&pcm);
        }
    }
    arrivals.sort_by_key(|it| it.0);
    let mut arrivals = arrivals.into_iter().peekable();
    let (mut heard, mut what) = (Vec::new(), Vec::new());
    for pull in 0..500_u64 {
        let now = pull * ms(20) + ms(7);
        while let Some((at, number, payload)) = arrivals.next_if(|it| it.0 <= now) {
            let packet = Packet {
                ssrc: 1,
                sequence: number as u16,
                timestamp: number * format.clock / 1_000 * packet_ms as u32,
                payload_type: 96,
                payload: &payload,
            };
            buffer.put(&packet, codec, epoch + Duration::from_micros(at));
        }
        let mut pcm = vec![0; format.rate as usize / 50];
        what.push(buffer.get(codec, &mut pcm, epoch + Duration::from_micros(now)));
        if pull >= 250 {
            heard.extend(pcm);
        }
    }
    (heard, what, buffer.statistics())
}

/// A voice of 125 Hz.
fn voice(at: usize, rate: u32) -> i16 {
    let phase = (at as f64 * 125.0 / f64::from(rate)).fract() * TAU;
    let harmonics = (1..20).map(f64::from).map(|it| (it * phase + it * it).cos() / it);
    (harmonics.sum::<f64>() * 2_500.0) as i16
}

/// How much of a sound is of one pitch.
fn pitched(pcm: &[i16], lag: usize) -> f64 {
    let (mut product, mut square) = (0.0, 1.0);
    for (a, b) in pcm.iter().zip(&pcm[lag..]) {
        product += f64::from(*a) * f64::from(*b);
        square += f64::from(*a).powi(2).midpoint(f64::from(*b).powi(2));
    }
    product / square
}

#[test]
fn every_codec_is_played_whole_in_packets_of_every_length() {
    for (name, mut codec, mut encode, lengths) in codecs() {
        for length in lengths {
            let (heard, what, statistics) = carry(&mut codec, &mut encode, *length, 0);
            let pitch = pitched(&heard, codec.format().rate as usize / 125);
            println!("{name} {length} ms: {pitch:.3} {statistics:?}");
            assert_eq!(statistics.concealed_samples, 0, "{name} {length} ms: {statistics:?}");
            assert_eq!((statistics.late, statistics.discarded), (0, 0), "{name} {length} ms");
            assert!(what[20..490].iter().all(|it| *it == Heard::Sound), "{name} {length} ms");
            assert!(pitch > 0.92, "{name} {length} ms: {pitch}");
            let most = 95.max(3 * *length as u128 + 40);
            assert!(statistics.delay.as_millis() <= most, "{name} {length} ms: {statistics:?}");
        }
    }
}

#[test]
fn every_codec_conceals_what_is_lost() {
    for (name, mut codec, mut encode, lengths) in codecs() {
        let (heard, _, statistics) = carry(&mut codec, &mut encode, lengths[1], 50);
        let pitch = pitched(&heard, codec.format().rate as usize / 125);
        println!("{name}: {pitch:.3} {statistics:?}");
        let lost = statistics.lost * codec.format().rate as u64 * lengths[1] as u64 / 1_000;
        let made_up = statistics.concealed_samples + statistics.recovered_samples;
        assert!(statistics.lost >= 3, "{name}: {statistics:?}");
        // At the beginning more waits than has to, so that less may be made up.
        assert!(made_up >= lost * 8 / 10, "{name}: {made_up} for {lost}");
        assert!(made_up <= lost * 13 / 10, "{name}: {made_up} for {lost}");
        assert!(pitch > 0.85, "{name}: {pitch}");
    }
}

#[test]
fn opus_recovers_what_is_lost_from_the_packet_after_it() {
    let settings =
        opus::Settings { redundancy: opus::Redundancy::For { loss: 20 }, ..Default::default() };
    let mut encoder = opus::Encoder::new(opus::Rate::Hz16000, settings);
    // Three syllables a second: what never changes is no speech to the encoder, and not repeated.
    let mut at = 0;
    let mut encode = written(move |pcm, out| {
        let spoken: Vec<i16> = pcm
            .iter()
            .map(|sample| {
                at += 1;
                let loudness = 1.1 + (f64::from(at) * 3.0 / 16_000.0 * TAU).sin();
                (f64::from(*sample) * loudness / 2.1) as i16
            })
            .collect();
        encoder.encode(&spoken, out).unwrap()
    });
    let mut codec = hearing(Codec::Opus, Rate::Hz16000);
    let (_, _, statistics) = carry(&mut codec, &mut encode, 20, 50);
    println!("{statistics:?}");
    assert!(statistics.recovered_samples > statistics.concealed_samples, "{statistics:?}");
}

#[test]
fn pauses_of_g729_and_amr_wb_are_theirs() {
    let mut g729 = g729::Encoder::new(g729::Dtx::AnnexB);
    let mut amrwb = amrwb::Encoder::new(amrwb::Mode::M1265, amrwb::Transmission::Discontinuous);
    let cases: [(Hearing, Encode); 2] = [
        (
            hearing(Codec::G729 { annex_b: true }, Rate::Hz8000),
            written(move |pcm, out| g729.encode(pcm, out).unwrap()),
        ),
        (
            hearing(Codec::AmrWb { octet_aligned: true }, Rate::Hz16000),
            written(move |pcm, out| {
                let frame = amrwb.encode_frame(pcm).unwrap();
                match frame.frame_type() {
                    amrwb::FrameType::NoData => 0,
                    _ => rtp::write(rtp::Framing::OctetAligned, None, &[frame], out).unwrap(),
                }
            }),
        ),
    ];
    for (mut codec, mut encode) in cases {
        let format = codec.format();
        let mut buffer = JitterBuffer::new(format, Settings::default());
        let mut chance = Chance::new(3);
        #[allow(clippy::disallowed_methods)]
        let epoch = Instant::now();
        let samples = format.rate as usize / 50;
        let (mut sequence, mut noise) = (0, 0);
        for number in 0..1_000_u32 {
            // Two seconds of a voice over noise, two of the noise.
            let pcm: Vec<i16> = (0..samples)
                .map(|at| {
                    let voice = voice(number as usize * samples + at, format.rate);
                    let noise = (chance.next() >> 58) as i16 - 32;
                    noise + if number % 200 < 100 { voice } else { 0 }
                })
                .collect();
            let payload = encode(&pcm);
            let now = epoch + Duration::from_millis(20) * number;
            if !payload.is_empty() {
                let packet = Packet {
                    ssrc: 1,
                    sequence,
                    timestamp: number * format.clock / 50,
                    payload_type: 96,
                    payload: &payload,
                };
                buffer.put(&packet, &codec, now);
                sequence += 1;
            }
            let mut pcm = vec![0; samples];
            noise += usize::from(buffer.get(&mut codec, &mut pcm, now) == Heard::Noise);
        }
        let statistics = buffer.statistics();
        println!("{sequence} packets, {noise} {statistics:?}");
        assert!(sequence < 800 && noise > 200, "{sequence} {noise}");
        assert_eq!(statistics.concealed_samples, 0, "{statistics:?}");
        assert_eq!((statistics.late, statistics.lost, statistics.discarded), (0, 0, 0));
    }
}
