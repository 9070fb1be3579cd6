//! Whole exchanges with one end, frame by frame and to the millisecond.

use super::super::super::{Counters, Params, Retry};
use super::one_end::OneEnd;

/// Each event, and what comes of it.
fn plays(end: &mut OneEnd, exchange: &[(&str, &str)]) {
    for (at, (event, want)) in exchange.iter().enumerate() {
        assert_eq!(end.play(event), *want, "event {at}: {event}");
    }
}

fn established() -> OneEnd {
    let mut end = OneEnd::new(Params::default());
    plays(&mut end, &[("establish", "SABME P1"), ("UA F1", "Established Asked")]);
    end
}

/// §5.5.1.3.
#[test]
fn sabme_is_said_four_times_and_then_the_link_rests() {
    let mut end = OneEnd::new(Params::default());
    let began = end.now;
    plays(
        &mut end,
        &[
            ("establish", "SABME P1"),
            ("timeout", "SABME P1"),
            ("timeout", "SABME P1"),
            ("timeout", "SABME P1"),
            ("timeout", "Error G; Released NoAnswer"),
        ],
    );
    assert_eq!((end.now - began).as_millis(), 4000);
    assert_eq!(end.state(), "4 1000");
    plays(&mut end, &[("timeout", "SABME P1"), ("UA F1", "Established Asked")]);
}

#[test]
fn attempts_in_vain_come_more_and_more_seldom_up_to_half_a_minute() {
    let mut end = OneEnd::new(Params::default());
    end.play("establish");
    let mut rests = Vec::new();
    for _ in 0..7 {
        assert_eq!(end.play("DM F1"), "Released Refused");
        rests.push(end.state());
        assert_eq!(end.play("timeout"), "SABME P1");
    }
    assert_eq!(rests.join(", "), "4 1000, 4 2000, 4 4000, 4 8000, 4 16000, 4 30000, 4 30000");
    plays(&mut end, &[("UA F1", "Established Asked"), ("DISC P1", "UA F1; Released ByPeer")]);
    assert_eq!(end.state(), "4 1000", "a link that came up begins anew");
}

#[test]
fn without_a_retry_only_the_owner_asks_again() {
    let mut end = OneEnd::new(Params { retry: None, ..Params::default() });
    plays(&mut end, &[("establish", "SABME P1"), ("DM F1", "Released Refused")]);
    assert_eq!(end.state(), "4");
    plays(&mut end, &[("down", ""), ("up", "")]);
    plays(&mut end, &[("down", ""), ("establish", ""), ("up", "SABME P1")]);
}

#[test]
fn a_link_that_is_wanted_comes_back_with_the_line() {
    let mut end = established();
    plays(&mut end, &[("send", "I 0 0 P0 new"), ("down", "Released PhysicalDown")]);
    assert_eq!(end.state(), "4");
    plays(&mut end, &[("SABME P1", ""), ("send unit", "Refused NotEstablished 4")]);
    assert_eq!(end.link.counters().while_down, 1);
    assert_eq!(end.link.counters().lost, 1);
    plays(&mut end, &[("up", "SABME P1"), ("UA F1", "Established Asked")]);
    plays(&mut end, &[("release", "DISC P1"), ("UA F1", "Released Asked")]);
    plays(&mut end, &[("down", ""), ("up", "")]);
    assert_eq!(end.state(), "4");
}

#[test]
fn a_link_that_the_peer_set_up_and_ended_rests_without_an_owner_that_wants_it() {
    let mut end = OneEnd::new(Params::default());
    plays(&mut end, &[("SABME P1", "UA F1; Established ByPeer")]);
    plays(&mut end, &[("DISC P1", "UA F1; Released ByPeer")]);
    assert_eq!(end.state(), "4");
}

/// §5.5.1, Table D-1: a request that comes while the one before is not done.
#[test]
fn the_latest_request_of_the_owner_counts() {
    let mut end = OneEnd::new(Params::default());
    plays(&mut end, &[("establish", "SABME P1"), ("release", ""), ("UA F1", "DISC P1")]);
    plays(&mut end, &[("establish", ""), ("UA F1", "Released Asked; SABME P1")]);
    plays(&mut end, &[("release", ""), ("establish", ""), ("UA F1", "Established Asked")]);
    plays(&mut end, &[("release", "DISC P1"), ("establish", ""), ("release", "")]);
    plays(&mut end, &[("DM F1", "Released Asked")]);
    assert_eq!(end.state(), "4");
}

/// §5.5.3.3.
#[test]
fn disc_is_said_four_times_and_then_the_link_is_down() {
    let mut end = established();
    plays(
        &mut end,
        &[
            ("release", "DISC P1"),
            ("timeout", "DISC P1"),
            ("timeout", "DISC P1"),
            ("timeout", "DISC P1"),
            ("timeout", "Error H; Released Asked"),
        ],
    );
    assert_eq!(end.state(), "4");
}

/// §5.6.1, §5.9.
#[test]
fn no_more_than_k_messages_are_on_their_way() {
    let mut end = established();
    for number in 0..7 {
        assert_eq!(end.play("send"), format!("I {number} 0 P0 new"));
    }
    plays(&mut end, &[("send", ""), ("send", ""), ("RR 1 F0", "I 7 0 P0 new")]);
    assert_eq!(end.play("RR 8 F0"), "I 8 0 P0 new");
    assert_eq!(end.link.waiting(), 1);
}

#[test]
fn the_queue_has_an_end_and_what_does_not_fit_comes_back() {
    let mut end = OneEnd::new(Params { queue: 9, ..Params::default() });
    end.play_all(&["establish", "UA F1"]);
    for _ in 0..9 {
        assert!(!end.play("send").contains("Refused"));
    }
    assert_eq!(end.play("send"), "Refused QueueFull 3");
    end.play("RR 1 F0");
    assert_eq!(end.play("send"), "");
}

/// §3.5.2.1: modulo 128.
#[test]
fn numbers_go_round_with_a_window_open() {
    let mut end = established();
    for number in 0..300_u32 {
        assert_eq!(end.play("send"), format!("I {} 0 P0 new", number % 128));
        if number > 2 {
            assert_eq!(end.play(&format!("RR {} F0", (number - 2) % 128)), "");
        }
    }
    assert_eq!(end.link.waiting(), 3);
    assert_eq!(end.state(), "7 1000");
}

/// §5.6.2.1: an acknowledgement rides on an I frame if there is one.
#[test]
fn an_i_frame_of_ours_carries_the_acknowledgement() {
    let mut end = established();
    plays(&mut end, &[("RNR 0 F0", ""), ("send", ""), ("RR 0 F0", "I 0 0 P0 new")]);
    plays(&mut end, &[("I 0 1 P0 abc", "Data abc; RR 1 F0"), ("send", "I 1 1 P0 new")]);
    // It rides where a message waits for the window that this frame opens.
    let mut end = OneEnd::new(Params { k: 1, ..Params::default() });
    end.play_all(&["establish", "UA F1", "send", "send"]);
    assert_eq!(end.play("I 0 1 P0 abc"), "Data abc; I 1 1 P0 new");
}

/// §5.8: one REJ, until what it asked for came.
#[test]
fn a_gap_is_rejected_once() {
    let mut end = established();
    plays(
        &mut end,
        &[
            ("I 1 0 P0 b", "REJ 0 F0"),
            ("I 2 0 P0 c", ""),
            ("I 3 0 P1 d", "RR 0 F1"),
            ("I 0 0 P0 a", "Data a; RR 1 F0"),
            ("I 1 0 P0 b", "Data b; RR 2 F0"),
            ("I 3 0 P1 d", "REJ 2 F1"),
            ("I 2 0 P0 c", "Data c; RR 3 F0"),
        ],
    );
    assert_eq!(end.link.counters().discarded, 4);
}

/// §5.6.4.
#[test]
fn what_was_rejected_is_said_again() {
    let mut end = established();
    end.play_all(&["send", "send", "send"]);
    assert_eq!(end.play("REJ 1 F0"), "I 1 0 P0 new; I 2 0 P0 new");
    assert_eq!(end.state(), "7 1000");
    assert_eq!(end.link.counters().repeated, 2);
    assert_eq!(end.play("RR 3 F0"), "");
    assert_eq!(end.state(), "7 10000");
}

/// §5.6.7.
#[test]
fn a_lost_message_is_said_again_after_t200_and_an_enquiry() {
    let mut end = established();
    let began = end.now;
    plays(&mut end, &[("send", "I 0 0 P0 new"), ("timeout", "RR 0 P1")]);
    assert_eq!((end.now - began).as_millis(), 1000);
    plays(&mut end, &[("send", ""), ("RR 0 F1", "I 0 0 P0 new; I 1 0 P0 new")]);
    assert_eq!(end.state(), "7 1000");
    assert_eq!(end.link.counters().repeated, 1);
}

/// §5.6.7, §5.7.
#[test]
fn a_peer_that_answers_nothing_is_asked_again_three_times_and_the_link_is_set_up_again() {
    let mut end = established();
    let began = end.now;
    plays(
        &mut end,
        &[
            ("timeout", "RR 0 P1"),
            ("timeout", "RR 0 P1"),
            ("timeout", "RR 0 P1"),
            ("timeout", "RR 0 P1"),
            ("timeout", "Error I; SABME P1"),
        ],
    );
    assert_eq!((end.now - began).as_millis(), 14_000, "T203 and four times T200");
    assert_eq!(end.play("UA F1"), "", "nothing was lost, nobody needs to know");
    end.play_all(&["send", "timeout", "timeout", "timeout", "timeout"]);
    plays(&mut end, &[("send", ""), ("UA F1", "Established Reset { lost: 2 }")]);
}

/// §5.6.5: as long as the peer is busy it is asked, and no end of patience is counted.
#[test]
fn a_peer_may_be_busy_for_an_hour() {
    let mut end = established();
    plays(&mut end, &[("RNR 0 P1", "RR 0 F1"), ("send", "")]);
    assert!(end.link.is_peer_busy());
    let began = end.now;
    while (end.now - began).as_secs() < 3600 {
        plays(&mut end, &[("timeout", "RR 0 P1"), ("RNR 0 F1", "")]);
    }
    assert_eq!(end.play("RR 0 F0"), "I 0 0 P0 new");
    assert!(!end.link.is_peer_busy());
}

/// §5.6.6.
#[test]
fn a_busy_owner_gets_nothing_and_the_peer_is_told() {
    let mut end = established();
    plays(
        &mut end,
        &[
            ("busy", "RNR 0 F0"),
            ("busy", ""),
            ("I 0 0 P0 a", ""),
            ("I 0 0 P1 a", "RNR 0 F1"),
            ("RR 0 P1", "RNR 0 F1"),
            ("send", "I 0 0 P0 new"),
            ("ready", "RR 0 F0"),
            ("I 0 1 P0 a", "Data a; RR 1 F0"),
        ],
    );
}

#[test]
fn an_owner_that_is_busy_stays_so_over_a_reset() {
    let mut end = OneEnd::new(Params::default());
    plays(
        &mut end,
        &[
            ("busy", ""),
            ("SABME P1", "UA F1; Established ByPeer; RNR 0 F0"),
            ("SABME P1", "UA F1; Error F; RNR 0 F0"),
            ("ready", "RR 0 F0"),
        ],
    );
}

/// §5.7: with messages on their way the owner hears of a reset, without any he need not.
#[test]
fn a_reset_of_the_peer_is_told_if_it_took_something() {
    let mut end = established();
    plays(&mut end, &[("SABME P1", "UA F1; Error F")]);
    plays(&mut end, &[("send", "I 0 0 P0 new"), ("I 0 1 P0 abc", "Data abc; RR 1 F0")]);
    plays(&mut end, &[("SABME P1", "UA F1; Error F"), ("send", "I 0 0 P0 new")]);
    assert_eq!(end.play("SABME P1"), "UA F1; Error F; Established Reset { lost: 1 }");
    // What waits and never was sent goes on the fresh link.
    plays(&mut end, &[("RNR 0 F0", ""), ("send", "")]);
    assert_eq!(end.play("SABME P1"), "UA F1; Error F; I 0 0 P0 new");
    let Counters { established, lost, .. } = *end.link.counters();
    assert_eq!((established, lost), (5, 1));
}

#[test]
fn frames_that_are_not_for_us_are_counted_and_change_nothing() {
    let mut end = established();
    let state = end.state();
    for event in ["terminals", "elsewhere", "short", "XID P1", "XID F0"] {
        assert_eq!(end.play(event), "", "{event}");
    }
    assert_eq!(end.state(), state);
    let counters = end.link.counters();
    assert_eq!((counters.terminals, counters.elsewhere, counters.invalid), (1, 1, 1));
    assert_eq!((counters.unexpected, counters.received.xid), (2, 2));
}

/// What an installer looks at when a link does not come up: is the line looped?
#[test]
fn frames_of_our_own_role_are_counted_as_such() {
    let mut end = OneEnd::new(Params::default());
    end.play("establish");
    assert_eq!(end.play("mirrored"), "Error L");
    assert_eq!(end.link.counters().wrong_side, 1);
}

#[test]
fn before_its_time_a_timeout_does_nothing() {
    let mut end = OneEnd::new(Params::default());
    end.play("establish");
    end.wait(999);
    end.link.handle_timeout(end.now);
    assert_eq!(end.link.poll_output(), None);
    end.wait(1);
    end.link.handle_timeout(end.now);
    assert!(end.link.poll_output().is_some());
}

#[test]
fn parameters_out_of_range_are_taken_as_the_nearest_ones() {
    let retry = Some(Retry { first: std::time::Duration::MAX, longest: std::time::Duration::ZERO });
    let n201 = 0;
    let mut end = OneEnd::new(Params { retry, n201, k: 0, n200: 0, ..Params::default() });
    plays(&mut end, &[("establish", "SABME P1"), ("timeout", "SABME P1")]);
    plays(&mut end, &[("timeout", "Error G; Released NoAnswer")]);
    assert_eq!(end.state(), "4 3600000");
}
