//! libopus's states in memory of ours. The library holds all of a state in one block of
//! `opus_encoder_get_size` or `opus_decoder_get_size` octets, of which "only a shallow copy is sufficient"
//! (opus.h, modules Opus Encoder and Opus Decoder): so a clone goes on as the original does.

#![allow(unsafe_code)] // A library in C is called.

use libopus::{
    OPUS_APPLICATION_VOIP, OPUS_GET_LOOKAHEAD_REQUEST, OPUS_OK, OPUS_SET_BITRATE_REQUEST,
    OPUS_SET_COMPLEXITY_REQUEST, OPUS_SET_DTX_REQUEST, OPUS_SET_INBAND_FEC_REQUEST,
    OPUS_SET_MAX_BANDWIDTH_REQUEST, OPUS_SET_PACKET_LOSS_PERC_REQUEST, OpusDecoder, OpusEncoder,
    opus_decode, opus_decoder_get_size, opus_decoder_init, opus_encode, opus_encoder_ctl,
    opus_encoder_get_size, opus_encoder_init, opus_packet_get_nb_samples,
};
use std::ffi::c_int;
use std::fmt;
use std::ptr::null;

/// The code by which the library says why it did nothing (`OPUS_BAD_ARG` and so on).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused(pub(super) c_int);

/// What can be set by an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(super) enum Setting {
    /// Bits a second.
    BitRate = OPUS_SET_BITRATE_REQUEST,
    /// 0 to 10.
    Complexity = OPUS_SET_COMPLEXITY_REQUEST,
    /// One of `OPUS_BANDWIDTH_...`.
    Bandwidth = OPUS_SET_MAX_BANDWIDTH_REQUEST,
    /// 0 or 1: in-band redundancy.
    Redundancy = OPUS_SET_INBAND_FEC_REQUEST,
    /// Per cent.
    Loss = OPUS_SET_PACKET_LOSS_PERC_REQUEST,
    /// 0 or 1: silence is dropped.
    Silence = OPUS_SET_DTX_REQUEST,
}

/// The memory of a state, aligned as any type of C.
struct Memory(Box<[u128]>);

impl Memory {
    /// Of so many octets.
    fn new(octets: c_int) -> Self {
        let octets = usize::try_from(octets).unwrap_or(0);
        Self(vec![0; octets.div_ceil(size_of::<u128>())].into())
    }
}

/// A state that takes another's place takes no memory anew.
impl Clone for Memory {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }

    fn clone_from(&mut self, other: &Self) {
        self.0.clone_from(&other.0);
    }
}

/// What is said of so much memory.
impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} octets", size_of_val(&*self.0))
    }
}

/// An encoder of one channel.
#[derive(Debug)]
pub(super) struct Encoder(Memory);

impl Clone for Encoder {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }

    fn clone_from(&mut self, other: &Self) {
        self.0.clone_from(&other.0);
    }
}

impl Encoder {
    /// At a rate, in Hz, that the library knows.
    pub(super) fn new(hz: usize) -> Self {
        // SAFETY: the function has no conditions.
        let mut state = Self(Memory::new(unsafe { opus_encoder_get_size(1) }));
        // SAFETY: the memory is as large as the library says, and its own.
        let made = unsafe { opus_encoder_init(state.raw(), hz as i32, 1, OPUS_APPLICATION_VOIP) };
        assert_eq!(made, OPUS_OK, "libopus takes one channel at {hz} Hz");
        state
    }

    /// Sets one thing.
    pub(super) fn set(&mut self, setting: Setting, value: i32) -> Result<(), Refused> {
        // SAFETY: `new` made the state; the requests of all settings take an opus_int32.
        match unsafe { opus_encoder_ctl(self.raw(), setting as c_int, value) } {
            OPUS_OK => Ok(()),
            code => Err(Refused(code)),
        }
    }

    /// By how many samples it looks ahead.
    pub(super) fn look_ahead(&mut self) -> usize {
        let mut samples: i32 = 0;
        // SAFETY: `new` made the state; the request takes a pointer to an opus_int32.
        unsafe { opus_encoder_ctl(self.raw(), OPUS_GET_LOOKAHEAD_REQUEST, &raw mut samples) };
        usize::try_from(samples).unwrap_or(0)
    }

    /// One frame; how many octets of `out` it took.
    pub(super) fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, Refused> {
        let (samples, room) = (length(pcm), length(out));
        // SAFETY: `new` made the state; the slices are as long as is said.
        let made =
            unsafe { opus_encode(self.raw(), pcm.as_ptr(), samples, out.as_mut_ptr(), room) };
        usize::try_from(made).map_err(|_| Refused(made))
    }

    fn raw(&mut self) -> *mut OpusEncoder {
        self.0.0.as_mut_ptr().cast()
    }
}

/// A decoder to one channel.
#[derive(Debug, Clone)]
pub(super) struct Decoder(Memory);

/// What a payload is decoded for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Itself.
    Present,
    /// What it holds of the payload before it.
    Past,
}

impl Decoder {
    /// At a rate, in Hz, that the library knows.
    pub(super) fn new(hz: usize) -> Self {
        // SAFETY: the function has no conditions.
        let mut state = Self(Memory::new(unsafe { opus_decoder_get_size(1) }));
        // SAFETY: the memory is as large as the library says, and its own.
        let made = unsafe { opus_decoder_init(state.raw(), hz as i32, 1) };
        assert_eq!(made, OPUS_OK, "libopus takes one channel at {hz} Hz");
        state
    }

    /// Fills `pcm` with as much as there is and says how many samples that is; an empty payload is one that
    /// was lost.
    pub(super) fn decode(
        &mut self,
        payload: &[u8],
        pcm: &mut [i16],
        wanted: Wanted,
    ) -> Result<usize, Refused> {
        let data = if payload.is_empty() { null() } else { payload.as_ptr() };
        let (octets, room) = (length(payload), length(pcm));
        let past = c_int::from(wanted == Wanted::Past);
        // SAFETY: `new` made the state; the slices are as long as is said, and no data is a loss.
        let made = unsafe { opus_decode(self.raw(), data, octets, pcm.as_mut_ptr(), room, past) };
        usize::try_from(made).map_err(|_| Refused(made))
    }

    fn raw(&mut self) -> *mut OpusDecoder {
        self.0.0.as_mut_ptr().cast()
    }
}

/// How many samples a payload, which is not empty, holds at a rate.
pub(super) fn samples(payload: &[u8], hz: usize) -> Result<usize, Refused> {
    // SAFETY: the slice is as long as is said.
    let samples =
        unsafe { opus_packet_get_nb_samples(payload.as_ptr(), length(payload), hz as i32) };
    usize::try_from(samples).map_err(|_| Refused(samples))
}

/// The length of a slice for C; more than it can say is not looked at.
fn length<T>(slice: &[T]) -> c_int {
    c_int::try_from(slice.len()).unwrap_or(c_int::MAX)
}
