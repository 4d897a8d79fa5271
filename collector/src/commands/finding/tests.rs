use clap::Parser;

use super::FindingCommand;
use crate::made_up::{Spool, call};
use crate::store::tests::{Place, apply};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: FindingCommand,
}

/// Runs `umbra-collector finding`; what stands between quotes is one word.
async fn run(place: &Place, words: &str) -> Result<String, String> {
    let data = place.directory.as_ref().expect("SQLite").path();
    let mut all = vec!["finding".to_owned()];
    for (part, text) in words.split('"').enumerate() {
        if part % 2 == 1 {
            all.push(text.to_owned());
        } else {
            all.extend(text.split_whitespace().map(str::to_owned));
        }
    }
    all.extend(["--data".to_owned(), data.to_string_lossy().into_owned()]);
    let cli = Cli::try_parse_from(all).map_err(|error| error.to_string())?;
    cli.command.run().await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn findings_are_listed_and_settled_with_a_reason() {
    let place = Place::sqlite();
    let store = place.store().await;
    let mut spool = Spool::of("web-1");
    apply(&store, &spool.report(vec![call("eve", "claude")])).await;
    store.close().await;

    let open = run(&place, "list").await.expect("a list");
    assert!(open.starts_with("1  new caller, medium, raised 20"), "{open}");
    let said = open.lines().skip(1).map(str::trim).collect::<Vec<_>>().join(" ");
    assert_eq!(
        said,
        "claude uses OpenAI, and nobody has sanctioned it: eve on web-1 asked for api.openai.com"
    );
    assert!(open.lines().all(|line| line.len() <= 80), "{open}");

    let done = run(&place, r#"resolve 1 --by ada --reason "Eve has stopped it""#).await;
    assert_eq!(done.as_deref(), Ok("finding 1 is resolved\n"));
    assert_eq!(run(&place, "list").await.as_deref(), Ok("no finding is open\n"));
    let resolved = run(&place, "list --state resolved").await.expect("a list");
    assert!(
        resolved.contains("ada") && resolved.contains("Eve has stopped it"),
        "{resolved}"
    );

    let snoozed = run(&place, r#"snooze 1 --for 7d --reason "She is away""#)
        .await
        .expect("it is there");
    assert!(snoozed.starts_with("finding 1 is snoozed until 20"), "{snoozed}");
    let again = run(&place, "reopen 1").await;
    assert_eq!(again.as_deref(), Ok("finding 1 is open\n"));

    let silent = run(&place, "false-alarm 1").await.expect_err("it has no reason");
    assert!(silent.contains("--reason <TEXT>"), "{silent}");
    let missing = run(&place, "acknowledge 7").await.expect_err("there is none");
    assert_eq!(
        missing,
        "there is no finding 7; `umbra-collector finding list` shows them all"
    );
}
