//! The time of one master key: its session keys, and the streams that they protect.

use std::fmt;

use super::MasterKey;
use super::master::Protocol;
use super::streams::Streams;
use super::transform::Transform;

/// Everything that changes with the master key.
pub(super) struct Epoch {
    pub(super) master: MasterKey,
    pub(super) rtp: Session,
    pub(super) rtcp: Session,
}

/// One of its protocols.
pub(super) struct Session {
    pub(super) transform: Transform,
    pub(super) streams: Streams,
    /// How many packets the key is still good for.
    pub(super) left: u64,
}

impl Epoch {
    pub(super) fn new(master: &MasterKey) -> Self {
        let session = |protocol, most: u64| Session {
            transform: Transform::new(master, protocol),
            streams: Streams::new(),
            left: most.min(master.lifetime()),
        };
        Self {
            rtp: session(Protocol::Rtp, RTP_PACKETS),
            rtcp: session(Protocol::Rtcp, RTCP_PACKETS),
            master: master.clone(),
        }
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Epoch")
            .field("master", &self.master)
            .field("rtp", &self.rtp)
            .field("rtcp", &self.rtcp)
            .finish()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("streams", &self.streams.len())
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

/// RFC 3711 §9.2.
const RTP_PACKETS: u64 = 1 << 48;
const RTCP_PACKETS: u64 = 1 << 31;
