//! How the box comes to other software, and how it goes back.
//!
//! A machine without clock, socket or disk: [`Life`] is one update on its way from a source to
//! [`Stage::Good`] or [`Stage::RolledBack`]. Whoever owns one says what happened (`handle`), does what it answers (`poll_output`, in order, to
//! the end) and comes back in time (`poll_timeout`).
//!
//! **Old or new, never neither.** The disk has two slots with software. An update is written into the
//! one that does not run, and is started on trial. What must outlive a power cut is one small value,
//! [`Kept`], which is on disk before each effect that depends on it; `life/start.rs` says what follows
//! from it at the next start. `tests/power.rs` cuts the power between all outputs and inside them.

pub mod bundle;
pub mod failure;
pub mod health;
pub mod kept;
pub mod life;
pub mod version;

pub use bundle::{Bundle, Request, Slot, Source, Urgency};
pub use failure::Failure;
pub use health::Check;
pub use kept::{Kept, Phase, Trial};
pub use life::{Input, Life, LoaderOrder, Output, Settings, Stage};
pub use version::Version;
