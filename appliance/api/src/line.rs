//! The digital lines of the box: `/api/v1/lines`.

use crate::access::Identity;
use crate::body::{Body, Named};
use crate::page::Page;
use crate::problem::Problem;
use crate::router::App;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use call::{ChannelService, LineFault, LineRefusal, LineStatus, LineWish, SpanId, SpanLoop};
use serde::Deserialize;
use utoipa::ToSchema;

/// What channels are to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceInput {
    /// The timeslot; `null` for all channels of the line.
    #[serde(default)]
    slot: Option<u8>,
    /// What it is to be.
    service: ChannelService,
    /// Calls may come to their end before, as if left out; else they are cleared.
    #[serde(default = "yes")]
    gently: bool,
}

/// Which channels are restarted.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RestartInput {
    /// The timeslot; `null` for all channels of the line.
    slot: Option<u8>,
}

/// How a line is looped.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LoopInput {
    /// How; `null` ends it.
    loop_back: Option<SpanLoop>,
}

/// On or off.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SwitchInput {
    /// Whether.
    on: bool,
}

/// The digital lines of the box (E1, T1), with their channels.
#[utoipa::path(
    get,
    path = "/lines",
    tag = "lines",
    operation_id = "list_lines",
    responses((status = 200, description = "All of them.", body = Page<LineStatus>)),
)]
pub(crate) async fn list(State(app): State<App>) -> Result<Json<Page<LineStatus>>, Problem> {
    Ok(Json(Page::whole(app.backend.lines().await?)))
}

/// One line.
#[utoipa::path(
    get,
    path = "/lines/{span}",
    tag = "lines",
    operation_id = "read_line",
    params(("span" = u8, Path, description = "Its place.")),
    responses((status = 200, description = "The line.", body = LineStatus)),
)]
pub(crate) async fn read(
    State(app): State<App>,
    Named(span): Named<u8>,
) -> Result<Json<LineStatus>, Problem> {
    let mut lines = app.backend.lines().await?.into_iter();
    let line = lines.find(|line| line.facts.span == SpanId(span));
    line.map(Json).ok_or_else(Problem::not_found)
}

/// Takes a channel, or all of a line, out of service, or puts it back. Where the dialect has words for it,
/// the far side is told.
#[utoipa::path(
    post,
    path = "/lines/{span}/service",
    tag = "lines",
    operation_id = "set_line_service",
    params(("span" = u8, Path, description = "The line's place.")),
    request_body = ServiceInput,
    responses((status = 204, description = "It is being done; the topic `lines` tells when.")),
)]
pub(crate) async fn service(
    State(app): State<App>,
    caller: Identity,
    Named(span): Named<u8>,
    Body(wanted): Body<ServiceInput>,
) -> Result<StatusCode, Problem> {
    let ServiceInput { slot, service, gently } = wanted;
    wish(&app, &caller, LineWish::Service { span: SpanId(span), slot, service, gently }).await
}

/// Restarts a channel, or all of a line: their calls end at once, and both sides begin anew (Q.931 §5.5).
#[utoipa::path(
    post,
    path = "/lines/{span}/restart",
    tag = "lines",
    operation_id = "restart_line",
    params(("span" = u8, Path, description = "The line's place.")),
    request_body = RestartInput,
    responses((status = 204, description = "It is being done; the topic `lines` tells when.")),
)]
pub(crate) async fn restart(
    State(app): State<App>,
    caller: Identity,
    Named(span): Named<u8>,
    Body(wanted): Body<RestartInput>,
) -> Result<StatusCode, Problem> {
    wish(&app, &caller, LineWish::Restart { span: SpanId(span), slot: wanted.slot }).await
}

/// Loops a whole line, or ends that. Its calls and its D channel go down meanwhile.
#[utoipa::path(
    post,
    path = "/lines/{span}/loop",
    tag = "lines",
    operation_id = "loop_line",
    params(("span" = u8, Path, description = "The line's place.")),
    request_body = LoopInput,
    responses((status = 204, description = "It is being done; the topic `lines` tells when.")),
)]
pub(crate) async fn loop_span(
    State(app): State<App>,
    caller: Identity,
    Named(span): Named<u8>,
    Body(wanted): Body<LoopInput>,
) -> Result<StatusCode, Problem> {
    let loop_back = wanted.loop_back;
    wish(&app, &caller, LineWish::LoopSpan { span: SpanId(span), loop_back }).await
}

/// Lets a channel that carries no call send back what it receives, or ends that.
#[utoipa::path(
    post,
    path = "/lines/{span}/channels/{slot}/loop",
    tag = "lines",
    operation_id = "loop_channel",
    params(
        ("span" = u8, Path, description = "The line's place."),
        ("slot" = u8, Path, description = "The channel's timeslot."),
    ),
    request_body = SwitchInput,
    responses((status = 204, description = "It is being done; the topic `lines` tells when.")),
)]
pub(crate) async fn loop_channel(
    State(app): State<App>,
    caller: Identity,
    channel: Result<Path<(u8, u8)>, PathRejection>,
    Body(wanted): Body<SwitchInput>,
) -> Result<StatusCode, Problem> {
    let Path((span, slot)) = channel.map_err(|_| Problem::not_found())?;
    let wished = LineWish::LoopChannel { span: SpanId(span), slot, on: wanted.on };
    wish(&app, &caller, wished).await
}

/// Tells from now on what is said on the line's D channel, by the topic `trace`, or no longer.
#[utoipa::path(
    post,
    path = "/lines/{span}/trace",
    tag = "lines",
    operation_id = "trace_line",
    params(("span" = u8, Path, description = "The line's place.")),
    request_body = SwitchInput,
    responses((status = 204, description = "It is done.")),
)]
pub(crate) async fn trace(
    State(app): State<App>,
    caller: Identity,
    Named(span): Named<u8>,
    Body(wanted): Body<SwitchInput>,
) -> Result<StatusCode, Problem> {
    wish(&app, &caller, LineWish::Trace { span: SpanId(span), on: wanted.on }).await
}

/// Makes a fault on a simulated line, or mends it, to see what becomes of calls.
#[utoipa::path(
    post,
    path = "/lines/{span}/fault",
    tag = "lines",
    operation_id = "make_line_fault",
    params(("span" = u8, Path, description = "The place of the line whose receiver sees it.")),
    request_body = LineFault,
    responses((status = 204, description = "It is being done.")),
)]
pub(crate) async fn fault(
    State(app): State<App>,
    caller: Identity,
    Named(span): Named<u8>,
    Body(fault): Body<LineFault>,
) -> Result<StatusCode, Problem> {
    possible(fault)?;
    wish(&app, &caller, LineWish::Fault { span: SpanId(span), fault }).await
}

async fn wish(app: &App, caller: &Identity, wish: LineWish) -> Result<StatusCode, Problem> {
    match app.backend.wish(wish, &caller.actor()).await? {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(refusal) => Err(refused(refusal)),
    }
}

fn refused(refusal: LineRefusal) -> Problem {
    let detail = match refusal {
        LineRefusal::NoSpan => return Problem::not_found(),
        LineRefusal::NoTrunk => "No trunk uses this line: make one for it first.",
        LineRefusal::NoChannel => "The trunk of this line does not use this timeslot.",
        LineRefusal::Busy(_) => {
            "This channel carries a call: take it out of service and wait for the call to end."
        }
        LineRefusal::Restarting => {
            "A channel of it is restarting: wait until the far end has confirmed that."
        }
        LineRefusal::Absent => "The card of this line is not there, or not open.",
        LineRefusal::Real => "This line is not simulated: faults are made on simulated lines only.",
    };
    Problem::new(StatusCode::CONFLICT, detail)
}

/// Whether a fault is one that a simulated line can have.
fn possible(fault: LineFault) -> Result<(), Problem> {
    let within = |field: &str, value: i64, least: i64, most: i64| match value {
        value if (least..=most).contains(&value) => Ok(()),
        _ => Err(Problem::field(field, format!("a number from {least} to {most}"))),
    };
    match fault {
        LineFault::BitErrors { per_million } => {
            within("per_million", per_million.into(), 0, 500_000)
        }
        LineFault::Drift { ppm } => within("ppm", ppm.into(), -500, 500),
        LineFault::Echo { loss_db, delay_ms } => {
            within("loss_db", loss_db.unwrap_or_default().into(), 0, 60)?;
            within("delay_ms", delay_ms.into(), 0, 120)
        }
        LineFault::Cut { .. }
        | LineFault::AllOnes { .. }
        | LineFault::Slip
        | LineFault::Card { .. } => Ok(()),
    }
}

fn yes() -> bool {
    true
}
