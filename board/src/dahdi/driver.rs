//! The driver as a whole: which spans there are, and which channels are theirs.

use std::fs::File;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::abi::{self, Call, Params, SpanInfo};
use super::ioctl;
use crate::{Fault, LineKind};

/// The driver, by the folder of its devices.
#[derive(Clone, Debug)]
pub struct Driver {
    folder: PathBuf,
}

/// A span that the driver knows, whether it is set up or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The number that the driver gave it this time.
    pub number: i32,
    /// Its name, which stays.
    pub name: String,
    /// What it is, in the driver's words.
    pub description: String,
    /// E1 or T1, as its count of channels tells; `None`: something else.
    pub kind: Option<LineKind>,
    /// How many of its channels are set up.
    pub set_up: usize,
}

impl Driver {
    /// The driver whose devices are in this folder, `/dev/dahdi` on most systems.
    #[must_use]
    pub fn new(folder: &Path) -> Driver {
        Driver { folder: folder.to_owned() }
    }

    /// Its spans, in the order of their numbers.
    ///
    /// # Errors
    /// [`Fault::Absent`] when the modules are not loaded.
    pub fn spans(&self) -> Result<Vec<Found>, Fault> {
        let control = self.control()?;
        let mut found = Vec::new();
        for number in 1..=abi::MOST_SPANS {
            if let Some(info) = span_info(&control, number)? {
                found.push(Found {
                    number,
                    name: abi::text(&info.name),
                    description: abi::text(&info.description),
                    kind: kind(&info),
                    set_up: usize::try_from(info.set_up_channels).unwrap_or(0),
                });
            }
        }
        Ok(found)
    }

    /// Numbers the spans of cards that the driver has found and not numbered: it waits for that unless its
    /// module was loaded with `auto_assign_spans=1`. `sysfs` is `/sys`. Spans that have numbers keep them.
    ///
    /// # Errors
    /// [`Fault::Absent`] when the modules are not loaded; [`Fault::Denied`].
    pub fn number_spans(sysfs: &Path) -> Result<(), Fault> {
        let fault = |wrong: std::io::Error| match Errno::from_io_error(&wrong) {
            Some(errno) => ioctl::fault(NUMBER_SPANS, errno),
            None => Fault::Absent,
        };
        let devices = std::fs::read_dir(sysfs.join("bus/dahdi_devices/devices")).map_err(fault)?;
        let mut devices: Vec<_> = devices.flatten().map(|device| device.path()).collect();
        // Numbers follow names, so that they are the same after each start.
        devices.sort_unstable();
        for device in devices {
            std::fs::write(device.join("auto_assign"), "1").map_err(fault)?;
        }
        Ok(())
    }

    /// The device by which spans and channels are set up.
    pub(super) fn control(&self) -> Result<File, Fault> {
        self.open("ctl", OPEN_CONTROL, OFlags::empty())
    }

    /// Opens a channel by the driver's number for it.
    pub(super) fn channel(&self, number: i32) -> Result<File, Fault> {
        let file = self.open("channel", OPEN_CHANNEL, OFlags::NONBLOCK)?;
        ioctl::tell(&file, abi::SPECIFY, number)?;
        Ok(file)
    }

    fn open(&self, device: &str, call: Call, more: OFlags) -> Result<File, Fault> {
        let flags = OFlags::RDWR | OFlags::CLOEXEC | more;
        rustix::fs::open(self.folder.join(device), flags, Mode::empty())
            .map(File::from)
            .map_err(|errno| ioctl::fault(call, errno))
    }
}

/// A span's facts by its number; `None` when there is none.
pub(super) fn span_info(control: &File, number: i32) -> Result<Option<SpanInfo>, Fault> {
    let mut info = SpanInfo::of(number);
    match ioctl::call(control, abi::SPANSTAT, &mut info) {
        Ok(()) => Ok(Some(info)),
        Err(Fault::Refused { errno: INVALID, .. } | Fault::Absent) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// The numbers of a span's channels, in the order of their places; the driver numbers those of a span in
/// one row.
pub(super) fn channels(control: &File, span: i32) -> Result<Vec<i32>, Fault> {
    let mut channels = Vec::new();
    for number in 1..=abi::MOST_CHANNELS {
        let mut params = Params::of(number);
        match ioctl::call(control, abi::GET_PARAMS, &mut params) {
            Ok(()) if params.span == span => channels.push((params.position, number)),
            Ok(()) | Err(Fault::Refused { errno: INVALID, .. } | Fault::Absent) => {}
            Err(fault) => return Err(fault),
        }
    }
    channels.sort_unstable();
    Ok(channels.into_iter().map(|(_, number)| number).collect())
}

/// An E1 has 31 channels and a T1 24; a name for that not all drivers give.
pub(super) fn kind(info: &SpanInfo) -> Option<LineKind> {
    match info.channels {
        31 => Some(LineKind::E1),
        24 => Some(LineKind::T1),
        _ => None,
    }
}

/// Linux' EINVAL, by which DAHDI says that it has no such number.
const INVALID: i32 = 22;

const NUMBER_SPANS: Call = Call { name: "writing auto_assign", number: 0, way: abi::Way::Told };
const OPEN_CONTROL: Call = Call { name: "opening ctl", number: 0, way: abi::Way::Told };
const OPEN_CHANNEL: Call = Call { name: "opening channel", number: 0, way: abi::Way::Told };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_modules_there_is_no_driver() {
        let folder = std::env::temp_dir().join("no-such-driver");
        assert_eq!(Driver::new(&folder).spans(), Err(Fault::Absent));
        assert_eq!(Driver::number_spans(&folder), Err(Fault::Absent));
    }

    #[test]
    fn the_count_of_channels_tells_the_kind_of_line() {
        let mut info = SpanInfo::of(1);
        for (channels, expected) in [(31, Some(LineKind::E1)), (24, Some(LineKind::T1)), (3, None)]
        {
            info.channels = channels;
            assert_eq!(kind(&info), expected);
        }
    }
}
