//! Uploaded sounds in a backup: the files of one folder, one after the other, behind the database.
//!
//! Each is the length of its name (one octet), the name, the length of its content (eight octets, the
//! most significant first) and the content.

use crate::folder;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Where uploaded sounds lie in the data folder.
pub const SOUNDS: &str = "sounds";

/// The files that there are, in order of their names.
pub(crate) fn files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dir.join(SOUNDS)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.file_name().and_then(|it| it.to_str()).is_some_and(is_name) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Writes them. One that was removed meanwhile is left out.
pub(crate) fn write(files: &[PathBuf], out: &mut impl Write) -> io::Result<()> {
    for path in files {
        let Some(name) = path.file_name().and_then(|it| it.to_str()) else { continue };
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            file => file?,
        };
        let length = file.metadata()?.len();
        out.write_all(&[u8::try_from(name.len()).unwrap_or(u8::MAX)])?;
        out.write_all(name.as_bytes())?;
        out.write_all(&length.to_be_bytes())?;
        if io::copy(&mut file.take(length), out)? != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

/// Reads them all into a new folder beside the one that is in use; how many sounds they are.
pub(crate) fn read(dir: &Path, inside: &mut impl Read) -> io::Result<usize> {
    remove(dir)?;
    let new = beside(dir);
    fs::DirBuilder::new().mode(0o700).create(&new)?;
    let mut notes = 0;
    let mut length = [0];
    while inside.read(&mut length)? == 1 {
        let mut name = vec![0; length[0].into()];
        inside.read_exact(&mut name)?;
        let name = String::from_utf8(name).ok().filter(|it| is_name(it));
        let name = name.ok_or(io::ErrorKind::InvalidData)?;
        let mut length = [0; 8];
        inside.read_exact(&mut length)?;
        let length = u64::from_be_bytes(length);
        let mut file = folder::private().open(new.join(&name))?;
        if io::copy(&mut inside.take(length), &mut file)? != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        file.sync_all()?;
        notes += usize::from(name.ends_with(".json"));
    }
    folder::sync(&new)?;
    Ok(notes)
}

/// Puts what was read in the place of the sounds that are there, which stay beside it.
pub(crate) fn swap(dir: &Path) -> io::Result<()> {
    let used = dir.join(SOUNDS);
    if used.exists() {
        let mut names =
            (1..).map(|number: u32| folder::beside(&used, &format!(".before-{number}")));
        if let Some(before) = names.find(|name| !name.exists()) {
            fs::rename(&used, before)?;
        }
    }
    fs::rename(beside(dir), used)
}

/// Forgets what was read.
pub(crate) fn remove(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(beside(dir)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn beside(dir: &Path) -> PathBuf {
    folder::beside(&dir.join(SOUNDS), ".restore")
}

/// What the box itself calls such files: `7.json`, `7.wav`. Nothing else leaves the folder.
fn is_name(name: &str) -> bool {
    let Some((id, suffix)) = name.split_once('.') else { return false };
    let number = (1..=10).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit());
    let word = (1..=8).contains(&suffix.len()) && suffix.bytes().all(|b| b.is_ascii_lowercase());
    number && word
}
