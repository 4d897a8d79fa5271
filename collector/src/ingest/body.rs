//! From a request's body to a report.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::Read;

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use umbra_report::{Report, VERSION};
use zstd::bulk::Decompressor;

use super::Limits;
use crate::refusal::Refusal;

/// The largest window that a zstd frame may ask for, as a power of two: 8 MiB (RFC 8878, section 3.1.1.1.2).
const WINDOW_LOG: u32 = 23;

/// JSON up to so many bytes is read where it is: a thread of its own would cost more.
const SMALL: usize = 64 << 10;

/// A body and how it is packed.
#[derive(Debug)]
pub(super) struct Packed {
    bytes: Bytes,
    zstd: bool,
}

/// Reads a request's body.
pub(super) async fn read(request: Request, limits: Limits) -> Result<Packed, Refusal> {
    let zstd = is_zstd(request.headers())?;
    let bytes = crate::body::json(request, "a report", limits.compressed, limits.body).await?;
    Ok(Packed { bytes, zstd })
}

fn is_zstd(headers: &HeaderMap) -> Result<bool, Refusal> {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    match (encodings.next().map(HeaderValue::as_bytes), encodings.next()) {
        (None | Some(b"identity" | b""), None) => Ok(false),
        (Some(b"zstd"), None) => Ok(true),
        _ => Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "a report is packed with zstd or not at all: Content-Encoding zstd or identity",
        )),
    }
}

/// Unpacks and parses a body; gives the bytes of its JSON, too. A large one is read off the threads that answer requests.
pub(super) async fn parse(packed: Packed, limits: Limits) -> Result<(Report, usize), Refusal> {
    if let Some(json) = packed.small_json(SMALL.min(limits.bytes)) {
        return Ok((parse_json(&json)?, json.len()));
    }
    tokio::task::spawn_blocking(move || match packed.json(limits.bytes)? {
        Some(json) => Ok((parse_json(&json)?, json.len())),
        None => Err(Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!(
                "a report may unpack to {} bytes; send fewer records at once",
                limits.bytes
            ),
        )),
    })
    .await
    .map_err(|error| {
        tracing::error!("parsing a report failed: {error}");
        Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the collector failed; see its log",
        )
    })?
}

impl Packed {
    /// The JSON when it has up to `most` bytes, without memory for a window; `None`, too, of what is no zstd.
    fn small_json(&self, most: usize) -> Option<Cow<'_, [u8]>> {
        thread_local! {
            static UNPACKER: RefCell<Option<Decompressor<'static>>> = RefCell::new(Decompressor::new().ok());
        }
        if self.zstd {
            UNPACKER
                .with_borrow_mut(|unpacker| unpacker.as_mut()?.decompress(&self.bytes, most).ok())
                .map(Cow::Owned)
        } else {
            (self.bytes.len() <= most).then_some(Cow::Borrowed(&*self.bytes))
        }
    }

    /// The JSON; `None` when it is longer than `most` bytes.
    fn json(&self, most: usize) -> Result<Option<Cow<'_, [u8]>>, Refusal> {
        if !self.zstd {
            return Ok((self.bytes.len() <= most).then_some(Cow::Borrowed(&*self.bytes)));
        }
        let broken = |error| Refusal::bad(format!("the report's zstd cannot be unpacked: {error}"));
        let mut decoder = zstd::stream::read::Decoder::with_buffer(&*self.bytes).map_err(broken)?;
        decoder.window_log_max(WINDOW_LOG).map_err(broken)?;
        let mut json = Vec::new();
        let one_more = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        decoder.take(one_more).read_to_end(&mut json).map_err(broken)?;
        Ok((json.len() <= most).then_some(Cow::Owned(json)))
    }
}

fn parse_json(json: &[u8]) -> Result<Report, Refusal> {
    #[derive(Deserialize)]
    struct Head {
        version: u16,
    }

    match serde_json::from_slice::<Report>(json) {
        Ok(report) if report.version == VERSION => Ok(report),
        Ok(report) => Err(wrong_version(report.version)),
        // A report of another version need not look like ours: say the true reason.
        Err(error) => match serde_json::from_slice::<Head>(json) {
            Ok(Head { version }) if version != VERSION => Err(wrong_version(version)),
            _ => Err(Refusal::bad(format!("this is no report: {error}"))),
        },
    }
}

pub(crate) fn wrong_version(version: u16) -> Refusal {
    let older = if version > VERSION { "collector" } else { "agent" };
    Refusal::bad(format!(
        "the report is of version {version} and this collector knows version {VERSION}: upgrade the {older}"
    ))
}
