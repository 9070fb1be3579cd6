//! Secrets out, look-alikes in: with a key that is never written, so that equal secrets stay equal,
//! right answers stay right and wrong ones wrong, and nobody gets back to what was there.

use super::entry::{Hashes, Recorded, Setup};
use aws_lc_rs::hmac;
use config::{Config, Credentials, Device, Extension, Secret, TenantId, Trunk};
use exchange::Input;
use sip::digest::{self, Algorithm, Ha1};
use sip::flow::Transport;
use sip::message::Message;
use std::borrow::Cow;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// The key of one recording, and the configuration that says whose digest is right.
pub(super) struct Disguise {
    key: hmac::Key,
    config: Arc<Config>,
}

impl Disguise {
    /// A new key for a new recording.
    pub(super) fn new() -> io::Result<Self> {
        let mut key = [0; 32];
        aws_lc_rs::rand::fill(&mut key).map_err(|_| io::Error::other("no random numbers"))?;
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA256, &key), config: Arc::default() })
    }

    /// Writes an input down without its secrets.
    pub(super) fn input(&mut self, input: &Input<'_>) -> Recorded {
        match input {
            Input::Received { flow, bytes } => {
                Recorded::new(input, &self.message(bytes, flow.transport), None)
            }
            Input::Config(config) => {
                self.config = Arc::clone(config);
                Recorded::new(input, b"", Some(self.setup(config)))
            }
            other => Recorded::new(other, b"", None),
        }
    }

    fn setup(&self, config: &Config) -> Setup {
        let hashes = |credentials: &Option<Credentials>| {
            let credentials = credentials.as_ref()?;
            let (md5, sha256) = (self.md5(&credentials.md5), self.tag(&credentials.sha256));
            Some(Hashes { md5, sha256 })
        };
        let secret = |secret: &Secret| match secret.reveal() {
            "" => String::new(),
            secret => hex(&self.tag(secret.as_bytes())),
        };
        let extension = |it: &Arc<Extension>| {
            (Extension { credentials: None, ..(**it).clone() }, hashes(&it.credentials))
        };
        let device = |it: &Arc<Device>| {
            (Device { credentials: None, ..(**it).clone() }, hashes(&it.credentials))
        };
        let trunk = |it: &Arc<Trunk>| {
            (Trunk { secret: Secret::default(), ..(**it).clone() }, secret(&it.secret))
        };
        Setup {
            revision: config.revision,
            settings: (*config.settings).clone(),
            tenants: config.tenants.values().map(|it| (**it).clone()).collect(),
            extensions: config.extensions.values().map(extension).collect(),
            devices: config.devices.values().map(device).collect(),
            trunks: config.trunks.values().map(trunk).collect(),
            inbound_routes: config.inbound_routes.values().map(|it| (**it).clone()).collect(),
            outbound_routes: config.outbound_routes.values().map(|it| (**it).clone()).collect(),
            features: config.features.values().map(|it| (**it).clone()).collect(),
        }
    }

    /// The message with every digest replaced by one of the same length.
    fn message(&self, bytes: &[u8], transport: Transport) -> Vec<u8> {
        let mut disguised = bytes.to_vec();
        for proof in proofs(bytes) {
            let real = bytes.get(proof.clone()).unwrap_or_default();
            // Even a wrong one may tell of a password that was nearly right.
            let look_alike = hex(&self.tag(real));
            let look_alike = look_alike.bytes().cycle();
            let is_key =
                bytes.get(..proof.start).is_some_and(|before| before.ends_with(b"inline:"));
            let Some(place) = disguised.get_mut(proof) else { continue };
            place.iter_mut().zip(look_alike).for_each(|(octet, digit)| *octet = digit);
            // The bits that fill up the last digit of base 64 are nought.
            if let Some(last) = place.last_mut().filter(|_| is_key) {
                *last = b'A';
            }
        }
        for (place, response) in self.right_answers(bytes, &disguised, transport) {
            if let Some(place) = disguised.get_mut(place) {
                place.copy_from_slice(response.as_bytes());
            }
        }
        disguised
    }

    /// Where a digest is right, and what it would be for the look-alike of the password.
    fn right_answers(
        &self,
        bytes: &[u8],
        disguised: &[u8],
        transport: Transport,
    ) -> Vec<(Range<usize>, String)> {
        let message = match transport {
            Transport::Udp => Message::parse_datagram(bytes),
            _ => Message::parse_framed(bytes),
        };
        let Ok(message) = message else { return Vec::new() };
        let Some(method) = message.method() else { return Vec::new() };
        // A digest may cover the body, which may have had a key in it.
        let body = offset(bytes, message.body()).and_then(|start| disguised.get(start..));
        let body = body.and_then(|body| body.get(..message.body().len())).unwrap_or_default();
        let mut answers = Vec::new();
        for (_, value) in message.headers() {
            let Some(given) = digest::Credentials::parse(value) else { continue };
            let Some(real) = self.credentials_of(&given.user(), given.realm) else { continue };
            let (real, look_alike) = match given.algorithm.hash() {
                Algorithm::Md5 | Algorithm::Md5Sess => {
                    (Ha1::Md5(real.md5), Ha1::Md5(self.md5(&real.md5)))
                }
                Algorithm::Sha256 | Algorithm::Sha256Sess => {
                    (Ha1::Sha256(real.sha256), Ha1::Sha256(self.tag(&real.sha256)))
                }
            };
            if !digest::verify(&given, &real, method, message.body()) {
                continue;
            }
            let response = given.response_for(&look_alike, method, body);
            let Some(start) = offset(bytes, value) else { continue };
            answers.extend(proofs(value).into_iter().filter_map(|place| {
                let same = place.len() == response.len();
                same.then(|| (place.start + start..place.end + start, response.clone()))
            }));
        }
        answers
    }

    fn credentials_of(&self, user: &str, realm: &str) -> Option<Credentials> {
        let tenants = self.config.tenants.values().filter(|tenant| tenant.realm == realm);
        let of = |tenant: TenantId| {
            let extension = self.config.extension_by_number(tenant, user);
            let device = self.config.device_by_name(tenant, user);
            let of_extension = extension.and_then(|extension| extension.credentials);
            of_extension.or(device.and_then(|device| device.credentials))
        };
        tenants.map(|tenant| tenant.id).find_map(of)
    }

    fn md5(&self, real: &[u8; 16]) -> [u8; 16] {
        let tag = self.tag(real);
        let mut short = [0; 16];
        short.iter_mut().zip(tag).for_each(|(octet, tag)| *octet = tag);
        short
    }

    fn tag(&self, real: &[u8]) -> [u8; 32] {
        let tag = hmac::sign(&self.key, real);
        let mut octets = [0; 32];
        octets.iter_mut().zip(tag.as_ref()).for_each(|(octet, tag)| *octet = *tag);
        octets
    }
}

impl std::fmt::Debug for Disguise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Disguise")
    }
}

/// A message that we send, without what differs between a secret and its look-alike.
pub(crate) fn without_proofs(bytes: &[u8]) -> Cow<'_, [u8]> {
    let proofs = proofs(bytes);
    if proofs.is_empty() {
        return bytes.into();
    }
    let mut blank = bytes.to_vec();
    for proof in proofs {
        if let Some(place) = blank.get_mut(proof) {
            place.fill(b'-');
        }
    }
    blank.into()
}

/// Where the values of `response`, `rspauth` (RFC 7616 §3.4, §3.5) and SDES keys (RFC 4568 §6.1) are.
fn proofs(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (name, separator) in PROOFS {
        let mut from = 0;
        while let Some(at) = find(bytes, name, from) {
            from = at + name.len();
            let mut start = from + run(bytes, from, |b| b" \t".contains(&b));
            if bytes.get(start) != Some(&separator) {
                continue;
            }
            start += 1 + run(bytes, start + 1, |b| b" \t\"".contains(&b));
            let length = run(bytes, start, |b| b.is_ascii_alphanumeric() || b"+/".contains(&b));
            found.push(start..start + length);
        }
    }
    found
}

fn find(bytes: &[u8], name: &str, from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let at = rest.windows(name.len()).position(|w| w.eq_ignore_ascii_case(name.as_bytes()))?;
    Some(from + at)
}

/// How many octets from `start` on are such.
fn run(bytes: &[u8], start: usize, such: impl Fn(u8) -> bool) -> usize {
    bytes.get(start..).unwrap_or_default().iter().take_while(|b| such(**b)).count()
}

fn offset(whole: &[u8], part: &[u8]) -> Option<usize> {
    (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)
}

/// As hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Names whose values prove a secret or are one, and what stands between.
const PROOFS: [(&str, u8); 3] = [("response", b'='), ("rspauth", b'='), ("inline", b':')];

#[cfg(test)]
mod tests {
    use super::*;
    use config::{Entry, Revision, Settings, Tenant};
    use sip::flow::Flow;
    use sip::method::Method;

    const REALM: &str = "strowger";

    fn credentials(password: &str) -> Credentials {
        let ha1 = |algorithm| match Ha1::of(algorithm, "201", REALM, password) {
            Ha1::Md5(md5) => (Some(md5), None),
            Ha1::Sha256(sha256) => (None, Some(sha256)),
        };
        let md5 = ha1(Algorithm::Md5).0.unwrap();
        Credentials { md5, sha256: ha1(Algorithm::Sha256).1.unwrap() }
    }

    fn config(password: &str) -> Arc<Config> {
        let tenant: Tenant =
            serde_json::from_str(r#"{"id":1,"name":"Default","realm":"strowger"}"#).unwrap();
        let mut extension: Extension = serde_json::from_str(r#"{"id":1,"number":"201"}"#).unwrap();
        extension.credentials = Some(credentials(password));
        let entries = vec![Entry::Tenant(tenant), Entry::Extension(extension)];
        Arc::new(Config::assemble(Revision(1), Settings::default(), entries))
    }

    fn register(algorithm: &str, response: &str) -> String {
        format!(
            "REGISTER sip:pbx SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n\
             From: <sip:201@pbx>;tag=a\r\nTo: <sip:201@pbx>\r\nCall-ID: x\r\nCSeq: 2 REGISTER\r\n\
             Authorization: Digest username=\"201\", realm=\"strowger\", nonce=\"n\", \
             uri=\"sip:pbx\", algorithm={algorithm}, response=\"{response}\"\r\n\
             Content-Length: 0\r\n\r\n"
        )
    }

    fn given<'a>(message: &'a Message<'_>) -> digest::Credentials<'a> {
        let value = message.headers().find(|(_, value)| value.starts_with(b"Digest"));
        digest::Credentials::parse(value.unwrap().1).unwrap()
    }

    fn right(algorithm: &str, ha1: &Ha1) -> String {
        let blank = register(algorithm, "00");
        let message = Message::parse_datagram(blank.as_bytes()).unwrap();
        let response = given(&message).response_for(ha1, Method::Register, b"");
        register(algorithm, &response)
    }

    #[test]
    fn a_right_digest_stays_right_for_the_look_alike_and_for_nothing_else() {
        let real = credentials("hunter2");
        let mut disguise = Disguise::new().unwrap();
        let recorded = disguise.input(&Input::Config(config("hunter2")));
        let Recorded::Config(setup) = &recorded else { panic!() };
        let hashes = setup.extensions[0].1.unwrap();
        assert_ne!(hashes.md5, real.md5);
        for (algorithm, real, look_alike) in [
            ("MD5", Ha1::Md5(real.md5), Ha1::Md5(hashes.md5)),
            ("SHA-256", Ha1::Sha256(real.sha256), Ha1::Sha256(hashes.sha256)),
        ] {
            let message = right(algorithm, &real);
            let disguised = disguise.message(message.as_bytes(), Transport::Udp);
            assert_eq!(disguised.len(), message.len());
            let parsed = Message::parse_datagram(&disguised).unwrap();
            assert!(digest::verify(&given(&parsed), &look_alike, Method::Register, b""));
            assert!(!digest::verify(&given(&parsed), &real, Method::Register, b""));
        }
    }

    #[test]
    fn a_wrong_digest_stays_wrong_and_does_not_tell_what_was_tried() {
        let mut disguise = Disguise::new().unwrap();
        disguise.input(&Input::Config(config("hunter2")));
        let tried = right("MD5", &Ha1::Md5(credentials("hunter3").md5));
        let disguised = disguise.message(tried.as_bytes(), Transport::Udp);
        let parsed = Message::parse_datagram(&disguised).unwrap();
        for password in ["hunter2", "hunter3"] {
            let ha1 = Ha1::Md5(credentials(password).md5);
            assert!(!digest::verify(&given(&parsed), &ha1, Method::Register, b""));
        }
    }

    #[test]
    fn what_is_written_holds_no_secret_and_reads_back_as_the_same_input() {
        let mut disguise = Disguise::new().unwrap();
        let real = hex(&credentials("hunter2").md5);
        let recorded = disguise.input(&Input::Config(config("hunter2")));
        let written = serde_json::to_string(&recorded).unwrap();
        assert!(!written.contains(&real) && !written.contains("hunter2"));
        let again: Recorded = serde_json::from_str(&written).unwrap();
        assert_eq!(again, recorded);
        let flow = Flow::udp("[::1]:5060".parse().unwrap(), "[fe80::1%3]:9".parse().unwrap());
        let bytes = b"\x00\xff text \"quoted\"\r\n";
        let recorded = disguise.input(&Input::Received { flow, bytes });
        let written = serde_json::to_string(&recorded).unwrap();
        let again: Recorded = serde_json::from_str(&written).unwrap();
        assert_eq!((&again, again.message().as_slice()), (&recorded, &bytes[..]));
    }

    #[test]
    fn the_look_alike_of_a_key_is_a_key() {
        let disguise = Disguise::new().unwrap();
        for length in [28, 30, 44, 46] {
            let key = sdp::KeyAndSalt::new(&[0xb7; 46][..length]).unwrap();
            let crypto = sdp::Crypto { tag: 1, suite: "X", key, lifetime: None, mki: None };
            let line = format!("a=crypto:{crypto}\r\n");
            let disguised = disguise.message(line.as_bytes(), Transport::Udp);
            let text = String::from_utf8(disguised).unwrap();
            let value = text.trim_end().strip_prefix("a=crypto:").unwrap();
            let look_alike = sdp::Crypto::parse(value).unwrap();
            assert_eq!(look_alike.key.octets().len(), length);
            assert_ne!(look_alike, crypto);
        }
    }

    #[test]
    fn the_proofs_of_a_message_are_found_wherever_they_stand() {
        let found = |text: &str| -> Vec<String> {
            proofs(text.as_bytes()).into_iter().map(|place| text[place].to_owned()).collect()
        };
        assert_eq!(found("Digest Response = \"abc\", rspauth=\"12\""), ["abc", "12"]);
        assert_eq!(found("a=crypto:1 AES inline:d0RmdmcmVCspeEc3|2^20"), ["d0RmdmcmVCspeEc3"]);
        assert_eq!(found("the response to this"), [""; 0]);
        assert_eq!(without_proofs(b"response=\"ab\"").as_ref(), b"response=\"--\"");
    }
}
