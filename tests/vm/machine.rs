//! The machine under the checks: cards that are pulled out, and a lamp.

use std::path::Path;
use std::time::{Duration, Instant};

use board::{Led, Light, Shine};

use crate::{Outcome, at};

/// The one kind of lamp that the machine has, by the kernel's LED class.
pub(crate) fn lamp() -> Outcome {
    let sysfs = Path::new("/sys");
    let leds = std::fs::read_dir(sysfs.join("class/leds")).map_err(|why| why.to_string())?;
    let mut names = leds.flatten().map(|led| led.file_name().to_string_lossy().into_owned());
    let name = names.find(|name| name.ends_with("::scrolllock")).ok_or("no such lamp")?;
    let read = |file: &str| {
        std::fs::read_to_string(sysfs.join("class/leds").join(&name).join(file)).unwrap_or_default()
    };
    let mut led = Led::open(sysfs, &name).map_err(at("open"))?;
    let dark = read("brightness");
    let now = Instant::now();
    led.shine(Shine::On, now).map_err(at("on"))?;
    let lit = read("brightness");
    let (on, off) = (Duration::from_millis(50), Duration::from_millis(250));
    led.shine(Shine::Blinking { on, off }, now).map_err(at("blink"))?;
    let blinking = [read("delay_on"), read("delay_off")];
    led.shine(Shine::Off, now).map_err(at("off"))?;
    let found = (dark.trim(), lit.trim(), blinking.concat(), read("brightness"));
    let wanted = ("0", "1", "50\n250\n".to_owned(), "0\n".to_owned());
    if found == wanted { Ok(name) } else { Err(format!("{found:?}")) }
}

/// Ends a span in the driver without asking who uses it.
pub(crate) fn pull_out(span: i32) -> Result<(), String> {
    let devices =
        std::fs::read_dir("/sys/bus/dahdi_devices/devices").map_err(|why| why.to_string())?;
    for device in devices.flatten().map(|device| device.path()) {
        if device.join(format!("span-{span}")).exists() {
            // Its only span, by the device's own count.
            return std::fs::write(device.join("unassign_span"), "1")
                .map_err(|why| format!("{}: {why}", device.display()));
        }
    }
    Err(format!("no device has span {span}"))
}
