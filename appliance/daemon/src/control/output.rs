//! Doing what the exchange says: at once, in order, and without waiting for anybody.

use super::{Consequence, Control, FLUSH, Port};
use crate::media_worker::Refused;
use crate::udp::Unsent;
use call::{CallState, Event, MediaCommand};
use exchange::Output;
use sip::flow::{Flow, Transport};
use std::sync::Arc;
use std::time::Instant;

impl Control {
    pub(super) fn act(&mut self, output: Output, now: Instant) {
        match output {
            Output::Send { flow, bytes } => {
                self.captures.said(flow, &bytes, &self.exchange, now);
                self.send(flow, bytes);
            }
            Output::Connect { connection, transport, remote, name } => {
                let queue = self.streams.connect(connection, transport, remote, name);
                self.state.connections.insert(connection, queue);
            }
            // Without its queue the task says good-bye and reports the end.
            Output::Disconnect { connection } => {
                self.state.connections.remove(&connection);
            }
            Output::Media(command) => {
                let beside = self.captures.follow(&command);
                self.command_media(command);
                beside.into_iter().for_each(|command| self.command_media(command));
            }
            Output::Line(command) => {
                if let Some(lines) = &mut self.lines {
                    lines.send(command);
                }
            }
            Output::Resolve(question) => self.dns.ask(question),
            Output::Fetch(fetch) => self.shelf.fetch(fetch),
            Output::Feed { port, play, recording } => {
                if !self.shelf.play(port, play, recording) {
                    tracing::warn!(%recording, "a recording is not played: too many begin at once");
                    let (block, last) = ([].into(), true);
                    self.command_media(MediaCommand::Feed { port, play, block, last });
                }
            }
            Output::Taped { recording, call, by, begun } => {
                self.shelf.note_tape(recording, call, by, begun);
            }
            Output::Record(record) => {
                let over = record.state == CallState::Ended;
                self.captures.recorded(record.id, over, &self.exchange, now);
                self.state.facts.record(record);
                self.state.flush_at.get_or_insert(now + FLUSH);
            }
            Output::Bind(registration) => {
                self.state.facts.bind(registration);
                self.state.flush_at.get_or_insert(now + FLUSH);
            }
            Output::Unbind(id) => {
                self.state.facts.unbind(id);
                self.state.flush_at.get_or_insert(now + FLUSH);
            }
            Output::Notify(event) => self.notify(event, now),
            Output::Finished => self.state.finished = true,
        }
    }

    fn send(&mut self, flow: Flow, bytes: Arc<[u8]>) {
        if flow.transport == Transport::Udp {
            return self.send_datagram(flow, &bytes);
        }
        let queue = flow.connection.and_then(|id| Some((id, self.state.connections.get(&id)?)));
        let Some((connection, queue)) = queue else {
            return self.state.consequences.push_back(Consequence::SendFailed(flow));
        };
        // A peer that reads too slowly for its queue is given up; the task notices by its queue.
        if queue.try_send(bytes).is_err() {
            self.state.connections.remove(&connection);
            self.state.counters.streams_given_up += 1;
            self.state.consequences.push_back(Consequence::Disconnected(connection));
        }
    }

    fn send_datagram(&mut self, flow: Flow, bytes: &[u8]) {
        let sent = match best(&self.udp, &flow) {
            Some(port) => port.udp.send(&flow, bytes),
            None => Err(Unsent::Unreachable),
        };
        match sent {
            Ok(()) => self.state.counters.datagrams_sent += 1,
            Err(Unsent::Full) => self.state.counters.datagrams_lost += 1,
            Err(Unsent::Unreachable) => {
                self.state.counters.datagrams_failed += 1;
                self.state.consequences.push_back(Consequence::SendFailed(flow));
            }
        }
    }

    /// Commands that media has no room for wait, and keep their order.
    pub(super) fn command_media(&mut self, command: MediaCommand) {
        if !self.state.commands.is_empty() {
            return self.state.commands.push_back(command);
        }
        if let Err(Refused::Full(command)) = self.media.send(command) {
            self.state.commands.push_back(command);
        }
    }

    pub(super) fn notify(&mut self, event: Event, now: Instant) {
        self.state.notices.push(event);
        self.state.flush_at.get_or_insert(now + FLUSH);
    }

    /// Lets go of what was gathered. Storage that is busy gets the facts with the next flush; they
    /// replace each other meanwhile, and their number is bounded.
    pub(super) fn flush(&mut self, now: Instant) {
        self.state.flush_at = None;
        if !self.state.notices.is_empty() {
            self.events.publish(std::mem::take(&mut self.state.notices));
        }
        if !self.state.facts.is_empty()
            && let Err(facts) = self.storage.keep(std::mem::take(&mut self.state.facts))
        {
            self.state.facts = facts;
            self.state.flush_at = Some(now + FLUSH);
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.flush();
        }
    }
}

/// The socket for a flow: the one bound to its address, else one bound to all of its family.
fn best<'a>(ports: &'a [Port], flow: &Flow) -> Option<&'a Port> {
    let exact = ports.iter().find(|port| port.udp.local() == flow.local);
    let any = |port: &&Port| {
        let local = port.udp.local();
        local.port() == flow.local.port()
            && local.is_ipv4() == flow.remote.is_ipv4()
            && (local.ip().is_unspecified() || flow.local.ip().is_unspecified())
    };
    exact.or_else(|| ports.iter().find(any))
}
