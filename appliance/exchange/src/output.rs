//! Everything that the box does to the world, in order.

use call::{
    CallId, CallRecord, Event, Fetch, LineFault, MediaCommand, PlayId, PortId, RecordingId,
    Registration, RegistrationId, SpanId, SpanLoop,
};
use config::IsdnSpan;
use sip::flow::{ConnectionId, Flow, Transport};
use sip::resolve::Question;
use std::net::SocketAddr;
use std::sync::Arc;

/// One thing to do. Drain them with [`crate::Exchange::poll_output`] after every input.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Send a message. On a stream that is not up yet it waits until it is.
    Send {
        /// The way to go.
        flow: Flow,
        /// The message.
        bytes: Arc<[u8]>,
    },
    /// Open a connection; [`crate::Input::Connected`] or [`crate::Input::Disconnected`] follows.
    Connect {
        /// The name that it shall have: odd numbers, those of accepted connections are even.
        connection: ConnectionId,
        /// TCP or TLS.
        transport: Transport,
        /// Where to.
        remote: SocketAddr,
        /// The name that the certificate must carry, for TLS.
        name: String,
    },
    /// Close a connection: its peer broke the rules.
    Disconnect {
        /// The connection.
        connection: ConnectionId,
    },
    /// For the media threads.
    Media(MediaCommand),
    /// For the lines of the board.
    Line(LineCommand),
    /// Ask the DNS; [`crate::Input::Resolved`] follows, also when nobody answers.
    Resolve(Question),
    /// Read a sound from the disk; [`crate::Input::Fetched`] follows, also when there is none.
    Fetch(Fetch),
    /// Read this recording and feed the stream that is played here with it, until nothing of it is left
    /// or nobody asks for more.
    Feed {
        /// Where.
        port: PortId,
        /// What.
        play: PlayId,
        /// Which.
        recording: RecordingId,
    },
    /// Somebody who talks keyed in the code for recordings: this is for the audit.
    Taped {
        /// Which.
        recording: RecordingId,
        /// Of this call.
        call: CallId,
        /// The number.
        by: String,
        /// It began, or ended.
        begun: bool,
    },
    /// The call's record as it is now; replaces what was written of this call before.
    Record(Box<CallRecord>),
    /// A binding to keep over a restart; replaces the one with its id.
    Bind(Arc<Registration>),
    /// A binding to forget.
    Unbind(RegistrationId),
    /// For whoever listens.
    Notify(Event),
    /// All farewells are said.
    Finished,
}

/// What the box wants of the lines of its board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineCommand {
    /// Set a span up, or anew; its channels are opened. With nothing it is given back, and they are
    /// closed.
    Setup {
        /// Which.
        span: SpanId,
        /// How.
        setting: Option<Box<IsdnSpan>>,
    },
    /// Send a frame on the D channel of a span; flags and check are the driver's.
    Frame {
        /// Which.
        span: SpanId,
        /// From its address to the end of its information.
        octets: Box<[u8]>,
    },
    /// Loop a whole span, or end that.
    LoopBack {
        /// Which.
        span: SpanId,
        /// How.
        loop_back: Option<SpanLoop>,
    },
    /// A fault of a simulated line.
    Fault {
        /// The span whose receiver sees it.
        span: SpanId,
        /// What.
        fault: LineFault,
    },
}
