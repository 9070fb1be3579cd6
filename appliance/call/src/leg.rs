//! What a leg says and is told: one vocabulary for SIP sessions, ISDN calls and analog lines.

use crate::{CallId, Decibels, End, KeyPress, LegId, MediaKind, Tone};
use serde::{Deserialize, Serialize};

/// A person or place at one end of a call, as shown to the other.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Party {
    /// Internal number, E.164 with a plus, or what the far side sent. Empty when withheld.
    pub number: String,
    /// Display name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
}

/// Where a call came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// From a phone of ours: the number of its extension.
    Extension {
        /// The tenant's id.
        tenant: u32,
        /// The internal number.
        number: String,
    },
    /// From a trunk.
    Trunk {
        /// The tenant's id.
        tenant: u32,
        /// The trunk's id.
        trunk: u32,
        /// How it came on a digital line; nothing where it came by SIP.
        line: Option<OnLine>,
    },
}

/// How a call came on a digital line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnLine {
    /// Its timeslot.
    pub slot: u8,
    /// How the called number is marked: the type of number of ITU-T Q.931 table 4-9, 0 to 7.
    pub number_type: u8,
}

/// A call that wants to be placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Where it came in.
    pub origin: Origin,
    /// Who calls, as the far side says.
    pub from: Party,
    /// The caller wants the number withheld (RFC 3323).
    pub anonymous: bool,
    /// What was dialled.
    pub dialled: String,
    /// The numbers outside that forwarded it before it came here, oldest first.
    pub diverted: Vec<Diversion>,
    /// What the caller says to whom he calls.
    pub user: Option<UserData>,
    /// What kinds of media are offered; empty for an INVITE without an offer.
    pub media: Vec<MediaKind>,
    /// How much sound the caller wants in one packet, in milliseconds; 0 if it does not say.
    pub packet_millis: u8,
    /// The leg whose place it wants to take (RFC 3891).
    pub replaces: Option<LegId>,
    /// Why it cannot be placed, whoever is called: it is written down and refused.
    pub refused: Option<End>,
}

/// What a leg tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LegEvent {
    /// A new call came in on this leg.
    Offered(Box<Offer>),
    /// It rings.
    Ringing,
    /// Something is to be heard before the answer: tones, announcements.
    Progress,
    /// Somebody answered.
    Answered,
    /// A key was pressed. Where media heard it, the other side hears it from media as well, unless
    /// its keys go by signalling.
    Key(KeyPress),
    /// This side put the other on hold.
    Held,
    /// This side took the other back.
    Resumed,
    /// This side wants the other to be connected elsewhere.
    TransferAsked {
        /// The number to call.
        to: String,
        /// The leg, also of this box, whose place the other shall take: an attended transfer.
        replaces: Option<LegId>,
    },
    /// The called side asks that somebody else be called in its stead (RFC 3261 §21.3).
    Redirected {
        /// The number to call.
        to: String,
    },
    /// What its user says to the other one, along with what it tells next: that it rings, that it is
    /// answered, that it is over.
    UserSays(UserData),
    /// Whoever reads how the call went wants to know this of its line: a sentence.
    Noted(String),
    /// What the box lets it hear once was heard to its end.
    Heard,
    /// What the box was to let it hear once is not there.
    Missing,
    /// It is over.
    Ended(End),
}

/// Whom to dial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// One registered phone.
    Registration {
        /// Its binding.
        id: crate::RegistrationId,
        /// The number of its extension.
        number: String,
    },
    /// A number at a trunk.
    Trunk {
        /// The trunk's id.
        trunk: u32,
        /// The number as the carrier wants it.
        number: String,
        /// The outbound route that led there: it may want more of a digital line than the trunk says.
        #[serde(default)]
        route: Option<u32>,
    },
}

/// What a leg is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LegCommand {
    /// Call somebody. The leg is new.
    Dial {
        /// Whom.
        target: Target,
        /// Who calls, as the callee shall see.
        from: Party,
        /// The number is to be withheld from the callee.
        anonymous: bool,
        /// Whose media is offered.
        media: LegId,
        /// The numbers that forwarded this call, oldest first (RFC 5806, RFC 7044).
        diverted: Vec<Diversion>,
        /// What the caller says to whom he calls.
        user: Option<UserData>,
    },
    /// What the other user says to this one, along with what this leg is told next.
    UserSays(UserData),
    /// Tell the caller that it rings.
    Ring,
    /// Pass the sound of that leg to the caller before the answer.
    Progress {
        /// Whose sound.
        media: LegId,
    },
    /// Connect the caller with that leg.
    Answer {
        /// The leg that answered.
        media: LegId,
    },
    /// Connect a leg that is up already with another one: the end of a transfer.
    Rejoin {
        /// The leg that it talks with from now on.
        media: LegId,
        /// That leg was not called with this one's media: it must be asked anew as well.
        both: bool,
    },
    /// The box itself talks with this leg: it is answered if it was not, and has no partner from here
    /// on. A leg that is served already gets another voice.
    Serve(Voice),
    /// From now on the others in a room of the mixer hear this leg so. In another room it is heard as
    /// it is.
    Moderate {
        /// Which room.
        room: u32,
        /// Whether they do not hear it at all.
        muted: bool,
        /// How much louder than it is they hear it.
        gain: Decibels,
    },
    /// Let a leg that is up hear this until it talks with somebody; with nothing, what the other side of
    /// its call says again, or music if that one holds it.
    Hear(Option<Voice>),
    /// Let a leg that is up hear what a called one says before its answer.
    Listen {
        /// Whose sound.
        media: LegId,
    },
    /// The other side pressed a key.
    Key(KeyPress),
    /// Tell how a transfer that this leg asked for goes.
    TransferProgress(TransferState),
    /// End it.
    End(End),
}

/// What the user at one end says to the one at the other, through all networks between (ITU-T Q.931
/// §4.5.30, RFC 7434).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserData {
    /// How the octets are meant: 0 the users know, 4 characters of IA5 (ITU-T Q.931 table 4-26).
    pub protocol: u8,
    /// The octets; a line takes 128 of them.
    pub octets: Vec<u8>,
}

/// What the box says on a leg, and what it does with what it hears there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// Back what it hears.
    Echo,
    /// A steady tone to measure by.
    Test,
    /// A tone, as the country has it.
    Tone(Tone),
    /// Music, over and over.
    Music,
    /// Two short beeps every few seconds: key in the PIN, and `#`.
    AskPin,
    /// A low tone, and then as when it was asked first: that was not the PIN.
    WrongPin,
    /// Once, the recording that was fetched for this call; then [`LegEvent::Heard`].
    Playback(CallId),
    /// A sound that was uploaded; where it cannot be played, [`LegEvent::Missing`].
    Upload {
        /// Its id.
        sound: u32,
        /// How often it is heard.
        repeat: Repeat,
    },
    /// All others in this room of the mixer, who hear this leg too.
    Room(u32),
}

/// How often an uploaded sound is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Once; then [`LegEvent::Heard`].
    Once,
    /// Over and over without a gap.
    Seamless,
    /// Over and over with a pause of three seconds: a question.
    Paused,
}

/// One forwarding that a call went through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Diversion {
    /// The number that forwarded.
    pub from: String,
    /// Why.
    pub reason: DiversionReason,
}

/// Why a number forwards (RFC 5806 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DiversionReason {
    /// All calls.
    Unconditional,
    /// It was busy.
    UserBusy,
    /// Nobody answered.
    NoAnswer,
    /// No phone could be reached.
    Unavailable,
    /// It does not want to be disturbed.
    DoNotDisturb,
}

/// How a transfer goes, for the one who asked (RFC 3515 §2.4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferState {
    /// Being tried.
    Trying,
    /// The new party rings.
    Ringing,
    /// Done.
    Done,
    /// It failed with this SIP status; the call goes on as it was.
    Failed(u16),
}
