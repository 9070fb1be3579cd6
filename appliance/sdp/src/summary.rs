//! A description in a few words, for the call record and the page of live calls.

use crate::codec::Codec;
use crate::media::{Kind, Media};
use crate::session::Session;
use crate::transport::Transport;

/// What a description agrees to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Speech is on.
    pub audio: bool,
    /// Video is on.
    pub video: bool,
    /// T.38 fax is on.
    pub fax: bool,
    /// Encoding names of the lines in use, preferred first, each once, without telephone events and
    /// comfort noise.
    pub codecs: Vec<String>,
    /// The sender wants to hear nothing ([`Session::is_hold`]).
    pub on_hold: bool,
    /// The payload type of telephone events on the first audio line.
    pub telephone_event: Option<u8>,
}

impl Session {
    /// The description in a few words.
    pub fn summary(&self) -> Summary {
        let active = |kind| self.media().any(|media| media.is_active() && media.kind() == kind);
        let audio = self.media().find(Media::is_active_audio);
        Summary {
            audio: audio.is_some(),
            video: active(Kind::Video),
            fax: self.media().any(|media| is_fax(&media)),
            codecs: self.codec_names(),
            on_hold: self.is_hold(),
            telephone_event: audio.and_then(|audio| audio.telephone_event()),
        }
    }

    fn codec_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for media in self.media().filter(Media::is_active) {
            for codec in media.codecs().iter().filter(|codec| codec.is_media()) {
                let Codec { name, .. } = codec;
                if !name.is_empty() && !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                    names.push((*name).to_owned());
                }
            }
        }
        names
    }
}

fn is_fax(media: &Media<'_>) -> bool {
    media.is_active()
        && (media.transport() == Transport::Udptl
            || media.kind() == Kind::Image
                && media.formats().any(|format| format.eq_ignore_ascii_case("t38")))
}
