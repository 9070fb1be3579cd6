//! Any message of layer 3: what is read prints back to the same octets, and is said in words; so is what
//! is put into it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tdm::q931::element::{Display, Element, Number};
use tdm::q931::message::Message;

fuzz_target!(|octets: &[u8]| {
    let Ok((message, problems)) = Message::parse(octets) else { return };
    assert_eq!(message.octets(), octets, "nothing is lost");
    assert!(message.elements().count() <= octets.len(), "no more elements than octets");
    assert!(problems.len() <= 3 * octets.len() + 2, "no more problems than there are elements to have them");
    let _ = (message.to_string(), message.services().count());
    let _ = problems.iter().filter_map(|problem| problem.cause()).count();

    let mut changed = message;
    changed.push(Element::CalledNumber(Number::unknown("1")));
    changed.push_in(6, Display::new("1"));
    let (again, _) = Message::parse(&changed.octets()).expect("the header is the same");
    assert_eq!(again.octets(), changed.octets());
});
