//! Countries: how numbers are dialled there (ITU-T E.164 and its national numbering plans) and
//! which ones summon help.

use crate::Number;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A country by its ISO 3166-1 alpha-2 code, one of those in the table of [`Zone::all`].
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, example = "GB"))]
#[serde(try_from = "String", into = "String")]
pub struct Country(&'static Zone);

/// How numbers are dialled in a country.
#[derive(Debug, PartialEq, Eq)]
pub struct Zone {
    /// ISO 3166-1 alpha-2.
    pub code: &'static str,
    /// Its name in English.
    pub name: &'static str,
    /// E.164 country code.
    pub calling_code: &'static str,
    /// What is dialled before a national number; empty where there is nothing.
    pub trunk_prefix: &'static str,
    /// What is dialled before an international number.
    pub international_prefix: &'static str,
    /// Numbers that summon help.
    pub emergency: &'static [&'static str],
}

/// No country that the box knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownCountry;

impl Country {
    /// Looks a country up by its code.
    pub fn parse(code: &str) -> Result<Self, UnknownCountry> {
        let found = ZONES.iter().find(|zone| zone.code.eq_ignore_ascii_case(code.trim()));
        found.map(Self).ok_or(UnknownCountry)
    }

    /// Its code.
    pub fn code(self) -> &'static str {
        self.0.code
    }

    /// Its numbering plan.
    pub fn zone(self) -> &'static Zone {
        self.0
    }
}

impl Zone {
    /// All countries that the box knows, by code.
    pub fn all() -> &'static [Zone] {
        ZONES
    }

    /// The E.164 form of a number as a person of this country dials it to the outside world, or as
    /// a carrier sends it: `02079460958` is `+442079460958` in GB. `None` for what has no such form:
    /// internal and short numbers, service codes.
    pub fn to_e164(&self, dialled: &str) -> Option<Number> {
        let digits = self.e164_digits(dialled)?;
        let plausible = (MIN_E164..=MAX_E164).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        if plausible { Number::parse(&format!("+{digits}")).ok() } else { None }
    }

    /// The E.164 form of a number as carriers of this country send it: like [`Self::to_e164`], and
    /// also bare with its country code.
    pub fn to_e164_from_carrier(&self, sent: &str) -> Option<Number> {
        self.to_e164(sent).or_else(|| {
            let bare = sent.starts_with(self.calling_code) && sent.len() >= MIN_BARE;
            if bare { self.to_e164(&format!("+{sent}")) } else { None }
        })
    }

    /// How the E.164 form begins of a number of which a person of this country has dialled a part:
    /// `0207` is `+44207` in GB. `None` for what does not lead to the outside world.
    pub fn begun_e164(&self, dialled: &str) -> Option<String> {
        let digits = self.e164_digits(dialled).filter(|digits| !digits.is_empty())?;
        Some(format!("+{digits}"))
    }

    /// How a person of this country dials an E.164 number.
    pub fn national(&self, e164: &str) -> String {
        let Some(digits) = e164.strip_prefix('+') else { return e164.to_owned() };
        match digits.strip_prefix(self.calling_code) {
            Some(rest) => format!("{}{rest}", self.trunk_prefix),
            None => format!("{}{digits}", self.international_prefix),
        }
    }

    fn e164_digits(&self, dialled: &str) -> Option<String> {
        if let Some(rest) = dialled.strip_prefix('+') {
            return Some(rest.to_owned());
        }
        if let Some(rest) = self.after_international_prefix(dialled) {
            return Some(rest.to_owned());
        }
        if self.trunk_prefix.is_empty() {
            return None;
        }
        let rest = dialled.strip_prefix(self.trunk_prefix)?;
        // North America dials 1 before ten digits, and 1 is its calling code.
        Some(format!("{}{rest}", self.calling_code))
    }

    fn after_international_prefix<'a>(&self, dialled: &'a str) -> Option<&'a str> {
        dialled.strip_prefix(self.international_prefix).filter(|rest| !rest.is_empty())
    }
}

impl Default for Country {
    fn default() -> Self {
        // The table is never empty; GB is its fallback only until the installer chose.
        Self::parse("GB").unwrap_or(Self(&FALLBACK))
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code)
    }
}

impl fmt::Display for UnknownCountry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("choose a country from the list (two letters, for example GB)")
    }
}

impl std::error::Error for UnknownCountry {}

impl TryFrom<String> for Country {
    type Error = UnknownCountry;
    fn try_from(code: String) -> Result<Self, UnknownCountry> {
        Self::parse(&code)
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.code().to_owned()
    }
}

/// ITU-T E.164 §6: at most 15 digits with the country code; no country has fewer than 7.
const MIN_E164: usize = 7;
const MAX_E164: usize = 15;
/// A bare number with fewer digits than this is a short code rather than a country code and more.
const MIN_BARE: usize = 10;

const FALLBACK: Zone = zone("GB", "United Kingdom", "44", "0", "00", &["999", "112"]);

const fn zone(
    code: &'static str,
    name: &'static str,
    calling_code: &'static str,
    trunk_prefix: &'static str,
    international_prefix: &'static str,
    emergency: &'static [&'static str],
) -> Zone {
    Zone { code, name, calling_code, trunk_prefix, international_prefix, emergency }
}

/// Calling codes: ITU-T E.164 list of country codes. Prefixes: ITU-T E.164 "Dialling procedures"
/// list. Emergency numbers: ITU-T E.161.1 and the national plans.
#[rustfmt::skip]
const ZONES: &[Zone] = &[
    zone("AE", "United Arab Emirates", "971", "0", "00", &["999", "998", "997", "112"]),
    zone("AR", "Argentina", "54", "0", "00", &["911", "100", "101", "107", "112"]),
    zone("AT", "Austria", "43", "0", "00", &["112", "122", "133", "144", "140", "141"]),
    zone("AU", "Australia", "61", "0", "0011", &["000", "112", "106"]),
    zone("BE", "Belgium", "32", "0", "00", &["112", "100", "101", "110"]),
    zone("BG", "Bulgaria", "359", "0", "00", &["112", "150", "160", "166"]),
    zone("BR", "Brazil", "55", "0", "00", &["190", "192", "193", "112", "911"]),
    zone("CA", "Canada", "1", "1", "011", &["911", "112"]),
    zone("CH", "Switzerland", "41", "0", "00", &["112", "117", "118", "144", "1414"]),
    zone("CL", "Chile", "56", "", "00", &["131", "132", "133"]),
    zone("CN", "China", "86", "0", "00", &["110", "119", "120", "122", "112"]),
    zone("CO", "Colombia", "57", "", "00", &["123", "112"]),
    zone("CY", "Cyprus", "357", "", "00", &["112", "199"]),
    zone("CZ", "Czechia", "420", "", "00", &["112", "150", "155", "158"]),
    zone("DE", "Germany", "49", "0", "00", &["112", "110"]),
    zone("DK", "Denmark", "45", "", "00", &["112"]),
    zone("EE", "Estonia", "372", "", "00", &["112"]),
    zone("EG", "Egypt", "20", "0", "00", &["122", "123", "180", "112"]),
    zone("ES", "Spain", "34", "", "00", &["112", "061", "062", "080", "091", "092"]),
    zone("FI", "Finland", "358", "0", "00", &["112"]),
    zone("FR", "France", "33", "0", "00", &["112", "15", "17", "18", "114", "115", "119", "196"]),
    zone("GB", "United Kingdom", "44", "0", "00", &["999", "112"]),
    zone("GR", "Greece", "30", "", "00", &["112", "100", "166", "199"]),
    zone("HK", "Hong Kong", "852", "", "001", &["999", "112", "992"]),
    zone("HR", "Croatia", "385", "0", "00", &["112", "192", "193", "194"]),
    zone("HU", "Hungary", "36", "06", "00", &["112", "104", "105", "107"]),
    zone("ID", "Indonesia", "62", "0", "001", &["112", "110", "113", "118", "119"]),
    zone("IE", "Ireland", "353", "0", "00", &["999", "112"]),
    zone("IL", "Israel", "972", "0", "00", &["100", "101", "102", "112"]),
    zone("IN", "India", "91", "0", "00", &["112", "100", "101", "102", "108"]),
    zone("IS", "Iceland", "354", "", "00", &["112"]),
    zone("IT", "Italy", "39", "", "00", &["112", "113", "115", "118"]),
    zone("JP", "Japan", "81", "0", "010", &["110", "119", "118"]),
    zone("KE", "Kenya", "254", "0", "000", &["999", "112", "911"]),
    zone("KR", "South Korea", "82", "0", "001", &["112", "119"]),
    zone("LT", "Lithuania", "370", "0", "00", &["112"]),
    zone("LU", "Luxembourg", "352", "", "00", &["112", "113"]),
    zone("LV", "Latvia", "371", "", "00", &["112", "110", "113"]),
    zone("MA", "Morocco", "212", "0", "00", &["19", "15", "177", "112"]),
    zone("MT", "Malta", "356", "", "00", &["112"]),
    zone("MX", "Mexico", "52", "", "00", &["911"]),
    zone("MY", "Malaysia", "60", "0", "00", &["999", "112"]),
    zone("NG", "Nigeria", "234", "0", "009", &["112", "199"]),
    zone("NL", "Netherlands", "31", "0", "00", &["112"]),
    zone("NO", "Norway", "47", "", "00", &["110", "112", "113"]),
    zone("NZ", "New Zealand", "64", "0", "00", &["111", "112"]),
    zone("PE", "Peru", "51", "0", "00", &["105", "106", "116"]),
    zone("PH", "Philippines", "63", "0", "00", &["911", "117", "112"]),
    zone("PL", "Poland", "48", "", "00", &["112", "997", "998", "999"]),
    zone("PT", "Portugal", "351", "", "00", &["112"]),
    zone("RO", "Romania", "40", "0", "00", &["112"]),
    zone("RS", "Serbia", "381", "0", "00", &["112", "192", "193", "194"]),
    zone("SA", "Saudi Arabia", "966", "0", "00", &["911", "997", "998", "999", "112"]),
    zone("SE", "Sweden", "46", "0", "00", &["112"]),
    zone("SG", "Singapore", "65", "", "000", &["995", "999", "112"]),
    zone("SI", "Slovenia", "386", "0", "00", &["112", "113"]),
    zone("SK", "Slovakia", "421", "0", "00", &["112", "150", "155", "158"]),
    zone("TH", "Thailand", "66", "0", "001", &["191", "199", "1669", "112"]),
    zone("TR", "Türkiye", "90", "0", "00", &["112"]),
    zone("TW", "Taiwan", "886", "0", "002", &["110", "119", "112"]),
    zone("UA", "Ukraine", "380", "0", "00", &["112", "101", "102", "103"]),
    zone("US", "United States", "1", "1", "011", &["911", "112"]),
    zone("VN", "Vietnam", "84", "0", "00", &["112", "113", "114", "115"]),
    zone("ZA", "South Africa", "27", "0", "00", &["112", "10111", "10177"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn e164(country: &str, dialled: &str) -> Option<String> {
        Country::parse(country).unwrap().zone().to_e164(dialled).map(String::from)
    }

    #[test]
    fn national_and_international_dialling_mean_the_same_number() {
        assert_eq!(e164("GB", "02079460958").as_deref(), Some("+442079460958"));
        assert_eq!(e164("GB", "00493012345").as_deref(), Some("+493012345"));
        assert_eq!(e164("US", "12125550123").as_deref(), Some("+12125550123"));
        assert_eq!(e164("US", "011442079460958").as_deref(), Some("+442079460958"));
        assert_eq!(e164("HU", "0613001234").as_deref(), Some("+3613001234"));
    }

    #[test]
    fn internal_and_short_numbers_have_no_e164_form() {
        assert_eq!(e164("GB", "201"), None);
        assert_eq!(e164("GB", "112"), None);
        assert_eq!(e164("GB", "*97"), None);
        assert_eq!(e164("DE", "0"), None);
    }

    #[test]
    fn a_part_of_a_number_is_the_beginning_of_its_e164_form() {
        let begun = |country: &str, dialled: &str| {
            Country::parse(country).unwrap().zone().begun_e164(dialled)
        };
        assert_eq!(begun("GB", "0207").as_deref(), Some("+44207"));
        assert_eq!(begun("GB", "0049").as_deref(), Some("+49"));
        assert_eq!(begun("US", "1212").as_deref(), Some("+1212"));
        assert_eq!(begun("IT", "06"), None);
        assert_eq!(begun("GB", "201"), None);
    }

    #[test]
    fn a_carrier_may_leave_out_the_plus() {
        let zone = Country::parse("DE").unwrap().zone();
        assert_eq!(zone.to_e164_from_carrier("493012345678").unwrap().as_str(), "+493012345678");
        assert_eq!(zone.to_e164_from_carrier("4930"), None);
    }

    #[test]
    fn national_form_dials_back() {
        let zone = Country::parse("GB").unwrap().zone();
        assert_eq!(zone.national("+442079460958"), "02079460958");
        assert_eq!(zone.national("+493012345"), "00493012345");
        let us = Country::parse("us").unwrap().zone();
        assert_eq!(us.national("+12125550123"), "12125550123");
    }

    #[test]
    fn the_table_is_in_order_and_every_country_can_call_for_help() {
        for pair in ZONES.windows(2) {
            assert!(pair[0].code < pair[1].code, "{}", pair[1].code);
        }
        assert!(ZONES.iter().all(|zone| !zone.emergency.is_empty()));
        assert_eq!(Country::default().code(), "GB");
    }
}
