//! The power fails between any two things that an update does, and inside each: what runs then is the
//! old software on its database or the new one on its own, and nothing that was recorded is gone.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

use std::time::{Duration, Instant};

use proptest::prelude::*;
use update::kept::Ended;
use update::life::Done;
use update::life::Work;
use update::{
    Bundle, Failure, Input, Kept, Life, LoaderOrder, Output, Request, Settings, Slot, Source,
    Stage, Urgency, Version,
};

#[test]
fn a_power_cut_anywhere_leaves_the_old_or_the_new_software() {
    let mut ends = Ends::default();
    for loader in [LoaderKind::Once, LoaderKind::Tries] {
        for new in [New::Well, New::Panics, New::Hangs, New::Ill] {
            explore(World::new(loader, new), 2, &mut ends);
        }
    }
    println!("{ends:?}");
    // Both ends were seen, and many more cuts than outputs.
    assert!(ends.new > 1_000 && ends.old > 1_000, "{ends:?}");
}

#[test]
fn without_a_power_cut_it_is_the_software_that_decides() {
    for loader in [LoaderKind::Once, LoaderKind::Tries] {
        for (new, stays) in
            [(New::Well, true), (New::Panics, false), (New::Hangs, false), (New::Ill, false)]
        {
            let mut ends = Ends::default();
            explore(World::new(loader, new), 0, &mut ends);
            assert_eq!((ends.new, ends.old), (u64::from(stays), u64::from(!stays)), "{new:?}");
        }
    }
}

proptest! {
    /// As many cuts as anybody likes, each after so many steps from the start before.
    #[test]
    fn a_supply_that_fails_all_day_leaves_the_old_or_the_new_software(
        cuts in prop::collection::vec(0_u32..40, 0..12),
        which in 0_u8..8,
    ) {
        let loader = if which % 2 == 0 { LoaderKind::Once } else { LoaderKind::Tries };
        let new = [New::Well, New::Panics, New::Hangs, New::Ill][usize::from(which / 2)];
        let mut world = World::new(loader, new);
        for cut in cuts {
            world.live(&mut |_, step| step == cut);
        }
        world.live(&mut |_, _| false);
        world.judge(&mut Ends::default());
    }
}

#[derive(Debug, Default)]
struct Ends {
    old: u64,
    new: u64,
}

/// Lives until the end, and with a cut at each step once more.
fn explore(mut world: World, cuts: u8, ends: &mut Ends) {
    let mut from_here = Vec::new();
    world.live(&mut |world, _| {
        if cuts > 0 {
            from_here.push(world.clone());
        }
        false
    });
    world.judge(ends);
    for world in from_here {
        explore(world, cuts - 1, ends);
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum LoaderKind {
    /// The next start only (UEFI: BootNext).
    Once,
    /// Three starts, then the other one (GRUB, U-Boot: a counter).
    Tries,
}

/// What the new software is like.
#[derive(Debug, Clone, Copy, PartialEq)]
enum New {
    Well,
    /// The kernel.
    Panics,
    /// It serves, and then nothing; the watchdog restarts.
    Hangs,
    /// A self-check never says yes.
    Ill,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Root {
    Old,
    New,
    Torn,
}

/// A database: its form, and what was recorded.
#[derive(Debug, Clone, PartialEq)]
struct Database {
    form: u8,
    facts: Vec<u32>,
}

/// What a power cut leaves.
#[derive(Debug, Clone)]
struct World {
    kind: LoaderKind,
    new: New,
    kept: Option<Vec<u8>>,
    roots: [Root; 2],
    /// Whether the file is whole.
    file: bool,
    database: Database,
    copy: Option<Database>,
    torn_copy: bool,
    aside: Vec<Database>,
    aside_of_this_copy: bool,
    home: Slot,
    first: Option<(Slot, u8)>,
    asked: bool,
    facts: u32,
    starts: u32,
    now: Instant,
    /// What ran last, if it serves still.
    serves: Option<Root>,
    stage: Stage,
}

fn at(slot: Slot) -> usize {
    if slot == Slot::A { 0 } else { 1 }
}

fn request() -> Request {
    Request {
        source: Source::Usb { file: "box.raucb".into() },
        urgency: Urgency::Polite,
        leave: true,
        older_too: false,
        action: None,
    }
}

fn bundle() -> Bundle {
    Bundle { compatible: "test".into(), version: Version::parse("2").unwrap(), size: 1 }
}

impl World {
    fn new(kind: LoaderKind, new: New) -> World {
        World {
            kind,
            new,
            kept: Some(Kept::idle(Slot::A).write()),
            roots: [Root::Old, Root::Old],
            file: false,
            database: Database { form: 1, facts: Vec::new() },
            copy: None,
            torn_copy: false,
            aside: Vec::new(),
            aside_of_this_copy: false,
            home: Slot::A,
            first: None,
            asked: false,
            facts: 0,
            starts: 0,
            now: Instant::now(),
            serves: None,
            stage: Stage::Idle,
        }
    }

    /// Starts again and again until nothing is left to be done, or until `cut`.
    fn live(&mut self, cut: &mut dyn FnMut(&World, u32) -> bool) {
        let mut step = 0;
        let mut cut = |world: &World| {
            step += 1;
            cut(world, step - 1)
        };
        for _ in 0..40 {
            self.starts += 1;
            self.serves = None;
            let slot = self.boot();
            let root = self.roots[at(slot)];
            if root == Root::Torn || (root == Root::New && self.new == New::Panics) {
                assert!(slot != self.home || self.first.is_some(), "nothing starts: {self:?}");
                continue;
            }
            match self.up(slot, root, &mut cut) {
                Up::Restarts => {}
                Up::Cut | Up::Rests => return,
            }
        }
        panic!("it restarts for ever: {self:?}");
    }

    fn boot(&mut self) -> Slot {
        match self.first.take() {
            Some((slot, tries)) => {
                self.first = Some((slot, tries - 1)).filter(|(_, tries)| *tries > 0);
                slot
            }
            None => self.home,
        }
    }

    fn up(&mut self, own: Slot, root: Root, cut: &mut dyn FnMut(&World) -> bool) -> Up {
        let version = if root == Root::New { "2" } else { "1" };
        let mut settings = Settings::new("test", Version::parse(version).unwrap());
        settings.notice = Duration::from_secs(1);
        let kept = self.kept.as_deref().map(|kept| Kept::read(kept).unwrap());
        let mut life = Life::start(settings, own, kept, self.now);
        loop {
            let mut work = None;
            while let Some(output) = life.poll_output() {
                if cut(self) {
                    return Up::Cut;
                }
                match output {
                    Output::Keep(kept) => self.kept = Some(kept.write()),
                    Output::Do { job, work: what } => {
                        // One at a time, but for an order to the loader that nobody waits for.
                        if let Some((_, earlier)) = work.replace((job, what)) {
                            self.finish(&earlier, own);
                        }
                    }
                    Output::Abandon => work = None,
                    Output::Run => self.run(root, &mut life),
                    Output::SelfCheck(checks) if self.new == New::Well => {
                        for check in checks {
                            life.handle(Input::Check { check, yes: true }, self.now);
                        }
                    }
                    Output::SelfCheck(_) if self.new == New::Hangs => return Up::Restarts,
                    Output::Restart => return Up::Restarts,
                    Output::DropBundle => self.file = false,
                    Output::DropCopy => self.copy = None,
                    Output::Changed(stage) => self.stage = stage,
                    Output::Refused(refusal) => panic!("{refusal:?}"),
                    Output::SelfCheck(_) | Output::Announce { .. } | Output::Drain(_) => {}
                }
            }
            if let Some((job, work)) = work {
                if cut(self) {
                    return Up::Cut;
                }
                let whole = self.clone();
                for half in 0..2 {
                    *self = whole.clone();
                    self.half(&work, own, half);
                    if cut(self) {
                        return Up::Cut;
                    }
                }
                *self = whole;
                let done = self.finish(&work, own);
                if cut(self) {
                    return Up::Cut;
                }
                life.handle(Input::Done { job, done }, self.now);
            } else if let Some(next) = life.poll_timeout() {
                self.now = self.now.max(next);
                life.handle(Input::Tick, self.now);
            } else if !self.asked {
                self.asked = true;
                life.handle(Input::Begin(request()), self.now);
            } else {
                return Up::Rests;
            }
        }
    }

    /// The daemon opens the database and records something.
    fn run(&mut self, root: Root, life: &mut Life) {
        match root {
            Root::Old => assert_eq!(self.database.form, 1, "old on new: {self:?}"),
            Root::New => self.database.form = 2,
            Root::Torn => panic!("torn software runs"),
        }
        self.facts += 1;
        self.database.facts.push(self.facts);
        self.serves = Some(root);
        life.handle(Input::Window(true), self.now);
    }

    /// A work of which the power left the first, or nearly all.
    fn half(&mut self, work: &Work, own: Slot, half: u8) {
        match work {
            Work::Install => self.roots[at(own.other())] = Root::Torn,
            Work::CopyDatabase => (self.copy, self.torn_copy) = (None, true),
            Work::RestoreDatabase if half == 0 => self.put_aside(),
            Work::RestoreDatabase | Work::Loader(_) if half == 1 => {
                self.finish(work, own);
            }
            Work::RestoreDatabase | Work::Loader(_) | Work::Fetch { .. } | Work::Verify => {}
        }
    }

    fn put_aside(&mut self) {
        if !self.aside_of_this_copy {
            self.aside.push(self.database.clone());
            self.aside_of_this_copy = true;
        }
    }

    fn finish(&mut self, work: &Work, own: Slot) -> Done {
        match work {
            Work::Fetch { .. } => {
                self.file = true;
                Done::Fetched
            }
            Work::Verify => {
                assert!(self.file, "no file to verify: {self:?}");
                Done::Verified { bundle: bundle(), room: 10 }
            }
            Work::Install => {
                assert_ne!(self.home, own.other(), "written over the good one: {self:?}");
                self.roots[at(own.other())] = Root::New;
                Done::Installed(true)
            }
            Work::CopyDatabase => {
                self.copy = Some(self.database.clone());
                self.torn_copy = false;
                self.aside_of_this_copy = false;
                Done::Copied(true)
            }
            Work::RestoreDatabase => {
                assert!(!self.torn_copy, "a torn copy: {self:?}");
                self.put_aside();
                self.database = self.copy.clone().unwrap();
                Done::Restored(true)
            }
            Work::Loader(LoaderOrder::Try(slot)) => {
                let tries = if self.kind == LoaderKind::Once { 1 } else { 3 };
                self.first = Some((*slot, tries));
                Done::Loader(true)
            }
            Work::Loader(LoaderOrder::Stay(slot)) => {
                (self.home, self.first) = (*slot, None);
                Done::Loader(true)
            }
        }
    }

    /// Everything came to rest: which is it, and is it whole?
    fn judge(&self, ends: &mut Ends) {
        let kept = Kept::read(self.kept.as_deref().unwrap()).unwrap();
        let root = self.roots[at(self.home)];
        assert_eq!(self.serves, Some(root), "it serves from its home: {self:?}");
        assert_eq!(kept.home, self.home, "{self:?}");
        assert!(self.first.is_none(), "the loader has no other plans: {self:?}");
        assert!(!self.file && self.copy.is_none(), "nothing lies about: {self:?}");
        let ended = kept.last.map(|last| last.ended);
        match root {
            Root::New => {
                ends.new += 1;
                assert_eq!(self.new, New::Well, "{self:?}");
                assert_eq!((self.database.form, &ended), (2, &Some(Ended::Good)), "{self:?}");
            }
            Root::Old => {
                ends.old += 1;
                assert_eq!(self.database.form, 1, "{self:?}");
                assert!(!matches!(ended, Some(Ended::Good)), "{self:?}");
                let silent =
                    matches!(ended, Some(Ended::RolledBack(Failure::Restore | Failure::Stuck)));
                assert!(!silent, "{self:?}");
            }
            Root::Torn => panic!("neither: {self:?}"),
        }
        for fact in 1..=self.facts {
            let mut there = self.aside.iter().chain([&self.database]);
            assert!(there.any(|database| database.facts.contains(&fact)), "{fact}: {self:?}");
        }
    }
}

enum Up {
    Restarts,
    Rests,
    Cut,
}
