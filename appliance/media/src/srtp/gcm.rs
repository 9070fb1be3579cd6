//! AES in Galois/counter mode (RFC 7714).

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::master::SessionKeys;
use super::transform::Place;
use super::{LONGEST_PACKET, Suite};

/// One direction's cipher for one protocol; the library wipes the key when it is dropped.
pub(super) struct Gcm {
    key: LessSafeKey,
    /// The salt, as the nonce has it: its first eight octets, and the other four.
    salt: (u64, u32),
}

impl Gcm {
    /// `None` when the library refuses the key.
    pub(super) fn new(suite: Suite, keys: &SessionKeys) -> Option<Self> {
        let algorithm = if suite.key_length() == 32 { &AES_256_GCM } else { &AES_128_GCM };
        let key = UnboundKey::new(algorithm, keys.cipher.split_at(suite.key_length()).0);
        let (first, rest) = keys.salt.split_first_chunk()?;
        let salt = (u64::from_be_bytes(*first), u32::from_be_bytes(*rest.first_chunk()?));
        Some(Self { key: LessSafeKey::new(key.ok()?), salt })
    }

    pub(super) fn seal(
        &self,
        place: Place,
        packet: &mut [u8],
        clear: usize,
        tag: &mut [u8],
    ) -> Option<()> {
        let (header, payload) = packet.split_at_mut_checked(clear)?;
        with_associated(place, header, |associated| {
            self.key.seal_in_place_scatter(self.nonce(place), associated, payload, &[], tag).ok()
        })?
    }

    /// Decrypts where the packet lies, which a wrong tag destroys.
    pub(super) fn open(&self, place: Place, packet: &mut [u8], clear: usize, tag: &[u8]) -> bool {
        let Some((header, payload)) = packet.split_at_mut_checked(clear) else { return false };
        with_associated(place, header, |associated| {
            self.key.open_in_place_separate_tag(self.nonce(place), associated, tag, payload).is_ok()
        })
        .unwrap_or(false)
    }

    /// Decrypts beside the packet, which a wrong tag leaves as it is.
    #[cold]
    #[inline(never)]
    pub(super) fn open_aside(
        &self,
        place: Place,
        packet: &mut [u8],
        clear: usize,
        tag: &[u8],
    ) -> bool {
        let Some((header, payload)) = packet.split_at_mut_checked(clear) else { return false };
        let mut aside = [0; LONGEST_PACKET];
        let Some(plain) = aside.get_mut(..payload.len()) else { return false };
        let genuine = with_associated(place, header, |associated| {
            self.key
                .open_separate_gather(self.nonce(place), associated, payload, tag, plain)
                .is_ok()
        });
        if genuine != Some(true) {
            return false;
        }
        payload.copy_from_slice(plain);
        true
    }

    /// RFC 7714 §8.1 and §9.1: two octets of nothing, the stream, the index in 48 bits. It is written in the
    /// two parts in which the library reads it: other parts it would have to wait for.
    #[inline]
    fn nonce(&self, place: Place) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        let (first, rest) = nonce.split_at_mut(8);
        let high = self.salt.0 ^ u64::from(place.ssrc) << 16 ^ place.index >> 32;
        first.copy_from_slice(&high.to_be_bytes());
        rest.copy_from_slice(&(self.salt.1 ^ place.index as u32).to_be_bytes());
        Nonce::assume_unique_for_key(nonce)
    }
}

/// Calls `work` with what is authenticated only: the clear octets, and for RTCP the word behind
/// them (RFC 7714 §8.2, §9.2, §9.3). `None` when they are more than a packet has.
fn with_associated<T>(
    place: Place,
    header: &[u8],
    work: impl FnOnce(Aad<&[u8]>) -> T,
) -> Option<T> {
    if place.word.is_none() {
        return Some(work(Aad::from(header)));
    }
    let word = place.behind();
    if let Ok(first) = <[u8; 8]>::try_from(header) {
        let mut both = [0; 12];
        let (start, end) = both.split_at_mut(first.len());
        start.copy_from_slice(&first);
        end.copy_from_slice(&word);
        return Some(work(Aad::from(&both)));
    }
    with_whole_packet(word, header, work)
}

/// A packet that is authenticated and not encrypted: rare, and its room would be in every
/// packet's way.
#[cold]
#[inline(never)]
fn with_whole_packet<T>(
    word: [u8; 4],
    packet: &[u8],
    work: impl FnOnce(Aad<&[u8]>) -> T,
) -> Option<T> {
    let mut both = [0; LONGEST_PACKET];
    let room = both.get_mut(..packet.len() + word.len())?;
    let (start, end) = room.split_at_mut(packet.len());
    start.copy_from_slice(packet);
    end.copy_from_slice(&word);
    Some(work(Aad::from(room)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::srtp::tests::octets;

    /// RFC 7714 §16 and §17: session keys, which are derived from nothing.
    fn cipher(suite: Suite) -> Gcm {
        let mut keys = SessionKeys { cipher: [0; 32], authentication: [0; 20], salt: [0; 14] };
        keys.cipher = std::array::from_fn(|place| place as u8);
        keys.salt[..12].copy_from_slice(b"Quid pro quo");
        Gcm::new(suite, &keys).unwrap()
    }

    /// Seals, compares, and opens again in both ways. `protected`: packet and tag.
    fn hold(suite: Suite, place: Place, clear: usize, plain: &str, protected: &str) {
        let cipher = cipher(suite);
        let plain = octets(plain);
        let mut packet = plain.clone();
        let mut tag = [0; 16];
        cipher.seal(place, &mut packet, clear, &mut tag).unwrap();
        assert_eq!([packet.as_slice(), &tag].concat(), octets(protected));

        let mut aside = packet.clone();
        assert!(cipher.open(place, &mut packet, clear, &tag));
        assert_eq!(packet, plain);

        let sealed = aside.clone();
        tag[15] ^= 1;
        assert!(!cipher.open_aside(place, &mut aside, clear, &tag));
        assert_eq!(aside, sealed);
        assert!(!cipher.open(place, &mut aside.clone(), clear, &tag));
        tag[15] ^= 1;
        assert!(cipher.open_aside(place, &mut aside, clear, &tag));
        assert_eq!(aside, plain);
    }

    const RTP: Place = Place { ssrc: 0x5501_a0b2, index: 0xf17b, word: None };
    const RTP_PLAIN: &str = "8040f17b8041f8d35501a0b2
        47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573";

    #[test]
    fn rtp_under_aes_128_is_that_of_rfc_7714() {
        let protected = "8040f17b8041f8d35501a0b2
            f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833
            899d7f27beb16a9152cf765ee4390cce";
        hold(Suite::AeadAes128Gcm, RTP, 12, RTP_PLAIN, protected);
    }

    #[test]
    fn rtp_under_aes_256_is_that_of_rfc_7714() {
        let protected = "8040f17b8041f8d35501a0b2
            32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b
            7aa3db36dfffd6b0f9bb7878d7a76c13";
        hold(Suite::AeadAes256Gcm, RTP, 12, RTP_PLAIN, protected);
    }

    #[test]
    fn rtp_that_is_only_authenticated_is_that_of_rfc_7714() {
        let whole = octets(RTP_PLAIN).len();
        for (suite, tag) in [
            (Suite::AeadAes128Gcm, "22493f82d2bce397e9d79e3b19aa4216"),
            (Suite::AeadAes256Gcm, "a866d5910f887463067ceefec45215d4"),
        ] {
            hold(suite, RTP, whole, RTP_PLAIN, &format!("{RTP_PLAIN}{tag}"));
        }
    }

    const RTCP: Place = Place { ssrc: 0x4d61_7273, index: 0x5d4, word: Some(0x8000_05d4) };
    const RTCP_PLAIN: &str = "81c8000d4d617273
        4e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";

    #[test]
    fn rtcp_under_aes_128_is_that_of_rfc_7714() {
        let protected = "81c8000d4d617273
            63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b
            c84aa45896cf4d2fc5abf87245d9eade";
        hold(Suite::AeadAes128Gcm, RTCP, 8, RTCP_PLAIN, protected);
    }

    #[test]
    fn rtcp_under_aes_256_is_that_of_rfc_7714() {
        let protected = "81c8000d4d617273
            d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad
            1d1eb30c4446839f57ff6f6cb26ac3be";
        hold(Suite::AeadAes256Gcm, RTCP, 8, RTCP_PLAIN, protected);
    }

    #[test]
    fn rtcp_that_is_only_authenticated_is_that_of_rfc_7714() {
        let place = Place { word: Some(0x5d4), ..RTCP };
        let whole = octets(RTCP_PLAIN).len();
        for (suite, tag) in [
            (Suite::AeadAes128Gcm, "841dd9683dd78ec92ae58790125f62b3"),
            (Suite::AeadAes256Gcm, "91db4afbfeee5a978fab4393ed2615fe"),
        ] {
            hold(suite, place, whole, RTCP_PLAIN, &format!("{RTCP_PLAIN}{tag}"));
        }
    }
}
