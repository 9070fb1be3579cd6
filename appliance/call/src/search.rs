//! Finding a call by what a person remembers of it: a part of a number or of a name.

use crate::CallRecord;

/// What is looked for, in every spelling under which a record may have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    spellings: Vec<String>,
}

impl Search {
    /// Reads what somebody typed; `None` when that is nothing. Letters of both cases are the same;
    /// in a number spaces, dots, dashes and brackets are only for the eye.
    pub fn of(typed: &str) -> Option<Self> {
        let text = typed.trim().to_lowercase();
        if text.is_empty() {
            return None;
        }
        let number = Self::number(&text);
        Some(Self { spellings: vec![text] }.or(number.as_deref()))
    }

    /// Also finds what is spelled like this.
    pub fn or(mut self, spelling: Option<&str>) -> Self {
        if let Some(spelling) = spelling
            && !self.finds(spelling)
        {
            self.spellings.push(spelling.to_owned());
        }
        self
    }

    /// The digits of what was typed, if it can be a part of a number.
    pub fn number(typed: &str) -> Option<String> {
        let digits: String = typed.chars().filter(|c| !" .-()/\u{a0}".contains(*c)).collect();
        let is_number = |c: char| c.is_ascii_digit() || "+*#".contains(c);
        (!digits.is_empty() && digits.chars().all(is_number)).then_some(digits)
    }

    /// Whether it is in a [`CallRecord::search_text`].
    pub fn finds(&self, text: &str) -> bool {
        self.spellings.iter().any(|spelling| text.contains(spelling))
    }
}

impl CallRecord {
    /// All numbers and names of a call, those of a transfer included: each once, a line each, in
    /// small letters.
    pub fn search_text(&self) -> String {
        let mut text = String::new();
        let dialled = [&self.dialled];
        let parties = [&self.from, &self.to].into_iter().chain(&self.talking);
        for part in parties.flat_map(|party| [&party.number, &party.name]).chain(dialled) {
            let part = part.to_lowercase();
            if part.is_empty() || text.lines().any(|line| line == part) {
                continue;
            }
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&part);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "+442079460958\njosé müller\n201\nroom 24-7";

    fn finds(typed: &str) -> bool {
        Search::of(typed).is_some_and(|search| search.finds(TEXT))
    }

    #[test]
    fn a_part_of_a_number_is_found_as_people_write_it() {
        for typed in ["0958", "+44 20", "(20) 7946-09", "2079.46", "201", "01", " 201 "] {
            assert!(finds(typed), "{typed}");
        }
        for typed in ["0959", "+20", "2012", "*201"] {
            assert!(!finds(typed), "{typed}");
        }
    }

    #[test]
    fn a_part_of_a_name_is_found_in_either_case() {
        for typed in ["Müller", "MÜLL", "josé m", "room 24", "24-7"] {
            assert!(finds(typed), "{typed}");
        }
        assert!(!finds("muller"));
        assert!(!finds("josémüller"));
    }

    #[test]
    fn nothing_typed_is_no_search() {
        assert_eq!(Search::of(" "), None);
        assert_eq!(Search::number("- ("), None);
    }

    #[test]
    fn another_spelling_finds_too() {
        let search = Search::of("020 7946").unwrap();
        assert!(!search.finds(TEXT));
        assert!(search.or(Some("+44207946")).finds(TEXT));
    }
}
