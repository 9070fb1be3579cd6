//! What the owner of a trunk wants of calls and channels; each is that of the [`Interface`].
//!
//! [`Interface`]: crate::q931::interface::Interface

use std::time::Instant;

use super::Trunk;
use crate::q931::call::{Misuse, Request};
use crate::q931::interface::{CallId, Channel, Refused, Scope, Setup, Standing};

impl Trunk {
    /// Places a call. It ends with [`Event::Ended`](crate::q931::call::Event::Ended), whatever happens.
    pub fn setup(&mut self, setup: Setup, now: Instant) -> Result<CallId, Refused> {
        let placed = self.interface.place(setup, now);
        self.work(now);
        placed
    }

    /// What the owner wants of a call.
    pub fn request(&mut self, call: CallId, request: Request, now: Instant) -> Result<(), Misuse> {
        let done = self.interface.request(call, request, now);
        self.work(now);
        done
    }

    /// The channel of a call. That of a call of ours may still change, until
    /// [`Event::Channel`](crate::q931::call::Event::Channel) says which it is. None: the call is over, or
    /// waits for the far side to name another channel.
    pub fn channel_of(&self, call: CallId) -> Option<Channel> {
        self.interface.channel_of(call)
    }

    /// Its calls with their channels, the oldest first.
    pub fn calls(&self) -> impl Iterator<Item = (CallId, Option<Channel>)> {
        self.interface.calls().map(|(id, _, channel)| (id, channel))
    }

    /// Takes a channel out of service, or back. While it carries a call, `gently` waits for the end of the
    /// call; else the call is cleared.
    pub fn set_service(
        &mut self,
        channel: Channel,
        service: Standing,
        gently: bool,
        now: Instant,
    ) -> Result<(), Misuse> {
        let done = self.interface.set_service(channel, service, gently, now);
        self.work(now);
        done
    }

    /// Restarts channels: their calls end here and there, and nobody uses them until the far side has
    /// confirmed it ([`Notice::Restarted`](crate::q931::interface::Notice::Restarted)).
    pub fn restart(&mut self, scope: Scope, now: Instant) {
        self.interface.restart(scope, now);
        self.work(now);
    }

    /// The owner has cleared a channel that the far side restarts.
    pub fn cleared(&mut self, channel: Channel, now: Instant) {
        self.interface.cleared(channel, now);
        self.work(now);
    }
}
