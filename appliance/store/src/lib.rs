//! SQLite: configuration, bindings and call records that survive.
//!
//! [`Store`] is the one writer: a configuration change is on disk before it is answered, facts come
//! in batches that a [`Journal`] gathers. [`Reader`]s are for lists and log-ins, and see what was
//! committed. No secret is in the files in clear: of passwords there are hashes, and what a carrier
//! must be told is sealed with the [`DeviceKey`].

mod account;
mod audit;
mod backup;
mod cdr;
mod check;
mod column;
mod device;
mod error;
mod extension;
mod facts;
mod feature;
mod folder;
mod journal;
mod migrate;
mod reader;
mod registration;
mod restore;
mod retention;
mod route;
#[cfg(test)]
mod samples;
mod secret;
mod settings;
mod sounds;
mod store;
mod tenant;
mod trunk;

pub use account::{Account, Role, Token, TokenKind};
pub use audit::{Action, AuditLine};
pub use backup::{BackupError, LEAST_PASSPHRASE, backup};
pub use cdr::{RecordPage, RecordQuery};
pub use check::{Report, check};
pub use error::{ChangeError, OpenError, ReadError, WriteError};
pub use facts::Facts;
pub use folder::write_private;
pub use journal::Journal;
pub use reader::Reader;
pub use restore::{RestoreError, Restored, restore};
pub use secret::DeviceKey;
pub use sounds::SOUNDS;
pub use store::Store;
