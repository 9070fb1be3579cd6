//! Which way media flows, as the one who says it sees it (RFC 8866 §6.7, RFC 3264 §5.1, §6.1).

/// The direction of a media section, from the side of whoever wrote the description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Speaks and listens; also what is meant where nothing is said.
    SendRecv,
    /// Speaks only: puts the other side on hold, often with music.
    SendOnly,
    /// Listens only.
    RecvOnly,
    /// Neither; RTCP goes on.
    Inactive,
}

impl Direction {
    /// Whether media comes from whoever wrote this.
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether whoever wrote this wants media.
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The same from the other side.
    pub fn reversed(self) -> Self {
        Self::of(self.receives(), self.sends())
    }

    /// As much of this as `limit` allows: an answer within the reversed offer is legal (RFC 3264 §6.1).
    pub fn within(self, limit: Self) -> Self {
        Self::of(self.sends() && limit.sends(), self.receives() && limit.receives())
    }

    /// The attribute's name: `sendrecv`, `sendonly`, `recvonly`, `inactive`.
    pub fn name(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    pub(crate) fn named(name: &[u8]) -> Option<Self> {
        [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive]
            .into_iter()
            .find(|direction| name.eq_ignore_ascii_case(direction.name().as_bytes()))
    }

    fn of(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Direction::{Inactive, RecvOnly, SendOnly, SendRecv};

    #[test]
    fn the_other_side_sees_sending_as_receiving() {
        assert_eq!(SendOnly.reversed(), RecvOnly);
        assert_eq!(RecvOnly.reversed(), SendOnly);
        assert_eq!(SendRecv.reversed(), SendRecv);
        assert_eq!(Inactive.reversed(), Inactive);
    }

    #[test]
    fn a_limit_takes_away_and_never_gives() {
        assert_eq!(SendRecv.within(RecvOnly), RecvOnly);
        assert_eq!(SendOnly.within(RecvOnly), Inactive);
        assert_eq!(RecvOnly.within(SendRecv), RecvOnly);
        assert_eq!(Inactive.within(SendRecv), Inactive);
    }
}
