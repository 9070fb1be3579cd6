//! G.723.1 beside libavcodec.

#![allow(unsafe_code)]

use crate::oracle::{library, skip, speech};
use crate::{Bench, Goal};
use libloading::Library;
use media_dsp::g7231::{Decoder, Encoder, FRAME_SAMPLES, Rate, Vad};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::null_mut;

pub(crate) fn run(bench: &mut Bench) {
    let Some(samples) = speech(SECONDS) else { return };
    let libav = Libav::open();
    let frames = SECONDS * 50;
    let rival = libav.as_ref().and_then(|libav| libav.encoder());
    let pcm = libav.as_ref().map_or(Vec::new(), |libav| libav.frames(&samples));
    let mut theirs = || rival.iter().for_each(|rival| rival.encode(&pcm));
    let mut peers = [("libavcodec", &mut theirs as &mut dyn FnMut())];
    let peers = &mut peers[..usize::from(rival.is_some())];
    let mut ours = || drop(encode(Rate::High, Vad::Off, &samples));
    bench.row("G.723.1 encode 6.3", Goal::OfPeer(1.0), frames, &mut ours, peers);
    let mut ours = || drop(encode(Rate::Low, Vad::Off, &samples));
    bench.row("G.723.1 encode 5.3", Goal::Stated, frames, &mut ours, &mut []);
    let mut ours = || drop(encode(Rate::High, Vad::On, &samples));
    bench.row("G.723.1 encode 6.3 with VAD", Goal::Stated, frames, &mut ours, &mut []);

    for (what, rate, vad) in [
        ("G.723.1 decode 6.3", Rate::High, Vad::Off),
        ("G.723.1 decode 5.3", Rate::Low, Vad::Off),
        ("G.723.1 decode 6.3 with VAD", Rate::High, Vad::On),
    ] {
        let coded = encode(rate, vad, &samples);
        let rival = libav.as_ref().and_then(|libav| libav.decoder(c"g723_1"));
        let mut theirs = || rival.iter().for_each(|rival| rival.decode(&coded));
        let mut peers = [("libavcodec", &mut theirs as &mut dyn FnMut())];
        let peers = &mut peers[..usize::from(rival.is_some())];
        bench.row(what, Goal::OfPeer(1.0), frames, &mut || decode(&coded), peers);
    }
}

fn encode(rate: Rate, vad: Vad, samples: &[i16]) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(rate, vad);
    let frames = samples.chunks_exact(FRAME_SAMPLES).map(|samples| {
        let mut octets = [0; 24];
        let frame = encoder.encode(samples, &mut octets).unwrap();
        octets[..frame.octets()].to_vec()
    });
    frames.collect()
}

fn decode(coded: &[Vec<u8>]) {
    let mut decoder = Decoder::new();
    let mut pcm = [0; FRAME_SAMPLES];
    for frame in coded {
        decoder.decode(frame, &mut pcm).unwrap();
        std::hint::black_box(&pcm);
    }
}

/// libavcodec 59 and libavutil 57.
struct Libav {
    codec: Library,
    util: Library,
}

/// An open codec of it, and what its results are received in. Nothing of it is given back.
struct Codec<'a> {
    libav: &'a Libav,
    context: *mut c_void,
    packet: *mut Packet,
    frame: *mut c_void,
}

/// The beginning of an `AVPacket`.
#[repr(C)]
struct Packet {
    buffer: *mut c_void,
    times: [i64; 2],
    data: *mut u8,
    size: c_int,
}

type New = unsafe extern "C" fn() -> *mut c_void;
type Find = unsafe extern "C" fn(*const c_char) -> *const c_void;
type Alloc = unsafe extern "C" fn(*const c_void) -> *mut c_void;
type OpenCodec = unsafe extern "C" fn(*mut c_void, *const c_void, *mut c_void) -> c_int;
type SetOption = unsafe extern "C" fn(*mut c_void, *const c_char, *const c_char, c_int) -> c_int;
type Exchange = unsafe extern "C" fn(*mut c_void, *mut c_void) -> c_int;
type NewPacket = unsafe extern "C" fn(*mut Packet, c_int) -> c_int;
type Drop = unsafe extern "C" fn(*mut c_void);

impl Libav {
    fn open() -> Option<Self> {
        let codec = library(&["libavcodec.so.59"], "ffmpeg")?;
        Some(Self { codec, util: library(&["libavutil.so.57"], "ffmpeg")? })
    }

    fn encoder(&self) -> Option<Codec<'_>> {
        let decoder = self.decoder(c"g723_1")?;
        self.context(c"avcodec_find_encoder_by_name", c"g723_1", Some(&decoder))
    }

    fn decoder(&self, name: &CStr) -> Option<Codec<'_>> {
        self.context(c"avcodec_find_decoder_by_name", name, None)
    }

    /// Opens a codec for one channel of 8 kHz, or for what another is open for: the format of
    /// samples is no option.
    fn context(&self, find: &CStr, name: &CStr, like: Option<&Codec<'_>>) -> Option<Codec<'_>> {
        // SAFETY: the signatures are those of libavcodec/avcodec.h, codec_par.h and
        // libavutil/opt.h.
        unsafe {
            let kind = self.codec.get::<Find>(find.to_bytes()).unwrap()(name.as_ptr());
            let context = self.codec.get::<Alloc>(b"avcodec_alloc_context3").unwrap()(kind);
            if let Some(like) = like {
                let about = self.codec.get::<New>(b"avcodec_parameters_alloc").unwrap()();
                let get = self.codec.get::<Exchange>(b"avcodec_parameters_from_context").unwrap();
                let put = self.codec.get::<Exchange>(b"avcodec_parameters_to_context").unwrap();
                assert!(get(about, like.context) >= 0 && put(context, about) >= 0);
            }
            let set = self.util.get::<SetOption>(b"av_opt_set").unwrap();
            for (option, value) in OPTIONS {
                set(context, option.as_ptr(), value.as_ptr(), 0);
            }
            let open = self.codec.get::<OpenCodec>(b"avcodec_open2").unwrap();
            if open(context, kind, null_mut()) < 0 {
                skip("libavcodec", "the codec cannot be opened");
                return None;
            }
            let packet = self.codec.get::<New>(b"av_packet_alloc").unwrap()().cast();
            let frame = self.util.get::<New>(b"av_frame_alloc").unwrap()();
            Some(Codec { libav: self, context, packet, frame })
        }
    }

    /// Samples as frames of 240: those come out of the decoder of linear samples.
    fn frames(&self, samples: &[i16]) -> Vec<*mut c_void> {
        let Some(mut linear) = self.decoder(c"pcm_s16le") else { return Vec::new() };
        let frames = samples.chunks_exact(FRAME_SAMPLES).map(|samples| {
            let octets: Vec<u8> = samples.iter().flat_map(|it| it.to_le_bytes()).collect();
            linear.decode(&[octets]);
            // SAFETY: the frame that was filled is left to the caller, a new one takes its place.
            let new = unsafe { self.util.get::<New>(b"av_frame_alloc").unwrap()() };
            std::mem::replace(&mut linear.frame, new)
        });
        frames.collect()
    }
}

impl Codec<'_> {
    fn encode(&self, frames: &[*mut c_void]) {
        // SAFETY: the signatures are those of libavcodec/avcodec.h and packet.h.
        unsafe {
            let send = self.libav.codec.get::<Exchange>(b"avcodec_send_frame").unwrap();
            let receive = self.libav.codec.get::<Exchange>(b"avcodec_receive_packet").unwrap();
            let clear = self.libav.codec.get::<Drop>(b"av_packet_unref").unwrap();
            for &frame in frames {
                assert_eq!(send(self.context, frame), 0);
                if receive(self.context, self.packet.cast()) == 0 {
                    clear(self.packet.cast());
                }
            }
        }
    }

    fn decode(&self, coded: &[Vec<u8>]) {
        // SAFETY: the signatures are those of libavcodec/avcodec.h and packet.h; a new packet has
        // room for as many octets as are asked for.
        unsafe {
            let new = self.libav.codec.get::<NewPacket>(b"av_new_packet").unwrap();
            let send = self.libav.codec.get::<Exchange>(b"avcodec_send_packet").unwrap();
            let receive = self.libav.codec.get::<Exchange>(b"avcodec_receive_frame").unwrap();
            let clear = self.libav.codec.get::<Drop>(b"av_packet_unref").unwrap();
            for octets in coded {
                assert_eq!(new(self.packet, octets.len() as c_int), 0);
                (*self.packet).data.copy_from(octets.as_ptr(), octets.len());
                assert_eq!(send(self.context, self.packet.cast()), 0);
                clear(self.packet.cast());
                assert_eq!(receive(self.context, self.frame), 0);
            }
        }
    }
}

/// Seconds of speech.
const SECONDS: usize = 12;
const OPTIONS: [(&CStr, &CStr); 4] =
    [(c"ar", c"8000"), (c"ch_layout", c"mono"), (c"b", c"6300"), (c"threads", c"1")];
