//! The dialogs that one INVITE of ours opens: proxies fork it, and each branch answers with a tag
//! of its own (RFC 3261 §13.2.2).

use super::Dialog;
use crate::flow::Flow;
use crate::session::provisional::Received;
use crate::{Malformed, Message};

/// All dialogs of one INVITE, in the order in which they were heard of.
#[derive(Clone, Debug, Default)]
pub struct EarlyDialogs {
    forks: Vec<Fork>,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct Fork {
    /// The dialog.
    pub dialog: Dialog,
    /// Its reliable provisional responses.
    pub reliable: Received,
}

impl EarlyDialogs {
    /// The dialog of a `response` to our `request`, new or known; `None` if it opens none: a 100, a
    /// 1xx without a tag, a refusal, or one branch too many. Of several 2xx the first confirmed one
    /// is the call; others are to be acknowledged and ended with a BYE (RFC 3261 §13.2.2.4).
    pub fn learn(
        &mut self,
        request: &Message<'_>,
        response: &Message<'_>,
        flow: Flow,
    ) -> Result<Option<&mut Fork>, Malformed> {
        let Some(status) = response.status() else { return Ok(None) };
        let to = response.to()?;
        let opens = status.is_success() || (status.is_provisional() && to.tag().is_some());
        if !opens || status == 100 {
            return Ok(None);
        }
        let tag = to.tag().unwrap_or("");
        let known = self.forks.iter().position(|fork| fork.dialog.remote_tag() == tag);
        let at = match known {
            Some(at) => at,
            None if self.forks.len() >= MOST_FORKS && !status.is_success() => return Ok(None),
            None => {
                let dialog = Dialog::calling(request, response, flow)?;
                self.forks.push(Fork { dialog, reliable: Received::default() });
                return Ok(self.forks.last_mut());
            }
        };
        let Some(fork) = self.forks.get_mut(at) else { return Ok(None) };
        fork.dialog.learn(response)?;
        Ok(Some(fork))
    }

    /// All of them.
    pub fn forks(&self) -> &[Fork] {
        &self.forks
    }

    /// Ends the early phase: takes the confirmed dialog out, if there is one, and forgets the rest.
    pub fn into_confirmed(self) -> Option<Dialog> {
        self.forks.into_iter().map(|fork| fork.dialog).find(Dialog::is_confirmed)
    }
}

/// Early dialogs of one INVITE that are followed; a carrier's hunt group has fewer, and a hostile
/// peer must not make us keep more. A 2xx is always followed, to end it.
const MOST_FORKS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::provisional::Order;

    const PLACED: &str = "INVITE sip:+4930@carrier.example SIP/2.0\r\n\
        Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
        From: <sip:201@pbx>;tag=us\r\nTo: <sip:+4930@carrier.example>\r\nCall-ID: c2\r\n\
        CSeq: 9 INVITE\r\n\r\n";

    fn learn(early: &mut EarlyDialogs, status: u16, tag: &str) -> Option<String> {
        let text = format!(
            "SIP/2.0 {status} X\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
             From: <sip:201@pbx>;tag=us\r\nTo: <sip:+4930@carrier.example>{tag}\r\n\
             Call-ID: c2\r\nCSeq: 9 INVITE\r\nContact: <sip:a@b>\r\n\r\n"
        );
        let placed = Message::parse_datagram(PLACED.as_bytes()).unwrap();
        let response = Message::parse_datagram(text.as_bytes()).unwrap();
        let flow = Flow::udp("192.0.2.1:5060".parse().unwrap(), "192.0.2.2:5060".parse().unwrap());
        let fork = early.learn(&placed, &response, flow).unwrap()?;
        Some(fork.dialog.remote_tag().to_owned())
    }

    #[test]
    fn each_branch_of_a_forked_call_is_a_dialog_and_the_answered_one_is_the_call() {
        let mut early = EarlyDialogs::default();
        assert_eq!(learn(&mut early, 100, ";tag=x"), None);
        assert_eq!(learn(&mut early, 180, ""), None);
        assert_eq!(learn(&mut early, 180, ";tag=one").as_deref(), Some("one"));
        assert_eq!(learn(&mut early, 183, ";tag=two").as_deref(), Some("two"));
        assert_eq!(learn(&mut early, 180, ";tag=one").as_deref(), Some("one"));
        assert_eq!(early.forks().len(), 2);
        assert_eq!(learn(&mut early, 486, ";tag=one"), None);
        assert_eq!(learn(&mut early, 200, ";tag=two").as_deref(), Some("two"));
        assert_eq!(early.into_confirmed().unwrap().remote_tag(), "two");
    }

    #[test]
    fn reliable_responses_are_counted_for_each_branch() {
        let mut early = EarlyDialogs::default();
        learn(&mut early, 183, ";tag=one");
        learn(&mut early, 183, ";tag=two");
        for fork in &mut early.forks {
            assert_eq!(fork.reliable.take(7), Order::Next);
        }
    }

    #[test]
    fn a_hostile_peer_cannot_open_dialogs_without_end_but_every_2xx_is_heard() {
        let mut early = EarlyDialogs::default();
        for tag in 0..100 {
            learn(&mut early, 180, &format!(";tag={tag}"));
        }
        assert_eq!(early.forks().len(), MOST_FORKS);
        assert!(learn(&mut early, 200, ";tag=late").is_some());
    }
}
