//! The o= line that the box writes for one leg (RFC 8866 §5.2), and when its version rises (RFC 3264 §8).

use std::net::IpAddr;

/// Who the box says it is on one leg, for the whole of one dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The session id; 31 bits, as old gateways read it into an `int`.
    pub session_id: u32,
    /// Rises by one with every description that differs from the one before.
    pub version: u32,
    /// The box's own address as this leg sees it.
    pub address: IpAddr,
}

impl Origin {
    /// The origin of a new dialog; `random` keeps session ids apart.
    pub fn new(random: u32, address: IpAddr) -> Self {
        Self { session_id: random >> 1, version: 1, address }
    }

    /// Writes the next description of this dialog: under the same version if it says what `previous`
    /// said, else under the next one (RFC 3264 §8: a version that stands still means nothing changed).
    pub fn follow(
        &mut self,
        previous: Option<&[u8]>,
        write: impl Fn(&Origin) -> Vec<u8>,
    ) -> Vec<u8> {
        let body = write(self);
        if previous.is_none_or(|previous| previous == body) {
            return body;
        }
        self.version = self.version.wrapping_add(1);
        write(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_rises_only_when_something_else_changed() {
        let mut origin = Origin::new(u32::MAX, IpAddr::from([192, 0, 2, 1]));
        let say =
            |word: &'static str| move |o: &Origin| format!("{} {word}", o.version).into_bytes();

        let first = origin.follow(None, say("a"));
        let refresh = origin.follow(Some(&first), say("a"));
        let change = origin.follow(Some(&refresh), say("b"));

        assert_eq!(
            (&first[..], &refresh[..], &change[..]),
            (&b"1 a"[..], &b"1 a"[..], &b"2 b"[..])
        );
        assert!(i32::try_from(origin.session_id).is_ok(), "old gateways read an int");
    }
}
