//! What control is asked by the API, and what it answers.

use super::Control;
use crate::lines::LinesHandle;
use crate::mailbox::{Ask, Quiet};
use crate::metrics::Snapshot;
use call::{CaptureStop, LineRefusal};
use exchange::{Command, Input};
use std::time::Instant;

impl Control {
    /// Whoever asked may have gone: an answer that nobody takes is no error.
    pub(super) fn answer(&mut self, ask: Ask, now: Instant) {
        match ask {
            Ask::Calls(to) => {
                let _ = to.send(self.exchange.calls());
            }
            Ask::Call(id, to) => {
                let _ = to.send(self.exchange.call(id).map(Box::new));
            }
            Ask::Registrations(to) => {
                let _ = to.send(self.exchange.registrations());
            }
            Ask::Conferences(to) => {
                let _ = to.send(self.exchange.conferences());
            }
            Ask::Trunks(to) => {
                let _ = to.send(self.exchange.trunks());
            }
            Ask::Lines(to) => {
                let _ = to.send(self.exchange.lines());
            }
            Ask::Line(wish, to) => {
                let mut lines = self.exchange.lines().into_iter();
                let line = lines.find(|line| line.facts.span == wish.span());
                let allowed = line.ok_or(LineRefusal::NoSpan);
                let allowed = allowed.and_then(|it| it.allows(&wish).map(|()| it.facts.name));
                if allowed.is_ok() {
                    self.feed(Input::Command(Command::Line(wish)), now);
                }
                let _ = to.send(allowed);
            }
            Ask::Load(to) => {
                let _ = to.send(self.exchange.load());
            }
            Ask::HangUp(id, to) => {
                let there = self.exchange.call(id).is_some();
                if there {
                    self.feed(Input::Command(Command::HangUp(id)), now);
                }
                let _ = to.send(there);
            }
            Ask::Record(wanted, to) => {
                let call = wanted.call;
                let there = self.exchange.call(call).is_some();
                if there {
                    self.feed(Input::Command(Command::Record(wanted)), now);
                }
                let begun = self.exchange.recording(call).cloned().map(Box::new).ok_or(Quiet);
                let _ = to.send(there.then_some(begun));
            }
            Ask::StopRecord(call, to) => {
                let ran = self.exchange.recording(call).cloned().map(Box::new);
                if ran.is_some() {
                    self.feed(Input::Command(Command::StopRecord(call)), now);
                }
                let _ = to.send(ran);
            }
            Ask::Capture(beginning, to) => {
                let call = beginning.capture.call;
                let begun = self.captures.begin(beginning, &self.exchange, now);
                let _ = to.send(begun.map(|commands| {
                    commands.into_iter().for_each(|command| self.command_media(command));
                    self.feed(Input::Command(Command::Capture(call)), now);
                }));
            }
            Ask::StopCapture(call, to) => {
                let ended = self.captures.end(call, CaptureStop::Asked, now);
                let _ = to.send(ended.map(|ended| {
                    let capture = ended.capture;
                    self.capture_ended(ended, now);
                    capture
                }));
            }
            Ask::Moderate(conference, call, moderation, to) => {
                if self.exchange.is_in_conference(conference, call) {
                    let command = Command::Moderate { call, moderation };
                    self.feed(Input::Command(command), now);
                }
                let rooms = self.exchange.conferences().into_iter();
                let mut members = rooms.filter(|it| it.id == conference).flat_map(|it| it.members);
                let _ = to.send(members.find(|member| member.call == call));
            }
            Ask::TakeOut(conference, call, to) => {
                let there = self.exchange.is_in_conference(conference, call);
                if there {
                    self.feed(Input::Command(Command::HangUp(call)), now);
                }
                let _ = to.send(there);
            }
            Ask::Figures(to) => {
                let snapshot = Snapshot {
                    exchange: self.exchange.figures(),
                    load: self.exchange.load(),
                    media: self.media.figures(),
                    lines: self.exchange.lines(),
                    frames: self.lines.as_ref().map(LinesHandle::figures),
                    control: self.state.counters,
                    connections: self.state.connections.len(),
                    facts: self.state.facts.len(),
                };
                let _ = to.send(Box::new(snapshot));
            }
        }
    }
}
