use clap::Parser;
use jiff::Timestamp;
use uuid::Uuid;

use super::AuditCommand;
use crate::commands::PolicyCommand;
use crate::store::tests::Place;
use crate::store::{By, Decision};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Parser)]
struct PolicyCli {
    #[command(subcommand)]
    command: PolicyCommand,
}

async fn run(place: &Place, words: &str) -> Result<String, String> {
    let data = place.directory.as_ref().expect("SQLite").path();
    let words = format!("audit {words} --data {}", data.display());
    let cli = Cli::try_parse_from(words.split(' ')).map_err(|error| error.to_string())?;
    cli.command.run().await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_decision_by_command_is_listed_and_verified() {
    let place = Place::sqlite();
    assert_eq!(
        run(&place, "verify").await.as_deref(),
        Ok("the audit log is as it was written, with no entry\n")
    );
    let data = place.directory.as_ref().expect("SQLite").path();
    let file = data.join("policy.toml");
    std::fs::write(&file, "version = 1\n").expect("a file");
    let words = format!(
        "policy apply {} --by ada --data {}",
        file.display(),
        data.display()
    );
    let cli = PolicyCli::try_parse_from(words.split(' ')).expect("a command");
    cli.command.run().await.expect("it is right");
    let head = run(&place, "head").await.expect("a head");
    let list = run(&place, "list").await.expect("a list");
    let line = list.lines().last().expect("a line");
    assert!(
        line.starts_with("1 ") && line.contains("ada") && line.ends_with("policy applied  1"),
        "{list}"
    );

    let verified = run(&place, &format!("verify --noted {}", head.trim())).await;
    assert_eq!(
        verified.as_deref(),
        Ok("the audit log is as it was written, with 1 entry\n")
    );
    // One that is not there is no decision.
    let store = place.store().await;
    let by = By {
        actor: "ada",
        time: Timestamp::now(),
    };
    let done = store.decide(Uuid::new_v4(), Decision::Revoke, &by).await;
    assert!(!done.expect("the store"));
    store.close().await;
    assert_eq!(run(&place, "head").await, Ok(head));

    let other = format!("verify --noted 1:{}", "ab".repeat(32));
    assert_eq!(
        run(&place, &other).await,
        Err("entry 1 of the audit log is another one than was noted: the log was written anew from there or before".to_owned())
    );
    let wrong = run(&place, "verify --noted 12").await.expect_err("no head");
    assert!(
        wrong.contains("give NUMBER:HASH, as `umbra-collector audit head` prints it"),
        "{wrong}"
    );
}
