//! What is said to a B channel by whom the engine has for it, block by block.

use super::{Counts, idle};
use board::{Bearer, Event, Fault};
use call::{LineLaw, PortId};
use media::Engine;
use media::line::{LONGEST, PREFILL};
use std::time::Instant;

/// What was not written yet, because the line has run dry: when it runs again no more is to wait than usual.
#[derive(Default)]
pub(super) struct Said {
    dry: bool,
    blocks: [Block; PREFILL],
    count: usize,
}

#[derive(Clone, Copy)]
struct Block {
    octets: [u8; LONGEST],
    length: usize,
}

impl Default for Block {
    fn default() -> Self {
        Self { octets: [0; LONGEST], length: 0 }
    }
}

impl Said {
    /// Exchanges a block; whether there was one.
    pub(super) fn exchange(
        &mut self,
        port: PortId,
        bearer: &mut dyn Bearer,
        law: LineLaw,
        engine: &mut Engine,
        counts: &mut Counts,
        now: Instant,
    ) -> Result<bool, Fault> {
        bearer.turn(now);
        while let Some(event) = bearer.next_event() {
            match event {
                Event::Underrun => {
                    counts.underrun += 1;
                    self.dry = true;
                }
                Event::Overrun => counts.overrun += 1,
                Event::Removed => return Err(Fault::Lost),
                _ => {}
            }
        }
        let mut heard = [0; LONGEST];
        let length = bearer.read(&mut heard)?.min(LONGEST);
        let mut block = Block { length, ..Block::default() };
        let (Some(heard), Some(said)) = (heard.get(..length), block.octets.get_mut(..length))
        else {
            return Ok(false);
        };
        if length == 0 {
            counts.sent += self.fill_up(bearer, law)?;
            return Ok(false);
        }
        said.fill(idle(law));
        engine.exchange(port, heard, said, now);
        counts.received += length as u64;
        if !self.dry {
            // Where the buffers are full, the line takes less than it brings: the block is lost.
            counts.sent += bearer.write(said)? as u64;
            return Ok(true);
        }
        if self.count == PREFILL {
            self.blocks.rotate_left(1);
            self.count -= 1;
        }
        if let Some(room) = self.blocks.get_mut(self.count) {
            *room = block;
        }
        self.count += 1;
        Ok(true)
    }

    /// After the line has run dry, as much waits for it as at the beginning: the newest of what was said.
    /// How many octets of that were sent.
    fn fill_up(&mut self, bearer: &mut dyn Bearer, law: LineLaw) -> Result<u64, Fault> {
        if !self.dry || self.count == 0 {
            return Ok(0);
        }
        let silence = [idle(law); LONGEST];
        for _ in self.count..PREFILL {
            bearer.write(silence.get(..bearer.block()).unwrap_or(&silence))?;
        }
        let mut sent = 0;
        for block in self.blocks.iter().take(self.count) {
            sent += bearer.write(block.octets.get(..block.length).unwrap_or_default())? as u64;
        }
        (self.dry, self.count) = (false, 0);
        Ok(sent)
    }
}
