//! Where the box stands in the network: what is inside, and how the outside sees it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// What the installer says of the network.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Network {
    /// Networks that count as inside, beside the private ranges and the box's own.
    pub inside: Vec<Subnet>,
    /// How the outside reaches the box when a router stands between.
    pub external: External,
    /// Web sites beside the box's own whose pages may be telephones: `https://crm.example`.
    pub web_phones: Vec<WebOrigin>,
}

/// Where a page comes from (RFC 6454 §6.1): scheme, host and, where it is not the usual one, port.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String))]
#[serde(try_from = "String", into = "String")]
pub struct WebOrigin(String);

/// Not a scheme, a host and perhaps a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadOrigin;

/// The address that goes into c=, Contact and Via towards the outside.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum External {
    /// The one that a trunk's answers show (`received` and `rport`, RFC 3581), else our own.
    #[default]
    Learned,
    /// Always this one.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    Fixed(IpAddr),
    /// The one that this STUN server shows: `host` or `host:port`.
    Stun(String),
}

/// A network in the notation of RFC 4632: `192.168.1.0/24`, or a single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subnet {
    address: IpAddr,
    bits: u8,
}

/// Not an address, nor a network in CIDR notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadSubnet;

impl Subnet {
    /// The network of which this address is a part.
    pub fn new(address: IpAddr, bits: u8) -> Result<Self, BadSubnet> {
        let width = if address.is_ipv4() { 32 } else { 128 };
        if bits > width {
            return Err(BadSubnet);
        }
        Ok(Self { address: masked(address, bits), bits })
    }

    /// Whether the address lies in it. An IPv4 address mapped into IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && masked(address, self.bits) == self.address
    }

    /// Networks that no public address is part of: RFC 1918, RFC 6598, loopback, link-local and
    /// unique local addresses.
    pub fn is_private(address: IpAddr) -> bool {
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, ..] = v4.octets();
                v4.is_private()
                    || v4.is_loopback()
                    || v4.is_link_local()
                    || (a == 100 && b & 0xc0 == 64)
            }
            IpAddr::V6(v6) => {
                v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local()
            }
        }
    }
}

impl Network {
    /// Whether an address is on our side of the router.
    pub fn is_inside(&self, address: IpAddr) -> bool {
        Subnet::is_private(address) || self.inside.iter().any(|subnet| subnet.contains(address))
    }
}

impl WebOrigin {
    /// Whether a page that says `Origin:` so comes from there.
    pub fn is(&self, origin: &str) -> bool {
        self.0.eq_ignore_ascii_case(origin)
    }
}

impl FromStr for WebOrigin {
    type Err = BadOrigin;
    fn from_str(text: &str) -> Result<Self, BadOrigin> {
        let text = text.trim().trim_end_matches('/').to_ascii_lowercase();
        let authority = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
        let good = authority.is_some_and(|it| !it.is_empty() && it.bytes().all(plain));
        if good { Ok(Self(text)) } else { Err(BadOrigin) }
    }
}

impl fmt::Display for BadOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the address of a web site without a path, like https://crm.example")
    }
}

impl std::error::Error for BadOrigin {}

impl TryFrom<String> for WebOrigin {
    type Error = BadOrigin;
    fn try_from(text: String) -> Result<Self, BadOrigin> {
        text.parse()
    }
}

impl From<WebOrigin> for String {
    fn from(origin: WebOrigin) -> Self {
        origin.0
    }
}

fn masked(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(v4) & mask))
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(v6) & mask))
        }
    }
}

impl FromStr for Subnet {
    type Err = BadSubnet;
    fn from_str(text: &str) -> Result<Self, BadSubnet> {
        let text = text.trim();
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().map_err(|_| BadSubnet)?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| BadSubnet)?;
        let whole = if address.is_ipv4() { 32 } else { 128 };
        Self::new(address, bits.unwrap_or(whole))
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = if self.address.is_ipv4() { 32 } else { 128 };
        if self.bits == whole {
            return self.address.fmt(f);
        }
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl fmt::Display for BadSubnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address, or a network like 192.168.1.0/24")
    }
}

impl std::error::Error for BadSubnet {}

impl TryFrom<String> for Subnet {
    type Error = BadSubnet;
    fn try_from(text: String) -> Result<Self, BadSubnet> {
        text.parse()
    }
}

impl From<Subnet> for String {
    fn from(subnet: Subnet) -> Self {
        subnet.to_string()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Subnet {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let text = utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::Type::String);
        utoipa::openapi::Schema::Object(text.examples(["192.168.1.0/24"]).build()).into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Subnet {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_its_addresses_and_no_others() {
        let office: Subnet = "192.168.1.77/24".parse().unwrap();
        assert_eq!(office.to_string(), "192.168.1.0/24");
        assert!(office.contains("192.168.1.1".parse().unwrap()));
        assert!(office.contains("::ffff:192.168.1.1".parse().unwrap()));
        assert!(!office.contains("192.168.2.1".parse().unwrap()));
        assert!("0.0.0.0/0".parse::<Subnet>().unwrap().contains("8.8.8.8".parse().unwrap()));
        assert!("10.0.0.0/33".parse::<Subnet>().is_err());
    }

    #[test]
    fn a_web_site_is_named_without_a_path() {
        let crm: WebOrigin = "https://CRM.example:8443/".parse().unwrap();
        assert!(crm.is("https://crm.example:8443") && !crm.is("https://crm.example"));
        for wrong in ["crm.example", "https://", "https://crm.example/phone", "ftp://crm.example"] {
            assert!(wrong.parse::<WebOrigin>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn carrier_grade_nat_is_not_the_public_network() {
        assert!(Subnet::is_private("100.64.0.1".parse().unwrap()));
        assert!(!Subnet::is_private("100.128.0.1".parse().unwrap()));
        assert!(Subnet::is_private("fd00::1".parse().unwrap()));
    }
}
