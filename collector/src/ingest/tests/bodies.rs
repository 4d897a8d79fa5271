use axum::body::Body;
use axum::http::{StatusCode, header};
use proptest::prelude::*;
use umbra_report::Report;

use super::super::*;
use crate::made_up::{Spool, call};

/// Reads and parses a body, as a request brings it.
async fn parse(body: impl Into<Body>, encoding: &str, limits: Limits) -> Result<Report, Refusal> {
    let request = Request::builder()
        .header(header::CONTENT_TYPE, "Application/JSON; charset=utf-8")
        .header(header::CONTENT_ENCODING, encoding)
        .body(body.into())
        .expect("a request");
    let (report, _) = body::parse(body::read(request, limits).await?, limits).await?;
    Ok(report)
}

fn now<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.expect("a runtime").block_on(future)
}

fn packed(report: &Report) -> Vec<u8> {
    let json = serde_json::to_vec(report).expect("JSON");
    zstd::encode_all(json.as_slice(), 3).expect("zstd")
}

#[tokio::test]
async fn bodies_up_to_the_limits_are_taken() {
    let report = Spool::of("web-1").report(vec![call("alice", "curl")]);
    let json = serde_json::to_vec(&report).expect("JSON");
    let packed = packed(&report);
    let exact = Limits {
        compressed: packed.len(),
        bytes: json.len(),
        ..Limits::default()
    };
    assert_eq!(
        parse(packed.clone(), "zstd", exact).await.expect("a report"),
        report
    );
    let tighter = [
        Limits {
            compressed: packed.len() - 1,
            ..exact
        },
        Limits {
            bytes: json.len() - 1,
            ..exact
        },
    ];
    for limits in tighter {
        let refusal = parse(packed.clone(), "zstd", limits)
            .await
            .expect_err("too large");
        assert_eq!(refusal.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert!(refusal.error().contains("at once"), "{}", refusal.error());
    }
}

#[tokio::test]
async fn a_window_that_would_fill_the_memory_is_refused() {
    let mut packer = zstd::Encoder::new(Vec::new(), 3).expect("zstd");
    packer.window_log(27).expect("zstd");
    packer.include_contentsize(false).expect("zstd");
    // A small one is unpacked without a window.
    std::io::Write::write_all(&mut packer, " ".repeat(100_000).as_bytes()).expect("zstd");
    let refusal = parse(packer.finish().expect("zstd"), "zstd", Limits::default())
        .await
        .expect_err("128 MiB");
    assert_eq!(refusal.status(), StatusCode::BAD_REQUEST);
    assert!(refusal.error().contains("zstd"), "{}", refusal.error());
}

proptest! {
    #[test]
    fn what_is_cut_is_no_report(at in 0..1000_usize) {
        let packed = packed(&Spool::of("web-1").report(vec![call("alice", "curl"); 3]));
        let cut = packed[..at % packed.len()].to_vec();
        let refusal = now(parse(cut, "zstd", Limits::default())).expect_err("cut");
        prop_assert_eq!(refusal.status(), StatusCode::BAD_REQUEST);
    }

    #[test]
    fn what_is_garbled_is_refused_with_a_4xx(at: usize, flip in 1..=255_u8, zstd: bool) {
        let report = Spool::of("web-1").report(vec![call("alice", "curl")]);
        let mut bytes = if zstd { packed(&report) } else { serde_json::to_vec(&report).expect("JSON") };
        let at = at % bytes.len();
        bytes[at] ^= flip;
        if let Err(refusal) = now(parse(bytes, if zstd { "zstd" } else { "identity" }, Limits::default())) {
            prop_assert!(refusal.status().is_client_error());
        }
    }
}
