//! What happens in a call that is up, and everything outside of calls (RFC 3261 §12.2, §14, §15).

use super::{Out, Phase, Plan, Purpose, Ua};
use crate::text::{Sip, uri_of};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

impl Ua {
    /// A request came in.
    pub(super) fn request(&mut self, request: Sip, from: SocketAddr, now: Instant) {
        if request.method() == "ACK" {
            return self.acknowledged(&request);
        }
        if !self.is_new(&request, from, now) {
            return;
        }
        let challenge =
            self.habits.challenges.iter().find(|(method, _)| *method == request.method());
        if let Some((_, status)) = challenge.copied()
            && !self.proves(&request, status, now)
        {
            return;
        }
        match (request.method(), request.tag("To").is_empty()) {
            ("INVITE", true) => self.called(&request, now),
            ("CANCEL", _) => self.cancelled(&request, now),
            ("REGISTER", _) => self.registers_here(&request, now),
            (_, false) => match self.call_of(&request) {
                Some(call) => self.in_dialog(call, &request, now),
                None => {
                    let response = self.reply(&request, 481, None);
                    self.respond(&response, now);
                }
            },
            _ => {
                let response = self.reply(&request, 200, None);
                self.respond(&response, now);
            }
        }
    }

    fn call_of(&self, request: &Sip) -> Option<usize> {
        self.calls.iter().position(|talk| {
            talk.call_id == request.value("Call-ID")
                && talk.local_tag == request.tag("To")
                && talk.remote_tag == request.tag("From")
                && talk.phase != Phase::Over
        })
    }

    fn in_dialog(&mut self, call: usize, request: &Sip, now: Instant) {
        let number = request.cseq().0;
        if number == self.calls[call].remote_cseq {
            self.complaints.push(format!("{}: CSeq stands still", request.start));
        }
        if number < self.calls[call].remote_cseq {
            // It was overtaken on the way (RFC 3261 §12.2.2).
            let response = self.reply(request, 500, None);
            return self.respond(&response, now);
        }
        if uri_of(&self.contact()) != request.uri() {
            self.complaints.push(format!("{}: not our Contact", request.start));
        }
        let talk = &mut self.calls[call];
        talk.remote_cseq = number;
        match request.method() {
            "INVITE" | "UPDATE" => return self.peer_offers(call, request, now),
            "BYE" => {
                talk.phase = Phase::Over;
                talk.reason = request.header("Reason").map(str::to_owned);
                self.plans.retain(|(_, plan)| *plan != Plan::Refresh(call));
            }
            "NOTIFY" => talk.notified.push(request.body.trim().to_owned()),
            "INFO" => talk.infos.push(request.body.clone()),
            "PRACK" => {
                let cseq = talk.invite.as_ref().map_or(0, |invite| invite.cseq().0);
                let call_id = talk.call_id.clone();
                self.quiet(&call_id, cseq);
            }
            _ => {}
        }
        let response = self.reply(request, 200, None);
        self.respond(&response, now);
    }

    fn peer_offers(&mut self, call: usize, request: &Sip, now: Instant) {
        if self.calls[call].offering && !request.body.is_empty() {
            let response = self.reply(request, 491, None);
            return self.respond(&response, now);
        }
        if let Some(status) = self.habits.refuses_offers.filter(|_| !request.body.is_empty()) {
            let response = self.reply(request, status, None);
            return self.respond(&response, now);
        }
        if self.habits.thinks > Duration::ZERO && request.method() == "INVITE" {
            self.plans.push((now + self.habits.thinks, Plan::AnswerOffer(call, request.clone())));
            return;
        }
        self.answer_offer(call, request, now);
    }

    pub(super) fn answer_offer(&mut self, call: usize, request: &Sip, now: Instant) {
        let mut response = self.reply(request, 200, None).with("Contact", self.contact());
        response = self.allows(response);
        self.calls[call].target = uri_of(request.value("Contact")).to_owned();
        response = self.terms(call, request, response, now);
        let offer = Some(request.body.as_str()).filter(|body| !body.is_empty());
        if let Some(offer) = offer {
            self.hear_of(call, offer);
        }
        if (offer.is_some() || request.method() == "INVITE")
            && let Some(sdp) = self.describe(call, offer)
        {
            self.calls[call].answer_due = offer.is_none();
            response = response.carrying("application/sdp", sdp);
        }
        self.respond(&response, now);
    }

    /// Session timers of our 2xx: who called refreshes, unless he cannot (RFC 4028 §9).
    pub(super) fn terms(&mut self, call: usize, request: &Sip, response: Sip, now: Instant) -> Sip {
        let (Some(value), Some((_, does))) = (request.header("Session-Expires"), self.habits.timer)
        else {
            return response;
        };
        let interval = value.split(';').next().unwrap_or("1800").to_owned();
        let seconds = interval.parse().unwrap_or(1800);
        self.calls[call].interval = Some(seconds);
        let who = if value.contains("refresher=uas") { "uas" } else { "uac" };
        if who == "uas" && does {
            self.refresh_in(call, seconds, now);
        }
        response
            .with("Session-Expires", format!("{interval};refresher={who}"))
            .with("Require", "timer")
    }

    pub(super) fn allows(&self, response: Sip) -> Sip {
        let update = if self.habits.updates { ", UPDATE" } else { "" };
        response.with(
            "Allow",
            format!("INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, NOTIFY, REFER{update}"),
        )
    }

    fn acknowledged(&mut self, ack: &Sip) {
        let call_id = ack.value("Call-ID").to_owned();
        self.quiet(&call_id, ack.cseq().0);
        let Some(call) = self.call_of(ack) else { return };
        if std::mem::take(&mut self.calls[call].answer_due) {
            if ack.body.is_empty() {
                self.complaints.push("an ACK without the answer".to_owned());
            } else {
                self.hear_answer(call, &ack.body.clone());
            }
        }
    }

    /// A response came in.
    pub(super) fn response(&mut self, response: Sip, now: Instant) {
        let Some((request, purpose)) = self.answered(&response, now) else { return };
        let status = response.status().unwrap_or(0);
        match purpose {
            Purpose::Register if status >= 200 => self.registered(&response, now),
            Purpose::Invite(call) => self.invite_answered(call, &response, now),
            Purpose::Offer(call) | Purpose::Refresh(call) if status >= 200 => {
                self.offer_answered(call, &request, &response, now);
            }
            Purpose::Refer(call) if status >= 200 => self.calls[call].referred = Some(status),
            Purpose::Message if status == 401 && request.header("Authorization").is_none() => {
                self.message_again(request, &response, now);
            }
            Purpose::Register
            | Purpose::Bye(_)
            | Purpose::Offer(_)
            | Purpose::Refer(_)
            | Purpose::Refresh(_)
            | Purpose::Message
            | Purpose::Other => {}
        }
    }

    /// Begins a request in a call.
    pub(crate) fn in_call(&mut self, call: usize, method: &str) -> Sip {
        let via = self.via();
        let talk = &mut self.calls[call];
        talk.cseq += 1;
        let mut request = Sip::new(format!("{method} {} SIP/2.0", talk.target))
            .with("Via", via)
            .with("Max-Forwards", 70)
            .with("From", &talk.local)
            .with("To", &talk.remote)
            .with("Call-ID", &talk.call_id)
            .with("CSeq", format!("{} {method}", talk.cseq));
        for route in &talk.routes {
            request = request.with("Route", route);
        }
        request
    }

    pub(crate) fn send_in_call(
        &mut self,
        call: usize,
        request: Sip,
        purpose: Purpose,
        now: Instant,
    ) {
        let to = self.hop(&self.calls[call]);
        self.ask(request, to, purpose, now);
    }

    /// Hangs up a call that is up.
    pub fn hang_up(&mut self, call: usize, now: Instant) {
        let bye = self.in_call(call, "BYE");
        let bye = self.lets_user_say(self.gives_reason(bye));
        self.send_in_call(call, bye, Purpose::Bye(call), now);
        self.calls[call].phase = Phase::Over;
        self.plans.retain(|(_, plan)| *plan != Plan::Refresh(call));
    }

    /// Sends an offer for the direction that the call has now.
    pub fn offer(&mut self, call: usize, method: &str, now: Instant) {
        let mut request = self.in_call(call, method).with("Contact", self.contact());
        request = self.abilities(request);
        if let Some(sdp) = self.describe(call, None) {
            request = request.carrying("application/sdp", sdp);
        }
        self.calls[call].offering = true;
        self.send_in_call(call, request, Purpose::Offer(call), now);
    }

    /// A re-INVITE without an offer.
    pub fn ask_for_offer(&mut self, call: usize, now: Instant) {
        let mut request = self.in_call(call, "INVITE").with("Contact", self.contact());
        request = self.abilities(request);
        self.send_in_call(call, request, Purpose::Offer(call), now);
    }

    pub(super) fn refresh(&mut self, call: usize, now: Instant) {
        if self.calls[call].phase != Phase::Up {
            return;
        }
        let interval = self.calls[call].interval.unwrap_or(1800);
        let method =
            if self.habits.updates && self.calls[call].peer_updates { "UPDATE" } else { "INVITE" };
        let mut request = self.in_call(call, method).with("Contact", self.contact());
        request = request
            .with("Supported", "timer")
            .with("Session-Expires", format!("{interval};refresher=uac"));
        if method == "INVITE" {
            let version = self.calls[call].version.saturating_sub(1);
            self.calls[call].version = version;
            if let Some(sdp) = self.describe(call, None) {
                request = request.carrying("application/sdp", sdp);
            }
            self.calls[call].offering = true;
        }
        self.send_in_call(call, request, Purpose::Refresh(call), now);
    }

    fn offer_answered(&mut self, call: usize, request: &Sip, response: &Sip, now: Instant) {
        let status = response.status().unwrap_or(0);
        let is_invite = request.method() == "INVITE";
        if is_invite && status < 300 && !self.calls[call].offering && !request.body.is_empty() {
            if let Some((_, to, text)) = self.calls[call].ack.clone() {
                self.out.push(Out::Sip { to, text });
            }
            return;
        }
        self.calls[call].offering = false;
        self.calls[call].offers.push(status);
        if status == 491 {
            // RFC 3261 §14.1: the owner of the Call-ID waits longer.
            let spread = Duration::from_millis(u64::from(self.tokens % 190) * 10);
            let pause =
                if self.calls[call].caller { Duration::from_millis(2_100) } else { Duration::ZERO };
            let direction = self.calls[call].direction;
            self.plans.push((now + pause + spread, Plan::OfferAgain(call, direction)));
            return;
        }
        if !(200..300).contains(&status) {
            return;
        }
        self.calls[call].target = uri_of(response.value("Contact")).to_owned();
        let mut answer = None;
        if !response.body.is_empty() {
            match request.body.is_empty() {
                true => self.hear_of(call, &response.body),
                false => self.hear_answer(call, &response.body),
            }
            if request.body.is_empty() && is_invite {
                answer = self.describe(call, Some(&response.body));
            }
        }
        self.agree(call, response, now);
        if is_invite {
            self.acknowledge(call, response.cseq().0, answer);
        }
    }

    /// Asks that the other side be connected elsewhere; `other`: the call whose place it shall take.
    pub fn refer(&mut self, call: usize, number: &str, other: Option<usize>, now: Instant) {
        let at = super::media::number_at(number, &self.domain);
        let to = match other.map(|other| &self.calls[other]) {
            None => format!("<{at}>"),
            Some(other) => {
                let (id, ours, theirs) = (&other.call_id, &other.local_tag, &other.remote_tag);
                let id = id.replace('@', "%40");
                format!("<{at}?Replaces={id}%3Bto-tag%3D{theirs}%3Bfrom-tag%3D{ours}>")
            }
        };
        let request = self
            .in_call(call, "REFER")
            .with("Contact", self.contact())
            .with("Refer-To", to)
            .with("Referred-By", format!("<sip:{}@{}>", self.user, self.domain));
        self.send_in_call(call, request, Purpose::Refer(call), now);
    }

    /// Presses a key, by INFO.
    pub fn press(&mut self, call: usize, key: char, now: Instant) {
        let body = format!("Signal={key}\r\nDuration=100\r\n");
        let request = self.in_call(call, "INFO").carrying("application/dtmf-relay", body);
        self.send_in_call(call, request, Purpose::Other, now);
    }

    /// Asks for a whole picture, by INFO (RFC 5168).
    pub fn wants_picture(&mut self, call: usize, now: Instant) {
        let body = "<media_control><vc_primitive><to_encoder><picture_fast_update/>\
                    </to_encoder></vc_primitive></media_control>";
        let request = self.in_call(call, "INFO").carrying("application/media_control+xml", body);
        self.send_in_call(call, request, Purpose::Other, now);
    }

    /// Sends a request that was composed elsewhere.
    pub fn send_as_it_is(&mut self, request: Sip, now: Instant) {
        let to = self.proxy;
        self.ask(request, to, Purpose::Other, now);
    }

    /// Writes to the other side of a call.
    pub fn message_in_call(&mut self, call: usize, text: &str, now: Instant) {
        let request = self.in_call(call, "MESSAGE").carrying("text/plain", text);
        self.send_in_call(call, request, Purpose::Other, now);
    }

    /// Writes to somebody.
    pub fn message(&mut self, number: &str, text: &str, now: Instant) {
        let uri = super::media::number_at(number, &self.domain);
        let request = self.begin("MESSAGE", &uri, &uri).carrying("text/plain", text);
        let to = self.proxy;
        self.ask(request, to, Purpose::Message, now);
    }

    /// Sends a request of any kind outside of calls.
    pub fn send(&mut self, method: &str, number: &str, headers: &[(&str, &str)], now: Instant) {
        let uri = super::media::number_at(number, &self.domain);
        let mut request = self.begin(method, &uri, &uri).with("Contact", self.contact());
        for (name, value) in headers {
            request = request.with(name, value);
        }
        let to = self.proxy;
        self.ask(request, to, Purpose::Other, now);
    }

    fn message_again(&mut self, mut request: Sip, response: &Sip, now: Instant) {
        let uri = request.uri().to_owned();
        let Some(value) = self.credentials(response, "MESSAGE", &uri) else { return };
        let via = self.via();
        for (name, known) in &mut request.headers {
            match name.as_str() {
                "Via" => *known = via.clone(),
                "CSeq" => *known = "2 MESSAGE".to_owned(),
                _ => {}
            }
        }
        let to = self.proxy;
        self.ask(request.with("Authorization", value), to, Purpose::Message, now);
    }
}
