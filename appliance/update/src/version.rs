//! Which of two versions is the older one.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A version: numbers with dots, and perhaps a word of what came before it was finished
/// (`2.10.0`, `2.10.0-rc1`). Ordered as Semantic Versioning 2.0.0 §11 orders, with as many numbers
/// as one likes: those that are not there are 0, and what follows a `+` does not count.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    text: String,
    numbers: Vec<u64>,
    before: Vec<Part>,
}

/// Between dots of a pre-release: numbers are lower than words (Semantic Versioning 2.0.0 §11.4).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Word(String),
}

/// That is no version: misbehaved is who made the bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoVersion;

impl Version {
    /// Reads a version of at most 64 characters.
    pub fn parse(text: &str) -> Result<Version, NoVersion> {
        if text.len() > LONGEST {
            return Err(NoVersion);
        }
        let told = text.strip_prefix('v').unwrap_or(text);
        let told = told.split_once('+').map_or(told, |(told, _)| told);
        let (numbers, before) = match told.split_once('-') {
            Some((_, "")) => return Err(NoVersion),
            Some((numbers, before)) => (numbers, Some(before)),
            None => (told, None),
        };
        let mut numbers: Vec<u64> = numbers.split('.').map(number).collect::<Result<_, _>>()?;
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        let before = before.into_iter().flat_map(|before| before.split('.')).map(part).collect();
        Ok(Version { text: text.to_owned(), numbers, before })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

fn number(text: &str) -> Result<u64, NoVersion> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().map_err(|_| NoVersion) } else { Err(NoVersion) }
}

fn part(text: &str) -> Part {
    number(text).map_or_else(|_| Part::Word(text.to_owned()), Part::Number)
}

impl Ord for Version {
    fn cmp(&self, other: &Version) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| {
            match (self.before.is_empty(), other.before.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => self.before.cmp(&other.before),
            }
        })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Version) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Version) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for NoVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("that is no version")
    }
}

impl TryFrom<String> for Version {
    type Error = NoVersion;

    fn try_from(text: String) -> Result<Version, NoVersion> {
        Version::parse(&text)
    }
}

impl From<Version> for String {
    fn from(version: Version) -> String {
        version.text
    }
}

/// Longer than any version that anybody would say aloud.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_number_and_not_by_letter() {
        let rising = [
            "0.9",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.9.0",
            "1.10.0",
            "2",
        ];
        for (earlier, later) in rising.iter().zip(rising.iter().skip(1)) {
            let (earlier, later) =
                (Version::parse(earlier).unwrap(), Version::parse(later).unwrap());
            assert!(earlier < later, "{earlier} < {later}");
            assert!(later > earlier, "{later} > {earlier}");
        }
    }

    #[test]
    fn what_is_not_said_is_nought_and_a_build_does_not_count() {
        for same in ["1.2", "v1.2", "1.2.0", "1.2.0+yesterday", "1.2.0.0"] {
            assert_eq!(Version::parse(same).unwrap(), Version::parse("1.2").unwrap());
        }
    }

    #[test]
    fn what_is_no_version_is_refused() {
        let long = "1".repeat(65);
        for wrong in ["", "1.", ".1", "one", "1.2-", "1 .2", "99999999999999999999", "-1", &long] {
            assert!(Version::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
