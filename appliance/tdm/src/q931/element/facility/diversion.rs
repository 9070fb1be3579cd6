//! Calls that were sent on (ETSI EN 300 207-1 §10, ECMA-174 §6.5).

use super::ber::{self, BOOLEAN, Ber, ENUMERATED, INTEGER, SEQUENCE, parts};
use super::name::Name;
use super::party::{PresentedNumber, number_octets, read_number};
use core::fmt;

/// What a party is told of a call that is sent on.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Diversion {
    /// To who calls: the call goes elsewhere (divertingLegInformation1).
    Calling {
        /// Why.
        reason: DiversionReason,
        /// How much the caller is told: 0 nothing, 1 that it goes elsewhere, 2 also where.
        notified: u8,
        /// Where it goes.
        to: Option<PresentedNumber>,
    },
    /// To where it goes: it was sent on (divertingLegInformation2).
    DivertedTo {
        /// How often.
        count: u8,
        /// Why, the last time.
        reason: DiversionReason,
        /// By whom, the last time.
        by: Option<PresentedNumber>,
        /// Whom it was for at first.
        first: Option<PresentedNumber>,
        /// The name of who sent it on (private networks only).
        name: Option<Name>,
    },
    /// Back from where it goes: whether who calls may know (divertingLegInformation3).
    Shown {
        /// Whether.
        allowed: bool,
        /// The name of who takes it (private networks only).
        name: Option<Name>,
    },
}

/// Why a call was sent on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum DiversionReason {
    /// Nobody says.
    Unknown,
    /// Every call is.
    Unconditional,
    /// Busy.
    Busy,
    /// No reply.
    NoReply,
    /// Deflected by who was called: 4 while it rang, 5 at once, or a value to come.
    Deflected(u8),
}

impl Diversion {
    pub(super) fn operation(&self, private: bool) -> i32 {
        match (self, private) {
            (Self::Calling { .. }, false) => 18,
            (Self::DivertedTo { .. }, false) => 15,
            (Self::Shown { .. }, false) => 19,
            (Self::Calling { .. }, true) => 20,
            (Self::DivertedTo { .. }, true) => 21,
            (Self::Shown { .. }, true) => 22,
        }
    }

    pub(super) fn read(private: bool, operation: i32, argument: &[u8]) -> Option<Self> {
        let mut ber = Ber(argument);
        match (private, operation) {
            (false, 18) | (true, 20) => {
                let mut inside = ber.inside(SEQUENCE)?;
                let reason = DiversionReason::read(inside.integer(ENUMERATED)?)?;
                let notified = u8::try_from(inside.integer(ENUMERATED)?).ok()?;
                let to = match (inside.is_empty(), private) {
                    (true, _) => None,
                    (false, false) => Some(PresentedNumber::read(&mut inside)?),
                    (false, true) => {
                        Some(PresentedNumber::Allowed(read_number(inside.next()?.whole)?))
                    }
                };
                Some(Self::Calling { reason, notified, to })
            }
            (false, 15) | (true, 21) => {
                let mut inside = ber.inside(SEQUENCE)?;
                let count = u8::try_from(inside.integer(INTEGER)?).ok()?;
                let reason = DiversionReason::read(inside.integer(ENUMERATED)?)?;
                if private {
                    // Why the first time.
                    inside.integer(ber::tagged(0));
                }
                let mut number = |tag| match inside.inside(parts(tag)) {
                    Some(mut inside) => PresentedNumber::read(&mut inside).map(Some),
                    None => Some(None),
                };
                let (by, first) = (number(1)?, number(2)?);
                let name = inside.inside(parts(3)).filter(|_| private);
                let name = name.and_then(|mut inside| Name::read(&mut inside));
                Some(Self::DivertedTo { count, reason, by, first, name })
            }
            (false, 19) => {
                let allowed = ber.take(BOOLEAN)?.first().is_some_and(|octet| *octet != 0);
                Some(Self::Shown { allowed, name: None })
            }
            (true, 22) => {
                let mut inside = ber.inside(SEQUENCE)?;
                let allowed = inside.take(BOOLEAN)?.first().is_some_and(|octet| *octet != 0);
                let name = inside.inside(parts(0)).and_then(|mut inside| Name::read(&mut inside));
                Some(Self::Shown { allowed, name })
            }
            _ => None,
        }
    }

    pub(super) fn argument(&self, private: bool) -> Vec<u8> {
        match self {
            Self::Calling { reason, notified, to } => {
                let mut content = ber::number(ENUMERATED, reason.value());
                content.extend(ber::number(ENUMERATED, (*notified).into()));
                content.extend(match (to, private) {
                    (None, _) => Vec::new(),
                    (Some(PresentedNumber::Allowed(number)), true) => number_octets(number),
                    (Some(_), true) => number_octets(&super::super::number::Number::default()),
                    (Some(to), false) => to.octets(),
                });
                ber::value(SEQUENCE, &content)
            }
            Self::DivertedTo { count, reason, by, first, name } => {
                let mut content = ber::number(INTEGER, (*count).into());
                content.extend(ber::number(ENUMERATED, reason.value()));
                let numbers = [(1, by), (2, first)];
                for (tag, number) in
                    numbers.into_iter().filter_map(|(tag, n)| Some((tag, n.as_ref()?)))
                {
                    content.extend(ber::value(parts(tag), &number.octets()));
                }
                if let Some(name) = name.as_ref().filter(|_| private) {
                    content.extend(ber::value(parts(3), &name.octets()));
                }
                ber::value(SEQUENCE, &content)
            }
            Self::Shown { allowed, name } => {
                let mut content = ber::value(BOOLEAN, &[if *allowed { 0xff } else { 0 }]);
                if !private {
                    return content;
                }
                content.extend(name.iter().flat_map(|name| ber::value(parts(0), &name.octets())));
                ber::value(SEQUENCE, &content)
            }
        }
    }
}

impl DiversionReason {
    fn read(value: i32) -> Option<Self> {
        Some(match u8::try_from(value).ok()? {
            0 => Self::Unknown,
            1 => Self::Unconditional,
            2 => Self::Busy,
            3 => Self::NoReply,
            other => Self::Deflected(other),
        })
    }

    fn value(self) -> i32 {
        match self {
            Self::Unknown => 0,
            Self::Unconditional => 1,
            Self::Busy => 2,
            Self::NoReply => 3,
            Self::Deflected(how) => how.max(4).into(),
        }
    }
}

impl fmt::Display for Diversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calling { reason, to, .. } => {
                write!(f, "the call is diverted {reason}")?;
                to.as_ref().map_or(Ok(()), |to| write!(f, " to {to}"))
            }
            Self::DivertedTo { count, reason, by, first, name } => {
                write!(f, "diverted {reason}, times {count}")?;
                by.as_ref().map_or(Ok(()), |by| write!(f, ", by {by}"))?;
                name.as_ref().map_or(Ok(()), |name| write!(f, ", {name}"))?;
                first.as_ref().map_or(Ok(()), |first| write!(f, ", at first for {first}"))
            }
            Self::Shown { allowed, name } => {
                f.write_str(if *allowed {
                    "may be shown where it went"
                } else {
                    "withholds where it went"
                })?;
                name.as_ref().map_or(Ok(()), |name| write!(f, ", {name}"))
            }
        }
    }
}

impl fmt::Display for DiversionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "for no reason given",
            Self::Unconditional => "unconditionally",
            Self::Busy => "because busy",
            Self::NoReply => "because of no reply",
            Self::Deflected(_) => "by deflection",
        })
    }
}
