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
    /// What a call costs that is passed on as it is: its packets each way, which hold so many milliseconds
    /// of sound; the usual 20 if 0.
    pub fn relayed_call(&self, packet_millis: u8) -> u64 {
        self.packets(packet_millis, packet_millis).saturating_mul(2)
    }

    /// What the packets of one direction cost that come and leave with so many milliseconds in each.
    fn packets(&self, come: u8, leave: u8) -> u64 {
        // Who names a packet time that nobody uses does not change what is left for others.
        let usual =
            |millis: u8| if millis == 0 { USUAL_MILLIS } else { millis.clamp(10, 60).into() };
        let (come, leave) = (usual(come), usual(leave));
        let nanos = self.packet_nanos.saturating_mul(USUAL_MILLIS * (come + leave));
        // Half of the price of a packet is to receive it, half to send it.
        nanos / (2 * come * leave)
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

    /// What it costs that one side hears the other: packets as long as the other was asked to send, and as
    /// this one wants them, and a translation where what the other prefers to send is not understood. To
    /// put the same codes into other packets costs no more than those packets.
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
        let come = from.map_or(0, |it| it.asked_millis);
        let leave = to.map_or(0, |it| it.packet_millis);
        let packets = self.packets(come, if leave == 0 { come } else { leave });
        packets.saturating_add(translation.unwrap_or(0))
    }
}

/// RFC 3551 §4.2.
const USUAL_MILLIS: u64 = 20;

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
        Codec::Clear => 12,
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
        Formats { receive: vec![format], send: vec![format], ..Formats::default() }
    }

    #[test]
    fn what_is_understood_costs_a_packet_and_what_is_not_a_translation_beside() {
        let (capacity, g729) = (capacity(), Codec::G729 { annex_b: false });
        let (alaw, g729) = (speaks(Codec::Pcma), speaks(g729));
        assert_eq!(capacity.direction(Some(&alaw), Some(&alaw)), 5_000);
        assert_eq!(capacity.direction(Some(&alaw), Some(&g729)), 5_000 + 10 + 19_000);
        assert_eq!(capacity.direction(Some(&g729), Some(&alaw)), 5_000 + 4_000 + 20);
        assert_eq!(capacity.direction(None, Some(&g729)), 5_000);
        assert_eq!(capacity.relayed_call(0), 10_000);
    }

    #[test]
    fn shorter_packets_cost_more_and_longer_ones_less() {
        let (capacity, usual) = (capacity(), speaks(Codec::Pcma));
        let asked = |asked_millis| Formats { asked_millis, ..usual.clone() };
        let wants = |packet_millis| Formats { packet_millis, ..usual.clone() };
        let price = |asks, wish| capacity.direction(Some(&asked(asks)), Some(&wants(wish)));
        assert_eq!([price(10, 10), price(20, 20), price(40, 40)], [10_000, 5_000, 2_500]);
        assert_eq!(price(20, 10), 7_500, "one comes, two leave");
        assert_eq!(price(10, 0), 10_000, "it leaves as it comes");
        assert_eq!(capacity.relayed_call(10), 20_000);
    }
}
