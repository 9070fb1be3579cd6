//! What a request asks for: RFC 3261 §7.1 and the RFCs that added methods.

use std::fmt;

/// A request method. Methods are case-sensitive (RFC 3261 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method<'a> {
    /// Starts or changes a session (RFC 3261 §13, §14).
    Invite,
    /// Confirms the final answer to an INVITE (RFC 3261 §13.2.2.4, §17.1.1.3).
    Ack,
    /// Ends a session (RFC 3261 §15).
    Bye,
    /// Gives up a pending INVITE (RFC 3261 §9).
    Cancel,
    /// Asks what the other side can do (RFC 3261 §11).
    Options,
    /// Binds a contact to an address of record (RFC 3261 §10).
    Register,
    /// Confirms a reliable provisional response (RFC 3262).
    Prack,
    /// Changes a session before or after it is answered (RFC 3311).
    Update,
    /// Carries something within a session, such as a key press (RFC 6086).
    Info,
    /// Asks the other side to call somebody (RFC 3515).
    Refer,
    /// Tells a subscriber of a change (RFC 6665).
    Notify,
    /// Asks to be told of changes (RFC 6665).
    Subscribe,
    /// An instant message (RFC 3428).
    Message,
    /// Publishes event state (RFC 3903).
    Publish,
    /// A method that this crate does not know.
    Other(&'a str),
}

impl<'a> Method<'a> {
    /// Reads a method; the caller has made sure that `text` is a token.
    pub fn parse(text: &'a str) -> Method<'a> {
        match text {
            "INVITE" => Method::Invite,
            "ACK" => Method::Ack,
            "BYE" => Method::Bye,
            "CANCEL" => Method::Cancel,
            "OPTIONS" => Method::Options,
            "REGISTER" => Method::Register,
            "PRACK" => Method::Prack,
            "UPDATE" => Method::Update,
            "INFO" => Method::Info,
            "REFER" => Method::Refer,
            "NOTIFY" => Method::Notify,
            "SUBSCRIBE" => Method::Subscribe,
            "MESSAGE" => Method::Message,
            "PUBLISH" => Method::Publish,
            other => Method::Other(other),
        }
    }

    /// The method as it stands on the wire.
    pub fn as_str(&self) -> &'a str {
        match self {
            Method::Invite => "INVITE",
            Method::Ack => "ACK",
            Method::Bye => "BYE",
            Method::Cancel => "CANCEL",
            Method::Options => "OPTIONS",
            Method::Register => "REGISTER",
            Method::Prack => "PRACK",
            Method::Update => "UPDATE",
            Method::Info => "INFO",
            Method::Refer => "REFER",
            Method::Notify => "NOTIFY",
            Method::Subscribe => "SUBSCRIBE",
            Method::Message => "MESSAGE",
            Method::Publish => "PUBLISH",
            Method::Other(other) => other,
        }
    }

    /// The same method without a borrow, when this crate knows it.
    pub fn known(&self) -> Option<Method<'static>> {
        Some(match self {
            Method::Invite => Method::Invite,
            Method::Ack => Method::Ack,
            Method::Bye => Method::Bye,
            Method::Cancel => Method::Cancel,
            Method::Options => Method::Options,
            Method::Register => Method::Register,
            Method::Prack => Method::Prack,
            Method::Update => Method::Update,
            Method::Info => Method::Info,
            Method::Refer => Method::Refer,
            Method::Notify => Method::Notify,
            Method::Subscribe => Method::Subscribe,
            Method::Message => Method::Message,
            Method::Publish => Method::Publish,
            Method::Other(_) => return None,
        })
    }
}

impl fmt::Display for Method<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_case_sensitive_and_keeps_its_text() {
        assert_eq!(Method::parse("INVITE"), Method::Invite);
        assert_eq!(Method::parse("Invite"), Method::Other("Invite"));
        for text in ["INVITE", "ACK", "PRACK", "PUBLISH", "NEWMETHOD"] {
            assert_eq!(Method::parse(text).as_str(), text);
        }
        assert_eq!(Method::parse("BYE").known(), Some(Method::Bye));
        assert_eq!(Method::parse("NEWMETHOD").known(), None);
    }
}
