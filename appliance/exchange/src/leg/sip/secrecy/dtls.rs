//! Keys by a handshake in the media: who begins it, and whose certificate is believed (RFC 5763 §5).

use crate::places::Shown;
use call::{Fingerprint, Handshake, Hash};
use sdp::{Media, Setup};

/// What the peer says of the handshake of a line.
pub(super) struct Said {
    setup: Setup,
    fingerprints: Vec<Fingerprint>,
    tls_id: Option<String>,
}

/// What both have said of it.
#[derive(Debug, Clone)]
pub(super) struct Agreement {
    pub(super) handshake: Handshake,
    tls_id: Option<String>,
}

impl Said {
    /// Nothing where the peer says nothing of it, or knows no digest that the box knows.
    pub(super) fn of(media: &Media<'_>) -> Option<Self> {
        let said = media.dtls()?;
        let known = |(name, digest): (&str, Vec<u8>)| {
            let hash = Hash::named(name).filter(|hash| hash.length() == digest.len())?;
            Some(Fingerprint { hash, digest })
        };
        let mut fingerprints: Vec<_> = said.fingerprints.into_iter().filter_map(known).collect();
        fingerprints.sort();
        let tls_id = said.tls_id.map(str::to_owned);
        (!fingerprints.is_empty()).then_some(Self { setup: said.setup, fingerprints, tls_id })
    }

    /// Our answer to the peer's offer. The box begins, which is sooner done (RFC 5763 §5), unless the
    /// peer wants to or cannot be reached before it has spoken.
    pub(super) fn answered(self, before: Option<&Agreement>, reachable: bool) -> Agreement {
        let active = match self.setup {
            Setup::Active => false,
            Setup::Passive => true,
            Setup::Actpass | Setup::Holdconn => {
                before.map_or(reachable, |before| before.handshake.active)
            }
        };
        self.agreed(active)
    }

    /// The peer's answer to our offer.
    pub(super) fn accepted(self, before: Option<&Agreement>) -> Agreement {
        let active = match self.setup {
            Setup::Passive => true,
            Setup::Holdconn => before.is_some_and(|before| before.handshake.active),
            // An answer that chooses nothing chose what is meant without a word (RFC 4145 §4.1).
            Setup::Active | Setup::Actpass => false,
        };
        self.agreed(active)
    }

    fn agreed(self, active: bool) -> Agreement {
        let Self { fingerprints, tls_id, .. } = self;
        Agreement { handshake: Handshake { active, fingerprints, association: 0 }, tls_id }
    }
}

impl Agreement {
    /// Whether nothing was said that asks for a new handshake (RFC 8842 §4).
    pub(super) fn is(&self, other: &Self) -> bool {
        let (one, two) = (&self.handshake, &other.handshake);
        self.tls_id == other.tls_id
            && one.active == two.active
            && one.fingerprints == two.fingerprints
    }

    pub(super) fn numbered(mut self, association: u32) -> Self {
        self.handshake.association = association;
        self
    }

    /// What our answer says.
    pub(super) fn setup(&self) -> Setup {
        if self.handshake.active { Setup::Active } else { Setup::Passive }
    }
}

/// What a description of ours says. Many read but one fingerprint, some of them the first and some the
/// last (RFC 4572 knew no more than one): both are that of the certificate that nearly all are shown.
pub(super) fn attributes(shown: Option<Shown>, setup: Setup) -> Vec<String> {
    let Some(Shown { ecdsa, rsa }) = shown else { return Vec::new() };
    let digests = [Some(ecdsa), rsa, rsa.map(|_| ecdsa)];
    let fingerprints = digests.iter().flatten().map(|digest| {
        let octets: Vec<_> = digest.iter().map(|octet| format!("{octet:02X}")).collect();
        format!("fingerprint:{} {}", Hash::Sha256.name(), octets.join(":"))
    });
    [format!("setup:{}", setup.name())].into_iter().chain(fingerprints).collect()
}
