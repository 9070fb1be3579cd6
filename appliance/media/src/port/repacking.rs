//! Whether what a far side hears leaves in packets of another length, as control was told.

/// Known of one pair.
#[derive(Debug, Default)]
pub(crate) struct Repacking {
    told: bool,
    /// It happened since the last look.
    lately: bool,
}

impl Repacking {
    /// It happened; whether that is news.
    pub(crate) fn happened(&mut self) -> bool {
        self.lately = true;
        !std::mem::replace(&mut self.told, true)
    }

    /// A while has passed; whether it has ended since it was told of. So a sender whose packets are now
    /// of this length, now of that, is told of once.
    pub(crate) fn ended(&mut self) -> bool {
        let lately = std::mem::take(&mut self.lately);
        !lately && std::mem::take(&mut self.told)
    }
}
