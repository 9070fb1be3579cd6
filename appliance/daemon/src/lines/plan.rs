//! How a line is to be set up, from the words of the configuration into those of drivers.

use board::{
    BuildOut, ClockSource, E1Framing, Law, LineCode, LineSetting, Setting, T1Framing, Timeslot,
};
use config::{IsdnSpan, SpanBuildOut, SpanCode, SpanFraming};

/// What is wanted of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) setting: Setting,
    /// The timeslot of its D channel, if it has one.
    pub(super) signalling: Option<Timeslot>,
    /// The timeslots of the B channels in use.
    pub(super) bearers: Vec<Timeslot>,
}

impl Plan {
    pub(super) fn of(span: &IsdnSpan) -> Self {
        let signalling = span.signalling.then(|| Timeslot(span.framing.signalling_slot()));
        let clock = match span.clock {
            0 => ClockSource::Own,
            priority => ClockSource::Line { priority },
        };
        let (line, law) = match span.framing {
            SpanFraming::E1Crc4 => (e1(E1Framing::Crc4, span), Law::A),
            SpanFraming::E1 => (e1(E1Framing::Basic, span), Law::A),
            SpanFraming::T1Esf => (t1(T1Framing::Esf, span), Law::Mu),
            SpanFraming::T1Superframe => (t1(T1Framing::Superframe, span), Law::Mu),
        };
        Self {
            setting: Setting { line, clock, law, signalling: signalling.into_iter().collect() },
            signalling,
            bearers: span.bearers().into_iter().map(Timeslot).collect(),
        }
    }
}

fn e1(framing: E1Framing, span: &IsdnSpan) -> LineSetting {
    LineSetting::E1 { framing, code: code(span.code) }
}

fn t1(framing: T1Framing, span: &IsdnSpan) -> LineSetting {
    let build_out = match span.build_out {
        SpanBuildOut::Short => BuildOut::Short,
        SpanBuildOut::Feet266 => BuildOut::Feet266,
        SpanBuildOut::Feet399 => BuildOut::Feet399,
        SpanBuildOut::Feet533 => BuildOut::Feet533,
        SpanBuildOut::Feet655 => BuildOut::Feet655,
        SpanBuildOut::Db7 => BuildOut::Db7,
        SpanBuildOut::Db15 => BuildOut::Db15,
        SpanBuildOut::Db22 => BuildOut::Db22,
    };
    LineSetting::T1 { framing, code: code(span.code), build_out }
}

fn code(code: SpanCode) -> LineCode {
    match code {
        SpanCode::Dense => LineCode::Dense,
        SpanCode::Ami => LineCode::Ami,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(json: &str) -> Plan {
        Plan::of(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn what_carriers_deliver_is_what_an_empty_order_form_means() {
        let e1 = plan(r#"{"line": "line 1"}"#);
        assert_eq!(e1.setting, Setting::e1());
        assert_eq!((e1.signalling, e1.bearers.len()), (Some(Timeslot(16)), 30));
        let t1 = plan(r#"{"line": "line 1", "framing": "t1_esf"}"#);
        assert_eq!(t1.setting, Setting::t1());
        assert_eq!((t1.signalling, t1.bearers.len()), (Some(Timeslot(24)), 23));
    }

    #[test]
    fn all_that_can_be_set_reaches_the_driver() {
        let t1 = plan(
            r#"{"line": "line 1", "framing": "t1_superframe", "code": "ami", "clock": 0,
                "build_out": "db15", "signalling": false, "channels": "1-4"}"#,
        );
        let line = LineSetting::T1 {
            framing: T1Framing::Superframe,
            code: LineCode::Ami,
            build_out: BuildOut::Db15,
        };
        let signalling = Vec::new();
        let setting = Setting { line, clock: ClockSource::Own, law: Law::Mu, signalling };
        let bearers = (1..=4).map(Timeslot).collect();
        assert_eq!(t1, Plan { setting, signalling: None, bearers });
        let e1 = plan(r#"{"line": "line 1", "framing": "e1", "clock": 3}"#);
        assert_eq!(e1.setting.clock, ClockSource::Line { priority: 3 });
        let basic = LineSetting::E1 { framing: E1Framing::Basic, code: LineCode::Dense };
        assert_eq!(e1.setting.line, basic);
    }
}
