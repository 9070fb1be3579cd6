//! How many connections may be up at a time, in all and from one source, so that one source cannot
//! take them all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts the connections of one kind of listener. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct Admission {
    most: usize,
    most_per_source: usize,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    by_source: HashMap<IpAddr, usize>,
    refused: u64,
}

/// The right to one connection, given back when dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    source: IpAddr,
    counts: Arc<Mutex<Counts>>,
}

impl Admission {
    /// At most so many in all, and so many from one source.
    pub(crate) fn new(most: usize, most_per_source: usize) -> Self {
        Self { most, most_per_source, counts: Arc::default() }
    }

    /// Lets one more in, or not. Of IPv6 the /64 counts: every host has that many addresses.
    pub(crate) fn admit(&self, source: IpAddr) -> Option<Ticket> {
        let source = network_of(source);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let from_source = counts.by_source.get(&source).copied().unwrap_or_default();
        if counts.all >= self.most || from_source >= self.most_per_source {
            counts.refused += 1;
            return None;
        }
        counts.all += 1;
        counts.by_source.insert(source, from_source + 1);
        Some(Ticket { source, counts: Arc::clone(&self.counts) })
    }

    /// Connections that are up, and those that were refused so far.
    pub(crate) fn figures(&self) -> (usize, u64) {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        (counts.all, counts.refused)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all = counts.all.saturating_sub(1);
        let left = counts.by_source.get(&self.source).map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            counts.by_source.remove(&self.source);
        } else {
            counts.by_source.insert(self.source, left);
        }
    }
}

fn network_of(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_source_cannot_take_all_places_and_gets_its_own_back() {
        let admission = Admission::new(3, 2);
        let greedy: IpAddr = "192.0.2.1".parse().unwrap();
        let first = admission.admit(greedy).unwrap();
        let _second = admission.admit(greedy).unwrap();
        assert!(admission.admit(greedy).is_none());
        let _other = admission.admit("192.0.2.2".parse().unwrap()).unwrap();
        assert!(admission.admit("192.0.2.3".parse().unwrap()).is_none());
        drop(first);
        assert!(admission.admit(greedy).is_some());
        assert_eq!(admission.figures(), (2, 2));
    }

    #[test]
    fn the_addresses_of_one_ipv6_host_are_one_source() {
        let admission = Admission::new(9, 1);
        let _ticket = admission.admit("2001:db8::1".parse().unwrap()).unwrap();
        assert!(admission.admit("2001:db8::2:1".parse().unwrap()).is_none());
        assert!(admission.admit("2001:db8:0:1::1".parse().unwrap()).is_some());
    }
}
