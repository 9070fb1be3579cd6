//! Captures as the API asks for them. What is done with one is in the audit before it is done.

use super::{Appliance, off_the_runtime};
use crate::captures::Beginning;
use crate::clock;
use crate::control::NotBegun;
use crate::mailbox::Ask;
use api::{CaptureRequest, Fault, NotCaptured};
use call::{CallId, Capture, CaptureId};
use std::fs::File;
use std::io;
use std::sync::atomic::Ordering;
use store::Action;

impl Appliance {
    pub(super) async fn begin_capture(
        &self,
        request: CaptureRequest,
    ) -> Result<Result<Capture, NotCaptured>, Fault> {
        let CaptureRequest { call, decrypt, lasts, actor } = request;
        let Some(record) = self.ask(move |to| Ask::Call(call, to)).await? else {
            return Ok(Err(NotCaptured::NoCall));
        };
        let now = clock::wall();
        let counted = self.captured.fetch_add(1, Ordering::Relaxed);
        let capture = Capture {
            id: CaptureId(now.0 << 16 | counted & 0xffff),
            call,
            tenant: record.tenant,
            decrypted: decrypt,
            by: actor.clone(),
            started: now,
            until: now.after(lasts),
            ended: None,
            stop: None,
            messages: 0,
            packets: 0,
            missed: 0,
            octets: 0,
        };
        self.note_capture(Action::Capture, &capture, &actor).await?;
        let (captures, wanted) = (self.captures.clone(), capture.clone());
        let create = move || match captures.is_full() {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => Ok((captures.create(&wanted)?, own())),
        };
        let created = off_the_runtime(create).await?;
        let (file, own) = created.map_err(|error: io::Error| {
            tracing::warn!("a capture cannot be written: {error}");
            match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Fault::DiskFull,
                _ => Fault::StoreFailed,
            }
        })?;
        let limits = self.config.load().settings.captures;
        let beginning = Box::new(Beginning { capture: capture.clone(), file, limits, own });
        let refused = match self.ask(move |to| Ask::Capture(beginning, to)).await? {
            Ok(()) => return Ok(Ok(capture)),
            Err(refused) => refused,
        };
        let captures = self.captures.clone();
        // Nothing is in it; what stays is put right at the next start.
        let _ = off_the_runtime(move || captures.delete(&capture)).await?;
        Ok(Err(match refused {
            NotBegun::NoCall => NotCaptured::NoCall,
            NotBegun::Runs => NotCaptured::Runs,
            NotBegun::TooMany => NotCaptured::TooMany,
        }))
    }

    pub(super) async fn end_capture(&self, call: CallId, actor: &str) -> Result<bool, Fault> {
        let Some(id) = self.ask(move |to| Ask::StopCapture(call, to)).await? else {
            return Ok(false);
        };
        let captures = self.captures.clone();
        if let Some(capture) = off_the_runtime(move || captures.find(id)).await? {
            self.note_capture(Action::StopCapture, &capture, actor).await?;
        }
        Ok(true)
    }

    pub(super) async fn fetch_capture(
        &self,
        capture: &Capture,
        actor: &str,
    ) -> Result<Option<File>, Fault> {
        let (captures, wanted) = (self.captures.clone(), capture.clone());
        let file = off_the_runtime(move || captures.open(&wanted).ok()).await?;
        if file.is_some() {
            self.note_capture(Action::Fetch, capture, actor).await?;
        }
        Ok(file)
    }

    pub(super) async fn remove_capture(
        &self,
        capture: &Capture,
        actor: &str,
    ) -> Result<bool, Fault> {
        let (captures, wanted) = (self.captures.clone(), capture.clone());
        let gone = off_the_runtime(move || captures.delete(&wanted)).await?;
        if gone.is_ok() {
            self.note_capture(Action::Delete, capture, actor).await?;
        }
        Ok(gone.is_ok())
    }

    async fn note_capture(
        &self,
        action: Action,
        capture: &Capture,
        actor: &str,
    ) -> Result<(), Fault> {
        let how = if capture.decrypted { ", decrypted" } else { "" };
        let subject = format!("capture {} of call {}{how}", capture.id, capture.call);
        let actor = actor.to_owned();
        self.write(move |store| store.note(action, &subject, &actor, clock::wall())).await
    }
}

/// The machine's addresses, the one with the default route first.
fn own() -> Vec<std::net::IpAddr> {
    clock::addresses().into_iter().map(|(address, _)| address).collect()
}
