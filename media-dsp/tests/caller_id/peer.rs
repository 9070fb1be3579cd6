//! spandsp as the telephone, and as the exchange.

use super::{heard, message, spandsp};
use media_dsp::caller_id::{Delivery, Field, Message, Sender, Standard, japan};
use media_dsp::tone::Dbm0;

#[test]
fn a_peer_hears_what_is_sent() {
    for (standard, number) in [(Standard::Telcordia, 1), (Standard::Etsi, 2), (Standard::Japan, 4)]
    {
        let Some(mut peer) = spandsp::Receiver::caller_id(number) else { return };
        // It counts a double DLE twice, so this has none; and it keeps the checks to itself.
        let mut frame = [0; 40];
        let length = japan::compose(&[Field::Number("0312345678")], &mut frame).unwrap();
        let (octets, checks) = match standard {
            Standard::Japan => (frame[..length].to_vec(), 2),
            Standard::Telcordia | Standard::Etsi => (message(), 1),
        };
        let level = Dbm0(-13.0);
        let mut sender = Sender::new(standard, Delivery::DuringRinging, level, &octets).unwrap();
        let mut pcm = [0; 16_000];
        sender.fill(&mut pcm);
        peer.hear(&pcm);
        let mut expected = octets[..octets.len() - checks].to_vec();
        if standard == Standard::Japan {
            expected.iter_mut().for_each(|octet| *octet &= 0x7f);
        }
        assert_eq!(peer.octets(), expected, "{standard:?}");
    }
}

#[test]
fn what_a_peer_sends_is_heard() {
    let body = b"\x80\x20\x01\x0803240902\x07\x08JOHN DOE\x02\x0a8005551212";
    for (standard, number) in [(Standard::Telcordia, 1), (Standard::Etsi, 2)] {
        let Some(pcm) = spandsp::caller_id(number, body) else { return };
        let [octets] = &heard(standard, &pcm)[..] else { panic!("{standard:?}: not one message") };
        assert_eq!(Message::parse(octets).unwrap().fields().count(), 3);
    }
    let Some(pcm) = spandsp::caller_id(4, b"\x40\x0c\x02\x0a0312345678") else { return };
    let [octets] = &heard(Standard::Japan, &pcm)[..] else { panic!("not one frame") };
    let notice = japan::parse(octets).unwrap();
    assert!(notice.fields().eq([Field::Number("0312345678")]));
}
