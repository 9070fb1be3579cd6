//! What a link reports to management: ITU-T Q.921 Appendix II, Table II.1.

use std::fmt::{self, Display, Formatter};

use super::Malformed;

/// The error code of an MDL-ERROR indication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// A supervisory response with F 1 that nobody asked for. The peer is at fault.
    A,
    /// DM with F 1 that nobody asked for. The peer is at fault, or it lost the link.
    B,
    /// UA with F 1 that nobody asked for.
    C,
    /// UA with F 0.
    D,
    /// DM with F 0: the peer lost the link; it is set up again.
    E,
    /// The peer set up the link again.
    F,
    /// Nobody answered SABME, N200 times.
    G,
    /// Nobody answered DISC, N200 times.
    H,
    /// Nobody answered an enquiry, N200 times; the link is set up again.
    I,
    /// N(R) out of range; the link is set up again.
    J,
    /// FRMR: the peer could not use a frame of ours; the link is set up again.
    K,
    /// An undefined frame; an established link is set up again.
    L,
    /// Information where there may be none; an established link is set up again.
    M,
    /// A frame of a wrong size; an established link is set up again.
    N,
    /// More information than N201; an established link is set up again.
    O,
}

impl Code {
    /// The code for octets that are no frame; none if they are to be dropped without a word, as
    /// Q.921 §2.9 has it for those that a line spoilt.
    pub(super) fn of(malformed: Malformed) -> Option<Code> {
        match malformed {
            Malformed::Truncated => None,
            Malformed::Undefined | Malformed::WrongSide => Some(Code::L),
            Malformed::Information => Some(Code::M),
            Malformed::Length => Some(Code::N),
        }
    }
}

impl Display for Code {
    /// The letter, and what it stands for.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let words = match self {
            Code::A => "supervisory response with F 1 that nobody asked for",
            Code::B => "DM with F 1 that nobody asked for",
            Code::C => "UA with F 1 that nobody asked for",
            Code::D => "UA with F 0",
            Code::E => "DM with F 0: the peer lost the link",
            Code::F => "the peer set up the link again",
            Code::G => "no answer to SABME",
            Code::H => "no answer to DISC",
            Code::I => "no answer to an enquiry",
            Code::J => "N(R) out of range",
            Code::K => "the peer rejected a frame (FRMR)",
            Code::L => "undefined frame",
            Code::M => "information where there may be none",
            Code::N => "frame of a wrong size",
            Code::O => "more information than N201",
        };
        write!(f, "{self:?}: {words}")
    }
}
