//! What time it is, as phones are told.

use call::UnixMillis;

/// RFC 9110 §5.6.7, which RFC 3261 §20.17 takes over.
pub(super) fn http_date(at: UnixMillis) -> String {
    let seconds = at.seconds();
    let days = seconds / 86_400;
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let weekday = weekday.get(usize::try_from(days % 7).unwrap_or(0)).unwrap_or(&"Thu");
    let (year, month, day) = civil(days);
    let months =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.get(usize::try_from(month - 1).unwrap_or(0)).unwrap_or(&"Jan");
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{weekday}, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Year, month and day of a day since 1970, in the Gregorian calendar counted from March.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_phones_read_them() {
        assert_eq!(http_date(UnixMillis(0)), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(http_date(UnixMillis(1_709_251_199_000)), "Thu, 29 Feb 2024 23:59:59 GMT");
        assert_eq!(http_date(UnixMillis(1_794_959_999_000)), "Tue, 17 Nov 2026 23:59:59 GMT");
    }
}
