//! The chain from end to end, and what checks do with it.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use board::dahdi::{Card, Cross, Driver};
use board::{ClockSource, LineKind, Setting};
use serde_json::{Value, json};

use crate::asterisk::{Asterisk, Told};
use crate::phone::{self, Phone};
use crate::strowgerd::{OUR_LINE, Strowgerd};
use crate::{Outcome, at, sound};

pub(crate) struct Bed {
    pub(crate) phone: Phone,
    pub(crate) strowgerd: Strowgerd,
    pub(crate) asterisk: Asterisk,
    /// Where the API has our trunk.
    pub(crate) trunk: String,
    /// The carrier's end of the line.
    pub(crate) theirs: Card,
    /// What the telephone plays, and what Asterisk does.
    pub(crate) melodies: [Vec<i16>; 2],
}

impl Bed {
    /// Makes two spans, each the other's far end, and starts everybody. Asterisk's span is the clock.
    pub(crate) fn open(driver: &Driver, settings: &Path) -> Result<Bed, String> {
        let melodies = [201, 2009].map(|seed| sound::melody(seed, 30));
        sound::write_wav(Path::new(phone::SOURCE), &melodies[0])?;
        std::fs::create_dir_all(OF_ASTERISK).map_err(|why| why.to_string())?;
        sound::write_octets(&of_asterisk("melody.alaw"), &melodies[1])?;
        let create =
            |end| Cross { pair: 1, end }.create(driver, LineKind::E1).map_err(at("create"));
        let (theirs, _) = (create(0)?, create(1)?);
        let setting = Setting { clock: ClockSource::Own, ..Setting::e1() };
        let theirs = Card::open(driver, &theirs, setting).map_err(at("their span"))?;
        // Each takes its time; ours is set up by the daemon.
        let mut strowgerd = Strowgerd::start()?;
        let asterisk = Asterisk::start(settings, "euroisdn-network")?;
        strowgerd.until_healthy()?;
        strowgerd.claim()?;
        strowgerd.line()?;
        let trunk = strowgerd.post(
            "trunks",
            json!({"name": "carrier", "kind": "isdn", "number_format": "as_dialled", "isdn": {
                "side": "user", "dialect": "euro_isdn", "numbering": "unknown", "cancels_echo": false,
                "spans": [{"line": OUR_LINE, "framing": "e1_crc4", "clock": 1}]}}),
        )?;
        for number in [ANSWERS, ASKS] {
            let name = format!("Phone {number}");
            strowgerd
                .post("extensions", json!({"number": number, "name": name, "secret": SECRET}))?;
            let name = format!("in {number}");
            let to =
                json!({"name": name, "did": number, "destination": number, "trunk": trunk["id"]});
            strowgerd.post("routes/inbound", to)?;
        }
        let out = json!({"name": "out", "pattern": "0.", "trunks": [trunk["id"]], "strip": 1});
        strowgerd.post("routes/outbound", out)?;
        let phone = Phone::start(ANSWERS, ASKS, SECRET)?;
        let trunk = format!("trunks/{}", trunk["id"]);
        Ok(Bed { phone, strowgerd, asterisk, trunk, theirs, melodies })
    }

    pub(crate) fn comes_up(&mut self) -> Outcome {
        self.until("both numbers of the telephone", |bed| {
            Ok((bed.strowgerd.every("registrations")?.len() == 2).then_some(()))
        })?;
        self.until("the D channel", |bed| bed.is_up())?;
        Ok(String::new())
    }

    /// The D channel carries calls, as the daemon says and as Asterisk does.
    pub(crate) fn is_up(&mut self) -> Result<Option<()>, String> {
        let ours = self.strowgerd.line()?["d_channel"] == json!({"up": true, "carries": true});
        let theirs = self.asterisk.command("pri show spans")?.contains("Up, Active");
        Ok((ours && theirs).then_some(()))
    }

    /// Works until this is so.
    pub(crate) fn until<T>(
        &mut self,
        what: &str,
        mut so: impl FnMut(&mut Bed) -> Result<Option<T>, String>,
    ) -> Result<T, String> {
        let until = Instant::now() + PATIENCE;
        loop {
            while self.asterisk.turn()? {}
            self.phone.turn()?;
            if let Some(found) = so(self).map_err(|why| format!("{what}: {why}"))? {
                return Ok(found);
            }
            if Instant::now() > until {
                return Err(format!("in vain: {what}"));
            }
            sleep(Duration::from_millis(50));
        }
    }

    /// The telephone's next event of this type.
    pub(crate) fn event(&mut self, kind: &str) -> Result<Value, String> {
        self.until(kind, |bed| Ok(bed.phone.take(kind)))
    }

    /// What Asterisk's dialplan tells under this name.
    pub(crate) fn told(&mut self, name: &str) -> Result<Told, String> {
        let fits = |told: &Told| told.get("UserEvent").map(String::as_str) == Some(name);
        self.until(name, |bed| Ok(bed.asterisk.take(fits)))
    }

    /// The cause for which Asterisk sees its channel of the line end.
    pub(crate) fn cleared(&mut self) -> Result<String, String> {
        let is = |told: &Told, key: &str, start: &str| {
            told.get(key).is_some_and(|value| value.starts_with(start))
        };
        let fits = |told: &Told| is(told, "Event", "Hangup") && is(told, "Channel", "DAHDI/");
        let told =
            self.until("the end of Asterisk's channel", |bed| Ok(bed.asterisk.take(fits)))?;
        Ok(told.get("Cause").cloned().unwrap_or_default())
    }

    /// No call is left anywhere.
    pub(crate) fn quiet(&mut self) -> Result<(), String> {
        self.until("calls to end", |bed| {
            let none = bed.strowgerd.every("calls")?.is_empty();
            let channels = bed.asterisk.command("core show channels count")?;
            let busy = in_use(&bed.strowgerd.line()?);
            Ok((none && busy.is_empty() && channels.contains("0 active channels")).then_some(()))
        })?;
        self.phone.forget();
        self.asterisk.forget();
        Ok(())
    }
}

/// The channels of a line that do something.
pub(crate) fn in_use(line: &Value) -> Vec<Value> {
    let channels = line["channels"].as_array().cloned().unwrap_or_default();
    channels.into_iter().filter(|channel| channel["usage"] != "idle").collect()
}

/// A file that Asterisk reads or writes.
pub(crate) fn of_asterisk(file: &str) -> PathBuf {
    Path::new(OF_ASTERISK).join(file)
}

/// The number whose calls the telephone answers by itself.
pub(crate) const ANSWERS: &str = "201";
/// The number whose calls it does not.
pub(crate) const ASKS: &str = "202";

const SECRET: &str = "secret-of-the-test";
const OF_ASTERISK: &str = "/run/asterisk";
/// For what a machine of real speed does in a second or two.
const PATIENCE: Duration = Duration::from_secs(40);
