use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use umbra_report::{Container, Origin, OriginKind, Package, Report, limits};

use crate::made_up::{Spool, ago, call};
use crate::running::Collector;

/// Sends a body as JSON, with what `adapt` does to the request; gives status and sentence.
async fn refusal(
    collector: &Collector,
    body: impl Into<reqwest::Body>,
    adapt: impl FnOnce(RequestBuilder) -> RequestBuilder,
) -> (StatusCode, String) {
    let request = collector
        .http
        .post(format!("{}v1/reports", collector.url))
        .body(body);
    let answer = adapt(request).send().await.expect("an answer");
    let status = answer.status();
    let body: Value = answer.json().await.expect("a small JSON body");
    (status, body["error"].as_str().expect("a sentence").to_owned())
}

fn json_type(request: RequestBuilder) -> RequestBuilder {
    request.header("content-type", "application/json")
}

fn packed(request: RequestBuilder) -> RequestBuilder {
    json_type(request).header("content-encoding", "zstd")
}

#[tokio::test]
async fn a_report_that_is_not_packed_is_taken() {
    let collector = Collector::start().await;
    let report = Spool::of("web-1").report(vec![call("alice", "curl")]);
    let answer = collector
        .http
        .post(format!("{}v1/reports", collector.url))
        .json(&report)
        .send()
        .await;
    assert_eq!(
        answer.expect("an answer").text().await.expect("a body"),
        r#"{"sequence":1}"#
    );
}

#[tokio::test]
async fn bombs_are_refused_before_they_unfold() {
    let collector = Collector::start().await;
    // 1 GiB of blanks packs to some 30 KiB.
    let mut packer = zstd::Encoder::new(Vec::new(), 3).expect("zstd");
    let blanks = vec![b' '; 1 << 20];
    for _ in 0..1024 {
        std::io::Write::write_all(&mut packer, &blanks).expect("zstd");
    }
    let bomb = packer.finish().expect("zstd");
    assert!(bomb.len() < limits::COMPRESSED_BYTES);
    let begin = Instant::now();
    let (status, error) = refusal(&collector, bomb, packed).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{error}");
    assert!(begin.elapsed() < Duration::from_secs(5));

    let (status, _) = refusal(&collector, vec![b' '; limits::COMPRESSED_BYTES + 1], json_type).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn what_is_no_report_is_refused_with_a_sentence() {
    let collector = Collector::start().await;
    let (status, error) = refusal(&collector, "{\"version\":1}", json_type).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(error.contains("missing field"), "{error}");
    let (status, error) = refusal(&collector, "not zstd at all", packed).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(error.contains("zstd"), "{error}");
    let (status, _) = refusal(&collector, "[".repeat(100_000), json_type).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, error) = refusal(&collector, r#"{"version":2,"shape":"of the future"}"#, json_type).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(
        error.contains("version 2") && error.contains("upgrade the collector"),
        "{error}"
    );
    let (status, error) = refusal(&collector, "{}", |request| {
        json_type(request).header("content-encoding", "gzip")
    })
    .await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(error.contains("zstd"), "{error}");
    let form = "application/x-www-form-urlencoded";
    let (status, _) = refusal(&collector, "{}", |request| request.header("content-type", form)).await;
    assert_eq!(
        status,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "what a web page can send without asking"
    );
    assert_eq!(
        collector.get("v1/reports").await.status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
    assert_eq!(
        collector.get("v2").await.text().await.expect("JSON"),
        r#"{"error":"there is nothing at /v2"}"#
    );
}

#[tokio::test]
async fn a_report_with_a_bad_record_changes_nothing() {
    type Fault = fn(&mut Report);

    let collector = Collector::start().await;
    let faults: [(&str, Fault); 6] = [
        ("name is empty or longer than 253", |report| {
            observation(report).name = "a".repeat(254);
        }),
        ("flows is", |report| observation(report).flows = u64::MAX),
        ("bytes_in is", |report| observation(report).bytes_in = 1 << 60),
        ("numbers begin at 1 and rise", |report| {
            report.records[1].sequence = 1;
        }),
        ("agent.host", |report| report.agent.host.clear()),
        ("the cause", |report| {
            report.status.losses.insert("<script>".to_owned(), 1);
        }),
    ];
    for (sentence, fault) in faults {
        let mut report = Spool::of("web-1").report(vec![call("alice", "curl"), call("bob", "curl")]);
        fault(&mut report);
        let body = serde_json::to_vec(&report).expect("JSON");
        let (status, error) = refusal(&collector, body, json_type).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(error.contains(sentence), "{error}");
    }
    assert!(collector.rows().await.is_empty());
}

fn observation(report: &mut Report) -> &mut umbra_report::Observation {
    match &mut report.records[1].body {
        umbra_report::RecordBody::Observation(observation) => observation,
        umbra_report::RecordBody::Gap(_) => panic!("a gap"),
    }
}

#[tokio::test]
async fn files_and_containers_are_kept_as_they_were_last_told() {
    let collector = Collector::start().await;
    let mut spool = Spool::of("web-1");
    let mut told = call("alice", "claude");
    told.caller.program.sha256 = Some("ab".repeat(32));
    told.caller.program.package = Some(Package {
        manager: "npm".to_owned(),
        name: "@anthropic-ai/claude-code".to_owned(),
        version: Some("2.0.1".to_owned()),
    });
    told.caller.container = Some(Container {
        id: "9f".repeat(32),
        image: Some("dev:1".to_owned()),
        name: Some("dev-1".to_owned()),
        pod: Some("dev-x2x4z".to_owned()),
        namespace: Some("team".to_owned()),
        workload: Some("dev".to_owned()),
    });
    let mut untold = told.clone();
    untold.caller.program.sha256 = None;
    untold.caller.program.package = None;
    collector.take(&spool.report(vec![told])).await;
    collector.take(&spool.report(vec![untold])).await;
    let rows = collector.rows().await;
    let [row] = rows.as_slice() else {
        panic!("{rows:?}")
    };
    assert_eq!(row["package"], "npm:@anthropic-ai/claude-code");
    assert_eq!(row["package_version"], "2.0.1");
    assert_eq!(row["sha256"], "ab".repeat(32));
    for (field, expected) in [
        ("image", "dev:1"),
        ("pod", "dev-x2x4z"),
        ("namespace", "team"),
        ("workload", "dev"),
    ] {
        assert_eq!(row["container"][field], expected);
    }
}

#[tokio::test]
async fn a_caller_has_the_last_origin_that_was_known() {
    let collector = Collector::start().await;
    let mut spool = Spool::of("web-1");
    let ssh = Origin {
        kind: OriginKind::Ssh,
        name: None,
        peer: "192.0.2.9".parse().ok(),
        ancestors: vec!["/bin/bash".to_owned(), "/usr/sbin/ss\u{202e}hd".to_owned()],
    };
    let cron = Origin {
        kind: OriginKind::Cron,
        name: Some("/etc/cron.daily/\u{202e}".to_owned()),
        ..Origin::default()
    };
    let seen = |name: &str, origin: Option<&Origin>, seconds| {
        let mut observation = call("alice", "claude");
        observation.name = name.to_owned();
        observation.origin = origin.cloned();
        observation.last_seen = ago(seconds);
        observation
    };
    let last = vec![
        seen("a.openai.com", Some(&ssh), 10),
        seen("b.openai.com", Some(&cron), 20),
        seen("a.openai.com", None, 5),
    ];
    let ssh =
        json!({"kind": "ssh", "peer": "192.0.2.9", "ancestors": ["/bin/bash", "/usr/sbin/ss\u{fffd}hd"]});
    let cron_as_text = json!({"kind": "cron", "name": "/etc/cron.daily/\u{fffd}"});
    for (records, expected) in [
        (last, ssh.clone()),
        (vec![seen("a.openai.com", None, 4)], ssh),
        (vec![seen("a.openai.com", Some(&cron), 3)], cron_as_text),
    ] {
        collector.take(&spool.report(records)).await;
        let rows = collector.rows().await;
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().all(|row| row["origin"] == expected), "{rows:?}");
    }
}

#[tokio::test]
async fn nobody_hides_behind_a_hostile_name_or_a_wrong_clock() {
    let collector = Collector::start().await;
    let mut long = call("alice", &"x".repeat(10_000));
    long.caller.unit = Some("u\u{202e}\0\n".repeat(500));
    let mut early = call("bob", "curl");
    early.first_seen = Timestamp::UNIX_EPOCH;
    early.last_seen = "9999-01-01T00:00:00Z".parse().expect("a time");
    let begin = ago(1);
    collector
        .take(&Spool::of("web-1").report(vec![long, early]))
        .await;
    let rows = collector.rows().await;
    let of = |user: &str| {
        rows.iter()
            .find(|row| row["user"]["name"] == user)
            .expect("the row")
    };
    assert_eq!(
        of("alice")["program"].as_str().expect("text").len(),
        limits::PROGRAM
    );
    assert!(
        of("alice")["unit"]
            .as_str()
            .expect("text")
            .starts_with("u\u{fffd}\u{fffd}\u{fffd}u")
    );
    for field in ["first_seen", "last_seen"] {
        let time: Timestamp = of("bob")[field].as_str().expect("text").parse().expect("a time");
        assert!(time >= begin && time <= Timestamp::now(), "{field} is {time}");
    }
    assert_eq!(
        collector.metric("umbra_collector_times_corrected_total").await,
        Some(2)
    );
}

#[tokio::test]
async fn sums_stay_at_the_greatest_number() {
    let collector = Collector::start().await;
    let mut spool = Spool::of("web-1");
    for _ in 0..4 {
        let most = (0..limits::RECORDS).map(|_| {
            let mut observation = call("a", "c");
            observation.bytes_in = limits::TRAFFIC;
            observation
        });
        collector.take(&spool.report(most.collect())).await;
    }
    assert_eq!(collector.rows().await[0]["bytes_in"], i64::MAX);
}

#[tokio::test]
async fn slow_clients_are_cut_off_and_hold_nobody_up() {
    let collector = Collector::start_with(|settings| {
        settings.limits.head = Duration::from_millis(300);
        settings.limits.body = Duration::from_millis(300);
    })
    .await;
    let authority = collector
        .url
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    let starts = [
        "",
        "POST /v1/reports HTTP/1.1\r\nHost: loc",
        "POST /v1/reports HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
    ];
    let mut slow = Vec::new();
    for start in starts.iter().cycle().take(60) {
        let mut stream = TcpStream::connect(&authority).await.expect("a connection");
        stream.write_all(start.as_bytes()).await.expect("a start");
        slow.push(stream);
    }
    collector
        .take(&Spool::of("web-1").report(vec![call("alice", "curl")]))
        .await;
    for (number, mut stream) in slow.into_iter().enumerate() {
        let mut answer = String::new();
        let end = tokio::time::timeout(Duration::from_secs(5), stream.read_to_string(&mut answer)).await;
        assert!(end.is_ok(), "connection {number} is still open");
        if number % 3 == 2 {
            assert!(
                answer.starts_with("HTTP/1.1 408") && answer.contains("error"),
                "{answer}"
            );
        }
    }
}

#[tokio::test]
async fn losses_add_up_over_restarts_and_gaps_show() {
    let collector = Collector::start().await;
    let mut spool = Spool::of("web-1");
    let [first, second, third] = [3000, 1000, 9000].map(ago);
    for (started, lost) in [(first, 5), (first, 7), (first, 6), (second, 2), (third, 1)] {
        spool.status.started = started;
        spool.status.losses.insert("ring_buffer_full".to_owned(), lost);
        collector.take(&spool.report(vec![])).await;
    }
    let metric = "umbra_collector_agent_losses{cause=\"ring_buffer_full\"}";
    assert_eq!(
        collector.metric(metric).await,
        Some(10),
        "7 of the first run, 2 and 1 of the others"
    );

    collector.take(&spool.report(vec![call("alice", "curl")])).await;
    let gap = spool.gap(1234);
    collector.take(&gap).await;
    collector.take(&gap).await;
    spool.skip(3);
    assert_eq!(
        collector.take(&spool.report(vec![call("alice", "curl")])).await,
        1239
    );
    let html = collector.get("inventory").await.text().await.expect("HTML");
    assert!(html.contains("1,234 <small>records dropped"), "{html}");
    assert!(html.contains("3 <small>records missing"), "{html}");
    assert!(html.contains("10 <small>ring buffer full"), "{html}");
}

#[tokio::test]
async fn unknown_fields_of_a_later_agent_are_passed_over() {
    let collector = Collector::start().await;
    let mut report =
        serde_json::to_value(Spool::of("web-1").report(vec![call("alice", "curl")])).expect("JSON");
    report["records"][0]["mood"] = json!("good");
    report["agent"]["colour"] = json!("green");
    let answer = collector
        .http
        .post(format!("{}v1/reports", collector.url))
        .json(&report)
        .send()
        .await;
    assert_eq!(answer.expect("an answer").status(), StatusCode::OK);
}
