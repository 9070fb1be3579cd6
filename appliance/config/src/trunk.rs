//! A trunk: a line to a carrier or to another exchange.

use crate::extension::yes;
use crate::{CodecPolicy, Encryption, Isdn, Number, Revision, Secret, Subnet, TenantId, TrunkId};
use serde::{Deserialize, Serialize};

/// A line to a carrier or to another exchange: by SIP, or by ISDN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Trunk {
    /// Its id.
    #[serde(default)]
    pub id: TrunkId,
    /// The change that last touched it.
    #[serde(default)]
    pub revision: Revision,
    /// The tenant that it belongs to.
    #[serde(default = "TenantId::default_tenant")]
    pub tenant: TenantId,
    /// What people call it.
    pub name: String,
    /// Switched off, it neither registers nor carries calls.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whether the box logs in at the carrier, is known there by its address, or has a line to it.
    #[serde(default)]
    pub kind: TrunkKind,
    /// The carrier's host name or address: its registrar and where calls go. Empty for ISDN.
    #[serde(default)]
    pub host: String,
    /// Its port, when it is not the one that DNS or the transport says.
    #[serde(default)]
    pub port: Option<u16>,
    /// How to reach it; `auto` follows RFC 3263.
    #[serde(default)]
    pub transport: TrunkTransport,
    /// The domain that the carrier wants in From and To, when it is not `host`.
    #[serde(default)]
    pub domain: Option<String>,
    /// The account's user, which the carrier also uses to call us.
    #[serde(default)]
    pub username: String,
    /// The log-in name for digest, when it is not `username`.
    #[serde(default)]
    pub auth_username: Option<String>,
    /// The account's password. Written, never shown; kept encrypted.
    #[serde(default, skip_serializing)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, write_only))]
    pub secret: Secret,
    /// How long a registration is asked to last, 60 to 86,400 s.
    #[serde(default = "an_hour")]
    pub register_seconds: u32,
    /// How often a static trunk's carrier is asked whether he is there, 10 to 3,600 s; 0 never, and
    /// then it counts as up.
    #[serde(default = "a_minute")]
    pub qualify_seconds: u16,
    /// Further addresses that calls from this carrier may come from; `host` always may.
    #[serde(default)]
    pub peers: Vec<Subnet>,
    /// How numbers are written towards the carrier.
    #[serde(default)]
    pub number_format: NumberFormat,
    /// What the called party is shown.
    #[serde(default)]
    pub caller_id: CallerId,
    /// What the carrier is offered and may speak; `None` as the tenant's.
    #[serde(default)]
    pub codecs: Option<CodecPolicy>,
    /// Whether its sound is encrypted; `None` as the tenant's.
    #[serde(default)]
    pub encryption: Option<Encryption>,
    /// Most calls at a time; `None` leaves it to the carrier.
    #[serde(default)]
    pub max_calls: Option<u32>,
    /// Its lines and how they are set, for a trunk of kind `isdn`; `None` for all others. Of the rest
    /// only name, numbers and the number of calls are of use then.
    #[serde(default)]
    pub isdn: Option<Isdn>,
}

/// How the carrier knows us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TrunkKind {
    /// The box registers with user and password.
    #[default]
    Register,
    /// The carrier knows our address and we know his.
    Static,
    /// Digital lines of the box lead there (E1, T1).
    Isdn,
}

/// How to reach a carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TrunkTransport {
    /// What DNS says, else UDP (RFC 3263 §4.1).
    #[default]
    Auto,
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS.
    Tls,
}

/// How numbers are written towards a carrier. Inside they are E.164.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NumberFormat {
    /// `+442079460958`
    #[default]
    Plus,
    /// `442079460958`
    Digits,
    /// `02079460958` at home, `0049301234` abroad: as a person of the country dials.
    National,
    /// What the route made of the dialled digits, untouched.
    AsDialled,
}

/// What the called party is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct CallerId {
    /// Shown when the extension has no outside number of its own.
    pub number: Option<Number>,
    /// Put the number in From as well; else From carries the account's user.
    pub in_from: bool,
    /// Put the number in P-Asserted-Identity (RFC 3325), for carriers that are trusted with it.
    pub asserted: bool,
}

impl Default for CallerId {
    fn default() -> Self {
        Self { number: None, in_from: true, asserted: true }
    }
}

impl Trunk {
    /// The domain for From, To and the request line.
    pub fn domain(&self) -> &str {
        self.domain.as_deref().unwrap_or(&self.host)
    }

    /// The log-in name for digest.
    pub fn auth_username(&self) -> &str {
        self.auth_username.as_deref().unwrap_or(&self.username)
    }
}

fn an_hour() -> u32 {
    3600
}

fn a_minute() -> u16 {
    60
}
