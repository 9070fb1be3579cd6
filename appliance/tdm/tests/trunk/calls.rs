//! One call, word by word.

use std::time::Duration;

use tdm::q931::call::Request;
use tdm::q931::dialect::Dialect;
use tdm::q931::element::CauseValue;
use tdm::q931::interface::Params;
use tdm::q931::timers::Side;

use crate::pair::{End, Pair};

fn words(end: &End, pair: &Pair) -> String {
    let line = |line: &tdm::trunk::Line| {
        let at = (line.at - pair.begun).as_millis();
        format!("{at:>6} ms  {line}\n")
    };
    end.lines.iter().map(line).collect()
}

#[test]
fn a_whole_call_reads_as_words_from_the_first_frame_to_the_last() {
    let mut pair =
        Pair::new(|side| Params::of(side, Dialect::EuroIsdn, (1..=4).collect()), false, 1);
    pair.network.trunk.trace(false);
    pair.network.lines.clear();
    pair.run(Duration::from_secs(1));
    let caller = pair.call(Side::User, "4711").unwrap();
    pair.run(Duration::from_millis(500));
    let called = pair.network.offered();
    for request in
        [Request::Proceed(Vec::new()), Request::Alert(Vec::new()), Request::Answer(Vec::new())]
    {
        pair.ask(Side::Network, called, request);
        pair.run(Duration::from_millis(500));
    }
    pair.hang_up(Side::User, caller, CauseValue::NORMAL);
    // Long enough for layer 2 to ask whether anybody is there (T203).
    pair.run(Duration::from_secs(11));
    assert_eq!(words(&pair.user, &pair), include_str!("call.trace"));
    assert_eq!(pair.network.lines, [], "nobody asked for them");
    pair.assert_at_rest();
}

#[test]
fn what_cannot_be_read_is_traced_with_its_octets_and_is_a_fault() {
    let mut pair =
        Pair::new(|side| Params::of(side, Dialect::EuroIsdn, (1..=4).collect()), false, 1);
    pair.run(Duration::from_secs(1));
    pair.begin();
    let now = pair.now;
    // A SETUP without anything and one of a protocol that nobody speaks, in I frames of the network.
    let link = tdm::q931::interface::LinkId(0);
    pair.user.trunk.frame(link, &[2, 1, 0, 0, 8, 2, 0, 1, 5], now);
    pair.user.trunk.frame(link, &[2, 1, 2, 0, 0x41, 1, 1, 5], now);
    pair.user.trunk.frame(link, &[2], now);
    pair.drain();
    let words = words(&pair.user, &pair);
    let lines: Vec<_> = words.lines().map(|line| line.split_once("span 0 ").unwrap().1).collect();
    let expected = [
        "< I, command, N(S) 0, N(R) 0, P 0, 5 octets",
        "< SETUP, call 1 from the caller; missing: element 0x04",
        "> RR, response, N(R) 1, F 0",
        "> RELEASE COMPLETE, call 1 to the caller; mandatory element missing (96), from the user, about 04",
        "> I, command, N(S) 0, N(R) 1, P 0, 10 octets",
        "< I, command, N(S) 1, N(R) 0, P 0, 4 octets",
        "< protocol discriminator 0x41: 41 01 01 05",
        "> RR, response, N(R) 2, F 0",
        "< no frame: address or control missing: 02",
    ];
    assert_eq!(lines, expected);
    assert_eq!(pair.user.faults.len(), 2);
}
