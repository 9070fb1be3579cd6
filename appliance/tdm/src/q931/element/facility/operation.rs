//! What a component asks for, where we know it.

use super::ber::{self, Ber, ENUMERATED, SEQUENCE};
use super::charge::Charge;
use super::diversion::Diversion;
use super::name::{Name, NameOf};
use super::party::PresentedNumber;
use super::rose::{Code, Component};
use core::fmt;

/// A supplementary service that is asked for, or told of.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Service {
    /// What the call costs.
    Charge(Charge),
    /// A name.
    Name(NameOf, Name),
    /// A name comes later (Telcordia GR-1367).
    NameFollows,
    /// The call is sent on.
    Diversion(Diversion),
    /// Find out who calls (ETSI EN 300 130-1).
    MaliciousCall,
    /// Connect my two calls with each other (ETSI EN 300 369-1).
    TransferExecute,
    /// Somebody else is at the other end (ETSI EN 300 369-1).
    Transferred {
        /// Whether that side talks already; else it rings.
        active: bool,
        /// Who.
        to: Option<PresentedNumber>,
    },
}

impl Service {
    /// What this component asks for, if we know it; numbers of operations are read as private networks
    /// count them (ECMA-164, ECMA-174), or as ETSI does.
    pub fn read(component: &Component, private: bool) -> Option<Self> {
        let Component::Invoke { operation, argument, .. } = component else { return None };
        match operation {
            Code::Local(number) => Self::read_local(*number, argument, private),
            Code::Global(object) => Self::read_global(object, argument),
        }
    }

    fn read_local(number: i32, argument: &[u8], private: bool) -> Option<Self> {
        if let Some(diversion) = Diversion::read(private, number, argument) {
            return Some(Self::Diversion(diversion));
        }
        match (private, number) {
            (true, 0..=3) | (false, 0) => Self::read_name(u8::try_from(number).ok()?, argument),
            (false, MALICIOUS_CALL) => Some(Self::MaliciousCall),
            (false, TRANSFER_EXECUTE) => Some(Self::TransferExecute),
            (false, _) => Charge::read(number, argument).map(Self::Charge),
            (true, _) => None,
        }
    }

    fn read_global(object: &[u8], argument: &[u8]) -> Option<Self> {
        match object {
            TRANSFER_INFORM => {
                let mut inside = Ber(argument).inside(SEQUENCE)?;
                let active = inside.integer(ENUMERATED)? == 1;
                let to = match inside.is_empty() {
                    true => None,
                    false => Some(PresentedNumber::read(&mut inside)?),
                };
                Some(Self::Transferred { active, to })
            }
            NAME_FOLLOWS => Some(Self::NameFollows),
            [0x2b, 0x0c, 0x09, of] => Self::read_name(*of, argument),
            _ => None,
        }
    }

    fn read_name(of: u8, argument: &[u8]) -> Option<Self> {
        let of = match of {
            0 => NameOf::Calling,
            1 => NameOf::Called,
            2 => NameOf::Connected,
            3 => NameOf::Busy,
            _ => return None,
        };
        Name::read(&mut Ber(argument)).map(|name| Self::Name(of, name))
    }

    /// The component that asks for it, see [`Self::read`].
    pub fn invoke(&self, id: i32, private: bool) -> Component {
        let global = |object: &[u8]| Code::Global(object.to_vec());
        let (operation, argument) = match self {
            Self::Charge(charge) => (Code::Local(charge.operation()), charge.argument()),
            Self::Name(of, name) => (Code::Local(*of as i32), name.octets()),
            Self::NameFollows => (global(NAME_FOLLOWS), ber::number(ENUMERATED, 0)),
            Self::Diversion(diversion) => {
                (Code::Local(diversion.operation(private)), diversion.argument(private))
            }
            Self::MaliciousCall => (Code::Local(MALICIOUS_CALL), Vec::new()),
            Self::TransferExecute => (Code::Local(TRANSFER_EXECUTE), Vec::new()),
            Self::Transferred { active, to } => {
                let mut content = ber::number(ENUMERATED, (*active).into());
                content.extend(to.iter().flat_map(PresentedNumber::octets));
                (global(TRANSFER_INFORM), ber::value(SEQUENCE, &content))
            }
        };
        Component::Invoke { id, linked: None, operation, argument }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Charge(charge) => write!(f, "{charge}"),
            Self::Name(of, name) => write!(f, "{of} {name}"),
            Self::NameFollows => f.write_str("the name follows"),
            Self::Diversion(diversion) => write!(f, "{diversion}"),
            Self::MaliciousCall => f.write_str("malicious call, to be traced"),
            Self::TransferExecute => f.write_str("transfer to be made"),
            Self::Transferred { active, to } => {
                f.write_str(if *active { "transferred" } else { "transferred, rings" })?;
                to.as_ref().map_or(Ok(()), |to| write!(f, " to {to}"))
            }
        }
    }
}

/// mCIDRequest (EN 300 130-1 §7).
const MALICIOUS_CALL: i32 = 3;
/// ectExecute (EN 300 369-1 §7).
const TRANSFER_EXECUTE: i32 = 6;
/// ectInform: 0.4.0.369.1.5 (EN 300 369-1 §7).
const TRANSFER_INFORM: &[u8] = &[0x04, 0x00, 0x82, 0x71, 0x01, 0x05];
/// informationFollowing: 1.2.840.10005.0.4 (Telcordia GR-1367, ANSI T1.641).
const NAME_FOLLOWS: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x15, 0x00, 0x04];
