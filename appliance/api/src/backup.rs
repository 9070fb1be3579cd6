//! Backups: `/api/v1/backup`.

use crate::body::Body;
use crate::problem::Problem;
use crate::router::App;
use axum::body::Body as Content;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use config::Secret;
use serde::Deserialize;
use tokio_util::io::ReaderStream;
use utoipa::ToSchema;

/// What a backup needs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BackupInput {
    /// Opens the backup again, on this box or on another; at least 8 characters.
    #[schema(value_type = String, write_only, min_length = 8)]
    passphrase: Secret,
}

/// Makes a backup: one file in the format of age (age-encryption.org/v1).
#[utoipa::path(
    post,
    path = "/backup",
    tag = "backup",
    operation_id = "make_backup",
    request_body = BackupInput,
    responses((status = 200, description = "The backup.", content_type = "application/octet-stream",
        body = String)),
)]
pub(crate) async fn make(
    State(app): State<App>,
    Body(wanted): Body<BackupInput>,
) -> Result<Response, Problem> {
    if wanted.passphrase.reveal().chars().count() < SHORTEST {
        return Err(Problem::field("passphrase", format!("at least {SHORTEST} characters")));
    }
    let backup = app.backend.backup(wanted.passphrase).await?;
    let file = tokio::fs::File::from_std(backup.file);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_LENGTH, HeaderValue::from(backup.octets)),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(FILE_NAME)),
    ];
    Ok((headers, Content::from_stream(ReaderStream::new(file))).into_response())
}

/// age stretches it with scrypt (C2SP age specification, "scrypt recipient stanza").
const SHORTEST: usize = 8;
const FILE_NAME: &str = "attachment; filename=\"strowger-backup.age\"";
