//! How long the pages and routes of a real collector take, one request after the other, with and without reports that
//! come in meanwhile.

mod facts;
mod questions;
mod reports;
mod spread;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use reqwest::Client;
use serde::Serialize;

use crate::authority::Authority;
use crate::collector::Collector;
use crate::database::{Kind, Place};
pub(crate) use facts::Facts;
use questions::Question;
use spread::Spread;
pub(crate) use spread::table;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// How it is measured.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Plan {
    /// Requests of each kind that count.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    requests: u32,
    /// Requests of each kind before those.
    #[arg(long, default_value_t = 10)]
    warm_up: u32,
    /// Reports a second that come in while it is measured a second time; 0 leaves that out.
    #[arg(long, default_value_t = 100)]
    reports_per_second: u32,
    /// Only questions whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// After how many seconds a question is not asked again, though it was asked less often.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// The collector's program
    #[arg(long, value_name = "FILE")]
    collector: PathBuf,
}

/// What one question took.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    database: Kind,
    /// Reports a second that came in meanwhile.
    reports_per_second: u32,
    question: &'static str,
    #[serde(flatten)]
    spread: Spread,
}

/// Starts a collector on the store at `place`, and asks it everything.
pub(crate) async fn measure(kind: Kind, place: &Place, facts: &Facts, plan: &Plan) -> Result<Vec<Figure>> {
    let collector = Collector::start(&plan.collector, place, &Authority::new()?)?;
    let token = collector.api_token()?;
    let questions = questions::all(facts);
    let mut figures = Vec::new();
    for rate in [0, plan.reports_per_second] {
        if rate == 0 && !figures.is_empty() {
            break;
        }
        let sender = (rate > 0).then(|| reports::send(&collector.page, rate));
        for question in questions.iter().filter(|it| it.name.contains(&plan.only)) {
            let spread = ask(&collector.page, &token, question, plan)
                .await
                .with_context(|| format!("cannot measure {}", question.name))?;
            eprintln!(
                "umbra-fleet: {kind}, {rate} reports/s, {}: {spread}",
                question.name
            );
            figures.push(Figure {
                database: kind,
                reports_per_second: rate,
                question: question.name,
                spread,
            });
        }
        if let Some(sender) = sender {
            let sent = sender.stop().await?;
            eprintln!("umbra-fleet: {sent} reports were stored meanwhile");
        }
    }
    collector.stop()?;
    Ok(figures)
}

async fn ask(url: &str, token: &str, question: &Question, plan: &Plan) -> Result<Spread> {
    let client = Client::builder().timeout(PATIENCE).build()?;
    let end = Instant::now() + Duration::from_secs(plan.seconds);
    let mut took = Vec::new();
    let mut size = 0;
    for number in 0..plan.warm_up + plan.requests {
        let path = &question.paths[usize::try_from(number)? % question.paths.len()];
        let start = Instant::now();
        let answer = match client.get(format!("{url}{path}")).bearer_auth(token).send().await {
            // It takes at least as long; once is enough.
            Err(error) if error.is_timeout() => {
                took.push(start.elapsed());
                break;
            }
            answer => answer?,
        };
        let status = answer.status();
        let body = answer.bytes().await?;
        let elapsed = start.elapsed();
        ensure!(
            status.is_success(),
            "{path} gives {status}: {}",
            String::from_utf8_lossy(&body)
        );
        if number >= plan.warm_up {
            took.push(elapsed);
            size += body.len();
        }
        if Instant::now() > end && took.len() > 2 {
            break;
        }
    }
    Spread::of(&mut took, size).context("nothing was asked")
}
