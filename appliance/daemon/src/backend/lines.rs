//! What an administrator does with lines of the board, and what the audit says of it.

use super::Appliance;
use crate::clock;
use crate::mailbox::Ask;
use api::Fault;
use call::{BertPattern, ChannelService, LineFault, LineRefusal, LineWish, SpanLoop};
use store::Action;

impl Appliance {
    pub(super) async fn fulfil(
        &self,
        wish: LineWish,
        actor: &str,
    ) -> Result<Result<(), LineRefusal>, Fault> {
        let line = match self.ask(move |to| Ask::Line(wish, to)).await? {
            Ok(line) => line,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let (subject, actor) = (told(&line, wish), actor.to_owned());
        let note = move |store: &mut store::Store| {
            store.note(Action::Line, &subject, &actor, clock::wall())
        };
        self.write(note).await.map(Ok)
    }
}

/// A wish in words: `line 1, channel 3: out of service once its call has ended`.
fn told(line: &str, wish: LineWish) -> String {
    let channel = match wish {
        LineWish::Service { slot, .. } | LineWish::Restart { slot, .. } => slot,
        LineWish::LoopChannel { slot, .. }
        | LineWish::Bert { slot, .. }
        | LineWish::BertError { slot, .. } => Some(slot),
        LineWish::LoopSpan { .. } | LineWish::Trace { .. } | LineWish::Fault { .. } => None,
    };
    let place = channel.map(|slot| format!(", channel {slot}")).unwrap_or_default();
    let what = match wish {
        LineWish::Service { service: ChannelService::In, .. } => "in service".to_owned(),
        LineWish::Service { service, gently, .. } => {
            let service = match service {
                ChannelService::Maintenance => "in maintenance",
                ChannelService::Out | ChannelService::In => "out of service",
            };
            format!("{service} {}", if gently { "once calls have ended" } else { "at once" })
        }
        LineWish::Restart { .. } => "restarted".to_owned(),
        LineWish::LoopSpan { loop_back: Some(SpanLoop::Local), .. } => "local loop".to_owned(),
        LineWish::LoopSpan { loop_back: Some(SpanLoop::Remote), .. } => "remote loop".to_owned(),
        LineWish::LoopChannel { on: true, .. } => "looped".to_owned(),
        LineWish::LoopSpan { loop_back: None, .. } | LineWish::LoopChannel { on: false, .. } => {
            "no loop".to_owned()
        }
        LineWish::Bert { pattern: Some(pattern), .. } => {
            let bits = match pattern {
                BertPattern::Bits2047 => 2047,
                BertPattern::Bits32767 => 32_767,
            };
            format!("test of bit errors with {bits} bits")
        }
        LineWish::Bert { pattern: None, .. } => "test of bit errors ended".to_owned(),
        LineWish::BertError { .. } => "one bit error inserted".to_owned(),
        LineWish::Trace { on, .. } => format!("trace {}", if on { "on" } else { "off" }),
        LineWish::Fault { fault, .. } => format!("fault: {}", faulty(fault)),
    };
    format!("{line}{place}: {what}")
}

fn faulty(fault: LineFault) -> String {
    match fault {
        LineFault::Cut { on: true } => "cable cut".to_owned(),
        LineFault::Cut { on: false } => "cable mended".to_owned(),
        LineFault::AllOnes { on: true } => "all ones".to_owned(),
        LineFault::AllOnes { on: false } => "all ones no longer".to_owned(),
        LineFault::Slip => "slip".to_owned(),
        LineFault::BitErrors { per_million } => format!("{per_million} bit errors in a million"),
        LineFault::Drift { ppm } => format!("clock off by {ppm} ppm"),
        LineFault::Echo { loss_db: Some(loss), delay_ms } => {
            format!("echo of {loss} dB loss after {delay_ms} ms")
        }
        LineFault::Echo { loss_db: None, .. } => "no echo".to_owned(),
        LineFault::Card { out: true } => "card out".to_owned(),
        LineFault::Card { out: false } => "card put back".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use call::SpanId;

    #[test]
    fn the_audit_says_in_words_what_was_done_with_which_channel() {
        let span = SpanId(0);
        let service = |slot, service, gently| LineWish::Service { span, slot, service, gently };
        let says = |wish| told("line 1", wish);
        let out = says(service(Some(3), ChannelService::Out, true));
        assert_eq!(out, "line 1, channel 3: out of service once calls have ended");
        assert_eq!(says(service(None, ChannelService::In, true)), "line 1: in service");
        let tested = says(service(None, ChannelService::Maintenance, false));
        assert_eq!(tested, "line 1: in maintenance at once");
        assert_eq!(
            says(LineWish::LoopChannel { span, slot: 7, on: true }),
            "line 1, channel 7: looped"
        );
        assert_eq!(says(LineWish::LoopSpan { span, loop_back: None }), "line 1: no loop");
        let bert = |pattern| says(LineWish::Bert { span, slot: 7, pattern });
        let begun = bert(Some(BertPattern::Bits2047));
        assert_eq!(begun, "line 1, channel 7: test of bit errors with 2047 bits");
        assert_eq!(bert(None), "line 1, channel 7: test of bit errors ended");
        let error = says(LineWish::BertError { span, slot: 7 });
        assert_eq!(error, "line 1, channel 7: one bit error inserted");
        let echo = LineFault::Echo { loss_db: Some(12), delay_ms: 20 };
        let echo = says(LineWish::Fault { span, fault: echo });
        assert_eq!(echo, "line 1: fault: echo of 12 dB loss after 20 ms");
    }
}
