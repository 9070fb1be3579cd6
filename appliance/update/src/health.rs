//! What a box on trial must show before its software is called good.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A question that the box asks itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Check {
    /// SIP answers on each of its own addresses (an OPTIONS of its own).
    Sip,
    /// A call to itself, in which both sides hear the other.
    Call,
    /// The web admin answers by HTTPS.
    Web,
    /// The network that worked before works: the same links and a way out.
    Network,
    /// The fleet server is reached.
    Fleet,
}

impl Check {
    /// How long after the start this must be so. Chosen by us: the box answers within 25 s of power
    /// on its slowest board, DHCP may take a minute (RFC 2131 §4.1: 4 to 64 s between tries), and a
    /// fleet server is asked again after half a minute.
    pub fn within(self) -> Duration {
        Duration::from_secs(match self {
            Check::Sip | Check::Web => 120,
            Check::Call => 180,
            Check::Network => 240,
            Check::Fleet => 420,
        })
    }

    /// What it is called in a sentence that goes on with "did not".
    pub fn subject(self) -> &'static str {
        match self {
            Check::Sip => "SIP did not answer",
            Check::Call => "a call of the box to itself did not work",
            Check::Web => "the web admin did not answer",
            Check::Network => "the network that worked before did not work",
            Check::Fleet => "the fleet server could not be reached",
        }
    }
}

/// What worked before the update, and so has to work after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Before {
    /// Whether there was a network with a way out.
    pub network: bool,
    /// Whether a fleet server was reached.
    pub fleet: bool,
}

impl Before {
    /// The checks of a trial: an office that was offline before is not asked for a network.
    pub fn checks(self) -> impl Iterator<Item = Check> {
        [Check::Sip, Check::Call, Check::Web, Check::Network, Check::Fleet].into_iter().filter(
            move |check| match check {
                Check::Sip | Check::Call | Check::Web => true,
                Check::Network => self.network,
                Check::Fleet => self.fleet,
            },
        )
    }
}
