//! What crosses the border between control and media threads.

use crate::{
    BertFigures, BertPattern, BrowserTransport, CallId, CaptureId, Decibels, Formats, Handshake,
    HandshakeFault, KeyPress, Keys, LegId, LineQuality, LineSound, PlayId, QualityPoint, Recording,
    RecordingId, RecordingStop, Rounds, Sound, Suite,
};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// A pair of bound UDP ports: RTP on an even one, RTCP on the next (RFC 3550 §11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PortId {
    /// Which of the box's media addresses, by its place in the list given at the start.
    pub address: u8,
    /// The RTP port.
    pub port: u16,
}

/// A conference. Control counts them as it likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoomId(pub u64);

/// Blocks of extended reports (RFC 3611) that a far side takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExtendedReports {
    /// What the box hears of it after its jitter buffer (§4.7).
    pub voip_metrics: bool,
    /// Instants of who sends nothing, and answers to them (§4.4, §4.5).
    pub receiver_time: bool,
}

/// What control wants of media.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaCommand {
    /// Keep at least so many pairs bound, rested and free at this address.
    Provide {
        /// Which media address.
        address: u8,
        /// How many pairs control wants to have in hand.
        spare: u16,
    },
    /// A pair was lent to a leg. Whatever waits in its sockets belongs to nobody and is dropped.
    Open {
        /// The pair.
        port: PortId,
        /// For the log.
        call: CallId,
        /// For the log.
        leg: LegId,
        /// What the leg's description says of it.
        kind: MediaKind,
        /// Type of service for what leaves (RFC 4594).
        dscp: u8,
        /// Report silence after so many seconds; 0 never.
        silence_seconds: u16,
    },
    /// The line carries something else from now on: fax machines go over from sound to T.38 in the
    /// middle of a call, and back.
    Kind {
        /// The pair.
        port: PortId,
        /// What it carries.
        kind: MediaKind,
    },
    /// The far side said where it listens. Learning starts anew.
    Peer {
        /// The pair.
        port: PortId,
        /// Where its packets go, and from where they are believed.
        peer: PeerAddress,
    },
    /// The far side is this pair of the box itself, in another call, or is so no longer. If both say so of
    /// each other, no packet between them leaves the box.
    Meet {
        /// The pair.
        port: PortId,
        /// Its far side.
        other: Option<PortId>,
    },
    /// What the far side and the box agreed to speak. Two bridged pairs that speak differently are
    /// translated for each other; a pair without this is passed on as it is.
    Formats {
        /// The pair.
        port: PortId,
        /// What both may say, and under which numbers.
        formats: Box<Formats>,
    },
    /// What the far side and the box protect their packets with from now on: SRTP (RFC 3711). Packets
    /// that are not genuine are not believed, whatever their address; genuine ones are, wherever they
    /// come from.
    Keys {
        /// The pair.
        port: PortId,
        /// The keys of both directions; nothing where both speak in the clear.
        keys: Option<Box<Keys>>,
    },
    /// The far side and the box agree on their keys by DTLS (RFC 5763), in place of `Keys`. Where the
    /// fingerprint of the far side is known, nothing is believed and nothing leaves until there are keys;
    /// where it is not, the far side may speak in the clear yet.
    Handshake {
        /// The pair.
        port: PortId,
        /// What both have said of it; nothing where they do not any more.
        handshake: Option<Box<Handshake>>,
    },
    /// A handshake is done: its keys are those of the pair from now on.
    Shaken {
        /// The pair.
        port: PortId,
        /// The keys are for RTCP, whose socket has a handshake of its own; the others for RTP.
        reports: bool,
        /// From where the far side shook hands, which is proved by that.
        from: Option<SocketAddr>,
        /// The keys of both directions.
        keys: Box<Keys>,
    },
    /// A handshake came to nothing in time.
    Unshaken {
        /// The pair.
        port: PortId,
        /// Why.
        fault: HandshakeFault,
    },
    /// Say this beside the sound: a part of a handshake.
    Say {
        /// The pair.
        port: PortId,
        /// By its RTCP socket.
        reports: bool,
        /// Where to, if not to where the far side is known to listen.
        to: Option<SocketAddr>,
        /// The UDP payload.
        bytes: Box<[u8]>,
    },
    /// How a browser is reached, in place of `Peer`. Given again it changes what is new; the port of
    /// the first line names the transport, which ends with it.
    Browser(Box<BrowserTransport>),
    /// How a B channel ([`PortId::of_channel`]) sounds. Without this command its far side says nothing and
    /// hears nothing. It needs no `Peer`.
    Line {
        /// Its port.
        port: PortId,
        /// How.
        line: LineSound,
    },
    /// A B channel says what it hears, or no longer.
    LoopBack {
        /// Its port.
        port: PortId,
        /// Whether it does.
        on: bool,
    },
    /// The bit errors of a B channel that is not open are tested, or not any more.
    Bert {
        /// Its port.
        port: PortId,
        /// With which sequence; nothing ends it.
        pattern: Option<BertPattern>,
    },
    /// One bit of what a test of bit errors sends is turned around.
    BertError {
        /// The port of the B channel.
        port: PortId,
    },
    /// What one pair hears, the other says.
    Bridge {
        /// One side.
        a: PortId,
        /// The other.
        b: PortId,
    },
    /// Nobody hears this pair any more; it stays lent.
    Unbridge {
        /// The pair.
        port: PortId,
    },
    /// The call is on hold: silence is expected.
    Held {
        /// The pair.
        port: PortId,
        /// On hold, or no longer.
        held: bool,
    },
    /// The partner is heard past the box from now on, or by the box again. Nobody here knows then how far
    /// its stream has come: if the box itself speaks before the partner does, that is another stream.
    Past {
        /// The pair.
        port: PortId,
        /// Past the box, or no longer.
        past: bool,
    },
    /// How this far side learns of keys that the other presses, where it has no events for them
    /// (RFC 4733). Without this command it hears their tones.
    KeysTold {
        /// The pair.
        port: PortId,
        /// Control tells it by signalling: no tones are made.
        told: bool,
    },
    /// What this far side takes of extended reports (RFC 3611 §5), where it is the box that reports to it.
    /// Without this command it gets none.
    Extended {
        /// The pair.
        port: PortId,
        /// Which blocks.
        takes: ExtendedReports,
    },
    /// In which element of the header extension this far side says how loud its sound is (RFC 6464),
    /// so that a conference need not decode it to know. Without this command it does not say so.
    Levels {
        /// The pair.
        port: PortId,
        /// 1 to 255; nothing when it does not say so any more.
        number: Option<u8>,
    },
    /// The far side of the partner pressed a key, as a request said: this one is to hear it as it
    /// can, as an event or as tones, in place of the sound that comes meanwhile.
    Press {
        /// The pair whose far side shall hear it.
        port: PortId,
        /// Which.
        key: KeyPress,
    },
    /// Ask the far side for a whole picture: who sees it wants one, as a request said (RFC 5168).
    Refresh {
        /// The pair whose far side shows pictures.
        port: PortId,
    },
    /// Let a far side hear this from now on, in place of what it hears of a partner, and of what
    /// was played before. It leaves in the same stream as the partner's sound.
    Play {
        /// The pair.
        port: PortId,
        /// Comes back in [`MediaEvent::Finished`].
        play: PlayId,
        /// What.
        sound: Sound,
        /// How often.
        rounds: Rounds,
        /// How loud.
        gain: Decibels,
    },
    /// The next part of a [`Sound::Stream`] that is played. Blocks wait in order; half a second to
    /// two are meant.
    Feed {
        /// The pair.
        port: PortId,
        /// For whom it is: what comes for another is dropped.
        play: PlayId,
        /// Linear 16-bit samples at the stream's rate.
        block: Arc<[i16]>,
        /// Nothing comes after it.
        last: bool,
    },
    /// Nothing is played any more; the partner is heard again.
    Stop {
        /// The pair.
        port: PortId,
    },
    /// The far side hears the others in a conference from now on, and they hear it. Where it was in
    /// another one, it leaves that.
    Join {
        /// The pair.
        port: PortId,
        /// Which; there is one as long as anybody is in it.
        room: RoomId,
    },
    /// The far side is in no conference any more.
    Leave {
        /// The pair.
        port: PortId,
    },
    /// The others in a conference do not hear this far side, or do again. It holds for the
    /// conferences that it joins later, too.
    Mute {
        /// The pair.
        port: PortId,
        /// Whether they do not.
        muted: bool,
    },
    /// How loud the others in a conference hear this far side, now and in those that it joins later.
    Gain {
        /// The pair.
        port: PortId,
        /// How much louder than it is.
        gain: Decibels,
    },
    /// Keep these two. For a recording that runs it goes on with them.
    Record {
        /// As it begins.
        recording: Box<Recording>,
        /// Left and right.
        tracks: [Track; 2],
    },
    /// A recording ends.
    StopRecord {
        /// Which.
        recording: RecordingId,
        /// Why.
        why: RecordingStop,
    },
    /// Keep a copy of what comes to this pair and leaves by it.
    Capture {
        /// The pair.
        port: PortId,
        /// For whom.
        capture: CaptureId,
        /// As it is said, not as it is on the wire.
        decrypted: bool,
    },
    /// Keep nothing more for a capture, whichever pairs it has.
    StopCapture {
        /// Which.
        capture: CaptureId,
    },
    /// The pair is given back: it rests, and is then reported as free again.
    Close {
        /// The pair.
        port: PortId,
    },
}

/// What is on one channel of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Track {
    /// What the far side of this pair says.
    Says(PortId),
    /// What the box itself lets it hear: silence while it hears a partner instead.
    Hears(PortId),
}

impl Track {
    /// The pair.
    pub const fn port(self) -> PortId {
        match self {
            Self::Says(port) | Self::Hears(port) => port,
        }
    }
}

/// Where a far side listens, and whom the port may believe beside that address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress {
    /// Where RTP goes.
    pub rtp: SocketAddr,
    /// Where RTCP goes.
    pub rtcp: SocketAddr,
    /// Whether it may be learned from the stream.
    pub learn: Learn,
}

/// Whom a port believes beside the address in the description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learn {
    /// Nobody: the address is reachable as it stands. Another port of it may take over after 5 s
    /// of silence.
    Never,
    /// The far side is behind a NAT and its signalling comes from this address: the first valid
    /// stream from there, or, when none comes in time, the first valid stream at all.
    Behind(IpAddr),
}

/// What a line of a session description carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// Voice.
    Audio,
    /// Pictures that move.
    Video,
    /// Fax (T.38) and the like.
    Image,
    /// Anything else over UDP.
    Other,
}

/// What media tells control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaEvent {
    /// These pairs are bound, rested and free.
    Free {
        /// Which media address.
        address: u8,
        /// Their RTP ports.
        ports: Vec<u16>,
    },
    /// No further pair can be bound at this address.
    Exhausted {
        /// Which media address.
        address: u8,
    },
    /// The first packet that is believed came in.
    Heard {
        /// Where.
        port: PortId,
        /// From whom.
        from: SocketAddr,
    },
    /// Nothing came for as long as was asked for in `Open`, neither here nor at the pair that it is
    /// bridged with.
    Silent {
        /// Where.
        port: PortId,
    },
    /// How the sound of a pair fared in the last seconds.
    Quality {
        /// Where.
        port: PortId,
        /// The figures.
        point: Box<QualityPoint>,
    },
    /// How a B channel fared in the last seconds.
    LineQuality {
        /// Where.
        port: PortId,
        /// The figures.
        quality: LineQuality,
    },
    /// What a test of the bit errors of a B channel has counted.
    Bert {
        /// Where.
        port: PortId,
        /// Since it began.
        figures: BertFigures,
    },
    /// What a far side hears of its partner leaves in packets of another length than it came, or does so no
    /// longer: the partner sends other packets than this far side wants.
    Repacked {
        /// The pair by which it leaves.
        port: PortId,
        /// Whether it does.
        repacked: bool,
    },
    /// The far side and the box have keys by DTLS from now on.
    Secured {
        /// Where.
        port: PortId,
        /// For which cipher and authentication.
        suite: Suite,
    },
    /// The far side and the box agreed to shake hands, and did not in time.
    Unsecured {
        /// Where.
        port: PortId,
        /// Why.
        fault: HandshakeFault,
    },
    /// The far side has pressed a key, and let it go.
    Key {
        /// Where.
        port: PortId,
        /// Which.
        key: KeyPress,
    },
    /// What was played has come to its end by itself.
    Finished {
        /// Where.
        port: PortId,
        /// What.
        play: PlayId,
    },
    /// Less than a second of a stream is left, or it waits for more.
    Hungry {
        /// Where.
        port: PortId,
        /// What.
        play: PlayId,
    },
    /// Something was to be played here and nobody knows how to say it: no codec was agreed, or none
    /// that the box has. It begins when one is.
    Speechless {
        /// Where.
        port: PortId,
        /// What.
        play: PlayId,
    },
    /// Somebody else speaks in a conference, or nobody does any more.
    Speaking {
        /// Which.
        room: RoomId,
        /// Who, if anybody.
        port: Option<PortId>,
    },
    /// A conference has no room left: the far side is not in it.
    Crowded {
        /// The pair.
        port: PortId,
    },
    /// A pair was closed; this is what went through it.
    Closed {
        /// The pair.
        port: PortId,
        /// The leg that had it.
        leg: LegId,
        /// What went through it.
        stats: Box<StreamStats>,
    },
}

/// What one pair of ports received, sent and dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct StreamStats {
    /// RTP packets that came in and were believed.
    pub received: u64,
    /// Their octets, RTP header included.
    pub received_octets: u64,
    /// RTP packets that went out.
    pub sent: u64,
    /// Their octets.
    pub sent_octets: u64,
    /// Packets that should have come and did not (RFC 3550 §A.3).
    pub lost: u64,
    /// Interarrival jitter at the end, in microseconds (RFC 3550 §A.8).
    pub jitter_micros: u32,
    /// Its maximum.
    pub jitter_max_micros: u32,
    /// What the far side last reported as lost of what we sent (RTCP receiver report).
    pub remote_lost: u32,
    /// What the far side last reported as jitter, in microseconds.
    pub remote_jitter_micros: u32,
    /// Packets from somebody who is not believed.
    pub strangers: u64,
    /// Packets that are neither RTP nor RTCP where they should be.
    pub malformed: u64,
    /// Packets that came in and left at the other side in another encoding.
    pub translated: u64,
    /// Packets that came in and left in packets of another length, without being translated.
    pub repacked: u64,
    /// Packets that should have been translated or repacked, but came too late, or were nothing that can be translated.
    pub untranslated: u64,
    /// Packets that should have been protected and were not genuine: forged, changed on the way, or under
    /// a key that was not agreed on.
    pub forged: u64,
    /// The last RTP payload type that came in.
    pub payload_type: Option<u8>,
}
