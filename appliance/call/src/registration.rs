//! A registered phone: where an extension can be reached.

use crate::UnixMillis;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// A binding, unique while it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct RegistrationId(pub u64);

/// One binding of the registrar (RFC 3261 §10, RFC 5626), as it is kept, shown and restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Registration {
    /// Its id.
    pub id: RegistrationId,
    /// The tenant's id.
    pub tenant: u32,
    /// The number of the extension.
    pub number: String,
    /// The device's name, when it logged in under one.
    pub device: Option<String>,
    /// The Contact URI as the phone gave it.
    pub contact: String,
    /// `+sip.instance`, without its angle brackets.
    pub instance: Option<String>,
    /// `reg-id` of RFC 5626.
    pub reg_id: Option<u32>,
    /// Preference in thousandths, 0 to 1000.
    pub q: u16,
    /// Path of RFC 3327, top first.
    pub path: Vec<String>,
    /// Call-ID of the REGISTER.
    pub call_id: String,
    /// Its CSeq.
    pub cseq: u32,
    /// How it came.
    pub transport: Transport,
    /// The address that it came from.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub source: SocketAddr,
    /// The address of ours that it came to.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub local: SocketAddr,
    /// What the phone calls itself.
    pub user_agent: String,
    /// Since when.
    pub registered: UnixMillis,
    /// Until when.
    pub expires: UnixMillis,
}

impl Registration {
    /// Whether both are of one phone that runs as it did: its Call-ID is another one after each start
    /// (RFC 3261 §10.2.4).
    pub fn is_of_same_run(&self, other: &Self) -> bool {
        self.call_id == other.call_id
            && self.contact == other.contact
            && self.user_agent == other.user_agent
    }
}

/// How SIP messages travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// WebSocket in TLS: a browser (RFC 7118).
    Wss,
}
