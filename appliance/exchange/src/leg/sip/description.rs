//! The session descriptions that messages carry.

use sdp::Session;
use sip::Message;
use std::sync::Arc;

/// The session description of a message, if it carries one that can be read. A body of another type
/// is not the leg's to understand.
pub(super) fn description(message: &Message<'_>) -> Result<Option<Arc<Session>>, Unreadable> {
    if message.body().is_empty() {
        return Ok(None);
    }
    let is_sdp = match message.content_type() {
        Ok(Some(content)) => content.is("application/sdp"),
        // Old phones leave it out.
        Ok(None) => true,
        Err(_) => return Err(Unreadable::Type),
    };
    if !is_sdp {
        return Err(Unreadable::Type);
    }
    Session::parse(message.body())
        .map(|session| Some(Arc::new(session)))
        .map_err(|_| Unreadable::Text)
}

/// Why a body is no session description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// 415.
    Type,
    /// 400.
    Text,
}
