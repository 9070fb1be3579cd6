//! Frames as data: ITU-T Q.921 §3.

mod words;

use super::Role;

/// A frame of LAPD, without flags and check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Which link it belongs to.
    pub address: Address,
    /// Whether it asks or answers.
    pub kind: Kind,
    /// What it says.
    pub body: Body<'a>,
}

/// Which link a frame belongs to (Q.921 §3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// Service access point, 0 to 63: 0 is call control, 63 the management of terminals (Table 2).
    pub sapi: u8,
    /// Terminal endpoint, 0 to 127: 0 on a primary rate, 127 is everybody (§3.3.4).
    pub tei: u8,
}

/// Whether a frame asks or answers (Q.921 §3.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A command; its P bit may demand an answer.
    Command,
    /// A response; its F bit says that it answers a P bit.
    Response,
}

/// The number of an I frame, modulo 128 (Q.921 §3.5.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sequence(u8);

/// What a frame says (Q.921 Table 5). `pf` is the P bit of a command and the F bit of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// Numbered information, a command.
    I {
        /// Its number.
        ns: Sequence,
        /// The number that its sender expects next: all before arrived.
        nr: Sequence,
        /// P.
        p: bool,
        /// A message of layer 3.
        data: &'a [u8],
    },
    /// Receive ready.
    Rr {
        /// See [`Body::I`].
        nr: Sequence,
        /// P or F.
        pf: bool,
    },
    /// Receive not ready: no more I frames please.
    Rnr {
        /// See [`Body::I`].
        nr: Sequence,
        /// P or F.
        pf: bool,
    },
    /// Reject: I frames again from this number on.
    Rej {
        /// See [`Body::I`].
        nr: Sequence,
        /// P or F.
        pf: bool,
    },
    /// Set asynchronous balanced mode extended: begin with numbers from 0, a command.
    Sabme {
        /// P.
        p: bool,
    },
    /// Disconnect, a command.
    Disc {
        /// P.
        p: bool,
    },
    /// Unnumbered acknowledgement of SABME or DISC, a response.
    Ua {
        /// F.
        f: bool,
    },
    /// Disconnected mode, a response: there is no link, or (F 0) please set one up.
    Dm {
        /// F.
        f: bool,
    },
    /// Information without a number, a command.
    Ui {
        /// P.
        p: bool,
        /// A message of layer 3 or of management.
        data: &'a [u8],
    },
    /// Frame reject, a response: what was sent cannot be mended by saying it again. It is only received:
    /// who cannot use a frame sets up the link again (§3.6.11, §5.8).
    Frmr {
        /// F.
        f: bool,
        /// What was rejected, if it is told in the form of Figure 6.
        rejection: Option<Rejection>,
    },
    /// Exchange identification.
    Xid {
        /// P or F.
        pf: bool,
        /// Parameters, as ISO/IEC 8885 has them.
        data: &'a [u8],
    },
}

/// The information of a FRMR (Q.921 §3.6.11, Figure 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The control field of the frame that was rejected; of an unnumbered one the second is 0.
    pub control: [u8; 2],
    /// V(S) of who rejects.
    pub vs: Sequence,
    /// V(R) of who rejects.
    pub vr: Sequence,
    /// The rejected frame was a response.
    pub response: bool,
    /// W: its control field is not defined.
    pub undefined: bool,
    /// X: it had information or a length that it may not have; then W is set too.
    pub wrong_length: bool,
    /// Y: its information was too long.
    pub too_long: bool,
    /// Z: its N(R) was out of range.
    pub bad_nr: bool,
}

/// Why octets are no frame. The sender is at fault, or the line and the check let it pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// No two octets of address, or no control field (Q.921 §2.9 b and e).
    Truncated,
    /// A control field that Table 5 does not have.
    Undefined,
    /// A command sent as a response or the other way round: both ends have the same role, or the
    /// line is looped back.
    WrongSide,
    /// SABME, DISC, UA or DM with information (Q.921 §5.8).
    Information,
    /// RR, RNR or REJ with another length than 4 octets (Q.921 §5.8).
    Length,
}

impl<'a> Frame<'a> {
    /// Understands the octets of a frame, without flags and check, that this side sent.
    pub fn parse(octets: &'a [u8], sender: Role) -> Result<Frame<'a>, Malformed> {
        let (address, kind, rest) = Address::parse(octets, sender)?;
        Ok(Frame { address, kind, body: Body::parse(rest, kind)? })
    }

    /// The octets of this frame if `sender` sends it, without flags and check.
    pub fn octets(&self, sender: Role) -> Vec<u8> {
        let from_network = sender == Role::Network;
        let raised = from_network == (self.kind == Kind::Command);
        let mut octets =
            vec![self.address.sapi << 2 | u8::from(raised) << 1, self.address.tei << 1 | 1];
        self.body.write(&mut octets);
        octets
    }
}

impl Address {
    /// Call control of a primary rate: SAPI 0 (Q.921 Table 2), TEI 0 (§3.3.4.1, point-to-point).
    pub const PRIMARY: Address = Address { sapi: 0, tei: 0 };

    /// The address of octets that this side sent, whether they are a command, and the rest.
    pub(super) fn parse(octets: &[u8], sender: Role) -> Result<(Address, Kind, &[u8]), Malformed> {
        let ([first, second], rest) = octets.split_first_chunk().ok_or(Malformed::Truncated)?;
        if first & 1 == 1 || second & 1 == 0 {
            return Err(Malformed::Truncated);
        }
        let raised = first >> 1 & 1 == 1;
        let command = raised == (sender == Role::Network);
        let kind = if command { Kind::Command } else { Kind::Response };
        Ok((Address { sapi: first >> 2, tei: second >> 1 }, kind, rest))
    }
}

impl<'a> Body<'a> {
    pub(super) fn parse(octets: &'a [u8], kind: Kind) -> Result<Body<'a>, Malformed> {
        let (&control, rest) = octets.split_first().ok_or(Malformed::Truncated)?;
        match control & 3 {
            1 => Body::supervisory(control, rest),
            3 => Body::unnumbered(control, rest, kind),
            _ => {
                let (&second, data) = rest.split_first().ok_or(Malformed::Truncated)?;
                let (ns, (nr, p)) = (Sequence(control >> 1), numbered(second));
                match kind {
                    Kind::Command => Ok(Body::I { ns, nr, p, data }),
                    Kind::Response => Err(Malformed::WrongSide),
                }
            }
        }
    }

    fn supervisory(control: u8, rest: &[u8]) -> Result<Body<'a>, Malformed> {
        let (&second, more) = rest.split_first().ok_or(Malformed::Truncated)?;
        let (nr, pf) = numbered(second);
        let body = match control & SUPERVISORY {
            RR => Body::Rr { nr, pf },
            RNR => Body::Rnr { nr, pf },
            REJ => Body::Rej { nr, pf },
            _ => return Err(Malformed::Undefined),
        };
        if more.is_empty() { Ok(body) } else { Err(Malformed::Length) }
    }

    fn unnumbered(control: u8, data: &'a [u8], kind: Kind) -> Result<Body<'a>, Malformed> {
        let pf = control & POLL != 0;
        let (body, allowed) = match control & !POLL {
            SABME => (Body::Sabme { p: pf }, Some(Kind::Command)),
            DISC => (Body::Disc { p: pf }, Some(Kind::Command)),
            UI => (Body::Ui { p: pf, data }, Some(Kind::Command)),
            UA => (Body::Ua { f: pf }, Some(Kind::Response)),
            DM => (Body::Dm { f: pf }, Some(Kind::Response)),
            FRMR => (Body::Frmr { f: pf, rejection: Rejection::parse(data) }, Some(Kind::Response)),
            XID => (Body::Xid { pf, data }, None),
            _ => return Err(Malformed::Undefined),
        };
        if allowed.is_some_and(|allowed| allowed != kind) {
            return Err(Malformed::WrongSide);
        }
        let bare = matches!(
            body,
            Body::Sabme { .. } | Body::Disc { .. } | Body::Ua { .. } | Body::Dm { .. }
        );
        if bare && !data.is_empty() { Err(Malformed::Information) } else { Ok(body) }
    }

    fn write(&self, octets: &mut Vec<u8>) {
        let poll = |pf: bool| if pf { POLL } else { 0 };
        match *self {
            Body::I { ns, nr, p, data } => {
                octets.extend([ns.0 << 1, nr.0 << 1 | u8::from(p)]);
                octets.extend(data);
            }
            Body::Rr { nr, pf } => octets.extend([RR, nr.0 << 1 | u8::from(pf)]),
            Body::Rnr { nr, pf } => octets.extend([RNR, nr.0 << 1 | u8::from(pf)]),
            Body::Rej { nr, pf } => octets.extend([REJ, nr.0 << 1 | u8::from(pf)]),
            Body::Sabme { p } => octets.push(SABME | poll(p)),
            Body::Disc { p } => octets.push(DISC | poll(p)),
            Body::Ua { f } => octets.push(UA | poll(f)),
            Body::Dm { f } => octets.push(DM | poll(f)),
            Body::Ui { p, data } => {
                octets.push(UI | poll(p));
                octets.extend(data);
            }
            Body::Frmr { f, rejection } => {
                octets.push(FRMR | poll(f));
                octets.extend(rejection.map(|rejection| rejection.octets()).iter().flatten());
            }
            Body::Xid { pf, data } => {
                octets.push(XID | poll(pf));
                octets.extend(data);
            }
        }
    }
}

impl Rejection {
    fn parse(octets: &[u8]) -> Option<Rejection> {
        let &[first, second, vs, vr, reasons] = octets else { return None };
        Some(Rejection {
            control: [first, second],
            vs: Sequence(vs >> 1),
            vr: Sequence(vr >> 1),
            response: vr & 1 == 1,
            undefined: reasons & 1 != 0,
            wrong_length: reasons & 2 != 0,
            too_long: reasons & 4 != 0,
            bad_nr: reasons & 8 != 0,
        })
    }

    fn octets(&self) -> [u8; 5] {
        let reasons = u8::from(self.undefined)
            | u8::from(self.wrong_length) << 1
            | u8::from(self.too_long) << 2
            | u8::from(self.bad_nr) << 3;
        let [first, second] = self.control;
        [first, second, self.vs.0 << 1, self.vr.0 << 1 | u8::from(self.response), reasons]
    }
}

impl Sequence {
    /// The number with this remainder modulo 128.
    pub fn new(number: u8) -> Sequence {
        Sequence(number & 0x7f)
    }

    /// 0 to 127.
    pub fn number(self) -> u8 {
        self.0
    }

    /// The number that follows.
    pub fn next(self) -> Sequence {
        self.plus(1)
    }

    /// The number so many later.
    pub fn plus(self, count: u8) -> Sequence {
        Sequence(self.0.wrapping_add(count) & 0x7f)
    }

    /// How many numbers lie from `earlier` to this one, going up.
    pub fn since(self, earlier: Sequence) -> u8 {
        self.0.wrapping_sub(earlier.0) & 0x7f
    }
}

/// N(R) and P/F of a second octet of control.
fn numbered(octet: u8) -> (Sequence, bool) {
    (Sequence(octet >> 1), octet & 1 == 1)
}

/// The P/F bit of unnumbered frames, and the control fields of Q.921 Table 5 without it.
const POLL: u8 = 0x10;
const SABME: u8 = 0x6f;
const DM: u8 = 0x0f;
const UI: u8 = 0x03;
const DISC: u8 = 0x43;
const UA: u8 = 0x63;
const FRMR: u8 = 0x87;
const XID: u8 = 0xaf;
/// The bits that tell supervisory frames apart; the four above are reserved.
const SUPERVISORY: u8 = 0x0f;
const RR: u8 = 0x01;
const RNR: u8 = 0x05;
const REJ: u8 = 0x09;

#[cfg(test)]
mod tests;
