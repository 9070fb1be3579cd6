//! Media ports in hand: lent by number, so that no call waits for a socket.

use call::{MediaCommand, PortId};
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

/// The free ports that media reported, for each media address.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    addresses: Vec<Shelf>,
    lent: usize,
    lines: Lines,
}

/// Numbers of lines in browsers' transports: they have no sockets, and so there is always one.
#[derive(Debug, Default)]
struct Lines {
    used: u16,
    /// Those that came back, the longest unused first.
    free: VecDeque<u16>,
}

#[derive(Debug)]
struct Shelf {
    address: IpAddr,
    free: VecDeque<u16>,
    /// What was asked for last; doubled when it runs low.
    asked: u16,
    /// Half of that has not come yet: it is too early to ask for more.
    awaited: bool,
    exhausted: bool,
}

impl Ports {
    /// The media addresses, and what to ask of media at the start.
    pub(crate) fn arrange(&mut self, addresses: &[IpAddr]) -> Vec<MediaCommand> {
        let known = |shelf: &Shelf, address| shelf.address == address;
        let same = self.addresses.len() == addresses.len()
            && self.addresses.iter().zip(addresses).all(|(shelf, at)| known(shelf, *at));
        if same {
            return Vec::new();
        }
        let shelf = |address: &IpAddr| Shelf {
            address: *address,
            free: VecDeque::new(),
            asked: FIRST_SPARE,
            awaited: true,
            exhausted: false,
        };
        self.addresses = addresses.iter().map(shelf).collect();
        (0u8..)
            .zip(&self.addresses)
            .map(|(address, shelf)| MediaCommand::Provide { address, spare: shelf.asked })
            .collect()
    }

    /// Media has bound these.
    pub(crate) fn free(&mut self, address: u8, ports: &[u16]) {
        let Some(shelf) = self.addresses.get_mut(usize::from(address)) else { return };
        shelf.free.extend(ports);
        shelf.exhausted = false;
        shelf.awaited &= shelf.is_low();
    }

    /// Media can bind no more.
    pub(crate) fn exhausted(&mut self, address: u8) {
        let Some(shelf) = self.addresses.get_mut(usize::from(address)) else { return };
        shelf.exhausted = true;
    }

    /// Lends the pair that rested longest, of the family of `like`, and says what to ask of media so
    /// that the next ones are there in time.
    pub(crate) fn lend(&mut self, like: IpAddr) -> Option<(PortId, IpAddr, Option<MediaCommand>)> {
        let place = self.place(like)?;
        let shelf = self.addresses.get_mut(place)?;
        let address = u8::try_from(place).ok()?;
        let port = shelf.free.pop_front()?;
        self.lent += 1;
        let short = shelf.is_low() && !shelf.awaited && !shelf.exhausted;
        let more = short.then(|| {
            shelf.asked = shelf.asked.saturating_mul(2).min(MOST_SPARE);
            shelf.awaited = true;
            MediaCommand::Provide { address, spare: shelf.asked }
        });
        Some((PortId { address, port }, shelf.address, more))
    }

    /// The next number for a line in a browser's transport; `None` when thousands are in use.
    pub(crate) fn lend_line(&mut self) -> Option<PortId> {
        let fresh = || self.lines.used.checked_add(2);
        let port = match self.lines.free.pop_front() {
            Some(port) => port,
            None => {
                self.lines.used = fresh()?;
                self.lines.used
            }
        };
        Some(PortId { address: PortId::BROWSER, port })
    }

    /// The media address that a peer is nearest to.
    pub(crate) fn address(&self, like: IpAddr) -> Option<IpAddr> {
        let found = self.place(like).and_then(|place| self.addresses.get(place));
        found.map(|shelf| shelf.address)
    }

    /// The pair that has this address, which is one of the box's.
    pub(crate) fn at(&self, address: SocketAddr) -> Option<PortId> {
        let place = self.place(address.ip())?;
        Some(PortId { address: u8::try_from(place).ok()?, port: address.port() & !1 })
    }

    /// A pair went back to media, which reports it free when it has rested.
    pub(crate) fn returned(&mut self, port: PortId) {
        if port.is_browser() {
            return self.lines.free.push_back(port.port);
        }
        // A B channel is its interface's to give.
        if port.is_line() {
            return;
        }
        self.lent = self.lent.saturating_sub(1);
    }

    fn place(&self, like: IpAddr) -> Option<usize> {
        let fits = |shelf: &Shelf| shelf.address == like;
        let family = |shelf: &Shelf| {
            shelf.address.is_unspecified() && shelf.address.is_ipv4() == like.is_ipv4()
        };
        let any = |shelf: &Shelf| shelf.address.is_ipv4() == like.is_ipv4();
        let position = |is: &dyn Fn(&Shelf) -> bool| self.addresses.iter().position(is);
        position(&fits).or_else(|| position(&family)).or_else(|| position(&any))
    }

    pub(crate) fn lent(&self) -> usize {
        self.lent
    }

    pub(crate) fn in_hand(&self) -> usize {
        self.addresses.iter().map(|shelf| shelf.free.len()).sum()
    }
}

impl Shelf {
    fn is_low(&self) -> bool {
        self.free.len() < usize::from(self.asked / 2)
    }
}

/// Pairs in hand at the start: enough for 64 calls before media, on a busy machine, has bound the next.
const FIRST_SPARE: u16 = 128;
/// Ports rest for seconds after use; at 3,000 calls a second that many are needed at once.
const MOST_SPARE: u16 = 16_384;

#[cfg(test)]
mod tests {
    use super::*;

    fn v4() -> IpAddr {
        "0.0.0.0".parse().unwrap()
    }

    #[test]
    fn the_port_that_rested_longest_is_lent_first() {
        let mut ports = Ports::default();
        assert_eq!(ports.arrange(&[v4()]).len(), 1);
        ports.free(0, &[20_000, 20_002]);
        let (first, _, _) = ports.lend("192.0.2.1".parse().unwrap()).unwrap();
        assert_eq!(first.port, 20_000);
        assert!(ports.lend("2001:db8::1".parse().unwrap()).is_none());
    }

    fn pairs(range: std::ops::Range<u16>) -> Vec<u16> {
        range.map(|n| 20_000 + 2 * n).collect()
    }

    #[test]
    fn twice_as_many_are_asked_for_before_they_run_out_and_then_awaited() {
        let mut ports = Ports::default();
        ports.arrange(&[v4()]);
        ports.free(0, &pairs(0..FIRST_SPARE));
        let asked: Vec<_> = (0..FIRST_SPARE).filter_map(|_| ports.lend(v4())?.2).collect();
        let spare = 2 * FIRST_SPARE;
        assert_eq!(asked, [MediaCommand::Provide { address: 0, spare }]);
        assert!(ports.lend(v4()).is_none());
        // Half of them came: from now on a lack is one of what was asked for last.
        ports.free(0, &pairs(FIRST_SPARE..2 * FIRST_SPARE));
        let spare = 2 * spare;
        let (_, _, more) = ports.lend(v4()).unwrap();
        assert_eq!(more, Some(MediaCommand::Provide { address: 0, spare }));
    }

    #[test]
    fn what_media_does_not_have_is_not_asked_for_again_until_a_pair_comes_back() {
        let mut ports = Ports::default();
        ports.arrange(&[v4()]);
        ports.free(0, &pairs(0..40));
        ports.exhausted(0);
        assert!((0..40).all(|_| matches!(ports.lend(v4()), Some((_, _, None)))));
    }
}
