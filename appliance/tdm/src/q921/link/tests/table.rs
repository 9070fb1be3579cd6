//! The table of states and events, `table.txt`: each event in each state, after the figures of Annex B.

use super::super::super::Params;
use super::one_end::OneEnd;

const TABLE: &str = include_str!("table.txt");

/// What leads to each state of the table, 100 ms before its event.
const STATES: [(&str, &[&str]); 11] = [
    ("4", &[]),
    ("5.0", &["establish"]),
    // An error that only a reset mends, without and with messages on their way.
    ("5.1", &["establish", "UA F1", "FRMR F0"]),
    ("5.1+", &["establish", "UA F1", "send", "FRMR F0"]),
    ("5.2", &["establish", "release"]),
    ("6", &["establish", "UA F1", "release"]),
    ("7", &["establish", "UA F1"]),
    // Two messages on their way.
    ("7+", &["establish", "UA F1", "send", "send"]),
    // The peer is busy, one message waits.
    ("7b", &["establish", "UA F1", "RNR 0 F0", "send"]),
    // Two messages on their way, and the peer was asked once.
    ("8", &["establish", "UA F1", "send", "send", "timeout"]),
    // Nothing on its way, and the peer was asked as often as may be.
    ("8n", &["establish", "UA F1", "timeout", "timeout", "timeout", "timeout"]),
];

const EVENTS: [&str; 50] = [
    "establish",
    "reset",
    "release",
    "send",
    "send 261",
    "send unit",
    "up",
    "down",
    "busy",
    "ready",
    "timeout",
    "SABME P1",
    "SABME P0",
    "DISC P1",
    "DISC P0",
    "UA F1",
    "UA F0",
    "DM F1",
    "DM F0",
    "FRMR F0",
    "FRMR F1",
    "UI P0 abc",
    "XID P1",
    "I 0 0 P0 abc",
    "I 0 0 P1 abc",
    "I 1 0 P0 abc",
    "I 1 0 P1 abc",
    "I 0 1 P0 abc",
    "I 0 3 P0 abc",
    "RR 0 P0",
    "RR 0 P1",
    "RR 0 F0",
    "RR 0 F1",
    "RR 1 F0",
    "RR 1 F1",
    "RR 2 F0",
    "RR 2 F1",
    "RR 3 F0",
    "RNR 0 P1",
    "RNR 0 F0",
    "RNR 0 F1",
    "RNR 2 F1",
    "REJ 0 P1",
    "REJ 0 F0",
    "REJ 1 F1",
    "undefined",
    "long",
    "informed",
    "oversize",
    "terminals",
];

fn played(before: &[&str], event: &str) -> String {
    let mut end = OneEnd::new(Params::default());
    end.play_all(before);
    end.wait(100);
    let said = end.play(event);
    format!("{said} -> {}", end.state())
}

#[test]
fn each_event_in_each_state_does_what_annex_b_says() {
    let mut rows = Vec::new();
    for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut parts = line.splitn(3, '|').map(str::trim);
        let (state, events, does) =
            (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        rows.extend(events.split(", ").map(|event| (state, event, does)));
    }
    let mut wrong = Vec::new();
    for (state, before) in STATES {
        for event in EVENTS {
            let mut rows = rows.iter().filter(|row| row.0 == state && row.1 == event);
            let want = rows.next().map_or("no row", |row| row.2);
            assert!(rows.next().is_none(), "two rows for {event} in state {state}");
            let got = played(before, event);
            if got.trim() != want {
                wrong.push(format!("{state} | {event} | {}", got.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} rows are otherwise:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(rows.len(), STATES.len() * EVENTS.len());
}
