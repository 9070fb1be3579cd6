//! What the media thread counts, for `/metrics`.

use media::DropReason;
use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! figures {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Counters since the start, and how things are now.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub(crate) struct MediaFigures {
            $($(#[$doc])* pub(crate) $name: u64,)*
        }

        /// Where the media thread writes its figures at every tick, for others to read.
        #[derive(Debug, Default)]
        pub(super) struct Board {
            $($name: AtomicU64,)*
        }

        impl Board {
            pub(super) fn write(&self, figures: &MediaFigures) {
                $(self.$name.store(figures.$name, Ordering::Relaxed);)*
            }

            pub(super) fn read(&self) -> MediaFigures {
                MediaFigures { $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }
    };
}

figures! {
    /// Packets that went on.
    relayed,
    /// Their octets.
    relayed_octets,
    /// Packets that came in and were translated or repacked.
    translated,
    /// Packets in which the box itself spoke.
    spoken,
    /// The latest that it ever spoke, in microseconds.
    spoken_late_micros,
    /// Turns of members of conferences whose sound was decoded.
    conference_decoded,
    /// Turns of members of conferences that showed that there is nothing to hear.
    conference_passed_over,
    /// Packets to pairs that nobody had.
    dropped_not_lent,
    /// Packets that were no media.
    dropped_malformed,
    /// Packets of somebody who is not believed.
    dropped_strangers,
    /// Packets beyond what any call needs.
    dropped_flood,
    /// Packets that nobody was to hear.
    dropped_not_bridged,
    /// Packets for a side that listens nowhere yet.
    dropped_nowhere,
    /// Packets that came too late to be translated.
    dropped_late,
    /// Packets that the tone of a key took the place of.
    dropped_keyed,
    /// Packets that nothing could be made of for the other side.
    dropped_untranslatable,
    /// Packets that were to be protected and were not genuine.
    dropped_forged,
    /// Protected packets that came before, or so late that they may have.
    dropped_repeated,
    /// Packets of a side that is to be encrypted and has no keys yet.
    dropped_keyless,
    /// Parts of handshakes that were too many at a time.
    dropped_handshakes,
    /// Handshakes that ended because the box failed at them.
    handshakes_failed,
    /// Packets for an encrypted side that could not be protected.
    dropped_unprotected,
    /// Packets for a side that the box itself speaks to.
    dropped_spoken_over,
    /// Reports about what the box itself says.
    dropped_reported,
    /// Packets that went from call to call of the box in a circle.
    dropped_circle,
    /// Packets that the network did not take.
    dropped_unsent,
    /// Octets that came from B channels that a call or a test has.
    line_received,
    /// Octets that were sent to them.
    line_sent,
    /// How often sound was left out or made up between a B channel and packets.
    line_slips,
    /// How often octets came from a B channel and found no room.
    line_overruns,
    /// How often a B channel had nothing to send in the middle of a call.
    line_underruns,
    /// B channels that were lost in the middle of a call.
    lines_lost,
    /// Pairs that are bound.
    pairs_bound,
    /// Of these, in control's hand.
    pairs_free,
    /// Of these, lent.
    pairs_lent,
    /// Of these, resting after use.
    pairs_resting,
    /// Pairs that somebody else on the box had, since the start.
    pairs_taken,
    /// Commands for pairs that were not lent or not free.
    commands_misused,
    /// Commands that wait.
    commands_waiting,
    /// Events that wait because control is behind.
    events_waiting,
    /// Turns of the media thread.
    turns,
    /// 1 where it goes before all that is not in real time.
    in_real_time,
}

impl MediaFigures {
    pub(super) fn count_drop(&mut self, reason: DropReason) {
        let counter = match reason {
            DropReason::NotLent => &mut self.dropped_not_lent,
            DropReason::Malformed => &mut self.dropped_malformed,
            DropReason::Stranger => &mut self.dropped_strangers,
            DropReason::Flood => &mut self.dropped_flood,
            DropReason::NotBridged => &mut self.dropped_not_bridged,
            DropReason::Nowhere => &mut self.dropped_nowhere,
            DropReason::Late => &mut self.dropped_late,
            DropReason::Keyed => &mut self.dropped_keyed,
            DropReason::Untranslatable => &mut self.dropped_untranslatable,
            DropReason::Forged => &mut self.dropped_forged,
            DropReason::Repeated => &mut self.dropped_repeated,
            DropReason::Keyless => &mut self.dropped_keyless,
            DropReason::Unprotected => &mut self.dropped_unprotected,
            DropReason::SpokenOver => &mut self.dropped_spoken_over,
            DropReason::Reported => &mut self.dropped_reported,
            DropReason::Circle => &mut self.dropped_circle,
        };
        *counter += 1;
    }
}
