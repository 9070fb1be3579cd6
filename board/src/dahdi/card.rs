//! One span of the driver, set up by us and in the role of a [`Span`].

use std::fs::File;

use super::abi::{self, ChannelConfig, LineConfig, OfSpan, SpanInfo, alarm, line};
use super::channel::{Channel, Content, Place};
use super::driver::{self, Driver};
use super::ioctl;
use crate::span::BLOCKS;
use crate::{
    Alarms, Bearer, BuildOut, ClockSource, Counters, E1Framing, Facts, Fault, Law, LineCode,
    LineSetting, Loop, Setting, Signalling, Span, Status, T1Framing, Timeslot,
};

/// A span of the driver that is set up and runs. It holds no file open: its module may be unloaded and
/// loaded again while it waits.
#[derive(Debug)]
pub struct Card {
    driver: Driver,
    number: i32,
    facts: Facts,
}

impl Card {
    /// Finds the span of this name, sets up its line and its channels, and starts it. A span that runs
    /// already is set up again; its channels must not be open.
    ///
    /// # Errors
    /// [`Fault::Absent`] when there is no such span, [`Fault::Misuse`] when it is of the other kind than
    /// the setting, [`Fault::Refused`] when the card knows no such framing or a channel is open.
    pub fn open(driver: &Driver, name: &str, setting: Setting) -> Result<Card, Fault> {
        let (_, number, info) = find(driver, name)?;
        if driver::kind(&info) != Some(setting.kind()) {
            return Err(Fault::Misuse);
        }
        let facts = Facts {
            name: name.to_owned(),
            description: abi::text(&info.description),
            kind: setting.kind(),
            setting,
        };
        let card = Card { driver: driver.clone(), number, facts };
        card.set_up()?;
        Ok(card)
    }

    /// How the span of this name stands, whether it is set up or not. Nothing where the card does not look at
    /// its line before it is set up for the first time.
    ///
    /// # Errors
    /// [`Fault::Absent`] when there is no such span.
    pub fn look(driver: &Driver, name: &str) -> Result<Option<Status>, Fault> {
        let (_, _, info) = find(driver, name)?;
        Ok(looked_at(&info).then(|| status(&info)))
    }

    /// The number that the driver gives it until its module is loaded again.
    #[must_use]
    pub fn number(&self) -> i32 {
        self.number
    }

    fn set_up(&self) -> Result<(), Fault> {
        let setting = &self.facts.setting;
        let control = self.driver.control()?;
        let (line, build_out) = line_bits(setting.line);
        let clock = match setting.clock {
            ClockSource::Own => 0,
            ClockSource::Line { priority } => i32::from(priority.max(1)),
        };
        let mut config = LineConfig { span: self.number, name: [0; 20], build_out, line, clock };
        ioctl::call(&control, abi::SPANCONFIG, &mut config)?;
        let channels = driver::channels(&control, self.number)?;
        for (slot, channel) in self.facts.kind.timeslots().zip(channels) {
            let signalling = if setting.signalling.contains(&slot) {
                abi::signalling::CHECKED_HDLC
            } else {
                abi::signalling::CLEAR
            };
            let mut config = ChannelConfig {
                channel,
                name: [0; 40],
                signalling,
                law: law_number(setting.law),
                master: 0,
                idle_bits: 0,
                network_device: [0; 16],
            };
            ioctl::call(&control, abi::CHANCONFIG, &mut config)?;
        }
        ioctl::tell(&control, abi::STARTUP, self.number)
    }

    fn channel(&self, slot: Timeslot, content: Content) -> Result<Channel, Fault> {
        let place = Place { driver: self.driver.clone(), span: self.facts.name.clone(), slot };
        Channel::open(place, content)
    }

    fn is_signalling(&self, slot: Timeslot) -> Result<bool, Fault> {
        if self.facts.kind.has(slot) {
            Ok(self.facts.setting.signalling.contains(&slot))
        } else {
            Err(Fault::Absent)
        }
    }
}

impl Span for Card {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn status(&mut self) -> Result<Status, Fault> {
        let control = self.driver.control().map_err(gone)?;
        let info = driver::span_info(&control, self.number)?.ok_or(Fault::Lost)?;
        if abi::text(&info.name) == self.facts.name { Ok(status(&info)) } else { Err(Fault::Lost) }
    }

    fn open_bearer(&mut self, slot: Timeslot, block: usize) -> Result<Box<dyn Bearer>, Fault> {
        if self.is_signalling(slot)? || !BLOCKS.contains(&block) {
            return Err(Fault::Misuse);
        }
        Ok(Box::new(self.channel(slot, Content::Octets { block })?))
    }

    fn open_signalling(&mut self, slot: Timeslot) -> Result<Box<dyn Signalling>, Fault> {
        if !self.is_signalling(slot)? {
            return Err(Fault::Misuse);
        }
        Ok(Box::new(self.channel(slot, Content::Frames)?))
    }

    fn loop_back(&mut self, loop_: Option<Loop>) -> Result<(), Fault> {
        let what = match loop_ {
            None => abi::maintenance::NONE,
            Some(Loop::Local) => abi::maintenance::LOCAL_LOOP,
            Some(Loop::Remote) => abi::maintenance::REMOTE_LOOP,
        };
        let control = self.driver.control().map_err(gone)?;
        ioctl::call(&control, abi::MAINT, &mut OfSpan { span: self.number, what })
    }

    fn reopen(&mut self) -> Result<(), Fault> {
        let (_, number, _) = find(&self.driver, &self.facts.name)?;
        self.number = number;
        self.set_up()
    }
}

/// The span of this name, its number and what the driver says of it.
pub(super) fn find(driver: &Driver, name: &str) -> Result<(File, i32, SpanInfo), Fault> {
    let control = driver.control()?;
    for number in 1..=abi::MOST_SPANS {
        if let Some(info) = driver::span_info(&control, number)?
            && abi::text(&info.name) == name
        {
            return Ok((control, number, info));
        }
    }
    Err(Fault::Absent)
}

/// A driver that is not there any more took the span with it.
fn gone(fault: Fault) -> Fault {
    if fault == Fault::Absent { Fault::Lost } else { fault }
}

/// The bits of a line's configuration, and the number of its build-out.
fn line_bits(setting: LineSetting) -> (i32, i32) {
    match setting {
        LineSetting::E1 { framing, code } => {
            let framing = match framing {
                E1Framing::Basic => 0,
                E1Framing::Crc4 => line::CRC4,
            };
            let code = match code {
                LineCode::Ami => line::AMI,
                LineCode::Dense => line::HDB3,
            };
            (line::COMMON_CHANNEL | framing | code, 0)
        }
        LineSetting::T1 { framing, code, build_out } => {
            let framing = match framing {
                T1Framing::Superframe => line::SUPERFRAME,
                T1Framing::Esf => line::ESF,
            };
            let code = match code {
                LineCode::Ami => line::AMI,
                LineCode::Dense => line::B8ZS,
            };
            let build_out = match build_out {
                BuildOut::Short => 0,
                BuildOut::Feet266 => 1,
                BuildOut::Feet399 => 2,
                BuildOut::Feet533 => 3,
                BuildOut::Feet655 => 4,
                BuildOut::Db7 => 5,
                BuildOut::Db15 => 6,
                BuildOut::Db22 => 7,
            };
            (framing | code, build_out)
        }
    }
}

fn law_number(law: Law) -> i32 {
    match law {
        Law::A => abi::law::A,
        Law::Mu => abi::law::MU,
    }
}

/// Whether the driver knows how the line stands. It does not say so itself: before any channel is set up, a
/// receiver that says nothing may be off.
fn looked_at(info: &SpanInfo) -> bool {
    info.set_up_channels > 0 || info.alarms != 0
}

fn status(info: &SpanInfo) -> Status {
    let count = |counted: i32| u64::try_from(counted).unwrap_or(0);
    let on = |bit: i32| info.alarms & bit != 0;
    Status {
        alarms: Alarms {
            red: on(alarm::RED),
            yellow: on(alarm::YELLOW),
            blue: on(alarm::BLUE),
            no_signal: on(alarm::NO_SIGNAL),
            no_frames: on(alarm::NO_FRAMES),
            no_multiframes: on(alarm::NO_MULTIFRAMES),
            recovering: on(alarm::RECOVERING),
            looped: on(alarm::LOOPED),
        },
        counters: Counters {
            // The driver counts no slips and no severely errored seconds.
            slips: 0,
            severely_errored_seconds: 0,
            // Drivers of cards fill one or the other.
            code_violations: count(info.bipolar_violations).max(u64::from(info.code_violations)),
            check_errors: count(info.crc4_errors),
            far_errors: count(info.e_bits),
            framing_errors: count(info.alignment_errors).max(u64::from(info.framing_errors)),
            errored_seconds: u64::from(info.errored_seconds),
            missed_interrupts: count(info.missed_interrupts),
        },
        is_clock: info.clock_span == info.span,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_as_carriers_deliver_it_has_the_bits_that_the_driver_knows_it_by() {
        // ccs,hdb3,crc4 and esf,b8zs in the words of DAHDI's own set-up.
        assert_eq!(line_bits(Setting::e1().line), (0x700, 0));
        assert_eq!(line_bits(Setting::t1().line), (0xA0, 0));
        let old = LineSetting::T1 {
            framing: T1Framing::Superframe,
            code: LineCode::Ami,
            build_out: BuildOut::Db22,
        };
        assert_eq!(line_bits(old), (0x50, 7));
        let plain = LineSetting::E1 { framing: E1Framing::Basic, code: LineCode::Ami };
        assert_eq!(line_bits(plain), (0x140, 0));
    }

    #[test]
    fn alarms_and_counters_are_read_bit_by_bit() {
        let mut info = SpanInfo::of(3);
        info.alarms = 1 << 3 | 1 << 8 | 1 << 9;
        info.bipolar_violations = 7;
        info.crc4_errors = 5;
        info.e_bits = -1;
        info.clock_span = 3;
        let status = status(&info);
        assert_eq!(
            status.alarms,
            Alarms { red: true, no_signal: true, no_frames: true, ..Alarms::default() }
        );
        assert_eq!(status.counters.code_violations, 7);
        assert_eq!(status.counters.check_errors, 5);
        assert_eq!(status.counters.far_errors, 0, "a count below zero is none");
        assert!(status.is_clock);
    }

    #[test]
    fn a_card_that_says_nothing_and_was_never_set_up_may_not_look_at_its_line() {
        let mut info = SpanInfo::of(1);
        assert!(!looked_at(&info));
        info.alarms = 1 << 3;
        assert!(looked_at(&info));
        (info.alarms, info.set_up_channels) = (0, 31);
        assert!(looked_at(&info));
    }
}
