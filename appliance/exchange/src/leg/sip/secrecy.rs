//! The keys of a leg's lines: what is offered, what is answered, and which keys come of it (RFC 4568 §5,
//! RFC 5763 §5, RFC 3264). Each leg has its own, whatever the other leg of the call does.
//!
//! Who may speak in the clear is offered keys beside a plain line, and takes them or not (RFC 8643).

mod asking;
mod dtls;
mod sdes;

use crate::places::Shown;
use crate::random::Random;
use asking::{Asking, Rules, Way};
use call::{Handshake, Keys, MasterKey, Security, Why};
use config::Encryption;
use sdp::{LineKeys, Media, Session, Transport};

pub(crate) use asking::Experience;

/// The keys of all lines of one leg.
#[derive(Debug, Default)]
pub(super) struct Secrecy {
    policy: Encryption,
    asking: Asking,
    /// What the box shows of itself, if it can shake hands.
    shown: Option<Shown>,
    lines: Vec<Line>,
}

#[derive(Debug, Default)]
struct Line {
    /// Ours, as they stand in the offer that is out; none when it was we who answered.
    offered: Vec<sdes::Own>,
    /// A handshake stands in the offer that is out.
    invited: bool,
    agreed: Option<Agreed>,
    /// Something was agreed on, keys or none.
    is_settled: bool,
    /// The handshakes of this line so far.
    association: u32,
}

/// Where the keys of a line come from, and what the line is called.
#[derive(Debug, Clone)]
struct Agreed {
    by: By,
    mark: Mark,
}

#[derive(Debug, Clone)]
enum By {
    Sdes(sdes::Pair),
    Dtls(dtls::Agreement),
}

/// What a line of speech is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// `RTP/AVP`, with keys beside it.
    Plain,
    /// `RTP/SAVP`
    Secure,
    /// `UDP/TLS/RTP/SAVP`, or with an F behind it (RFC 5764 §8).
    Dtls { feedback: bool },
}

/// What the box takes of an offered line.
enum Choice {
    Clear,
    Sdes(sdes::Own),
    Dtls(dtls::Said),
}

/// Whether what a phone offers are keys by a handshake and in no other way; nothing where it offers none.
pub(super) fn shakes_hands(offer: &Session) -> Option<bool> {
    let mut ways = offer.media().filter(Media::takes_keys).filter_map(|media| {
        let sdes = media.cryptos().next().is_some();
        (sdes || media.dtls().is_some()).then_some(!sdes)
    });
    let first = ways.next()?;
    Some(first && ways.all(|alone| alone))
}

impl Secrecy {
    pub(super) fn new(policy: Encryption, shown: Option<Shown>) -> Self {
        Self { policy, asking: Asking::default(), shown, lines: Vec::new() }
    }

    /// Whether a line that the peer offers can be taken; if not, why.
    pub(super) fn check(&self, offered: &Media<'_>) -> Result<(), Why> {
        self.choose(offered).map(|_| ())
    }

    /// It is known how the peer wants to be asked for keys.
    pub(super) fn knows(&mut self, experience: Option<Experience>) {
        self.asking = Asking::begin(self.rules(), experience);
    }

    /// The peer refused our first offer. Whether there is another way to ask for keys, which is taken
    /// from now on: whoever encrypts may do so, however it wants to be asked.
    pub(super) fn ask_otherwise(&mut self, rang: bool) -> bool {
        // Who has said before what it takes refuses for another reason.
        if !self.asks() || self.lines.iter().any(|line| line.is_settled) {
            return false;
        }
        self.asking.refused(self.rules(), rang)
    }

    /// The peer took our first offer.
    pub(super) fn was_taken(&mut self) {
        if self.asks() {
            self.asking.took();
        }
    }

    /// How the peer wants to be asked for keys, as far as that is known.
    pub(super) fn experience(&self) -> Option<Experience> {
        self.asking.experience(self.rules())
    }

    fn rules(&self) -> Rules {
        let (policy, shakes_hands) = (self.policy, self.shown.is_some());
        Rules { policy, by_dtls: policy.by_dtls() && shakes_hands, shakes_hands }
    }

    /// Whether keys stand in the offer that is out.
    fn asks(&self) -> bool {
        self.lines.iter().any(|line| line.invited || !line.offered.is_empty())
    }

    /// What an offer of ours says of keys, line by line: those that are agreed on, or new ones.
    pub(super) fn offer(&mut self, ours: &Session, random: &mut Random) -> Vec<LineKeys> {
        let (policy, shown) = (self.policy, self.shown);
        let by_dtls = self.rules().by_dtls != (self.asking.way == Way::Otherwise);
        let alone = policy.is_required() || self.asking.way != Way::First;
        let mut of_line = |(line, media): (&mut Line, Media<'_>)| {
            line.offered.clear();
            line.invited = false;
            if !media.takes_keys() {
                return LineKeys::default();
            }
            let wanted = policy != Encryption::Off && (policy.is_required() || !line.is_settled);
            let mark = match &line.agreed {
                Some(Agreed { by: By::Sdes(pair), mark }) => {
                    line.offered = vec![pair.own.clone()];
                    *mark
                }
                Some(Agreed { by: By::Dtls(_), mark }) => {
                    line.invited = true;
                    *mark
                }
                // Who took none is not asked again.
                None if !wanted => Mark::Plain,
                None if by_dtls => {
                    line.invited = true;
                    line.association = line.association.wrapping_add(1);
                    if alone { Mark::Dtls { feedback: false } } else { Mark::Plain }
                }
                None if alone => {
                    line.offered = sdes::fresh(&sdes::ALONE, random);
                    Mark::Secure
                }
                None => {
                    line.offered = sdes::fresh(&sdes::BESIDE, random);
                    Mark::Plain
                }
            };
            let mut attributes: Vec<_> = line.offered.iter().map(sdes::Own::attribute).collect();
            if line.invited {
                attributes.extend(dtls::attributes(shown, sdp::Setup::Actpass));
            }
            LineKeys { transport: mark.of(media.transport()), attributes }
        };
        self.lines(ours).zip(ours.media()).map(&mut of_line).collect()
    }

    /// What an offer says of keys that leads the peer past the box: those under which the phone there
    /// sends, line by line, as `theirs` has them.
    pub(super) fn pass_on(
        &mut self,
        ours: &Session,
        theirs: &[Option<MasterKey>],
    ) -> Vec<LineKeys> {
        let of_line = |((line, media), key): ((&mut Line, Media<'_>), &Option<MasterKey>)| {
            line.invited = false;
            line.offered = key.iter().cloned().map(sdes::Own::passed_on).collect();
            let mark = match &line.agreed {
                Some(agreed) if key.is_some() => agreed.mark,
                Some(_) | None => Mark::Plain,
            };
            let attributes = line.offered.iter().map(sdes::Own::attribute).collect();
            LineKeys { transport: mark.of(media.transport()), attributes }
        };
        self.lines(ours).zip(ours.media()).zip(theirs).map(of_line).collect()
    }

    /// The peer is told to send to the box again, which has keys of its own for that.
    pub(super) fn come_back(&mut self, random: &mut Random) {
        for line in &mut self.lines {
            if let Some(Agreed { by: By::Sdes(pair), .. }) = &mut line.agreed {
                pair.come_back(random);
            }
        }
    }

    /// What our answer says of keys: for each line the first of the offer that the box can take.
    /// `reachable`: whether a line's address is one that the box can begin to speak to.
    pub(super) fn answer(
        &mut self,
        ours: &Session,
        offer: &Session,
        reachable: impl Fn(&Media<'_>) -> bool,
        random: &mut Random,
    ) -> Vec<LineKeys> {
        let choices: Vec<_> = offer.media().map(|media| self.choose(&media)).collect();
        let shown = self.shown;
        let mut of_line = |(line, (ours, (offered, choice))): (&mut Line, (Media<'_>, _))| {
            let (offered, choice): (Media<'_>, Result<Choice, Why>) = (offered, choice);
            line.offered.clear();
            line.invited = false;
            if !ours.takes_keys() || !offered.takes_keys() {
                return LineKeys::default();
            }
            line.is_settled = true;
            let mark = Mark::on(offered.transport());
            let (by, attributes) = match choice {
                Ok(Choice::Sdes(theirs)) => {
                    let pair = sdes::answered(line.pair(), theirs, random);
                    let attributes = vec![pair.own.attribute()];
                    (By::Sdes(pair), attributes)
                }
                Ok(Choice::Dtls(said)) => {
                    let agreement =
                        line.shake(said.answered(line.agreement(), reachable(&offered)));
                    let attributes = dtls::attributes(shown, agreement.setup());
                    (By::Dtls(agreement), attributes)
                }
                Ok(Choice::Clear) | Err(_) => {
                    line.agreed = None;
                    return LineKeys::default();
                }
            };
            line.agreed = Some(Agreed { by, mark });
            LineKeys { transport: mark.of(offered.transport()), attributes }
        };
        let offered = offer.media().zip(choices);
        self.lines(ours).zip(ours.media().zip(offered)).map(&mut of_line).collect()
    }

    /// The peer said something: if we had offered keys, this is what came of it.
    pub(super) fn heard(&mut self, theirs: &Session) -> Result<(), Why> {
        let policy = self.policy;
        for (media, line) in theirs.media().zip(&mut self.lines) {
            if !media.is_active() || (line.offered.is_empty() && !line.invited) {
                continue;
            }
            line.is_settled = true;
            let mark = Mark::on(media.transport());
            let said = if line.invited { dtls::Said::of(&media) } else { None };
            let by = match said {
                Some(said) => {
                    let answer = said.accepted(line.agreement());
                    Some(By::Dtls(line.shake(answer)))
                }
                None if mark.is_dtls() => return Err(Why::NoCommonCipher),
                // Some phones name a key whether or not they were asked; without ours it opens nothing.
                None if line.invited && mark == Mark::Plain => None,
                None if line.invited => return Err(Why::NoCommonCipher),
                None => sdes::accept(&line.offered, &media)?.map(By::Sdes),
            };
            line.agreed = by.map(|by| Agreed { by, mark });
            if line.agreed.is_none() && policy.is_required() {
                return Err(Why::EncryptionRequired);
            }
        }
        Ok(())
    }

    /// What a line is protected with; nothing where it is not, or by keys that are yet to come.
    pub(super) fn keys(&self, index: usize) -> Option<Keys> {
        self.lines.get(index)?.pair().map(sdes::Pair::keys)
    }

    /// Under which key the peer sends on a line, where the description says it.
    pub(super) fn theirs(&self, index: usize) -> Option<&MasterKey> {
        self.lines.get(index)?.pair().map(|pair| &pair.theirs)
    }

    /// Whether the same rules hold for both.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.policy == other.policy
    }

    /// How the keys of a line come to be, where a handshake gives them.
    pub(super) fn handshake(&self, index: usize) -> Option<Handshake> {
        self.lines.get(index)?.agreement().map(|agreement| agreement.handshake.clone())
    }

    /// The handshake that the peer may begin before its answer is here.
    pub(super) fn expected(&self, index: usize) -> Option<Handshake> {
        let line = self.lines.get(index).filter(|line| line.invited && line.agreed.is_none())?;
        let association = line.association;
        Some(Handshake { active: false, fingerprints: Vec::new(), association })
    }

    /// How a line is shown; nothing while a handshake has not shown it.
    pub(super) fn security(&self, index: usize) -> Option<Security> {
        match self.lines.get(index).and_then(|line| line.agreed.as_ref()) {
            Some(Agreed { by: By::Sdes(pair), .. }) => {
                Some(Security::Sdes { suite: pair.theirs.suite() })
            }
            Some(Agreed { by: By::Dtls(_), .. }) => None,
            None => Some(Security::None),
        }
    }

    /// Whether the peer is asked for nothing but encrypted sound.
    pub(super) fn is_required(&self) -> bool {
        self.policy.is_required()
    }

    /// What the box takes of a line that the peer offers; if nothing, why.
    fn choose(&self, offered: &Media<'_>) -> Result<Choice, Why> {
        if !offered.takes_keys() {
            return Ok(Choice::Clear);
        }
        let mark = Mark::on(offered.transport());
        if self.policy == Encryption::Off {
            return if mark == Mark::Plain { Ok(Choice::Clear) } else { Err(Why::EncryptionOff) };
        }
        let sdes = || sdes::choose(offered).filter(|_| !mark.is_dtls()).map(Choice::Sdes);
        let said = || self.shown.and_then(|_| dtls::Said::of(offered)).map(Choice::Dtls);
        let choice = match self.policy.by_dtls() {
            true => said().or_else(sdes),
            false => sdes().or_else(said),
        };
        match choice {
            Some(choice) => Ok(choice),
            None if mark != Mark::Plain => Err(Why::NoCommonCipher),
            None if self.policy.is_required() => Err(Why::EncryptionRequired),
            None => Ok(Choice::Clear),
        }
    }

    /// The lines of a description, as many as it has.
    fn lines(&mut self, session: &Session) -> impl Iterator<Item = &mut Line> + use<'_> {
        let count = session.media().len();
        if self.lines.len() < count {
            self.lines.resize_with(count, Line::default);
        }
        self.lines.iter_mut()
    }
}

impl Line {
    fn pair(&self) -> Option<&sdes::Pair> {
        match &self.agreed.as_ref()?.by {
            By::Sdes(pair) => Some(pair),
            By::Dtls(_) => None,
        }
    }

    fn agreement(&self) -> Option<&dtls::Agreement> {
        match &self.agreed.as_ref()?.by {
            By::Dtls(agreement) => Some(agreement),
            By::Sdes(_) => None,
        }
    }

    /// Goes on with the handshake that there was, or counts one more.
    fn shake(&mut self, agreement: dtls::Agreement) -> dtls::Agreement {
        match self.agreement() {
            Some(before) if before.is(&agreement) => return before.clone(),
            Some(_) => self.association = self.association.wrapping_add(1),
            None => {}
        }
        agreement.numbered(self.association)
    }
}

impl Mark {
    fn on(transport: Transport) -> Self {
        match (transport.is_dtls(), transport.is_secure()) {
            (true, _) => Self::Dtls { feedback: transport == Transport::DtlsSavpf },
            (false, true) => Self::Secure,
            (false, false) => Self::Plain,
        }
    }

    fn is_dtls(self) -> bool {
        matches!(self, Self::Dtls { .. })
    }

    /// The transport of a line that bears this mark; nothing where that says all of it.
    fn of(self, transport: Transport) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Secure => transport.encrypted(),
            Self::Dtls { feedback: false } => Some("UDP/TLS/RTP/SAVP"),
            Self::Dtls { feedback: true } => Some("UDP/TLS/RTP/SAVPF"),
        }
    }
}
