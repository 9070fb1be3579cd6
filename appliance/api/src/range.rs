//! Files that are given out as a whole or in parts: RFC 9110 §14, one range of octets.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::io::{self, SeekFrom};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

/// What of a file is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Whole,
    /// So many octets from here on.
    Part(u64, u64),
    /// Nothing of it is there.
    Beyond,
}

/// Gives out a file, or the part of it that is asked for; as long as it is now, if it grows. It is
/// never in memory as a whole.
///
/// # Errors
/// The file cannot be read.
pub(crate) async fn answer(file: std::fs::File, asked: &HeaderMap) -> io::Result<Response> {
    let mut file = File::from_std(file);
    let length = file.metadata().await?.len();
    let range = asked.get(header::RANGE).and_then(|it| it.to_str().ok());
    // §13.1.5: nobody is told a validator here, so none can match.
    let range = range.filter(|_| !asked.contains_key(header::IF_RANGE));
    let (status, from, count) = match range.map_or(Wanted::Whole, |it| wanted(it, length)) {
        Wanted::Whole => (StatusCode::OK, 0, length),
        Wanted::Part(from, count) => (StatusCode::PARTIAL_CONTENT, from, count),
        Wanted::Beyond => {
            let known = [(header::CONTENT_RANGE, text(&format!("bytes */{length}")))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, known).into_response());
        }
    };
    file.seek(SeekFrom::Start(from)).await?;
    let body = Body::from_stream(ReaderStream::new(file.take(count)));
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(count));
    if status == StatusCode::PARTIAL_CONTENT {
        let last = from + count - 1;
        headers.insert(header::CONTENT_RANGE, text(&format!("bytes {from}-{last}/{length}")));
    }
    Ok(response)
}

/// §14.2: what is not understood, and several parts at once, count as nothing said.
fn wanted(range: &str, length: u64) -> Wanted {
    let Some((from, to)) = range.strip_prefix("bytes=").and_then(|it| it.split_once('-')) else {
        return Wanted::Whole;
    };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    match (from.trim().is_empty(), number(from), to.trim().is_empty(), number(to)) {
        (false, Some(from), true, _) if from < length => Wanted::Part(from, length - from),
        (false, Some(from), _, Some(to)) if from <= to && from < length => {
            Wanted::Part(from, to.min(length - 1) - from + 1)
        }
        (false, Some(from), true, _) if from >= length => Wanted::Beyond,
        (false, Some(from), _, Some(to)) if from <= to => Wanted::Beyond,
        (true, _, _, Some(0)) => Wanted::Beyond,
        // The last so many.
        (true, _, _, Some(_)) if length == 0 => Wanted::Beyond,
        (true, _, _, Some(count)) => Wanted::Part(length - count.min(length), count.min(length)),
        _ => Wanted::Whole,
    }
}

fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static("bytes */*"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_what_rfc_9110_says() {
        for (range, told) in [
            ("bytes=0-", Wanted::Part(0, 100)),
            ("bytes=0-0", Wanted::Part(0, 1)),
            ("bytes=90-", Wanted::Part(90, 10)),
            ("bytes=90-200", Wanted::Part(90, 10)),
            ("bytes=-7", Wanted::Part(93, 7)),
            ("bytes=-700", Wanted::Part(0, 100)),
            ("bytes=100-", Wanted::Beyond),
            ("bytes=100-200", Wanted::Beyond),
            ("bytes=-0", Wanted::Beyond),
            ("bytes=9-3", Wanted::Whole),
            ("bytes=1-2,4-5", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("lines=1-2", Wanted::Whole),
            ("bytes=18446744073709551615-", Wanted::Beyond),
            ("bytes=99999999999999999999-", Wanted::Whole),
        ] {
            assert_eq!(wanted(range, 100), told, "{range}");
        }
        assert_eq!(wanted("bytes=0-", 0), Wanted::Beyond);
        assert_eq!(wanted("bytes=-1", 0), Wanted::Beyond);
    }
}
