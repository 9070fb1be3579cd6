//! What is known of how a pair hears, beside what is counted of its packets.

use super::Port;
use crate::codec::framing;
use crate::jitter::Statistics;
use crate::rtp::Header;
use call::Codec;
use media_dsp::amrwb::rtp::Payload;
use media_dsp::amrwb::{FrameType, Mode};

impl Port {
    /// What the box's own jitter buffer has made of what comes in here, where the box listens: to let it be
    /// heard in a conference or as an echo, or else to record it.
    pub(crate) fn played(&self) -> Option<Statistics> {
        let seated = self.seat.as_ref().map(|seat| seat.ear());
        let ear = self.ear.as_deref().or(seated).or(self.tap.as_deref());
        ear.and_then(|ear| ear.statistics())
    }

    /// Which mode of AMR-WB a packet is in, if it is of that codec.
    pub(super) fn ask_mode(&mut self, header: &Header<'_>) {
        self.quality.asks_mode = false;
        if let (Some(Codec::AmrWb { octet_aligned }), Some(payload)) =
            (self.codec(), header.unpadded())
        {
            let mode = spoken_mode(octet_aligned, payload);
            self.quality.asks_mode = mode.is_none();
            self.quality.mode = mode.or(self.quality.mode);
        }
    }
}

/// Nothing for a packet that holds a pause.
fn spoken_mode(octet_aligned: bool, payload: &[u8]) -> Option<Mode> {
    let payload = Payload::read(framing(octet_aligned), payload).ok()?;
    payload.frames().find_map(|frame| match frame.frame_type() {
        FrameType::Speech(mode) => Some(mode),
        FrameType::Sid | FrameType::Lost | FrameType::NoData => None,
    })
}
