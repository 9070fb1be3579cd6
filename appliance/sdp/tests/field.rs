//! Descriptions as phones, gateways and carriers write them: every one is read, kept and relayed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::net::IpAddr;
use std::path::PathBuf;

use sdp::{Direction, Kind, LocalMedia, Origin, Session, Transport, relay_answer, relay_offer};

fn text(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/sdp");
    std::fs::read(path.join(name).with_extension("sdp")).unwrap()
}

fn seed(name: &str) -> Session {
    Session::parse(&text(name)).unwrap()
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/sdp");
    let mut names: Vec<String> = std::fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sdp"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert!(names.len() >= 22, "the seeds are in the repository");
    names.into_iter().map(|name| (name.clone(), text(&name))).collect()
}

fn own() -> IpAddr {
    IpAddr::from([203, 0, 113, 1])
}

fn local(session: &Session) -> Vec<Option<LocalMedia>> {
    (20_000..)
        .step_by(2)
        .take(session.media().len())
        .map(|p| Some(LocalMedia::at(own(), p)))
        .collect()
}

fn relayed(name: &str) -> String {
    let session = seed(name);
    let offer = relay_offer(&session, &Origin::new(14, own()), &local(&session));
    String::from_utf8_lossy(&offer).into_owned()
}

/// Every address-like word of a text by another rule than the crate's own: whole words that parse.
fn addresses(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text).into_owned();
    text.split(|c: char| !c.is_ascii_hexdigit() && c != '.' && c != ':')
        .flat_map(|word| [word, word.split(':').next().unwrap_or_default()])
        .filter(|word| word.parse::<IpAddr>().is_ok())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_description_of_the_field_is_kept_byte_for_byte() {
    for (name, text) in seeds() {
        let session = Session::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(session.as_bytes(), text, "{name}");
        let media_lines = session.lines().filter(|line| line.kind == b'm').count();
        assert_eq!(session.media().len(), media_lines, "{name}: no media line is lost");
        assert!(media_lines > 0, "{name}");
    }
}

#[test]
fn nothing_of_an_inside_address_is_relayed() {
    for (name, text) in seeds() {
        let session = Session::parse(&text).unwrap();
        let origin = Origin::new(14, own());
        let offer = relay_offer(&session, &origin, &local(&session));
        let answer = relay_answer(&session, &session, &origin, &local(&session));
        assert!(!addresses(&text).is_empty());
        for body in [offer, answer] {
            let told = addresses(&body);
            assert!(told.iter().all(|address| *address == own().to_string()), "{name}: {told:?}");
            let body = String::from_utf8_lossy(&body).into_owned();
            for word in
                ["Polycom", "FreeSWITCH", "Asterisk", "Cisco", "baresip", "root", "SDP data"]
            {
                assert!(!body.contains(word), "{name} tells {word}");
            }
        }
    }
}

#[test]
fn what_is_relayed_can_be_relayed_again_unchanged() {
    for (name, text) in seeds() {
        let session = Session::parse(&text).unwrap();
        let origin = Origin::new(14, own());
        let once = relay_offer(&session, &origin, &local(&session));
        let again = Session::parse(&once).unwrap();
        let twice = relay_offer(&again, &origin, &local(&session));
        assert_eq!(String::from_utf8_lossy(&once), String::from_utf8_lossy(&twice), "{name}");
    }
}

#[test]
fn a_desk_phone_is_relayed_with_all_its_codecs() {
    assert_eq!(
        relayed("yealink_desk_phone"),
        "v=0\r\n\
         o=- 7 1 IN IP4 203.0.113.1\r\n\
         s=-\r\n\
         c=IN IP4 203.0.113.1\r\n\
         t=0 0\r\n\
         m=audio 20000 RTP/AVP 9 0 8 18 101\r\n\
         a=rtpmap:9 G722/8000\r\n\
         a=rtpmap:0 PCMU/8000\r\n\
         a=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:18 G729/8000\r\n\
         a=fmtp:18 annexb=no\r\n\
         a=rtpmap:101 telephone-event/8000\r\n\
         a=fmtp:101 0-15\r\n\
         a=ptime:20\r\n\
         a=sendrecv\r\n"
    );
}

#[test]
fn ice_and_port_sharing_are_taken_out_and_the_rest_stays() {
    assert_eq!(
        relayed("baresip_ice_mux"),
        "v=0\r\n\
         o=- 7 1 IN IP4 203.0.113.1\r\n\
         s=-\r\n\
         c=IN IP4 203.0.113.1\r\n\
         t=0 0\r\n\
         m=audio 20000 RTP/AVP 96 97 9 8 0 101\r\n\
         b=AS:125\r\n\
         a=rtpmap:96 opus/48000/2\r\n\
         a=fmtp:96 stereo=1;sprop-stereo=1\r\n\
         a=rtpmap:97 L16/48000\r\n\
         a=rtpmap:9 G722/8000\r\n\
         a=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:0 PCMU/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\n\
         a=fmtp:101 0-15\r\n\
         a=rtcp-rsize\r\n\
         a=mid:0\r\n\
         a=label:1\r\n\
         a=ptime:20\r\n\
         a=sendrecv\r\n"
    );
}

#[test]
fn keys_of_srtp_and_fingerprints_of_dtls_pass() {
    let snom = relayed("snom_sdes");
    assert!(snom.contains("m=audio 20000 RTP/SAVP 9 0 8 3 99 112 18 101\r\n"));
    assert!(snom.contains("inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:32\r\n"));
    let dtls = relayed("dtls_srtp");
    assert!(dtls.contains("a=fingerprint:sha-256 4A:AD:B9:"));
    assert!(dtls.contains("a=setup:actpass\r\n"));
    assert!(!dtls.contains("mux") && !dtls.contains("BUNDLE"));
}

#[test]
fn a_fax_is_relayed_over_udptl_with_its_parameters() {
    let fax = seed("asterisk_fax_reinvite");
    let media = fax.media_at(0).unwrap();
    assert_eq!((media.kind(), media.transport()), (Kind::Image, Transport::Udptl));
    let relayed = relayed("asterisk_fax_reinvite");
    assert!(relayed.contains("m=image 20000 udptl t38\r\na=T38FaxVersion:0\r\n"));
    assert!(relayed.ends_with("a=T38FaxUdpEC:t38UDPRedundancy\r\n"));
}

#[test]
fn tcp_is_refused_in_its_place_and_udp_beside_it_is_relayed() {
    let msrp = relayed("msrp_message");
    assert!(msrp.ends_with("m=audio 20000 RTP/AVP 8\r\nm=message 0 TCP/MSRP *\r\n"), "{msrp}");
    let bfcp = relayed("bfcp_conference");
    assert!(bfcp.contains("m=application 0 TCP/BFCP *\r\nm=application 20004 UDP/BFCP *\r\n"));
    assert!(bfcp.contains("a=floorid:1 mstrm:3\r\n"));
    let relayable: Vec<_> =
        seed("bfcp_conference").media().map(|media| media.is_relayable()).collect();
    assert_eq!(relayable, [true, false, true]);
}

#[test]
fn a_session_attribute_before_its_connection_line_is_read() {
    let session = seed("attributes_before_connection");
    let media = session.media_at(0).unwrap();
    assert_eq!(media.remote().unwrap().rtp, "10.9.9.10:5000".parse().unwrap());
    assert_eq!(media.direction(), Direction::SendOnly);
    assert_eq!(media.ptime(), Some(30));
    assert_eq!(session.attribute("X-vendor"), Some(&b"mode 7"[..]));
    let relayed = relayed("attributes_before_connection");
    assert!(relayed.contains(
        "t=0 0\r\na=X-vendor:mode 7\r\nm=audio 20000 RTP/AVP 0\r\na=ptime:30\r\na=sendonly\r\n"
    ));
}

#[test]
fn a_missing_name_and_time_are_put_in() {
    let relayed = relayed("no_name_no_time");
    assert!(relayed.contains("s=-\r\nc=IN IP4 203.0.113.1\r\nt=0 0\r\nm=audio"), "{relayed}");
}

#[test]
fn an_endless_session_id_is_no_reason_to_refuse_a_call() {
    assert!(relayed("session_id_of_65_bits").starts_with("v=0\r\no=- 7 1 IN IP4 203.0.113.1\r\n"));
}

#[test]
fn lines_of_an_unknown_type_pass_in_their_section() {
    let relayed = relayed("unknown_line_types");
    assert!(relayed.contains("t=0 0\r\nX=whatever\r\nm=video 20000 RTP/AVP 96\r\n"));
    assert!(relayed.contains("y=0100000001\r\nf=v/2/4///a///\r\nm=audio 20002 RTP/AVP 8\r\n"));
    assert!(!relayed.contains("not a line"));
}

#[test]
fn line_ends_may_be_bare_or_missing() {
    assert!(relayed("bare_line_feeds").ends_with("0 101\r\na=rtpmap:101 telephone-event/8000\r\n"));
    assert!(relayed("no_final_line_end").ends_with("m=audio 20000 RTP/AVP 8\r\na=sendonly\r\n"));
}

#[test]
fn latin_1_passes_as_bytes_and_names_of_people_do_not() {
    let session = seed("latin_1_name");
    let offer = relay_offer(&session, &Origin::new(14, own()), &local(&session));
    assert!(offer.ends_with(b"m=audio 20000 RTP/AVP 8\r\na=X-ort:M\xfcnchen\r\n"));
    assert!(!offer.windows(7).any(|word| word == b"J\xfcrgen "));
    assert!(!offer.windows(3).any(|word| word == b"+49"));
}

/// Found by the fuzzer: the type of a line that has none was written as if it were no type.
#[test]
fn a_line_of_type_nul_does_not_become_another_line() {
    let session = seed("nul_before_media_line");
    let offer = relay_offer(&session, &Origin::new(14, own()), &local(&session));
    assert_eq!(Session::parse(&offer).unwrap().media().len(), 1);
    let kept = sdp::with_direction(&session, &Origin::new(14, own()), Direction::SendOnly);
    assert_eq!(Session::parse(&kept).unwrap().media().len(), 1);
}

#[test]
fn an_old_hold_by_zero_address_is_told_in_todays_words() {
    let session = seed("hold_by_zero_address");
    assert!(session.is_hold());
    assert_eq!(session.media_at(0).unwrap().remote(), None);
    assert!(relayed("hold_by_zero_address").ends_with("telephone-event/8000\r\na=sendonly\r\n"));
}

#[test]
fn rtcp_of_a_carrier_may_be_on_another_host() {
    let session = seed("ipv6_carrier");
    let remote = session.media_at(0).unwrap().remote().unwrap();
    assert_eq!(remote.rtp, "[2001:db8:40::10]:40004".parse().unwrap());
    assert_eq!(remote.rtcp, "[2001:db8:40::11]:40100".parse().unwrap());
}

#[test]
fn ipv6_on_one_leg_is_ipv4_on_the_other_and_back() {
    assert!(relayed("ipv6_carrier").contains("c=IN IP4 203.0.113.1\r\n"));
    let phone = seed("yealink_desk_phone");
    let own: IpAddr = "2001:db8::5".parse().unwrap();
    let local = [Some(LocalMedia::at(own, 20_000))];
    let offer = relay_offer(&phone, &Origin::new(14, own), &local);
    let offer = String::from_utf8(offer).unwrap();
    assert!(offer.contains("o=- 7 1 IN IP6 2001:db8::5\r\ns=-\r\nc=IN IP6 2001:db8::5\r\n"));
}

#[test]
fn the_summary_names_what_is_on() {
    let video = seed("cisco_phone_video").summary();
    assert!(video.audio && video.video && !video.fax && !video.on_hold);
    assert_eq!(video.codecs, ["opus", "G722", "ISAC", "PCMU", "PCMA", "iLBC", "G729", "H264"]);
    assert_eq!(video.telephone_event, Some(101));

    let fax = seed("asterisk_fax_reinvite").summary();
    assert!(fax.fax && !fax.audio && fax.codecs.is_empty());
    assert!(seed("hold_by_zero_address").summary().on_hold);
    assert_eq!(seed("teams_direct_routing").summary().telephone_event, Some(101));
    assert_eq!(seed("polycom_desk_phone_optional_srtp").summary().telephone_event, Some(127));
}
