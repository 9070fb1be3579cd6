//! What a registrar's response means for us: RFC 3261 §10.2.4, §10.2.8.

use std::net::SocketAddr;
use std::time::Duration;

use crate::header::list::Contacts;
use crate::{Message, Uri};

/// The final response to a REGISTER, as far as a [`Registration`](super::Registration) is
/// concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// How long we are registered, by our own Contact in the answer; `None` when it says nothing.
    pub granted: Option<Duration>,
    /// `Min-Expires` of a 423.
    pub minimum: Option<Duration>,
    /// `Retry-After`.
    pub retry_after: Option<Duration>,
    /// The answer holds a challenge of a kind that we can answer.
    pub challenged: bool,
    /// The challenge says that only the nonce was too old.
    pub stale: bool,
    /// Our address as the registrar sees it, from the top Via's `received` and `rport` (RFC 3581):
    /// the external address of a box behind NAT.
    pub external: Option<SocketAddr>,
}

impl Answer {
    /// Reads a response to a REGISTER that was sent with `contact`. `None` for a request.
    pub fn read(response: &Message<'_>, contact: &Uri<'_>) -> Option<Self> {
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        let challenges = || {
            let all = response.www_authenticate().chain(response.proxy_authenticate());
            all.flatten().filter(|challenge| challenge.algorithm.is_some())
        };
        Some(Self {
            status: response.status()?.code(),
            granted: granted(response, contact).map(seconds),
            minimum: response.min_expires().map(seconds),
            retry_after: response.retry_after().map(seconds),
            challenged: challenges().next().is_some(),
            stale: challenges().any(|challenge| challenge.stale),
            external: external(response),
        })
    }
}

/// The time of our Contact. A registrar that rewrites it (carriers do, behind NAT) is believed if
/// it lists exactly one; one that lists none, by its `Expires`.
fn granted(response: &Message<'_>, contact: &Uri<'_>) -> Option<u32> {
    let general = response.expires();
    let Ok(Contacts::Listed(listed)) = response.contacts() else { return general };
    let mut listed = listed.flatten();
    let Some(first) = listed.next() else { return general };
    let second = listed.next();
    let mut all = [first].into_iter().chain(second).chain(listed);
    let ours = match &second {
        None => Some(first),
        Some(_) => all.find(|address| address.uri().matches(contact)),
    };
    ours.and_then(|address| address.expires()).or(general)
}

fn external(response: &Message<'_>) -> Option<SocketAddr> {
    let via = response.top_via().ok()?;
    let ip = via.received().or_else(|| via.host().ip())?;
    let port = via.rport().flatten().unwrap_or(via.port_or_default());
    // Without either the registrar told us nothing but what we had said.
    let told = via.received().is_some() || via.rport().flatten().is_some();
    told.then(|| SocketAddr::new(ip.to_canonical(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &str) -> Answer {
        let text = format!(
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK1{lines}\r\n\
             From: <sip:a@c>;tag=1\r\nTo: <sip:a@c>;tag=2\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n\r\n"
        );
        let message = Message::parse_datagram(text.as_bytes()).unwrap();
        Answer::read(&message, &Uri::parse("sip:a@10.0.0.2:5060").unwrap()).unwrap()
    }

    fn secs(secs: u64) -> Option<Duration> {
        Some(Duration::from_secs(secs))
    }

    #[test]
    fn the_grant_is_that_of_our_own_contact() {
        let others = "\r\nContact: <sip:a@10.0.0.9>;expires=20, <sip:a@10.0.0.2:5060>;expires=90";
        assert_eq!(read(others).granted, secs(90));
        let rewritten = "\r\nContact: <sip:a@192.0.2.77:61234>;expires=45\r\nExpires: 600";
        assert_eq!(read(rewritten).granted, secs(45));
        assert_eq!(read("\r\nExpires: 600").granted, secs(600));
        assert_eq!(read("\r\nContact: <sip:a@10.0.0.2:5060>\r\nExpires: 60").granted, secs(60));
        assert_eq!(read("").granted, None);
    }

    #[test]
    fn our_external_address_stands_in_the_via() {
        let told = read(";received=192.0.2.77;rport=61234").external;
        assert_eq!(told, Some("192.0.2.77:61234".parse().unwrap()));
        assert_eq!(read(";rport=5060").external, Some("10.0.0.2:5060".parse().unwrap()));
        assert_eq!(read(";rport").external, None);
        assert_eq!(read("").external, None);
    }

    #[test]
    fn a_challenge_counts_if_we_can_answer_it() {
        let digest = |more| read(&format!("\r\nWWW-Authenticate: Digest realm=\"c\", {more}"));
        let challenge = digest("nonce=\"1\", algorithm=MD5");
        assert!(challenge.challenged && !challenge.stale);
        assert!(digest("nonce=\"1\", stale=TRUE").stale);
        assert!(!digest("nonce=\"1\", algorithm=ROT13").challenged);
        assert!(!read("").challenged);
    }

    #[test]
    fn a_423_and_a_503_say_how_long() {
        let answer = read("\r\nMin-Expires: 1800\r\nRetry-After: 120 (busy)");
        assert_eq!((answer.minimum, answer.retry_after), (secs(1800), secs(120)));
    }
}
