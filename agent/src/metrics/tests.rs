use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::*;
use crate::losses::{Loss, Losses};
use crate::report::Stats;
use crate::spool::Level;

async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn a_scrape_says_what_was_counted() {
    let losses = Arc::new(Losses::default());
    losses.add(Loss::SpoolFull, 3);
    let stats = Arc::new(Stats::default());
    stats.add_flows(&"OpenAI".into(), 2);
    let (_level, level) = watch::channel(Level {
        records: 5,
        bytes: 600,
        waiting: 0,
        last_assigned: 9,
    });
    let metrics = Metrics::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = metrics.address().unwrap();
    tokio::spawn(metrics.serve(Sources {
        losses,
        stats,
        level,
        kernel: None,
    }));
    let text = get(address, "/metrics").await;
    assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
    for line in [
        "umbra_agent_losses_total{cause=\"spool_full\"} 3",
        "umbra_agent_losses_total{cause=\"spool_corrupt\"} 0",
        "umbra_agent_kernel_total{counter=\"execs\"} 0",
        "umbra_agent_flows_total{vendor=\"OpenAI\"} 2",
        "umbra_agent_reports_total{result=\"failed\"} 0",
        "umbra_agent_spool_records 5",
        "umbra_agent_spool_bytes 600",
        "umbra_agent_last_acknowledged_timestamp_seconds 0",
        "# EOF",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
    }
    assert!(get(address, "/other").await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn a_port_in_use_is_said() {
    let first = Metrics::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let message = Metrics::bind(first.address().unwrap())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("the port is in use; stop whoever uses it or change `[metrics] listen`"),
        "{message}"
    );
}
