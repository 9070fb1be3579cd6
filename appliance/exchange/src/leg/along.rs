//! What goes along with what a leg is told: who answered, and what users say to each other
//! (RFC 3325, RFC 7433, RFC 7434).

use super::sip::Legs;
use call::{LegEvent, LegId, Party, UserData};
use sip::{Compose, Message, Name};

/// What goes along with what a leg tells, or is told, next.
#[derive(Debug, Default)]
pub(crate) struct Along {
    /// What its user shall be told by the other one.
    pub(in crate::leg) user: Option<UserData>,
    /// Who answered on this leg, as the network behind it says; nothing where it says nothing.
    pub(in crate::leg) answered_as: Option<Party>,
    /// Who answered this leg, where that is known better than from what was dialled.
    pub(in crate::leg) talks_with: Option<Party>,
}

impl Legs {
    /// Tells what the user who sent this says to the other one.
    pub(in crate::leg) fn hear_user(&mut self, id: LegId, message: &Message<'_>) {
        if let Some(data) = user_data(message) {
            self.tell(id, LegEvent::UserSays(data));
        }
    }

    /// A leg is answered by another one: by whom, it may be told.
    pub(in crate::leg) fn note_who_answered(&mut self, id: LegId, by: LegId) {
        let party = self.legs.get(&by).and_then(|leg| leg.along.answered_as.clone());
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.along.talks_with = party;
        }
    }
}

impl Along {
    /// Puts what the other user says into a message, once.
    pub(in crate::leg) fn put_user(&mut self, compose: Compose) -> Compose {
        compose.header_if(NAME, self.user.take().map(|data| header(&data)))
    }
}

/// A header with what a user says.
pub(in crate::leg) fn user_header(data: &UserData) -> (Name<'static>, String) {
    (NAME, header(data))
}

/// What the user who sent this says to the other one: the first that a line could carry (RFC 7434 §7).
pub(crate) fn user_data(message: &Message<'_>) -> Option<UserData> {
    message.headers_named(NAME).find_map(|value| read(std::str::from_utf8(value).ok()?))
}

fn read(value: &str) -> Option<UserData> {
    let mut parts = value.split(';').map(str::trim);
    let digits = parts.next()?.trim_matches('"');
    let others = parts.filter_map(|param| param.split_once('='));
    for (name, value) in others {
        let expected = match name.trim().to_ascii_lowercase().as_str() {
            "encoding" => "hex",
            "purpose" | "content" => PURPOSE,
            _ => continue,
        };
        if !value.trim().trim_matches('"').eq_ignore_ascii_case(expected) {
            return None;
        }
    }
    let octets = digits.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        pair.chars().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
        u8::from_str_radix(pair, 16).ok()
    });
    let octets = octets.collect::<Option<Vec<u8>>>()?;
    let (protocol, octets) = octets.split_first()?;
    (octets.len() <= MOST).then(|| UserData { protocol: *protocol, octets: octets.to_vec() })
}

fn header(data: &UserData) -> String {
    let mut value = format!("{:02x}", data.protocol);
    data.octets.iter().take(MOST).for_each(|octet| value.push_str(&format!("{octet:02x}")));
    value + ";encoding=hex;purpose=isdn-uui;content=isdn-uui"
}

const NAME: Name<'static> = Name::Other("User-to-User");
/// What a line carries is marked so, or not at all (RFC 7434 §5).
const PURPOSE: &str = "isdn-uui";
/// Octets behind the protocol discriminator: the element has 131 of them with its head
/// (ITU-T Q.931 §4.5.30).
pub(in crate::leg) const MOST: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_user_says_is_read_as_it_was_written() {
        let data = UserData { protocol: 4, octets: b"hello".to_vec() };
        let written = header(&data);
        assert_eq!(written, "0468656c6c6f;encoding=hex;purpose=isdn-uui;content=isdn-uui");
        assert_eq!(read(&written), Some(data.clone()));
        assert_eq!(read("0468656C6C6F"), Some(data.clone()));
        assert_eq!(read("\"0468656c6c6f\" ; encoding=\"hex\""), Some(data));
    }

    #[test]
    fn what_no_line_could_carry_is_not_read() {
        let most = "00".repeat(1 + MOST);
        assert!(read(&most).is_some());
        for wrong in ["", "0", "+4", "04é", "0468;encoding=ascii", "04;purpose=foo", &(most + "00")]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
