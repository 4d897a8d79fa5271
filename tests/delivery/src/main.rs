//! `umbra-feeder CONFIG LAST [AT_ONCE]`: feeds the agent's own delivery with sums that are known, and ends when all are
//! delivered.
//!
//! Record number N of the spool is of program `pN`: one flow, 1000 + N bytes out, 3000 + 7 N bytes in. It begins after
//! the last number that the spool has given out, so that what a kill took from memory is fed again, and nothing else.
//! With more than one at once their order is the agent's, and so is what a kill takes.
//!
//! `umbra-feeder CONFIG steadily` feeds one flow of program `steady` every few milliseconds until it is killed, and
//! prints of each, before it is fed, its number and the milliseconds since the start.
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::sleep;
use umbra_agent::activity::Activity;
use umbra_agent::config::Config;
use umbra_agent::delivery::Delivery;
use umbra_agent::managed::Managed;
use umbra_agent::{identity, spool};
use umbra_catalog::Kind;
use umbra_report::{Caller, Evidence, Program, Protocol, Route, User};

/// Between two flows that are fed steadily.
const BEAT: Duration = Duration::from_millis(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let mut words = std::env::args().skip(1);
    let file = PathBuf::from(words.next().context("no configuration")?);
    let last = words.next().context("no number")?;
    let is_steady = last == "steadily";
    let last: u64 = if is_steady { u64::MAX } else { last.parse()? };
    let at_once: u64 = words.next().map_or(Ok(1), |word| word.parse())?;
    let config = Config::load(Some(&file))?;
    let folder = config.spool.directory();
    spool::make_folder(&folder)?;
    let (managed, _, taken) = Managed::open(&config)?;
    let agent = identity::load(&folder)?;
    let delivery = Delivery::open(&config, agent, managed, taken.settings, Arc::default())?;
    let mut level = delivery.level();
    let (activities, received) = mpsc::channel(1);
    let feeding = async move {
        if is_steady {
            return feed_steadily(&activities).await;
        }
        loop {
            let number = level.borrow().last_assigned + 1;
            if number > last {
                break;
            }
            let through = last.min(number + at_once - 1);
            for number in number..=through {
                let sum = activity(format!("p{number}"), 1000 + number, 3000 + 7 * number);
                activities.send(sum).await?;
            }
            level.wait_for(|level| level.last_assigned >= through).await?;
        }
        eprintln!("the last record is in the spool");
        level.wait_for(|level| level.records == 0).await?;
        // The sender goes, and with it the delivery ends.
        anyhow::Ok(())
    };
    let ((), fed) = tokio::join!(delivery.run(received), feeding);
    fed
}

async fn feed_steadily(activities: &mpsc::Sender<Activity>) -> anyhow::Result<()> {
    let start = Instant::now();
    for number in 1_u64.. {
        println!("{number} {}", start.elapsed().as_millis());
        activities.send(activity("steady".to_owned(), 1, 1)).await?;
        sleep(BEAT).await;
    }
    Ok(())
}

fn activity(program: String, bytes_out: u64, bytes_in: u64) -> Activity {
    Activity {
        time: Timestamp::now(),
        caller: Arc::new(Caller {
            user: User {
                uid: 1000,
                ..User::default()
            },
            program: Program {
                name: program,
                ..Program::default()
            },
            container: None,
            unit: None,
        }),
        origin: None,
        vendor: "OpenAI".into(),
        service: "API".into(),
        kind: Kind::Api,
        name: "api.openai.com".into(),
        evidence: Evidence::TlsSni,
        protocol: Protocol::Tcp,
        route: Route::Direct,
        flows: 1,
        bytes_out,
        bytes_in,
    }
}
