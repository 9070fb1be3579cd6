//! The digital lines of the box: `/api/v1/lines`.

use crate::access::Identity;
use crate::body::{Body, Named, Placed};
use crate::page::Page;
use crate::problem::Problem;
use crate::router::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use call::{
    Bert, BertPattern, ChannelService, LineFault, LineRefusal, LineStatus, LineWish, SpanId,
    SpanLoop,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// A channel, as paths name it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct Channel {
    /// The line's place.
    #[param(value_type = u8)]
    span: SpanId,
    /// The channel's timeslot.
    slot: u8,
}

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

/// With which sequence bit errors are tested.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BertInput {
    /// Which; `null` ends the test.
    pattern: Option<BertPattern>,
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
    found(&app, SpanId(span)).await.map(Json)
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
    params(Channel),
    request_body = SwitchInput,
    responses((status = 204, description = "It is being done; the topic `lines` tells when.")),
)]
pub(crate) async fn loop_channel(
    State(app): State<App>,
    caller: Identity,
    Placed(Channel { span, slot }): Placed<Channel>,
    Body(wanted): Body<SwitchInput>,
) -> Result<StatusCode, Problem> {
    wish(&app, &caller, LineWish::LoopChannel { span, slot, on: wanted.on }).await
}

/// The test of the bit errors of a channel that runs, or the last one.
#[utoipa::path(
    get,
    path = "/lines/{span}/channels/{slot}/bert",
    tag = "lines",
    operation_id = "read_channel_bert",
    params(Channel),
    responses((status = 200, description = "What it has counted by now, or did.", body = Bert)),
)]
pub(crate) async fn bert(
    State(app): State<App>,
    Placed(Channel { span, slot }): Placed<Channel>,
) -> Result<Json<Bert>, Problem> {
    let mut channels = found(&app, span).await?.channels.into_iter();
    let bert = channels.find(|channel| channel.slot == slot).and_then(|channel| channel.bert);
    bert.map(Json).ok_or_else(Problem::not_found)
}

/// Tests the bit errors of a channel that carries no call (ITU-T O.150), or ends that: a sequence is sent, and
/// looked for in what comes. The far end must be looped, or send the same sequence. Meanwhile the channel is
/// out of service. The topic `lines` tells each second what is counted.
#[utoipa::path(
    post,
    path = "/lines/{span}/channels/{slot}/bert",
    tag = "lines",
    operation_id = "test_channel",
    params(Channel),
    request_body = BertInput,
    responses((status = 204, description = "It is being done; the topic `lines` tells when.")),
)]
pub(crate) async fn set_bert(
    State(app): State<App>,
    caller: Identity,
    Placed(Channel { span, slot }): Placed<Channel>,
    Body(wanted): Body<BertInput>,
) -> Result<StatusCode, Problem> {
    wish(&app, &caller, LineWish::Bert { span, slot, pattern: wanted.pattern }).await
}

/// Turns around one bit of what a test of bit errors sends: whoever checks it counts one error more.
#[utoipa::path(
    post,
    path = "/lines/{span}/channels/{slot}/bert/error",
    tag = "lines",
    operation_id = "insert_bit_error",
    params(Channel),
    responses((status = 204, description = "It is being done.")),
)]
pub(crate) async fn insert_error(
    State(app): State<App>,
    caller: Identity,
    Placed(Channel { span, slot }): Placed<Channel>,
) -> Result<StatusCode, Problem> {
    wish(&app, &caller, LineWish::BertError { span, slot }).await
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

async fn found(app: &App, span: SpanId) -> Result<LineStatus, Problem> {
    let mut lines = app.backend.lines().await?.into_iter();
    lines.find(|line| line.facts.span == span).ok_or_else(Problem::not_found)
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
        LineRefusal::Taken => "A call is just coming to this channel, or leaving it: try it again.",
        LineRefusal::Restarting => {
            "A channel of it is restarting: wait until the far end has confirmed that."
        }
        LineRefusal::Looped => "This channel is looped: take the loop off first.",
        LineRefusal::Tested => {
            "The bit errors of this channel are being tested: stop the test first."
        }
        LineRefusal::NotTested => "No test of bit errors runs on this channel.",
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
