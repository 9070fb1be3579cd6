//! Any content of any element: what is read of it means the same after it was printed anew.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tdm::q931::element::Element;
use tdm::q931::message::{CallReference, Message, MessageKind};

fuzz_target!(|octets: &[u8]| {
    let Some((id, content)) = octets.split_first() else { return };
    let content = &content[..content.len().min(255)];
    let head = [0x08, 0x00, 0x7b, id & 0x7f, content.len() as u8];
    let (message, _) = Message::parse(&[&head, content].concat()).expect("the header is right");
    let element = message.elements().next().expect("there is one").clone();
    let _ = element.to_string();

    // Numbers grow by octet 3a where only 3b is there, strings of BER by their lengths: what does not fit
    // any more is not held against it.
    let anew = Message::new(CallReference::DUMMY, MessageKind::Information).with(element.clone());
    if !matches!(element, Element::Malformed(_)) && anew.octets().len() < 255 {
        assert_eq!(anew.elements().next(), Some(&element), "it means the same");
    }
});
