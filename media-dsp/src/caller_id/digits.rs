//! Caller identity in DTMF digits: EN 300 659-1 annex B and the national forms of it.

use super::Absence;
use crate::dtmf::Digit;

/// How a country writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `A` number `D` redirecting number `B` information `C`: EN 300 659-1 §B.2; Belgium, Brazil,
    /// Denmark, Finland, Iceland, India, the Netherlands, Saudi Arabia, Sweden, Uruguay.
    Fields,
    /// `A` number `#`, or `D1#`, `D2#`, `D3#` where there is none: Denmark and the Netherlands.
    Hash,
    /// `D` number `C`: Taiwan, Kuwait.
    Between,
}

/// What the digits say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Identity {
    number: Run,
    redirecting: Run,
    absence: Option<Absence>,
}

/// Gathers digits until they are whole.
#[derive(Debug, Clone, Default)]
pub struct Collector {
    digits: Run,
}

/// A few digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    signs: [u8; MOST],
    length: usize,
}

/// The digits are no identity, or the identity is none that such digits say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

impl Run {
    /// As characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.signs[..self.length]).unwrap_or_default()
    }

    /// These parts in a row.
    fn of(parts: &[&str]) -> Result<Self, Malformed> {
        let mut run = Self::default();
        parts.iter().flat_map(|part| part.bytes()).try_for_each(|sign| run.push(sign))?;
        Ok(run)
    }

    fn push(&mut self, sign: u8) -> Result<(), Malformed> {
        *self.signs.get_mut(self.length).ok_or(Malformed)? = sign;
        self.length += 1;
        Ok(())
    }
}

impl Default for Run {
    fn default() -> Self {
        Self { signs: [0; MOST], length: 0 }
    }
}

impl Identity {
    /// A caller with this number.
    pub fn new(number: &str) -> Result<Self, Malformed> {
        Ok(Self { number: digits(number)?, ..Self::default() })
    }

    /// A caller without a number.
    pub fn absent(absence: Absence) -> Self {
        Self { absence: Some(absence), ..Self::default() }
    }

    /// The same, forwarded by this number.
    pub fn redirected_by(self, number: &str) -> Result<Self, Malformed> {
        Ok(Self { redirecting: digits(number)?, ..self })
    }

    /// The caller's number; empty where there is none.
    pub fn number(&self) -> &str {
        self.number.as_str()
    }

    /// The number that forwarded the call; empty where there is none.
    pub fn redirecting(&self) -> &str {
        self.redirecting.as_str()
    }

    /// Why there is no number.
    pub fn absence(&self) -> Option<Absence> {
        self.absence
    }

    /// Reads digits, the one that ends them included; which form it is shows in them.
    pub fn parse(digits: &str) -> Result<Self, Malformed> {
        let (end, said) = match digits.strip_suffix('C') {
            Some(said) => ('C', said),
            None => ('#', digits.strip_suffix('#').ok_or(Malformed)?),
        };
        if end == '#' {
            return Self::parse_hash(said);
        }
        let mut identity = Self::default();
        let mut left = said;
        let between = said.strip_prefix('D').filter(|number| is_number(number));
        if let Some(number) = between {
            return Self::new(number);
        }
        while let Some(kind) = left.chars().next() {
            let rest = &left[kind.len_utf8()..];
            let length = rest.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(rest.len());
            let (body, after) = rest.split_at(length);
            match kind {
                'A' => identity.number = self::digits(body)?,
                'D' => identity.redirecting = self::digits(body)?,
                'B' => identity.absence = Some(information(body)?),
                _ => return Err(Malformed),
            }
            left = after;
        }
        if identity == Self::default() { Err(Malformed) } else { Ok(identity) }
    }

    /// The digits that say it, the one that ends them included. Refused where the form has no words
    /// for it, and where it says nothing.
    pub fn compose(&self, form: Form) -> Result<Run, Malformed> {
        let (number, redirecting) = (self.number(), self.redirecting());
        match (form, self.absence) {
            (Form::Fields, absence) if *self != Self::default() => {
                let lead = |letter, body: &str| if body.is_empty() { "" } else { letter };
                let why = absence.map_or("", |it| if it == Absence::Private { "10" } else { "00" });
                let (a, d, b) = (lead("A", number), lead("D", redirecting), lead("B", why));
                Run::of(&[a, number, d, redirecting, b, why, "C"])
            }
            (_, _) if !redirecting.is_empty() => Err(Malformed),
            (Form::Hash, Some(Absence::Private)) => Run::of(&["D1#"]),
            (Form::Hash, Some(_)) => Run::of(&["D3#"]),
            (Form::Hash, None) if !number.is_empty() => Run::of(&["A", number, "#"]),
            (Form::Between, None) if !number.is_empty() => Run::of(&["D", number, "C"]),
            (_, _) => Err(Malformed),
        }
    }

    fn parse_hash(said: &str) -> Result<Self, Malformed> {
        match said {
            "D1" => Ok(Self::absent(Absence::Private)),
            "D2" | "D3" => Ok(Self::absent(Absence::Unavailable)),
            _ => Self::new(said.strip_prefix('A').unwrap_or(said)),
        }
    }
}

impl Collector {
    /// Takes the next digit; gives what they say when it is the last. A digit more than a form has
    /// begins again.
    pub fn take(&mut self, digit: Digit) -> Option<Result<Identity, Malformed>> {
        if self.digits.push(digit.sign() as u8).is_err() {
            self.digits = Run::default();
            return Some(Err(Malformed));
        }
        if !matches!(digit.sign(), 'C' | '#') {
            return None;
        }
        let digits = std::mem::take(&mut self.digits);
        Some(Identity::parse(digits.as_str()))
    }
}

fn is_number(signs: &str) -> bool {
    !signs.is_empty() && signs.bytes().all(|sign| sign.is_ascii_digit())
}

fn digits(signs: &str) -> Result<Run, Malformed> {
    if is_number(signs) { Run::of(&[signs]) } else { Err(Malformed) }
}

/// EN 300 659-1 §B.2.
fn information(body: &str) -> Result<Absence, Malformed> {
    match body {
        "00" => Ok(Absence::Unavailable),
        "10" => Ok(Absence::Private),
        _ => Err(Malformed),
    }
}

/// Two numbers of 20 digits, and what is around them.
const MOST: usize = 48;
