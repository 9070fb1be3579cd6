//! Trunks: registering at carriers, asking whether they are there, and knowing a carrier's calls when
//! they come (RFC 3261 §10.2, §11, RFC 3581).

mod line;
mod qualify;

use crate::frame::Frame;
use call::{TrunkState, TrunkStatus};
use config::{Config, Trunk, TrunkId, TrunkKind};
use line::Line;
use sip::Message;
use sip::alarm::Alarms;
use sip::resolve::{Answer, Question};
use sip::transaction::TransactionId;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// All trunks.
#[derive(Debug, Default)]
pub(crate) struct Trunks {
    lines: BTreeMap<TrunkId, Line>,
    /// When which trunk has something to do.
    alarms: Alarms<TrunkId>,
}

impl Trunks {
    /// How they do, in order of their ids.
    pub(crate) fn statuses(&self) -> impl Iterator<Item = &TrunkStatus> {
        self.lines.values().map(|line| &line.status)
    }

    /// Whether calls had better try others first.
    pub(crate) fn is_down(&self, id: TrunkId) -> bool {
        self.lines.get(&id).is_some_and(|line| line.status.state == TrunkState::Down)
    }

    /// Starts what is new, stops what is gone, and begins anew what was changed.
    pub(crate) fn reconfigure(&mut self, frame: &mut Frame, config: &Config, now: Instant) {
        let gone: Vec<_> = self
            .lines
            .iter()
            .filter(|(id, line)| config.trunks.get(*id).is_none_or(|trunk| **trunk != *line.trunk))
            .map(|(id, _)| *id)
            .collect();
        for id in gone {
            if let Some(mut line) = self.lines.remove(&id) {
                line.stop(frame, now);
            }
        }
        let by_sip = |(_, trunk): &(&TrunkId, &Arc<Trunk>)| trunk.kind != TrunkKind::Isdn;
        for (id, trunk) in config.trunks.iter().filter(by_sip) {
            if !self.lines.contains_key(id) {
                let mut line = Line::new(frame, trunk.clone(), now);
                line.start(frame, now);
                self.lines.insert(*id, line);
                self.set_alarm(*id);
            }
        }
    }

    /// Our address changed: carriers have to hear of it.
    pub(crate) fn renew(&mut self, frame: &mut Frame, now: Instant) {
        for (id, line) in &mut self.lines {
            line.follow_address(frame, now);
            self.alarms.set(*id, line.deadline(), &mut line.alarm);
        }
    }

    /// Takes all registrations back.
    pub(crate) fn stop(&mut self, frame: &mut Frame, now: Instant) {
        for (id, line) in &mut self.lines {
            line.stop(frame, now);
            self.alarms.set(*id, line.deadline(), &mut line.alarm);
        }
    }

    /// Whether no carrier is still being told that we leave.
    pub(crate) fn are_signed_off(&self) -> bool {
        !self.lines.values().any(Line::is_leaving)
    }

    /// The trunk that a request comes by: it names the token of our Contact, or comes from an address of
    /// the carrier.
    pub(crate) fn identify(&self, request: &Message<'_>, source: IpAddr) -> Option<&Arc<Trunk>> {
        let uri = request.request_uri().ok();
        let token = uri.as_ref().and_then(|uri| uri.param("line"));
        let source = source.to_canonical();
        let mut enabled = self.lines.values().filter(|line| line.trunk.enabled);
        let known = |line: &&Line| {
            line.addresses.contains(&source)
                || line.trunk.peers.iter().any(|peer| peer.contains(source))
        };
        let by_token = token.and_then(|token| enabled.clone().find(|line| line.token == token));
        let mut by_source = enabled.by_ref().filter(known);
        let found = by_token.or_else(|| {
            // Several accounts at one carrier: the one that is called.
            let user = uri.as_ref().and_then(|uri| uri.user());
            let first = by_source.next()?;
            let is_called = |line: &&Line| Some(line.trunk.username.as_str()) == user;
            Some(if is_called(&first) { first } else { by_source.find(is_called).unwrap_or(first) })
        });
        found.map(|line| &line.trunk)
    }

    /// A response to a request of a trunk.
    pub(crate) fn response(
        &mut self,
        frame: &mut Frame,
        id: TrunkId,
        transaction: TransactionId,
        response: &Message<'_>,
        now: Instant,
    ) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        if response.status().is_some_and(|status| status.is_final()) {
            line.answered(frame, transaction, response, now);
            self.set_alarm(id);
            self.renew(frame, now);
        }
    }

    /// A request of a trunk got no answer.
    pub(crate) fn failed(
        &mut self,
        frame: &mut Frame,
        id: TrunkId,
        transaction: TransactionId,
        status: u16,
        now: Instant,
    ) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        line.failed(frame, transaction, status, now);
        self.set_alarm(id);
    }

    /// The DNS answered.
    pub(crate) fn resolved(
        &mut self,
        frame: &mut Frame,
        question: &Question,
        answer: &Answer,
        now: Instant,
    ) {
        for (id, line) in &mut self.lines {
            line.resolved(frame, question, answer, now);
            self.alarms.set(*id, line.deadline(), &mut line.alarm);
        }
    }

    /// When the first has something to do; it may prove to be later.
    pub(crate) fn deadline(&mut self) -> Option<Instant> {
        self.alarms.first().map(|(at, _)| at)
    }

    pub(crate) fn timeout(&mut self, frame: &mut Frame, now: Instant) {
        while self.deadline().is_some_and(|at| at <= now) {
            let Some((_, id)) = self.alarms.pop() else { break };
            let Some(line) = self.lines.get_mut(&id) else { continue };
            line.alarm = None;
            if line.deadline().is_some_and(|at| at <= now) {
                line.timeout(frame, now);
            }
            self.set_alarm(id);
        }
    }

    fn set_alarm(&mut self, id: TrunkId) {
        if let Some(line) = self.lines.get_mut(&id) {
            self.alarms.set(id, line.deadline(), &mut line.alarm);
        }
    }
}
