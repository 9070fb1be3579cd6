//! What a call and its owner tell each other.

use crate::q931::element::{Cause, CauseValue, Charge, Element, Number, Progress};
use crate::q931::interface::{Channel, Offer};
use crate::q931::message::{Message, MessageKind};
use crate::q931::timers::Timer;

use super::CallState;

/// What a call wants done, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// This is to be said to the far side.
    Send(Message),
    /// This is to be told to the owner.
    Tell(Event),
    /// The far side did not confirm the end (T308 twice): its channel needs a restart
    /// (ITU-T Q.931 §5.3.3, §5.5).
    Distrust,
}

/// A message of the far side, for what its owner wants to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Whether something is to be heard on the channel: progress indicator 1 or 8 (ITU-T Q.931 §5.4).
    pub in_band: bool,
    /// The message: numbers, names, display, facilities, charges.
    pub message: Box<Message>,
}

impl Said {
    pub(in crate::q931) fn new(message: Message) -> Self {
        let in_band = message.progress().any(Progress::is_in_band);
        Self { in_band, message: Box::new(message) }
    }
}

/// What happened to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The far side calls.
    Offered(Box<Offer>),
    /// The far side wants digits, or more of them: SETUP ACKNOWLEDGE.
    DigitsWanted(Said),
    /// Digits came: INFORMATION.
    Digits {
        /// To be appended to what is called.
        number: Option<Number>,
        /// Keys pressed.
        keypad: Option<String>,
        /// No digits follow.
        complete: bool,
    },
    /// No digits came for T302: what is there must do.
    DigitsEnded,
    /// The far side has all that it needs: CALL PROCEEDING.
    Proceeding(Said),
    /// It rings: ALERTING.
    Ringing(Said),
    /// PROGRESS.
    Progress(Said),
    /// Somebody answered: CONNECT.
    Answered(Said),
    /// Our answer reached the caller: CONNECT ACKNOWLEDGE.
    Connected,
    /// The call is ending; [`Event::Ended`] follows. With tones to be heard, only when the owner or the
    /// far side wants it.
    Disconnected {
        /// Why.
        cause: Cause,
        /// What the far side said, if it did. With `in_band`, the channel stands until
        /// [`Request::Disconnect`].
        said: Option<Said>,
    },
    /// It is over, its channel is free.
    Ended {
        /// The first cause that was given.
        cause: Cause,
        /// What the far side said last, if it did: charges and user information.
        said: Option<Said>,
    },
    /// The far side wants to hold: to be answered with [`Request::AnswerHold`].
    HoldAsked,
    /// We hold.
    Held,
    /// The far side does not let us hold.
    HoldRefused(CauseValue),
    /// The far side wants to go on: to be answered with [`Request::AnswerRetrieve`].
    RetrieveAsked,
    /// We hold no longer.
    Retrieved,
    /// The far side does not let us go on.
    RetrieveRefused(CauseValue),
    /// NOTIFY: somebody was suspended, diverted, held.
    Notified(Said),
    /// FACILITY: a supplementary service, a charge.
    Facility(Said),
    /// What the call costs, in whatever message: advice of charge.
    Charged(Charge),
    /// USER INFORMATION.
    UserInformation(Said),
    /// INFORMATION that has no digits we wait for: a display, a tone.
    Information(Said),
    /// CONGESTION CONTROL: whether user information may be sent.
    Congestion(Said),
    /// The channel of our call is settled: told once, just before what the far side answered first, and
    /// it may be another one than SETUP asked for. `None` before that: a call of the far side took the one
    /// that we had asked for, and its first answer will name another (ITU-T Q.931 §5.7).
    Channel(Option<Channel>),
    /// Something went wrong; the call goes on.
    Trouble(Trouble),
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The far side said what does not fit.
    Unexpected(MessageKind),
    /// The far side said something wrong.
    Wrong {
        /// In this message.
        kind: MessageKind,
        /// The cause that we answered.
        cause: CauseValue,
        /// These elements: their identifiers.
        elements: Vec<u8>,
    },
    /// The far side says that we were wrong: STATUS.
    Reproached {
        /// The cause that it gives.
        cause: CauseValue,
        /// Where it stands.
        state: CallState,
    },
    /// A wait ended.
    Expired(Timer),
}

/// What the owner wants of a call. `Vec<Element>` is what goes along: progress, display, facilities, numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Ask the caller for digits: SETUP ACKNOWLEDGE.
    AskDigits(Vec<Element>),
    /// Nothing more is needed from the caller: CALL PROCEEDING.
    Proceed(Vec<Element>),
    /// It rings: ALERTING.
    Alert(Vec<Element>),
    /// Something is to be heard or to be known: PROGRESS, or CALL PROCEEDING if nothing was said before.
    Progress {
        /// What; PROGRESS says nothing without it (ITU-T Q.931 table 3-8).
        progress: Progress,
        /// What goes along.
        with: Vec<Element>,
    },
    /// Somebody answered: CONNECT.
    Answer(Vec<Element>),
    /// More digits for the far side: INFORMATION.
    Digits {
        /// The digits.
        number: Number,
        /// No digits follow.
        complete: bool,
    },
    /// End it: RELEASE COMPLETE, DISCONNECT or RELEASE, as the state wants it.
    Disconnect {
        /// Why.
        cause: CauseValue,
        /// There is something to be heard: the network keeps the channel until T306
        /// (ITU-T Q.931 §5.3.4.1). Users have no such thing.
        tones: bool,
        /// What goes along.
        with: Vec<Element>,
    },
    /// HOLD.
    Hold,
    /// Let the far side hold, or why not.
    AnswerHold(Option<CauseValue>),
    /// RETRIEVE.
    Retrieve,
    /// Let the far side go on, or why not.
    AnswerRetrieve(Option<CauseValue>),
    /// NOTIFY.
    Notify(Vec<Element>),
    /// FACILITY.
    Facility(Vec<Element>),
    /// INFORMATION.
    Information(Vec<Element>),
    /// USER INFORMATION.
    UserInformation(Vec<Element>),
}

/// What the owner got wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misuse {
    /// The call is over, or never was.
    NoSuchCall,
    /// Not while the call stands there.
    WrongState(CallState),
    /// There is no such channel.
    NoSuchChannel,
    /// The channel is restarting.
    Restarting,
    /// The D channel is down: nothing can be said.
    NoLink,
}
