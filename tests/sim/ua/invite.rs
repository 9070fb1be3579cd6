//! Calling and being called (RFC 3261 §13, §9; RFC 3262).

use super::media::number_at;
use super::{Called, Out, Phase, Plan, Purpose, Talk, Ua};
use crate::text::{Sip, param, uri_of};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

impl Ua {
    /// Calls somebody; the number of the call among its calls.
    pub fn dial(&mut self, number: &str, now: Instant) -> usize {
        let uri = number_at(number, &self.domain);
        self.dial_uri(&uri, &uri, now)
    }

    /// Calls a URI under another name in To.
    pub fn dial_uri(&mut self, uri: &str, to: &str, now: Instant) -> usize {
        let call = self.calls.len();
        let rtp = self.next_port();
        self.calls.push(Talk::new(true, rtp, ssrc(&self.name, call)));
        let mut invite = self.begin("INVITE", uri, to).with("Contact", self.contact());
        invite = self.abilities(invite);
        for (name, value) in self.habits.headers.clone() {
            match invite.headers.iter_mut().find(|(known, _)| known == name) {
                Some((_, old)) => *old = value,
                None => invite = invite.with(name, value),
            }
        }
        if !self.habits.late_offer
            && let Some(sdp) = self.describe(call, None)
        {
            invite = invite.carrying("application/sdp", sdp);
        }
        let talk = &mut self.calls[call];
        talk.call_id = invite.value("Call-ID").to_owned();
        talk.local = invite.value("From").to_owned();
        talk.local_tag = invite.tag("From").to_owned();
        talk.remote = invite.value("To").to_owned();
        talk.target = uri.to_owned();
        talk.placed = Some(invite.clone());
        let to = self.proxy;
        self.ask(invite, to, Purpose::Invite(call), now);
        call
    }

    pub(super) fn abilities(&self, message: Sip) -> Sip {
        let mut supported = vec!["replaces"];
        if self.habits.reliable || self.habits.insists_on_reliable {
            supported.push("100rel");
        }
        let mut message = message;
        if let Some((interval, _)) = self.habits.timer {
            supported.push("timer");
            message = message.with("Session-Expires", format!("{interval};refresher=uac"));
        }
        if self.habits.insists_on_reliable && message.status().is_none() {
            message = message.with("Require", "100rel");
        }
        let update = if self.habits.updates { ", UPDATE" } else { "" };
        message.with("Supported", supported.join(", ")).with(
            "Allow",
            format!("INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, NOTIFY, REFER{update}"),
        )
    }

    /// A response to the INVITE that opens a call.
    pub(super) fn invite_answered(&mut self, call: usize, response: &Sip, now: Instant) {
        let status = response.status().unwrap_or(0);
        let is_up = self.calls[call].phase == Phase::Up;
        if (200..300).contains(&status) && is_up {
            if response.tag("To") == self.calls[call].remote_tag
                && let Some((_, to, text)) = self.calls[call].ack.clone()
            {
                self.out.push(Out::Sip { to, text });
            }
            return;
        }
        if matches!(status, 401 | 407) && !self.calls[call].tried {
            return self.dial_again(call, response, now);
        }
        let talk = &mut self.calls[call];
        talk.statuses.push(status);
        match status {
            ..=100 => {}
            101..=199 => {
                if talk.phase == Phase::Calling {
                    talk.phase = Phase::Ringing;
                }
                self.provisional(call, response, now);
            }
            200..=299 => self.called_answered(call, response, now),
            _ => {
                talk.reason = response.header("Reason").map(str::to_owned);
                talk.phase = Phase::Over;
            }
        }
    }

    fn dial_again(&mut self, call: usize, response: &Sip, now: Instant) {
        let Some(mut invite) = self.calls[call].placed.clone() else { return };
        let uri = invite.uri().to_owned();
        let Some(value) = self.credentials(response, "INVITE", &uri) else { return };
        let name = match response.status() {
            Some(407) => "Proxy-Authorization",
            _ => "Authorization",
        };
        invite = invite.with(name, value);
        let number = invite.cseq().0 + 1;
        let via = self.via();
        for (name, value) in &mut invite.headers {
            match name.as_str() {
                "Via" => *value = via.clone(),
                "CSeq" => *value = format!("{number} INVITE"),
                _ => {}
            }
        }
        let talk = &mut self.calls[call];
        talk.cseq = number;
        talk.tried = true;
        talk.placed = Some(invite.clone());
        let to = self.proxy;
        self.ask(invite, to, Purpose::Invite(call), now);
    }

    fn provisional(&mut self, call: usize, response: &Sip, now: Instant) {
        let talk = &mut self.calls[call];
        talk.remote_tag = response.tag("To").to_owned();
        talk.remote = response.value("To").to_owned();
        if let Some(contact) = response.header("Contact") {
            talk.target = uri_of(contact).to_owned();
        }
        let first = talk.peer_sdp.is_empty() && !response.body.is_empty();
        if response.lists("Require", "100rel") {
            let rseq = response.value("RSeq").parse().unwrap_or(0);
            let cseq = talk.placed.as_ref().map_or(1, |placed| placed.cseq().0);
            if talk.rseq_seen != Some(rseq) && self.habits.prack {
                talk.rseq_seen = Some(rseq);
                let mut prack = self.in_call(call, "PRACK");
                prack = prack.with("RAck", format!("{rseq} {cseq} INVITE"));
                self.send_in_call(call, prack, Purpose::Other, now);
            }
        }
        if first {
            self.hear_answer(call, &response.body);
        }
    }

    fn called_answered(&mut self, call: usize, response: &Sip, now: Instant) {
        let talk = &mut self.calls[call];
        talk.phase = Phase::Up;
        talk.remote_tag = response.tag("To").to_owned();
        talk.remote = response.value("To").to_owned();
        talk.target = uri_of(response.value("Contact")).to_owned();
        talk.routes = response.all("Record-Route").into_iter().rev().map(str::to_owned).collect();
        talk.peer_updates = response.all("Allow").concat().contains("UPDATE");
        let cseq = response.cseq().0;
        let offered = talk.placed.as_ref().is_some_and(|placed| !placed.body.is_empty());
        let mut answer = None;
        if !response.body.is_empty() {
            match offered {
                true => self.hear_answer(call, &response.body),
                false => self.hear_of(call, &response.body),
            }
            if !offered {
                answer = self.describe(call, Some(&response.body));
            }
        } else if self.calls[call].peer_sdp.is_empty() {
            self.complaints.push("a 200 without any description".to_owned());
        }
        self.agree(call, response, now);
        self.acknowledge(call, cseq, answer);
    }

    /// The ACK of a 2xx; it is kept for when the 2xx is repeated.
    pub(super) fn acknowledge(&mut self, call: usize, cseq: u32, answer: Option<String>) {
        if !self.habits.ack {
            return;
        }
        let mut ack = self.in_call(call, "ACK");
        if let Some((_, value)) = ack.headers.iter_mut().find(|(name, _)| name == "CSeq") {
            *value = format!("{cseq} ACK");
        }
        self.calls[call].cseq -= 1;
        if let Some(answer) = answer {
            ack = ack.carrying("application/sdp", answer);
        }
        let to = self.hop(&self.calls[call]);
        let text = ack.write();
        self.calls[call].ack = Some((cseq.to_string(), to, text.clone()));
        self.out.push(Out::Sip { to, text });
    }

    /// Gives up a call that nobody answered.
    pub fn cancel(&mut self, call: usize, now: Instant) {
        let Some(invite) = self.calls[call].placed.clone() else { return };
        let cancel = Sip::new(invite.start.replacen("INVITE", "CANCEL", 1))
            .with("Via", invite.value("Via"))
            .with("Max-Forwards", 70)
            .with("From", invite.value("From"))
            .with("To", invite.value("To"))
            .with("Call-ID", invite.value("Call-ID"))
            .with("CSeq", format!("{} CANCEL", invite.cseq().0));
        let cancel = self.gives_reason(cancel);
        let to = self.proxy;
        self.ask(cancel, to, Purpose::Other, now);
    }

    /// Somebody calls.
    pub(super) fn called(&mut self, invite: &Sip, now: Instant) {
        let call = self.calls.len();
        let rtp = self.next_port();
        let mut talk = Talk::new(false, rtp, ssrc(&self.name, call));
        talk.call_id = invite.value("Call-ID").to_owned();
        talk.local_tag = self.token();
        talk.remote_tag = invite.tag("From").to_owned();
        talk.local = format!("{};tag={}", invite.value("To"), talk.local_tag);
        talk.remote = invite.value("From").to_owned();
        talk.target = uri_of(invite.value("Contact")).to_owned();
        talk.routes = invite.all("Record-Route").into_iter().map(str::to_owned).collect();
        talk.remote_cseq = invite.cseq().0;
        talk.peer_updates = invite.all("Allow").concat().contains("UPDATE");
        talk.invite = Some(invite.clone());
        self.calls.push(talk);
        if !invite.body.is_empty() {
            self.hear_of(call, &invite.body);
        }
        match self.habits.called.clone() {
            Called::Waits => {}
            Called::Tries => self.says(call, 100, false, now),
            Called::Rings => self.says(call, 180, false, now),
            Called::Announces => self.says(call, 183, true, now),
            Called::Refuses(status) => self.refuse(call, status, now),
            Called::Answers(after) => {
                self.says(call, 180, false, now);
                self.plans.push((now + after, Plan::Answer(call)));
            }
        }
    }

    /// Answers an INVITE provisionally, with or without a description.
    pub fn says(&mut self, call: usize, status: u16, sdp: bool, now: Instant) {
        let Some(invite) = self.calls[call].invite.clone() else { return };
        let tag = self.calls[call].local_tag.clone();
        let mut response = self.reply(&invite, status, Some(&tag));
        if status > 100 {
            response = response.with("Contact", self.contact());
        }
        let reliable = invite.lists("Supported", "100rel") || invite.lists("Require", "100rel");
        if status > 100 && self.habits.reliable && reliable {
            self.calls[call].rseq += 1;
            let rseq = self.calls[call].rseq;
            response = response.with("Require", "100rel").with("RSeq", rseq);
        }
        if sdp && let Some(sdp) = self.describe(call, Some(&invite.body)) {
            response = response.carrying("application/sdp", sdp);
        }
        self.respond(&response, now);
    }

    /// Refuses a call.
    pub fn refuse(&mut self, call: usize, status: u16, now: Instant) {
        let Some(invite) = self.calls[call].invite.clone() else { return };
        let tag = self.calls[call].local_tag.clone();
        let mut response = self.reply(&invite, status, Some(&tag));
        if (300..400).contains(&status)
            && let Some(contact) = &self.habits.contact
        {
            response = response.with("Contact", contact);
        }
        let response = self.gives_reason(response);
        self.respond(&response, now);
        self.calls[call].phase = Phase::Over;
    }

    pub(super) fn gives_reason(&self, message: Sip) -> Sip {
        match self.habits.reason {
            Some(reason) => message.with("Reason", reason),
            None => message,
        }
    }

    /// Answers a call.
    pub fn answer(&mut self, call: usize, now: Instant) {
        if self.calls[call].phase != Phase::Ringing {
            return;
        }
        let Some(invite) = self.calls[call].invite.clone() else { return };
        let offer = Some(invite.body.as_str()).filter(|body| !body.is_empty());
        let Some(sdp) = self.describe(call, offer) else {
            return self.refuse(call, 488, now);
        };
        let tag = self.calls[call].local_tag.clone();
        let mut response = self.reply(&invite, 200, Some(&tag)).with("Contact", self.contact());
        response = self.allows(response);
        response = self.terms(call, &invite, response, now);
        response = self.lets_user_say(response.carrying("application/sdp", sdp));
        let talk = &mut self.calls[call];
        talk.phase = Phase::Up;
        talk.answer_due = offer.is_none();
        self.respond(&response, now);
    }

    pub(super) fn lets_user_say(&self, message: Sip) -> Sip {
        match self.habits.user_says {
            Some(data) => message.with("User-to-User", data),
            None => message,
        }
    }

    /// A proxy in front of several phones passes on what one more of them says.
    pub fn forks(&mut self, call: usize, status: u16, tag: &str, now: Instant) {
        let Some(invite) = self.calls[call].invite.clone() else { return };
        let mut response = self.reply(&invite, status, Some(tag)).with("Contact", self.contact());
        if status >= 183
            && let Some(sdp) = self.describe(call, Some(&invite.body))
        {
            response = response.carrying("application/sdp", sdp);
        }
        let to = self.source_of(&invite);
        self.out.push(Out::Sip { to, text: response.write() });
        if status == 200 && self.calls[call].phase == Phase::Ringing {
            self.calls[call].phase = Phase::Up;
            self.calls[call].local_tag = tag.to_owned();
            self.calls[call].local = response.value("To").to_owned();
        }
        let _ = now;
    }

    fn source_of(&self, invite: &Sip) -> SocketAddr {
        let known = self.servers.iter().find(|server| server.branch == invite.branch());
        known.map_or(self.proxy, super::Server::source)
    }

    /// The caller gave up.
    pub(super) fn cancelled(&mut self, cancel: &Sip, now: Instant) {
        let found = self.calls.iter().position(|talk| {
            let invite = talk.invite.as_ref();
            invite.is_some_and(|invite| invite.branch() == cancel.branch())
        });
        let status = if found.is_some() { 200 } else { 481 };
        let response = self.reply(cancel, status, None);
        self.respond(&response, now);
        let Some(call) = found.filter(|call| self.calls[*call].phase == Phase::Ringing) else {
            return;
        };
        self.calls[call].reason = cancel.header("Reason").map(str::to_owned);
        self.refuse(call, 487, now);
    }

    /// Our request of a call was never answered.
    pub(super) fn unanswered(&mut self, request: &Sip, purpose: Purpose, _now: Instant) {
        match purpose {
            Purpose::Invite(call) => {
                self.calls[call].statuses.push(408);
                self.calls[call].phase = Phase::Over;
            }
            Purpose::Register => self.registration.status = Some(408),
            Purpose::Bye(_) => self.complaints.push(format!("{}: no answer", request.start)),
            Purpose::Offer(call) | Purpose::Refresh(call) => {
                self.calls[call].offering = false;
                self.calls[call].offers.push(408);
            }
            Purpose::Refer(_) | Purpose::Message | Purpose::Other => {}
        }
    }

    /// Session timers of a 2xx to our INVITE (RFC 4028 §7.2).
    pub(super) fn agree(&mut self, call: usize, response: &Sip, now: Instant) {
        let Some(value) = response.header("Session-Expires") else { return };
        let interval: u32 = value.split(';').next().unwrap_or("0").parse().unwrap_or(0);
        let ours =
            param(&format!("<>{}", &value[value.find(';').unwrap_or(value.len())..]), "refresher")
                == Some("uac");
        self.calls[call].interval = Some(interval);
        if ours && self.habits.timer.is_some_and(|(_, does)| does) {
            self.refresh_in(call, interval, now);
        }
    }

    pub(super) fn refresh_in(&mut self, call: usize, interval: u32, now: Instant) {
        self.plans.retain(|(_, plan)| *plan != Plan::Refresh(call));
        let half = Duration::from_secs(u64::from(interval) / 2);
        self.plans.push((now + half, Plan::Refresh(call)));
    }
}

/// Each call of each phone has its own.
fn ssrc(name: &str, call: usize) -> u32 {
    let seed = name.bytes().fold(7u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    seed.wrapping_mul(1000).wrapping_add(u32::try_from(call).unwrap_or(0))
}
