//! What differs between the networks that speak Q.931, in one place.

use super::element::{BearerCapability, Facility, Number, NumberingPlan, Service, TypeOfNumber};
use super::message::{Discriminator, ReferenceLength};

/// Which variant of Q.931 a line speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// DSS1 in Europe (ETSI EN 300 403-1).
    #[default]
    EuroIsdn,
    /// National ISDN 2 of North America (Telcordia SR-4994, ANSI T1.607).
    Ni2,
    /// AT&T's and Lucent's switch (AT&T TR 41459).
    Ess5,
    /// Nortel's switch (NIS-A211-1).
    Dms100,
    /// Private networks (ECMA-143, ISO/IEC 11572).
    Qsig,
}

/// What sort of line it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Two B channels.
    Basic,
    /// 23 or 30 B channels and more.
    Primary,
}

impl Access {
    /// How long call references are (ITU-T Q.931 §4.3).
    pub fn reference_length(self) -> ReferenceLength {
        match self {
            Self::Basic => ReferenceLength::One,
            Self::Primary => ReferenceLength::Two,
        }
    }
}

/// What is particular to one dialect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Habits {
    /// The codeset of the display element: 0, or 6 where it is the network's own.
    pub display_codeset: u8,
    /// How numbers are to be read that nobody says more of.
    pub number: (TypeOfNumber, NumberingPlan),
    /// Whether a SETUP with all digits says so by the element sending complete.
    pub sending_complete: bool,
    /// Whether digits may come one by one.
    pub overlap: bool,
    /// Whether one D channel may serve several spans, so that channels name their interface (NFAS).
    pub several_interfaces: bool,
    /// Whether a SETUP from a set that is not ISDN says so by progress 3.
    pub origin_in_setup: bool,
    /// Whether a DISCONNECT with progress 8 means that there is something to hear until it is released.
    pub tones_after_disconnect: bool,
    /// Whether voices are of A-law, else of u-law.
    pub alaw: bool,
    /// The protocol of SERVICE messages.
    pub maintenance: Option<Discriminator>,
    /// How requests of supplementary services are wrapped.
    pub envelope: Envelope,
}

/// How requests of supplementary services are wrapped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Envelope {
    /// Remote operations alone, numbered by ETSI.
    Public,
    /// Networking extensions with interpretation, numbered by ECMA.
    National,
    /// The same, from end to end of a private network.
    Private,
}

impl Dialect {
    /// What is particular to it.
    pub fn habits(self) -> &'static Habits {
        match self {
            Self::EuroIsdn => &EURO_ISDN,
            Self::Ni2 => &NI2,
            Self::Ess5 => &ESS5,
            Self::Dms100 => &DMS100,
            Self::Qsig => &QSIG,
        }
    }

    /// The protocol of maintenance, where there is one.
    pub fn maintenance(self) -> Option<Discriminator> {
        self.habits().maintenance
    }

    /// Digits of which nobody says more, as its networks expect them.
    pub fn number(self, digits: impl Into<String>) -> Number {
        let (kind, plan) = self.habits().number;
        Number { kind, plan, digits: digits.into() }
    }

    /// A voice.
    pub fn speech(self) -> BearerCapability {
        match self.habits().alaw {
            true => BearerCapability::speech_alaw(),
            false => BearerCapability::speech_ulaw(),
        }
    }

    /// Sound up to 3.1 kHz: fax, modems.
    pub fn audio(self) -> BearerCapability {
        match self.habits().alaw {
            true => BearerCapability::audio_alaw(),
            false => BearerCapability::audio_ulaw(),
        }
    }

    /// The element that asks for a supplementary service, with this number of the request.
    pub fn facility(self, id: i32, service: &Service) -> Facility {
        match self.habits().envelope {
            Envelope::Public => Facility::public(id, service),
            Envelope::National => Facility::national(id, service),
            Envelope::Private => Facility::private(id, service),
        }
    }
}

/// EN 300 403-1 §4.5, §5.1.3 (overlap), §5.4 (tones), EN 300 196-1 §11.2 (facility).
const EURO_ISDN: Habits = Habits {
    display_codeset: 0,
    number: (TypeOfNumber::Unknown, NumberingPlan::Isdn),
    sending_complete: true,
    overlap: true,
    several_interfaces: false,
    origin_in_setup: true,
    tones_after_disconnect: true,
    alaw: true,
    maintenance: None,
    envelope: Envelope::Public,
};

/// SR-4994 (en bloc only, NFAS, SERVICE), GR-1367 (names).
const NI2: Habits = Habits {
    display_codeset: 0,
    number: (TypeOfNumber::National, NumberingPlan::Isdn),
    sending_complete: false,
    overlap: false,
    several_interfaces: true,
    origin_in_setup: true,
    tones_after_disconnect: false,
    alaw: false,
    maintenance: Some(Discriminator::MaintenanceNational),
    envelope: Envelope::National,
};

/// TR 41459: the display is in the network's codeset, and maintenance has a discriminator of its own.
const ESS5: Habits =
    Habits { display_codeset: 6, maintenance: Some(Discriminator::MaintenanceAtt), ..NI2 };

/// NIS-A211-1.
const DMS100: Habits = NI2;

/// ECMA-143, ECMA-165 (facility).
const QSIG: Habits = Habits {
    number: (TypeOfNumber::Unknown, NumberingPlan::Unknown),
    envelope: Envelope::Private,
    ..EURO_ISDN
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_primary_rate_interface_has_call_references_of_two_octets() {
        assert_eq!(Access::Primary.reference_length(), ReferenceLength::Two);
        assert_eq!(Access::Basic.reference_length(), ReferenceLength::One);
    }

    #[test]
    fn north_america_has_national_numbers_of_ulaw_and_no_sending_complete() {
        for dialect in [Dialect::Ni2, Dialect::Ess5, Dialect::Dms100] {
            assert_eq!(dialect.number("5551234"), Number::isdn(TypeOfNumber::National, "5551234"));
            assert_eq!(dialect.speech(), BearerCapability::speech_ulaw());
            assert!(!dialect.habits().sending_complete);
            assert!(dialect.maintenance().is_some());
        }
        assert_eq!(Dialect::EuroIsdn.speech(), BearerCapability::speech_alaw());
        assert_eq!(Dialect::Qsig.maintenance(), None);
    }
}
