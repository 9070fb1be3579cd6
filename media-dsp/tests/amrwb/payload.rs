//! Payloads of RFC 4867 and stored frames: where their bits lie, what is refused.

use crate::frame;
use crate::oracle::Chance;
use media_dsp::amrwb::rtp::{self, Framing, Payload};
use media_dsp::amrwb::{Decoder, Encoder, FRAME, Frame, FrameType, Mode, Quality, Transmission};
use media_dsp::amrwb::{Lineage, STORAGE_MAGIC};
use media_dsp::codec::{DecodeError, EncodeError};
use proptest::prelude::*;

const FRAMINGS: [Framing; 2] = [Framing::OctetAligned, Framing::BandwidthEfficient];

/// A frame whose bits are all ones.
fn ones(frame_type: FrameType) -> Frame {
    Frame::new(frame_type, Quality::Good, &[0xff; 60])
}

fn written(framing: Framing, request: Option<Mode>, frames: &[Frame]) -> Vec<u8> {
    let mut octets = [0; 400];
    let count = rtp::write(framing, request, frames, &mut octets).unwrap();
    octets[..count].to_vec()
}

#[test]
fn frames_have_as_many_bits_as_ts_26_201_says() {
    let bits = [132, 177, 253, 285, 317, 365, 397, 461, 477, 40, 0, 0];
    let types = (0..16).filter_map(FrameType::from_index);
    assert_eq!(types.map(FrameType::bits).collect::<Vec<_>>(), bits);
    for index in 0..16 {
        let found = FrameType::from_index(index);
        assert_eq!(found.is_none(), (10..14).contains(&index), "type {index}");
        assert!(found.is_none_or(|found| found.index() == index));
    }
    assert_eq!(FrameType::from_index(16), None);
    assert_eq!((Mode::from_index(8), Mode::from_index(9)), (Some(Mode::M2385), None));
}

#[test]
fn in_an_aligned_payload_every_field_begins_with_an_octet() {
    let frames = [ones(FrameType::Speech(Mode::M660)), ones(FrameType::Sid)];
    let octets = written(Framing::OctetAligned, Some(Mode::M2385), &frames);
    // The mode request; FT 0 with another to follow; FT 9.
    assert_eq!(octets[..3], [0x80, 0x84, 9 << 3 | 4]);
    // 132 bits fill 16 octets and a half; the descriptor's 40 follow in octets of their own.
    assert_eq!(octets[3..19], [0xff; 16]);
    assert_eq!(octets[19..], [0xf0, 0xff, 0xff, 0xff, 0xff, 0xff]);
}

#[test]
fn in_an_efficient_payload_fields_follow_bit_by_bit() {
    let frames = [ones(FrameType::Speech(Mode::M885)), ones(FrameType::Sid)];
    let octets = written(Framing::BandwidthEfficient, None, &frames);
    // CMR 1111, F 1, FT 0001, Q 1; F 0, FT 1001, Q 1; 177 and 40 ones.
    assert_eq!(octets[..2], [0b1111_1000, 0b1101_0011]);
    assert_eq!(octets.len(), (4 + 2 * 6 + 177 + 40_usize).div_ceil(8));
    assert_eq!(octets[2..29], [0xff; 27]);
    assert_eq!(octets[29..], [0b1000_0000]);
}

#[test]
fn a_mode_request_is_one_of_nine_or_none() {
    for framing in FRAMINGS {
        let octets = written(framing, None, &[Frame::empty(FrameType::NoData)]);
        for request in 0..16 {
            let mut octets = octets.clone();
            octets[0] = octets[0] & 0x0f | request << 4;
            let payload = Payload::read(framing, &octets).unwrap();
            assert_eq!(payload.request(), Mode::from_index(request));
            assert_eq!((payload.len(), payload.is_empty()), (1, false));
        }
    }
}

#[test]
fn a_payload_that_ends_before_its_last_frame_is_malformed_as_a_whole() {
    let types =
        [FrameType::Speech(Mode::M1265), FrameType::NoData, FrameType::Sid, FrameType::Lost];
    for framing in FRAMINGS {
        for last in types {
            let frames = [ones(FrameType::Speech(Mode::M660)), ones(FrameType::Sid), ones(last)];
            let octets = written(framing, Some(Mode::M660), &frames);
            for count in 0..octets.len() {
                let read = Payload::read(framing, &octets[..count]);
                assert_eq!(read, Err(DecodeError::Malformed), "{framing:?} {last:?} {count}");
            }
            let payload = Payload::read(framing, &octets).unwrap();
            assert!(payload.frames().eq(frames), "{framing:?} {last:?}");
        }
    }
}

#[test]
fn a_table_of_contents_without_an_end_or_with_a_reserved_type_is_malformed() {
    for framing in FRAMINGS {
        assert_eq!(Payload::read(framing, &[0xff; 1500]), Err(DecodeError::Malformed));
    }
    for reserved in 10..14 {
        let mut aligned = [0; 80];
        aligned[1] = 0x80 | 15 << 3 | 4;
        aligned[2] = reserved << 3 | 4;
        let read = Payload::read(Framing::OctetAligned, &aligned);
        assert_eq!(read, Err(DecodeError::Malformed));
        let efficient = [0xf0 | reserved >> 1, reserved << 7 | 0x40, 0, 0, 0, 0, 0, 0];
        let read = Payload::read(Framing::BandwidthEfficient, &efficient);
        assert_eq!(read, Err(DecodeError::Malformed));
        let stored = [reserved << 3 | 4; 80];
        assert_eq!(Frame::read(&stored), Err(DecodeError::Malformed));
    }
}

#[test]
fn padding_and_what_stands_behind_the_last_frame_do_not_matter() {
    for framing in FRAMINGS {
        let frames = [ones(FrameType::Speech(Mode::M885))];
        let mut octets = written(framing, None, &frames);
        let spare = octets.len() * 8
            - match framing {
                Framing::OctetAligned => 16 + 177,
                Framing::BandwidthEfficient => 10 + 177,
            };
        *octets.last_mut().unwrap() |= (1 << spare) - 1;
        octets.extend([0xff; 9]);
        let payload = Payload::read(framing, &octets).unwrap();
        assert!(payload.frames().eq(frames));
    }
}

#[test]
fn a_payload_is_written_whole_or_not_at_all() {
    let frames = [ones(FrameType::Speech(Mode::M2385)); 2];
    for framing in FRAMINGS {
        let needed = written(framing, None, &frames).len();
        let mut out = vec![0x55; needed - 1];
        let result = rtp::write(framing, None, &frames, &mut out);
        assert_eq!(result, Err(EncodeError::NoRoom { needed }));
        assert_eq!(out, vec![0x55; needed - 1]);
        let result = rtp::write(framing, None, &[], &mut out);
        assert_eq!(result, Err(EncodeError::FrameLength { frame: 1, given: 0 }));
    }
    let mut out = [0; 60];
    assert_eq!(frames[0].write(&mut out), Err(EncodeError::NoRoom { needed: 61 }));
}

#[test]
fn a_stored_frame_that_is_cut_short_is_malformed() {
    for frame_type in (0..16).filter_map(FrameType::from_index) {
        let mut octets = [0; 61];
        let count = ones(frame_type).write(&mut octets).unwrap();
        for short in 0..count {
            assert_eq!(Frame::read(&octets[..short]), Err(DecodeError::Malformed));
        }
        assert_eq!(Frame::read(&octets), Ok((ones(frame_type), count)));
    }
}

#[test]
fn a_file_of_frames_and_a_payload_of_them_are_decoded_alike() {
    let mut encoder = Encoder::new(Mode::M1425, Transmission::Discontinuous);
    let mut chance = Chance::new(4);
    let mut file = STORAGE_MAGIC.to_vec();
    let mut frames = Vec::new();
    for number in 0..60 {
        // Speech would end here: noise that fades away.
        let pcm: [i16; FRAME] = std::array::from_fn(|_| chance.sample() >> (2 + number / 5));
        let frame = encoder.encode_frame(&pcm).unwrap();
        let mut octets = [0; 61];
        let count = frame.write(&mut octets).unwrap();
        file.extend(&octets[..count]);
        frames.push(frame);
    }
    assert!(frames.iter().any(|frame| frame.frame_type() == FrameType::Sid));
    let (mut one, mut other) = (vec![0; 60 * FRAME], vec![0; 60 * FRAME]);
    let mut decoder = Decoder::new(Lineage::Standard);
    let mut rest = file.strip_prefix(STORAGE_MAGIC).unwrap();
    for pcm in one.chunks_exact_mut(FRAME) {
        decoder.decode(rest, pcm).unwrap();
        rest = &rest[Frame::read(rest).unwrap().1..];
    }
    assert!(rest.is_empty());
    let mut decoder = Decoder::new(Lineage::Standard);
    let mut pcm = other.chunks_exact_mut(FRAME);
    for (number, frames) in frames.chunks(3).enumerate() {
        let framing = FRAMINGS[number % 2];
        let octets = written(framing, None, frames);
        for frame in Payload::read(framing, &octets).unwrap().frames() {
            decoder.decode_frame(&frame, pcm.next().unwrap()).unwrap();
        }
    }
    assert_eq!(one, other);
}

proptest! {
    #[test]
    fn any_frames_go_through_both_framings_and_storage(
        frames in proptest::collection::vec(frame(), 1..6),
        request in 0_u8..12,
    ) {
        let request = Mode::from_index(request);
        for framing in FRAMINGS {
            let octets = written(framing, request, &frames);
            let payload = Payload::read(framing, &octets).unwrap();
            prop_assert_eq!(payload.request(), request);
            prop_assert_eq!(payload.frames().collect::<Vec<_>>(), frames.clone());
            let short = Payload::read(framing, &octets[..octets.len() - 1]);
            prop_assert_eq!(short, Err(DecodeError::Malformed));
        }
        for frame in &frames {
            let mut octets = [0; 61];
            let count = frame.write(&mut octets).unwrap();
            prop_assert_eq!(Frame::read(&octets), Ok((*frame, count)));
        }
    }

    #[test]
    fn any_octets_are_a_payload_or_an_error(octets: Vec<u8>) {
        let mut decoder = Decoder::new(Lineage::Standard);
        let mut pcm = [0; FRAME];
        for framing in FRAMINGS {
            let Ok(payload) = Payload::read(framing, &octets) else { continue };
            prop_assert_eq!(payload.frames().count(), payload.len());
            for frame in payload.frames() {
                prop_assert_eq!(decoder.decode_frame(&frame, &mut pcm), Ok(FRAME));
            }
        }
        let known = Frame::read(&octets).is_ok();
        prop_assert_eq!(decoder.decode(&octets, &mut pcm).is_ok(), known);
    }
}
