//! Opus in Ogg, RFC 7845: one channel or two, and our own recordings.

use super::{Sound, Unreadable, most};
use crate::recording::ogg::Page;
use media_dsp::opus::{Decoder, Rate as OpusRate};
use media_dsp::resample::Rate;

/// Reads the first stream of Opus in a file.
pub(super) fn read(mut octets: &[u8]) -> Result<Sound, Unreadable> {
    let mut stream: Option<Stream> = None;
    let mut serial = None;
    while let Some(page) = next(&mut octets) {
        if page.begins() && serial.is_none() && page.body.starts_with(MAGIC) {
            serial = Some(page.serial);
            stream = Some(Stream::new(page.body)?);
        } else if serial == Some(page.serial)
            && let Some(stream) = &mut stream
        {
            stream.turn(&page);
            if stream.pcm.len() > most(stream.rate.hz()) {
                return Err(Unreadable::TooLong);
            }
        }
    }
    stream.ok_or(Unreadable::Stream).map(Stream::finish)
}

/// The next whole page, wherever it begins.
pub(crate) fn next<'a>(octets: &mut &'a [u8]) -> Option<Page<'a>> {
    loop {
        if let Some(page) = Page::read(octets) {
            *octets = octets.get(page.octets.len()..)?;
            return Some(page);
        }
        let rest = octets.get(1..)?;
        let found = rest.windows(4).position(|it| it == b"OggS")?;
        *octets = rest.get(found..)?;
    }
}

/// The sound of one stream, as far as it was read.
#[derive(Debug)]
pub(crate) struct Stream {
    rate: Rate,
    /// One for each stream of Opus within; all are heard with equal force.
    decoders: Vec<Decoder>,
    /// Whether the comments were passed.
    commented: bool,
    /// At 48 kHz.
    pre_skip: u64,
    end: u64,
    /// The beginning of a packet that goes on in the next page.
    packet: Vec<u8>,
    pcm: Vec<i16>,
    /// How many samples were taken out of that.
    taken: usize,
    room: Vec<i16>,
}

impl Stream {
    /// From the identification header: RFC 7845 §5.1.
    pub(crate) fn new(head: &[u8]) -> Result<Self, Unreadable> {
        let octet = |at: usize| head.get(at).copied().ok_or(Unreadable::Malformed);
        let pre_skip = u64::from(octet(10)?) | u64::from(octet(11)?) << 8;
        let hertz = [octet(12)?, octet(13)?, octet(14)?, octet(15)?];
        let streams = match (octet(18)?, octet(9)?) {
            (0, 1 | 2) => 1,
            // A stream of stereo would come out as one channel, and weigh too little here.
            (1, _) if octet(20)? == 0 => octet(19)?,
            _ => return Err(Unreadable::Stream),
        };
        let (rate, opus) = match u32::from_le_bytes(hertz) {
            1..=8_000 => (Rate::Hz8000, OpusRate::Hz8000),
            8_001..=16_000 => (Rate::Hz16000, OpusRate::Hz16000),
            _ => (Rate::Hz48000, OpusRate::Hz48000),
        };
        let decoders = (0..streams).map(|_| Decoder::new(opus)).collect();
        let room = vec![0; LONGEST_PACKET * rate.hz() / 1_000];
        let (packet, pcm) = (Vec::new(), Vec::new());
        let (commented, end, taken) = (false, 0, 0);
        Ok(Self { rate, decoders, commented, pre_skip, end, packet, pcm, taken, room })
    }

    pub(crate) fn rate(&self) -> Rate {
        self.rate
    }

    pub(crate) fn turn(&mut self, page: &Page<'_>) {
        if !page.is_continued() {
            self.packet.clear();
        }
        let mut body = page.body;
        for lacing in page.lacing {
            let Some((segment, rest)) = body.split_at_checked(usize::from(*lacing)) else { break };
            self.packet.extend(segment);
            body = rest;
            if *lacing < 255 {
                let packet = std::mem::take(&mut self.packet);
                self.hear(&packet);
            }
        }
        if page.granule != NO_GRANULE {
            self.end = page.granule;
        }
    }

    /// Decodes a packet; what cannot be decoded is passed over.
    fn hear(&mut self, packet: &[u8]) {
        if !std::mem::replace(&mut self.commented, true) {
            return;
        }
        let start = self.pcm.len();
        let (mut rest, count) = (packet, self.decoders.len());
        for (number, decoder) in self.decoders.iter_mut().enumerate() {
            let own = number + 1 < count;
            let payload = if own { undelimit(&mut rest) } else { Some(rest.to_vec()) };
            let Some(payload) = payload else { return };
            let Ok(made) = decoder.decode(&payload, &mut self.room) else { continue };
            self.pcm.resize(self.pcm.len().max(start + made), 0);
            let sum = self.pcm.iter_mut().skip(start).zip(&self.room).take(made);
            sum.for_each(|(sum, sample)| *sum = sum.saturating_add(*sample));
        }
    }

    /// Takes out what was heard up to the last page, without what is before the beginning and behind
    /// the end: RFC 7845 §4.2 and §4.4.
    pub(crate) fn take(&mut self, out: &mut Vec<i16>) {
        let within = |granule: u64| {
            let count = u128::from(granule) * self.rate.hz() as u128 / WIRE_RATE;
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            count.saturating_sub(self.taken).min(self.pcm.len())
        };
        let (start, end) = (within(self.pre_skip), within(self.end));
        out.extend(self.pcm.get(start..end).unwrap_or_default());
        self.taken += self.pcm.len();
        self.pcm.clear();
    }

    fn finish(mut self) -> Sound {
        let mut pcm = Vec::new();
        self.take(&mut pcm);
        Sound { rate: self.rate, pcm }
    }
}

/// Takes a payload of one frame with its length: RFC 6716 appendix B.
fn undelimit(packet: &mut &[u8]) -> Option<Vec<u8>> {
    let (toc, rest) = packet.split_first()?;
    if toc & 3 != 0 {
        return None;
    }
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*first) {
        first @ ..252 => (first, rest),
        first => {
            let (second, rest) = rest.split_first()?;
            (first + usize::from(*second) * 4, rest)
        }
    };
    let (frame, rest) = rest.split_at_checked(length)?;
    *packet = rest;
    Some([&[*toc], frame].concat())
}

const MAGIC: &[u8] = b"OpusHead";
/// Milliseconds: RFC 6716 §3.2.5.
const LONGEST_PACKET: usize = 120;
const WIRE_RATE: u128 = 48_000;
/// RFC 3533 §6, field 4: no packet ends in the page.
const NO_GRANULE: u64 = u64::MAX;
