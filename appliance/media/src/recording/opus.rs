//! Opus in Ogg, RFC 7845.

use super::Layout;
use super::ogg::Pages;
use media_dsp::opus::{Encoder, LONGEST_FRAME, Rate as OpusRate, Settings};
use media_dsp::speech::Rate;

/// The streams of one file. Two sides are two streams, each of one channel, so that nothing of one
/// is heard on the other.
#[derive(Debug)]
pub(super) struct OpusFile {
    pages: Pages,
    rate: usize,
    streams: Vec<Stream>,
    /// Samples of each side so far.
    samples: u64,
    /// Frames so far.
    frames: u64,
    /// At 48 kHz.
    pre_skip: u64,
    packet: Vec<u8>,
}

#[derive(Debug)]
struct Stream {
    encoder: Encoder,
    /// The beginning of the next frame.
    waiting: Vec<i16>,
}

impl OpusFile {
    pub(super) fn begin(layout: Layout, rate: Rate, serial: u32, ready: &mut Vec<u8>) -> Self {
        let count = match layout {
            Layout::Sides => 2,
            Layout::Mix => 1,
        };
        let stream = || Stream { encoder: Encoder::new(opus(rate), SPEECH), waiting: Vec::new() };
        let mut streams: Vec<Stream> = std::iter::repeat_with(stream).take(count).collect();
        let delay = streams.first_mut().map_or(0, |it| it.encoder.delay());
        let hz = opus(rate).hz();
        let mut file = Self {
            pages: Pages::new(serial),
            rate: hz,
            streams,
            samples: 0,
            frames: 0,
            pre_skip: (delay * WIRE_RATE / hz) as u64,
            packet: Vec::with_capacity(2 * LONGEST_FRAME + 4),
        };
        for packet in [file.head(), comment()] {
            file.pages.push(&packet, 0, ready);
            file.pages.flush(ready);
        }
        file
    }

    /// Adds a sample of each side.
    pub(super) fn push(&mut self, sides: [i16; 2], ready: &mut Vec<u8>) {
        self.samples += 1;
        self.add(sides, ready);
    }

    /// Ends the stream after the last sample that was said.
    pub(super) fn finish(&mut self, ready: &mut Vec<u8>) {
        let end = self.pre_skip + self.samples * (WIRE_RATE / self.rate) as u64;
        while self.frames * FRAME < end {
            self.add([0, 0], ready);
        }
        // RFC 7845 §4.4: what lies behind the last granule is not played.
        self.pages.end(end, ready);
    }

    fn add(&mut self, sides: [i16; 2], ready: &mut Vec<u8>) {
        for (stream, sample) in self.streams.iter_mut().zip(sides) {
            stream.waiting.push(sample);
        }
        let frame = self.rate / FRAMES_A_SECOND;
        if self.streams.iter().all(|it| it.waiting.len() >= frame) {
            self.encode(ready);
        }
    }

    /// Makes a packet of the frames that wait: RFC 7845 §3.
    fn encode(&mut self, ready: &mut Vec<u8>) {
        let mut payload = [0; LONGEST_FRAME];
        self.packet.clear();
        let last = self.streams.len().saturating_sub(1);
        for (number, stream) in self.streams.iter_mut().enumerate() {
            // A frame that cannot be encoded does not come; its place is concealed.
            let made = stream.encoder.encode(&stream.waiting, &mut payload).unwrap_or_default();
            stream.waiting.clear();
            let payload = payload.get(..made).unwrap_or_default();
            if number < last {
                delimit(payload, &mut self.packet);
            } else {
                self.packet.extend(payload);
            }
        }
        // The last page is never empty, so that its granule can say where the sound ends.
        if self.frames.is_multiple_of(FRAMES_A_PAGE) {
            self.pages.flush(ready);
        }
        self.frames += 1;
        self.pages.push(&self.packet, self.frames * FRAME, ready);
    }

    /// The identification header: RFC 7845 §5.1.
    fn head(&self) -> Vec<u8> {
        let streams = self.streams.len() as u8;
        let mut head = b"OpusHead\x01".to_vec();
        head.push(streams);
        head.extend((self.pre_skip as u16).to_le_bytes());
        head.extend((self.rate as u32).to_le_bytes());
        head.extend([0, 0]);
        match streams {
            // Mapping family 0: one channel.
            1 => head.push(0),
            // Family 1, §5.1.1.2: two streams, none of them coupled; left, right.
            _ => head.extend([1, streams, 0, 0, 1]),
        }
        head
    }
}

/// The comment header: RFC 7845 §5.2.
fn comment() -> Vec<u8> {
    let mut comment = b"OpusTags".to_vec();
    comment.extend((VENDOR.len() as u32).to_le_bytes());
    comment.extend(VENDOR);
    comment.extend([0; 4]);
    comment
}

/// A payload of one frame with its length: RFC 6716 appendix B.
fn delimit(payload: &[u8], out: &mut Vec<u8>) {
    // Code 0, one frame, is all that is encoded here (§3.2.2).
    let (toc, frame) = match payload.split_first() {
        Some((toc, frame)) if toc & CODE == 0 => (*toc, frame),
        Some((toc, _)) => (toc & !CODE, &[][..]),
        None => (0, &[][..]),
    };
    out.push(toc);
    // §3.2.1.
    match frame.len() {
        len @ ..252 => out.push(len as u8),
        len => {
            let first = 252 + (len & 3);
            out.extend([first as u8, ((len - first) / 4) as u8]);
        }
    }
    out.extend(frame);
}

fn opus(rate: Rate) -> OpusRate {
    match rate {
        Rate::Hz8000 => OpusRate::Hz8000,
        Rate::Hz16000 => OpusRate::Hz16000,
    }
}

const VENDOR: &[u8] = b"Strowger";
/// 24 kbit/s for each side.
const SPEECH: Settings = Settings {
    bit_rate: 24_000,
    complexity: 5,
    bandwidth: media_dsp::opus::Bandwidth::Full,
    redundancy: media_dsp::opus::Redundancy::Off,
    silence: media_dsp::opus::Silence::Coded,
};
/// Samples a second of the granules: RFC 7845 §4.
const WIRE_RATE: usize = 48_000;
/// 20 ms at that rate.
const FRAME: u64 = 960;
const FRAMES_A_SECOND: usize = 50;
/// Half a second: what a sudden end may cost.
const FRAMES_A_PAGE: u64 = 25;
/// RFC 6716 §3.1.
const CODE: u8 = 3;
