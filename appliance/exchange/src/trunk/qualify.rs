//! Whether a carrier that needs no registration is there: he is asked now and again (RFC 3261 §11).

use config::{Trunk, TrunkKind};
use sip::transaction::TransactionId;
use std::time::{Duration, Instant};

/// How far the asking of one carrier is.
#[derive(Debug)]
pub(super) enum Qualify {
    /// He is not asked.
    Off,
    /// His addresses are being looked up.
    Finding { verdict: Verdict },
    /// An OPTIONS is under way.
    Asking { verdict: Verdict, transaction: TransactionId },
    /// He is asked again then.
    Waiting { verdict: Verdict, until: Instant },
}

/// What is known of him. It holds until the next answer, or its absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// He was not asked yet.
    Unknown,
    /// He answered.
    Here,
    /// He did not, or there is no way to him.
    Away,
}

impl Qualify {
    /// As the trunk's settings want it.
    pub(super) fn of(trunk: &Trunk) -> Self {
        let is_asked = trunk.enabled && trunk.kind == TrunkKind::Static;
        match is_asked && trunk.qualify_seconds > 0 {
            true => Self::Finding { verdict: Verdict::Unknown },
            false => Self::Off,
        }
    }

    pub(super) fn is_wanted(&self) -> bool {
        !matches!(self, Self::Off)
    }

    pub(super) fn is_finding(&self) -> bool {
        matches!(self, Self::Finding { .. })
    }

    /// Whether this is the request that it waits for, and not one of an older configuration.
    pub(super) fn is_asking(&self, id: TransactionId) -> bool {
        matches!(self, Self::Asking { transaction, .. } if *transaction == id)
    }

    /// `None` when he is never asked.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        match self {
            Self::Off => None,
            Self::Finding { verdict }
            | Self::Asking { verdict, .. }
            | Self::Waiting { verdict, .. } => Some(*verdict),
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Waiting { until, .. } => Some(*until),
            Self::Off | Self::Finding { .. } | Self::Asking { .. } => None,
        }
    }

    /// Begins the next round.
    pub(super) fn begin(&mut self) {
        if let Some(verdict) = self.verdict() {
            *self = Self::Finding { verdict };
        }
    }

    /// An OPTIONS was sent.
    pub(super) fn asked(&mut self, transaction: TransactionId) {
        if let Some(verdict) = self.verdict() {
            *self = Self::Asking { verdict, transaction };
        }
    }

    /// The round is over.
    pub(super) fn judge(&mut self, verdict: Verdict, trunk: &Trunk, now: Instant) {
        let until = now + Duration::from_secs(trunk.qualify_seconds.into());
        *self = Self::Waiting { verdict, until };
    }
}
