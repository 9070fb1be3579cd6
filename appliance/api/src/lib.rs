//! The HTTPS API, its events and the web admin files.

mod backend;
mod event_log;

pub use backend::{
    Accepted, Account, Backend, Backup, CdrQuery, ChangeError, Fault, Health, Promise, Role, Token,
    TokenHash, TokenKind,
};
pub use event_log::{EventLog, Feed, Heard, Numbered};
