//! The data link of a D channel: LAPD, ITU-T Q.921 (09/97), point-to-point on a primary rate.
//!
//! [`Link`] is one end: it takes frames, requests and the time, and gives frames, data and what its
//! owner must know. It follows the states of Annex B from 4 (TEI assigned) on, because the TEI of a
//! primary rate is 0 and never assigned by anybody (§3.3.4.1). What it leaves out, and counts:
//! management of terminals (SAPI 63) and exchange of parameters (XID), neither of which a primary
//! rate needs, and frames for other links.
//!
//! Three things differ from the diagrams, none of them visible in a frame that they do not allow. A
//! link that its owner wants and that is lost is asked for again ([`Params::retry`]). Own receiver
//! busy belongs to the owner: it outlives a reset, after which the peer is told again. And an
//! acknowledgement goes out when an input was handled, unless an I frame carried it.
//!
//! LAPD relies on an answer being faster than T200 (§5.9) and on a wire that doubles nothing: a
//! second SABME of an impatient peer resets the numbers of one end only.

mod counters;
mod error;
mod frame;
mod link;
mod params;

pub use counters::{Counters, Kinds};
pub use error::Code;
pub use frame::{Address, Body, Frame, Kind, Malformed, Rejection, Sequence};
pub use link::{Input, Link, Output, Phase, Refusal, Released, Setup};
pub use params::{OutOfRange, Params, Retry};

/// Which end of the interface this is: who sends commands with which C/R bit (Q.921 Table 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The terminal, a PBX towards its carrier.
    User,
    /// The exchange, or a PBX towards another one behind it.
    Network,
}

impl Role {
    /// Who is at the other end.
    pub fn peer(self) -> Role {
        match self {
            Role::User => Role::Network,
            Role::Network => Role::User,
        }
    }
}
