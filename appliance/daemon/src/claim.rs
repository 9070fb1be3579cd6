//! The claim code: whoever can read it unpacked the box and becomes its first administrator.

use config::Secret;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwapOption;

/// The code of a box that nobody has claimed; it lies in `DIR/claim-code` until somebody does.
#[derive(Debug)]
pub(crate) struct Claim {
    path: PathBuf,
    code: ArcSwapOption<Secret>,
}

impl Claim {
    /// Reads the code of an unclaimed box, or makes one; removes what is left of a claimed one's.
    pub(crate) fn open(data: &Path, claimed: bool) -> io::Result<Self> {
        let claim = Self { path: data.join("claim-code"), code: ArcSwapOption::empty() };
        if claimed {
            claim.take()?;
            return Ok(claim);
        }
        let code = match fs::read_to_string(&claim.path) {
            Ok(text) if is_code(text.trim()) => text.trim().to_owned(),
            Ok(_) | Err(_) => {
                let code = make()?;
                store::write_private(&claim.path, format!("{code}\n").as_bytes())?;
                code
            }
        };
        claim.code.store(Some(Arc::new(Secret::new(code))));
        Ok(claim)
    }

    /// The code; `None` once it was taken.
    pub(crate) fn code(&self) -> Option<Secret> {
        self.code.load().as_deref().cloned()
    }

    /// The box is claimed: the code is worth nothing any more.
    pub(crate) fn take(&self) -> io::Result<()> {
        self.code.store(None);
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// Three groups of four characters: 60 bits, typed in a breath.
fn make() -> io::Result<String> {
    let mut random = [0; GROUPS * GROUP];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| io::Error::other("no random numbers"))?;
    let group =
        |bytes: &[u8]| -> String { bytes.iter().filter_map(|byte| letter(*byte)).collect() };
    Ok(random.chunks(GROUP).map(group).collect::<Vec<_>>().join("-"))
}

fn letter(byte: u8) -> Option<char> {
    ALPHABET.get(usize::from(byte & 31)).copied().map(char::from)
}

fn is_code(text: &str) -> bool {
    text.len() == GROUPS * (GROUP + 1) - 1
        && text.bytes().all(|b| b == b'-' || ALPHABET.contains(&b))
}

const GROUPS: usize = 3;
const GROUP: usize = 4;
/// 32 characters that nobody takes for each other.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("strowger-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn the_code_stays_the_same_until_it_is_taken() {
        let folder = folder("claim");
        let first = Claim::open(&folder, false).unwrap();
        let code = first.code().unwrap();
        let file = folder.join("claim-code");
        assert_eq!(fs::read_to_string(&file).unwrap().trim(), code.reveal());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Claim::open(&folder, false).unwrap().code().unwrap(), code);
        first.take().unwrap();
        assert!(first.code().is_none() && !file.exists());
        assert_ne!(Claim::open(&folder, false).unwrap().code().unwrap(), code);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_claimed_box_has_no_code() {
        let folder = folder("claimed");
        Claim::open(&folder, false).unwrap();
        assert!(Claim::open(&folder, true).unwrap().code().is_none());
        assert!(!folder.join("claim-code").exists());
        fs::remove_dir_all(folder).unwrap();
    }
}
