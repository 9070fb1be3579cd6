//! libvo-amrwbenc and libopencore-amrwb, and our coders held against them.

use crate::oracle::library;
use libloading::Library;
use media_dsp::amrwb::{Decoder, Encoder, FRAME, Lineage, Mode, Transmission};
use std::ffi::{c_int, c_void};

/// `E_IF_encode` of libvo-amrwbenc.
pub(crate) struct Encoding {
    library: Library,
    state: *mut c_void,
}

impl Encoding {
    pub(crate) fn new() -> Option<Self> {
        let library = library(&["libvo-amrwbenc.so.0"], "libvo-amrwbenc0")?;
        // SAFETY: the function's type is that of enc_if.h.
        let state = unsafe {
            let init = library.get::<unsafe extern "C" fn() -> *mut c_void>(b"E_IF_init").unwrap();
            init()
        };
        Some(Self { library, state })
    }

    pub(crate) fn frames(&mut self, mode: Mode, dtx: bool, pcm: &[i16]) -> Vec<Vec<u8>> {
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
pub(crate) struct Decoding {
    library: Library,
    state: *mut c_void,
}

impl Decoding {
    pub(crate) fn new() -> Option<Self> {
        let library = library(&["libopencore-amrwb.so.0"], "libopencore-amrwb0")?;
        // SAFETY: the function's type is that of dec_if.h.
        let state = unsafe {
            let init = library.get::<unsafe extern "C" fn() -> *mut c_void>(b"D_IF_init").unwrap();
            init()
        };
        Some(Self { library, state })
    }

    pub(crate) fn samples(&mut self, frame: &[u8]) -> [i16; FRAME] {
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

/// Compares the decoders on frames. Says at which frame they differ first.
pub(crate) fn compare_decoders(frames: &[Vec<u8>]) -> Result<(), String> {
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

/// Compares the encoders on samples. Says at which frame they differ first.
pub(crate) fn compare_encoders(
    mode: Mode,
    transmission: Transmission,
    pcm: &[i16],
) -> Result<(), String> {
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
