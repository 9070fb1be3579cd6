//! AMR-WB against libopencore-amrwb (decoder) and libvo-amrwbenc (encoder), on real speech.

#![allow(unsafe_code, missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod oracle;

use libloading::Library;
use media_dsp::amrwb::rtp::{self, Framing, Payload};
use media_dsp::amrwb::{
    Decoder, Encoder, FRAME, Frame, FrameType, Lineage, Mode, Quality, Transmission,
};
use media_dsp::codec::{DecodeError, EncodeError};
use oracle::{Chance, library, speech};
use proptest::prelude::*;
use std::ffi::{c_int, c_void};

/// `E_IF_encode` of libvo-amrwbenc.
struct Encoding {
    library: Library,
    state: *mut c_void,
}

impl Encoding {
    fn new() -> Option<Self> {
        let library = library(&["libvo-amrwbenc.so.0"], "libvo-amrwbenc0")?;
        // SAFETY: the function's type is that of enc_if.h.
        let state = unsafe {
            let init = library.get::<unsafe extern "C" fn() -> *mut c_void>(b"E_IF_init").unwrap();
            init()
        };
        Some(Self { library, state })
    }

    fn frames(&mut self, mode: Mode, dtx: bool, pcm: &[i16]) -> Vec<Vec<u8>> {
        type Encode = unsafe extern "C" fn(*mut c_void, c_int, *const i16, *mut u8, c_int) -> c_int;
        // SAFETY: the function's type is that of enc_if.h; a frame has at most 61 octets.
        unsafe {
            let encode = self.library.get::<Encode>(b"E_IF_encode").unwrap();
            pcm.chunks_exact(FRAME)
                .map(|samples| {
                    let mut out = [0; 64];
                    let mode = c_int::from(mode.index());
                    let octets =
                        encode(self.state, mode, samples.as_ptr(), out.as_mut_ptr(), dtx.into());
                    out[..octets as usize].to_vec()
                })
                .collect()
        }
    }
}

impl Drop for Encoding {
    fn drop(&mut self) {
        // SAFETY: the state is the library's own and is not used again.
        unsafe {
            let exit = self.library.get::<unsafe extern "C" fn(*mut c_void)>(b"E_IF_exit").unwrap();
            exit(self.state);
        }
    }
}

/// `D_IF_decode` of libopencore-amrwb.
struct Decoding {
    library: Library,
    state: *mut c_void,
}

impl Decoding {
    fn new() -> Option<Self> {
        let library = library(&["libopencore-amrwb.so.0"], "libopencore-amrwb0")?;
        // SAFETY: the function's type is that of dec_if.h.
        let state = unsafe {
            let init = library.get::<unsafe extern "C" fn() -> *mut c_void>(b"D_IF_init").unwrap();
            init()
        };
        Some(Self { library, state })
    }

    fn samples(&mut self, frame: &[u8]) -> [i16; FRAME] {
        type Decode = unsafe extern "C" fn(*mut c_void, *const u8, *mut i16, c_int);
        let mut octets = [0; 64];
        octets[..frame.len()].copy_from_slice(frame);
        let mut pcm = [0; FRAME];
        // SAFETY: the function's type is that of dec_if.h; it reads at most 61 octets.
        unsafe {
            let decode = self.library.get::<Decode>(b"D_IF_decode").unwrap();
            decode(self.state, octets.as_ptr(), pcm.as_mut_ptr(), 0);
        }
        pcm
    }
}

impl Drop for Decoding {
    fn drop(&mut self) {
        // SAFETY: the state is the library's own and is not used again.
        unsafe {
            let exit = self.library.get::<unsafe extern "C" fn(*mut c_void)>(b"D_IF_exit").unwrap();
            exit(self.state);
        }
    }
}

/// Speech at 16 kHz: that of 8 kHz with every second sample between its neighbours, and some noise
/// of the upper band.
fn wide_speech(seconds: usize) -> Option<Vec<i16>> {
    let narrow = speech(seconds)?;
    let mut chance = Chance::new(5);
    let mut wide = Vec::with_capacity(2 * narrow.len());
    for (i, &sample) in narrow.iter().enumerate() {
        let next = narrow.get(i + 1).copied().unwrap_or_default();
        let between = (i32::from(sample) + i32::from(next)) / 2;
        for value in [i32::from(sample), between] {
            let hiss = (i32::from(chance.sample()) * i32::from(sample.unsigned_abs())) >> 19;
            wide.push((value + hiss).clamp(-32_768, 32_767) as i16);
        }
    }
    Some(wide)
}

/// Compares the decoders on frames. Says at which frame they differ first.
fn compare(frames: &[Vec<u8>]) -> Result<(), String> {
    let Some(mut theirs) = Decoding::new() else { return Ok(()) };
    let mut ours = Decoder::new(Lineage::Opencore);
    for (number, frame) in frames.iter().enumerate() {
        let mut pcm = [0; FRAME];
        ours.decode(frame, &mut pcm).unwrap();
        let wanted = theirs.samples(frame);
        if let Some(at) = (0..FRAME).find(|&i| pcm[i] != wanted[i]) {
            return Err(format!("frame {number}, sample {at}: {} for {}", pcm[at], wanted[at]));
        }
    }
    Ok(())
}

fn decodes_as_opencore(mode: Mode) {
    let Some(pcm) = wide_speech(12) else { return };
    for dtx in [false, true] {
        let Some(mut encoding) = Encoding::new() else { return };
        let mut frames = encoding.frames(mode, dtx, &pcm);
        assert_eq!(compare(&frames), Ok(()), "dtx {dtx}");
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
        assert_eq!(compare(&frames), Ok(()), "with losses, dtx {dtx}");
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

/// Compares the encoders on samples. Says at which frame they differ first.
fn compare_encoders(mode: Mode, transmission: Transmission, pcm: &[i16]) -> Result<(), String> {
    let Some(mut theirs) = Encoding::new() else { return Ok(()) };
    let mut ours = Encoder::new(mode, transmission);
    let wanted = theirs.frames(mode, transmission == Transmission::Discontinuous, pcm);
    for (number, (samples, wanted)) in pcm.chunks_exact(FRAME).zip(&wanted).enumerate() {
        let mut octets = [0; 61];
        let count = ours.encode(samples, &mut octets).unwrap();
        if octets[..count] != wanted[..] {
            return Err(format!("frame {number}"));
        }
    }
    Ok(())
}

fn encodes_as_vo(mode: Mode) {
    let Some(pcm) = wide_speech(6) else { return };
    for transmission in [Transmission::Continuous, Transmission::Discontinuous] {
        assert_eq!(compare_encoders(mode, transmission, &pcm), Ok(()), "{transmission:?}");
    }
}

#[test]
fn mode_0_encodes_as_vo_amrwbenc() {
    encodes_as_vo(Mode::M660);
}

#[test]
fn mode_1_encodes_as_vo_amrwbenc() {
    encodes_as_vo(Mode::M885);
}

#[test]
fn mode_2_encodes_as_vo_amrwbenc() {
    encodes_as_vo(Mode::M1265);
}

#[test]
fn mode_3_encodes_as_vo_amrwbenc() {
    encodes_as_vo(Mode::M1425);
}

#[test]
fn mode_4_encodes_as_vo_amrwbenc() {
    encodes_as_vo(Mode::M1585);
}

#[test]
fn mode_5_encodes_as_vo_amrwbenc() {
    encodes_as_vo(Mode::M1825);
}

#[test]
fn mode_6_encodes_as_vo_amrwbenc() {
    encodes_as_vo(Mode::M1985);
}

#[test]
fn mode_7_encodes_as_vo_amrwbenc() {
    encodes_as_vo(Mode::M2305);
}

#[test]
fn mode_8_encodes_as_vo_amrwbenc() {
    encodes_as_vo(Mode::M2385);
}

/// Speech far too loud, white noise, digital silence, a tone, noise that is hardly there.
fn extremes() -> Option<Vec<i16>> {
    let mut pcm = wide_speech(4)?;
    for sample in &mut pcm {
        *sample = sample.saturating_mul(12);
    }
    let mut chance = Chance::new(3);
    pcm.extend((0..FRAME * 30).map(|_| chance.sample()));
    pcm.extend([0; FRAME * 30]);
    pcm.extend((0..FRAME * 30).map(|i| if i / 8 % 2 == 0 { 20_000 } else { -20_000 }));
    pcm.extend((0..FRAME * 60).map(|_| chance.sample() >> 12));
    Some(pcm)
}

#[test]
fn overload_noise_and_silence_encode_as_vo_amrwbenc() {
    let Some(pcm) = extremes() else { return };
    for mode in Mode::ALL {
        let transmission = Transmission::Discontinuous;
        assert_eq!(compare_encoders(mode, transmission, &pcm), Ok(()), "{mode:?}");
    }
}

#[test]
fn overload_and_noise_decode_as_opencore() {
    let Some(pcm) = extremes() else { return };
    for mode in Mode::ALL {
        let Some(mut encoding) = Encoding::new() else { return };
        assert_eq!(compare(&encoding.frames(mode, false, &pcm)), Ok(()), "{mode:?}");
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
    assert_eq!(compare(&frames), Ok(()));
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
fn changes_of_mode_and_homing_encode_as_vo_amrwbenc() {
    let Some(mut pcm) = wide_speech(6) else { return };
    let Some(mut theirs) = Encoding::new() else { return };
    pcm[FRAME * 90..FRAME * 92].fill(8);
    let mut ours = Encoder::new(Mode::M660, Transmission::Continuous);
    let mut chance = Chance::new(11);
    for (number, part) in pcm.chunks_exact(FRAME * 3).enumerate() {
        let mode = Mode::ALL[chance.below(9)];
        let dtx = chance.below(4) > 0;
        ours.set_mode(mode);
        let transmission = if dtx { Transmission::Discontinuous } else { Transmission::Continuous };
        ours.set_transmission(transmission);
        let wanted = theirs.frames(mode, dtx, part);
        for (samples, wanted) in part.chunks_exact(FRAME).zip(&wanted) {
            let mut octets = [0; 61];
            let count = ours.encode(samples, &mut octets).unwrap();
            assert_eq!(octets[..count], wanted[..], "{mode:?}, part {number}");
        }
    }
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
fn a_copy_of_an_encoder_goes_on_alike() {
    let Some(pcm) = wide_speech(3) else { return };
    let mut first = Encoder::new(Mode::M2385, Transmission::Discontinuous);
    let frames: Vec<_> = pcm.chunks_exact(FRAME).collect();
    for samples in &frames[..70] {
        first.encode_frame(samples).unwrap();
    }
    let mut second = first.clone();
    for samples in &frames[70..] {
        assert_eq!(first.encode_frame(samples), second.encode_frame(samples));
    }
    assert_eq!(first, second);
}

#[test]
fn what_does_not_fit_is_an_error() {
    let mut encoder = Encoder::new(Mode::M1265, Transmission::Continuous);
    let mut decoder = Decoder::new(Lineage::Standard);
    assert_eq!(
        encoder.encode(&[0; FRAME - 1], &mut [0; 61]),
        Err(EncodeError::FrameLength { frame: FRAME, given: FRAME - 1 })
    );
    assert_eq!(encoder.encode(&[0; FRAME], &mut [0; 60]), Err(EncodeError::NoRoom { needed: 61 }));
    let mut pcm = [0; FRAME];
    assert_eq!(decoder.decode(&[], &mut pcm), Err(DecodeError::Malformed));
    assert_eq!(decoder.decode(&[2 << 3 | 4; 20], &mut pcm), Err(DecodeError::Malformed));
    assert_eq!(decoder.decode(&[11 << 3 | 4; 20], &mut pcm), Err(DecodeError::Malformed));
    assert_eq!(decoder.conceal(&mut [0; FRAME - 1]), Err(DecodeError::NoRoom { needed: FRAME }));
}

#[test]
fn the_state_of_a_channel_is_as_large_as_is_documented() {
    assert_eq!((size_of::<Decoder>(), size_of::<Encoder>()), (2016, 3280));
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

fn frame() -> impl Strategy<Value = Frame> {
    let types = (0_u8..16).prop_filter_map("no such type", FrameType::from_index);
    let bits = proptest::collection::vec(any::<u8>(), 60);
    (types, any::<bool>(), bits).prop_map(|(frame_type, good, bits)| {
        let quality = if good { Quality::Good } else { Quality::Damaged };
        Frame::new(frame_type, quality, &bits)
    })
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
        assert_eq!(compare(&frames), Ok(()), "{mode:?}");
    }
}

proptest! {
    #[test]
    fn any_frames_go_through_both_framings_and_storage(
        frames in proptest::collection::vec(frame(), 1..6),
        request in 0_u8..12,
        aligned: bool,
    ) {
        let framing =
            if aligned { Framing::OctetAligned } else { Framing::BandwidthEfficient };
        let request = Mode::from_index(request);
        let mut octets = [0; 400];
        let count = rtp::write(framing, request, &frames, &mut octets).unwrap();
        let payload = Payload::read(framing, &octets[..count]).unwrap();
        prop_assert_eq!(payload.request(), request);
        prop_assert_eq!(payload.frames().collect::<Vec<_>>(), frames.clone());
        prop_assert!(Payload::read(framing, &octets[..count - 1]).is_err() || frames.last().unwrap().bits().is_empty());
        for frame in &frames {
            let count = frame.write(&mut octets).unwrap();
            prop_assert_eq!(Frame::read(&octets).unwrap(), (*frame, count));
        }
    }

    #[test]
    fn any_octets_are_a_payload_or_an_error(octets: Vec<u8>, aligned: bool) {
        let framing =
            if aligned { Framing::OctetAligned } else { Framing::BandwidthEfficient };
        let mut decoder = Decoder::new(Lineage::Standard);
        let mut pcm = [0; FRAME];
        if let Ok(payload) = Payload::read(framing, &octets) {
            for frame in payload.frames() {
                decoder.decode_frame(&frame, &mut pcm).unwrap();
            }
        }
        let _ = decoder.decode(&octets, &mut pcm);
    }

    #[test]
    fn any_samples_are_encoded(
        modes in proptest::collection::vec(0_u8..9, 1..12),
        seed: u64,
        dtx: bool,
    ) {
        let transmission =
            if dtx { Transmission::Discontinuous } else { Transmission::Continuous };
        let mut encoder = Encoder::new(Mode::M660, transmission);
        let mut chance = Chance::new(seed);
        for mode in modes {
            encoder.set_mode(Mode::from_index(mode).unwrap());
            let kind = chance.below(5);
            let period = 1 + chance.below(200);
            let pcm: [i16; FRAME] = std::array::from_fn(|i| match kind {
                0 => 0,
                1 => chance.sample(),
                2 => chance.sample() >> chance.below(15),
                3 if (i / period).is_multiple_of(2) => i16::MAX,
                3 => i16::MIN,
                _ if i % period == 0 => chance.sample(),
                _ => 0,
            });
            prop_assert!(encoder.encode_frame(&pcm).is_ok());
        }
    }

    #[test]
    fn any_frames_are_decoded_to_samples(
        frames in proptest::collection::vec(frame(), 1..40),
        standard: bool,
    ) {
        let lineage = if standard { Lineage::Standard } else { Lineage::Opencore };
        let mut decoder = Decoder::new(lineage);
        let mut pcm = [0; FRAME];
        for frame in &frames {
            prop_assert_eq!(decoder.decode_frame(frame, &mut pcm), Ok(FRAME));
        }
        prop_assert_eq!(decoder.conceal(&mut pcm), Ok(FRAME));
    }
}
