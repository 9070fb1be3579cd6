//! One call as a phone sees it.

use crate::text::Sip;
use std::net::SocketAddr;

/// A call of a user agent.
#[derive(Debug, Clone)]
pub struct Talk {
    /// How far it is.
    pub phase: Phase,
    /// This side called.
    pub caller: bool,
    /// Every status that answered our INVITE.
    pub statuses: Vec<u16>,
    /// The Reason of the peer's CANCEL, BYE or refusal.
    pub reason: Option<String>,
    /// What the peer's NOTIFYs told of a transfer.
    pub notified: Vec<String>,
    /// Bodies of the peer's INFOs.
    pub infos: Vec<String>,
    /// Words that were heard: who spoke, and the number of the word.
    pub heard: Vec<(String, u32)>,
    /// Packets of sound that were no words: tones, music.
    pub sounds: usize,
    /// Of each packet that came: its number, its timestamp, and the octets of its payload.
    pub packets: Vec<(u16, u32, Vec<u8>)>,
    /// The INVITE that came in.
    pub invite: Option<Sip>,
    /// `sendrecv`, or how this side holds.
    pub direction: &'static str,
    /// Direction of the peer's last description.
    pub peer_direction: String,
    /// The peer's last description.
    pub peer_sdp: String,
    /// The peer knows UPDATE.
    pub peer_updates: bool,
    /// Where this side listens for sound.
    pub rtp: SocketAddr,
    /// Where the peer listens.
    pub remote_rtp: Option<SocketAddr>,
    /// Statuses of answers to our re-INVITEs and UPDATEs.
    pub offers: Vec<u16>,
    /// The status of the answer to our REFER.
    pub referred: Option<u16>,
    pub(crate) call_id: String,
    pub(crate) local_tag: String,
    pub(crate) remote_tag: String,
    pub(crate) local: String,
    pub(crate) remote: String,
    pub(crate) target: String,
    pub(crate) routes: Vec<String>,
    pub(crate) cseq: u32,
    pub(crate) remote_cseq: u32,
    /// Our INVITE as it went out last.
    pub(crate) placed: Option<Sip>,
    pub(crate) ack: Option<(String, SocketAddr, String)>,
    pub(crate) offering: bool,
    /// We offered in a response, and the ACK has the answer.
    pub(crate) answer_due: bool,
    pub(crate) spoken: u32,
    pub(crate) ssrc: u32,
    pub(crate) version: u32,
    pub(crate) rseq: u32,
    pub(crate) rseq_seen: Option<u32>,
    pub(crate) payload_type: u8,
    pub(crate) tried: bool,
    pub(crate) interval: Option<u32>,
}

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Our INVITE is out.
    Calling,
    /// It rings, here or there.
    Ringing,
    /// Somebody answered.
    Up,
    /// It is over.
    Over,
}

impl Talk {
    pub(crate) fn new(caller: bool, rtp: SocketAddr, ssrc: u32) -> Self {
        Self {
            phase: if caller { Phase::Calling } else { Phase::Ringing },
            caller,
            statuses: Vec::new(),
            reason: None,
            notified: Vec::new(),
            infos: Vec::new(),
            heard: Vec::new(),
            sounds: 0,
            packets: Vec::new(),
            invite: None,
            direction: "sendrecv",
            peer_direction: "sendrecv".to_owned(),
            peer_sdp: String::new(),
            peer_updates: false,
            rtp,
            remote_rtp: None,
            offers: Vec::new(),
            referred: None,
            call_id: String::new(),
            local_tag: String::new(),
            remote_tag: String::new(),
            local: String::new(),
            remote: String::new(),
            target: String::new(),
            routes: Vec::new(),
            cseq: 1,
            remote_cseq: 0,
            placed: None,
            ack: None,
            offering: false,
            answer_due: false,
            spoken: 0,
            ssrc,
            version: 0,
            rseq: 0,
            rseq_seen: None,
            payload_type: 8,
            tried: false,
            interval: None,
        }
    }

    /// The last status that answered our INVITE.
    pub fn status(&self) -> Option<u16> {
        self.statuses.last().copied()
    }

    /// Our INVITE as it went out last.
    pub fn placed_invite(&self) -> Option<Sip> {
        self.placed.clone()
    }

    /// This side's tag of the dialog.
    pub fn local_tag(&self) -> &str {
        &self.local_tag
    }

    /// From now on its sound is another stream.
    pub fn change_stream(&mut self) {
        self.ssrc ^= 0x5555_5555;
    }

    /// Whether anybody can be heard or shall hear.
    pub(crate) fn speaks(&self) -> bool {
        let live = self.phase == Phase::Up || self.phase == Phase::Ringing;
        let mine = matches!(self.direction, "sendrecv" | "sendonly");
        let theirs = matches!(self.peer_direction.as_str(), "sendrecv" | "recvonly");
        live && mine && theirs && self.remote_rtp.is_some()
    }
}
