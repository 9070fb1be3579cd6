//! The HTTPS API, its events and the web admin files.
//!
//! [`router()`] makes one `axum::Router` of everything that the box answers over HTTP, out of a
//! [`Backend`], which is all that it knows of the box. One file for each resource; what the five
//! kinds of entries share is in `entry`. Everything but the claim, the log-in, the health and the
//! files needs a log-in (`access`).

mod access;
mod backend;
mod backup;
mod body;
mod brake;
mod call;
mod capacity;
mod capture;
mod cdr;
mod conference;
mod country;
mod device;
mod entry;
mod entry_document;
mod etag;
mod event_log;
mod events;
mod extension;
mod feature;
mod health;
mod kept;
mod line;
mod metrics;
mod openapi;
mod page;
mod password;
mod problem;
mod range;
mod recording;
mod registration;
mod route;
mod route_check;
mod router;
mod secret;
mod session;
mod settings;
mod setup;
mod shape;
mod sound;
mod tenant;
mod token;
mod trunk;
mod webui;

pub use backend::{
    Accepted, Account, Backend, Backup, CaptureRequest, CdrPage, CdrQuery, ChangeError, Fault,
    Health, InUse, NotCaptured, NotRecorded, NotTaken, Ports, Promise, RecordRequest, Role, Token,
    TokenHash, TokenKind,
};
pub use event_log::{EventLog, Feed, Heard, Numbered};
pub use openapi::openapi;
pub use router::router;
