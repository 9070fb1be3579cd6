//! Supplementary services (ITU-T Q.932 §8.2.3, ECMA-165 §11.3).

mod ber;
mod charge;
mod diversion;
mod name;
mod operation;
mod party;
mod rose;

pub use charge::{Charge, ChargeTime, Cost, Counting, Units};
pub use diversion::{Diversion, DiversionReason};
pub use name::{Name, NameOf, NameText};
pub use operation::Service;
pub use party::PresentedNumber;
pub use rose::{Code, Component};

use super::octets::{Octets, write_group};
use ber::{Ber, parts, tagged};
use core::fmt;

/// What supplementary services say to each other in one element.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct Facility {
    /// How the rest is coded, five bits: see [`Self::REMOTE_OPERATIONS`], [`Self::EXTENSIONS`].
    pub profile: u8,
    /// For which exchanges of a private network it is: the content of the network facility extension.
    pub extension: Option<Vec<u8>>,
    /// The network protocol profile of a private network.
    pub network_profile: Option<i32>,
    /// What whoever knows none of it shall do: 0 drop it, 1 clear the call, 2 reject it.
    pub interpretation: Option<i32>,
    /// Requests and answers.
    pub components: Vec<Component>,
    /// Everything behind the profile, of a profile that we do not read.
    pub other: Vec<u8>,
}

impl Facility {
    /// Remote operations, 0x91 on the wire (ITU-T Q.932 §8.2.3).
    pub const REMOTE_OPERATIONS: u8 = 0x11;
    /// Networking extensions, 0x9f on the wire (ECMA-165 §11.3.3).
    pub const EXTENSIONS: u8 = 0x1f;

    /// One request as public networks of ETSI send it.
    pub fn public(id: i32, service: &Service) -> Self {
        Self::of(Self::REMOTE_OPERATIONS, service.invoke(id, false))
    }

    /// One request from end to end of a private network, to be dropped by whoever does not know it.
    pub fn private(id: i32, service: &Service) -> Self {
        // Between end exchanges: source and destination 0 (ECMA-165 §11.3.3.1).
        let ends = [ber::number(tagged(0), 0), ber::number(tagged(2), 0)].concat();
        let facility = Self::of(Self::EXTENSIONS, service.invoke(id, true));
        Self { extension: Some(ends), interpretation: Some(0), ..facility }
    }

    /// One request as National ISDN sends it: as a private network does, from switch to set.
    pub fn national(id: i32, service: &Service) -> Self {
        Self { interpretation: Some(0), ..Self::of(Self::EXTENSIONS, service.invoke(id, true)) }
    }

    /// One component and nothing else.
    pub fn of(profile: u8, component: Component) -> Self {
        Self {
            profile,
            extension: None,
            network_profile: None,
            interpretation: None,
            components: vec![component],
            other: Vec::new(),
        }
    }

    /// Whether operations are numbered as private networks do.
    pub fn is_private(&self) -> bool {
        self.profile == Self::EXTENSIONS
    }

    /// What it asks for, as far as we know it.
    pub fn services(&self) -> impl Iterator<Item = Service> {
        self.components.iter().filter_map(|component| Service::read(component, self.is_private()))
    }

    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let mut octets = Octets(content);
        let (head, _) = octets.grouped()?;
        let mut facility = Self {
            profile: head & 0x1f,
            extension: None,
            network_profile: None,
            interpretation: None,
            components: Vec::new(),
            other: Vec::new(),
        };
        if !matches!(facility.profile, Self::REMOTE_OPERATIONS | Self::EXTENSIONS) {
            facility.other = octets.rest().to_vec();
            return Some(facility);
        }
        let mut ber = Ber(octets.rest());
        facility.extension = ber.take(EXTENSION).map(<[u8]>::to_vec);
        facility.network_profile = ber.integer(NETWORK_PROFILE);
        facility.interpretation = ber.integer(INTERPRETATION);
        while !ber.is_empty() {
            let value = ber.next()?;
            facility.components.push(Component::read(value.tag, value.content)?);
        }
        Some(facility)
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        write_group(octets, &[self.profile & 0x1f]);
        octets.extend(self.extension.iter().flat_map(|content| ber::value(EXTENSION, content)));
        octets.extend(self.network_profile.iter().flat_map(|n| ber::number(NETWORK_PROFILE, *n)));
        octets.extend(self.interpretation.iter().flat_map(|n| ber::number(INTERPRETATION, *n)));
        octets.extend(self.components.iter().flat_map(Component::octets));
        octets.extend(&self.other);
    }
}

impl fmt::Display for Facility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.components.is_empty() {
            return write!(
                f,
                "facility of profile {:#04x}, {} octets",
                self.profile,
                self.other.len()
            );
        }
        for (index, component) in self.components.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "; " })?;
            match (component, Service::read(component, self.is_private())) {
                (_, Some(service)) => write!(f, "{service}")?,
                (Component::Invoke { operation: Code::Local(number), .. }, _) => {
                    write!(f, "asks for operation {number}")?;
                }
                (Component::Invoke { .. }, _) => {
                    f.write_str("asks for an operation we do not know")?
                }
                (Component::Result { id, .. }, _) => write!(f, "request {id} done")?,
                (Component::Error { id, error: Code::Local(error), .. }, _) => {
                    write!(f, "request {id} failed, error {error}")?;
                }
                (Component::Error { id, .. }, _) => write!(f, "request {id} failed")?,
                (Component::Reject { id: Some(id), problem, .. }, _) => {
                    write!(f, "request {id} rejected, problem {problem}")?;
                }
                (Component::Reject { .. }, _) => f.write_str("a request rejected")?,
            }
        }
        Ok(())
    }
}

/// Tags before the components (ECMA-165 §11.3.3).
const EXTENSION: u8 = parts(10);
const NETWORK_PROFILE: u8 = tagged(18);
const INTERPRETATION: u8 = tagged(11);
