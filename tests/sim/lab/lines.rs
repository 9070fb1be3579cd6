//! Digital lines: each has both of its ends in the box, which so calls itself.

use super::{Event, Lab};
use call::{LineAlarms, LineEvent, LineKind, PortId, SpanFacts, SpanId, SpanState};
use config::{Isdn, IsdnSide, IsdnSpan, TrunkId, TrunkKind};
use exchange::{Input, LineCommand};
use std::time::{Duration, Instant};
use tdm::q931::dialect::Dialect;
use tdm::q931::interface::{self, LinkId, Notice};
use tdm::q931::timers::Side;
use tdm::trunk::{Output, Params, Trunk};

/// How long a frame takes from one end to the other.
const FRAME: Duration = Duration::from_millis(4);

impl Lab {
    /// A board with an E1 whose ends are `line 1` and `line 1 far end`.
    pub fn plug_in_lines(&mut self) {
        let names = ["line 1", "line 1 far end"];
        let facts = (0..).zip(names).map(|(span, name)| SpanFacts {
            span: SpanId(span),
            name: name.to_owned(),
            description: String::new(),
            kind: LineKind::E1,
            simulated: true,
        });
        self.input(Input::Line(LineEvent::Found(facts.collect())));
        self.alarm([false, false]);
    }

    /// A trunk of one line, on this side of it; its id.
    pub fn digital(
        &mut self,
        name: &str,
        line: &str,
        side: IsdnSide,
        change: impl FnOnce(&mut Isdn),
    ) -> TrunkId {
        let mut isdn = Isdn { side, ..Isdn::on(vec![IsdnSpan::of(line)]) };
        change(&mut isdn);
        self.trunk(config::Trunk {
            kind: TrunkKind::Isdn,
            host: String::new(),
            username: String::new(),
            isdn: Some(isdn),
            ..super::setup::carrier(name, "198.51.100.1:5060".parse().unwrap(), TrunkKind::Static)
        })
    }

    /// The ends of the line see red, or do not.
    pub fn alarm(&mut self, red: [bool; 2]) {
        for (span, red) in (0..).zip(red) {
            let alarms = LineAlarms { red, ..LineAlarms::default() };
            self.input(Input::Line(LineEvent::State(SpanState {
                span: SpanId(span),
                present: true,
                watched: true,
                alarms,
                counters: Default::default(),
                is_clock: false,
                loop_back: None,
            })));
        }
        self.broken = red.contains(&true);
    }

    /// The line of a B channel that a call has brings a block of 5 ms, and takes one.
    pub fn exchange_block(&mut self, port: PortId, heard: &[u8], said: &mut [u8]) {
        assert!(self.engine.exchange(port, heard, said, self.now), "no call has {port:?}");
        let mut room = [0; 1_000];
        while let Some((length, verdict)) = self.engine.poll_line(port, &mut room, self.now) {
            self.carry(verdict, room[..length].to_vec());
        }
        self.drain_engine();
    }

    /// What the box wants of its lines.
    pub(super) fn line(&mut self, command: LineCommand) {
        if let LineCommand::Frame { span, octets } = &command
            && !self.broken
        {
            let octets = octets.clone();
            match self.far {
                Some(_) => self.after(FRAME, Event::Far(octets)),
                None => {
                    let span = SpanId(span.0 ^ 1);
                    self.after(FRAME, Event::Line(LineEvent::Frame { span, octets }));
                }
            }
        }
        self.lines.push(command);
    }

    /// Somebody else than the box is at the far end of `line 1`.
    pub fn far_side(&mut self, side: Side) {
        self.far_side_speaks(side, Dialect::EuroIsdn);
    }

    /// The same, in a certain dialect.
    pub fn far_side_speaks(&mut self, side: Side, dialect: Dialect) {
        let interface = interface::Params::of(side, dialect, (1..=31).collect());
        let params = Params { interface, links: Default::default(), traces: false };
        self.far = Some(Trunk::new(params, self.now));
        self.drain_far();
    }

    /// The far end does something.
    pub fn far<T>(&mut self, act: impl FnOnce(&mut Trunk, Instant) -> T) -> T {
        let now = self.now;
        let done = act(self.far.as_mut().unwrap(), now);
        self.drain_far();
        done
    }

    pub(super) fn far_hears(&mut self, octets: &[u8]) {
        self.far(|far, now| far.frame(LinkId(0), octets, now));
    }

    fn drain_far(&mut self) {
        while let Some(output) = self.far.as_mut().and_then(Trunk::poll_output) {
            match output {
                Output::Frame { octets, .. } => {
                    let frame = LineEvent::Frame { span: SpanId(0), octets: octets.into() };
                    self.after(FRAME, Event::Line(frame));
                }
                Output::Notice(Notice::Call { call, event }) => self.far_told.push((call, event)),
                _ => {}
            }
        }
    }
}
