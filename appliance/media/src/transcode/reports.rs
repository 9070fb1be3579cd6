//! Reports about a stream that is not passed on as it is, as its two ends know it (RFC 3550 §6.4).

use super::Interpreter;
use crate::rtcp;
use std::time::Instant;

/// Changes the reports of one far side, so that the other finds in them its own numbers.
///
/// `said`: who says what the reporter sends. `heard`: who says what the reporter hears.
pub(crate) fn translate(bytes: &mut [u8], said: Option<&Interpreter>, heard: Option<&Interpreter>) {
    let said = said.filter(|it| it.touched);
    let heard = heard.filter(|it| it.touched);
    if said.is_none() && heard.is_none() {
        return;
    }
    rtcp::edit(
        bytes,
        |ssrc, information| {
            let said = said.filter(|it| it.numbering.ssrc() == Some(u32::from_be_bytes(*ssrc)));
            let Some(said) = said else { return };
            *ssrc = said.numbering.name().map_or(*ssrc, u32::to_be_bytes);
            information.and_then(|it| said.tell_sent(it));
        },
        |ssrc, report| {
            let heard = heard.filter(|it| it.numbering.name() == Some(u32::from_be_bytes(*ssrc)));
            let Some(heard) = heard else { return };
            *ssrc = heard.numbering.ssrc().map_or(*ssrc, u32::to_be_bytes);
            report.and_then(|it| heard.tell_heard(it));
        },
    );
}

impl Interpreter {
    /// Whether the box was the last to speak in the stream that leaves.
    pub(crate) fn is_the_boxs(&self) -> bool {
        self.numbering.is_apart() && self.numbering.sent().0 > 0
    }

    /// What the stream that leaves is called.
    pub(crate) fn name(&self) -> Option<u32> {
        self.numbering.name()
    }

    /// Ticks of it in a second.
    pub(crate) fn clock(&self) -> Option<u32> {
        Some(self.reached?.clock)
    }

    /// The timestamp of this instant in the stream that leaves, and how many packets left with how
    /// many octets of payload; nothing if none did.
    pub(crate) fn sent(&self, now: Instant) -> Option<(u32, u32, u32)> {
        let (packets, octets) = self.numbering.sent();
        let timestamp = self.reached?.at(now);
        (packets > 0).then_some((timestamp, packets, octets))
    }

    /// A sender's information: the timestamp of the instant in the stream that leaves, and what of
    /// it left.
    fn tell_sent(&self, information: &mut [u8; rtcp::SENDER_INFORMATION]) -> Option<()> {
        let timeline = self.timeline?;
        let (_, fields) = information.split_first_chunk_mut::<8>()?;
        let (fields, _) = fields.as_chunks_mut::<4>();
        let [timestamp, packets, octets] = fields else { return None };
        let (sent, sent_octets) = self.numbering.sent();
        *timestamp = timeline.map(u32::from_be_bytes(*timestamp)).to_be_bytes();
        *packets = sent.to_be_bytes();
        *octets = sent_octets.to_be_bytes();
        Some(())
    }

    /// A report block: numbers that the sender gave, and jitter in its clock. How far the other end
    /// is with a stream whose packets were cut anew cannot be said exactly: it is as far as the
    /// box.
    fn tell_heard(&self, report: &mut [u8; rtcp::REPORT_BODY]) -> Option<()> {
        let clocks = self.timeline?.clocks();
        let (fields, _) = report.as_chunks_mut::<4>();
        let [_, highest, jitter, ..] = fields else { return None };
        *highest = self.numbering.highest().to_be_bytes();
        let ticks = u64::from(u32::from_be_bytes(*jitter)) * u64::from(clocks.from);
        let ticks = ticks / u64::from(clocks.to.max(1));
        *jitter = u32::try_from(ticks).unwrap_or(u32::MAX).to_be_bytes();
        Some(())
    }
}
