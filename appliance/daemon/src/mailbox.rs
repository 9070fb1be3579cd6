//! The one way to the control thread: values in a bounded queue, and a bell.

use crate::captures::Beginning;
use crate::control::NotBegun;
use crate::metrics::Snapshot;
use crate::stream::Outgoing;
use call::{
    CallId, CallRecord, Capacity, CaptureId, Conference, LineEvent, LineRefusal, LineStatus,
    LineWish, Load, Member, Moderation, Recording, RecordingId, RecordingStop, Reel, Registration,
    Samples, SoundKey, TrunkStatus,
};
use config::Config;
use exchange::Wanted;
use mio::Waker;
use sip::flow::{ConnectionId, Flow};
use sip::resolve::{Answer, Question};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// What others have for control.
#[derive(Debug)]
pub(crate) enum Mail {
    /// Somebody connected to us; messages for him go into this queue.
    Accepted(ConnectionId, Outgoing),
    /// A connection that the exchange asked for is up; this is our end of it.
    Connected(ConnectionId, SocketAddr),
    /// A connection is gone.
    Disconnected(ConnectionId),
    /// A message came in a stream.
    Message(Flow, Vec<u8>),
    /// The DNS answered, or did not.
    Resolved(Question, Answer),
    /// The configuration is another one now; the answer says that it is in force.
    Config(Arc<Config>, oneshot::Sender<()>),
    /// A sound came from the disk, or is not there.
    Fetched(SoundKey, Option<Arc<Samples>>),
    /// The recording that a call waits for, or that there is none.
    Found(CallId, Option<Reel>),
    /// A line of the board does something.
    Line(LineEvent),
    /// The box measured itself.
    Capacity(Box<Capacity>),
    /// There is an RSA certificate; this is its SHA-256 digest.
    Rsa([u8; 32]),
    /// The disk has ended a recording by itself; whether anything of it is there.
    TapeEnded(RecordingId, RecordingStop, bool),
    /// The disk has ended a capture.
    CaptureEnded(CaptureId),
    /// The API wants to know or do something.
    Ask(Ask),
    /// The box goes down.
    Shutdown,
}

/// What the API asks; each with the place for the answer.
#[derive(Debug)]
pub(crate) enum Ask {
    /// All calls that are not over.
    Calls(oneshot::Sender<Vec<CallRecord>>),
    /// A call that is not over.
    Call(CallId, oneshot::Sender<Option<Box<CallRecord>>>),
    /// All bindings.
    Registrations(oneshot::Sender<Vec<Arc<Registration>>>),
    /// How the trunks do.
    Trunks(oneshot::Sender<Vec<TrunkStatus>>),
    /// The conferences in which somebody is.
    Conferences(oneshot::Sender<Vec<Conference>>),
    /// Let a member of a conference be heard otherwise; how he is heard then, if he is there.
    Moderate(u32, CallId, Moderation, oneshot::Sender<Option<Member>>),
    /// End the call of a member of a conference; whether he was there.
    TakeOut(u32, CallId, oneshot::Sender<bool>),
    /// The lines of the board.
    Lines(oneshot::Sender<Vec<LineStatus>>),
    /// Do something with a line; what it is called, if that can be done.
    Line(LineWish, oneshot::Sender<Result<String, LineRefusal>>),
    /// How much of what the box can carry is in use.
    Load(oneshot::Sender<Load>),
    /// End a call; whether there was one.
    HangUp(CallId, oneshot::Sender<bool>),
    /// Record a call from now on; nothing when there is no such call.
    Record(Wanted, oneshot::Sender<Option<Result<Box<Recording>, Quiet>>>),
    /// Record it no longer; the recording that ran.
    StopRecord(CallId, oneshot::Sender<Option<Box<Recording>>>),
    /// Capture a call from now on.
    Capture(Box<Beginning>, oneshot::Sender<Result<(), NotBegun>>),
    /// Capture it no longer; the capture that ran.
    StopCapture(CallId, oneshot::Sender<Option<CaptureId>>),
    /// Figures of everything that control knows of.
    Figures(oneshot::Sender<Box<Snapshot>>),
}

/// Nobody talks with anybody yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quiet;

/// The sending end. Clones reach the same thread.
#[derive(Debug, Clone)]
pub(crate) struct Mailbox {
    queue: mpsc::Sender<Mail>,
    bell: Arc<Waker>,
}

/// Control is gone: the process is going down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gone;

impl Mailbox {
    /// A mailbox and the end that control reads.
    pub(crate) fn new(bell: Arc<Waker>) -> (Self, mpsc::Receiver<Mail>) {
        let (queue, letters) = mpsc::channel(CAPACITY);
        (Self { queue, bell }, letters)
    }

    /// Leaves something; waits while the queue is full, which in turn makes a stream's sender wait.
    pub(crate) async fn send(&self, mail: Mail) -> Result<(), Gone> {
        self.queue.send(mail).await.map_err(|_| Gone)?;
        self.bell.wake().map_err(|_| Gone)
    }

    /// Says that the disk has ended a capture or a recording; waits while the queue is full.
    pub(crate) fn tell_ended(&self, mail: Mail) {
        // Fails only when control is gone, and with it all of them.
        let _ = self.queue.blocking_send(mail);
        self.ring();
    }

    /// Leaves something if there is room, and says whether there was; never waits.
    pub(crate) fn leave(&self, mail: Mail) -> bool {
        let left = self.queue.try_send(mail).is_ok();
        self.ring();
        left
    }

    /// Wakes control without a letter.
    pub(crate) fn ring(&self) {
        // Fails only when control is gone, which others notice.
        let _ = self.bell.wake();
    }

    /// Asks something and waits for the answer.
    pub(crate) async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<T>) -> Mail,
    ) -> Result<T, Gone> {
        let (sender, answer) = oneshot::channel();
        self.send(question(sender)).await?;
        answer.await.map_err(|_| Gone)
    }

    /// How many letters wait.
    pub(crate) fn depth(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }
}

/// Some milliseconds of work for control.
const CAPACITY: usize = 1024;
