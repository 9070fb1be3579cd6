//! What two sides ask of each other: invoke, result, error, reject (ITU-T X.880, Q.932 §8.2.3.1).

use super::ber::{self, Ber, INTEGER, NULL, OBJECT, SEQUENCE, parts, tagged};

/// One request or answer.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Component {
    /// Something is asked for.
    Invoke {
        /// Its number; answers carry it.
        id: i32,
        /// The number of what it belongs to.
        linked: Option<i32>,
        /// What is asked for.
        operation: Code,
        /// One value of BER, or nothing.
        argument: Vec<u8>,
    },
    /// It was done.
    Result {
        /// The number of what was asked for.
        id: i32,
        /// What was asked for, if something is said of it: one value of BER.
        outcome: Option<(Code, Vec<u8>)>,
    },
    /// It could not be done.
    Error {
        /// The number of what was asked for.
        id: i32,
        /// Why.
        error: Code,
        /// One value of BER, or nothing.
        parameter: Vec<u8>,
    },
    /// It was not understood.
    Reject {
        /// The number of what came, if it could be read.
        id: Option<i32>,
        /// What is wrong with: 0 any, 1 an invoke, 2 a result, 3 an error.
        about: u8,
        /// Why (ITU-T X.880 §8.5).
        problem: i32,
    },
}

/// What names an operation or an error.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Code {
    /// A number of the protocol in use.
    Local(i32),
    /// An object identifier: its octets of BER.
    Global(Vec<u8>),
}

impl Code {
    fn read(ber: &mut Ber<'_>) -> Option<Self> {
        match ber.take(OBJECT) {
            Some(object) => Some(Self::Global(object.to_vec())),
            None => ber.integer(INTEGER).map(Self::Local),
        }
    }

    fn octets(&self) -> Vec<u8> {
        match self {
            Self::Local(number) => ber::number(INTEGER, *number),
            Self::Global(object) => ber::value(OBJECT, object),
        }
    }
}

impl Component {
    pub(super) fn read(tag: u8, content: &[u8]) -> Option<Self> {
        let mut ber = Ber(content);
        match tag {
            INVOKE => Some(Self::Invoke {
                id: ber.integer(INTEGER)?,
                linked: ber.integer(tagged(0)),
                operation: Code::read(&mut ber)?,
                argument: one(ber)?,
            }),
            RESULT => {
                let id = ber.integer(INTEGER)?;
                let outcome = match ber.inside(SEQUENCE) {
                    Some(mut inside) => Some((Code::read(&mut inside)?, one(inside)?)),
                    None => None,
                };
                ber.is_empty().then_some(Self::Result { id, outcome })
            }
            ERROR => Some(Self::Error {
                id: ber.integer(INTEGER)?,
                error: Code::read(&mut ber)?,
                parameter: one(ber)?,
            }),
            REJECT => {
                let id = match ber.take(NULL) {
                    Some(_) => None,
                    None => Some(ber.integer(INTEGER)?),
                };
                let problem = ber.next().filter(|value| (0x80..=0x83).contains(&value.tag))?;
                let about = problem.tag & 3;
                let problem = ber::integer(problem.content)?;
                ber.is_empty().then_some(Self::Reject { id, about, problem })
            }
            _ => None,
        }
    }

    pub(super) fn octets(&self) -> Vec<u8> {
        let integer = |number: &i32| ber::number(INTEGER, *number);
        match self {
            Self::Invoke { id, linked, operation, argument } => {
                let linked =
                    linked.map(|linked| ber::number(tagged(0), linked)).unwrap_or_default();
                let content = [&integer(id)[..], &linked, &operation.octets(), argument].concat();
                ber::value(INVOKE, &content)
            }
            Self::Result { id, outcome: None } => ber::value(RESULT, &integer(id)),
            Self::Result { id, outcome: Some((operation, result)) } => {
                let outcome = ber::value(SEQUENCE, &[&operation.octets()[..], result].concat());
                ber::value(RESULT, &[integer(id), outcome].concat())
            }
            Self::Error { id, error, parameter } => {
                ber::value(ERROR, &[&integer(id)[..], &error.octets(), parameter].concat())
            }
            Self::Reject { id, about, problem } => {
                let id = id.as_ref().map_or_else(|| ber::value(NULL, &[]), integer);
                let problem = ber::number(tagged(about & 3), *problem);
                ber::value(REJECT, &[id, problem].concat())
            }
        }
    }
}

/// The one value that is left, or nothing; none if it is wrongly coded, or there are more.
fn one(mut ber: Ber<'_>) -> Option<Vec<u8>> {
    if ber.is_empty() {
        return Some(Vec::new());
    }
    let value = ber.next()?.whole.to_vec();
    ber.is_empty().then_some(value)
}

/// Tags of components (ITU-T Q.932 table 8-4).
const INVOKE: u8 = parts(1);
const RESULT: u8 = parts(2);
const ERROR: u8 = parts(3);
const REJECT: u8 = parts(4);
