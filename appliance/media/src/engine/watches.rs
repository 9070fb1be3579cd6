//! Who is looked at, and when.

use super::Engine;
use call::{MediaEvent, PortId};
use std::time::Instant;

impl Engine {
    /// Looks whether somebody fell silent, or let a key go without a word, and reports of what the
    /// box itself hears and says. Drain [`Engine::poll_parcel`] after it.
    pub fn tick(&mut self, now: Instant) {
        self.captures.turn(now);
        self.captures.hand_over();
        while let Some(key) = self.browsers.tick(now, &mut self.outbox) {
            self.hear_browser(key, now);
        }
        while let Some(&(at, port)) = self.key_watches.first()
            && at <= now
        {
            self.key_watches.pop_first();
            let Some(it) = self.ports.of_mut(port) else { continue };
            it.key_watch = None;
            let key = it.keys.as_mut().and_then(|keys| keys.expire(now));
            self.events.extend(key.map(|key| MediaEvent::Key { port, key }));
            self.watch_keys(port);
        }
        while let Some(&(at, port)) = self.quality_watches.first()
            && at <= now
        {
            self.quality_watches.pop_first();
            self.judge(port, now);
        }
        self.tell_reports(now);
        while let Some(&(at, port)) = self.watches.first()
            && at <= now
        {
            self.watches.pop_first();
            let Some(it) = self.ports.of_mut(port) else { continue };
            it.watch = None;
            let silent = it.silence.due().is_some_and(|due| due <= now);
            // Who only listens (an announcement, a muted phone that sends nothing) is not gone.
            let partner = it.partner.and_then(|partner| self.ports.of(partner));
            let other = partner.and_then(|partner| partner.silence.due()).filter(|due| *due > now);
            if silent && let Some(due) = other {
                if let Some(it) = self.ports.of_mut(port) {
                    it.watch = Some(due);
                    self.watches.insert((due, port));
                }
                continue;
            }
            if silent && let Some(it) = self.ports.of_mut(port) {
                it.silence.report();
                self.events.push_back(MediaEvent::Silent { port });
            }
            self.watch(port);
        }
    }

    /// A new description or a new partner: the far side has all its time again.
    pub(super) fn wait_anew(&mut self, port: PortId, now: Instant) {
        if self.ports.of_mut(port).is_some_and(|it| it.silence.broken(now)) {
            self.watch(port);
        }
    }

    /// A pair is looked at when its patience ends as of now; it only ever ends later than that.
    pub(super) fn watch(&mut self, port: PortId) {
        let Some(it) = self.ports.of_mut(port) else { return };
        let Some(due) = it.silence.due().filter(|_| it.watch.is_none()) else { return };
        it.watch = Some(due);
        self.watches.insert((due, port));
    }
}
