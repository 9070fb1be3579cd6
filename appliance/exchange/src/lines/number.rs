//! Numbers between the types of an ISDN line and the texts that routes and people read
//! (ITU-T Q.931 table 4-9, E.164).

use config::{IsdnNumbering, Zone};
use tdm::q931::call::Said;
use tdm::q931::dialect::Dialect;
use tdm::q931::element::{Number, NumberingPlan, TypeOfNumber};

/// A call whose number comes digit by digit.
#[derive(Debug)]
pub(super) struct Dialled {
    /// Its SETUP.
    pub(super) setup: Said,
    /// What was dialled up to now, and how it is to be read.
    pub(super) number: Number,
}

/// A number as routes and people read it: E.164 where its type says so, else its digits.
pub(crate) fn read(zone: &Zone, number: &Number) -> String {
    let Number { kind, digits, .. } = number;
    match kind {
        _ if digits.is_empty() => String::new(),
        TypeOfNumber::International => format!("+{digits}"),
        TypeOfNumber::National => format!("+{}{digits}", zone.calling_code),
        TypeOfNumber::Unknown
        | TypeOfNumber::NetworkSpecific
        | TypeOfNumber::Subscriber
        | TypeOfNumber::Abbreviated
        | TypeOfNumber::Reserved(_) => digits.clone(),
    }
}

/// A number as the line wants it.
pub(crate) fn write(zone: &Zone, numbering: IsdnNumbering, dialect: Dialect, text: &str) -> Number {
    let e164 = text.strip_prefix('+');
    let plain = e164.unwrap_or(text);
    let home = e164.and_then(|digits| digits.strip_prefix(zone.calling_code));
    match numbering {
        IsdnNumbering::Auto => match e164 {
            Some(digits) => Number::isdn(TypeOfNumber::International, digits),
            None => dialect.number(plain),
        },
        IsdnNumbering::Unknown => Number::isdn(TypeOfNumber::Unknown, plain),
        IsdnNumbering::International => Number::isdn(TypeOfNumber::International, plain),
        IsdnNumbering::National => match (e164, home) {
            (_, Some(home)) => Number::isdn(TypeOfNumber::National, home),
            (Some(abroad), None) => Number::isdn(TypeOfNumber::International, abroad),
            (None, None) => {
                let bare = plain.strip_prefix(zone.trunk_prefix).unwrap_or(plain);
                Number::isdn(TypeOfNumber::National, bare)
            }
        },
        IsdnNumbering::Subscriber => Number::isdn(TypeOfNumber::Subscriber, plain),
        IsdnNumbering::NetworkSpecific => Number::isdn(TypeOfNumber::NetworkSpecific, plain),
        IsdnNumbering::Abbreviated => Number::isdn(TypeOfNumber::Abbreviated, plain),
        IsdnNumbering::Private => Number { plan: NumberingPlan::Private, ..Number::unknown(plain) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::Country;

    fn sent(numbering: IsdnNumbering, text: &str) -> (TypeOfNumber, String) {
        let zone = Country::parse("DE").unwrap().zone();
        let number = write(zone, numbering, Dialect::EuroIsdn, text);
        (number.kind, number.digits)
    }

    #[test]
    fn a_number_leaves_as_the_carrier_wants_it() {
        let national = (TypeOfNumber::National, "301234".to_owned());
        assert_eq!(sent(IsdnNumbering::National, "+49301234"), national);
        assert_eq!(sent(IsdnNumbering::National, "0301234"), national);
        let abroad = (TypeOfNumber::International, "442079460958".to_owned());
        assert_eq!(sent(IsdnNumbering::National, "+442079460958"), abroad);
        assert_eq!(sent(IsdnNumbering::Auto, "+442079460958"), abroad);
        assert_eq!(
            sent(IsdnNumbering::Auto, "0301234"),
            (TypeOfNumber::Unknown, "0301234".to_owned())
        );
        assert_eq!(sent(IsdnNumbering::Private, "201"), (TypeOfNumber::Unknown, "201".to_owned()));
        assert_eq!(
            sent(IsdnNumbering::Subscriber, "1234"),
            (TypeOfNumber::Subscriber, "1234".to_owned())
        );
        assert_eq!(
            sent(IsdnNumbering::Abbreviated, "17"),
            (TypeOfNumber::Abbreviated, "17".to_owned())
        );
        assert_eq!(
            sent(IsdnNumbering::NetworkSpecific, "8001"),
            (TypeOfNumber::NetworkSpecific, "8001".to_owned())
        );
    }

    #[test]
    fn a_number_that_comes_is_read_by_its_type() {
        let zone = Country::parse("DE").unwrap().zone();
        let of = |kind, digits| read(zone, &Number::isdn(kind, digits));
        assert_eq!(of(TypeOfNumber::International, "442079460958"), "+442079460958");
        assert_eq!(of(TypeOfNumber::National, "301234"), "+49301234");
        assert_eq!(of(TypeOfNumber::Subscriber, "1234"), "1234");
        assert_eq!(of(TypeOfNumber::National, ""), "");
    }
}
