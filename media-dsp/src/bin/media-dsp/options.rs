//! The command line: words and options in any order, each taken by who knows it.

use std::fmt;
use std::io;
use std::process::ExitCode;
use std::str::FromStr;

/// What was typed and not yet taken.
pub(crate) struct Options {
    words: Vec<String>,
    /// Names without their dashes.
    options: Vec<(String, Option<String>)>,
    /// The codec or verb that the options were for.
    of: String,
}

/// Why nothing, or not all, was done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line is no good.
    Usage(String),
    /// The input is no good.
    Data(String),
    /// Standard input could not be read.
    Input(io::Error),
    /// Standard output could not be written.
    Output(io::Error),
}

impl Options {
    pub(crate) fn parse(typed: Vec<String>) -> Result<Self, Failure> {
        let (mut words, mut options) = (Vec::new(), Vec::new());
        let mut typed = typed.into_iter().peekable();
        while let Some(word) = typed.next() {
            let Some(name) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else {
                words.push(word);
                continue;
            };
            if let Some((name, value)) = name.split_once('=') {
                options.push((name.to_owned(), Some(value.to_owned())));
            } else if VALUED.contains(&name) {
                let value = typed.next();
                let value =
                    value.ok_or_else(|| Failure::usage(format!("--{name} needs a value")))?;
                options.push((name.to_owned(), Some(value)));
            } else {
                options.push((name.to_owned(), None));
            }
        }
        words.reverse();
        Ok(Self { words, options, of: "this".to_owned() })
    }

    /// The next word.
    pub(crate) fn word(&mut self) -> Option<String> {
        let word = self.words.pop()?;
        self.of.clone_from(&word);
        Some(word)
    }

    /// Whether an option without a value was given. Given twice, it is there for the next codec too.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let at = self.options.iter().position(|(known, value)| known == name && value.is_none());
        at.map(|at| self.options.remove(at)).is_some()
    }

    /// The value of an option, or this one. Given twice, the other value is for the next codec.
    pub(crate) fn value<T: FromStr>(&mut self, name: &str, default: T) -> Result<T, Failure> {
        let Some(at) = self.options.iter().position(|(known, _)| known == name) else {
            return Ok(default);
        };
        let (_, value) = self.options.remove(at);
        let value = value.ok_or_else(|| Failure::usage(format!("--{name} needs a value")))?;
        value.parse().map_err(|_| Failure::usage(format!("--{name} cannot be '{value}'")))
    }

    /// Nothing may be left.
    pub(crate) fn done(&self) -> Result<(), Failure> {
        if let Some((name, _)) = self.options.first() {
            return Err(Failure::usage(format!("{} knows no option --{name}", self.of)));
        }
        match self.words.last() {
            Some(word) => Err(Failure::usage(format!("'{word}' is one word too many"))),
            None => Ok(()),
        }
    }
}

impl Failure {
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::Usage(what.into())
    }

    pub(crate) fn data(what: impl Into<String>) -> Self {
        Self::Data(what.into())
    }

    pub(crate) fn code(&self) -> ExitCode {
        match self {
            Self::Usage(_) | Self::Data(_) => ExitCode::from(2),
            Self::Input(_) | Self::Output(_) => ExitCode::FAILURE,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(what) => write!(f, "{what}; 'media-dsp help' tells how it is used"),
            Self::Data(what) => f.write_str(what),
            Self::Input(error) => write!(f, "standard input cannot be read: {error}"),
            Self::Output(error) => write!(f, "standard output cannot be written: {error}"),
        }
    }
}

/// Options that take the next word as their value.
const VALUED: &[&str] =
    &["bitrate", "country", "delay", "law", "level", "mode", "ms", "nlp", "rate", "tail"];
