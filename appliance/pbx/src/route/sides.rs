//! Whether the sides of a thought-of call would be encrypted, by what is set for them.

use super::Caller;
use call::{EncryptionPolicy, LegEncryption};
use config::{Config, Encryption, TenantId, TrunkId};

/// A phone that is registered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Phone {
    /// The device that it logged in as; nothing where it did so as its extension.
    pub device: Option<String>,
    /// It is a browser: its sound is always encrypted.
    pub browser: bool,
}

/// The caller's side, then the others in the order in which they are tried.
#[derive(Default)]
pub(super) struct Sides(Vec<(String, Set)>);

#[derive(Clone, Copy, PartialEq)]
enum Set {
    Here(Encryption),
    Browser,
}

impl Sides {
    /// Only the caller's. Any of an extension's phones may be the one that calls.
    pub(super) fn of(
        config: &Config,
        caller: &Caller,
        registered: impl Fn(TenantId, &str) -> Vec<Phone>,
    ) -> Self {
        let mut sides = Self::default();
        match caller {
            Caller::Extension { tenant, number } => {
                sides.add_phones(config, *tenant, number, &registered(*tenant, number));
            }
            Caller::Trunk { trunk, .. } => sides.add_trunk(config, *trunk),
        }
        sides
    }

    /// The phones of an extension; if none is registered, one that would log in as the extension.
    pub(super) fn add_phones(
        &mut self,
        config: &Config,
        tenant: TenantId,
        number: &str,
        phones: &[Phone],
    ) {
        let unknown = [Phone::default()];
        let phones = if phones.is_empty() { &unknown } else { phones };
        let known = self.0.len();
        for phone in phones {
            let set = match phone.browser {
                true => Set::Browser,
                false => Set::Here(config.encryption_of_phone(tenant, phone.device.as_deref())),
            };
            let mut of_it = self.0.iter().skip(known);
            if !of_it.any(|(_, other)| *other == set) {
                self.0.push((number.to_owned(), set));
            }
        }
    }

    pub(super) fn add_trunk(&mut self, config: &Config, id: TrunkId) {
        let Some(trunk) = config.trunks.get(&id) else { return };
        let set = config.encryption_of_trunk(trunk.tenant, id);
        self.0.push((trunk.name.clone(), Set::Here(set)));
    }

    /// Who needs help is heard in the clear as well.
    pub(super) fn relax(&mut self) {
        for (_, set) in &mut self.0 {
            if let Set::Here(set) = set {
                *set = set.relaxed();
            }
        }
    }

    pub(super) fn told(self) -> Vec<LegEncryption> {
        let told = |(leg, set)| {
            let policy = match set {
                Set::Here(Encryption::Off) => EncryptionPolicy::Off,
                Set::Here(Encryption::Opportunistic) => EncryptionPolicy::Opportunistic,
                Set::Here(Encryption::Required) => EncryptionPolicy::Required,
                Set::Here(Encryption::OpportunisticDtls) => EncryptionPolicy::OpportunisticDtls,
                Set::Here(Encryption::RequiredDtls) => EncryptionPolicy::RequiredDtls,
                Set::Browser => EncryptionPolicy::Browser,
            };
            LegEncryption { leg, policy }
        };
        self.0.into_iter().map(told).collect()
    }
}
