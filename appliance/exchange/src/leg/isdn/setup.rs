//! SETUP of our calls: what is carried, who is called, who calls, and who forwarded it
//! (ITU-T Q.931 §3.1.14, Q.951, Q.952).

use super::parties;
use crate::leg::sip::Dial;
use crate::lines;
use config::{Config, IsdnSide, Trunk};
use sdp::Session;
use tdm::q931::element::{
    BearerCapability, Element, Location, NameOf, PartyNumber, Presentation, Progress, Screening,
};
use tdm::q931::interface::{Setup, Wish};

/// What SETUP says of a call.
pub(super) fn compose(config: &Config, trunk: &Trunk, dial: &Dial, clear: bool) -> Setup {
    let Some(isdn) = &trunk.isdn else { return Setup { with: Vec::new(), channel: Wish::Next } };
    let dialect = lines::dialect(isdn);
    let habits = dialect.habits();
    let route = dial.route(config);
    let number = |text: &str| lines::write(config.zone(), isdn.numbering, dialect, text);
    let bearer = if clear { BearerCapability::unrestricted() } else { dialect.audio() };
    let mut with = vec![Element::from(bearer)];
    if habits.origin_in_setup && !clear {
        // Fax and tones may come of telephones that are not ISDN (Q.931 §5.1.6, table 4-13).
        let progress = Progress::new(Location::USER, Progress::ORIGIN_NOT_ISDN);
        with.push(Element::Progress(progress));
    }
    let network = isdn.side == IsdnSide::Network;
    if !dial.anonymous {
        with.extend(parties::name(dialect, isdn.side, NameOf::Calling, &dial.from.name));
    }
    let presentation = match dial.anonymous {
        true => Presentation::Restricted,
        false => Presentation::Allowed,
    };
    let screening = if network { Screening::Network } else { Screening::NotScreened };
    let party = |text: &str| PartyNumber::new(number(text), presentation, screening);
    if !dial.from.number.is_empty() {
        with.push(Element::CallingNumber(party(&dial.from.number)));
    }
    if let Some(called) = dial.number() {
        with.push(Element::CalledNumber(lines::called(config, isdn, route, called)));
    }
    with.extend(parties::diverted(dialect, &dial.diverted, party));
    with.extend(dial.user.as_ref().map(parties::user_element));
    if habits.sending_complete {
        with.push(Element::SendingComplete);
    }
    Setup { with, channel: lines::wish(route) }
}

/// Whether a caller offers data, and not a voice (RFC 4040).
pub(super) fn wants_data(offer: &Session) -> bool {
    let sound = offer.media().find(|line| line.is_active_audio());
    let is_clear = |codec: &sdp::Codec<'_>| codec.name.eq_ignore_ascii_case("CLEARMODE");
    sound.is_some_and(|line| line.codecs().first().is_some_and(is_clear))
}
