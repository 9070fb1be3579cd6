//! What the thread of the lines counts, for `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! figures {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Counters since the start.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub(crate) struct LineFigures {
            $($(#[$doc])* pub(crate) $name: u64,)*
        }

        /// Where they are counted, for others to read.
        #[derive(Debug, Default)]
        pub(super) struct Board {
            $(pub(super) $name: AtomicU64,)*
        }

        impl Board {
            pub(super) fn read(&self) -> LineFigures {
                LineFigures { $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }
    };
}

figures! {
    /// Frames that came whole on D channels.
    frames_received,
    /// Frames that drivers took to be sent.
    frames_sent,
    /// Frames that came and were not whole.
    frames_bad,
    /// Frames that control had no room for.
    frames_unheard,
    /// Frames that found no room at their D channel, or no D channel.
    frames_unsent,
    /// Commands that the thread had no room for, frames most of them.
    commands_lost,
}

/// One more of these.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
