//! The simulated lab: phones, carriers and wires around one exchange, in fake time.
//!
//! A [`Lab`] owns the box (its exchange and its media engine), a lossy wire with NAT boxes, a name
//! server, and user agents that speak real SIP. Everything happens in fake time and comes from one
//! seed, so an hour of calls takes milliseconds and every run can be repeated. The lab checks at all
//! times what must always be true: see [`Lab::rest`].
//!
//! ```
//! let mut lab = sim::Lab::office(1, &["201", "202"]);
//! lab.phone("201").dials("202");
//! lab.run_ms(200);
//! lab.phone("202").answers();
//! lab.talk("201", "202");
//! lab.phone("201").hangs_up();
//! lab.rest();
//! ```

// Tests fail where something is not as it should be: that is what panics are for here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod digest;
mod lab;
mod random;
pub mod text;
pub mod ua;
mod wire;

pub use lab::{Lab, Phone};
pub use random::Random;
pub use text::Sip;
pub use ua::{Called, Phase, Speaks};
pub use wire::Wire;
