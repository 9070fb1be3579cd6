//! The `a=crypto` attribute: what phones write, what is refused, who gets which key.

use media::srtp::sdes::{self, Crypto, Error, Feature};
use media::srtp::{MasterKey, Suite};

use super::{protect, rtp, start, unprotect};

const KEY: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

fn octets() -> &'static [u8] {
    b"YS___semctl () {\t220;}\n}\nunles"
}

fn refused(value: &str) -> Error {
    Crypto::parse(value).expect_err(value)
}

#[test]
fn an_attribute_is_read_and_written() {
    let crypto = Crypto::parse(&format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}")).unwrap();
    assert_eq!(crypto.tag, 1);
    assert_eq!(crypto.lifetime, None);
    assert_eq!(crypto.key, MasterKey::new(Suite::AesCm128HmacSha1_80, octets()).unwrap());
    assert_eq!(crypto.attribute(), format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"));
    assert!(!format!("{crypto:?}").contains("WVN"));
}

#[test]
fn what_phones_add_is_understood() {
    for (lifetime, packets) in [("2^20", 1 << 20), ("2^48", 1 << 48), ("1048576", 1 << 20)] {
        let line = format!("9 AES_CM_128_HMAC_SHA1_32 inline:{KEY}|{lifetime}");
        assert_eq!(Crypto::parse(&line).unwrap().lifetime, Some(packets));
    }
    for line in [
        format!("1\tAES_CM_128_HMAC_SHA1_80  inline:{KEY} "),
        format!("001 aes_cm_128_hmac_sha1_80 INLINE:{KEY}"),
        format!("999999999 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"),
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} WSH=64"),
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} -ODD -OTHER=7"),
    ] {
        assert!(Crypto::parse(&line).is_ok(), "{line}");
    }
}

#[test]
fn every_suite_goes_through_its_attribute_and_back() {
    for suite in Suite::ALL {
        let crypto = Crypto::new(3, super::master(suite, 1));
        assert_eq!(Crypto::parse(&crypto.attribute()).unwrap(), crypto);
        // Some leave the padding out.
        let bare = crypto.attribute();
        assert_eq!(Crypto::parse(bare.trim_end_matches('=')).unwrap(), crypto);
    }
}

#[test]
fn the_older_names_of_aes_256_are_answered_in_kind() {
    let key = super::master(Suite::Aes256CmHmacSha1_80, 1);
    let line = Crypto::new(4, key).attribute().replace("AES_256_CM", "AES_CM_256");
    let (answer, keys) = sdes::answer([line.as_str()], &[7; MasterKey::LONGEST]).unwrap();
    assert_eq!(keys.inbound.suite(), Suite::Aes256CmHmacSha1_80);
    assert!(answer.attribute().starts_with("4 AES_CM_256_HMAC_SHA1_80 inline:"));
}

#[test]
fn what_is_not_of_the_grammar_is_malformed() {
    for line in [
        "",
        "1",
        "1 AES_CM_128_HMAC_SHA1_80",
        "1 AES_CM_128_HMAC_SHA1_80 inline",
        "1 AES_CM_128_HMAC_SHA1_80 inline:",
        "1 AES_CM_128_HMAC_SHA1_80 inline:AAAA",
        "1 AES_CM_128_HMAC_SHA1_80 inline:*VNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
        "x AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
        "-1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
        "1000000000 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
        // A key of the other length.
        "1 AES_256_CM_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
        "1 AEAD_AES_128_GCM inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
    ] {
        assert_eq!(refused(line), Error::Malformed, "{line}");
    }
    for lifetime in ["", "0", "2^49", "2^", "x", "2^-1", "999999999999999", "2^20|1:4|"] {
        let line = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|{lifetime}");
        assert_eq!(refused(&line), Error::Malformed, "{line}");
    }
}

#[test]
fn what_the_box_has_not_is_told_apart() {
    for (line, feature) in [
        (format!("1 F8_128_HMAC_SHA1_80 inline:{KEY}"), Feature::Suite),
        (format!("1 NULL_HMAC_SHA1_80 inline:{KEY}"), Feature::Suite),
        (format!("1 AES_CM_128_HMAC_SHA1_80 uri:{KEY}"), Feature::KeyMethod),
        (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4"), Feature::MasterKeyIdentifier),
        (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1:4"), Feature::MasterKeyIdentifier),
        (
            format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4;inline:{KEY}|2^20|2:4"),
            Feature::MasterKeyIdentifier,
        ),
    ] {
        assert_eq!(refused(&line), Error::Unsupported(feature), "{line}");
    }
    for parameter in [
        "UNENCRYPTED_SRTP",
        "UNENCRYPTED_SRTCP",
        "UNAUTHENTICATED_SRTP",
        "KDR=1",
        "FEC_ORDER=FEC_SRTP",
        "FEC_KEY=inline:xyz",
        "WSH=64 UNENCRYPTED_SRTP",
        "SOMETHING_NEW",
    ] {
        let line = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} {parameter}");
        assert_eq!(refused(&line), Error::Unsupported(Feature::SessionParameter), "{line}");
    }
}

#[test]
fn the_best_of_an_offer_is_taken_whatever_its_place() {
    let line = |tag, suite| Crypto::new(tag, super::master(suite, tag as u8)).attribute();
    let all: Vec<_> =
        Suite::ALL.into_iter().zip(1..).map(|(suite, tag)| line(tag, suite)).collect();
    for (place, best) in Suite::ALL.into_iter().enumerate() {
        let mut offered: Vec<_> = all[place..].iter().map(String::as_str).collect();
        offered.reverse();
        offered.insert(0, "1 NULL_HMAC_SHA1_80 inline:AAAA");
        offered.push("nonsense");
        assert_eq!(sdes::choose(offered).unwrap().key.suite(), best);
    }
}

#[test]
fn an_offer_with_nothing_for_us_tells_why() {
    assert_eq!(sdes::choose([]), Err(Error::Absent));
    let null = "1 NULL_HMAC_SHA1_80 inline:AAAA";
    let unsupported = Err(Error::Unsupported(Feature::Suite));
    assert_eq!(sdes::choose([null, "nonsense"]), unsupported);
    assert_eq!(sdes::choose(["nonsense", null]), Err(Error::Malformed));
}

#[test]
fn both_sides_of_an_offer_and_its_answer_have_the_same_keys() {
    let offered = sdes::offer([1, 2, 3, 4, 5].map(|number| [number; MasterKey::LONGEST]));
    let suites: Vec<_> = offered.iter().map(|crypto| crypto.key.suite()).collect();
    assert_eq!(suites, sdes::OFFERED);
    for own in &offered {
        let line = own.attribute();
        let (answer, theirs) = sdes::answer([line.as_str()], &[6; MasterKey::LONGEST]).unwrap();
        let ours = sdes::accept(&offered, [answer.attribute().as_str()]).unwrap();
        assert_eq!(ours.outbound, theirs.inbound);
        assert_eq!(ours.inbound, theirs.outbound);
        assert_ne!(ours.inbound, ours.outbound);

        let ((mut outbound, _), (_, mut inbound)) = (ours.contexts(), theirs.contexts());
        let packet = protect(&mut outbound, &rtp(7, 1, b"speech")).unwrap();
        assert_eq!(unprotect(&mut inbound, &packet, start()).unwrap(), rtp(7, 1, b"speech"));
    }
}

#[test]
fn an_answer_to_something_else_is_the_peers_fault() {
    let offered = sdes::offer([1, 2, 3, 4, 5].map(|number| [number; MasterKey::LONGEST]));
    let answer = |tag, suite| Crypto::new(tag, super::master(suite, 9)).attribute();
    let accept = |lines: &[String]| sdes::accept(&offered, lines.iter().map(String::as_str));
    assert!(accept(&[answer(4, Suite::AesCm128HmacSha1_80)]).is_ok());
    assert_eq!(accept(&[]), Err(Error::Absent));
    assert_eq!(accept(&["4".to_owned()]), Err(Error::Malformed));
    assert_eq!(accept(&[answer(6, Suite::AesCm128HmacSha1_80)]), Err(Error::Misbehaved));
    assert_eq!(accept(&[answer(3, Suite::AesCm128HmacSha1_80)]), Err(Error::Misbehaved));
    let two = [answer(4, Suite::AesCm128HmacSha1_80), answer(1, Suite::AeadAes256Gcm)];
    assert_eq!(accept(&two), Err(Error::Misbehaved));
}
