//! The B channels of an interface: who uses which, who is next, which rest (ITU-T Q.931 §5.1.2, §5.2.3).

use std::collections::BTreeMap;

use super::CallId;

/// A B channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct Channel {
    /// The identifier of its span as both sides have agreed on it, 0 to 127 (NFAS).
    pub span: u8,
    /// Its number as messages name it, 1 to 127: mostly the time slot.
    pub number: u8,
}

/// Some channels of every span, by their numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Numbers(u128);

impl Numbers {
    /// Every channel.
    pub const ALL: Self = Self(u128::MAX);

    /// Whether the channels of this number, 1 to 127, are among them.
    pub fn contains(self, number: u8) -> bool {
        self.0 & bit(number) != 0
    }
}

impl FromIterator<u8> for Numbers {
    /// Numbers above 127 name no channel and are left out.
    fn from_iter<T: IntoIterator<Item = u8>>(numbers: T) -> Self {
        Self(numbers.into_iter().fold(0, |bits, number| bits | bit(number)))
    }
}

fn bit(number: u8) -> u128 {
    1_u128.checked_shl(number.into()).unwrap_or_default()
}

/// In which order channels are taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Selection {
    /// The first free one: what a network usually does not do, so that both sides seldom meet.
    #[default]
    Ascending,
    /// The last free one.
    Descending,
    /// The next free one after the one that was taken last.
    RoundRobin,
    /// The one that has rested longest.
    LeastUsed,
}

/// Whether a channel may be used (SERVICE messages, "change status").
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, PartialOrd, Ord)]
pub enum Standing {
    /// It may.
    #[default]
    In,
    /// It is being tested.
    Maintenance,
    /// It may not.
    Out,
}

/// What a channel does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Usage {
    /// Nothing.
    #[default]
    Idle,
    /// We asked for it for this call, and the far side has not said anything yet.
    Reserved(CallId),
    /// It carries this call.
    Busy(CallId),
    /// One side restarts it (ITU-T Q.931 §5.5).
    Restarting,
}

/// All that is known of a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ChannelState {
    /// What it does.
    pub usage: Usage,
    /// Whether we want it to be used.
    pub ours: Standing,
    /// Whether the far side does.
    pub theirs: Standing,
    /// What we want it to be as soon as its call has ended.
    pub closing: Option<Standing>,
    /// Layer 1 of its span has failed.
    pub alarm: bool,
}

impl ChannelState {
    /// Whether calls may use it at all, also while one does.
    pub fn in_service(&self) -> bool {
        self.ours == Standing::In
            && self.theirs == Standing::In
            && self.closing.is_none()
            && !self.alarm
    }

    /// Whether a call may take it now.
    pub fn is_free(&self) -> bool {
        self.usage == Usage::Idle && self.in_service()
    }

    /// The call that has it.
    pub fn call(&self) -> Option<CallId> {
        match self.usage {
            Usage::Reserved(call) | Usage::Busy(call) => Some(call),
            Usage::Idle | Usage::Restarting => None,
        }
    }
}

/// The channels of an interface.
#[derive(Debug)]
pub(super) struct ChannelTable {
    selection: Selection,
    states: BTreeMap<Channel, Entry>,
    /// The one taken last.
    last: Option<Channel>,
    /// Counts releases: how long a channel has rested.
    releases: u64,
}

#[derive(Debug, Default)]
struct Entry {
    state: ChannelState,
    released: u64,
}

impl ChannelTable {
    pub(super) fn new(channels: impl IntoIterator<Item = Channel>, selection: Selection) -> Self {
        let states = channels.into_iter().map(|channel| (channel, Entry::default())).collect();
        Self { selection, states, last: None, releases: 0 }
    }

    /// All that is known of it; none if the interface has no such channel.
    pub(super) fn state(&self, channel: Channel) -> Option<&ChannelState> {
        self.states.get(&channel).map(|entry| &entry.state)
    }

    pub(super) fn state_mut(&mut self, channel: Channel) -> Option<&mut ChannelState> {
        self.states.get_mut(&channel).map(|entry| &mut entry.state)
    }

    /// Every channel in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Channel, &ChannelState)> {
        self.states.iter().map(|(channel, entry)| (*channel, &entry.state))
    }

    /// Every channel of one span, in order.
    pub(super) fn of_span(&self, span: u8) -> Vec<Channel> {
        self.states.keys().filter(|channel| channel.span == span).copied().collect()
    }

    /// The channel of these whose turn it is.
    pub(super) fn next_free(&self, among: Numbers) -> Option<Channel> {
        self.next_free_but(None, among)
    }

    /// The channel of these whose turn it is, and not this one.
    pub(super) fn next_free_but(
        &self,
        refused: Option<Channel>,
        among: Numbers,
    ) -> Option<Channel> {
        let fits = |(channel, entry): &(&Channel, &Entry)| {
            entry.state.is_free() && among.contains(channel.number) && Some(**channel) != refused
        };
        let mut free = self.states.iter().filter(fits);
        let found = match self.selection {
            Selection::Ascending => free.next(),
            Selection::Descending => free.next_back(),
            Selection::RoundRobin => match self.last {
                None => free.next(),
                Some(last) => {
                    let after = |(channel, _): &(&Channel, &Entry)| **channel > last;
                    free.clone().find(after).or_else(|| free.next())
                }
            },
            Selection::LeastUsed => free.min_by_key(|(channel, entry)| (entry.released, **channel)),
        };
        found.map(|(channel, _)| *channel)
    }

    /// Gives the channel to a call.
    pub(super) fn take(&mut self, channel: Channel, usage: Usage) {
        self.last = Some(channel);
        if let Some(state) = self.state_mut(channel) {
            state.usage = usage;
        }
    }

    /// Takes the channel from this call. A channel that has another call, or restarts, is left alone.
    pub(super) fn release(&mut self, channel: Channel, call: CallId) -> bool {
        self.releases = self.releases.saturating_add(1);
        let releases = self.releases;
        let Some(entry) = self.states.get_mut(&channel) else { return false };
        if entry.state.call() != Some(call) {
            return false;
        }
        entry.state.usage = Usage::Idle;
        entry.released = releases;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(selection: Selection) -> ChannelTable {
        ChannelTable::new([1, 2, 3, 4].map(|number| Channel { span: 0, number }), selection)
    }

    fn taken(selection: Selection) -> Vec<u8> {
        let mut table = table(selection);
        let mut numbers = Vec::new();
        for call in 0..6 {
            let channel = table.next_free(Numbers::ALL).unwrap();
            numbers.push(channel.number);
            table.take(channel, Usage::Busy(CallId(call)));
            // The third call stays.
            if call != 2 {
                assert!(table.release(channel, CallId(call)));
            }
        }
        numbers
    }

    #[test]
    fn channels_are_taken_in_the_order_that_is_set() {
        assert_eq!(taken(Selection::Ascending), [1, 1, 1, 2, 2, 2]);
        assert_eq!(taken(Selection::Descending), [4, 4, 4, 3, 3, 3]);
        assert_eq!(taken(Selection::RoundRobin), [1, 2, 3, 4, 1, 2]);
        assert_eq!(taken(Selection::LeastUsed), [1, 2, 3, 4, 1, 2]);
    }

    #[test]
    fn a_channel_that_was_refused_is_passed_over() {
        let channel = |number| Channel { span: 0, number };
        for (selection, first, second) in
            [(Selection::Ascending, 1, 2), (Selection::Descending, 4, 3)]
        {
            let table = table(selection);
            assert_eq!(table.next_free(Numbers::ALL), Some(channel(first)));
            assert_eq!(
                table.next_free_but(Some(channel(first)), Numbers::ALL),
                Some(channel(second))
            );
        }
    }

    #[test]
    fn what_is_out_of_service_closing_or_in_alarm_is_not_taken() {
        let mut table = table(Selection::Ascending);
        let channel = |number| Channel { span: 0, number };
        table.state_mut(channel(1)).unwrap().ours = Standing::Out;
        table.state_mut(channel(2)).unwrap().theirs = Standing::Maintenance;
        table.state_mut(channel(3)).unwrap().closing = Some(Standing::Out);
        assert_eq!(table.next_free(Numbers::ALL), Some(channel(4)));
        table.state_mut(channel(4)).unwrap().alarm = true;
        assert_eq!(table.next_free(Numbers::ALL), None);
    }

    #[test]
    fn the_channels_of_a_group_are_hunted_in_the_order_that_is_set_and_no_others() {
        let orders = [
            (Selection::Ascending, [2, 3, 2]),
            (Selection::Descending, [3, 2, 3]),
            (Selection::RoundRobin, [2, 3, 2]),
            (Selection::LeastUsed, [2, 3, 2]),
        ];
        for (selection, expected) in orders {
            let (mut table, group) = (table(selection), Numbers::from_iter([2, 3, 200]));
            let mut take = |call| {
                let channel = table.next_free(group)?;
                table.take(channel, Usage::Busy(CallId(call)));
                Some(channel)
            };
            let (first, second, none) = (take(1).unwrap(), take(2).unwrap(), take(3));
            assert_eq!(none, None, "1 and 4 are free, but not of the group");
            assert!(table.release(first, CallId(1)));
            let third = table.next_free(group).unwrap();
            assert_eq!([first, second, third].map(|it| it.number), expected, "{selection:?}");
        }
        assert!(!Numbers::from_iter([200]).contains(200));
    }

    #[test]
    fn a_call_cannot_release_the_channel_of_another() {
        let mut table = table(Selection::Ascending);
        let channel = Channel { span: 0, number: 1 };
        table.take(channel, Usage::Busy(CallId(7)));
        assert!(!table.release(channel, CallId(8)));
        assert_eq!(table.state(channel).unwrap().call(), Some(CallId(7)));
    }
}
