//! AMR-WB against libopencore-amrwb (decoder) and libvo-amrwbenc (encoder), on real speech.

#![allow(unsafe_code, missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod oracle;

#[path = "amrwb/decoder.rs"]
mod decoder;
#[path = "amrwb/encoder.rs"]
mod encoder;
#[path = "amrwb/exact.rs"]
mod exact;
#[path = "amrwb/payload.rs"]
mod payload;
#[path = "amrwb/peers.rs"]
mod peers;
#[path = "amrwb/signals.rs"]
mod signals;

use media_dsp::amrwb::{
    Decoder, Encoder, FRAME, Frame, FrameType, Lineage, Mode, Quality, Transmission,
};
use oracle::Chance;
use proptest::prelude::*;

#[test]
fn the_state_of_a_channel_is_as_large_as_is_documented() {
    assert_eq!((size_of::<Decoder>(), size_of::<Encoder>()), (2016, 3280));
}

fn frame() -> impl Strategy<Value = Frame> {
    let types = (0_u8..16).prop_filter_map("no such type", FrameType::from_index);
    let bits = proptest::collection::vec(any::<u8>(), 60);
    (types, any::<bool>(), bits).prop_map(|(frame_type, good, bits)| {
        let quality = if good { Quality::Good } else { Quality::Damaged };
        Frame::new(frame_type, quality, &bits)
    })
}

proptest! {
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
