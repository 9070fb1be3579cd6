//! The way of a packet from the pair that heard it to the far side of its partner.

use super::{DropReason, Engine, Verdict};
use crate::content::Content;
use crate::keys::Means;
use crate::port::Port;
use crate::rtcp::Compound;
use crate::transcode::{Came, Outcome, events, reports};
use call::{MediaEvent, PortId};
use std::net::SocketAddr;
use std::time::Instant;

/// What a datagram is, apart from its octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Stream,
    Reports,
    Plain,
    Keys,
}

impl Said {
    pub(super) fn of(content: &Content<'_>) -> Self {
        match content {
            Content::Rtp(_) => Self::Stream,
            Content::Rtcp => Self::Reports,
            Content::Plain => Self::Plain,
            Content::Keys => Self::Keys,
        }
    }
}

impl Engine {
    /// From the pair that heard it to the far side of its partner.
    pub(super) fn relay(
        &mut self,
        (heard, out): (PortId, PortId),
        rtcp: bool,
        said: Said,
        means: Means,
        bytes: &mut [u8],
        now: Instant,
    ) -> Verdict {
        let is_spoken_over = self.ports.of(out).is_some_and(Port::is_spoken_to);
        if said == Said::Reports {
            self.report(heard, out, is_spoken_over, bytes, now);
        }
        if out.is_line() && said != Said::Stream {
            return Verdict::Drop(DropReason::Nowhere);
        }
        if out.is_browser() && said != Said::Stream {
            return self.beside_browser(out, said, bytes, now);
        }
        let to = self.ports.of(out).and_then(|it| it.to(rtcp));
        let to = to.filter(|to| !self.is_circle(*to, heard, out) && !self.meets(heard, out));
        if to.is_none() && !out.is_browser() {
            return Verdict::Drop(DropReason::Nowhere);
        }
        let Some(it) = self.ports.of_mut(out) else { return Verdict::Drop(DropReason::Nowhere) };
        if is_spoken_over && matches!(said, Said::Stream | Said::Reports) {
            return Verdict::Drop(DropReason::SpokenOver);
        }
        if said == Said::Stream && it.typist.as_ref().is_some_and(|it| it.is_saying()) {
            return Verdict::Drop(DropReason::Keyed);
        }
        if said == Said::Stream
            && let Some(interpreter) = &mut it.interpreter
            && let Some(came) = Came::of(bytes)
        {
            let keys = it.formats.as_deref().and_then(events);
            let outcome = match means {
                Means::Itself => interpreter.hear(&came, bytes, now, &mut self.desk),
                Means::Key(tone) => interpreter.press(&came, tone, keys, now, &mut self.desk),
                Means::Nothing => Outcome::Keyed,
            };
            if outcome != Outcome::Passes {
                return match (self.translated(heard, out, outcome), to) {
                    (Err(reason), _) => Verdict::Drop(reason),
                    (Ok(()), Some(to)) => Verdict::Translated { port: out, to },
                    (Ok(()), None) => self.enclose(out, now),
                };
            }
        }
        let Some(to) = to else {
            self.desk.put(bytes);
            return self.enclose_counted(out, now);
        };
        if matches!(said, Said::Stream | Said::Plain) {
            it.speak(1, bytes.len() as u64);
        }
        let is_ciphered = it.is_ciphered();
        if !is_ciphered && self.ports.of(heard).is_none_or(|it| !it.is_ciphered()) {
            if !self.captures.is_empty() {
                self.capture_departure(out, rtcp, to, bytes);
            }
            return Verdict::Forward { port: out, rtcp, to };
        }
        if is_ciphered && matches!(said, Said::Keys | Said::Plain) {
            return Verdict::Drop(DropReason::Unprotected);
        }
        self.desk.put(bytes);
        if self.seal(out, said == Said::Reports) == 0 {
            return Verdict::Drop(DropReason::Unprotected);
        }
        Verdict::Ciphered { port: out, rtcp, to }
    }

    /// Protects what lies on the desk as the far side of a pair wants it. How many packets are left.
    pub(super) fn seal(&mut self, out: PortId, reports: bool) -> u64 {
        let captured = !self.captures.is_empty();
        if captured {
            self.capture_desk(out, reports, false);
        }
        if let Some(it) = self.ports.of_mut(out).filter(|it| it.is_ciphered()) {
            self.desk.change(|buffer, length| it.seal(reports, buffer, length));
        }
        if captured {
            self.capture_desk(out, reports, true);
        }
        self.desk.sum().0
    }

    /// Counts what became of a packet that does not leave as it came.
    pub(super) fn translated(
        &mut self,
        heard: PortId,
        out: PortId,
        outcome: Outcome,
    ) -> Result<(), DropReason> {
        let (packets, octets) = self.desk.sum();
        let mut request = None;
        if let Some(it) = self.ports.of_mut(out) {
            it.speak(packets, octets);
            request = it.interpreter.as_mut().and_then(|it| it.take_request());
            if outcome == Outcome::Cut && it.repacking.happened() {
                self.events.push_back(MediaEvent::Repacked { port: out, repacked: true });
            }
        }
        self.seal(out, false);
        if outcome == Outcome::Cut {
            self.await_cut(out);
        }
        let Some(it) = self.ports.of_mut(heard) else { return Err(DropReason::NotLent) };
        let reason = match outcome {
            Outcome::Passes | Outcome::Made | Outcome::Cut => {
                let counted = match outcome == Outcome::Cut {
                    true => &mut it.stats.repacked,
                    false => &mut it.stats.translated,
                };
                *counted += 1;
                if let (Some(mode), Some(interpreter)) = (request, &mut it.interpreter) {
                    interpreter.obey(mode);
                }
                return Ok(());
            }
            Outcome::Late => DropReason::Late,
            Outcome::Keyed => return Err(DropReason::Keyed),
            Outcome::Untranslatable => DropReason::Untranslatable,
        };
        it.stats.untranslated += 1;
        Err(reason)
    }

    /// Notes what a far side reports of the stream that it hears.
    /// They leave for the other side, unless the box speaks there itself.
    pub(super) fn report(
        &mut self,
        heard: PortId,
        out: PortId,
        is_spoken_over: bool,
        bytes: &mut [u8],
        now: Instant,
    ) {
        let says = |id| self.ports.of(id).and_then(|it| it.interpreter.as_deref());
        reports::translate(bytes, says(out), says(heard));
        let Ok(compound) = Compound::parse(bytes) else { return };
        if let Some(it) = self.ports.of_mut(heard) {
            it.note_times(compound, now);
        }
        if let Some(it) = self.ports.of_mut(out).filter(|_| !is_spoken_over) {
            it.quality.round_trip.asked(compound, now);
        }
        if let Some(stream) = self.ports.of(out).and_then(Port::heard)
            && let Some(it) = self.ports.of_mut(heard)
        {
            it.note_reports(compound, stream);
        }
    }

    /// Whether the far side of a pair is that pair, or its partner.
    fn meets(&self, heard: PortId, out: PortId) -> bool {
        let met = self.ports.of(out).and_then(|it| it.met);
        met.is_some_and(|met| met == heard || met == out)
    }

    /// A far side that says it listens where the box does would hear itself for ever.
    pub(super) fn is_circle(&self, to: SocketAddr, heard: PortId, out: PortId) -> bool {
        [heard, out].into_iter().any(|id| {
            to.port() / 2 == id.port / 2
                && self.own.get(usize::from(id.address)).is_some_and(|own| *own == to.ip())
        })
    }
}
