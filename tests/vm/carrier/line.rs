//! Our end of the line: a span of the driver, its D channel, a trunk, and what is said on B channels.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use board::dahdi::Card;
use board::{Event as Happened, LONGEST_FRAME, Law, Signalling, Span, Timeslot};
use tdm::q931::call::Event;
use tdm::q931::interface::{self, CallId, Channel, LinkId, Notice};
use tdm::trunk::{Output, Params, Trunk};

use crate::at;
use crate::voice::{Source, Voice};

pub(crate) struct Line {
    pub(crate) card: Card,
    pub(crate) trunk: Trunk,
    signalling: Box<dyn Signalling>,
    /// Frames that the buffers had no room for.
    waiting: VecDeque<Vec<u8>>,
    pub(crate) events: Vec<(CallId, Event)>,
    /// All else that the trunk told.
    pub(crate) told: Vec<Output>,
    pub(crate) voices: BTreeMap<CallId, Voice>,
    /// What was said on the D channel, message by message.
    said: VecDeque<String>,
    began: Instant,
}

impl Line {
    pub(crate) fn open(mut card: Card, interface: interface::Params) -> Result<Line, String> {
        let slot = card.facts().setting.signalling.first().copied().ok_or("no D channel")?;
        let signalling = card.open_signalling(slot).map_err(at("D channel"))?;
        let now = Instant::now();
        let params = Params { interface, links: tdm::q921::Params::default(), traces: true };
        Ok(Line {
            card,
            trunk: Trunk::new(params, now),
            signalling,
            waiting: VecDeque::new(),
            events: Vec::new(),
            told: Vec::new(),
            voices: BTreeMap::new(),
            said: VecDeque::new(),
            began: now,
        })
    }

    /// Back to the span alone.
    pub(crate) fn close(self) -> Card {
        self.card
    }

    pub(crate) fn law(&self) -> Law {
        self.card.facts().law()
    }

    /// Does what there is to do; whether there was anything.
    pub(crate) fn turn(&mut self) -> Result<bool, String> {
        let mut busy = false;
        let mut frame = [0; LONGEST_FRAME];
        while let Some(length) = self.signalling.receive(&mut frame).map_err(at("receive"))? {
            busy = true;
            self.trunk.frame(LinkId(0), &frame[..length], Instant::now());
            self.drain()?;
        }
        while let Some(event) = self.signalling.next_event() {
            if matches!(event, Happened::Alarm | Happened::AlarmsClear) {
                let alarms = self.card.status().map_err(at("status"))?.alarms;
                self.trunk.alarm(0, alarms.red || alarms.yellow, Instant::now());
            }
        }
        if self.trunk.poll_timeout().is_some_and(|due| due <= Instant::now()) {
            self.trunk.handle_timeout(Instant::now());
        }
        self.drain()?;
        for voice in self.voices.values_mut() {
            busy |= voice.turn()?;
        }
        Ok(busy)
    }

    fn drain(&mut self) -> Result<(), String> {
        while let Some(output) = self.trunk.poll_output() {
            match output {
                Output::Frame { octets, .. } => self.waiting.push_back(octets),
                Output::Notice(Notice::Call { call, event }) => {
                    if matches!(event, Event::Ended { .. }) {
                        self.voices.remove(&call);
                    }
                    self.events.push((call, event));
                }
                Output::Trace(line) => {
                    if line.layer == tdm::trunk::Layer::Message {
                        let at = line.at.duration_since(self.began).as_secs_f64();
                        self.said.push_back(format!("{at:8.3} {line}"));
                    }
                    if self.said.len() > 40 {
                        self.said.pop_front();
                    }
                }
                Output::Notice(Notice::Clear(channel)) => {
                    self.trunk.cleared(channel, Instant::now());
                    self.told.push(output);
                }
                other => self.told.push(other),
            }
        }
        while let Some(frame) = self.waiting.front() {
            if !self.signalling.send(frame).map_err(at("send"))? {
                break;
            }
            self.waiting.pop_front();
        }
        Ok(())
    }

    /// The channel of a call, if it stands.
    pub(crate) fn channel(&self, call: CallId) -> Option<Channel> {
        self.trunk.channel_of(call)
    }

    /// From now on this is said on the channel of a call, and what comes is kept.
    pub(crate) fn talk(&mut self, call: CallId, source: Source) -> Result<(), String> {
        let channel = self.channel(call).ok_or("the call has no channel")?;
        let slot = Timeslot(channel.number);
        let bearer = self.card.open_bearer(slot, BLOCK).map_err(at("B channel"))?;
        self.voices.insert(call, Voice::new(bearer, source));
        Ok(())
    }

    /// What was heard in a call since it talks.
    pub(crate) fn heard(&self, call: CallId) -> &[u8] {
        self.voices.get(&call).map_or(&[], Voice::heard)
    }

    /// What was said on the D channel of late.
    pub(crate) fn trace(&self) -> String {
        let lines: Vec<_> = self.said.iter().rev().take(24).cloned().collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n  ")
    }

    pub(crate) fn forget(&mut self) {
        self.events.clear();
        self.told.clear();
    }
}

/// 20 ms.
const BLOCK: usize = 160;
