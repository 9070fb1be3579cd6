//! The commands that are over at once: looking at the data folder, saving it, putting it back, and
//! letting a new administrator in.

use crate::Failure;
use crate::claim::Claim;
use crate::clock;
use config::Secret;
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use store::{DeviceKey, RestoreError, Store};

/// Prints a line. Nobody reading it is no error.
pub(crate) fn say(line: impl std::fmt::Display) -> Result<(), Failure> {
    let _ = writeln!(io::stdout(), "{line}");
    Ok(())
}

/// Looks whether the data folder is sound.
pub(crate) fn check(data: &Path) -> Result<(), Failure> {
    let report = store::check(data).map_err(Failure::refused)?;
    say(format_args!("{}: database format {}", data.display(), report.format))?;
    for (name, count) in &report.counts {
        say(format_args!("{count:>10}  {name}"))?;
    }
    match report.faults.as_slice() {
        [] => say("All is well."),
        faults => Err(Failure::Failed(faults.join("; "))),
    }
}

/// Writes a backup, whole or not at all. A daemon may be at work in the folder.
pub(crate) fn backup(data: &Path, file: &Path) -> Result<(), Failure> {
    let key = DeviceKey::read(data).map_err(Failure::refused)?;
    let new = beside(file);
    let unwritable = |error: io::Error| {
        Failure::Refused(format!("{} cannot be written ({error}): name another", file.display()))
    };
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut out = options.open(&new).map_err(unwritable)?;
    let written = passphrase(true).and_then(|passphrase| {
        store::backup(data, &key, &passphrase, &mut out).map_err(Failure::failed)?;
        out.sync_all().and_then(|()| fs::rename(&new, file)).map_err(Failure::failed)
    });
    if written.is_err() {
        // Half a backup is worth nothing; that it cannot be removed changes nothing.
        let _ = fs::remove_file(&new);
    }
    written?;
    say(format_args!("Written: {}", file.display()))
}

/// Puts a backup in place of what is there.
pub(crate) fn restore(data: &Path, file: &Path) -> Result<(), Failure> {
    let backup = File::open(file).map_err(|error| {
        Failure::Refused(format!("{} cannot be read ({error}): name a backup", file.display()))
    })?;
    let passphrase = passphrase(false)?;
    let key = DeviceKey::load(data).map_err(Failure::refused)?;
    let restored = store::restore(data, &key, &passphrase, backup, clock::wall());
    let restored = restored.map_err(|error| match error {
        RestoreError::Open(_) => Failure::refused(error),
        error => Failure::failed(error),
    })?;
    let (extensions, trunks) = (restored.extensions, restored.trunks);
    let sounds = restored.sounds.map(|it| format!(", {it} sounds")).unwrap_or_default();
    say(format_args!("Restored: {extensions} extensions, {trunks} trunks{sounds}"))?;
    match restored.before {
        Some(before) => say(format_args!("What was there before is kept as {}", before.display())),
        None => Ok(()),
    }
}

/// Forgets the administrators; the next start, or this sentence, says the new claim code.
pub(crate) fn reset_admin(data: &Path) -> Result<(), Failure> {
    let key = DeviceKey::read(data).map_err(Failure::refused)?;
    let mut store = Store::open(data, key).map_err(Failure::refused)?;
    let count = store.reset_admin("console", clock::wall()).map_err(Failure::failed)?;
    let claim = Claim::open(data, false).map_err(Failure::failed)?;
    say(format_args!("Accounts removed: {count}"))?;
    match claim.code() {
        Some(code) => say(format_args!("Claim code: {}", code.reveal())),
        None => Ok(()),
    }
}

/// From the environment, the terminal or standard input; a new one is asked for twice.
fn passphrase(new: bool) -> Result<Secret, Failure> {
    if let Ok(passphrase) = std::env::var("STROWGER_PASSPHRASE") {
        return Ok(Secret::new(passphrase));
    }
    let first = ask("Passphrase: ").map_err(Failure::refused)?;
    if new && io::stdin().is_terminal() && ask("Once more: ").map_err(Failure::refused)? != first {
        return Err(Failure::refused("the two passphrases differ: try again"));
    }
    Ok(first)
}

fn ask(prompt: &str) -> io::Result<Secret> {
    let stdin = io::stdin();
    let mut line = String::new();
    if !stdin.is_terminal() {
        stdin.lock().read_line(&mut line)?;
        return Ok(Secret::new(line.trim_end_matches(['\r', '\n'])));
    }
    eprint!("{prompt}");
    let shown = tcgetattr(&stdin)?;
    let mut hidden = shown.clone();
    hidden.local_flags.remove(LocalFlags::ECHO);
    tcsetattr(&stdin, SetArg::TCSAFLUSH, &hidden)?;
    let read = stdin.lock().read_line(&mut line);
    tcsetattr(&stdin, SetArg::TCSAFLUSH, &shown)?;
    eprintln!();
    read?;
    Ok(Secret::new(line.trim_end_matches(['\r', '\n'])))
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}
