//! Numbers of parties in supplementary services (ETSI EN 300 196-1 annex D, ECMA-165 §10).

use super::super::number::{Number, NumberingPlan, TypeOfNumber};
use super::ber::{self, Ber, ENUMERATED, parts, tagged};
use core::fmt;

/// A number that may be withheld.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum PresentedNumber {
    /// It may be shown.
    Allowed(Number),
    /// It is withheld.
    Restricted,
    /// There is none because of interworking.
    Unavailable,
    /// Here it is, but it may not be shown.
    RestrictedNumber(Number),
}

impl PresentedNumber {
    pub(super) fn read(ber: &mut Ber<'_>) -> Option<Self> {
        let value = ber.next()?;
        match value.tag {
            0xa0 => read_number(value.content).map(Self::Allowed),
            0x81 => Some(Self::Restricted),
            0x82 => Some(Self::Unavailable),
            0xa3 => read_number(value.content).map(Self::RestrictedNumber),
            _ => None,
        }
    }

    pub(super) fn octets(&self) -> Vec<u8> {
        match self {
            Self::Allowed(number) => ber::value(parts(0), &number_octets(number)),
            Self::Restricted => ber::value(tagged(1), &[]),
            Self::Unavailable => ber::value(tagged(2), &[]),
            Self::RestrictedNumber(number) => ber::value(parts(3), &number_octets(number)),
        }
    }
}

impl fmt::Display for PresentedNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed(number) => write!(f, "{number}"),
            Self::Restricted => f.write_str("somebody who is withheld"),
            Self::Unavailable => f.write_str("somebody unknown"),
            Self::RestrictedNumber(number) => write!(f, "{number}, presentation restricted"),
        }
    }
}

/// Reads a number of a plan that the tag names; sub-addresses do not occur here.
pub(super) fn read_number(content: &[u8]) -> Option<Number> {
    let mut ber = Ber(content);
    let value = ber.next()?;
    let (plan, with_type) =
        PLANS.iter().find(|(tag, ..)| *tag == value.tag).map(|(_, p, t)| (*p, *t))?;
    let (kind, digits) = match with_type {
        false => (TypeOfNumber::Unknown, value.content),
        true => {
            let mut inside = Ber(value.content);
            let kind = TypeOfNumber::from_bits(u8::try_from(inside.integer(ENUMERATED)?).ok()?);
            // Digits are a string of numbers; some mark them as a string of any characters.
            (kind, inside.next()?.content)
        }
    };
    let digits = digits.iter().map(|octet| char::from(octet & 0x7f)).collect();
    ber.is_empty().then_some(Number { kind, plan, digits })
}

pub(super) fn number_octets(number: &Number) -> Vec<u8> {
    let mut digits = Vec::new();
    super::super::octets::write_text(&mut digits, &number.digits);
    match PLANS.iter().find(|(_, plan, _)| *plan == number.plan) {
        Some((tag, _, true)) => {
            let kind = ber::number(ENUMERATED, number.kind.bits().into());
            ber::value(*tag, &[kind, ber::value(NUMERIC, &digits)].concat())
        }
        Some((tag, _, false)) => ber::value(*tag, &digits),
        None => ber::value(tagged(0), &digits),
    }
}

/// Tag, plan, and whether a type of number stands before the digits (EN 300 196-1 §D.3).
const PLANS: [(u8, NumberingPlan, bool); 6] = [
    (tagged(0), NumberingPlan::Unknown, false),
    (parts(1), NumberingPlan::Isdn, true),
    (tagged(3), NumberingPlan::Data, false),
    (tagged(4), NumberingPlan::Telex, false),
    (parts(5), NumberingPlan::Private, true),
    (tagged(8), NumberingPlan::National, false),
];

/// Tag of a string of digits.
const NUMERIC: u8 = 0x12;
