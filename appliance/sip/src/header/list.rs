//! Header values that may be several, by commas in one line and by lines: RFC 3261 §7.3.1.

use std::marker::PhantomData;

use super::name::Name;
use super::name_addr::NameAddr;
use super::via::Via;
use crate::message::{Malformed, Message};
use crate::scan::Scan;

/// A value that can be one of several in a header line.
pub trait Element<'a>: Sized {
    /// Reads one value; what comes behind it is left for the list to see.
    #[doc(hidden)]
    fn take(scan: &mut Scan<'a>) -> Option<Self>;
}

/// All values of one header over all of its lines, first to last, read as you go. After an error
/// it ends.
#[derive(Clone, Debug)]
pub struct List<'m, 'a, T> {
    message: &'m Message<'a>,
    name: Name<'m>,
    /// Which line is read next.
    line: usize,
    scan: Scan<'a>,
    /// What ended the list, or is to come before the next element.
    state: State,
    element: PhantomData<T>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    NextLine,
    InLine,
    Ended,
}

/// The Via values, topmost first.
pub type Vias<'m, 'a> = List<'m, 'a, Via<'a>>;

/// The addresses of Route, Record-Route, Path, P-Asserted-Identity, Diversion and the like.
pub type Addresses<'m, 'a> = List<'m, 'a, NameAddr<'a>>;

/// What a REGISTER or a response says in Contact.
#[derive(Clone, Debug)]
pub enum Contacts<'m, 'a> {
    /// `*`: all of them, to be removed (RFC 3261 §10.2.2).
    Star,
    /// The addresses, perhaps none.
    Listed(Addresses<'m, 'a>),
}

impl<'m, 'a, T: Element<'a>> List<'m, 'a, T> {
    pub(crate) fn new(message: &'m Message<'a>, name: Name<'m>) -> List<'m, 'a, T> {
        List {
            message,
            name,
            line: 0,
            scan: Scan::new(b""),
            state: State::NextLine,
            element: PhantomData,
        }
    }

    /// Whether every value can be read.
    pub fn check(&self) -> Result<(), Malformed> {
        self.restarted().try_for_each(|element| element.map(|_| ()))
    }

    fn restarted(&self) -> List<'m, 'a, T> {
        List::new(self.message, self.name)
    }

    fn next_element(&mut self) -> Option<Option<T>> {
        if self.state == State::Ended {
            return None;
        }
        if self.state == State::NextLine {
            let Some((line, value)) = self.message.line_from(self.line, self.name) else {
                self.state = State::Ended;
                return None;
            };
            self.line = line + 1;
            self.scan = Scan::new(value);
        }
        let Some(element) = T::take(&mut self.scan) else { return Some(None) };
        self.state = match self.scan.separator(b',') {
            true => State::InLine,
            false if self.scan.end().is_some() => State::NextLine,
            false => return Some(None),
        };
        Some(Some(element))
    }
}

impl<'a, T: Element<'a>> Iterator for List<'_, 'a, T> {
    type Item = Result<T, Malformed>;

    fn next(&mut self) -> Option<Result<T, Malformed>> {
        match self.next_element()? {
            Some(element) => Some(Ok(element)),
            None => {
                self.state = State::Ended;
                Some(Err(Malformed::Header(self.name.known())))
            }
        }
    }
}

/// The words of Supported, Require, Allow and the like, over all lines; empty elements are
/// skipped, and what is no token is passed on for the caller not to know.
pub(crate) fn words<'m, 'a>(
    message: &'m Message<'a>,
    name: Name<'m>,
) -> impl Iterator<Item = &'a str> + use<'m, 'a> {
    message
        .headers_named(name)
        .flat_map(|value| value.split(|&b| b == b','))
        .filter_map(|word| str::from_utf8(crate::scan::trim(word)).ok())
        .filter(|word| !word.is_empty())
}
