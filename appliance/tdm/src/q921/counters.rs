//! What went through a link.

use super::Body;

/// What a link has seen and done since it was made. A frame that came is counted once in `received`,
/// `invalid`, `rejected`, `terminals`, `elsewhere` or `while_down`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Counters {
    /// Frames of the peer that were understood, and were for this link.
    pub received: Kinds,
    /// Frames that were sent.
    pub sent: Kinds,
    /// I frames among `sent` that had been sent before.
    pub repeated: u64,
    /// I frames among `received` that were out of sequence, or came while the owner was busy.
    pub discarded: u64,
    /// Messages of layer 3 that a reset or the end of the link took.
    pub lost: u64,
    /// Times that the link came to be established, resets among them.
    pub established: u64,
    /// Frames dropped because they were too short or their address was none (Q.921 §2.9), or a UI with
    /// more than N201.
    pub invalid: u64,
    /// Frames with an error of codes L to O (Q.921 §5.8), which are not among `received`.
    pub rejected: u64,
    /// Those of `rejected` that look like frames of our own role: both ends have the same role, or the
    /// line is looped back.
    pub wrong_side: u64,
    /// Frames of the management of terminals (SAPI 63), which a primary rate has none of: dropped.
    pub terminals: u64,
    /// Frames for other service access points or terminals: dropped.
    pub elsewhere: u64,
    /// Frames that came while the line was said to be down: dropped.
    pub while_down: u64,
    /// Frames that mean nothing in the state they came in, XID always: dropped. They are among `received`.
    pub unexpected: u64,
}

/// Frames by kind, Q.921 Table 5.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those of the table")]
pub struct Kinds {
    pub i: u64,
    pub rr: u64,
    pub rnr: u64,
    pub rej: u64,
    pub sabme: u64,
    pub disc: u64,
    pub ua: u64,
    pub dm: u64,
    pub ui: u64,
    pub frmr: u64,
    pub xid: u64,
}

impl Kinds {
    pub(super) fn count(&mut self, body: &Body<'_>) {
        let counter = match body {
            Body::I { .. } => &mut self.i,
            Body::Rr { .. } => &mut self.rr,
            Body::Rnr { .. } => &mut self.rnr,
            Body::Rej { .. } => &mut self.rej,
            Body::Sabme { .. } => &mut self.sabme,
            Body::Disc { .. } => &mut self.disc,
            Body::Ua { .. } => &mut self.ua,
            Body::Dm { .. } => &mut self.dm,
            Body::Ui { .. } => &mut self.ui,
            Body::Frmr { .. } => &mut self.frmr,
            Body::Xid { .. } => &mut self.xid,
        };
        *counter += 1;
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        let numbered = self.i + self.rr + self.rnr + self.rej;
        numbered + self.sabme + self.disc + self.ua + self.dm + self.ui + self.frmr + self.xid
    }
}
