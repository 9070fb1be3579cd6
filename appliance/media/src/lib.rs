//! RTP and RTCP: packets and ports, no sockets.
//!
//! An [`Engine`] holds the pairs of ports that are lent to calls and says of every datagram where
//! it goes. It reads no clock, owns no socket and allocates nothing for a packet; the daemon's
//! media thread and the simulated world of the tests drive it alike. A packet passes unchanged,
//! unless the two sides were said to speak differently: then it is translated. Where the box itself
//! is to be heard, it speaks every 20 ms.
//!
//! ```
//! use call::{CallId, Learn, LegId, MediaCommand, MediaKind, PeerAddress, PortId};
//! use media::{Engine, Verdict};
//! use std::time::Instant;
//!
//! let own = "192.0.2.1".parse().unwrap();
//! let [a, b] = [20000, 20002].map(|port| PortId { address: 0, port });
//! let [alice, bob] = ["198.51.100.7:4000", "203.0.113.9:5000"].map(|it| it.parse().unwrap());
//! let now = Instant::now();
//! let mut engine = Engine::new(vec![own]);
//! for (port, leg, rtp) in [(a, 1, alice), (b, 2, bob)] {
//!     engine.handle(
//!         MediaCommand::Open {
//!             port,
//!             call: CallId(1),
//!             leg: LegId(leg),
//!             kind: MediaKind::Audio,
//!             dscp: 46,
//!             silence_seconds: 60,
//!         },
//!         now,
//!     );
//!     let peer = PeerAddress { rtp, rtcp: rtp, learn: Learn::Never };
//!     engine.handle(MediaCommand::Peer { port, peer }, now);
//! }
//! engine.handle(MediaCommand::Bridge { a, b }, now);
//!
//! let mut packet = [0x80, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0xd5];
//! let verdict = engine.packet(a, false, alice, &mut packet, now);
//! assert_eq!(verdict, Verdict::Forward { port: b, rtcp: false, to: bob });
//! ```

mod beat;
mod bridge;
mod browser;
pub mod capture;
pub mod codec;
mod conference;
mod content;
mod ear;
mod effort;
mod engine;
mod feedback;
pub mod jitter;
mod keys;
pub mod line;
pub mod mixer;
mod mouth;
mod names;
mod port;
mod ports;
mod quality;
pub mod recording;
mod report;
pub mod rtcp;
pub mod rtp;
mod seat;
mod secrecy;
pub mod sound;
mod source;
mod spool;
pub mod srtp;
mod stats;
mod tape;
mod transcode;
mod voice;

pub use browser::{Certificate, Exit, Parcel};
pub use conference::Attention;
pub use effort::Effort;
pub use engine::{DropReason, Engine, Spoken, Verdict};
