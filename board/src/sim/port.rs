//! A channel of an end that is open: what waits to be sent, and what arrived.

use std::collections::VecDeque;

use crate::{Event, FrameFault};

/// A channel that is open.
#[derive(Debug)]
pub(super) struct Port {
    pub(super) content: Content,
    pub(super) events: VecDeque<Event>,
}

#[derive(Debug)]
pub(super) enum Content {
    Octets(Octets),
    Frames(Frames),
}

/// A B channel.
#[derive(Debug)]
pub(super) struct Octets {
    pub(super) block: usize,
    pub(super) looped: bool,
    to_send: VecDeque<u8>,
    arrived: VecDeque<u8>,
    /// Whether the last octet sent was one that was given.
    speaking: bool,
    /// Whether what arrives finds no room.
    deaf: bool,
}

/// A D channel.
#[derive(Debug, Default)]
pub(super) struct Frames {
    to_send: VecDeque<Vec<u8>>,
    sending: Option<Sending>,
    arrived: VecDeque<Vec<u8>>,
}

/// A frame whose octets are on their way.
#[derive(Debug)]
struct Sending {
    frame: Vec<u8>,
    /// Octets that are still to come, flags and check sequence among them.
    left: usize,
    spoiled: bool,
}

/// A frame that has left as a whole.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) frame: Vec<u8>,
    /// A bit of it is wrong, or an octet too many or too few.
    pub(super) spoiled: bool,
}

impl Port {
    pub(super) fn octets(block: usize) -> Port {
        let octets = Octets {
            block,
            looped: false,
            to_send: VecDeque::new(),
            arrived: VecDeque::new(),
            speaking: false,
            deaf: false,
        };
        Port { content: Content::Octets(octets), events: VecDeque::new() }
    }

    pub(super) fn frames() -> Port {
        Port { content: Content::Frames(Frames::default()), events: VecDeque::new() }
    }

    pub(super) fn tell(&mut self, event: Event) {
        if self.events.len() == EVENTS_KEPT {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    /// The octet to be sent now; `None`: the channel has nothing to say.
    pub(super) fn next_octet(&mut self, heard_last: u8) -> Option<u8> {
        let Content::Octets(octets) = &mut self.content else { return None };
        if octets.looped {
            return Some(heard_last);
        }
        let octet = octets.to_send.pop_front();
        if octet.is_none() && octets.speaking {
            octets.speaking = false;
            self.tell(Event::Underrun);
        } else {
            octets.speaking = octet.is_some();
        }
        octet
    }

    /// An octet arrived.
    pub(super) fn hear(&mut self, octet: u8) {
        let Content::Octets(octets) = &mut self.content else { return };
        if octets.arrived.len() < octets.block * BLOCKS_KEPT {
            octets.arrived.push_back(octet);
            octets.deaf = false;
        } else if !octets.deaf {
            octets.deaf = true;
            self.tell(Event::Overrun);
        }
    }

    /// An octet of a frame goes out; the frame, when it was its last one.
    pub(super) fn step_frame(&mut self) -> Option<Left> {
        let Content::Frames(frames) = &mut self.content else { return None };
        let mut sending = match frames.sending.take() {
            Some(sending) => sending,
            None => {
                let frame = frames.to_send.pop_front()?;
                Sending { left: frame.len() + AROUND_FRAME, frame, spoiled: false }
            }
        };
        sending.left -= 1;
        if sending.left == 0 {
            return Some(Left { frame: sending.frame, spoiled: sending.spoiled });
        }
        frames.sending = Some(sending);
        None
    }

    /// What is on its way at this moment will not be understood.
    pub(super) fn spoil(&mut self) {
        if let Content::Frames(frames) = &mut self.content
            && let Some(sending) = &mut frames.sending
        {
            sending.spoiled = true;
        }
    }

    /// A frame arrived.
    pub(super) fn receive(&mut self, left: Left) {
        let Content::Frames(frames) = &mut self.content else { return };
        if left.spoiled {
            self.tell(Event::BadFrame(FrameFault::Check));
        } else if frames.arrived.len() == FRAMES_KEPT {
            self.tell(Event::BadFrame(FrameFault::Overrun));
        } else {
            frames.arrived.push_back(left.frame);
        }
    }
}

impl Octets {
    /// As [`crate::Bearer::read`].
    pub(super) fn read(&mut self, octets: &mut [u8]) -> usize {
        if self.arrived.len() < self.block {
            return 0;
        }
        for (room, octet) in octets.iter_mut().zip(self.arrived.drain(..self.block)) {
            *room = octet;
        }
        self.block
    }

    /// As [`crate::Bearer::write`].
    pub(super) fn write(&mut self, octets: &[u8]) -> usize {
        if self.to_send.len() + octets.len() > self.block * BLOCKS_KEPT {
            return 0;
        }
        self.to_send.extend(octets);
        octets.len()
    }
}

impl Frames {
    /// As [`crate::Signalling::receive`].
    pub(super) fn take(&mut self) -> Option<Vec<u8>> {
        self.arrived.pop_front()
    }

    /// As [`crate::Signalling::send`].
    pub(super) fn give(&mut self, frame: &[u8]) -> bool {
        if self.to_send.len() == FRAMES_KEPT {
            return false;
        }
        self.to_send.push_back(frame.to_vec());
        true
    }
}

/// Blocks that wait each way, as of a card.
const BLOCKS_KEPT: usize = 8;
/// Frames that wait each way, as of a card.
const FRAMES_KEPT: usize = 16;
/// Events that wait for who does not ask.
const EVENTS_KEPT: usize = 64;
/// Octets around a frame: its check sequence and a flag (ITU-T Q.921 §2.2, §2.7), the flag shared with
/// the next frame.
const AROUND_FRAME: usize = 3;
