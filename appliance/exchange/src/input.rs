//! Everything that can happen to the box. Nothing reaches the exchange by another door, so a
//! recording of its inputs reproduces a run.

use crate::tapes::Wanted;
use call::{
    CallId, Capacity, LineEvent, LineWish, MediaEvent, Moderation, RecordingId, RecordingStop,
    Reel, Registration, Samples, SoundKey, UnixMillis,
};
use config::Config;
use sip::flow::{ConnectionId, Flow, Transport};
use sip::resolve::{Answer, Question};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// One thing that happened.
#[derive(Debug, Clone)]
pub enum Input<'a> {
    /// The box's addresses; given once before anything else, and again when they change.
    Surroundings(Surroundings),
    /// The configuration as it is from now on.
    Config(Arc<Config>),
    /// What time people's clocks show at `now`. Given at the start and whenever the wall clock was
    /// set or drifted; between two of these the exchange counts on.
    Clock(UnixMillis),
    /// Bindings that a former run left on disk. Given once, before the first message.
    Restored(Vec<Registration>),
    /// A datagram, or one whole message cut out of a stream.
    Received {
        /// The way it came.
        flow: Flow,
        /// The message.
        bytes: &'a [u8],
    },
    /// A connection that [`crate::Output::Connect`] asked for is up.
    Connected {
        /// The connection.
        connection: ConnectionId,
        /// Our end of it.
        local: SocketAddr,
    },
    /// A connection is gone, or never came to be. Messages on their way in it are lost.
    Disconnected {
        /// The connection.
        connection: ConnectionId,
    },
    /// A datagram could not be sent: nobody listens there, or no route leads there.
    SendFailed {
        /// The way that it should have gone.
        flow: Flow,
    },
    /// What media has to tell.
    Media(MediaEvent),
    /// What the lines of the board have to tell.
    Line(LineEvent),
    /// The answer of the DNS, or of the silence in its place.
    Resolved {
        /// What was asked.
        question: Question,
        /// What came back.
        answer: Answer,
    },
    /// A sound that [`crate::Output::Fetch`] asked for; nothing when there is none.
    Fetched {
        /// What it is known by.
        key: SoundKey,
        /// The sound.
        samples: Option<Arc<Samples>>,
    },
    /// The recording that [`call::Fetch::Newest`] asked for; nothing when there is none.
    Found {
        /// The call that waits for it.
        call: CallId,
        /// Which.
        reel: Option<Reel>,
    },
    /// The disk has ended a recording by itself.
    TapeEnded {
        /// Which.
        recording: RecordingId,
        /// Why.
        why: RecordingStop,
        /// Whether anything of it is there.
        kept: bool,
    },
    /// What the box can carry, as it measured itself. Until this comes, only the number of calls in
    /// the settings limits them.
    Capacity(Capacity),
    /// Somebody at the API wants something.
    Command(Command),
    /// The box goes down: end what is up, politely. [`crate::Output::Finished`] follows when all
    /// farewells were said or waited for long enough.
    Shutdown,
}

/// Where the box listens and sends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Surroundings {
    /// Listening sockets; the address may be unspecified (`0.0.0.0`, `[::]`).
    pub listeners: Vec<(Transport, SocketAddr)>,
    /// Addresses of the machine's interfaces with the length of their networks' prefixes; of each
    /// family the one with the default route comes first.
    pub addresses: Vec<(IpAddr, u8)>,
    /// Addresses that media ports are bound to; [`call::PortId::address`] counts in this list.
    pub media: Vec<IpAddr>,
    /// How the outside sees the box, when the command line says so; it wins over the configuration.
    pub external: Option<config::External>,
    /// Where browsers send their media, when the box takes any.
    pub browsers: Option<Browsers>,
    /// The SHA-256 digest of the certificate that phones and carriers are shown in a handshake that
    /// cannot take that of browsers, when there is one.
    pub rsa: Option<[u8; 32]>,
}

/// The one UDP port for the media of all browsers, at every media address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Browsers {
    /// Its number.
    pub port: u16,
    /// The SHA-256 digest of the certificate that the box shows there.
    pub fingerprint: [u8; 32],
}

/// What the API asks of the exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// End this call.
    HangUp(CallId),
    /// Record this call from now on, if two talk in it, or one with the box.
    Record(Wanted),
    /// Record this call no longer.
    StopRecord(CallId),
    /// A capture of this call is made from now on: the box has to see its media.
    Capture(CallId),
    /// No capture of this call is made any more.
    StopCapture(CallId),
    /// Something is wanted of a line.
    Line(LineWish),
    /// A member of a conference is heard otherwise from now on.
    Moderate {
        /// The call by which he is there.
        call: CallId,
        /// What is different.
        moderation: Moderation,
    },
}
