//! A digital trunk: which lines of the box it uses, and how both sides of them have to be set
//! (ITU-T Q.931, Q.921, G.704; the words are those of a carrier's order form).

use crate::extension::yes;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What an ISDN trunk has in place of a host and a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Isdn {
    /// Which side of the interface the box is: the user of a carrier, or the network of an old exchange.
    #[serde(default)]
    pub side: IsdnSide,
    /// Which variant of Q.931 is spoken.
    #[serde(default)]
    pub dialect: IsdnDialect,
    /// Its lines, 1 to 8. The D channel of the first carries the calls of all (NFAS, ANSI T1.607).
    pub spans: Vec<IsdnSpan>,
    /// In which order channels are taken for calls of ours.
    #[serde(default)]
    pub selection: ChannelSelection,
    /// How called numbers are marked that leave here.
    #[serde(default)]
    pub numbering: IsdnNumbering,
    /// Whether digits may come one by one: more are asked for until the number fits and can grow no
    /// more (Q.931 §5.1.3).
    #[serde(default = "yes")]
    pub overlap: bool,
    /// Whether all channels are restarted when the D channel comes up for the first time (Q.931 §5.5).
    #[serde(default)]
    pub restarts: bool,
    /// Whether echoes of the line are cancelled (ITU-T G.168).
    #[serde(default = "yes")]
    pub cancels_echo: bool,
    /// Waits that differ from those of the Recommendations, in milliseconds: 0 to 600,000; 0 is no
    /// limit, where a wait of layer 3 may have none.
    #[serde(default)]
    pub timers: BTreeMap<IsdnTimer, u32>,
}

/// One line of an ISDN trunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IsdnSpan {
    /// The line as the box names it: `line 1`.
    pub line: String,
    /// The number that both sides have for it, 0 to 127, where there are several (Q.931 §4.5.13).
    #[serde(default)]
    pub identifier: u8,
    /// Whether its D channel carries calls. The first such line does; the second stands by.
    #[serde(default = "yes")]
    pub signalling: bool,
    /// Its B channels by timeslot; `None` all that are left.
    #[serde(default)]
    pub channels: Option<Channels>,
    /// How its frames are found; this also says whether it is an E1 or a T1.
    #[serde(default)]
    pub framing: SpanFraming,
    /// How its bits become pulses.
    #[serde(default)]
    pub code: SpanCode,
    /// Where its clock comes from: 0 the box is the clock, else the far end is, and of several lines the
    /// one of the smallest number leads the box. 0 to 255.
    #[serde(default = "first")]
    pub clock: u8,
    /// How much a T1's pulses are shaped for its cable.
    #[serde(default)]
    pub build_out: SpanBuildOut,
}

/// Which side of an interface the box is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum IsdnSide {
    /// The far end is the network: a carrier.
    #[default]
    User,
    /// The box is the network: behind it stands an exchange of the house. In QSIG side A.
    Network,
}

/// Which variant of Q.931 is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum IsdnDialect {
    /// DSS1, all over Europe (ETSI EN 300 403-1).
    #[default]
    EuroIsdn,
    /// National ISDN 2, North America.
    Ni2,
    /// AT&T and Lucent 5ESS.
    #[serde(rename = "5ess")]
    Ess5,
    /// Nortel DMS-100.
    Dms100,
    /// Private networks (ECMA-143).
    Qsig,
}

/// In which order channels are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChannelSelection {
    /// The first free one: the other way round than carriers do, so that both seldom meet.
    #[default]
    Ascending,
    /// The last free one.
    Descending,
    /// The next free one after the one that was taken last.
    RoundRobin,
    /// The one that has rested longest.
    LeastUsed,
}

/// How called numbers are marked that leave here (type of number and numbering plan, Q.931 table 4-9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum IsdnNumbering {
    /// International where the number has a `+`, else unknown: the digits tell by their prefix.
    #[default]
    Auto,
    /// Unknown, in the telephone plan.
    Unknown,
    /// International: country code first.
    International,
    /// National: area code first, without a prefix.
    National,
    /// Subscriber: local.
    Subscriber,
    /// A number of the network's own services.
    NetworkSpecific,
    /// A short code.
    Abbreviated,
    /// Unknown, in a private plan: between exchanges of one house.
    Private,
}

/// How a digital line marks a called number (type of number, Q.931 table 4-9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NumberType {
    /// Nobody says; the digits tell by their prefix.
    Unknown,
    /// With the country code.
    International,
    /// With the area code.
    National,
    /// A number of the network's own services.
    NetworkSpecific,
    /// Within an area.
    Subscriber,
    /// A short code.
    Abbreviated,
}

/// How frames of a line are found (ITU-T G.704).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SpanFraming {
    /// E1 with CRC-4.
    #[default]
    E1Crc4,
    /// E1 without.
    E1,
    /// T1, extended superframe.
    T1Esf,
    /// T1, superframe (D4).
    T1Superframe,
}

/// How bits of a line become pulses (ITU-T G.703).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SpanCode {
    /// HDB3 on an E1, B8ZS on a T1.
    #[default]
    Dense,
    /// AMI.
    Ami,
}

/// How much a T1's pulses are shaped for its cable (ANSI T1.102, T1.403).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SpanBuildOut {
    /// To 133 feet in one room, or 0 dB to the carrier.
    #[default]
    Short,
    /// 133 to 266 feet.
    Feet266,
    /// 266 to 399 feet.
    Feet399,
    /// 399 to 533 feet.
    Feet533,
    /// 533 to 655 feet.
    Feet655,
    /// 7.5 dB less.
    Db7,
    /// 15 dB less.
    Db15,
    /// 22.5 dB less.
    Db22,
}

/// A wait of Q.931 §9 or Q.921 §5.9 that can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the names are those of the tables; what each is for: tdm::q931::timers"
)]
pub enum IsdnTimer {
    T200,
    T203,
    T301,
    T302,
    T303,
    T304,
    T305,
    T306,
    T308,
    T309,
    T310,
    T313,
    T316,
    T317,
    T321,
    T322,
}

impl Isdn {
    /// As a European carrier delivers it, on these lines.
    pub fn on(spans: Vec<IsdnSpan>) -> Self {
        Self {
            side: IsdnSide::default(),
            dialect: IsdnDialect::default(),
            spans,
            selection: ChannelSelection::default(),
            numbering: IsdnNumbering::default(),
            overlap: true,
            restarts: false,
            cancels_echo: true,
            timers: BTreeMap::new(),
        }
    }
}

impl SpanFraming {
    /// The last timeslot that carries calls or signalling: 31 of an E1, 24 of a T1.
    pub fn last_slot(self) -> u8 {
        match self {
            Self::E1Crc4 | Self::E1 => 31,
            Self::T1Esf | Self::T1Superframe => 24,
        }
    }

    /// The timeslot of the D channel: 16 of an E1, 24 of a T1 (ITU-T I.431 §5).
    pub fn signalling_slot(self) -> u8 {
        match self {
            Self::E1Crc4 | Self::E1 => 16,
            Self::T1Esf | Self::T1Superframe => 24,
        }
    }
}

impl IsdnSpan {
    /// This line as a European carrier delivers it.
    pub fn of(line: &str) -> Self {
        Self {
            line: line.to_owned(),
            identifier: 0,
            signalling: true,
            channels: None,
            framing: SpanFraming::default(),
            code: SpanCode::default(),
            clock: first(),
            build_out: SpanBuildOut::default(),
        }
    }

    /// Its B channels, by timeslot.
    pub fn bearers(&self) -> Vec<u8> {
        let d_channel = self.signalling.then(|| self.framing.signalling_slot());
        let chosen = |slot: &u8| self.channels.as_ref().is_none_or(|it| it.contains(*slot));
        let slots = (1..=self.framing.last_slot()).filter(|slot| Some(*slot) != d_channel);
        slots.filter(chosen).collect()
    }

    /// Those of them that a route's calls may use, by timeslot; `None`: all.
    pub fn bearers_in(&self, only: Option<&Channels>) -> Vec<u8> {
        let mut bearers = self.bearers();
        bearers.retain(|slot| only.is_none_or(|only| only.contains(*slot)));
        bearers
    }
}

/// Timeslots as installers write them: `1-15,17-31`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, example = "1-15,17-31"))]
#[serde(try_from = "String", into = "String")]
pub struct Channels(Vec<(u8, u8)>);

/// Why a text names no timeslots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadChannels;

impl Channels {
    /// Reads a list of timeslots and of ranges of them, each 1 to 31.
    pub fn parse(text: &str) -> Result<Self, BadChannels> {
        let slot =
            |text: &str| text.trim().parse::<u8>().ok().filter(|slot| (1..=31).contains(slot));
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (slot(first)?, slot(last)?);
            (first <= last).then_some((first, last))
        };
        let ranges: Option<Vec<_>> = text.split(',').map(range).collect();
        ranges.map(Self).ok_or(BadChannels)
    }

    /// These timeslots, each once and in order; `None` if there is none, or one is not from 1 to 31.
    pub fn of(slots: &[u8]) -> Option<Self> {
        let slots: BTreeSet<u8> = slots.iter().copied().collect();
        let mut ranges: Vec<(u8, u8)> = Vec::new();
        for slot in slots {
            match ranges.last_mut() {
                _ if !(1..=31).contains(&slot) => return None,
                Some((_, last)) if *last + 1 == slot => *last = slot,
                _ => ranges.push((slot, slot)),
            }
        }
        (!ranges.is_empty()).then_some(Self(ranges))
    }

    /// All of them, each once and in order.
    pub fn slots(&self) -> impl Iterator<Item = u8> {
        (1..=31).filter(|slot| self.contains(*slot))
    }

    /// Whether this timeslot is one of them.
    pub fn contains(&self, slot: u8) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&slot))
    }
}

impl fmt::Display for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (first, last)) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            match first == last {
                true => write!(f, "{comma}{first}")?,
                false => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for BadChannels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("write timeslots from 1 to 31 and ranges of them, as 1-15,17-31")
    }
}

impl std::error::Error for BadChannels {}

impl TryFrom<String> for Channels {
    type Error = BadChannels;
    fn try_from(text: String) -> Result<Self, BadChannels> {
        Self::parse(&text)
    }
}

impl From<Channels> for String {
    fn from(channels: Channels) -> Self {
        channels.to_string()
    }
}

fn first() -> u8 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeslots_are_read_as_installers_write_them() {
        let channels = Channels::parse("1-15, 17-31").unwrap();
        assert!(channels.contains(15) && !channels.contains(16) && channels.contains(17));
        assert_eq!(channels.to_string(), "1-15,17-31");
        assert_eq!(Channels::parse("7").unwrap().to_string(), "7");
        assert_eq!(Channels::of(&[4, 1, 2, 3, 17, 3]).unwrap().to_string(), "1-4,17");
        assert!(Channels::of(&[]).is_none() && Channels::of(&[1, 32]).is_none());
        for wrong in ["", "0", "32", "5-3", "a", "1-", "1,,2"] {
            assert_eq!(Channels::parse(wrong), Err(BadChannels), "{wrong}");
        }
    }

    #[test]
    fn a_line_carries_calls_in_all_timeslots_but_that_of_its_d_channel() {
        let mut span: IsdnSpan = serde_json::from_str(r#"{"line": "line 1"}"#).unwrap();
        assert_eq!(span, IsdnSpan::of("line 1"));
        assert_eq!(span.bearers().len(), 30);
        assert!(!span.bearers().contains(&16));
        span.signalling = false;
        assert_eq!(span.bearers().len(), 31);
        span.framing = SpanFraming::T1Esf;
        assert_eq!(span.bearers(), (1..=24).collect::<Vec<_>>());
        span.channels = Some(Channels::parse("1-4").unwrap());
        assert_eq!(span.bearers(), [1, 2, 3, 4]);
    }
}
