//! What a caller sends, against what it is used to.

use std::time::Duration;

use jiff::tz::TimeZone;
use umbra_catalog::Kind;
use umbra_collector::findings::Watch;
use umbra_report::{Evidence, Observation};

use crate::made_up::{Spool, ago, call};
use crate::running::Collector;
use crate::standing::{becomes, busy, findings};

const DAY: u64 = 24 * 3600;

fn sent(program: &str, days: u64, bytes: u64) -> Observation {
    Observation {
        minute: ago(60 + days * DAY),
        first_seen: ago(50 + days * DAY),
        last_seen: ago(40 + days * DAY),
        bytes_out: bytes,
        ..call("eve", program)
    }
}

#[tokio::test]
async fn a_day_that_is_out_of_all_measure_is_told_in_words_and_numbers() {
    let collector = Collector::start_with(|settings| {
        settings.watch = Watch {
            volumes: Duration::ZERO,
            ..busy()
        };
    })
    .await;
    let mut spool = Spool::of("web-1");
    let days = [1, 2, 3, 6, 7, 8, 9, 10];
    let usual = |program: &'static str| {
        days.map(|day| sent(program, day, 2_300_000 + day * 1000))
            .to_vec()
    };
    collector.take(&spool.report(usual("claude"))).await;
    collector.take(&spool.report(usual("curl"))).await;
    let mut known = usual("firefox");
    known.extend(usual("editor"));
    collector.take(&spool.report(known)).await;
    // What is no use by itself is no traffic, and what is new has no habits.
    let content = Observation {
        kind: Kind::Cdn,
        ..sent("firefox", 0, 900_000_000)
    };
    let address = Observation {
        evidence: Evidence::Ip,
        name: "chat.openai.com".to_owned(),
        ..sent("editor", 0, 900_000_000)
    };
    let quiet = vec![
        sent("curl", 0, 4_000_000),
        sent("new", 0, 900_000_000),
        content,
        address,
    ];
    collector.take(&spool.report(quiet)).await;
    collector
        .take(&spool.report(vec![sent("claude", 0, 48_500_000)]))
        .await;

    let raised = becomes(&collector, "volume_spike", "open").await;
    let day = ago(60).to_zoned(TimeZone::UTC).date();
    assert_eq!(
        raised["explanation"],
        format!(
            "claude sent 48 MB to OpenAI on {day}, 21 times its usual 2.3 MB (median of 8 days with traffic; 2.3 MB to \
             2.3 MB): eve on web-1"
        )
    );
    assert_eq!(raised["facts"]["spike"]["usual"], 2_306_000);
    assert_eq!(
        (&raised["severity"], &raised["name"]),
        (&"medium".into(), &"api.openai.com".into())
    );

    // It goes on: the numbers are kept up to date, and nobody is told twice.
    collector
        .take(&spool.report(vec![sent("claude", 0, 51_500_000)]))
        .await;
    let more = crate::running::eventually("more", async || {
        let all = findings(&collector).await;
        all.into_iter()
            .find(|it| it["kind"] == "volume_spike" && it["facts"]["spike"]["bytes_out"] == 100_000_000)
    })
    .await;
    assert_eq!(
        (&more["finding"], &more["created"]),
        (&raised["finding"], &raised["created"])
    );
    let finding = becomes(&collector, "volume_spike", "open").await["finding"].clone();

    let answer = crate::policy::json(&collector, "v1/questions/spikes?vendor=openai").await;
    assert_eq!(
        answer["rows"],
        serde_json::json!([{
            "day": day.to_string(), "vendor": "OpenAI", "program": "claude", "place": "", "user": "eve", "uid": 1320,
            "host": "web-1", "callers": 1, "bytes_out": 100_000_000, "usual": 2_306_000, "least": 2_301_000,
            "most": 2_310_000, "days": 8, "finding": finding,
        }])
    );
    let before = format!("v1/questions/spikes?vendor=openai&to={day}T00:00:00Z");
    let answer = crate::policy::json(&collector, &before).await;
    assert_eq!(answer["rows"], serde_json::json!([]), "none before this day");
    let path = "v1/questions/spikes?vendor=openai&format=csv";
    let table = collector.get(path).await.text().await.expect("text");
    assert!(
        table.starts_with("day,vendor,program,")
            && table.contains(&format!("\r\n{day},OpenAI,claude,,eve,1320,web-1,")),
        "{table}"
    );
}
