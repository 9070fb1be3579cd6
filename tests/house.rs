//! The rules of the house that a compiler does not check: who may use whom, which crates stay free
//! of I/O, and what no file of the tree may carry.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Which crates of the workspace a crate may use, as ARCHITECTURE.md draws it.
const ARROWS: &[(&str, &[&str])] = &[
    ("call", &[]),
    ("config", &[]),
    ("sdp", &[]),
    ("sip", &[]),
    ("border", &["config", "sip"]),
    ("pbx", &["call", "config"]),
    ("media", &["call", "media-dsp"]),
    ("dtls", &["call", "media"]),
    ("exchange", &["border", "call", "config", "pbx", "sdp", "sip", "tdm"]),
    ("media-dsp", &[]),
    ("tdm", &[]),
    ("update", &[]),
    ("board", &[]),
    ("store", &["call", "config", "sip"]),
    ("api", &["call", "config"]),
    // A browser's WebRTC of other hands: it can only be a peer of tests.
    ("webrtc-peer", &[]),
];

/// Crates that see everything: the one event loop, and the tests.
const ALL_SEEING: &[&str] = &["daemon", "tests"];

/// The sans-IO crates: a crate without these cannot wait, open a socket or keep a file.
const CORES: &[&str] = &[
    "border",
    "call",
    "config",
    "exchange",
    "media",
    "media-dsp",
    "pbx",
    "sdp",
    "sip",
    "tdm",
    "update",
];
const IO: &[&str] = &["alsa", "axum", "mio", "nix", "rusqlite", "socket2", "tokio"];

/// Names that say nothing about what a file is for.
const EMPTY_NAMES: &[&str] = &["common", "handler", "helper", "manager", "misc", "service", "util"];

#[test]
fn crates_use_only_whom_the_architecture_allows() {
    let workspace = Workspace::read();
    let mut wrong = Vec::new();
    for (name, uses) in &workspace.uses {
        if ALL_SEEING.contains(&name.as_str()) {
            continue;
        }
        let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| from == name) else {
            wrong.push(format!("{name} is new: say in ARROWS whom it may use"));
            continue;
        };
        for used in uses.iter().filter(|used| workspace.uses.contains_key(*used)) {
            if !allowed.contains(&used.as_str()) {
                wrong.push(format!("{name} uses {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_cores_have_no_way_to_do_input_or_output() {
    let workspace = Workspace::read();
    let mut wrong = Vec::new();
    for core in CORES {
        for (found, path) in workspace.reached_from(core) {
            if IO.contains(&found.as_str()) {
                wrong.push(path.join(" -> "));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_daemon_and_api_know_the_asynchronous_runtime() {
    let workspace = Workspace::read();
    let knowing: Vec<_> = workspace
        .uses
        .keys()
        .filter(|name| !ALL_SEEING.contains(&name.as_str()))
        .filter(|name| !["api", "webrtc-peer"].contains(&name.as_str()))
        .filter(|name| workspace.reached_from(name).contains_key("tokio"))
        .collect();
    assert!(knowing.is_empty(), "{knowing:?}");
}

#[test]
fn no_file_names_a_folder_of_somebodys_machine() {
    let Some(files) = files_under_version_control() else {
        println!("skipped: this is not a clone");
        return;
    };
    let mut folders = vec![root().to_str().unwrap().to_owned()];
    // Split, so that this file does not find itself.
    folders.extend(
        [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/")].map(String::from),
    );
    let mut wrong = Vec::new();
    for file in files {
        let Ok(bytes) = std::fs::read(root().join(&file)) else { continue };
        let Ok(text) = String::from_utf8(bytes) else { continue };
        for (number, line) in text.lines().enumerate() {
            if folders.iter().any(|folder| line.contains(folder.as_str())) {
                wrong.push(format!("{}:{}: {line}", file.display(), number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_source_file_is_named_after_what_it_holds() {
    let Some(files) = files_under_version_control() else {
        println!("skipped: this is not a clone");
        return;
    };
    let wrong: Vec<_> = files
        .iter()
        .filter(|file| file.extension().is_some_and(|kind| kind == "rs"))
        .filter(|file| {
            let stem = file.file_stem().unwrap().to_str().unwrap();
            stem.split('_').any(|word| EMPTY_NAMES.contains(&word.trim_end_matches('s')))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// The crates of this build and whom each uses, development and build dependencies left out.
struct Workspace {
    /// Direct dependencies of the members, by name.
    uses: BTreeMap<String, BTreeSet<String>>,
    /// The same of every package, by package id.
    edges: BTreeMap<String, Vec<String>>,
    names: BTreeMap<String, String>,
}

impl Workspace {
    fn read() -> Workspace {
        let host = run(Command::new(env!("CARGO")).arg("-vV"));
        let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        let text = run(Command::new(env!("CARGO")).current_dir(root()).args([
            "metadata",
            "--format-version=1",
            "--offline",
            "--filter-platform",
            host,
        ]));
        let metadata: Value = serde_json::from_str(&text).unwrap();
        let names: BTreeMap<String, String> = list(&metadata["packages"])
            .map(|package| (string(&package["id"]), string(&package["name"])))
            .collect();
        let edges: BTreeMap<String, Vec<String>> = list(&metadata["resolve"]["nodes"])
            .map(|node| {
                let normal = list(&node["deps"])
                    .filter(|used| list(&used["dep_kinds"]).any(|kind| kind["kind"].is_null()))
                    .map(|used| string(&used["pkg"]));
                (string(&node["id"]), normal.collect())
            })
            .collect();
        let uses = list(&metadata["workspace_members"])
            .map(|member| {
                let id = string(member);
                let used = edges[&id].iter().map(|used| names[used].clone()).collect();
                (names[&id].clone(), used)
            })
            .collect();
        Workspace { uses, edges, names }
    }

    /// Every package that is linked with a member, each with a path that leads there.
    fn reached_from(&self, member: &str) -> BTreeMap<String, Vec<String>> {
        let member = self
            .names
            .iter()
            .find(|(id, name)| *name == member && id.starts_with("path+"))
            .map(|(id, _)| id)
            .unwrap();
        let mut reached = BTreeMap::new();
        let mut open = vec![(member, Vec::new())];
        while let Some((id, path)) = open.pop() {
            let name = &self.names[id];
            if reached.contains_key(name) {
                continue;
            }
            let mut path = path;
            path.push(name.clone());
            open.extend(self.edges[id].iter().map(|used| (used, path.clone())));
            reached.insert(name.clone(), path);
        }
        reached
    }
}

fn files_under_version_control() -> Option<Vec<PathBuf>> {
    let listed = Command::new("git").current_dir(root()).args(["ls-files", "-z"]).output().ok()?;
    let text = String::from_utf8(listed.stdout).ok().filter(|text| !text.is_empty())?;
    Some(text.split_terminator('\0').map(PathBuf::from).collect())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn string(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
