//! The files of the web admin, built into the program.
//!
//! `build.rs` takes them from `webui/dist`. Without them the program is whole all the same, and a
//! plain page says how to build them.

use crate::etag;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// A file of the web admin.
struct Asset {
    /// From the root of the site, without the first slash.
    path: &'static str,
    kind: &'static str,
    /// With its quotes.
    tag: &'static str,
    plain: &'static [u8],
    /// The same, compressed, where that makes it smaller.
    gzip: Option<&'static [u8]>,
}

/// Answers with a file. A path that names none belongs to a page of the single-page app, unless it
/// looks like a file.
pub(crate) fn serve(method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    find(ASSETS, uri.path(), headers)
}

fn find(assets: &'static [Asset], path: &str, headers: &HeaderMap) -> Response {
    let path = path.trim_start_matches('/');
    let named = |path: &str| assets.iter().find(|asset| asset.path == path);
    if let Some(asset) = named(path) {
        return asset.response(headers);
    }
    if path.rsplit('/').next().is_some_and(|last| last.contains('.')) {
        return (StatusCode::NOT_FOUND, "There is no such file.\n").into_response();
    }
    match named("index.html") {
        Some(index) => index.response(headers),
        None => ([(header::CONTENT_TYPE, HTML)], PLAIN_PAGE).into_response(),
    }
}

impl Asset {
    fn response(&self, headers: &HeaderMap) -> Response {
        let known = etag::is_known(headers, self.tag);
        let (status, content, encoding) = match self.gzip {
            _ if known => (StatusCode::NOT_MODIFIED, [].as_slice(), None),
            Some(gzip) if takes_gzip(headers) => (StatusCode::OK, gzip, Some("gzip")),
            Some(_) | None => (StatusCode::OK, self.plain, None),
        };
        let mut response = (status, content).into_response();
        let caching = if self.is_immutable() { FOREVER } else { "no-cache" };
        let kind = Some(self.kind).filter(|_| !known);
        let fields = [
            (header::CONTENT_TYPE, kind),
            (header::ETAG, Some(self.tag)),
            (header::CACHE_CONTROL, Some(caching)),
            (header::VARY, Some("Accept-Encoding")),
            (header::CONTENT_ENCODING, encoding),
        ];
        for (name, value) in fields {
            match value {
                Some(value) => {
                    response.headers_mut().insert(name, HeaderValue::from_static(value));
                }
                None => {
                    response.headers_mut().remove(name);
                }
            }
        }
        response
    }

    /// Vite puts a hash of its content into the name of everything in `assets`.
    fn is_immutable(&self) -> bool {
        self.path.starts_with("assets/")
    }
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).into_iter();
    let codings = values.filter_map(|value| value.to_str().ok()).flat_map(|it| it.split(','));
    codings.map(str::trim).any(|coding| match coding.split_once(';') {
        None => coding == "gzip",
        Some((name, weight)) => name.trim() == "gzip" && weight.trim() != "q=0",
    })
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

const HTML: &str = "text/html; charset=utf-8";
/// RFC 8246.
const FOREVER: &str = "public, max-age=31536000, immutable";
const PLAIN_PAGE: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>Strowger</title>
<h1>Strowger is running</h1>
<p>This build has no web admin. To get one, run <code>make run</code>, or
<code>npm ci &amp;&amp; npm run build</code> in <code>webui</code> and then <code>cargo build</code> again.</p>
<p>The API is complete: <a href=\"/api/v1/openapi.json\">its description</a>,
<a href=\"/api/v1/health\">how the box is</a>.</p>
</html>
";

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: &[Asset] = &[
        Asset {
            path: "assets/app-1a2b.js",
            kind: "text/javascript",
            tag: "\"1\"",
            plain: b"plain",
            gzip: Some(b"gzip"),
        },
        Asset { path: "index.html", kind: HTML, tag: "\"2\"", plain: b"<html>", gzip: None },
    ];

    fn asking(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_hashed_file_is_kept_for_ever_and_a_page_is_asked_for_again() {
        let response = find(SITE, "/assets/app-1a2b.js", &HeaderMap::new());
        assert_eq!(response.headers()[header::CACHE_CONTROL], FOREVER);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/javascript");
        let response = find(SITE, "/", &HeaderMap::new());
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
    }

    #[test]
    fn pages_of_the_app_are_the_index_and_missing_files_are_missing() {
        for page in ["/", "/extensions", "/extensions/7/edit"] {
            let response = find(SITE, page, &HeaderMap::new());
            assert_eq!(response.headers()[header::CONTENT_TYPE], HTML, "{page}");
        }
        assert_eq!(find(SITE, "/favicon.ico", &HeaderMap::new()).status(), 404);
    }

    #[test]
    fn a_browser_gets_it_compressed_and_not_twice() {
        let response =
            find(SITE, "/assets/app-1a2b.js", &asking(header::ACCEPT_ENCODING, "br, gzip;q=0.8"));
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
        let refused = asking(header::ACCEPT_ENCODING, "gzip;q=0");
        let response = find(SITE, "/assets/app-1a2b.js", &refused);
        assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
        let response = find(SITE, "/assets/app-1a2b.js", &asking(header::IF_NONE_MATCH, "\"1\""));
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
    }

    #[test]
    fn without_the_web_admin_a_plain_page_says_how_to_get_it() {
        let response = find(&[], "/extensions", &HeaderMap::new());
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], HTML);
    }

    #[test]
    fn only_reading_is_allowed() {
        let uri = Uri::from_static("/");
        assert_eq!(serve(&Method::POST, &uri, &HeaderMap::new()).status(), 405);
        assert_eq!(serve(&Method::HEAD, &uri, &HeaderMap::new()).status(), 200);
    }
}
