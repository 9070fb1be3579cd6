//! The thread that reads recordings while they are played: it feeds the media thread, which asks when
//! less than a second is left and never waits for the disk.

use crate::media_worker::{Deck, Want};
use crate::recordings::Recordings;
use call::{MediaCommand, PlayId, PortId, RecordingId, Reel};
use media::recording::Reader;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// All that is being played.
struct Player {
    recordings: Recordings,
    feeds: SyncSender<MediaCommand>,
    playing: BTreeMap<PlayId, Playing>,
    /// When those that nobody asked for any more are looked for.
    tidy_at: Instant,
}

struct Playing {
    port: PortId,
    file: File,
    reader: Reader,
    asked: Instant,
}

/// Starts the thread. It ends when nobody can want anything any more.
pub(crate) fn start(recordings: Recordings, deck: Deck) -> io::Result<oneshot::Receiver<()>> {
    let (sender, ended) = oneshot::channel();
    let Deck { wants, feeds } = deck;
    let (playing, tidy_at) = (BTreeMap::new(), Instant::now());
    let player = Player { recordings, feeds, playing, tidy_at };
    let body = move || {
        player.run(&wants);
        let _ = sender.send(());
    };
    thread::Builder::new().name("playback".into()).spawn(body)?;
    Ok(ended)
}

/// What a recording is played as; nothing where it cannot be.
pub(crate) fn reel(recordings: &Recordings, recording: RecordingId) -> Option<Reel> {
    let (_, reader) = open(recordings, recording)?;
    Some(Reel { recording, rate: u32::try_from(reader.rate().hz()).ok()? })
}

impl Player {
    fn run(mut self, wants: &Receiver<Want>) {
        loop {
            match wants.recv_timeout(PATIENCE) {
                Ok(Want::Begin(port, play, recording)) => self.begin(port, play, recording),
                Ok(Want::More(play)) => self.feed(play, AHEAD),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = Instant::now();
            if self.tidy_at <= now {
                self.tidy_at = now + PATIENCE;
                self.playing.retain(|_, it| it.asked + PATIENCE > now);
            }
        }
    }

    fn begin(&mut self, port: PortId, play: PlayId, recording: RecordingId) {
        let Some((file, reader)) = open(&self.recordings, recording) else {
            return self.say(port, play, &[], true);
        };
        self.playing.insert(play, Playing { port, file, reader, asked: Instant::now() });
        self.feed(play, 2 * AHEAD);
    }

    /// Feeds so much more of it.
    fn feed(&mut self, play: PlayId, ahead: Duration) {
        let Some(it) = self.playing.get_mut(&play) else { return };
        it.asked = Instant::now();
        let wanted = it.reader.rate().hz() * ahead.as_millis() as usize / 1_000;
        let mut pcm = Vec::with_capacity(wanted + wanted / 2);
        let mut last = false;
        let mut octets = [0; 8_192];
        while pcm.len() < wanted && !last {
            match it.file.read(&mut octets) {
                Ok(0) => last = true,
                Ok(count) => it.reader.read(octets.get(..count).unwrap_or_default(), &mut pcm),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    tracing::warn!("a recording cannot be read to its end: {error}");
                    last = true;
                }
            }
        }
        let port = it.port;
        if last {
            self.playing.remove(&play);
        }
        self.say(port, play, &pcm, last);
    }

    fn say(&self, port: PortId, play: PlayId, pcm: &[i16], last: bool) {
        // Fails only when media is gone, and with it whoever listens.
        let _ = self.feeds.send(MediaCommand::Feed { port, play, block: pcm.into(), last });
    }
}

/// A recording from its first sample on.
fn open(recordings: &Recordings, recording: RecordingId) -> Option<(File, Reader)> {
    let known = recordings.find(recording)?;
    let mut file = recordings.open(&known).ok()?;
    let mut head = Vec::new();
    (&mut file).take(HEAD).read_to_end(&mut head).ok()?;
    match Reader::new(&head) {
        Ok((reader, from)) => {
            file.seek(SeekFrom::Start(from)).ok()?;
            Some((file, reader))
        }
        Err(error) => {
            tracing::warn!(%recording, "a recording cannot be played: {error}");
            None
        }
    }
}

/// What is read when it is asked for; media asks when a second is left.
const AHEAD: Duration = Duration::from_secs(1);
/// Nobody who listens asks less often.
const PATIENCE: Duration = Duration::from_secs(30);
/// Enough for the head of either format.
const HEAD: u64 = 4_096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media_worker::plays;
    use call::{CallId, Container, Layout, Recording, RecordingStop, UnixMillis};
    use media::recording::Recording as Octets;
    use media_dsp::speech::Rate;
    use std::io::Write;

    const PORT: PortId = PortId { address: 0, port: 20_000 };

    /// A recording in which the caller says 1,000 and the callee 3,000, so many seconds long.
    fn recorded(folder: &Recordings, container: Container, seconds: usize) -> RecordingId {
        let id = RecordingId(7);
        let recording = Recording {
            id,
            call: CallId(1),
            tenant: 1,
            container,
            layout: Layout::Sides,
            by: "201".to_owned(),
            started: UnixMillis(1),
            ended: Some(UnixMillis(2)),
            stop: Some(RecordingStop::Call),
            millis: 1,
            octets: 1,
            missed_millis: 0,
        };
        let mut octets = Octets::new(container, Layout::Sides, Rate::Hz16000, 9);
        for _ in 0..seconds * 50 {
            octets.push(&[1_000; 320], &[3_000; 320]);
        }
        octets.finish();
        let mut bytes = Vec::new();
        octets.take(&mut bytes);
        folder.create(&recording).unwrap().write_all(&bytes).unwrap();
        id
    }

    #[test]
    fn a_recording_comes_in_parts_as_it_is_asked_for_and_whole() {
        for container in [Container::Wav, Container::Opus] {
            let dir = tempfile::tempdir().unwrap();
            let folder = Recordings::new(dir.path().join("recordings"));
            let id = recorded(&folder, container, 10);
            assert_eq!(reel(&folder, id).map(|it| it.rate), Some(16_000));
            let (line, deck) = plays();
            let control = line.to.clone();
            let ended = start(folder, deck).unwrap();
            control.send(Want::Begin(PORT, PlayId(3), id)).unwrap();
            let (mut samples, mut parts) = (Vec::new(), 0);
            loop {
                let command = line.feeds.recv_timeout(Duration::from_secs(20)).unwrap();
                let MediaCommand::Feed { port: PORT, play: PlayId(3), block, last } = command
                else {
                    panic!("{command:?}")
                };
                // Of Opus, silence and the like take so few octets that they come at once.
                assert!(container == Container::Opus || block.len() < 40_000, "{}", block.len());
                samples.extend_from_slice(&block);
                parts += 1;
                if last {
                    break;
                }
                line.to.send(Want::More(PlayId(3))).unwrap();
            }
            assert_eq!(samples.len(), 160_000, "{container:?}");
            assert!(parts >= if container == Container::Wav { 5 } else { 2 }, "{parts}");
            if container == Container::Wav {
                assert!(samples.iter().all(|it| *it == 2_000));
            }
            drop((line, control));
            ended.blocking_recv().unwrap();
        }
    }

    #[test]
    fn what_is_not_there_ends_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let (line, deck) = plays();
        let _ended = start(Recordings::new(dir.path().to_owned()), deck).unwrap();
        line.to.send(Want::Begin(PORT, PlayId(3), RecordingId(1))).unwrap();
        let command = line.feeds.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(matches!(&command, MediaCommand::Feed { last: true, .. }), "{command:?}");
    }
}
