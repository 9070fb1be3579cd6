//! The `a=crypto` attribute: what phones write, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use sdp::{Crypto, CryptoError, CryptoFeature, KeyAndSalt, Session};

const KEY: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

fn refused(value: &str) -> CryptoError {
    Crypto::parse(value).expect_err(value)
}

#[test]
fn an_attribute_is_read_and_written() {
    let line = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}");
    let crypto = Crypto::parse(&line).unwrap();
    assert_eq!((crypto.tag, crypto.suite), (1, "AES_CM_128_HMAC_SHA1_80"));
    assert_eq!(crypto.lifetime, None);
    assert_eq!(crypto.key.octets(), b"YS___semctl () {\t220;}\n}\nunles");
    assert_eq!(crypto.to_string(), line);
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
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4 FEC_ORDER=FEC_SRTP"),
    ] {
        assert!(Crypto::parse(&line).is_ok(), "{line}");
    }
}

#[test]
fn every_length_of_key_goes_through_its_attribute_and_back() {
    for length in [28, 30, 44, 46] {
        let octets: Vec<u8> = (0..length).map(|octet| u8::wrapping_mul(octet, 37)).collect();
        let key = KeyAndSalt::new(&octets).unwrap();
        let written = Crypto { tag: 3, suite: "X", key, lifetime: Some(7), mki: Some((300, 2)) };
        let line = written.to_string();
        assert_eq!(Crypto::parse(&line).unwrap(), written);
        // Some leave the padding out.
        let bare = line.replace('=', "");
        assert_eq!(Crypto::parse(&bare).unwrap(), written);
    }
    assert_eq!(KeyAndSalt::new(&[0; 47]), None);
}

#[test]
fn what_is_not_of_the_grammar_is_malformed() {
    for line in [
        "",
        "1",
        "1 AES_CM_128_HMAC_SHA1_80",
        "1 AES_CM_128_HMAC_SHA1_80 inline",
        "1 AES_CM_128_HMAC_SHA1_80 inline:",
        "1 AES_CM_128_HMAC_SHA1_80 inline:*VNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
        "x AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
        "-1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
        "1000000000 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
    ] {
        assert_eq!(refused(line), CryptoError::Malformed, "{line}");
    }
    let long = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}{KEY}");
    assert_eq!(refused(&long), CryptoError::Malformed);
    for lifetime in [
        "",
        "0",
        "2^49",
        "2^",
        "x",
        "2^-1",
        "2^020",
        "0100",
        "999999999999999",
        "2^20|1:4|",
        "1:",
        ":4",
        "256:1",
        "x:1",
        "1:4|1:4",
    ] {
        let line = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|{lifetime}");
        assert_eq!(refused(&line), CryptoError::Malformed, "{line}");
    }
}

#[test]
fn a_key_may_have_a_name_that_packets_bear() {
    for (said, lifetime, mki) in [
        ("", None, None),
        ("|2^20|1:4", Some(1 << 20), Some((1, 4))),
        ("|1:1", None, Some((1, 1))),
        ("|4294967295:4", None, Some((u32::MAX, 4))),
    ] {
        let line = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}{said}");
        let crypto = Crypto::parse(&line).unwrap();
        assert_eq!((crypto.lifetime, crypto.mki), (lifetime, mki), "{line}");
    }
}

#[test]
fn what_the_box_has_not_is_told_apart() {
    let mki = CryptoFeature::MasterKeyIdentifier;
    for (line, feature) in [
        (format!("1 AES_CM_128_HMAC_SHA1_80 uri:{KEY}"), CryptoFeature::KeyMethod),
        (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:5"), mki),
        (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1:128"), mki),
        (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4;inline:{KEY}|2^20|2:4"), mki),
    ] {
        assert_eq!(refused(&line), CryptoError::Unsupported(feature), "{line}");
    }
    for parameter in [
        "UNENCRYPTED_SRTP",
        "UNENCRYPTED_SRTCP",
        "UNAUTHENTICATED_SRTP",
        "KDR=1",
        "FEC_ORDER=SRTP_FEC",
        "FEC_KEY=inline:xyz",
        "WSH=64 UNENCRYPTED_SRTP",
        "SOMETHING_NEW",
    ] {
        let line = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} {parameter}");
        let feature = CryptoFeature::SessionParameter;
        assert_eq!(refused(&line), CryptoError::Unsupported(feature), "{line}");
    }
}

#[test]
fn the_attributes_of_a_line_are_found_in_their_order() {
    let text = format!(
        "v=0\r\nm=audio 1 RTP/SAVP 8\r\na=crypto:2 A inline:{KEY}\r\na=ptime:20\r\n\
         a=crypto:oops\r\na=crypto:1 B inline:{KEY}\r\nm=video 1 RTP/SAVP 34\r\n"
    );
    let session = Session::parse(text.as_bytes()).unwrap();
    let media = session.media_at(0).unwrap();
    let found: Vec<_> = media.cryptos().map(|it| it.map(|it| it.suite)).collect();
    assert_eq!(found, [Ok("A"), Err(CryptoError::Malformed), Ok("B")]);
    assert_eq!(session.media_at(1).unwrap().cryptos().count(), 0);
}
