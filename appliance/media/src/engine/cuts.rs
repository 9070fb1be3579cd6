//! The rest of several packets that became of one: each leaves as much later as it is long.

use super::Engine;
use call::PortId;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::time::Instant;

/// Which pairs have packets that wait, and until when. A pair may be there twice: the instant that it
/// names itself counts.
pub(super) type Cuts = BinaryHeap<Reverse<(Instant, PortId)>>;

impl Engine {
    /// Packets may wait to leave by this pair.
    pub(super) fn await_cut(&mut self, port: PortId) {
        let Some(it) = self.ports.of_mut(port) else { return };
        let due = it.interpreter.as_ref().and_then(|it| it.cut_due());
        if it.cut_due != due {
            it.cut_due = due;
            self.cuts.extend(due.map(|due| Reverse((due, port))));
        }
    }

    /// The next packet that is due lies on the desk: by which pair it leaves, and where to.
    pub(super) fn next_cut(&mut self, now: Instant) -> Option<(PortId, Option<SocketAddr>)> {
        while let Some(Reverse((due, port))) = self.cuts.peek().copied()
            && due <= now
        {
            self.cuts.pop();
            let Some(it) = self.ports.of_mut(port).filter(|it| it.cut_due == Some(due)) else {
                continue;
            };
            let Some(interpreter) = &mut it.interpreter else { continue };
            // What was said or heard meanwhile has taken it along.
            let waits = interpreter.cut_due() == Some(due);
            if waits {
                interpreter.cut_on(due, &mut self.desk);
            }
            self.await_cut(port);
            if waits {
                return Some((port, self.listens(port)));
            }
        }
        None
    }

    /// When the next is due.
    pub(super) fn cut_due(&self) -> Option<Instant> {
        self.cuts.peek().map(|Reverse((due, _))| *due)
    }
}
