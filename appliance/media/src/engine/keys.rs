//! The keys that far sides press.

use super::{Engine, Turn};
use crate::keys::{Means, has_events};
use crate::transcode::{Came, Interpreter};
use call::{KeyPress, MediaEvent, PortId};
use std::net::SocketAddr;
use std::time::Instant;

impl Engine {
    /// Hears the keys in a packet: what the other side is to hear of it.
    pub(super) fn listen(&mut self, port: PortId, bytes: &[u8], now: Instant) -> Means {
        let Some(it) = self.ports.of_mut(port) else { return Means::Itself };
        let (Some(keys), Some(formats)) = (&mut it.keys, it.formats.as_deref()) else {
            return Means::Itself;
        };
        let Some(came) = Came::of(bytes) else { return Means::Itself };
        let Some(payload) = came.payload.and_then(|it| bytes.get(it)) else { return Means::Itself };
        let tell = |key| self.events.push_back(MediaEvent::Key { port, key });
        let means = keys.hear(came.head, payload, formats, now, self.desk.room(), tell);
        self.watch_keys(port);
        means
    }

    /// A request told of a key that the far side of the partner pressed.
    pub(super) fn press(&mut self, port: PortId, key: KeyPress, now: Instant) {
        let partner = self.ports.of(port).and_then(|it| it.partner);
        let Some(it) = partner.and_then(|it| self.ports.of_mut(it)) else { return };
        if !it.keys.get_or_insert_with(Box::default).press(key, now) {
            return;
        }
        let Some(it) = self.ports.of_mut(port) else { return };
        it.typist.get_or_insert_with(Box::default).push(key);
        it.interpreter.get_or_insert_with(|| Box::new(Interpreter::new()));
        self.beat.join(Turn::Keys(port), now);
    }

    /// Says the next of the keys for a far side; where that goes.
    pub(super) fn type_keys(&mut self, port: PortId, due: Instant) -> Option<SocketAddr> {
        self.desk.clear();
        let it = self.ports.of_mut(port)?;
        // What the box says otherwise comes first.
        let is_spoken_to = it.is_spoken_to();
        if let (Some(typist), Some(formats), Some(stream), false) =
            (&mut it.typist, it.formats.as_deref(), &mut it.interpreter, is_spoken_to)
        {
            typist.say(formats, it.own, due, stream, &mut self.desk);
        }
        if it.typist.as_ref().is_none_or(|it| it.is_done()) {
            it.typist = None;
            self.beat.leave(Turn::Keys(port));
        }
        self.listens(port)
    }

    /// Decides how to listen for the keys of a far side: for events where it has them; for tones
    /// where it has none, and somebody wants to know of them. That is a partner who has events, or
    /// the box itself, which a pair without a partner talks with.
    pub(super) fn attend(&mut self, port: PortId) {
        let Some(it) = self.ports.of(port) else { return };
        let partner = it.partner.map(|partner| self.ports.of(partner));
        let wanted = match partner {
            Some(partner) => partner
                .and_then(|it| it.formats.as_deref())
                .is_some_and(|formats| has_events(&formats.send)),
            None => true,
        };
        let Some(it) = self.ports.of_mut(port) else { return };
        let Some(formats) = it.formats.as_deref() else { return };
        let own = has_events(&formats.receive);
        match own || wanted {
            true => it.keys.get_or_insert_with(Box::default).listen_for_tones(!own && wanted),
            false => it.keys = None,
        }
    }

    /// The end of a key may be lost: it is looked for.
    pub(super) fn watch_keys(&mut self, port: PortId) {
        let Some(it) = self.ports.of_mut(port) else { return };
        let due = it.keys.as_ref().and_then(|keys| keys.due());
        let Some(due) = due.filter(|_| it.key_watch.is_none()) else { return };
        it.key_watch = Some(due);
        self.key_watches.insert((due, port));
    }
}
