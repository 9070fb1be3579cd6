//! Any SDP: parsed without loss, read, and relayed as an offer and as an answer without an address
//! of the side that it came from.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sdp::{Direction, LineKeys, LocalMedia, Origin, Session};
use std::net::IpAddr;

fuzz_target!(|bytes: &[u8]| {
    let Ok(session) = Session::parse(bytes) else { return };
    assert_eq!(session.as_bytes(), bytes, "nothing is lost");
    for media in session.media() {
        let _ = (media.kind(), media.port(), media.port_count(), media.transport());
        let _ = (media.remote(), media.direction(), media.codecs(), media.ptime());
        media.formats().for_each(drop);
        media.attributes().for_each(drop);
        media.cryptos().for_each(drop);
    }
    let _ = (session.summary(), session.is_hold(), session.same_media(&session));

    if let Some(plain) = sdp::undress(&session) {
        assert_eq!(plain.media().len(), session.media().len(), "one line for each line");
        assert_eq!(sdp::undress(&plain), None, "nothing of it is left");
    }

    let own = IpAddr::from([203, 0, 113, 1]);
    let origin = Origin::new(7, own);
    let local: Vec<_> = (0..session.media().len() as u16)
        .map(|line| Some(LocalMedia::at(own, 20_000_u16.saturating_add(line.saturating_mul(2)))))
        .collect();
    let lines = session.media().len();
    let plain = sdp::without_keys(&session);
    if let Some(plain) = &plain {
        assert_eq!(sdp::without_keys(plain), None, "nothing of keys is left");
    }
    let plain = plain.as_ref().unwrap_or(&session);
    let attributes = vec!["crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA".to_owned()];
    let keys = vec![LineKeys { transport: Some("RTP/SAVP"), attributes }; lines];
    for written in [
        plain.as_bytes().to_vec(),
        sdp::with_keys(plain, &origin, &keys),
        sdp::relay_offer(&session, &origin, &local),
        sdp::relay_answer(&session, &session, &origin, &local),
        sdp::answer_inactive(&session, &origin, &local),
        sdp::refuse_all(&session, &origin),
        sdp::with_direction(&session, &origin, Direction::SendOnly),
    ] {
        let again = Session::parse(&written).expect("we understand our own descriptions");
        assert_eq!(again.media().len(), lines, "one line for each line");
    }
});
