//! Whole messages of layer 3 (ITU-T Q.931 §4).

mod check;
mod kind;
mod problem;
mod reference;
mod words;

pub use kind::{Discriminator, MessageKind};
pub use problem::{NotAMessage, Problem, ProblemKind};
pub use reference::{CallReference, ReferenceLength};

use super::element::*;

/// One message: which call, what for, and its elements in the order in which they are sent.
///
/// What was parsed prints back to the same octets, whatever was wrong with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Which call it is about.
    pub call: CallReference,
    /// What it is for.
    pub kind: MessageKind,
    items: Vec<Item>,
    /// Octets at the end that are no whole element.
    rest: Vec<u8>,
}

/// An element as it is sent, in the codeset that is active there.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Item {
    codeset: u8,
    element: Element,
    /// Identifier, length and content.
    octets: Vec<u8>,
}

impl Message {
    /// A message without elements.
    pub fn new(call: CallReference, kind: MessageKind) -> Self {
        Self { call, kind, items: Vec::new(), rest: Vec::new() }
    }

    /// The same message with this element where it belongs, see [`Self::push`].
    pub fn with(mut self, element: impl Into<Element>) -> Self {
        self.push(element);
        self
    }

    /// Puts an element (at most 255 octets of content) where it belongs: those of codeset 0 by their identifiers, behind those of the same
    /// (ITU-T Q.931 §4.5.1); those of other codesets at the end, behind a shift.
    pub fn push(&mut self, element: impl Into<Element>) {
        let element = element.into();
        self.push_in(element.codeset(), element);
    }

    /// The same in this codeset, 0 to 7: a display in codeset 6.
    pub fn push_in(&mut self, codeset: u8, element: impl Into<Element>) {
        let item = Item::new(codeset & 7, element.into());
        if item.codeset == 0 {
            let ends = |other: &Item| other.shift().is_some() || other.rank() > item.rank();
            let at = self.items.iter().position(ends).unwrap_or(self.items.len());
            self.items.insert(at, item);
            return;
        }
        if self.next_codeset() != item.codeset {
            self.items.pop_if(|last| matches!(last.shift(), Some((_, false))));
            let active = self.active();
            let locking = active < item.codeset;
            self.items.push(Item::new(active, Element::Shift { codeset: item.codeset, locking }));
        }
        self.items.push(item);
    }

    /// Its elements in the order in which they are sent, with shifts.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.items.iter().map(|item| &item.element)
    }

    /// Its elements with the codeset that each is of.
    pub fn elements_in_codesets(&self) -> impl Iterator<Item = (u8, &Element)> {
        self.items.iter().map(|item| (item.codeset, &item.element))
    }

    /// Whether no digits follow.
    pub fn sending_complete(&self) -> bool {
        self.elements().any(|element| *element == Element::SendingComplete)
    }

    /// Puts an element at the end as it is, in the codeset that is active there: a repeat indicator before
    /// what it is about, elements in an order of one's own.
    pub fn push_last(&mut self, element: impl Into<Element>) {
        self.items.push(Item::new(self.next_codeset(), element.into()));
    }

    /// What supplementary services ask for, as far as we know it.
    pub fn services(&self) -> impl Iterator<Item = Service> {
        self.facilities().flat_map(Facility::services)
    }

    /// The name of who calls: that of a service, or else what a SETUP has to show.
    pub fn calling_name(&self) -> Option<Name> {
        let told = self.services().find_map(|service| match service {
            Service::Name(NameOf::Calling, name) => Some(name),
            _ => None,
        });
        let setup = self.kind == MessageKind::Setup;
        told.or_else(|| self.display().filter(|_| setup).map(|display| Name::new(&display.text)))
    }

    /// The name of who answered: that of a service, or else what a CONNECT has to show.
    pub fn connected_name(&self) -> Option<Name> {
        let told = self.services().find_map(|service| match service {
            Service::Name(NameOf::Connected, name) => Some(name),
            _ => None,
        });
        let answer = self.kind == MessageKind::Connect;
        told.or_else(|| self.display().filter(|_| answer).map(|display| Name::new(&display.text)))
    }

    /// Every facility.
    pub fn facilities(&self) -> impl Iterator<Item = &Facility> {
        self.elements().filter_map(|element| match element {
            Element::Facility(facility) => Some(facility),
            _ => None,
        })
    }

    /// Every progress indicator; two are allowed.
    pub fn progress(&self) -> impl Iterator<Item = &Progress> {
        self.elements().filter_map(|element| match element {
            Element::Progress(progress) => Some(progress),
            _ => None,
        })
    }

    /// The octets to send.
    pub fn octets(&self) -> Vec<u8> {
        let mut octets = vec![self.kind.discriminator().octet()];
        self.call.write(&mut octets);
        if let MessageKind::Escaped(_) = self.kind {
            octets.push(ESCAPE);
        }
        octets.push(self.kind.octet());
        self.items.iter().for_each(|item| octets.extend(&item.octets));
        octets.extend(&self.rest);
        octets
    }

    /// If it is one part of a long message: which one, and its octets of the content, cut anywhere (ITU-T
    /// Q.931 annex H.2).
    pub(super) fn segment(&self) -> Option<(Segmented, Vec<u8>)> {
        let (head, content) = self.items.split_first()?;
        let Element::Segmented(head) = head.element else { return None };
        let mut octets: Vec<u8> = content.iter().flat_map(|item| &item.octets).copied().collect();
        octets.extend(&self.rest);
        Some((head, octets))
    }

    /// What these octets say, and what is wrong with the elements; an error if they are to be dropped.
    pub fn parse(octets: &[u8]) -> Result<(Self, Vec<Problem>), NotAMessage> {
        let (discriminator, rest) = octets.split_first().ok_or(NotAMessage::Short)?;
        let discriminator = Discriminator::from_octet(*discriminator)
            .ok_or(NotAMessage::Discriminator(*discriminator))?;
        if rest.len() < 2 {
            return Err(NotAMessage::Short);
        }
        let (call, rest) = CallReference::read(rest).ok_or(NotAMessage::CallReference)?;
        let (kind, rest) = match (discriminator, rest) {
            (_, []) => return Err(NotAMessage::Short),
            (Discriminator::CallControl, [ESCAPE, kind, rest @ ..]) => {
                (MessageKind::Escaped(*kind), rest)
            }
            (_, [kind, rest @ ..]) => (MessageKind::from_octet(discriminator, *kind), rest),
        };
        let mut message = Self::new(call, kind);
        message.read(rest);
        let problems = message.problems();
        Ok((message, problems))
    }

    /// Cuts the elements apart; each has at least one octet, so this ends.
    fn read(&mut self, mut octets: &[u8]) {
        let (mut active, mut next) = (0, None);
        loop {
            let codeset = next.take().unwrap_or(active);
            let (length, element) = match octets {
                [] => return,
                [id @ 0x80..=0xff, ..] => (1, Element::of_one_octet(codeset, *id)),
                [id, length, content @ ..] if content.len() >= usize::from(*length) => {
                    let length = usize::from(*length);
                    (
                        length + 2,
                        Element::read(codeset, *id, content.get(..length).unwrap_or_default()),
                    )
                }
                _ => {
                    self.rest = octets.to_vec();
                    return;
                }
            };
            match element {
                Element::Shift { codeset, locking: true } => active = codeset,
                Element::Shift { codeset, locking: false } => next = Some(codeset),
                _ => {}
            }
            let (item, rest) = octets.split_at_checked(length).unwrap_or((octets, &[]));
            self.items.push(Item { codeset, element, octets: item.to_vec() });
            octets = rest;
        }
    }

    /// The codeset of what is put at the end.
    fn next_codeset(&self) -> u8 {
        match self.items.last().and_then(Item::shift) {
            Some((codeset, false)) => codeset,
            _ => self.active(),
        }
    }

    /// The codeset that is locked at the end.
    fn active(&self) -> u8 {
        let shifts = self.items.iter().filter_map(Item::shift);
        shifts
            .filter(|(_, locking)| *locking)
            .map(|(codeset, _)| codeset)
            .next_back()
            .unwrap_or_default()
    }
}

macro_rules! first {
    ($($(#[$doc:meta])* $method:ident $variant:ident $kind:ty;)*) => {
        impl Message {
            $(
                $(#[$doc])*
                pub fn $method(&self) -> Option<&$kind> {
                    self.elements().find_map(|element| match element {
                        Element::$variant(element) => Some(element),
                        _ => None,
                    })
                }
            )*
        }
    };
}

first! {
    /// What the call carries.
    bearer_capability BearerCapability BearerCapability;
    /// Why.
    cause Cause Cause;
    /// The state of the call.
    call_state CallState CallState;
    /// Which channel.
    channel_id ChannelId ChannelId;
    /// What the party is told.
    notification Notification Notification;
    /// What a set is to show, of whatever codeset.
    display Display Display;
    /// Keys that were pressed.
    keypad Keypad Keypad;
    /// A tone that the network asks for.
    signal Signal Signal;
    /// Who is called.
    called_number CalledNumber Number;
    /// The address behind who is called.
    called_subaddress CalledSubaddress Subaddress;
    /// Who calls.
    calling_number CallingNumber PartyNumber;
    /// The address behind who calls.
    calling_subaddress CallingSubaddress Subaddress;
    /// Who answered.
    connected_number ConnectedNumber PartyNumber;
    /// The address behind who answered.
    connected_subaddress ConnectedSubaddress Subaddress;
    /// Whom the call came away from last.
    redirecting_number RedirectingNumber RedirectingNumber;
    /// Whom the call was for at first.
    original_called_number OriginalCalledNumber RedirectingNumber;
    /// Where the call goes now.
    redirection_number RedirectionNumber PartyNumber;
    /// What a restart is about.
    restart_indicator RestartIndicator RestartIndicator;
    /// What becomes of a channel.
    change_status ChangeStatus ChangeStatus;
    /// What sort of set it is for.
    high_layer HighLayer HighLayer;
    /// What protocols the sets speak.
    low_layer LowLayer LowLayer;
    /// What a suspended call is called.
    call_identity CallIdentity CallIdentity;
    /// The time of the network.
    date_time DateTime DateTime;
    /// The first network that is to carry the call.
    transit_network TransitNetwork TransitNetwork;
    /// Which part of a long message it is.
    segmented Segmented Segmented;
    /// What the user says.
    user_user UserUser UserUser;
}

impl Item {
    /// An element as it will be read: what does not fit its fields is cut off, an element of another codeset
    /// is a raw one.
    fn new(codeset: u8, element: Element) -> Self {
        let id = element.id();
        if id >= 0x80 {
            return Self { codeset, element: Element::of_one_octet(codeset, id), octets: vec![id] };
        }
        let mut content = Vec::new();
        element.write(&mut content);
        content.truncate(usize::from(u8::MAX));
        let mut octets = vec![id, u8::try_from(content.len()).unwrap_or(u8::MAX)];
        octets.extend(&content);
        Self { codeset, element: Element::read(codeset, id, &content), octets }
    }

    fn shift(&self) -> Option<(u8, bool)> {
        match self.element {
            Element::Shift { codeset, locking } => Some((codeset, locking)),
            _ => None,
        }
    }

    /// Where it belongs among those of codeset 0: what is of one octet comes first.
    fn rank(&self) -> u8 {
        let id = self.element.id();
        if id < 0x80 { id.saturating_add(1) } else { 0 }
    }
}

/// A message type of one country or network follows (ITU-T Q.931 §4.4).
const ESCAPE: u8 = 0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setup_prints_as_the_figures_of_the_recommendation_say_and_back() {
        let call = CallReference::new(3, true, ReferenceLength::Two);
        let message = Message::new(call, MessageKind::Setup)
            .with(Element::CalledNumber(Number::isdn(TypeOfNumber::National, "5551234")))
            .with(ChannelId::primary(7).exclusively())
            .with(BearerCapability::speech_alaw())
            .with(Element::SendingComplete);
        let octets = [
            &[0x08, 0x02, 0x00, 0x03, 0x05, 0xa1][..],
            &[0x04, 0x03, 0x80, 0x90, 0xa3],
            &[0x18, 0x03, 0xa9, 0x83, 0x87],
            &[0x70, 0x08, 0xa1, b'5', b'5', b'5', b'1', b'2', b'3', b'4'],
        ]
        .concat();
        assert_eq!(message.octets(), octets);
        assert_eq!(Message::parse(&octets), Ok((message, Vec::new())));
    }
}
