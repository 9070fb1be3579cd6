//! What was found equal to the peers, kept as sums: it holds where there is none of them.

use crate::peers::{compare_decoders, compare_encoders};
use crate::signals::{degraded, test_signal};
use media_dsp::amrwb::{Decoder, Encoder, FRAME, Frame, Lineage, Mode, Transmission};

/// FNV-1a of 64 bits.
fn sum(octets: impl IntoIterator<Item = u8>) -> u64 {
    octets.into_iter().fold(0xcbf2_9ce4_8422_2325, |sum, octet| {
        (sum ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn stored(frame: &Frame) -> Vec<u8> {
    let mut octets = [0; 61];
    let count = frame.write(&mut octets).unwrap();
    octets[..count].to_vec()
}

fn decoded(lineage: Lineage, frames: &[Frame]) -> u64 {
    let mut decoder = Decoder::new(lineage);
    let mut samples = Vec::new();
    for frame in frames {
        let mut pcm = [0; FRAME];
        decoder.decode_frame(frame, &mut pcm).unwrap();
        samples.extend(pcm);
    }
    sum(samples.into_iter().flat_map(i16::to_le_bytes))
}

#[test]
fn a_test_signal_is_coded_bit_by_bit_as_it_was() {
    let pcm = test_signal();
    let found = Mode::ALL.map(|mode| {
        // The signal begins with what the library lets wrap in mode 0.
        if mode != Mode::M660 {
            let same = compare_encoders(mode, Transmission::Discontinuous, &pcm);
            assert_eq!(same, Ok(()), "{mode:?}");
        }
        let mut encoder = Encoder::new(mode, Transmission::Discontinuous);
        let frames: Vec<_> =
            pcm.chunks_exact(FRAME).map(|samples| encoder.encode_frame(samples).unwrap()).collect();
        let octets: Vec<_> = frames.iter().map(stored).collect();
        assert_eq!(compare_decoders(&octets), Ok(()), "{mode:?}");
        let degraded = degraded(&frames, 1 + u64::from(mode.index()));
        [
            sum(octets.concat()),
            decoded(Lineage::Standard, &frames),
            decoded(Lineage::Standard, &degraded),
        ]
    });
    assert_eq!(found, SUMS, "{found:#018x?}");
}

/// Of each mode: the octets; the samples; the samples of a bad line. The last were compared with
/// the decoder of 3GPP TS 26.204, whose mean of past frequencies was rounded as in TS 26.173.
const SUMS: [[u64; 3]; 9] = [
    [0x5d6a_e1d3_e87c_ef7a, 0xf90b_b28d_620b_add1, 0xac10_7777_bfbc_4d35],
    [0x2d51_73e1_9ec4_5701, 0x6ae3_2818_dbf5_d0aa, 0xf79e_7a2b_5b33_2481],
    [0x57f0_73ab_601f_5607, 0xe682_2b00_035c_fe47, 0xb4a3_95c8_56d5_6e51],
    [0x8557_1e74_f9e5_456f, 0x462f_40d2_7cd6_ee00, 0x2f15_487d_be27_843b],
    [0x664a_d9c8_4b7c_2c30, 0xdc47_5d9c_44eb_e70c, 0x0154_411d_3304_86a6],
    [0x3884_8e17_60ce_efa0, 0xb5fc_5e1f_a76a_1fbb, 0x7954_a0f2_c6bd_22ec],
    [0x0dfb_54f4_db53_e09f, 0x8e2d_9012_783d_23c3, 0x3202_b876_aedf_d283],
    [0x157c_aa2e_a8f8_7b72, 0x82b8_e023_e37f_7233, 0xc425_3531_eca4_d5e2],
    [0xa8f0_8bec_aee8_667b, 0x7fd4_4263_8c82_7729, 0x5c41_dce6_f023_8ef2],
];
