//! Takes the built web admin, if there is one, into the program, compressed.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let here = variable("CARGO_MANIFEST_DIR")?;
    let out = variable("OUT_DIR")?;
    let webui = here.join("../../webui");
    let dist = webui.join("dist");
    if webui.is_dir() && !dist.exists() {
        // An empty folder can be watched; one that is missing would mean a rebuild every time.
        // Where the sources cannot be written to, no web admin will appear in them either.
        let _ = fs::create_dir(&dist);
    }
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = Vec::new();
    if dist.is_dir() {
        println!("cargo::rerun-if-changed={}", dist.display());
        collect(&dist, &mut files)?;
    }
    files.sort();
    let mut table = String::from("static ASSETS: &[Asset] = &[\n");
    for (number, file) in files.iter().enumerate() {
        let content = fs::read(file)?;
        let packed = out.join(format!("{number}.gz"));
        let gzip = match compress(&content)? {
            Some(octets) => {
                fs::write(&packed, octets)?;
                format!("Some(include_bytes!({packed:?}))")
            }
            None => "None".to_owned(),
        };
        let path = file.strip_prefix(&dist).map_err(io::Error::other)?;
        let path = path.to_string_lossy().replace('\\', "/");
        let kind = media_type(file);
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        let tag = format!("\"{:016x}\"", hasher.finish());
        // A copy, so that a web admin that is built meanwhile pulls nothing away.
        let plain = out.join(format!("{number}.plain"));
        fs::write(&plain, &content)?;
        writeln!(
            table,
            "Asset {{ path: {path:?}, kind: {kind:?}, tag: {tag:?}, \
             plain: include_bytes!({plain:?}), gzip: {gzip} }},"
        )
        .map_err(io::Error::other)?;
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table)
}

fn variable(name: &str) -> io::Result<PathBuf> {
    env::var_os(name).map(PathBuf::from).ok_or_else(|| io::Error::other("not run by cargo"))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Nothing for what is compressed already.
fn compress(content: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    let packed = encoder.finish()?;
    Ok(Some(packed).filter(|packed| packed.len() < content.len() / 10 * 9))
}

fn media_type(file: &Path) -> &'static str {
    match file.extension().and_then(|end| end.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "wav" => "audio/wav",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
