//! One line of the board: wanted or not, set up or not, and what control was told of it.

use super::alarms;
use super::figures::count;
use super::lent::Lent;
use super::owner::Outlet;
use super::place::Place;
use super::plan::Plan;
use super::signalling::DChannel;
use board::{Fault, Span, Timeslot};
use call::{LineEvent, SpanFacts, SpanLoop, SpanState};
use std::time::{Duration, Instant};

/// A line of the board.
pub(super) struct Line {
    pub(super) facts: SpanFacts,
    pub(super) place: Place,
    state: State,
    lent: Lent,
    /// The channel of which the log was last told that it cannot be opened.
    shut: Option<(Timeslot, Fault)>,
    /// How it stands; nothing before the first look.
    stands: Option<SpanState>,
    told: Option<SpanState>,
    /// When what it counted was last told.
    counted: Option<Instant>,
}

enum State {
    /// Nobody wants it. When it is looked at again; nothing before the first time.
    Idle { look_at: Option<Instant> },
    /// It is to be set up.
    Wanted(Box<Wanted>),
    /// It is.
    Up(Box<Up>),
}

struct Wanted {
    plan: Plan,
    next: Instant,
    /// How long after the next failure; nothing for a card that was lost, which is looked for each second.
    pause: Option<Duration>,
    said: Option<Fault>,
}

struct Up {
    plan: Plan,
    span: Box<dyn Span>,
    d_channel: Option<DChannel>,
    loop_back: Option<SpanLoop>,
    look_at: Instant,
}

impl Line {
    pub(super) fn new(facts: SpanFacts, place: Place) -> Self {
        Self {
            facts,
            place,
            state: State::Idle { look_at: None },
            lent: Lent::default(),
            shut: None,
            stands: None,
            told: None,
            counted: None,
        }
    }

    /// Whether it was set up and its card is gone.
    pub(super) fn is_lost(&self) -> bool {
        matches!(&self.state, State::Wanted(wanted) if wanted.pause.is_none())
    }

    /// Whether it is set up.
    pub(super) fn is_up(&self) -> bool {
        matches!(self.state, State::Up(_))
    }

    /// It is to be set up like this, or given back.
    pub(super) fn set_up(&mut self, plan: Option<Plan>, now: Instant) {
        let Some(plan) = plan else {
            if self.is_up() {
                tracing::info!("{} is given back", self.facts.name);
            }
            return self.close();
        };
        match &mut self.state {
            State::Up(up) if up.plan.setting == plan.setting => {
                // Other channels are lent or wanted back in the next turn; calls in the rest go on.
                up.plan = plan;
                up.look_at = now;
            }
            State::Wanted(wanted) if wanted.plan.setting == plan.setting => wanted.plan = plan,
            State::Idle { .. } | State::Up(_) | State::Wanted(_) => {
                self.close();
                let pause = Some(FIRST_PAUSE);
                self.state = State::Wanted(Box::new(Wanted { plan, next: now, pause, said: None }));
            }
        }
    }

    /// Loops all of it, or ends that.
    pub(super) fn loop_back(&mut self, loop_back: Option<SpanLoop>, now: Instant) {
        let name = &self.facts.name;
        let State::Up(up) = &mut self.state else {
            return tracing::warn!("{name} is not looped: it is not set up");
        };
        match up.span.loop_back(loop_back.map(alarms::loop_of)) {
            Ok(()) => {
                tracing::info!("{name} is looped: {loop_back:?}");
                (up.loop_back, up.look_at) = (loop_back, now);
            }
            Err(fault) => tracing::warn!("{name} is not looped: {fault}"),
        }
    }

    /// Sends a frame on its D channel.
    pub(super) fn send(&mut self, octets: Box<[u8]>, outlet: &Outlet, now: Instant) {
        let State::Up(up) = &mut self.state else { return count(&outlet.board.frames_unsent) };
        let Some(d_channel) = &mut up.d_channel else {
            return count(&outlet.board.frames_unsent);
        };
        if let Err(fault) = d_channel.send(octets, &outlet.board) {
            self.lose(fault, now);
        }
    }

    /// Does what is due.
    pub(super) fn turn(&mut self, outlet: &mut Outlet, now: Instant) {
        self.try_to_open(outlet, now);
        self.look(now);
        if let Err(fault) = self.listen(outlet, now) {
            self.lose(fault, now);
        }
        self.tell(outlet, now);
    }

    /// When something is due.
    pub(super) fn next(&mut self, now: Instant) -> Option<Instant> {
        let untold =
            (self.told != self.stands || self.lent.is_out() && !self.is_up()).then(|| now + LOOK);
        let due = match &self.state {
            State::Idle { look_at } => Some(look_at.unwrap_or(now)),
            State::Wanted(wanted) => Some(wanted.next),
            State::Up(up) => Some(up.look_at),
        };
        [untold, due].into_iter().flatten().min()
    }

    /// The D channel whose file is to be waited for.
    pub(super) fn d_channel(&self) -> Option<&DChannel> {
        match &self.state {
            State::Up(up) => up.d_channel.as_ref(),
            State::Idle { .. } | State::Wanted(_) => None,
        }
    }

    /// Its file complained and had nothing to say.
    pub(super) fn complained(&mut self) {
        if let State::Up(up) = &mut self.state
            && let Some(d_channel) = &mut up.d_channel
        {
            d_channel.complains = true;
        }
    }

    fn try_to_open(&mut self, outlet: &Outlet, now: Instant) {
        let State::Wanted(wanted) = &mut self.state else {
            if matches!(self.state, State::Idle { .. }) {
                self.settle(outlet, &[]);
            }
            return;
        };
        if wanted.next > now {
            return;
        }
        // No channel may be open, also no lent one.
        wanted.next = now + RETURN;
        self.settle(outlet, &[]);
        if self.lent.is_out() {
            return;
        }
        let State::Wanted(wanted) = &mut self.state else { return };
        let name = &self.facts.name;
        match open(&self.place, name, &wanted.plan) {
            Ok((span, d_channel)) => {
                tracing::info!("{name} is set up");
                self.state = State::Up(Box::new(Up {
                    plan: wanted.plan.clone(),
                    span,
                    d_channel,
                    loop_back: None,
                    look_at: now,
                }));
            }
            Err(fault) => {
                if wanted.said != Some(fault) {
                    match alarms::kind(wanted.plan.setting.kind()) == self.facts.kind {
                        true => tracing::warn!("{name} cannot be set up: {fault}"),
                        false => tracing::warn!(
                            "{name} cannot be set up: it is an {:?}, and set as another",
                            self.facts.kind
                        ),
                    }
                }
                wanted.said = Some(fault);
                wanted.next = now + wanted.pause.unwrap_or(FIRST_PAUSE);
                wanted.pause = wanted.pause.map(|pause| (pause * 2).min(LONGEST_PAUSE));
                self.note_absent();
            }
        }
    }

    /// Looks how it stands while nobody wants it. Of what a lost card says nothing is known.
    fn look(&mut self, now: Instant) {
        let State::Idle { look_at } = &mut self.state else { return };
        if look_at.is_some_and(|at| at > now) {
            return;
        }
        *look_at = Some(now + SECOND);
        let (span, name) = (self.facts.span, &self.facts.name);
        match self.place.look(name) {
            Ok(Some(status)) => self.stands = Some(alarms::state(span, &status, None)),
            Ok(None) => {
                let counters = self.stands.map(|state| state.counters).unwrap_or_default();
                self.stands = Some(alarms::unwatched(span, counters));
            }
            Err(_) => self.note_absent(),
        }
    }

    /// Hears what its D channel says, and looks how it stands.
    fn listen(&mut self, outlet: &mut Outlet, now: Instant) -> Result<(), Fault> {
        let State::Up(up) = &mut self.state else { return Ok(()) };
        let span = self.facts.span;
        if let Some(d_channel) = &mut up.d_channel {
            let Outlet { tell, board, .. } = outlet;
            d_channel.receive(board, |octets| {
                if !tell(LineEvent::Frame { span, octets: octets.into() }) {
                    count(&board.frames_unheard);
                }
            })?;
            d_channel.push(board)?;
            if d_channel.alarmed(board)? {
                up.look_at = now;
            }
        }
        if up.look_at > now {
            return Ok(());
        }
        up.look_at = now + LOOK;
        if let Some(d_channel) = &mut up.d_channel {
            d_channel.complains = false;
        }
        let status = up.span.status()?;
        let state = alarms::state(span, &status, up.loop_back);
        let before = self.stands.replace(state).filter(|before| before.present);
        let before = before.map(|before| before.alarms).unwrap_or_default();
        match (before != state.alarms, state.alarms.is_down()) {
            (true, true) => {
                let words = alarms::words(&state.alarms);
                tracing::warn!("{} has an alarm: {words}", self.facts.name);
            }
            (true, false) => tracing::info!("{} has no alarm", self.facts.name),
            (false, _) => {}
        }
        let slots = up.plan.bearers.clone();
        self.settle(outlet, &slots);
        Ok(())
    }

    /// Lends the channels of these timeslots, and wants all others back.
    fn settle(&mut self, outlet: &Outlet, slots: &[Timeslot]) {
        let Some(to) = &outlet.bearers else { return };
        let state = &mut self.state;
        let open = |slot, block| match state {
            State::Up(up) => up.span.open_bearer(slot, block),
            State::Idle { .. } | State::Wanted(_) => Err(Fault::Absent),
        };
        let shut = self.lent.settle(self.facts.span, slots, to, open).err();
        if let Some((slot, fault)) = shut.filter(|_| shut != self.shut) {
            let name = &self.facts.name;
            tracing::warn!("timeslot {} of {name} cannot be opened: {fault}", slot.0);
        }
        self.shut = shut;
    }

    /// Something of it is gone: all of it is closed, and looked for.
    fn lose(&mut self, fault: Fault, now: Instant) {
        let State::Up(up) = &self.state else { return };
        tracing::warn!("{} is lost: {fault}", self.facts.name);
        let wanted = Wanted {
            plan: up.plan.clone(),
            next: now + RETURN,
            pause: None,
            said: Some(Fault::Absent),
        };
        self.state = State::Wanted(Box::new(wanted));
        self.note_absent();
    }

    fn close(&mut self) {
        if let State::Up(up) = &mut self.state
            && up.loop_back.is_some()
        {
            // A card that cannot end it any more has lost it.
            let _ = up.span.loop_back(None);
        }
        self.state = State::Idle { look_at: None };
    }

    fn note_absent(&mut self) {
        let counters = self.stands.map(|state| state.counters).unwrap_or_default();
        self.stands = Some(alarms::absent(self.facts.span, counters));
    }

    /// Says what control does not know yet: counters each second, all else at once.
    fn tell(&mut self, outlet: &mut Outlet, now: Instant) {
        let Some(state) = self.stands.filter(|_| self.stands != self.told) else { return };
        let counters = state.counters;
        let only_counted = self.told.is_some_and(|told| SpanState { counters, ..told } == state);
        let lately = self.counted.is_some_and(|at| now < at + SECOND);
        if only_counted && lately {
            return;
        }
        if (outlet.tell)(LineEvent::State(state)) {
            self.told = Some(state);
            self.counted = Some(now);
        }
    }
}

fn open(
    place: &Place,
    name: &str,
    plan: &Plan,
) -> Result<(Box<dyn Span>, Option<DChannel>), Fault> {
    let mut span = place.open(name, plan.setting.clone())?;
    let d_channel = plan.signalling.map(|slot| span.open_signalling(slot)).transpose()?;
    Ok((span, d_channel.map(DChannel::new)))
}

/// How often a driver is asked how its spans stand.
pub(super) const LOOK: Duration = Duration::from_millis(250);
/// How often is looked whether lent channels have come back.
const RETURN: Duration = Duration::from_millis(20);
/// Pauses between attempts to set a line up.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const SECOND: Duration = Duration::from_secs(1);
