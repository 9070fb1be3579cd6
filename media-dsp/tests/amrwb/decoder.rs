//! The decoder: against libopencore-amrwb where frames come, are damaged in their bits, or are
//! lost.

use crate::oracle::Chance;
use crate::peers::{Encoding, compare_decoders};
use crate::signals::{extremes, test_signal, wide_speech};
use media_dsp::amrwb::{
    Decoder, Encoder, FRAME, Frame, FrameType, Lineage, Mode, Quality, Transmission,
};
use media_dsp::codec::DecodeError;

fn decodes_as_opencore(mode: Mode) {
    let Some(pcm) = wide_speech(12) else { return };
    for dtx in [false, true] {
        let Some(mut encoding) = Encoding::new() else { return };
        let mut frames = encoding.frames(mode, dtx, &pcm);
        assert_eq!(compare_decoders(&frames), Ok(()), "dtx {dtx}");
        let mut chance = Chance::new(u64::from(mode.index()) + 1);
        let mut lost = 0;
        for frame in &mut frames {
            if lost == 0 && chance.below(20) == 0 {
                lost = 1 + chance.below(4);
            }
            if lost > 0 {
                lost -= 1;
                *frame = vec![if chance.below(2) == 0 { 14 << 3 | 4 } else { 15 << 3 | 4 }];
            }
        }
        assert_eq!(compare_decoders(&frames), Ok(()), "with losses, dtx {dtx}");
    }
}

#[test]
fn mode_0_decodes_as_opencore() {
    decodes_as_opencore(Mode::M660);
}

#[test]
fn mode_1_decodes_as_opencore() {
    decodes_as_opencore(Mode::M885);
}

#[test]
fn mode_2_decodes_as_opencore() {
    decodes_as_opencore(Mode::M1265);
}

#[test]
fn mode_3_decodes_as_opencore() {
    decodes_as_opencore(Mode::M1425);
}

#[test]
fn mode_4_decodes_as_opencore() {
    decodes_as_opencore(Mode::M1585);
}

#[test]
fn mode_5_decodes_as_opencore() {
    decodes_as_opencore(Mode::M1825);
}

#[test]
fn mode_6_decodes_as_opencore() {
    decodes_as_opencore(Mode::M1985);
}

#[test]
fn mode_7_decodes_as_opencore() {
    decodes_as_opencore(Mode::M2305);
}

#[test]
fn mode_8_decodes_as_opencore() {
    decodes_as_opencore(Mode::M2385);
}

#[test]
fn overload_and_noise_decode_as_opencore() {
    let Some(pcm) = extremes() else { return };
    for mode in Mode::ALL {
        let Some(mut encoding) = Encoding::new() else { return };
        assert_eq!(compare_decoders(&encoding.frames(mode, false, &pcm)), Ok(()), "{mode:?}");
    }
}

#[test]
fn changes_of_the_mode_decode_as_opencore() {
    let Some(pcm) = wide_speech(8) else { return };
    let Some(mut encoding) = Encoding::new() else { return };
    let mut chance = Chance::new(9);
    let mut frames = Vec::new();
    for part in pcm.chunks(FRAME * 3) {
        frames.extend(encoding.frames(Mode::ALL[chance.below(9)], true, part));
    }
    assert_eq!(compare_decoders(&frames), Ok(()));
}

#[test]
fn a_copy_of_a_decoder_goes_on_alike() {
    let Some(pcm) = wide_speech(4) else { return };
    let Some(mut encoding) = Encoding::new() else { return };
    let frames = encoding.frames(Mode::M1265, true, &pcm);
    let mut first = Decoder::new(Lineage::Standard);
    let mut samples = [0; FRAME];
    for frame in &frames[..100] {
        first.decode(frame, &mut samples).unwrap();
    }
    let mut second = first.clone();
    let mut others = [0; FRAME];
    for frame in &frames[100..] {
        first.decode(frame, &mut samples).unwrap();
        second.decode(frame, &mut others).unwrap();
        assert_eq!(samples, others);
    }
    assert_eq!(first, second);
}

#[test]
fn a_homing_frame_is_decoded_to_one_and_begins_anew() {
    let mut encoder = Encoder::new(Mode::M1585, Transmission::Continuous);
    let mut octets = [0; 61];
    encoder.encode(&[8; FRAME], &mut octets).unwrap();
    encoder.encode(&[8; FRAME], &mut octets).unwrap();
    let mut decoder = Decoder::new(Lineage::Standard);
    let mut pcm = [0; FRAME];
    for _ in 0..2 {
        decoder.decode(&octets, &mut pcm).unwrap();
        assert_eq!(pcm, [8; FRAME]);
    }
}

#[test]
fn frames_without_losses_are_the_same_in_both_lineages() {
    let Some(pcm) = wide_speech(8) else { return };
    for mode in [Mode::M660, Mode::M2385] {
        let Some(mut encoding) = Encoding::new() else { return };
        let (mut ours, mut theirs) =
            (Decoder::new(Lineage::Standard), Decoder::new(Lineage::Opencore));
        for frame in encoding.frames(mode, true, &pcm) {
            let (mut first, mut second) = ([0; FRAME], [0; FRAME]);
            ours.decode(&frame, &mut first).unwrap();
            theirs.decode(&frame, &mut second).unwrap();
            assert_eq!(first, second);
        }
    }
}

#[test]
fn any_bits_decode_as_opencore() {
    for mode in Mode::ALL {
        let mut chance = Chance::new(77);
        let frames: Vec<Vec<u8>> = (0..1000)
            .map(|_| {
                let bits: [u8; 60] = std::array::from_fn(|_| chance.next() as u8);
                let frame_type = match chance.below(30) {
                    0 => FrameType::Lost,
                    1 => FrameType::Sid,
                    2 => FrameType::NoData,
                    _ => FrameType::Speech(mode),
                };
                let mut octets = vec![0; 61];
                let frame = Frame::new(frame_type, Quality::Good, &bits);
                let count = frame.write(&mut octets).unwrap();
                octets.truncate(count);
                octets
            })
            .collect();
        assert_eq!(compare_decoders(&frames), Ok(()), "{mode:?}");
    }
}

/// Frames of speech that nobody needs a library for.
fn coded(mode: Mode) -> Vec<Frame> {
    let mut encoder = Encoder::new(mode, Transmission::Continuous);
    let pcm = test_signal();
    pcm.chunks_exact(FRAME).map(|samples| encoder.encode_frame(samples).unwrap()).collect()
}

fn loudness(samples: &[i16]) -> i32 {
    samples.iter().map(|it| i32::from(it.unsigned_abs())).sum::<i32>() / samples.len() as i32
}

#[test]
fn a_wrong_length_is_an_error_and_leaves_the_decoder_as_it_was() {
    let mut decoder = Decoder::new(Lineage::Standard);
    let before = decoder.clone();
    let mut pcm = [0; FRAME];
    for octets in [&[][..], &[2 << 3 | 4; 20], &[11 << 3 | 4; 20], &[9 << 3 | 4; 5]] {
        assert_eq!(decoder.decode(octets, &mut pcm), Err(DecodeError::Malformed));
    }
    let short = Err(DecodeError::NoRoom { needed: FRAME });
    assert_eq!(decoder.decode(&[15 << 3 | 4], &mut pcm[1..]), short);
    assert_eq!(decoder.conceal(&mut pcm[1..]), short);
    assert_eq!(decoder.conceal(&mut []), short);
    assert_eq!(decoder, before);
    assert_eq!(pcm, [0; FRAME]);
}

#[test]
fn lost_and_damaged_frames_go_on_and_fade() {
    for mode in Mode::ALL {
        for quality in [None, Some(Quality::Damaged)] {
            let frames = coded(mode);
            let mut decoder = Decoder::new(Lineage::Standard);
            let mut pcm = [0; FRAME];
            for frame in &frames[..20] {
                decoder.decode_frame(frame, &mut pcm).unwrap();
            }
            let before = loudness(&pcm);
            let mut levels = Vec::new();
            for frame in &frames[20..50] {
                match quality {
                    None => decoder.conceal(&mut pcm),
                    Some(quality) => {
                        let frame = Frame::new(frame.frame_type(), quality, frame.bits());
                        decoder.decode_frame(&frame, &mut pcm)
                    }
                }
                .unwrap();
                levels.push(loudness(&pcm));
            }
            assert!(levels[0] > before / 4, "{mode:?} {quality:?}: {before}, then {levels:?}");
            assert!(levels[29] < before / 16, "{mode:?} {quality:?}: {before}, then {levels:?}");
        }
    }
}

#[test]
fn a_lost_frame_is_one_of_the_type_that_says_so() {
    let frames = coded(Mode::M1265);
    let (mut lost, mut told) = (Decoder::new(Lineage::Standard), Decoder::new(Lineage::Standard));
    let (mut one, mut other) = ([0; FRAME], [0; FRAME]);
    for (number, frame) in frames.iter().enumerate() {
        if number % 5 == 4 {
            assert_eq!(lost.conceal(&mut one), Ok(FRAME));
            told.decode(&[14 << 3 | 4], &mut other).unwrap();
        } else {
            lost.decode_frame(frame, &mut one).unwrap();
            told.decode_frame(frame, &mut other).unwrap();
        }
        assert_eq!(one, other, "frame {number}");
    }
}

#[test]
fn a_gap_is_filled_with_as_many_frames_as_fit() {
    let mut decoder = Decoder::new(Lineage::Standard);
    let mut pcm = [0; 4 * FRAME];
    for frame in &coded(Mode::M1825)[..20] {
        decoder.decode_frame(frame, &mut pcm).unwrap();
    }
    let mut singly = decoder.clone();
    assert_eq!(decoder.conceal(&mut pcm[..4 * FRAME - 1]), Ok(3 * FRAME));
    for frame in pcm[..3 * FRAME].chunks(FRAME) {
        let mut one = [0; FRAME];
        assert_eq!(singly.conceal(&mut one), Ok(FRAME));
        assert_eq!(one, frame);
    }
    assert_eq!(decoder, singly);
}

#[test]
fn a_damaged_descriptor_is_no_news_of_the_noise() {
    let mut encoder = Encoder::new(Mode::M885, Transmission::Discontinuous);
    let mut chance = Chance::new(6);
    let mut decoders = [(); 2].map(|()| Decoder::new(Lineage::Standard));
    let mut descriptors = 0;
    for _ in 0..90 {
        let samples: [i16; FRAME] = std::array::from_fn(|_| chance.sample() >> 11);
        let frame = encoder.encode_frame(&samples).unwrap();
        let mut pcm = [0; FRAME];
        if frame.frame_type() == FrameType::Sid {
            descriptors += 1;
        }
        for (decoder, damaged) in decoders.iter_mut().zip([false, descriptors > 3]) {
            let quality = if damaged { Quality::Damaged } else { Quality::Good };
            let frame = Frame::new(frame.frame_type(), quality, frame.bits());
            decoder.decode_frame(&frame, &mut pcm).unwrap();
            assert!(descriptors < 2 || loudness(&pcm) > 0);
        }
    }
    assert!(descriptors > 5);
    assert_ne!(decoders[0], decoders[1]);
}
