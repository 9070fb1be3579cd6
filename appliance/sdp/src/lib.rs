//! Lossless session descriptions (RFC 8866) and offer/answer (RFC 3264) for a box that anchors media.
//!
//! A [`Session`] is the text of one body and an index over its lines: what the box does not know stays
//! where it was. [`relay_offer`] and [`relay_answer`] turn what one leg said into what the other leg may
//! hear: the same media, codecs and keys, at the box's own addresses, and nothing of where they came from.
//!
//! - Every media line over UDP is relayed, known or not; TCP and unknown transports get port 0. Lines never
//!   change places, so one index means one media line on both legs.
//! - RTP and RTCP have a port each: `a=rtcp-mux`, BUNDLE and ICE are taken out of what goes on, and peers
//!   fall back as those standards ask.
//! - Encryption is each leg's own: [`without_keys`] takes it out of what one side said, [`with_keys`] writes
//!   the box's into what the other is told. ZRTP passes between the two sides, as its packets do.
//! - Hold is told by direction, also where an old phone said it by `c=IN IP4 0.0.0.0`.
//!
//! ```
//! use sdp::{LocalMedia, Origin, Session, relay_offer};
//!
//! let phone = Session::parse(
//!     b"v=0\r\no=bob 1 1 IN IP4 10.0.0.9\r\ns=x\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n",
//! )?;
//! let own = "192.0.2.1".parse().unwrap();
//! let local = [Some(LocalMedia::at(own, 20000))];
//! let offer = relay_offer(&phone, &Origin::new(7, own), &local);
//! assert!(offer.ends_with(b"c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 8\r\n"));
//! # Ok::<(), sdp::Malformed>(())
//! ```

mod address;
mod answer;
mod attribute;
mod codec;
mod crypto;
mod direction;
mod dtls;
mod extended;
mod formats;
mod media;
mod offer;
mod origin;
mod parse;
mod print;
mod relay;
mod secrecy;
mod session;
mod summary;
mod transport;
mod webrtc;

pub use address::Remote;
pub use answer::{Misbehaved, answer_inactive, check_answer, refuse_all, relay_answer};
pub use attribute::Attribute;
pub use codec::Codec;
pub use crypto::{Crypto, CryptoError, CryptoFeature, KeyAndSalt};
pub use direction::Direction;
pub use dtls::{Dtls, Setup};
pub use extended::ExtendedReports;
pub use formats::{Format, FormatChange, change_formats};
pub use media::{AUDIO_LEVEL, Kind, Media};
pub use offer::{keep_lines, relay_offer, with_direction};
pub use origin::Origin;
pub use parse::Malformed;
pub use relay::LocalMedia;
pub use secrecy::{LineKeys, with_keys, without_keys};
pub use session::{Line, Session};
pub use summary::Summary;
pub use transport::Transport;
pub use webrtc::{Dress, DressLine, Ssrc, Webrtc, WebrtcLine, dress, undress};
