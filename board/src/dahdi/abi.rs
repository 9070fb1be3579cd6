//! The numbers and layouts of DAHDI's kernel interface, as far as digital spans need them: versions 2.11
//! to 3.4. Facts of the interface, measured on x86_64 and aarch64, written down here in our own words;
//! the tests hold sizes and numbers still.

/// Linux' number by which DAHDI says that an event waits, and that nothing else is done before.
pub(super) const EVENT_WAITS: i32 = 500;

/// A structure that the kernel reads or fills: integers and octets only, so that any bits are a value.
pub(super) trait Plain: Copy {}

impl Plain for i32 {}

/// The name of a call, its number, and whether the kernel reads or fills its argument.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) name: &'static str,
    pub(super) number: u8,
    pub(super) way: Way,
}

/// Whose words the argument of a call are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Ours: the kernel only reads it.
    Told,
    /// The kernel's.
    Asked,
    /// Ours, and then the kernel's.
    Both,
}

macro_rules! calls {
    ($($name:ident = $number:literal $way:ident;)*) => {
        $(pub(super) const $name: Call =
            Call { name: stringify!($name), number: $number, way: Way::$way };)*
    };
}

calls! {
    FLUSH = 3 Told;
    GET_PARAMS = 5 Both;
    GETEVENT = 8 Asked;
    SPANSTAT = 10 Both;
    MAINT = 11 Told;
    SPANCONFIG = 18 Told;
    CHANCONFIG = 19 Told;
    SET_BUFINFO = 27 Told;
    AUDIOMODE = 32 Told;
    SPECIFY = 38 Told;
    LOOPBACK = 58 Told;
    DYNAMIC_CREATE = 80 Both;
    DYNAMIC_DESTROY = 81 Told;
    SIMULATE_ALARM = 82 Told;
    STARTUP = 99 Told;
}

/// What SPANSTAT fills. Packed: its last member is six octets.
#[repr(C, packed)]
#[derive(Clone, Copy)]
pub(super) struct SpanInfo {
    pub(super) span: i32,
    pub(super) name: [u8; 20],
    pub(super) description: [u8; 40],
    pub(super) alarms: i32,
    pub(super) tx_level: i32,
    pub(super) rx_level: i32,
    pub(super) bipolar_violations: i32,
    pub(super) crc4_errors: i32,
    pub(super) e_bits: i32,
    pub(super) alignment_errors: i32,
    pub(super) framing_errors: u32,
    pub(super) code_violations: u32,
    pub(super) bit_errors: u32,
    pub(super) test_pattern: u32,
    pub(super) errored_seconds: u32,
    pub(super) missed_interrupts: i32,
    pub(super) clock_span: i32,
    pub(super) set_up_channels: i32,
    pub(super) channels: i32,
    pub(super) spans: i32,
    pub(super) build_out: i32,
    pub(super) line: i32,
    pub(super) build_out_name: [u8; 40],
    pub(super) location: [u8; 40],
    pub(super) maker: [u8; 40],
    pub(super) device: [u8; 40],
    pub(super) interrupt: i32,
    pub(super) possible_lines: i32,
    pub(super) kind: [u8; 6],
}

/// What GET_PARAMS fills, of a channel.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Params {
    pub(super) channel: i32,
    pub(super) span: i32,
    /// Its place in the span, from 1.
    pub(super) position: i32,
    pub(super) signalling: i32,
    pub(super) possible_signalling: i32,
    pub(super) hook_and_bits: [i32; 5],
    pub(super) law: i32,
    pub(super) idle_bits: i32,
    pub(super) name: [u8; 40],
    pub(super) times: [i32; 11],
    pub(super) alarms: u32,
}

/// What SPANCONFIG reads.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct LineConfig {
    pub(super) span: i32,
    pub(super) name: [u8; 20],
    pub(super) build_out: i32,
    pub(super) line: i32,
    /// 0: we are the clock; otherwise our priority among spans that bring one.
    pub(super) clock: i32,
}

/// What CHANCONFIG reads.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct ChannelConfig {
    pub(super) channel: i32,
    pub(super) name: [u8; 40],
    pub(super) signalling: i32,
    pub(super) law: i32,
    pub(super) master: i32,
    pub(super) idle_bits: i32,
    pub(super) network_device: [u8; 16],
}

/// What SET_BUFINFO reads.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Buffers {
    pub(super) tx_policy: i32,
    pub(super) rx_policy: i32,
    pub(super) count: i32,
    pub(super) size: i32,
    pub(super) full_to_read: i32,
    pub(super) full_to_write: i32,
}

/// What MAINT and SIMULATE_ALARM read: a span, and a mode or alarms.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct OfSpan {
    pub(super) span: i32,
    pub(super) what: i32,
}

/// What DYNAMIC_CREATE reads and fills.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Dynamic {
    pub(super) driver: [u8; 20],
    pub(super) address: [u8; 40],
    pub(super) channels: i32,
    pub(super) timing: i32,
    pub(super) span: i32,
}

impl Plain for SpanInfo {}
impl Plain for Params {}
impl Plain for LineConfig {}
impl Plain for ChannelConfig {}
impl Plain for Buffers {}
impl Plain for OfSpan {}
impl Plain for Dynamic {}

impl SpanInfo {
    /// An empty one that asks for this span.
    pub(super) fn of(span: i32) -> SpanInfo {
        SpanInfo {
            span,
            name: [0; 20],
            description: [0; 40],
            alarms: 0,
            tx_level: 0,
            rx_level: 0,
            bipolar_violations: 0,
            crc4_errors: 0,
            e_bits: 0,
            alignment_errors: 0,
            framing_errors: 0,
            code_violations: 0,
            bit_errors: 0,
            test_pattern: 0,
            errored_seconds: 0,
            missed_interrupts: 0,
            clock_span: 0,
            set_up_channels: 0,
            channels: 0,
            spans: 0,
            build_out: 0,
            line: 0,
            build_out_name: [0; 40],
            location: [0; 40],
            maker: [0; 40],
            device: [0; 40],
            interrupt: 0,
            possible_lines: 0,
            kind: [0; 6],
        }
    }
}

impl Params {
    /// An empty one that asks for this channel.
    pub(super) fn of(channel: i32) -> Params {
        Params {
            channel,
            span: 0,
            position: 0,
            signalling: 0,
            possible_signalling: 0,
            hook_and_bits: [0; 5],
            law: 0,
            idle_bits: 0,
            name: [0; 40],
            times: [0; 11],
            alarms: 0,
        }
    }
}

/// Bits of a line's configuration.
pub(super) mod line {
    pub(crate) const SUPERFRAME: i32 = 1 << 4;
    pub(crate) const ESF: i32 = 1 << 5;
    pub(crate) const AMI: i32 = 1 << 6;
    pub(crate) const B8ZS: i32 = 1 << 7;
    /// Timeslot 16 carries messages and no bits of channels.
    pub(crate) const COMMON_CHANNEL: i32 = 1 << 8;
    pub(crate) const HDB3: i32 = 1 << 9;
    pub(crate) const CRC4: i32 = 1 << 10;
}

/// Kinds of signalling of a channel.
pub(super) mod signalling {
    /// A clear channel.
    pub(crate) const CLEAR: i32 = 1 << 7;
    /// HDLC whose check sequence the driver adds and takes off: bits that include those of a clear
    /// channel and of plain HDLC.
    pub(crate) const CHECKED_HDLC: i32 = 1 << 9 | 1 << 8 | CLEAR;
}

/// Bits of a span's alarms.
pub(super) mod alarm {
    pub(crate) const RECOVERING: i32 = 1 << 0;
    pub(crate) const LOOPED: i32 = 1 << 1;
    pub(crate) const YELLOW: i32 = 1 << 2;
    pub(crate) const RED: i32 = 1 << 3;
    pub(crate) const BLUE: i32 = 1 << 4;
    pub(crate) const NO_SIGNAL: i32 = 1 << 8;
    pub(crate) const NO_FRAMES: i32 = 1 << 9;
    pub(crate) const NO_MULTIFRAMES: i32 = 1 << 10;
}

/// Numbers of laws.
pub(super) mod law {
    pub(crate) const MU: i32 = 1;
    pub(crate) const A: i32 = 2;
}

/// Modes of MAINT.
pub(super) mod maintenance {
    pub(crate) const NONE: i32 = 0;
    pub(crate) const LOCAL_LOOP: i32 = 1;
    pub(crate) const REMOTE_LOOP: i32 = 2;
}

/// Numbers of events.
pub(super) mod event {
    pub(crate) const ALARM: i32 = 4;
    pub(crate) const NO_ALARM: i32 = 5;
    pub(crate) const ABORT: i32 = 6;
    pub(crate) const OVERRUN: i32 = 7;
    pub(crate) const BAD_CHECK: i32 = 8;
    pub(crate) const REMOVED: i32 = 20;
    pub(crate) const READ_OVERRUN: i32 = 29;
    pub(crate) const WRITE_UNDERRUN: i32 = 30;
}

/// What FLUSH empties: buffers both ways and events.
pub(super) const FLUSH_ALL: i32 = 7;
/// Sending begins with the first block.
pub(super) const AT_ONCE: i32 = 0;
/// Most channels that the driver numbers.
pub(super) const MOST_CHANNELS: i32 = 1_024;
/// Most spans that the driver numbers.
pub(super) const MOST_SPANS: i32 = 128;

/// The text of a field that ends at its first zero.
pub(super) fn text(field: &[u8]) -> String {
    let end = field.iter().position(|octet| *octet == 0).unwrap_or(field.len());
    String::from_utf8_lossy(field.get(..end).unwrap_or_default()).into_owned()
}

/// A field of `N` octets with this text; `None` when it does not fit with its zero.
pub(super) fn field<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut field = [0; N];
    field.get_mut(..text.len()).filter(|room| room.len() < N)?.copy_from_slice(text.as_bytes());
    Some(field)
}

#[cfg(test)]
mod tests {
    use std::mem::{offset_of, size_of};

    use super::*;

    #[test]
    fn structures_have_the_sizes_that_the_kernel_has_them_in() {
        assert_eq!(size_of::<SpanInfo>(), 314);
        assert_eq!(size_of::<Params>(), 136);
        assert_eq!(size_of::<LineConfig>(), 36);
        assert_eq!(size_of::<ChannelConfig>(), 76);
        assert_eq!(size_of::<Buffers>(), 24);
        assert_eq!(size_of::<OfSpan>(), 8);
        assert_eq!(size_of::<Dynamic>(), 72);
    }

    #[test]
    fn members_lie_where_the_kernel_puts_them() {
        assert_eq!(offset_of!(SpanInfo, alarms), 64);
        assert_eq!(offset_of!(SpanInfo, errored_seconds), 108);
        assert_eq!(offset_of!(SpanInfo, channels), 124);
        assert_eq!(offset_of!(SpanInfo, line), 136);
        assert_eq!(offset_of!(SpanInfo, kind), 308);
        assert_eq!(offset_of!(Params, law), 40);
        assert_eq!(offset_of!(Params, name), 48);
        assert_eq!(offset_of!(Params, alarms), 132);
        assert_eq!(offset_of!(LineConfig, build_out), 24);
        assert_eq!(offset_of!(ChannelConfig, signalling), 44);
        assert_eq!(offset_of!(Dynamic, channels), 60);
    }

    #[test]
    fn a_text_that_fits_its_field_comes_back() {
        assert_eq!(text(&field::<20>("DYN/loc/1:0").unwrap()), "DYN/loc/1:0");
        assert_eq!(field::<4>("four"), None);
        assert_eq!(text(b"whole"), "whole");
    }
}
