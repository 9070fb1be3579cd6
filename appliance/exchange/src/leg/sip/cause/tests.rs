use super::*;

fn response(code: u16, headers: &str) -> Vec<u8> {
    format!(
        "SIP/2.0 {code} No\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKx\r\n\
         From: <sip:201@example.org>;tag=1\r\nTo: <sip:0@example.org>;tag=2\r\nCall-ID: x\r\n\
         CSeq: 1 INVITE\r\n{headers}Content-Length: 0\r\n\r\n"
    )
    .into_bytes()
}

/// What a refusal by a trunk that did not ring means.
fn refusal(code: u16, headers: &str) -> End {
    let bytes = response(code, headers);
    let message = Message::parse_datagram(&bytes).unwrap();
    of_refusal(Status::new(code).unwrap(), &message, true, false)
}

fn line(cause: u8, by: Decider) -> End {
    End { cause: Cause(cause), status: None, by, why: Cause(cause).why() }
}

/// RFC 3398 §8.2.6.1, and a few statuses that it does not name.
#[test]
fn every_status_has_the_cause_of_rfc_3398() {
    for (code, cause) in [
        (400, 41),
        (401, 21),
        (402, 21),
        (403, 21),
        (404, 1),
        (405, 63),
        (406, 79),
        (407, 21),
        (408, 102),
        (410, 22),
        (413, 127),
        (414, 127),
        (415, 79),
        (416, 127),
        (420, 127),
        (421, 127),
        (423, 127),
        (480, 18),
        (481, 41),
        (482, 25),
        (483, 25),
        (484, 28),
        (485, 1),
        (486, 17),
        (487, 16),
        (488, 31),
        (500, 41),
        (501, 79),
        (502, 38),
        (503, 41),
        (504, 102),
        (505, 127),
        (513, 127),
        (600, 17),
        (603, 21),
        (604, 1),
        (606, 31),
        (433, 31),
        (580, 31),
        (699, 31),
    ] {
        let end = refusal(code, "");
        assert_eq!((end.cause, end.status), (Cause(cause), Some(code)), "{code}");
    }
}

/// RFC 3398 §8.2.6.1: "by Warning header".
#[test]
fn a_warning_of_media_makes_a_missing_bearer_of_a_488() {
    for code in [488, 606] {
        for (warning, cause) in [(304, 65), (305, 65), (301, 31), (370, 31), (399, 31)] {
            let header = format!("Warning: {warning} 192.0.2.1 \"No\"\r\n");
            assert_eq!(refusal(code, &header).cause, Cause(cause), "{code} {warning}");
        }
    }
    assert_eq!(refusal(500, "Warning: 304 192.0.2.1 \"No\"\r\n").cause, Cause(41));
}

/// RFC 3398 §7.2.4.1. A cause that ends a call as it should has no status of its own.
#[test]
fn every_cause_of_a_line_has_the_status_of_rfc_3398() {
    for (cause, code) in [
        (1, 404),
        (2, 404),
        (3, 404),
        (16, 480),
        (17, 486),
        (18, 408),
        (19, 480),
        (20, 480),
        (21, 403),
        (22, 410),
        (23, 410),
        (26, 404),
        (27, 502),
        (28, 484),
        (29, 501),
        (31, 480),
        (34, 503),
        (38, 503),
        (41, 503),
        (42, 503),
        (47, 503),
        (55, 403),
        (57, 403),
        (58, 503),
        (65, 488),
        (70, 488),
        (79, 501),
        (87, 403),
        (88, 503),
        (102, 504),
        (111, 500),
        (127, 500),
    ] {
        assert_eq!(to_status(&line(cause, Decider::Network)).code(), code, "{cause}");
        let by_user = if cause == 21 { 603 } else { code };
        assert_eq!(to_status(&line(cause, Decider::Callee)).code(), by_user, "{cause} by the user");
    }
    for cause in [0, 4, 25, 30, 44, 63, 95, 119, 200] {
        assert_eq!(to_status(&line(cause, Decider::Network)).code(), 500, "{cause}");
    }
}

#[test]
fn what_we_decide_has_a_status_by_its_reason_and_not_by_its_cause() {
    for (cause, why, code) in [
        (Cause::USER_BUSY, Why::DoNotDisturb, 480),
        (Cause::NO_USER_RESPONDING, Why::Unreachable, 480),
        (Cause::NO_CIRCUIT, Why::TrunkFull, 503),
        (Cause::INCOMPATIBLE, Why::NoCommonMedia, 488),
        (Cause::CALL_REJECTED, Why::WrongPin, 480),
    ] {
        assert_eq!(to_status(&End::ours(cause, why)).code(), code, "{cause}");
    }
    for status in [408, 503] {
        assert_eq!(to_status(&unreachable(status)).code(), 480);
    }
    assert_eq!(to_status(&End::hung_up(Decider::Callee)).code(), 480);
}

#[test]
fn a_status_says_what_happens_next_whatever_its_cause_is() {
    for (code, trunk, rang, why) in [
        (503, true, false, Why::CarrierFailed),
        (503, false, false, Why::Unreachable),
        (403, true, false, Why::CarrierFailed),
        (403, false, false, Why::Rejected),
        (408, true, false, Why::Unreachable),
        (480, false, true, Why::NoAnswer),
        (481, true, false, Why::DialogLost),
        (482, true, false, Why::Loop),
        (415, true, false, Why::NoCommonMedia),
        (487, true, true, Why::Cancelled),
    ] {
        let bytes = response(code, "Reason: Q.850;cause=34\r\n");
        let message = Message::parse_datagram(&bytes).unwrap();
        let end = of_refusal(Status::new(code).unwrap(), &message, trunk, rang);
        assert_eq!((end.why, end.cause), (why, Cause::NO_CIRCUIT), "{code}");
    }
}

#[test]
fn a_cause_of_the_number_is_told_to_the_caller_whatever_status_came() {
    for (code, cause, told) in [
        (500, 1, 404),
        (480, 17, 486),
        (503, 22, 410),
        (500, 28, 484),
        (408, 1, 404),
        // The same in other words goes through as it came, and so does what is of the way there.
        (600, 17, 600),
        (485, 1, 485),
        (500, 34, 500),
        (404, 3, 404),
        (503, 34, 503),
        (480, 19, 480),
    ] {
        let end = refusal(code, &format!("Reason: SIP;cause=1, q.850 ;cause={cause}\r\n"));
        assert_eq!(end.cause, Cause(cause));
        assert_eq!(to_status(&end).code(), told, "{cause} over {code}");
    }
}

#[test]
fn a_reason_that_no_cause_can_be_or_that_contradicts_is_ignored() {
    for reason in [
        "Q.850;cause=16",
        "Q.850;cause=0",
        "Q.850;cause=128",
        "Q.850;cause=290",
        "Q.850;cause=70000",
        "Q.850;cause=x",
        "Q.850",
        "SIP;cause=404",
        "Preemption;cause=1",
    ] {
        let end = refusal(503, &format!("Reason: {reason}\r\n"));
        assert_eq!((end.cause, end.why), (Cause(41), Why::CarrierFailed), "{reason}");
    }
}

#[test]
fn a_farewell_may_have_any_cause_and_keeps_what_happened() {
    for (header, cause) in
        [("", 16), ("Reason: Q.850;cause=16\r\n", 16), ("Reason: Q.850;cause=41\r\n", 41)]
    {
        let bytes = response(200, header);
        let message = Message::parse_datagram(&bytes).unwrap();
        let end = of_farewell(&message, End::hung_up(Decider::Callee));
        assert_eq!((end.cause, end.why), (Cause(cause), Why::HungUp));
    }
}

#[test]
fn a_reason_carries_the_cause_and_words() {
    let busy = End::ours(Cause::USER_BUSY, Why::Busy);
    assert_eq!(reason(&busy), "Q.850;cause=17;text=\"busy\"");
    let failed = End { cause: Cause(41), ..End::hung_up(Decider::Callee) };
    assert_eq!(reason(&failed), "Q.850;cause=41;text=\"the network failed for a moment\"");
    let elsewhere = End { why: Why::AnsweredElsewhere, ..End::hung_up(Decider::Callee) };
    assert_eq!(reason(&elsewhere), "SIP;cause=200;text=\"Call completed elsewhere\"");
}
