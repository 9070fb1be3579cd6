//! What a call costs: advice of charge (ETSI EN 300 182-1 §7).

use super::ber::{self, Ber, INTEGER, NULL, SEQUENCE, parts, tagged};
use core::fmt;

/// What a call costs until now, or cost.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct Charge {
    /// How much.
    pub cost: Cost,
    /// When it is told.
    pub at: ChargeTime,
    /// A kind of billing: 0 normal, 1 reversed, 2 credit card, more at the end of calls.
    pub billing: Option<u8>,
}

/// When a charge is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum ChargeTime {
    /// While the call lasts: what it costs until now.
    During,
    /// While it lasts, but it will not be more.
    DuringTotal,
    /// At its end.
    End,
}

/// How much a call costs.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Cost {
    /// The network does not know; it would count in this.
    Unavailable(Counting),
    /// Nothing; the network counts in this.
    Free(Counting),
    /// Charging units: up to 32 entries.
    Units(Vec<Units>),
    /// Money.
    Money {
        /// The currency as the network calls it, 1 to 10 characters.
        currency: String,
        /// How many times the multiplier, 0 to 16777215.
        amount: u32,
        /// A power of ten: 0 to 6 for a thousandth to a thousand.
        multiplier: u8,
    },
}

/// What a network counts charges in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Counting {
    /// Charging units.
    Units,
    /// Money.
    Money,
}

/// Charging units of one sort.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct Units {
    /// How many, 0 to 16777215, if the network knows.
    pub count: Option<u32>,
    /// Of which sort, 1 to 16.
    pub sort: Option<u8>,
}

impl Charge {
    /// All charging units together; none if it is told in money, or not known.
    pub fn units(&self) -> Option<u64> {
        match &self.cost {
            Cost::Units(list) => list.iter().map(|units| units.count.map(u64::from)).sum(),
            Cost::Free(Counting::Units) => Some(0),
            _ => None,
        }
    }

    pub(super) fn operation(&self) -> i32 {
        let counting = match &self.cost {
            Cost::Unavailable(counting) | Cost::Free(counting) => *counting,
            Cost::Units(_) => Counting::Units,
            Cost::Money { .. } => Counting::Money,
        };
        match (self.at, counting) {
            (ChargeTime::End, Counting::Money) => END_MONEY,
            (ChargeTime::End, Counting::Units) => END_UNITS,
            (_, Counting::Money) => DURING_MONEY,
            (_, Counting::Units) => DURING_UNITS,
        }
    }

    pub(super) fn read(operation: i32, argument: &[u8]) -> Option<Self> {
        let (end, counting) = match operation {
            DURING_MONEY => (false, Counting::Money),
            DURING_UNITS => (false, Counting::Units),
            END_MONEY => (true, Counting::Money),
            END_UNITS => (true, Counting::Units),
            _ => return None,
        };
        let at = if end { ChargeTime::End } else { ChargeTime::During };
        let mut ber = Ber(argument);
        let charge = |cost| Some(Self { cost, at, billing: None });
        if ber.take(NULL).is_some() {
            return charge(Cost::Unavailable(counting));
        }
        if end {
            ber = ber.inside(SEQUENCE)?;
        }
        if ber.take(tagged(1)).is_some() {
            return charge(Cost::Free(counting));
        }
        let mut inside = ber.inside(SEQUENCE)?;
        let recorded = inside.inside(parts(1))?;
        let cost = match counting {
            Counting::Units => read_units(recorded)?,
            Counting::Money => read_money(recorded)?,
        };
        let at = match (end, if end { None } else { inside.integer(tagged(2)) }) {
            (true, _) => ChargeTime::End,
            (false, Some(1)) => ChargeTime::DuringTotal,
            (false, _) => ChargeTime::During,
        };
        let billing = inside.integer(tagged(if end { 2 } else { 3 }));
        Some(Self { cost, at, billing: billing.and_then(|kind| u8::try_from(kind).ok()) })
    }

    pub(super) fn argument(&self) -> Vec<u8> {
        let recorded = match &self.cost {
            Cost::Unavailable(_) => return ber::value(NULL, &[]),
            Cost::Free(_) => {
                let free = ber::value(tagged(1), &[]);
                return if self.at == ChargeTime::End { ber::value(SEQUENCE, &free) } else { free };
            }
            Cost::Units(list) => list.iter().flat_map(|units| units.octets()).collect(),
            Cost::Money { currency, amount, multiplier } => {
                let mut text = Vec::new();
                super::super::octets::write_text(&mut text, currency);
                let amount = i32::try_from(*amount).unwrap_or(i32::MAX);
                let amount =
                    [ber::number(tagged(1), amount), ber::number(tagged(2), (*multiplier).into())]
                        .concat();
                [ber::value(tagged(1), &text), ber::value(parts(2), &amount)].concat()
            }
        };
        let mut content = ber::value(parts(1), &recorded);
        let billing =
            |tag| self.billing.map(|kind| ber::number(tag, kind.into())).unwrap_or_default();
        match self.at {
            ChargeTime::End => {
                content.extend(billing(tagged(2)));
                ber::value(SEQUENCE, &ber::value(SEQUENCE, &content))
            }
            at => {
                content.extend(ber::number(tagged(2), (at == ChargeTime::DuringTotal).into()));
                content.extend(billing(tagged(3)));
                ber::value(SEQUENCE, &content)
            }
        }
    }
}

impl Units {
    fn octets(self) -> Vec<u8> {
        let count = match self.count {
            None => ber::value(NULL, &[]),
            Some(count) => ber::number(INTEGER, i32::try_from(count).unwrap_or(i32::MAX)),
        };
        let sort = self.sort.map(|sort| ber::number(INTEGER, sort.into())).unwrap_or_default();
        ber::value(SEQUENCE, &[count, sort].concat())
    }
}

fn read_units(mut list: Ber<'_>) -> Option<Cost> {
    let mut units = Vec::new();
    while !list.is_empty() {
        let mut entry = list.inside(SEQUENCE)?;
        let count = match entry.take(NULL) {
            Some(_) => None,
            None => Some(u32::try_from(entry.integer(INTEGER)?).ok()?),
        };
        let sort = entry.integer(INTEGER).and_then(|sort| u8::try_from(sort).ok());
        units.push(Units { count, sort });
    }
    (!units.is_empty()).then_some(Cost::Units(units))
}

fn read_money(mut recorded: Ber<'_>) -> Option<Cost> {
    let currency = recorded.take(tagged(1))?.iter().map(|octet| char::from(octet & 0x7f)).collect();
    let mut amount = recorded.inside(parts(2))?;
    let (count, multiplier) = (amount.integer(tagged(1))?, amount.integer(tagged(2))?);
    let multiplier = u8::try_from(multiplier).ok().filter(|multiplier| *multiplier <= 6)?;
    Some(Cost::Money { currency, amount: u32::try_from(count).ok()?, multiplier })
}

impl fmt::Display for Charge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            ChargeTime::During => f.write_str("charge until now: ")?,
            ChargeTime::DuringTotal => f.write_str("charge, will not rise: ")?,
            ChargeTime::End => f.write_str("charge of the call: ")?,
        }
        match &self.cost {
            Cost::Unavailable(_) => f.write_str("not known"),
            Cost::Free(_) => f.write_str("free"),
            Cost::Units(_) => match self.units() {
                Some(units) => write!(f, "{units} units"),
                None => f.write_str("units not known"),
            },
            Cost::Money { currency, amount, multiplier } => {
                let currency = currency.escape_debug();
                let thousandths =
                    u64::from(*amount).saturating_mul(10u64.saturating_pow((*multiplier).into()));
                write!(f, "{currency} {}.{:03}", thousandths / 1000, thousandths % 1000)
            }
        }
    }
}

/// Operations (EN 300 182-1 §7.1).
const DURING_MONEY: i32 = 33;
const DURING_UNITS: i32 = 34;
const END_MONEY: i32 = 35;
const END_UNITS: i32 = 36;
