//! Passwords of accounts: argon2id (RFC 9106), a few at a time and never on a thread that serves.

use crate::problem::Problem;
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use axum::http::StatusCode;
use config::Secret;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Hashes and verifies passwords.
#[derive(Debug)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    /// Verified in place of the hash of an account that does not exist, so that both answers take
    /// as long.
    decoy: Arc<OnceLock<Secret>>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_A_TIME)), decoy: Arc::default() }
    }

    /// The hash to keep, in PHC text form.
    pub(crate) async fn hash(&self, password: Secret) -> Result<Secret, Problem> {
        let turn = self.turn().await?;
        let hashing = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            hash(&password)
        });
        hashing.await.ok().flatten().ok_or_else(failed)
    }

    /// Whether the password is the one of this hash; never for `None`.
    pub(crate) async fn verify(
        &self,
        password: Secret,
        kept: Option<Secret>,
    ) -> Result<bool, Problem> {
        let turn = self.turn().await?;
        let decoy = Arc::clone(&self.decoy);
        let verifying = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let exists = kept.is_some();
            let decoy = || decoy.get_or_init(|| hash(&Secret::new("decoy")).unwrap_or_default());
            let kept = kept.unwrap_or_else(|| decoy().clone());
            let right =
                Argon2::default().verify_password(password.reveal().as_bytes(), kept.reveal());
            right.is_ok() && exists
        });
        verifying.await.map_err(|_| failed())
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let turn = Arc::clone(&self.turns).acquire_owned();
        match tokio::time::timeout(PATIENCE, turn).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => {
                let detail = "Too many people log in at the moment.";
                Err(Problem::later(StatusCode::SERVICE_UNAVAILABLE, detail, PATIENCE))
            }
        }
    }
}

/// Whether a new password will do.
pub(crate) fn check(field: &'static str, password: &Secret) -> Result<(), Problem> {
    match password.reveal().chars().count() {
        0..SHORTEST => Err(Problem::field(field, format!("at least {SHORTEST} characters"))),
        SHORTEST..=LONGEST => Ok(()),
        _ => Err(Problem::field(field, format!("at most {LONGEST} characters"))),
    }
}

fn hash(password: &Secret) -> Option<Secret> {
    let hash = Argon2::default().hash_password(password.reveal().as_bytes()).ok()?;
    Some(Secret::new(hash.to_string()))
}

fn failed() -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The password could not be processed.")
}

/// Each takes 19 MiB and one core for some 30 ms (RFC 9106 §4 and OWASP's figures); calls come
/// first.
const AT_A_TIME: usize = 1;
const PATIENCE: Duration = Duration::from_secs(10);
/// NIST SP 800-63B §5.1.1.2 wants at least 8.
const SHORTEST: usize = 10;
const LONGEST: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_an_account_that_exists_is_right() {
        let passwords = Passwords::new();
        let hash = passwords.hash(Secret::new("correct horse")).await.ok().unwrap();
        assert!(hash.reveal().starts_with("$argon2id$"), "{}", hash.reveal());
        let right = |password: &str, hash| {
            let password = Secret::new(password);
            async { passwords.verify(password, hash).await.ok().unwrap() }
        };
        assert!(right("correct horse", Some(hash.clone())).await);
        assert!(!right("battery staple", Some(hash)).await);
        assert!(!right("decoy", None).await);
    }
}
