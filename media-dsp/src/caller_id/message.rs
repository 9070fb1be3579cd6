//! Messages with a checksum: SDMF and MDMF of GR-30 §2.4, and those of EN 300 659-3 §5.

use super::field::{Absence, Field, Lamp, Moment, number, text};
use std::fmt;

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A call, in the single format: a moment, and a number or why there is none. GR-30.
    SingleCall,
    /// Waiting messages, in the single format. GR-30.
    SingleWaiting,
    /// A call.
    Call,
    /// Waiting messages.
    Waiting,
    /// Advice of charge: EN 300 659-3.
    Charge,
    /// A short message: EN 300 659-3.
    ShortMessage,
}

/// A sound message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    kind: Kind,
    body: &'a [u8],
}

/// Why octets are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// Too few or too many for the length that they state.
    Length,
    /// The sum or the cyclic check is wrong, or a parity bit.
    Checksum,
    /// No known type of message, or no such frame.
    Kind,
    /// A parameter reaches beyond the end, or says what it cannot.
    Field,
}

/// A message does not take more than 255 octets of parameters, or its kind does not take this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRoom;

/// Writes a message.
#[derive(Debug, Clone)]
pub struct Composer {
    kind: Kind,
    octets: [u8; 258],
    length: usize,
}

impl<'a> Message<'a> {
    /// Reads a message, its type first and its checksum last.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let [kind, length, rest @ ..] = octets else { return Err(Malformed::Length) };
        let [body @ .., _] = rest else { return Err(Malformed::Length) };
        if body.len() != usize::from(*length) {
            return Err(Malformed::Length);
        }
        if octets.iter().fold(0_u8, |sum, octet| sum.wrapping_add(*octet)) != 0 {
            return Err(Malformed::Checksum);
        }
        let kind = Kind::parse(*kind).ok_or(Malformed::Kind)?;
        let message = Self { kind, body };
        match message.each().find_map(Result::err) {
            Some(malformed) => Err(malformed),
            None => Ok(message),
        }
    }

    /// What it is for.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What it says, in its order.
    pub fn fields(&self) -> impl Iterator<Item = Field<'a>> + use<'a> {
        self.each().filter_map(Result::ok)
    }

    fn each(&self) -> Fields<'a> {
        Fields { kind: self.kind, left: self.body, is_first: true }
    }
}

struct Fields<'a> {
    kind: Kind,
    left: &'a [u8],
    is_first: bool,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let is_first = std::mem::replace(&mut self.is_first, false);
        if self.left.is_empty() && !(is_first && self.kind.is_single()) {
            return None;
        }
        let (field, left) = match self.kind {
            Kind::SingleCall if is_first => moment_and_rest(self.left)?,
            Kind::SingleCall => (single_number(self.left), &[][..]),
            Kind::SingleWaiting => (single_lamp(self.left), &[][..]),
            Kind::Call | Kind::Waiting | Kind::Charge | Kind::ShortMessage => parameter(self.left),
        };
        self.left = left;
        if field.is_none() {
            self.left = &[];
        }
        Some(field.ok_or(Malformed::Field))
    }
}

type Parsed<'a> = (Option<Field<'a>>, &'a [u8]);

/// The moment of the single format, and what follows it, of which there must be something.
fn moment_and_rest(body: &[u8]) -> Option<Parsed<'_>> {
    let Some((moment, rest)) = body.split_at_checked(8) else { return Some((None, &[])) };
    let moment = Moment::parse(moment).filter(|_| !rest.is_empty());
    Some((moment.map(Field::Moment), rest))
}

fn single_number(body: &[u8]) -> Option<Field<'_>> {
    match body {
        [letter] if letter.is_ascii_uppercase() => Absence::parse(*letter).map(Field::NumberAbsent),
        _ => number(body).map(Field::Number),
    }
}

/// GR-1401: three times the same, for a lamp that is not to be switched by chance.
fn single_lamp(body: &[u8]) -> Option<Field<'_>> {
    match body {
        [b'B', b'B', b'B'] => Some(Field::Lamp(Lamp::On)),
        [b'o', b'o', b'o'] => Some(Field::Lamp(Lamp::Off)),
        _ => None,
    }
}

fn parameter(body: &[u8]) -> Parsed<'_> {
    let [kind, length, rest @ ..] = body else { return (None, &[]) };
    let Some((body, left)) = rest.split_at_checked(usize::from(*length)) else {
        return (None, &[]);
    };
    let one = |body: &[u8]| if let [octet] = body { Some(*octet) } else { None };
    let field = match *kind {
        MOMENT => Moment::parse(body).map(Field::Moment),
        NUMBER => number(body).map(Field::Number),
        CALLED => number(body).map(Field::Called),
        NUMBER_ABSENT => one(body).and_then(Absence::parse).map(Field::NumberAbsent),
        NAME => text(body).map(Field::Name),
        NAME_ABSENT => one(body).and_then(Absence::parse).map(Field::NameAbsent),
        LAMP => one(body).and_then(Lamp::parse).map(Field::Lamp),
        CALL_TYPE => one(body).map(Field::CallType),
        WAITING => one(body).map(Field::MessagesWaiting),
        REDIRECTING => number(body).map(Field::Redirecting),
        kind => Some(Field::Other { kind, body }),
    };
    (field, left)
}

impl Composer {
    /// A message of this kind that says nothing yet.
    pub fn new(kind: Kind) -> Self {
        let mut octets = [0; 258];
        octets[0] = kind.octet();
        Self { kind, octets, length: 2 }
    }

    /// Says something more. The single formats have no types: a moment first, then one more.
    pub fn say(mut self, field: Field<'_>) -> Result<Self, NoRoom> {
        if self.kind.is_single() {
            self.say_single(field)?;
            return Ok(self);
        }
        match field {
            Field::Moment(moment) => self.put(MOMENT, &moment.digits())?,
            Field::Number(number) => self.put(NUMBER, number.as_bytes())?,
            Field::NumberAbsent(absence) => self.put(NUMBER_ABSENT, &[absence.letter()])?,
            Field::Name(name) => self.put(NAME, name.0)?,
            Field::NameAbsent(absence) => self.put(NAME_ABSENT, &[absence.letter()])?,
            Field::Called(number) => self.put(CALLED, number.as_bytes())?,
            Field::Redirecting(number) => self.put(REDIRECTING, number.as_bytes())?,
            Field::Lamp(lamp) => self.put(LAMP, &[lamp.octet()])?,
            Field::MessagesWaiting(count) => self.put(WAITING, &[count])?,
            Field::CallType(kind) => self.put(CALL_TYPE, &[kind])?,
            Field::Other { kind, body } => self.put(kind, body)?,
        }
        Ok(self)
    }

    /// The octets of the message, its checksum last.
    pub fn finish(&mut self) -> &[u8] {
        self.octets[1] = (self.length - 2) as u8;
        let said = &self.octets[..self.length];
        let sum = said.iter().fold(0_u8, |sum, octet| sum.wrapping_add(*octet));
        self.octets[self.length] = sum.wrapping_neg();
        &self.octets[..=self.length]
    }

    fn say_single(&mut self, field: Field<'_>) -> Result<(), NoRoom> {
        match (self.kind, self.length, field) {
            (Kind::SingleCall, 2, Field::Moment(moment)) => self.append(&moment.digits()),
            (Kind::SingleCall, 10, Field::Number(number)) => self.append(number.as_bytes()),
            (Kind::SingleCall, 10, Field::NumberAbsent(why)) => self.append(&[why.letter()]),
            (Kind::SingleWaiting, 2, Field::Lamp(Lamp::On)) => self.append(b"BBB"),
            (Kind::SingleWaiting, 2, Field::Lamp(Lamp::Off)) => self.append(b"ooo"),
            _ => Err(NoRoom),
        }
    }

    fn put(&mut self, kind: u8, body: &[u8]) -> Result<(), NoRoom> {
        if self.length + 2 + body.len() > MOST {
            return Err(NoRoom);
        }
        self.append(&[kind, body.len() as u8])?;
        self.append(body)
    }

    fn append(&mut self, octets: &[u8]) -> Result<(), NoRoom> {
        let end = self.length + octets.len();
        if end > MOST {
            return Err(NoRoom);
        }
        self.octets[self.length..end].copy_from_slice(octets);
        self.length = end;
        Ok(())
    }
}

/// Whether these are as many octets as they say.
pub(crate) fn is_whole(octets: &[u8]) -> bool {
    octets.get(1).is_some_and(|length| octets.len() == usize::from(*length) + 3)
}

impl Kind {
    fn parse(octet: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.octet() == octet)
    }

    /// GR-30 §2.4.1, EN 300 659-3 §5.2.
    fn octet(self) -> u8 {
        match self {
            Self::SingleCall => 0x04,
            Self::SingleWaiting => 0x06,
            Self::Call => 0x80,
            Self::Waiting => 0x82,
            Self::Charge => 0x86,
            Self::ShortMessage => 0x89,
        }
    }

    fn is_single(self) -> bool {
        matches!(self, Self::SingleCall | Self::SingleWaiting)
    }

    const ALL: [Self; 6] = [
        Self::SingleCall,
        Self::SingleWaiting,
        Self::Call,
        Self::Waiting,
        Self::Charge,
        Self::ShortMessage,
    ];
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "these are not as many octets as they say",
            Self::Checksum => "the checksum is wrong",
            Self::Kind => "this is no known type of message",
            Self::Field => "a parameter says what it cannot",
        })
    }
}

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the message has no room for this")
    }
}

impl std::error::Error for Malformed {}
impl std::error::Error for NoRoom {}

/// A type, a length and 255 octets.
const MOST: usize = 257;
/// Types of parameter: GR-30 §2.4.2, EN 300 659-3 §5.3.
const MOMENT: u8 = 0x01;
const NUMBER: u8 = 0x02;
const CALLED: u8 = 0x03;
const NUMBER_ABSENT: u8 = 0x04;
const NAME: u8 = 0x07;
const NAME_ABSENT: u8 = 0x08;
const LAMP: u8 = 0x0b;
const CALL_TYPE: u8 = 0x11;
const WAITING: u8 = 0x13;
const REDIRECTING: u8 = 0x1a;
