//! The Date header: RFC 3261 §20.17, always in GMT.

use std::fmt;

/// An instant, as seconds since 1970 (UTC); written as `Sat, 13 Nov 2010 23:29:00 GMT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(pub u64);

impl Date {
    /// Reads an RFC 1123 date in GMT; `None` for any other zone or form.
    pub fn parse(value: &[u8]) -> Option<Date> {
        let text = str::from_utf8(value).ok()?;
        let (weekday, rest) = text.split_once(',')?;
        if !WEEKDAYS.contains(&weekday) {
            return None;
        }
        let mut words = rest.split_ascii_whitespace();
        let day: u64 = number(words.next()?, 1..=2)?;
        let month = words.next()?;
        let month = MONTHS.iter().zip(1u64..).find(|(name, _)| **name == month)?.1;
        let year = number(words.next()?, 4..=4)?;
        let mut clock = words.next()?.split(':');
        let [hour, minute, second] =
            [clock.next(), clock.next(), clock.next()].map(|part| number(part?, 2..=2));
        let (hour, minute, second) = (hour?, minute?, second?);
        if words.next() != Some("GMT") || words.next().is_some() || clock.next().is_some() {
            return None;
        }
        if year < 1970 || day == 0 || day > 31 || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        Some(Date(days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, second) = (self.0 / 86_400, self.0 % 86_400);
        let (year, month, day) = civil(days);
        let name = |names: &[&'static str], at: u64| {
            usize::try_from(at).ok().and_then(|at| names.get(at).copied()).unwrap_or("")
        };
        // 1 January 1970 was a Thursday.
        let weekday = name(&WEEKDAYS, (days + 3) % 7);
        let month = name(&MONTHS, month - 1);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
    }
}

/// Days from 1970 to a day of the Gregorian calendar, counting years from 1 March so that the
/// leap day is the last.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year * 365 + year / 4 - year / 100 + day_of_year - 719_468
}

/// The inverse of [`days`]: year, month, day.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    (year, month, day)
}

fn number(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<u64> {
    if !digits.contains(&text.len()) {
        return None;
    }
    crate::scan::decimal(text.as_bytes()).map(u64::from)
}

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_and_written_alike() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Sat, 13 Nov 2010 23:29:00 GMT", 1_289_690_940),
            ("Sat, 15 Oct 2005 04:44:56 GMT", 1_129_351_496),
            ("Thu, 29 Feb 2024 12:00:00 GMT", 1_709_208_000),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
        ] {
            assert_eq!(Date::parse(text.as_bytes()), Some(Date(seconds)), "{text}");
            assert_eq!(Date(seconds).to_string(), text);
        }
    }

    #[test]
    fn another_zone_is_refused() {
        assert_eq!(Date::parse(b"Fri, 01 Jan 2010 16:00:00 EST"), None);
        assert_eq!(Date::parse(b"Fri, 01 Jan 2010 16:00 GMT"), None);
        assert_eq!(Date::parse(b"2010-01-01T16:00:00Z"), None);
    }
}
