//! G.729 Annex A beside bcg729, which is opened when it is there and never linked.

#![allow(unsafe_code)]

use super::{Bench, Goal, Peer, oracle};
use media_dsp::g729::{Decoder, Dtx, Encoder, FRAME, SPEECH_OCTETS};
use std::ffi::c_void;
use std::hint::black_box;

pub(crate) fn run(bench: &mut Bench) {
    let Some(speech) = oracle::speech(SECONDS) else { return };
    let frames = speech.len() / (2 * FRAME);
    let mut octets = vec![0; speech.len() / FRAME * SPEECH_OCTETS];
    let length = Encoder::new(Dtx::Off).encode(&speech, &mut octets).unwrap();
    octets.truncate(length);
    let library = oracle::library(&["libbcg729.so.0"], "libbcg729-0");
    let mut rival = library.as_ref().map(Rival::new);

    let mut out = octets.clone();
    let mut encoder = Encoder::new(Dtx::Off);
    let mut encode = || {
        black_box(encoder.encode(&speech, &mut out)).unwrap();
    };
    let mut theirs = || rival.as_mut().map_or((), |it| it.encode(&speech));
    let mut peers: [Peer<'_>; 1] = [("bcg729", &mut theirs)];
    let peers = if library.is_some() { &mut peers[..] } else { &mut [] };
    bench.row("G.729 A encode", Goal::OfPeer(1.0), frames, &mut encode, peers);

    let mut pcm = speech.clone();
    let mut decoder = Decoder::new();
    let mut decode = || {
        black_box(decoder.decode(&octets, &mut pcm)).unwrap();
    };
    let mut theirs = || rival.as_mut().map_or((), |it| it.decode(&octets));
    let mut peers: [Peer<'_>; 1] = [("bcg729", &mut theirs)];
    let peers = if library.is_some() { &mut peers[..] } else { &mut [] };
    bench.row("G.729 A decode", Goal::OfPeer(1.0), frames, &mut decode, peers);

    let mut encoder = Encoder::new(Dtx::AnnexB);
    let mut encode = || {
        black_box(encoder.encode(&speech, &mut out)).unwrap();
    };
    bench.row("G.729 A with B encode", Goal::Stated, frames, &mut encode, &mut []);
}

/// bcg729's functions as its `encoder.h` and `decoder.h` declare them, and a channel each way.
struct Rival<'a> {
    encode: libloading::Symbol<'a, EncodeFunction>,
    decode: libloading::Symbol<'a, DecodeFunction>,
    encoder: *mut c_void,
    decoder: *mut c_void,
}

type EncodeFunction = unsafe extern "C" fn(*mut c_void, *const i16, *mut u8, *mut u8);
type DecodeFunction = unsafe extern "C" fn(*mut c_void, *const u8, u8, u8, u8, u8, *mut i16);

impl<'a> Rival<'a> {
    fn new(library: &'a libloading::Library) -> Self {
        // SAFETY: the types are those of the library's headers.
        unsafe {
            let new_encoder: libloading::Symbol<'_, unsafe extern "C" fn(u8) -> *mut c_void> =
                library.get(b"initBcg729EncoderChannel\0").unwrap();
            let new_decoder: libloading::Symbol<'_, unsafe extern "C" fn() -> *mut c_void> =
                library.get(b"initBcg729DecoderChannel\0").unwrap();
            Self {
                encode: library.get(b"bcg729Encoder\0").unwrap(),
                decode: library.get(b"bcg729Decoder\0").unwrap(),
                encoder: new_encoder(0),
                decoder: new_decoder(),
            }
        }
    }

    fn encode(&mut self, speech: &[i16]) {
        for pcm in speech.as_chunks::<FRAME>().0 {
            let (mut octets, mut length) = ([0_u8; SPEECH_OCTETS], 0);
            // SAFETY: a frame is 80 samples and becomes at most 10 octets.
            unsafe {
                (self.encode)(self.encoder, pcm.as_ptr(), octets.as_mut_ptr(), &raw mut length);
            }
            black_box(octets);
        }
    }

    fn decode(&mut self, octets: &[u8]) {
        for frame in octets.as_chunks::<SPEECH_OCTETS>().0 {
            let mut pcm = [0_i16; FRAME];
            // SAFETY: 10 octets become a frame of 80 samples.
            unsafe { (self.decode)(self.decoder, frame.as_ptr(), 10, 0, 0, 0, pcm.as_mut_ptr()) };
            black_box(pcm);
        }
    }
}

/// Seconds of speech that are worked off at a time.
const SECONDS: usize = 4;
