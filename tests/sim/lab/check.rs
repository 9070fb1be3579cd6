//! What must be true at all times.

use super::{Lab, Recorded};
use crate::text::{Sip, param};
use crate::ua::Ua;
use call::{CallRecord, CallState};
use config::TrunkKind;
use exchange::{Exchange, Input};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// What belongs to one leg and must not be seen on another: branches, tags, Call-IDs.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    owner: HashMap<String, usize>,
}

impl Secrets {
    /// A user agent sent this.
    pub(super) fn of_ua(&mut self, index: usize, ua: &Ua, message: &Sip) {
        // A transfer names another dialog of the same phone, and a phone may hand it on.
        if message.header("Refer-To").is_some() || message.header("Replaces").is_some() {
            return;
        }
        let _ = ua;
        self.learn(index, message);
    }

    /// The box sent this to a user agent.
    pub(super) fn of_box(&mut self, index: usize, message: &Sip) {
        self.learn(index, message);
    }

    fn learn(&mut self, index: usize, message: &Sip) {
        let mut words = vec![message.value("Call-ID"), message.tag("From"), message.tag("To")];
        words.extend(message.all("Via").into_iter().filter_map(|via| param(via, "branch")));
        for word in words.into_iter().filter(|word| !word.is_empty()) {
            self.owner.entry(word.to_owned()).or_insert(index);
        }
    }

    /// Nothing of one leg is seen on another (topology hiding).
    pub(super) fn check(&self, index: usize, uas: &[Ua], message: &Sip) {
        let text = message.write();
        let words = text.split(|c: char| " \t\r\n<>;=\",".contains(c));
        for word in words {
            let owner = self.owner.get(word).copied();
            assert!(
                owner.is_none_or(|owner| owner == index || same_carrier(&uas[owner], &uas[index])),
                "{} sees {word} of {}:\n{text}",
                uas[index].name,
                uas[owner.unwrap_or(0)].name
            );
        }
        let own = uas[index].at.ip();
        let strange = |other: &&Ua| other.at.ip() != own && !same_carrier(other, &uas[index]);
        for other in uas.iter().filter(strange) {
            let ip = other.at.ip().to_string();
            let shows = text.match_indices(&ip).any(|(at, _)| {
                let next = text[at + ip.len()..].chars().next();
                let before = text[..at].chars().next_back();
                !next.is_some_and(|c| c.is_ascii_digit())
                    && !before.is_some_and(|c| c.is_ascii_digit())
            });
            let said = other.domain.as_str();
            let named = uas[index].domain == said || uas[index].proxy.ip() == other.at.ip();
            assert!(
                !shows || named,
                "{} sees the address of {}:\n{text}",
                uas[index].name,
                other.name
            );
        }
    }
}

/// Two servers of one carrier may know the same.
fn same_carrier(one: &Ua, other: &Ua) -> bool {
    one.of.is_some() && one.of == other.of
}

impl Lab {
    /// Checked after every step.
    pub(super) fn check(&mut self) {
        let wrong: Vec<String> = self
            .uas
            .iter_mut()
            .flat_map(|ua| {
                let name = ua.name.clone();
                std::mem::take(&mut ua.complaints)
                    .into_iter()
                    .map(move |text| format!("{name}: {text}"))
            })
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// A record was written: it grows, and is complete at the end.
    pub(super) fn keep(&mut self, record: CallRecord) {
        let fresh = |record: &CallRecord| {
            assert!(!record.origin_is_empty(), "a record without origin");
        };
        fresh(&record);
        if let Some(before) = self.records.get(&record.id) {
            assert_eq!(before.started, record.started);
            if before.state == CallState::Ended {
                assert_eq!(record.state, CallState::Ended, "{record:#?} rose from the dead");
                assert_eq!((&before.end, before.ended), (&record.end, record.ended));
            }
            assert!(before.steps.len() <= record.steps.len());
            assert!(before.answered.is_none() || before.answered == record.answered);
        }
        if record.state == CallState::Ended {
            let (end, ended) = (record.end.as_ref(), record.ended);
            assert!(end.is_some(), "a call without an end: {record:#?}");
            assert!(ended.is_some_and(|ended| ended >= record.started));
            assert!(record.answered.is_none_or(|at| Some(at) <= ended && at >= record.started));
        }
        self.records.insert(record.id, record);
    }

    /// Waits until the last timer of the last call has run off, and makes sure that nothing is left:
    /// no call, leg, port or transaction, and that every record is complete.
    pub fn rest(&mut self) {
        let fixed = self.config.trunks.values().filter(|trunk| trunk.kind == TrunkKind::Static);
        for id in fixed.map(|trunk| trunk.id).collect::<Vec<_>>() {
            // No new question whether the carrier is there comes between.
            self.change_trunk(id, |trunk| trunk.qualify_seconds = 0);
        }
        self.run_for(Duration::from_secs(100));
        let on_lines = self.exchange.lines().into_iter().flat_map(|line| line.channels);
        let busy = on_lines.filter(|it| it.call.is_some()).count();
        assert_eq!(busy, 0, "channels are left: {:#?}", self.exchange.lines());
        let figures = self.exchange.figures();
        assert_eq!(figures.calls, 0, "calls are left: {:#?}", self.exchange.calls());
        assert_eq!(figures.legs, 0, "legs are left");
        assert_eq!(figures.ports_lent, 0, "ports are left");
        assert!(self.pool.lent.is_empty(), "ports were not closed: {:?}", self.pool.lent);
        assert_eq!(figures.transactions, 0, "transactions are left");
        for record in self.records.values() {
            assert_eq!(record.state, CallState::Ended, "{record:#?}");
        }
    }

    /// Forgets records and events of calls that are over: a long run would fill the memory.
    pub fn forget(&mut self) {
        self.records.clear();
        self.events.clear();
        self.asked.clear();
        self.secrets = Secrets::default();
    }

    /// Keeps no more inputs: a long run would fill the memory.
    pub fn stop_recording(&mut self) {
        self.recording = None;
        self.outputs.clear();
    }

    /// Plays what was recorded into a fresh box. Every output must be the same.
    pub fn replay(&self) {
        let recording = self.recording.as_ref().expect("nothing was recorded");
        let mut again = Exchange::new(super::setup::seed_of(self.seed), self.origin);
        let mut outputs = Vec::new();
        let mut drain = |again: &mut Exchange, at: Duration| {
            while let Some(output) = again.poll_output() {
                let mut hasher = DefaultHasher::new();
                (at, format!("{output:?}")).hash(&mut hasher);
                outputs.push(hasher.finish());
            }
        };
        for (at, input) in recording {
            let now = self.origin + *at;
            while let Some(wake) = again.poll_timeout().filter(|wake| wake.at <= now) {
                let due = wake.at.max(self.origin);
                again.handle_timeout(due);
                drain(&mut again, due - self.origin);
            }
            match input {
                Recorded::Received { flow, bytes } => {
                    again.handle(Input::Received { flow: *flow, bytes }, now);
                }
                Recorded::Other(input) => again.handle(input.clone(), now),
            }
            drain(&mut again, *at);
        }
        let end = self.now;
        while let Some(wake) = again.poll_timeout().filter(|wake| wake.at <= end) {
            again.handle_timeout(wake.at);
            drain(&mut again, wake.at - self.origin);
        }
        assert!(!outputs.is_empty());
        let differs = outputs.iter().zip(&self.outputs).position(|(a, b)| a != b);
        assert_eq!(differs, None, "the replay takes another way");
        assert_eq!(outputs.len(), self.outputs.len());
    }
}

/// What a record must have from its first breath on.
trait Origin {
    fn origin_is_empty(&self) -> bool;
}

impl Origin for CallRecord {
    fn origin_is_empty(&self) -> bool {
        match &self.origin {
            call::Place::Extension(name) | call::Place::Trunk(name) | call::Place::Number(name) => {
                name.is_empty()
            }
        }
    }
}
