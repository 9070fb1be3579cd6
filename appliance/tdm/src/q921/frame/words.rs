//! Frames in words, for a trace.

use std::fmt::{self, Display, Formatter};

use super::{Body, Frame, Kind, Malformed, Rejection};

impl Display for Frame<'_> {
    /// For example "I, command, N(S) 3, N(R) 7, P 0, 24 octets".
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.address != super::Address::PRIMARY {
            write!(f, "SAPI {}, TEI {}: ", self.address.sapi, self.address.tei)?;
        }
        let (kind, poll) = match self.kind {
            Kind::Command => ("command", 'P'),
            Kind::Response => ("response", 'F'),
        };
        write!(f, "{}, {kind}, ", self.body.name())?;
        match self.body {
            Body::I { ns, nr, p, data } => write!(
                f,
                "N(S) {}, N(R) {}, {poll} {}, {} octets",
                ns.number(),
                nr.number(),
                u8::from(p),
                data.len()
            ),
            Body::Rr { nr, pf } | Body::Rnr { nr, pf } | Body::Rej { nr, pf } => {
                write!(f, "N(R) {}, {poll} {}", nr.number(), u8::from(pf))
            }
            Body::Sabme { p: pf }
            | Body::Disc { p: pf }
            | Body::Ua { f: pf }
            | Body::Dm { f: pf } => {
                write!(f, "{poll} {}", u8::from(pf))
            }
            Body::Ui { p: pf, data } | Body::Xid { pf, data } => {
                write!(f, "{poll} {}, {} octets", u8::from(pf), data.len())
            }
            Body::Frmr { f: pf, rejection } => {
                write!(f, "{poll} {}", u8::from(pf))?;
                rejection.map_or(Ok(()), |rejection| write!(f, ", {rejection}"))
            }
        }
    }
}

impl Body<'_> {
    /// What Q.921 Table 5 calls it.
    pub fn name(&self) -> &'static str {
        match self {
            Body::I { .. } => "I",
            Body::Rr { .. } => "RR",
            Body::Rnr { .. } => "RNR",
            Body::Rej { .. } => "REJ",
            Body::Sabme { .. } => "SABME",
            Body::Disc { .. } => "DISC",
            Body::Ua { .. } => "UA",
            Body::Dm { .. } => "DM",
            Body::Ui { .. } => "UI",
            Body::Frmr { .. } => "FRMR",
            Body::Xid { .. } => "XID",
        }
    }
}

impl Display for Rejection {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let [first, second] = self.control;
        let kind = if self.response { "response" } else { "command" };
        write!(f, "rejects {kind} {first:02x} {second:02x}")?;
        let reasons = [
            (self.undefined && !self.wrong_length, "undefined"),
            (self.wrong_length, "wrong length"),
            (self.too_long, "too long"),
            (self.bad_nr, "N(R) out of range"),
        ];
        for (_, reason) in reasons.iter().filter(|(given, _)| *given) {
            write!(f, ", {reason}")?;
        }
        write!(f, ", V(S) {}, V(R) {}", self.vs.number(), self.vr.number())
    }
}

impl Display for Malformed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Malformed::Truncated => "no frame: address or control missing",
            Malformed::Undefined => "undefined control field",
            Malformed::WrongSide => "command and response exchanged: both ends on the same side?",
            Malformed::Information => "information where there may be none",
            Malformed::Length => "supervisory frame of a wrong length",
        })
    }
}
