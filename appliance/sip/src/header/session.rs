//! Values about sessions and calls in the plural: Session-Expires, Min-SE, Replaces.

use super::params::Params;
use crate::scan::Scan;

/// How often a session is refreshed, and by whom (RFC 4028 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionExpires {
    /// Seconds until the session counts as gone.
    pub interval: u32,
    /// Who refreshes, when that is settled.
    pub refresher: Option<Refresher>,
}

/// Who refreshes a session (RFC 4028 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresher {
    /// The one that sent the request.
    Uac,
    /// The one that answered it.
    Uas,
}

/// The dialog that an INVITE takes the place of (RFC 3891 §6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaces<'a> {
    /// The Call-ID of that dialog.
    pub call_id: &'a str,
    /// The tag of its side that receives this.
    pub to_tag: &'a str,
    /// The tag of its other side.
    pub from_tag: &'a str,
    /// Only when it is not answered yet.
    pub early_only: bool,
}

impl SessionExpires {
    /// Reads `seconds;refresher=uac`.
    pub fn parse(value: &[u8]) -> Option<SessionExpires> {
        let mut scan = Scan::new(value);
        scan.skip_white();
        let interval = scan.number()?;
        let params = Params::take(&mut scan)?;
        scan.end()?;
        let refresher = match params.value("refresher") {
            Some(who) if who.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            Some(who) if who.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            Some(_) | None => None,
        };
        Some(SessionExpires { interval, refresher })
    }
}

impl std::fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.interval)?;
        match self.refresher {
            None => Ok(()),
            Some(Refresher::Uac) => f.write_str(";refresher=uac"),
            Some(Refresher::Uas) => f.write_str(";refresher=uas"),
        }
    }
}

impl<'a> Replaces<'a> {
    /// Reads `call-id;to-tag=..;from-tag=..`, from the header or from the unescaped header of a
    /// Refer-To URI.
    pub fn parse(value: &'a [u8]) -> Option<Replaces<'a>> {
        let mut scan = Scan::new(value);
        scan.skip_white();
        let call_id = str::from_utf8(scan.take_while(|b| !b" \t\r\n;".contains(&b))).ok()?;
        let params = Params::take(&mut scan)?;
        scan.end()?;
        if call_id.is_empty() {
            return None;
        }
        Some(Replaces {
            call_id,
            to_tag: params.value("to-tag")?,
            from_tag: params.value("from-tag")?,
            early_only: params.has("early-only"),
        })
    }
}

impl std::fmt::Display for Replaces<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Replaces { call_id, to_tag, from_tag, early_only } = self;
        write!(f, "{call_id};to-tag={to_tag};from-tag={from_tag}")?;
        if *early_only { f.write_str(";early-only") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_interval_may_say_who_refreshes() {
        let expires = SessionExpires::parse(b"1800 ; refresher = UAS").unwrap();
        assert_eq!(expires, SessionExpires { interval: 1800, refresher: Some(Refresher::Uas) });
        assert_eq!(expires.to_string(), "1800;refresher=uas");
        assert_eq!(SessionExpires::parse(b"90").unwrap().refresher, None);
        assert_eq!(SessionExpires::parse(b"soon"), None);
    }

    #[test]
    fn replaces_needs_both_tags() {
        let text = "425928@phone.example.org;to-tag=7743;from-tag=6472;early-only";
        let replaces = Replaces::parse(text.as_bytes()).unwrap();
        assert_eq!((replaces.to_tag, replaces.from_tag), ("7743", "6472"));
        assert_eq!(replaces.to_string(), text);
        assert_eq!(Replaces::parse(b"1@a;to-tag=2"), None);
    }
}
