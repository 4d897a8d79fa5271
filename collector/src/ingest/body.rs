//! From a request's body to a report.

use std::io::Read;

use axum::body::{Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use umbra_report::{Report, VERSION};

use super::Limits;
use super::queue::kibibytes;
use crate::refusal::Refusal;

/// The largest window that a zstd frame may ask for, as a power of two: 8 MiB (RFC 8878, section 3.1.1.1.2).
const WINDOW_LOG: u32 = 23;

/// A body and how it is packed.
#[derive(Debug)]
pub(super) struct Packed {
    bytes: Bytes,
    zstd: bool,
}

/// KiB that a request's body may take: what it says, or all that is allowed.
pub(super) fn room(request: &Request, limits: Limits) -> u32 {
    let most = u64::try_from(limits.compressed).unwrap_or(u64::MAX);
    let said = request.body().size_hint().upper().unwrap_or(most).min(most);
    kibibytes(usize::try_from(said).unwrap_or(usize::MAX))
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

/// Unpacks and parses a body, off the threads that answer requests; gives the bytes of its JSON, too.
pub(super) async fn parse(packed: Packed, limits: Limits) -> Result<(Report, usize), Refusal> {
    tokio::task::spawn_blocking(move || {
        if packed.zstd {
            let json = unpack(&packed.bytes, limits)?;
            Ok((parse_json(&json)?, json.len()))
        } else {
            Ok((parse_json(&packed.bytes)?, packed.bytes.len()))
        }
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

fn unpack(bytes: &[u8], limits: Limits) -> Result<Vec<u8>, Refusal> {
    let broken = |error| Refusal::bad(format!("the report's zstd cannot be unpacked: {error}"));
    let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes).map_err(broken)?;
    decoder.window_log_max(WINDOW_LOG).map_err(broken)?;
    let mut json = Vec::new();
    let most = u64::try_from(limits.bytes).unwrap_or(u64::MAX);
    decoder
        .take(most.saturating_add(1))
        .read_to_end(&mut json)
        .map_err(broken)?;
    if json.len() > limits.bytes {
        return Err(Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!(
                "a report may unpack to {} bytes; send fewer records at once",
                limits.bytes
            ),
        ));
    }
    Ok(json)
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
