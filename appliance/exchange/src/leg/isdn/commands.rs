//! What a line is told: to let ring, to answer, to end.

use super::{Stage, parties};
use crate::leg::sip::{Desk, Legs, State};
use call::{End, LegCommand, LegEvent, LegId, Tone, Voice};
use config::IsdnSide;
use tdm::q931::call::Request;
use tdm::q931::element::{CauseValue, Element, Location, Progress};

impl Legs {
    /// What `pbx` wants of a leg on a line; the command again where it is as with every leg.
    pub(in crate::leg) fn command_line(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        command: LegCommand,
    ) -> Option<LegCommand> {
        let Some(State::Line(line)) = self.legs.get(&id).map(|leg| &leg.state) else {
            return Some(command);
        };
        let (stage, side) = (line.stage, line.side);
        match command {
            LegCommand::Ring if stage == Stage::Offered => self.ring_line(desk, id, side),
            LegCommand::Progress { media } if stage == Stage::Offered => {
                let progress = in_band(side);
                self.ask(desk, id, Request::Progress { progress, with: Vec::new() });
                self.bridge(desk.frame, id, media);
            }
            LegCommand::Answer { media } if stage == Stage::Offered => {
                self.note_who_answered(id, media);
                let with = self.connected(desk, id, media);
                self.answer_line(desk, id, with);
                self.bridge(desk.frame, id, media);
            }
            LegCommand::Serve(voice) => {
                if let Some(leg) = self.legs.get_mut(&id) {
                    leg.partner = None;
                    leg.media.unbridge(desk.frame);
                    leg.media.say(desk.frame, Some(voice));
                }
                if stage == Stage::Offered {
                    self.answer_line(desk, id, Vec::new());
                }
                if let Voice::Upload { sound, .. } = voice
                    && desk.frame.sounds.is_lost(sound)
                {
                    self.tell(id, LegEvent::Missing);
                }
            }
            LegCommand::Rejoin { media, both } => {
                self.bridge(desk.frame, id, media);
                if both {
                    self.rejoin(desk, media, id, false);
                }
            }
            LegCommand::End(end) => self.end_line(desk, id, &end),
            LegCommand::Ring
            | LegCommand::Progress { .. }
            | LegCommand::Answer { .. }
            | LegCommand::TransferProgress(_)
            | LegCommand::Dial { .. } => {}
            command @ (LegCommand::Moderate { .. }
            | LegCommand::Hear(_)
            | LegCommand::UserSays(_)
            | LegCommand::Listen { .. }
            | LegCommand::Key(_)) => return Some(command),
        }
        None
    }

    /// It rings. The network lets its user hear that; who calls from the network hears it from there.
    fn ring_line(&mut self, desk: &mut Desk<'_>, id: LegId, side: IsdnSide) {
        let network = side == IsdnSide::Network;
        let mut with = self.said(id);
        with.extend(network.then(|| Element::Progress(in_band(side))));
        self.ask(desk, id, Request::Alert(with));
        if network && let Some(leg) = self.legs.get_mut(&id) {
            leg.media.say(desk.frame, Some(Voice::Tone(Tone::Ringback)));
        }
    }

    fn answer_line(&mut self, desk: &mut Desk<'_>, id: LegId, mut with: Vec<Element>) {
        with.extend(self.said(id));
        self.ask(desk, id, Request::Answer(with));
        self.stand(id, Stage::Up { is_caller: true });
    }

    fn end_line(&mut self, desk: &mut Desk<'_>, id: LegId, end: &End) {
        let cause = CauseValue::new(end.cause.0);
        self.stand(id, Stage::Ending);
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.media.close(desk.frame);
        }
        let with = self.said(id);
        self.ask(desk, id, Request::Disconnect { cause, tones: false, with });
    }

    /// What the other user says to that of the line, once.
    fn said(&mut self, id: LegId) -> Vec<Element> {
        let data = self.legs.get_mut(&id).and_then(|leg| leg.along.user.take());
        data.as_ref().map(parties::user_element).into_iter().collect()
    }
}

/// There is something to hear, as this side says it.
fn in_band(side: IsdnSide) -> Progress {
    let location = match side {
        IsdnSide::User => Location::USER,
        IsdnSide::Network => Location::PUBLIC_LOCAL,
    };
    Progress::new(location, Progress::IN_BAND)
}
