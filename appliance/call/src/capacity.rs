//! What the box can carry, and what a call costs of that before it is there.

use crate::{Codec, Formats, UnixMillis};
use serde::{Deserialize, Serialize};

/// What the box found out of itself: how much time sound takes, and how much there is.
///
/// All times are nanoseconds of one core, for 20 ms of sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Capacity {
    /// When it measured itself.
    pub measured: UnixMillis,
    /// Time that the threads of media have: 20,000,000 for each core that they may fill.
    pub core_nanos: u64,
    /// Time to receive a packet and send it on.
    pub packet_nanos: u64,
    /// Time that each encoding takes beside that.
    pub codecs: Vec<CodecPrice>,
}

/// What an encoding costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CodecPrice {
    /// The encoding; its price is also that of its other rates and packings.
    pub codec: Codec,
    /// To make sound of it.
    pub decode_nanos: u64,
    /// To make it of sound.
    pub encode_nanos: u64,
}

/// How much of what the box can carry is in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Load {
    /// What the box measured; `None` until it has.
    pub capacity: Option<Capacity>,
    /// Time that all calls together may take, nanoseconds for each 20 ms; `None` when nothing limits
    /// them.
    pub budget_nanos: Option<u64>,
    /// Time that the calls take by the measured prices.
    pub used_nanos: u64,
    /// Calls that fit beside them when nothing has to be translated.
    pub relayed_calls_left: Option<u64>,
    /// Calls and translations that were refused for want of room since the start.
    pub refused: u64,
}

impl Capacity {
    /// What a call costs that is passed on as it is: a packet each way.
    pub fn relayed_call(&self) -> u64 {
        self.packet_nanos.saturating_mul(2)
    }

    /// What it costs beside that to make one encoding of another. Nothing where both are the same;
    /// an encoding without a price is one that the box cannot translate.
    pub fn translation(&self, from: Codec, to: Codec) -> u64 {
        if from.is_understood_as(to) {
            return 0;
        }
        let of = |codec| self.codecs.iter().find(|price| family(price.codec) == family(codec));
        let decode = of(from).map_or(0, |price| price.decode_nanos);
        decode.saturating_add(of(to).map_or(0, |price| price.encode_nanos))
    }

    /// What it costs that one side hears the other: a packet, and a translation where what the other
    /// prefers to send is not understood.
    pub fn direction(&self, from: Option<&Formats>, to: Option<&Formats>) -> u64 {
        let translation = from.zip(to).and_then(|(from, to)| {
            let sent = from.receive.iter().find(|format| format.codec.is_sound())?;
            let understood = |other: &&crate::Format| sent.codec.is_understood_as(other.codec);
            if to.send.iter().any(|other| understood(&other)) {
                return None;
            }
            let heard = to.send.iter().find(|format| format.codec.is_sound())?;
            Some(self.translation(sent.codec, heard.codec))
        });
        self.packet_nanos.saturating_add(translation.unwrap_or(0))
    }
}

/// Rates, packings and annexes apart.
fn family(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => 0,
        Codec::Pcma => 1,
        Codec::G722 => 2,
        Codec::G726 { .. } => 3,
        Codec::G729 { .. } => 4,
        Codec::G723 { .. } => 5,
        Codec::Gsm => 6,
        Codec::AmrWb { .. } => 7,
        Codec::Opus => 8,
        Codec::L16 { .. } => 9,
        Codec::TelephoneEvent { .. } => 10,
        Codec::ComfortNoise { .. } => 11,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Format;

    fn capacity() -> Capacity {
        let price =
            |codec, decode_nanos, encode_nanos| CodecPrice { codec, decode_nanos, encode_nanos };
        Capacity {
            measured: UnixMillis(0),
            core_nanos: 20_000_000,
            packet_nanos: 5_000,
            codecs: vec![
                price(Codec::Pcma, 10, 20),
                price(Codec::G729 { annex_b: true }, 4_000, 19_000),
            ],
        }
    }

    fn speaks(codec: Codec) -> Formats {
        let format = Format { payload_type: 8, codec };
        Formats { receive: vec![format], send: vec![format], packet_millis: 20 }
    }

    #[test]
    fn what_is_understood_costs_a_packet_and_what_is_not_a_translation_beside() {
        let (capacity, g729) = (capacity(), Codec::G729 { annex_b: false });
        let (alaw, g729) = (speaks(Codec::Pcma), speaks(g729));
        assert_eq!(capacity.direction(Some(&alaw), Some(&alaw)), 5_000);
        assert_eq!(capacity.direction(Some(&alaw), Some(&g729)), 5_000 + 10 + 19_000);
        assert_eq!(capacity.direction(Some(&g729), Some(&alaw)), 5_000 + 4_000 + 20);
        assert_eq!(capacity.direction(None, Some(&g729)), 5_000);
        assert_eq!(capacity.relayed_call(), 10_000);
    }
}
