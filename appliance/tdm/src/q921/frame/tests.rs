use proptest::prelude::*;

use super::*;

fn words(octets: &[u8], sender: Role) -> String {
    match Frame::parse(octets, sender) {
        Ok(frame) => frame.to_string(),
        Err(malformed) => malformed.to_string(),
    }
}

/// Octets as the figures and tables of Q.921 §3 give them, and what they say.
#[test]
fn each_frame_is_read_as_table_5_codes_it() {
    let user = [
        (&[0x00, 0x01, 0x7f][..], "SABME, command, P 1"),
        (&[0x00, 0x01, 0x6f], "SABME, command, P 0"),
        (&[0x00, 0x01, 0x53], "DISC, command, P 1"),
        (&[0x02, 0x01, 0x73], "UA, response, F 1"),
        (&[0x02, 0x01, 0x1f], "DM, response, F 1"),
        (&[0x02, 0x01, 0x0f], "DM, response, F 0"),
        (&[0x00, 0x01, 0x01, 0x0b], "RR, command, N(R) 5, P 1"),
        (&[0x02, 0x01, 0x01, 0x0a], "RR, response, N(R) 5, F 0"),
        (&[0x02, 0x01, 0x05, 0xff], "RNR, response, N(R) 127, F 1"),
        (&[0x02, 0x01, 0x09, 0x00], "REJ, response, N(R) 0, F 0"),
        (&[0x00, 0x01, 0x06, 0x0e, 1, 2], "I, command, N(S) 3, N(R) 7, P 0, 2 octets"),
        (&[0xfc, 0xff, 0x03, 0x0f], "SAPI 63, TEI 127: UI, command, P 0, 1 octets"),
        (&[0x00, 0x01, 0xbf, 0x82], "XID, command, P 1, 1 octets"),
        (
            &[0x02, 0x01, 0x87, 0x01, 0x50, 0x06, 0x08, 0x08],
            "FRMR, response, F 0, rejects command 01 50, N(R) out of range, V(S) 3, V(R) 4",
        ),
        (
            &[0x02, 0x01, 0x97, 0x73, 0x00, 0x06, 0x09, 0x03],
            "FRMR, response, F 1, rejects response 73 00, wrong length, V(S) 3, V(R) 4",
        ),
        (&[0x02, 0x01, 0x87], "FRMR, response, F 0"),
    ];
    for (octets, want) in user {
        assert_eq!(words(octets, Role::User), want, "{octets:02x?}");
        // The network sets the bit of the address the other way round (Table 1).
        let mut turned = octets.to_vec();
        turned[0] ^= 2;
        assert_eq!(words(&turned, Role::Network), want, "{turned:02x?}");
    }
}

#[test]
fn what_is_no_frame_says_why() {
    let cases = [
        (&[][..], Malformed::Truncated),
        (&[0x00], Malformed::Truncated),
        (&[0x00, 0x01], Malformed::Truncated),
        (&[0x01, 0x01, 0x7f], Malformed::Truncated),
        (&[0x00, 0x00, 0x7f], Malformed::Truncated),
        (&[0x00, 0x01, 0x00], Malformed::Truncated),
        (&[0x00, 0x01, 0x01], Malformed::Truncated),
        (&[0x00, 0x01, 0x0d, 0x01], Malformed::Undefined),
        (&[0x00, 0x01, 0xef], Malformed::Undefined),
        (&[0x02, 0x01, 0x7f], Malformed::WrongSide),
        (&[0x00, 0x01, 0x73], Malformed::WrongSide),
        (&[0x02, 0x01, 0x00, 0x00, 0x08], Malformed::WrongSide),
        (&[0x00, 0x01, 0x7f, 0x00], Malformed::Information),
        (&[0x02, 0x01, 0x73, 0x00], Malformed::Information),
        (&[0x00, 0x01, 0x01, 0x01, 0x00], Malformed::Length),
    ];
    for (octets, want) in cases {
        assert_eq!(Frame::parse(octets, Role::User), Err(want), "{octets:02x?}");
    }
}

#[test]
fn numbers_go_round_at_128() {
    let last = Sequence::new(127);
    assert_eq!(last.next(), Sequence::new(0));
    assert_eq!(Sequence::new(128), Sequence::new(0));
    assert_eq!(Sequence::new(3).since(Sequence::new(125)), 6);
    assert_eq!(Sequence::new(125).plus(6), Sequence::new(3));
}

proptest! {
    /// What is understood is written again as it was, but for the reserved bits of supervisory
    /// frames and the information of a FRMR, which may have any length.
    #[test]
    fn a_frame_that_is_understood_is_written_the_same(
        mut octets in prop::collection::vec(any::<u8>(), 0..12), control in any::<u8>(),
        network in any::<bool>(), tidy in any::<bool>(),
    ) {
        if tidy && octets.len() > 2 {
            octets[0] &= 0xfe;
            octets[1] |= 1;
            octets[2] = control;
        }
        let sender = if network { Role::Network } else { Role::User };
        let Ok(frame) = Frame::parse(&octets, sender) else { return Ok(()) };
        let again = frame.octets(sender);
        prop_assert_eq!(Frame::parse(&again, sender), Ok(frame));
        prop_assert!(!frame.to_string().is_empty());
        let loose = octets[2] & 3 == 1 || matches!(frame.body, Body::Frmr { .. });
        prop_assert!(loose || again == octets);
    }
}
