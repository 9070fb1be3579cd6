//! One peer connection, and what it can be told to do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use rtc::media_stream::MediaStreamTrack;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtp_transceiver::RTCRtpTransceiverDirection;
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters,
    RTCRtpEncodingParameters, RtpCodecKind,
};
use serde_json::{Value, json};
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler,
    RTCConfigurationBuilder, RTCPeerConnectionIceEvent, RTCPeerConnectionState,
    RTCSessionDescription, RTCStatsReportEntry, Registry, SettingEngineBuilder, StatsSelector,
    register_default_interceptors,
};
use webrtc::runtime::{Mutex, Runtime};

use crate::tape::{Kept, Tape};
use crate::{Outcome, tell};

/// What a browser has of a call: its connection, and a track for each kind.
pub(crate) struct Peer {
    runtime: Arc<dyn Runtime>,
    connection: Arc<dyn PeerConnection>,
    tracks: BTreeMap<&'static str, Local>,
    heard: Remote,
}

struct Local {
    track: Arc<TrackLocalStaticRTP>,
    ssrc: u32,
    clock: u32,
}

/// The tracks that came, by kind.
type Remote = Arc<Mutex<BTreeMap<&'static str, Arc<dyn TrackRemote>>>>;

impl Peer {
    /// `codecs`: names as SDP has them.
    pub(crate) async fn new(
        runtime: Arc<dyn Runtime>,
        folder: PathBuf,
        codecs: &[String],
    ) -> Outcome<Self> {
        let mut engine = MediaEngine::default();
        let mut tracks = BTreeMap::new();
        for name in codecs {
            let (kind, parameters) = codec(name).ok_or_else(|| format!("no codec {name}"))?;
            engine.register_codec(parameters.clone(), kind)?;
            let ssrc = 0x5eed_0000 + tracks.len() as u32;
            let clock = parameters.rtp_codec.clock_rate;
            let track = track(kind, ssrc, parameters.rtp_codec);
            tracks.entry(word(kind)).or_insert(Local { track, ssrc, clock });
        }
        let registry = register_default_interceptors(Registry::new(), &mut engine)?;
        let heard = Remote::default();
        let events = Events { runtime: runtime.clone(), folder, heard: heard.clone() };
        let connection = PeerConnectionBuilder::new()
            .with_configuration(RTCConfigurationBuilder::new().build())
            .with_media_engine(engine)
            .with_interceptor_registry(registry)
            .with_setting_engine(
                SettingEngineBuilder::new().with_include_loopback_candidate(true).build(),
            )
            .with_handler(Arc::new(events))
            .with_runtime(runtime.clone())
            .with_udp_addrs(vec!["127.0.0.1:0".to_owned()])
            .build()
            .await?;
        for local in tracks.values() {
            connection.add_track(local.track.clone()).await?;
        }
        Ok(Self { runtime, connection: Arc::new(connection), tracks, heard })
    }

    /// Does what an order says; gives what it asks for.
    pub(crate) async fn obey(&self, what: &str, order: &Value) -> Outcome<Value> {
        let text = |name: &str| order[name].as_str().unwrap_or_default().to_owned();
        match what {
            "offer" => {
                let offer = self.connection.create_offer(None).await?;
                self.connection.set_local_description(offer.clone()).await?;
                Ok(json!(offer.sdp))
            }
            "answer" => {
                let offer = RTCSessionDescription::offer(text("sdp"))?;
                self.connection.set_remote_description(offer).await?;
                let answer = self.connection.create_answer(None).await?;
                self.connection.set_local_description(answer.clone()).await?;
                Ok(json!(answer.sdp))
            }
            "accept" => {
                let answer = RTCSessionDescription::answer(text("sdp"))?;
                self.connection.set_remote_description(answer).await?;
                Ok(Value::Null)
            }
            "restart" => {
                self.connection.restart_ice().await?;
                Ok(Value::Null)
            }
            "turn" => self.turn(&text("direction")).await,
            "play" => self.play(&text("kind"), Path::new(&text("path"))),
            "refresh" => self.refresh().await,
            "statistics" => self.statistics().await,
            "close" => {
                self.connection.close().await?;
                Ok(Value::Null)
            }
            _ => Err("nobody knows how".into()),
        }
    }

    /// Says in which direction all tracks go from the next offer on.
    async fn turn(&self, direction: &str) -> Outcome<Value> {
        for one in self.connection.get_transceivers().await {
            one.set_direction(RTCRtpTransceiverDirection::from(direction)).await?;
        }
        Ok(Value::Null)
    }

    /// Begins to play a file; says so when it has ended.
    fn play(&self, kind: &str, path: &Path) -> Outcome<Value> {
        let (kind, local) = self.tracks.get_key_value(kind).ok_or("no such track")?;
        let (kind, track, ssrc) = (*kind, local.track.clone(), local.ssrc);
        let tape = Tape::read(path, local.clock)?;
        let runtime = self.runtime.clone();
        self.runtime.spawn(Box::pin(async move {
            for (due, mut packet) in tape.due(Instant::now()) {
                runtime.sleep(due.saturating_duration_since(Instant::now())).await;
                packet.header.ssrc = ssrc;
                if let Err(why) = track.write_rtp(packet).await {
                    tell(json!({"event": "error", "text": format!("{kind}: {why}")}));
                    return;
                }
            }
            tell(json!({"event": "played", "kind": kind}));
        }));
        Ok(Value::Null)
    }

    /// Asks for a whole picture (RFC 4585 §6.3.1).
    async fn refresh(&self) -> Outcome<Value> {
        let track = self.heard.lock().await.get("video").cloned().ok_or("no pictures yet")?;
        let media_ssrc = *track.ssrcs().await.first().ok_or("no pictures yet")?;
        let asked = PictureLossIndication { sender_ssrc: 0, media_ssrc };
        track.write_rtcp(vec![Box::new(asked)]).await?;
        Ok(Value::Null)
    }

    async fn statistics(&self) -> Outcome<Value> {
        let report = self.connection.get_stats(Instant::now(), StatsSelector::None).await;
        let mut found = Vec::new();
        for entry in report.iter() {
            match entry {
                RTCStatsReportEntry::InboundRtp(one) => found.push(serde_json::to_value(one)?),
                RTCStatsReportEntry::OutboundRtp(one) => found.push(serde_json::to_value(one)?),
                _ => {}
            }
        }
        Ok(Value::Array(found))
    }
}

/// Tells what happens to the connection, and keeps what it hears.
struct Events {
    runtime: Arc<dyn Runtime>,
    folder: PathBuf,
    heard: Remote,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Events {
    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        tell(json!({"event": "connection", "state": state.to_string()}));
    }

    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        if let Ok(found) = event.candidate.to_json() {
            tell(json!({"event": "candidate", "candidate": found.candidate}));
        }
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let kind = word(track.kind().await);
        tell(json!({"event": "track", "kind": kind}));
        self.heard.lock().await.insert(kind, track.clone());
        let kept = Kept::new(&self.folder.join(format!("{kind}.rtp"))).expect("a file");
        self.runtime.spawn(Box::pin(async move {
            while let Some(event) = track.poll().await {
                if let TrackRemoteEvent::OnRtpPacket(packet) = event {
                    kept.write(&packet).expect("room on the disk");
                }
            }
        }));
    }
}

fn word(kind: RtpCodecKind) -> &'static str {
    if kind == RtpCodecKind::Audio { "audio" } else { "video" }
}

fn track(kind: RtpCodecKind, ssrc: u32, codec: RTCRtpCodec) -> Arc<TrackLocalStaticRTP> {
    let word = word(kind).to_owned();
    let coding = RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() };
    let encoding =
        RTCRtpEncodingParameters { rtp_coding_parameters: coding, codec, ..Default::default() };
    let stream = "peer".to_owned();
    Arc::new(TrackLocalStaticRTP::new(MediaStreamTrack::new(
        stream,
        word.clone(),
        word,
        kind,
        vec![encoding],
    )))
}

/// A codec by its name in SDP, under the number that browsers give it.
fn codec(name: &str) -> Option<(RtpCodecKind, RTCRtpCodecParameters)> {
    use RtpCodecKind::{Audio, Video};
    let (kind, number, clock_rate, channels, format) = match name {
        "opus" => (Audio, 111, 48000, 2, "minptime=10;useinbandfec=1"),
        "G722" => (Audio, 9, 8000, 0, ""),
        "PCMU" => (Audio, 0, 8000, 0, ""),
        "PCMA" => (Audio, 8, 8000, 0, ""),
        "VP8" => (Video, 96, 90000, 0, ""),
        "H264" => (Video, 102, 90000, 0, H264),
        _ => return None,
    };
    let feedback = |typ: &str, parameter: &str| RTCPFeedback {
        typ: typ.to_owned(),
        parameter: parameter.to_owned(),
    };
    let of_pictures = vec![feedback("ccm", "fir"), feedback("nack", ""), feedback("nack", "pli")];
    let rtp_codec = RTCRtpCodec {
        mime_type: format!("{}/{name}", word(kind)),
        clock_rate,
        channels,
        sdp_fmtp_line: format.to_owned(),
        rtcp_feedback: if kind == Video { of_pictures } else { Vec::new() },
    };
    Some((kind, RTCRtpCodecParameters { rtp_codec, payload_type: number }))
}

/// Constrained baseline at level 3.1: what every browser has, and of their two packings the one that
/// every telephone has as well (RFC 6184 §8.1).
const H264: &str = "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f";
