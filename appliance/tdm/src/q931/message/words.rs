//! Messages in words, as an installer reads them in the trace of a D channel.

use super::{Item, Message};
use crate::q931::element::Element;
use core::fmt;

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.kind, self.call)?;
        self.items
            .iter()
            .filter(|item| item.shift().is_none())
            .try_for_each(|item| write!(f, "; {item}"))?;
        if !self.rest.is_empty() {
            f.write_str("; incomplete:")?;
            hex(f, &self.rest)?;
        }
        Ok(())
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.element)?;
        if let Element::Other(raw) | Element::Malformed(raw) = &self.element {
            hex(f, &raw.content)?;
        }
        if self.codeset != 0 {
            write!(f, " (codeset {})", self.codeset)?;
        }
        Ok(())
    }
}

fn hex(f: &mut fmt::Formatter<'_>, octets: &[u8]) -> fmt::Result {
    octets.iter().try_for_each(|octet| write!(f, " {octet:02x}"))
}
