//! The command line: what the person wants, or one sentence that says what is wrong with it.
//!
//! Flags win over the environment (`STROWGER_*`), the environment over the defaults.

use config::External;
use lexopt::prelude::*;
use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// What the person wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    /// Be the exchange.
    Run(Box<Run>),
    /// Look whether the data folder is sound.
    Check(PathBuf),
    /// Write a backup.
    Backup {
        /// The data folder.
        data: PathBuf,
        /// The file to write.
        file: PathBuf,
    },
    /// Put a backup in place of the data folder's content.
    Restore {
        /// The data folder.
        data: PathBuf,
        /// The file to read.
        file: PathBuf,
    },
    /// Forget the administrators and write a new claim code.
    ResetAdmin(PathBuf),
    /// Feed a recording to a fresh exchange and compare.
    Replay(PathBuf),
    /// Print the version.
    Version,
    /// Print how it is used.
    Help,
}

/// How to be the exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    /// The data folder.
    pub(crate) data: PathBuf,
    /// Where the web admin and the API listen.
    pub(crate) http: Listen,
    /// Where SIP listens over UDP and TCP.
    pub(crate) sip: Listen,
    /// Where SIP listens over TLS.
    pub(crate) sips: Listen,
    /// The addresses that media ports are bound to; empty means all of the machine.
    pub(crate) media: Vec<IpAddr>,
    /// The ports for media.
    pub(crate) media_ports: RangeInclusive<u16>,
    /// How the outside sees the box.
    pub(crate) external: Option<External>,
    /// The board whose lines are ours: its name, or the path of its fact sheet.
    pub(crate) board: Option<String>,
    /// Where every input of the exchange is written.
    pub(crate) record: Option<PathBuf>,
}

/// Addresses to listen at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listen {
    /// The addresses; port 0 leaves the choice to the system.
    pub(crate) addresses: Vec<SocketAddr>,
    /// They were asked for. Of the defaults, one may be missing: many machines have no IPv6.
    pub(crate) asked: bool,
}

/// What is wrong with the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Misuse {
    /// No such command.
    Command(String),
    /// No such flag, or one that makes no sense here.
    Flag(String),
    /// A value that cannot be understood.
    Value {
        /// The flag or the variable.
        flag: String,
        /// What was given.
        value: String,
        /// What would be understood.
        wanted: &'static str,
    },
    /// A flag without its value.
    NoValue(String),
    /// A command without its file.
    NoFile(&'static str),
}

impl Command {
    /// Reads the arguments (without the program's name) and the environment.
    pub(crate) fn parse(
        args: impl IntoIterator<Item = OsString>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Misuse> {
        let mut parser = lexopt::Parser::from_args(args);
        let mut given = Given::default();
        let mut words: Vec<String> = Vec::new();
        while let Some(arg) = parser.next()? {
            match arg {
                Short('h') | Long("help") => return Ok(Self::Help),
                Short('V') | Long("version") => return Ok(Self::Version),
                Long(flag) => {
                    let flag = flag.to_owned();
                    let Some(slot) = given.slot(&flag) else {
                        return Err(Misuse::Flag(format!("--{flag}")));
                    };
                    slot.push((format!("--{flag}"), parser.value()?.string()?));
                }
                Short(flag) => return Err(Misuse::Flag(format!("-{flag}"))),
                Value(word) => words.push(word.string()?),
            }
        }
        given.fill_from(environment);
        command(words, &given)
    }
}

/// Values by flag, each with the name under which it was given.
#[derive(Default)]
struct Given {
    data: Vec<(String, String)>,
    http: Vec<(String, String)>,
    sip: Vec<(String, String)>,
    sips: Vec<(String, String)>,
    media_ip: Vec<(String, String)>,
    media_ports: Vec<(String, String)>,
    external_ip: Vec<(String, String)>,
    board: Vec<(String, String)>,
    record: Vec<(String, String)>,
}

impl Given {
    fn slot(&mut self, flag: &str) -> Option<&mut Vec<(String, String)>> {
        Some(match flag {
            "data" => &mut self.data,
            "http" => &mut self.http,
            "sip" => &mut self.sip,
            "sips" => &mut self.sips,
            "media-ip" => &mut self.media_ip,
            "media-ports" => &mut self.media_ports,
            "external-ip" => &mut self.external_ip,
            "board" => &mut self.board,
            "record" => &mut self.record,
            _ => return None,
        })
    }

    /// Takes from the environment what no flag gave; several addresses stand between commas.
    fn fill_from(&mut self, environment: impl Fn(&str) -> Option<String>) {
        for flag in FLAGS {
            let variable = format!("STROWGER_{}", flag.replace('-', "_").to_uppercase());
            let (Some(slot), Some(text)) = (self.slot(flag), environment(&variable)) else {
                continue;
            };
            if slot.is_empty() && !text.is_empty() {
                let values: Vec<_> = match *flag {
                    "data" | "board" | "record" => vec![text],
                    _ => text.split(',').map(|value| value.trim().to_owned()).collect(),
                };
                slot.extend(values.into_iter().map(|value| (variable.clone(), value)));
            }
        }
    }

    fn data(&self) -> PathBuf {
        self.data.last().map_or_else(|| PathBuf::from("var"), |(_, path)| PathBuf::from(path))
    }
}

fn command(words: Vec<String>, given: &Given) -> Result<Command, Misuse> {
    let mut words = words.into_iter();
    let name = words.next().unwrap_or_else(|| "help".to_owned());
    let mut file = |command| words.next().map(PathBuf::from).ok_or(Misuse::NoFile(command));
    let command = match name.as_str() {
        "run" => Command::Run(Box::new(run(given)?)),
        "check" => Command::Check(given.data()),
        "backup" => Command::Backup { file: file("backup")?, data: given.data() },
        "restore" => Command::Restore { file: file("restore")?, data: given.data() },
        "reset-admin" => Command::ResetAdmin(given.data()),
        "replay" => Command::Replay(file("replay")?),
        "version" => Command::Version,
        "help" => Command::Help,
        _ => return Err(Misuse::Command(name)),
    };
    match words.next() {
        Some(word) => Err(Misuse::Flag(word)),
        None => Ok(command),
    }
}

fn run(given: &Given) -> Result<Run, Misuse> {
    let ports = given.media_ports.last().map(media_ports).transpose()?;
    Ok(Run {
        data: given.data(),
        http: listen(&given.http, 8443)?,
        sip: listen(&given.sip, 5060)?,
        sips: listen(&given.sips, 5061)?,
        media: given.media_ip.iter().map(media_ip).collect::<Result<_, _>>()?,
        media_ports: ports.unwrap_or(20_000..=29_999),
        external: given.external_ip.last().map(external).transpose()?,
        board: given.board.last().map(|(_, board)| board.clone()),
        record: given.record.last().map(|(_, path)| PathBuf::from(path)),
    })
}

fn listen(given: &[(String, String)], port: u16) -> Result<Listen, Misuse> {
    if given.is_empty() {
        let all = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
        let addresses = all.map(|address| SocketAddr::new(address, port)).to_vec();
        return Ok(Listen { addresses, asked: false });
    }
    let parse = |entry: &(String, String)| {
        entry.1.parse().map_err(|_| wrong(entry, "ADDRESS:PORT, for example 0.0.0.0:5060"))
    };
    let mut addresses: Vec<SocketAddr> = given.iter().map(parse).collect::<Result<_, _>>()?;
    addresses.dedup();
    Ok(Listen { addresses, asked: true })
}

fn media_ip(entry: &(String, String)) -> Result<IpAddr, Misuse> {
    entry.1.parse().map_err(|_| wrong(entry, "an address of this machine, without a port"))
}

fn media_ports(entry: &(String, String)) -> Result<RangeInclusive<u16>, Misuse> {
    let parse = || {
        let (low, high) = entry.1.split_once('-')?;
        Some((low.trim().parse::<u16>().ok()?, high.trim().parse::<u16>().ok()?))
    };
    match parse() {
        Some((low, high)) if low >= 1024 && high >= low.saturating_add(3) => Ok(low..=high),
        _ => Err(wrong(entry, "two ports from 1024 up, for example 20000-29999")),
    }
}

fn external(entry: &(String, String)) -> Result<External, Misuse> {
    match entry.1.strip_prefix("stun:") {
        Some(host) if !host.is_empty() => Ok(External::Stun(host.to_owned())),
        _ => entry
            .1
            .parse()
            .map(External::Fixed)
            .map_err(|_| wrong(entry, "an address, or stun:HOST to ask a STUN server")),
    }
}

fn wrong((flag, value): &(String, String), wanted: &'static str) -> Misuse {
    Misuse::Value { flag: flag.clone(), value: value.clone(), wanted }
}

impl From<lexopt::Error> for Misuse {
    fn from(error: lexopt::Error) -> Self {
        match error {
            lexopt::Error::MissingValue { option } => Self::NoValue(option.unwrap_or_default()),
            lexopt::Error::UnexpectedOption(flag) => Self::Flag(flag),
            lexopt::Error::UnexpectedArgument(word) => Self::Flag(word.display().to_string()),
            lexopt::Error::UnexpectedValue { option, .. } => Self::Flag(option),
            other => Self::Flag(other.to_string()),
        }
    }
}

impl From<OsString> for Misuse {
    fn from(value: OsString) -> Self {
        Self::Flag(value.display().to_string())
    }
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(name) => {
                write!(f, "there is no command '{name}'; 'strowgerd help' lists them")
            }
            Self::Flag(flag) => {
                write!(f, "'{flag}' means nothing here; 'strowgerd help' says what does")
            }
            Self::Value { flag, value, wanted } => {
                write!(f, "{flag} cannot be '{value}': give {wanted}")
            }
            Self::NoValue(flag) => {
                write!(f, "{flag} needs a value; 'strowgerd help' says which")
            }
            Self::NoFile(command) => {
                write!(f, "name the file: strowgerd {command} FILE")
            }
        }
    }
}

const FLAGS: &[&str] =
    &["data", "http", "sip", "sips", "media-ip", "media-ports", "external-ip", "board", "record"];

/// The whole manual on one screen.
pub(crate) const HELP: &str = "\
strowgerd, an IP telephone exchange

  strowgerd run           be the exchange
      --data DIR            where everything is kept                    (./var)
      --http ADDR:PORT      web admin and API, over HTTPS               (0.0.0.0:8443 and [::]:8443)
      --sip ADDR:PORT       SIP over UDP and TCP                        (0.0.0.0:5060 and [::]:5060)
      --sips ADDR:PORT      SIP over TLS                                (0.0.0.0:5061 and [::]:5061)
      --media-ip ADDR       bind media ports to this address            (all addresses)
      --media-ports A-B     the ports for media                         (20000-29999)
      --external-ip ADDR    how the outside sees this box, or stun:HOST (learned from the trunks)
      --board NAME          use the lines of this board: sim, or a board.toml
      --record FILE         write every input of the exchange, secrets left out
  strowgerd check         look whether the data folder is sound         [--data DIR]
  strowgerd backup FILE   write an encrypted backup                     [--data DIR]
  strowgerd restore FILE  put a backup in place of what is there        [--data DIR]
  strowgerd reset-admin   forget all administrators, make a claim code  [--data DIR]
  strowgerd replay FILE   run a recording again and compare
  strowgerd version
  strowgerd help

Addresses may be given several times. The environment overrides the defaults and is overridden
by flags: STROWGER_DATA, STROWGER_HTTP, STROWGER_SIP, STROWGER_SIPS, STROWGER_MEDIA_IP,
STROWGER_MEDIA_PORTS, STROWGER_EXTERNAL_IP, STROWGER_RECORD (several addresses: between commas);
STROWGER_PASSPHRASE for backup and restore; STROWGER_LOG for the log (warn, info, debug, trace,
or sip=trace,info).

Exit codes: 0 done, 1 it failed, 2 it was never started because of how it was asked for.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, Misuse> {
        parse_with(line, |_| None)
    }

    fn parse_with(
        line: &str,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Command, Misuse> {
        Command::parse(line.split_whitespace().map(OsString::from), environment)
    }

    fn run_of(command: Command) -> Run {
        let Command::Run(run) = command else { panic!("{command:?}") };
        *run
    }

    #[test]
    fn the_defaults_fit_a_box_on_a_lan() {
        let run = run_of(parse("run").unwrap());
        assert_eq!(run.data, PathBuf::from("var"));
        assert_eq!(run.http.addresses[0], "0.0.0.0:8443".parse::<SocketAddr>().unwrap());
        assert_eq!(run.sip.addresses[1], "[::]:5060".parse::<SocketAddr>().unwrap());
        assert_eq!(run.sips.addresses.len(), 2);
        assert_eq!(run.media_ports, 20_000..=29_999);
        assert!(run.media.is_empty() && run.external.is_none() && run.record.is_none());
        assert!(!run.sip.asked);
    }

    #[test]
    fn addresses_may_be_given_several_times() {
        let run = run_of(parse("run --sip 10.0.0.1:5060 --sip=[fd00::1]:5070").unwrap());
        assert_eq!(run.sip.addresses.len(), 2);
        assert!(run.sip.asked);
    }

    #[test]
    fn flags_win_over_the_environment_and_it_over_the_defaults() {
        let environment = |name: &str| match name {
            "STROWGER_SIP" => Some("127.0.0.1:1, [::1]:2".to_owned()),
            "STROWGER_MEDIA_PORTS" => Some("3000-4000".to_owned()),
            _ => None,
        };
        let run = run_of(parse_with("run --media-ports 5000-6000", environment).unwrap());
        assert_eq!(run.sip.addresses.len(), 2);
        assert_eq!(run.media_ports, 5000..=6000);
        let wrong = parse_with("run", |name| (name == "STROWGER_SIP").then(|| "here".to_owned()));
        assert!(wrong.unwrap_err().to_string().starts_with("STROWGER_SIP cannot be 'here'"));
    }

    #[test]
    fn the_outside_address_is_fixed_or_asked_for() {
        let external = |text: &str| run_of(parse(&format!("run --external-ip {text}")).unwrap());
        let fixed = External::Fixed("192.0.2.1".parse().unwrap());
        assert_eq!(external("192.0.2.1").external, Some(fixed));
        let stun = External::Stun("stun.example:3478".to_owned());
        assert_eq!(external("stun:stun.example:3478").external, Some(stun));
    }

    #[test]
    fn a_board_has_a_name_or_a_file_and_both_may_have_commas() {
        assert_eq!(run_of(parse("run").unwrap()).board, None);
        assert_eq!(run_of(parse("run --board sim").unwrap()).board.as_deref(), Some("sim"));
        let file = |name: &str| (name == "STROWGER_BOARD").then(|| "./a,b/board.toml".to_owned());
        let run = run_of(parse_with("run", file).unwrap());
        assert_eq!(run.board.as_deref(), Some("./a,b/board.toml"));
    }

    #[test]
    fn every_mistake_is_answered_with_a_sentence() {
        let sentence = |line| parse(line).unwrap_err().to_string();
        assert!(sentence("dance").starts_with("there is no command 'dance'"));
        assert!(sentence("run --loud yes").starts_with("'--loud' means nothing"));
        assert!(sentence("run -x").starts_with("'-x' means nothing"));
        assert!(sentence("run --sip").starts_with("--sip needs a value"));
        assert!(sentence("run --sip 5060").starts_with("--sip cannot be '5060'"));
        assert!(sentence("run --media-ports 9-5").contains("two ports from 1024 up"));
        assert!(sentence("run --external-ip stun:").contains("stun:HOST"));
        assert!(sentence("backup").starts_with("name the file"));
        assert!(sentence("check here").starts_with("'here' means nothing"));
    }

    #[test]
    fn the_help_names_every_flag() {
        assert_eq!(parse(""), Ok(Command::Help));
        assert_eq!(parse("run --help"), Ok(Command::Help));
        assert!(FLAGS.iter().all(|flag| HELP.contains(&format!("--{flag} "))));
    }
}
