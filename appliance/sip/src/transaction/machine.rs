//! Whichever of the four machines a transaction is.

use std::time::Instant;

use super::client::Client;
use super::invite_client::InviteClient;
use super::invite_server::InviteServer;
use super::server::Server;
use super::{Event, Step, Timers};

#[derive(Debug)]
pub(super) enum Machine {
    InviteClient(InviteClient),
    Client(Client),
    InviteServer(InviteServer),
    Server(Server),
}

impl Machine {
    /// A request of ours has just been sent.
    pub(super) fn client(is_invite: bool, reliable: bool, timers: &Timers, now: Instant) -> Self {
        if is_invite {
            return Self::InviteClient(InviteClient::start(reliable, timers, now));
        }
        Self::Client(Client::start(reliable, timers, now))
    }

    /// A request of the peer's has just arrived.
    pub(super) fn server(is_invite: bool, reliable: bool, timers: &Timers, now: Instant) -> Self {
        if is_invite {
            return Self::InviteServer(InviteServer::start(reliable));
        }
        Self::Server(Server::start(reliable, timers, now))
    }

    pub(super) fn handle(&mut self, event: Event, timers: &Timers, now: Instant) -> Step {
        match self {
            Self::InviteClient(machine) => machine.handle(event, timers, now),
            Self::Client(machine) => machine.handle(event, timers, now),
            Self::InviteServer(machine) => machine.handle(event, timers, now),
            Self::Server(machine) => machine.handle(event, timers, now),
        }
    }

    /// When [`Event::Timeout`] is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::InviteClient(machine) => machine.deadline(),
            Self::Client(machine) => machine.deadline(),
            Self::InviteServer(machine) => machine.deadline(),
            Self::Server(machine) => machine.deadline(),
        }
    }

    pub(super) fn is_invite(&self) -> bool {
        matches!(self, Self::InviteClient(_) | Self::InviteServer(_))
    }

    pub(super) fn is_server(&self) -> bool {
        matches!(self, Self::InviteServer(_) | Self::Server(_))
    }

    /// Whether it is ours and waits for a final response.
    pub(super) fn is_pending(&self) -> bool {
        match self {
            Self::InviteClient(machine) => machine.is_pending(),
            Self::Client(machine) => machine.is_pending(),
            Self::InviteServer(_) | Self::Server(_) => false,
        }
    }

    /// Whether the stored message may have to go out again, or another be derived from it.
    pub(super) fn repeats(&self) -> bool {
        match self {
            Self::InviteClient(machine) => machine.repeats(),
            Self::Client(machine) => machine.repeats(),
            Self::InviteServer(machine) => machine.repeats(),
            Self::Server(machine) => machine.repeats(),
        }
    }
}
