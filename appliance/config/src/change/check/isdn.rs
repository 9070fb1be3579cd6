//! What makes sense of an ISDN trunk.

use super::{range, text};
use crate::change::{Invalid, Problem};
use crate::{Config, Isdn, IsdnTimer, OutboundRoute, TrunkId};
use std::collections::BTreeSet;

impl Config {
    pub(super) fn check_isdn(&self, trunk: TrunkId, isdn: &Isdn) -> Result<(), Invalid> {
        range("isdn.spans", isdn.spans.len() as u64, 1, MOST_SPANS)?;
        let mut identifiers = BTreeSet::new();
        let mut lines = BTreeSet::new();
        for span in &isdn.spans {
            text("isdn.spans.line", &span.line)?;
            range("isdn.spans.identifier", span.identifier.into(), 0, 127)?;
            if let Some(other) = self.trunk_with_line(trunk, &span.line) {
                return Err(Invalid::at("isdn.spans.line", Problem::Taken(other)));
            }
            if !lines.insert(&span.line) {
                return Err(Invalid::at("isdn.spans.line", Problem::Taken(String::new())));
            }
            if !identifiers.insert(span.identifier) {
                return Err(Invalid::at("isdn.spans.identifier", Problem::Taken(String::new())));
            }
            if span.bearers().is_empty() {
                return Err(Invalid::at("isdn.spans.channels", Problem::Missing));
            }
        }
        let kinds: BTreeSet<_> = isdn.spans.iter().map(|it| it.framing.last_slot()).collect();
        if kinds.len() > 1 {
            return Err(Invalid::at("isdn.spans.framing", Problem::MixedLines));
        }
        let d_channels = isdn.spans.iter().filter(|span| span.signalling).count();
        range("isdn.spans.signalling", d_channels as u64, 1, 2)?;
        for (timer, millis) in &isdn.timers {
            let least = if has_no_limit(*timer) { 0 } else { 100 };
            range("isdn.timers", (*millis).into(), least, LONGEST_MILLIS)?;
        }
        Ok(())
    }

    /// What an outbound route wants of digital lines: that it has one, and there these timeslots.
    pub(super) fn check_by_line(&self, route: &OutboundRoute) -> Result<(), Invalid> {
        let trunks = route.trunks.iter().filter_map(|id| self.trunks.get(id));
        let mut digital = trunks.filter_map(|trunk| Some((trunk, trunk.isdn.as_ref()?))).peekable();
        let wishes =
            [("numbering", route.numbering.is_some()), ("channels", route.channels.is_some())];
        if let Some((field, _)) = wishes.into_iter().find(|(_, wished)| *wished)
            && digital.peek().is_none()
        {
            return Err(Invalid::at(field, Problem::NoLine));
        }
        let Some(channels) = &route.channels else { return Ok(()) };
        let reaches =
            |isdn: &Isdn| isdn.spans.iter().any(|span| !span.bearers_in(Some(channels)).is_empty());
        match digital.find(|(_, isdn)| !reaches(isdn)) {
            Some((trunk, _)) => {
                Err(Invalid::at("channels", Problem::NoChannels(trunk.name.clone())))
            }
            None => Ok(()),
        }
    }

    /// The name of another trunk that uses this line.
    fn trunk_with_line(&self, trunk: TrunkId, line: &str) -> Option<String> {
        let mut others = self.trunks.values().filter(|other| other.id != trunk);
        let uses = |isdn: &Isdn| isdn.spans.iter().any(|span| span.line == line);
        let other = others.find(|other| other.isdn.as_ref().is_some_and(uses))?;
        Some(other.name.clone())
    }
}

/// Whether a wait may be without end: those of layer 3 (`tdm::q931::timers`).
fn has_no_limit(timer: IsdnTimer) -> bool {
    !matches!(timer, IsdnTimer::T200 | IsdnTimer::T203)
}

/// A board has no more ports, and messages name channels of 20 spans at most (ANSI T1.607).
const MOST_SPANS: u64 = 8;
/// Ten minutes: the longest wait of Q.921 and Q.931 is three.
const LONGEST_MILLIS: u64 = 600_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Applied, Change, Channels, Entry, Expect, IsdnNumbering, IsdnSpan, Revision, SpanFraming,
        Trunk,
    };

    fn put(config: &Config, entry: Entry) -> Result<(Config, Applied), Invalid> {
        config.apply(Change::Put(entry, Expect::Any))
    }

    /// A trunk by SIP (1), an E1 (2) and a T1 (3).
    fn lines() -> Config {
        let mut config = Config::fresh("strowger");
        let trunk = |text: &str| serde_json::from_str::<Trunk>(text).unwrap();
        let t1 = IsdnSpan { framing: SpanFraming::T1Esf, ..IsdnSpan::of("line 2") };
        let digital = |name: &str, span: IsdnSpan| Trunk {
            isdn: Some(Isdn::on(vec![span])),
            ..trunk(&format!(r#"{{"name": "{name}", "kind": "isdn"}}"#))
        };
        for trunk in [
            trunk(r#"{"name": "kestrel", "kind": "static", "host": "kestrel.example"}"#),
            digital("carrier", IsdnSpan::of("line 1")),
            digital("west", t1),
        ] {
            config = put(&config, Entry::Trunk(trunk)).unwrap().0;
        }
        config
    }

    fn route(trunks: &[u32], numbering: Option<IsdnNumbering>, channels: &str) -> OutboundRoute {
        let text = r#"{"name": "out", "pattern": "0.", "trunks": []}"#;
        OutboundRoute {
            trunks: trunks.iter().copied().map(TrunkId).collect(),
            numbering,
            channels: (!channels.is_empty()).then(|| Channels::parse(channels).unwrap()),
            revision: Revision::default(),
            ..serde_json::from_str(text).unwrap()
        }
    }

    #[test]
    fn what_a_route_wants_of_digital_lines_needs_one_and_timeslots_that_it_has() {
        let config = lines();
        let said = |route: OutboundRoute| match put(&config, Entry::OutboundRoute(route)) {
            Ok(_) => "good".to_owned(),
            Err(refused) => refused.to_string(),
        };
        let national = Some(IsdnNumbering::National);
        assert_eq!(said(route(&[1, 2], national, "1-10,17")), "good");
        assert_eq!(said(route(&[2, 3], None, "1-31")), "good");
        assert_eq!(said(route(&[1], None, "")), "good");
        let no_line = "only a route to a trunk of digital lines has this";
        assert_eq!(said(route(&[1], national, "")), format!("numbering: {no_line}"));
        assert_eq!(said(route(&[1], None, "1-10")), format!("channels: {no_line}"));
        let none =
            |trunk| format!("channels: trunk {trunk} carries calls in none of these timeslots");
        assert_eq!(said(route(&[2], None, "16")), none("carrier"), "that is the D channel's");
        assert_eq!(said(route(&[2, 3], None, "25-31")), none("west"), "a T1 ends at 24");
    }
}
