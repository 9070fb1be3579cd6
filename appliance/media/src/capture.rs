//! Packets of captured pairs on their way from a media thread to the disk.
//!
//! A capture's memory is taken when it begins. Packets are copied into its reels; a full one goes to
//! the disk, and comes back when it was written. While none is free, packets are counted and not kept:
//! the calls wait for nothing.

use crate::engine::DropReason;
use call::{CaptureId, PortId};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::ops::Range;
use std::time::Instant;

/// What became of a capture, in order.
#[derive(Debug)]
pub enum Captured {
    /// Its next packets. The reel is to come back to [`crate::Engine::reuse_reel`].
    Packets(Reel),
    /// Nothing more comes. So many packets were missed behind the last reel.
    End(CaptureId, u64),
}

/// Some packets of one capture, in order.
#[derive(Debug)]
pub struct Reel {
    /// Whose.
    pub capture: CaptureId,
    /// Packets before it that were missed: no reel was free.
    pub missed: u64,
    octets: Box<[u8]>,
    used: usize,
    frames: Vec<(Instant, Frame, Range<usize>)>,
}

/// How a packet was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// From where.
    pub from: SocketAddr,
    /// Where to.
    pub to: SocketAddr,
    /// It came to the box.
    pub inbound: bool,
    /// On the wire it is encrypted.
    pub opened: bool,
    /// Why it ended at the box, if it did.
    pub dropped: Option<DropReason>,
}

/// The captures that run in one media thread.
#[derive(Debug, Default)]
pub(crate) struct Captures {
    running: BTreeMap<CaptureId, Running>,
    out: VecDeque<Captured>,
    /// Of what is being done.
    now: Option<Instant>,
    /// Packets that came in and were kept.
    arrivals: u64,
}

/// How a pair is captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tapped {
    pub(crate) capture: CaptureId,
    /// As it is said, not as it is on the wire.
    pub(crate) decrypted: bool,
}

#[derive(Debug, Default)]
struct Running {
    ports: Vec<PortId>,
    filling: Option<Reel>,
    free: Vec<Reel>,
    missed: u64,
}

impl Frame {
    pub(crate) fn came(from: SocketAddr, to: SocketAddr) -> Self {
        Self { from, to, inbound: true, opened: false, dropped: None }
    }

    pub(crate) fn left(from: SocketAddr, to: SocketAddr) -> Self {
        Self { from, to, inbound: false, opened: false, dropped: None }
    }
}

impl Reel {
    fn new(capture: CaptureId) -> Self {
        let octets = vec![0; OCTETS].into_boxed_slice();
        Self { capture, missed: 0, octets, used: 0, frames: Vec::with_capacity(FRAMES) }
    }

    /// Its packets: when each was seen and how, and its octets.
    pub fn packets(&self) -> impl Iterator<Item = (Instant, &Frame, &[u8])> {
        let octets = |place: &Range<usize>| self.octets.get(place.clone()).unwrap_or_default();
        self.frames.iter().map(move |(at, frame, place)| (*at, frame, octets(place)))
    }

    fn clear(&mut self) {
        (self.missed, self.used) = (0, 0);
        self.frames.clear();
    }

    /// False when there is no room.
    fn push(&mut self, at: Instant, frame: Frame, bytes: &[u8]) -> bool {
        let place = self.used..self.used + bytes.len();
        let full = self.frames.len() == FRAMES;
        let Some(room) = self.octets.get_mut(place.clone()).filter(|_| !full) else { return false };
        room.copy_from_slice(bytes);
        self.used = place.end;
        self.frames.push((at, frame, place));
        true
    }
}

impl Captures {
    /// Whether nobody looks at any call.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// What time it is.
    pub(crate) fn turn(&mut self, now: Instant) {
        self.now = Some(now);
    }

    pub(crate) fn arrivals(&self) -> u64 {
        self.arrivals
    }

    /// One more pair for a capture, whose memory is taken with the first.
    pub(crate) fn begin(&mut self, capture: CaptureId, port: PortId) {
        let running = self.running.entry(capture).or_insert_with(|| {
            let free = (0..REELS).map(|_| Reel::new(capture)).collect();
            Running { ports: Vec::new(), filling: None, free, missed: 0 }
        });
        running.ports.push(port);
    }

    /// Nothing more is kept; the pairs that were captured.
    pub(crate) fn end(&mut self, capture: CaptureId) -> Vec<PortId> {
        let running = self.running.remove(&capture);
        let Running { ports, filling, missed, .. } = running.unwrap_or_default();
        self.out.extend(filling.map(Captured::Packets));
        self.out.push_back(Captured::End(capture, missed));
        ports
    }

    /// Keeps a copy of a packet. False when it was missed.
    pub(crate) fn keep(&mut self, capture: CaptureId, frame: Frame, bytes: &[u8]) -> bool {
        let Some(running) = self.running.get_mut(&capture) else { return false };
        let Some(now) = self.now else { return false };
        for _ in 0..2 {
            let Some(reel) = running.reel() else { break };
            if reel.push(now, frame, bytes) {
                self.arrivals += u64::from(frame.inbound);
                return true;
            }
            if reel.frames.is_empty() {
                break;
            }
            self.out.extend(running.filling.take().map(Captured::Packets));
        }
        running.missed += 1;
        false
    }

    /// Notes why the packet that came in last ended here.
    pub(crate) fn judge(&mut self, capture: CaptureId, reason: DropReason) {
        let filling = self.running.get_mut(&capture).and_then(|it| it.filling.as_mut());
        let mut frames = filling.into_iter().flat_map(|reel| reel.frames.iter_mut().rev());
        if let Some((_, frame, _)) = frames.find(|(_, frame, _)| frame.inbound) {
            frame.dropped = Some(reason);
        }
    }

    /// Lets go of what was gathered, full or not.
    pub(crate) fn hand_over(&mut self) {
        for running in self.running.values_mut() {
            let filled = running.filling.take_if(|reel| !reel.frames.is_empty());
            self.out.extend(filled.map(Captured::Packets));
        }
    }

    pub(crate) fn poll(&mut self) -> Option<Captured> {
        self.out.pop_front()
    }

    pub(crate) fn put_back(&mut self, captured: Captured) {
        self.out.push_front(captured);
    }

    pub(crate) fn reuse(&mut self, mut reel: Reel) {
        if let Some(running) = self.running.get_mut(&reel.capture)
            && running.free.len() < REELS
        {
            reel.clear();
            running.free.push(reel);
        }
    }
}

impl Running {
    fn reel(&mut self) -> Option<&mut Reel> {
        if self.filling.is_none() {
            let mut reel = self.free.pop()?;
            reel.missed = std::mem::take(&mut self.missed);
            self.filling = Some(reel);
        }
        self.filling.as_mut()
    }
}

/// A datagram of the largest size fits in.
const OCTETS: usize = 64 * 1024;
/// More than fit in of a voice call's.
const FRAMES: usize = 256;
/// Two megabytes: a video call's packets of two seconds, a voice call's of fifteen.
const REELS: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    const ID: CaptureId = CaptureId(7);

    fn frame() -> Frame {
        let end: SocketAddr = "192.0.2.1:4000".parse().unwrap();
        Frame::came(end, end)
    }

    #[allow(clippy::disallowed_methods)] // any instant will do
    fn begun() -> Captures {
        let mut captures = Captures::default();
        captures.turn(Instant::now());
        captures.begin(ID, PortId { address: 0, port: 4000 });
        captures
    }

    #[test]
    fn packets_come_out_as_they_were_put_in() {
        let (mut captures, frame) = (begun(), frame());
        for n in 0..300_u16 {
            assert!(captures.keep(ID, frame, &n.to_be_bytes()));
        }
        captures.judge(ID, DropReason::Stranger);
        captures.end(ID);
        let mut seen = Vec::new();
        let mut last = None;
        while let Some(captured) = captures.poll() {
            match captured {
                Captured::Packets(reel) => {
                    assert_eq!(reel.missed, 0);
                    seen.extend(reel.packets().map(|(_, _, bytes)| bytes.to_vec()));
                    last = reel.packets().last().and_then(|(_, frame, _)| frame.dropped);
                }
                Captured::End(id, missed) => assert_eq!((id, missed), (ID, 0)),
            }
        }
        assert_eq!(seen, (0..300_u16).map(|n| n.to_be_bytes().to_vec()).collect::<Vec<_>>());
        assert_eq!(last, Some(DropReason::Stranger));
    }

    #[test]
    fn what_a_slow_disk_cannot_take_is_counted_and_told_with_what_comes_after_it() {
        let (mut captures, frame) = (begun(), frame());
        let bytes = vec![0; OCTETS];
        let kept = (0..REELS + 3).filter(|_| captures.keep(ID, frame, &bytes)).count();
        assert_eq!(kept, REELS);
        let Some(Captured::Packets(first)) = captures.poll() else { panic!() };
        captures.reuse(first);
        assert!(captures.keep(ID, frame, b"later"));
        captures.hand_over();
        let mut missed = Vec::new();
        while let Some(Captured::Packets(reel)) = captures.poll() {
            missed.push(reel.missed);
        }
        assert_eq!((missed.len(), missed.last()), (REELS, Some(&3)));
    }

    #[test]
    fn what_is_larger_than_any_datagram_costs_nothing_but_itself() {
        let (mut captures, frame) = (begun(), frame());
        assert!(!captures.keep(ID, frame, &vec![0; OCTETS + 1]));
        assert!(captures.keep(ID, frame, b"next"));
    }

    #[test]
    fn nothing_is_kept_for_a_capture_that_has_ended() {
        let (mut captures, frame) = (begun(), frame());
        captures.end(ID);
        assert!(!captures.keep(ID, frame, b"late"));
    }
}
