//! What the far side can take, by its own words: which certificate it is shown depends on that. Nothing is
//! refused here: the library reads the same octets after this, and more strictly.

/// What kind of key a certificate holds, and signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ecdsa,
    Rsa,
}

/// Which certificate a client is to be shown, by the body of its hello (RFC 5246 §7.4.1.2): RSA if it
/// takes that and says that it cannot take ECDSA.
pub(crate) fn wanted_by_client(hello: &[u8]) -> Kind {
    read(hello).map_or(Kind::Ecdsa, |hello| wanted(|kind| hello.takes(kind)))
}

/// The same of a server, by the body of its request for a certificate (RFC 5246 §7.4.4).
pub(crate) fn wanted_by_server(mut request: &[u8]) -> Option<Kind> {
    let types = list(&mut request, 1)?;
    let schemes = list(&mut request, 2)?;
    Some(wanted(|kind| {
        let (kind_of_key, scheme) = match kind {
            Kind::Ecdsa => (ECDSA_SIGN, ECDSA_SHA256),
            Kind::Rsa => (RSA_SIGN, RSA_SHA256),
        };
        types.contains(&kind_of_key) && numbers(schemes).any(|own| own == scheme)
    }))
}

fn wanted(takes: impl Fn(Kind) -> bool) -> Kind {
    if takes(Kind::Rsa) && !takes(Kind::Ecdsa) { Kind::Rsa } else { Kind::Ecdsa }
}

struct Hello<'a> {
    /// Cipher suites, two octets each.
    suites: &'a [u8],
    /// Signature algorithms, two octets each; nothing where it leaves them to the server.
    schemes: Option<&'a [u8]>,
}

impl Hello<'_> {
    fn takes(&self, kind: Kind) -> bool {
        let (suites, scheme) = match kind {
            Kind::Ecdsa => (&ECDSA_SUITES, ECDSA_SHA256),
            Kind::Rsa => (&RSA_SUITES, RSA_SHA256),
        };
        numbers(self.suites).any(|suite| suites.contains(&suite))
            && self.schemes.is_none_or(|own| numbers(own).any(|own| own == scheme))
    }
}

fn read(hello: &[u8]) -> Option<Hello<'_>> {
    let mut rest = hello.get(VERSION_AND_RANDOM..)?;
    let _session = list(&mut rest, 1)?;
    let _cookie = list(&mut rest, 1)?;
    let suites = list(&mut rest, 2)?;
    Some(Hello { suites, schemes: schemes(rest) })
}

/// The extension of that name (RFC 5246 §7.4.1.4.1), in what follows the cipher suites.
fn schemes(mut rest: &[u8]) -> Option<&[u8]> {
    let _compressions = list(&mut rest, 1)?;
    let mut extensions = list(&mut rest, 2)?;
    while let Some((name, after)) = extensions.split_first_chunk() {
        extensions = after;
        let mut content = list(&mut extensions, 2)?;
        if u16::from_be_bytes(*name) == SIGNATURE_ALGORITHMS {
            return list(&mut content, 2);
        }
    }
    None
}

/// Takes a list off the front, whose length stands before it in so many octets (RFC 5246 §4.3).
fn list<'a>(rest: &mut &'a [u8], octets: usize) -> Option<&'a [u8]> {
    let (length, after) = rest.split_at_checked(octets)?;
    let length = length.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet));
    let (list, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(list)
}

fn numbers(list: &[u8]) -> impl Iterator<Item = u16> {
    list.as_chunks().0.iter().map(|pair| u16::from_be_bytes(*pair))
}

const VERSION_AND_RANDOM: usize = 2 + 32;
/// RFC 5246 §7.4.1.4
const SIGNATURE_ALGORITHMS: u16 = 13;
/// Those of the library, with the signatures that it makes with such keys (RFC 5246 §7.4.1.4.1).
const ECDSA_SHA256: u16 = 0x0403;
const RSA_SHA256: u16 = 0x0401;
/// RFC 5246 §7.4.4, RFC 8422 §5.5
const RSA_SIGN: u8 = 1;
const ECDSA_SIGN: u8 = 64;
/// `TLS_ECDHE_ECDSA_WITH_` AES 128 GCM, ChaCha20 and AES 256 CBC (RFC 5289, RFC 7905, RFC 8422).
pub(crate) const ECDSA_SUITES: [u16; 3] = [0xc02b, 0xcca9, 0xc00a];
/// `TLS_ECDHE_RSA_WITH_` the same.
pub(crate) const RSA_SUITES: [u16; 3] = [0xc02f, 0xcca8, 0xc014];

#[cfg(test)]
mod tests {
    use super::*;

    fn long(list: &[u8]) -> Vec<u8> {
        [&(list.len() as u16).to_be_bytes()[..], list].concat()
    }

    fn pairs(numbers: &[u16]) -> Vec<u8> {
        long(&numbers.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<_>>())
    }

    fn extension(name: u16, content: &[u8]) -> Vec<u8> {
        [&name.to_be_bytes()[..], &long(content)].concat()
    }

    /// With a session, a cookie, and an extension before the one that counts.
    fn hello(suites: &[u16], schemes: Option<&[u16]>) -> Vec<u8> {
        let mut extensions = extension(23, &[]);
        if let Some(schemes) = schemes {
            extensions.extend(extension(SIGNATURE_ALGORITHMS, &pairs(schemes)));
        }
        let before = [&[0; VERSION_AND_RANDOM][..], &[2, 7, 7], &[3, 9, 9, 9]].concat();
        [before, pairs(suites), vec![1, 0], long(&extensions)].concat()
    }

    #[test]
    fn who_takes_rsa_alone_is_shown_rsa() {
        for suite in RSA_SUITES {
            assert_eq!(wanted_by_client(&hello(&[0x00ff, suite], None)), Kind::Rsa);
            assert_eq!(wanted_by_client(&hello(&[suite, ECDSA_SUITES[2]], None)), Kind::Ecdsa);
        }
        let both = [RSA_SUITES[0], ECDSA_SUITES[0]];
        assert_eq!(wanted_by_client(&hello(&both, Some(&[RSA_SHA256, 0x0501]))), Kind::Rsa);
        assert_eq!(wanted_by_client(&hello(&both, Some(&[RSA_SHA256, ECDSA_SHA256]))), Kind::Ecdsa);
    }

    #[test]
    fn who_can_take_neither_or_does_not_say_is_shown_ecdsa() {
        assert_eq!(wanted_by_client(&hello(&[], None)), Kind::Ecdsa);
        assert_eq!(wanted_by_client(&hello(&[0xc013], None)), Kind::Ecdsa);
        assert_eq!(wanted_by_client(&hello(&RSA_SUITES, Some(&[0x0804]))), Kind::Ecdsa);
        assert_eq!(wanted_by_client(&hello(&ECDSA_SUITES, Some(&[RSA_SHA256]))), Kind::Ecdsa);
    }

    #[test]
    fn a_server_that_asks_for_rsa_alone_is_shown_rsa() {
        let request = |types: &[u8], schemes: &[u16]| {
            [&[types.len() as u8][..], types, &pairs(schemes), &[0, 0]].concat()
        };
        let both = [RSA_SHA256, ECDSA_SHA256];
        let cases = [
            (request(&[1, 64], &both), Some(Kind::Ecdsa)),
            (request(&[1, 64], &[0x0501, RSA_SHA256]), Some(Kind::Rsa)),
            (request(&[1], &both), Some(Kind::Rsa)),
            (request(&[64], &[RSA_SHA256]), Some(Kind::Ecdsa)),
            (request(&[], &[]), Some(Kind::Ecdsa)),
            (request(&[1], &[RSA_SHA256])[..4].to_vec(), None),
            (Vec::new(), None),
        ];
        for (request, kind) in cases {
            assert_eq!(wanted_by_server(&request), kind, "{request:?}");
        }
    }

    #[test]
    fn a_hello_that_is_cut_counts_as_far_as_it_goes() {
        let whole = hello(&RSA_SUITES, Some(&[0x0804]));
        let suites = VERSION_AND_RANDOM + 3 + 4 + 2 + 2 * RSA_SUITES.len();
        for length in 0..=whole.len() {
            let says_schemes = length == whole.len();
            let rsa = length >= suites && !says_schemes;
            let expected = if rsa { Kind::Rsa } else { Kind::Ecdsa };
            assert_eq!(wanted_by_client(&whole[..length]), expected, "{length}");
        }
    }
}
