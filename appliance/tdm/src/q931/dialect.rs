//! What differs between the networks that speak Q.931, in one place.

use super::message::Discriminator;

/// Which variant of Q.931 a line speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// DSS1 in Europe (ETSI EN 300 403).
    #[default]
    EuroIsdn,
    /// National ISDN 2 of North America (Telcordia SR-4994).
    Ni2,
    /// AT&T's and Lucent's switch (AT&T TR 41459).
    Ess5,
    /// Nortel's switch (NIS-A211).
    Dms100,
    /// Private networks (ECMA-143, ISO/IEC 11572).
    Qsig,
}

impl Dialect {
    /// The protocol of maintenance, where there is one.
    pub fn maintenance(self) -> Option<Discriminator> {
        match self {
            Self::EuroIsdn | Self::Qsig => None,
            Self::Ess5 => Some(Discriminator::MaintenanceAtt),
            Self::Ni2 | Self::Dms100 => Some(Discriminator::MaintenanceNational),
        }
    }
}
