use std::fs;

use clap::Parser;
use tempfile::TempDir;

use super::{CommandError, PolicyCommand};
use crate::made_up::{Spool, call};
use crate::store::tests::{Place, apply};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: PolicyCommand,
}

/// A data directory with two callers, and a policy beside it.
struct Desk {
    place: Place,
    folder: TempDir,
}

impl Desk {
    async fn new() -> Self {
        let place = Place::sqlite();
        let store = place.store().await;
        let mut spool = Spool::of("web-1");
        let calls = vec![call("eve", "claude"), call("adam", "claude")];
        apply(&store, &spool.report(calls)).await;
        store.close().await;
        Self {
            place,
            folder: tempfile::tempdir().expect("a directory"),
        }
    }

    /// Runs `umbra-collector policy WORDS`, in which FILE is a file with this text.
    async fn run(&self, words: &str, text: &str) -> Result<String, CommandError> {
        let file = self.folder.path().join("policy.toml");
        fs::write(&file, text).expect("a file");
        let data = self.place.directory.as_ref().expect("SQLite").path();
        let mut words: Vec<String> = words
            .replace("FILE", &file.to_string_lossy())
            .split(' ')
            .map(str::to_owned)
            .collect();
        words.insert(0, "policy".to_owned());
        if words[1] != "check" {
            words.extend(["--data".to_owned(), data.to_string_lossy().into_owned()]);
        }
        let cli = Cli::try_parse_from(words).expect("it is a command");
        let said = cli.command.run().await;
        said.map(|said| said.replace(&*file.to_string_lossy(), "policy.toml"))
    }
}

const POLICY: &str = r#"version = 1

[[sanction]]
id = "eve"
verdict = "sanctioned"
vendor = "openai"
user = "eve"
data = "public"
reason = "She tries it"
approver = "Ada Example"

[[sanction]]
id = "zoe"
verdict = "prohibited"
user = "zoe"
reason = "She left"
approver = "Ada Example"
"#;

/// Times are not the test's.
fn timeless(text: &str) -> String {
    let word = |word: &str| {
        let is_time = word.len() >= 20 && word.as_bytes()[10] == b'T' && word.ends_with('Z');
        if is_time {
            "TIME".to_owned()
        } else {
            word.to_owned()
        }
    };
    let lines = text
        .lines()
        .map(|line| line.split(' ').map(word).collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_plan_shows_who_would_have_another_verdict_and_changes_nothing() {
    let desk = Desk::new().await;
    let plan = desk.run("plan FILE", POLICY).await.expect("a plan");
    assert_eq!(
        timeless(&plan),
        "\
No policy is in force: every caller is unreviewed.
  + eve: sanctioned for public data: vendor OpenAI, user eve
  + zoe: prohibited: user zoe

1 of 2 uses in the inventory would have another verdict:

  unreviewed -> sanctioned, by eve: 1
    claude (eve on web-1) uses OpenAI API, last seen TIME

remark: nobody in the inventory is covered by zoe
remark: no caller in the inventory is a user zoe

Nothing has been changed. To put it in force:
  umbra-collector policy apply policy.toml --against 0"
    );
    let shown = desk.run("show", POLICY).await.expect("nothing yet");
    assert_eq!(shown, "No policy is in force: every caller is unreviewed.\n");

    let json = desk.run("plan FILE --json", POLICY).await.expect("a plan");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&json["uses"], &json["turned"]), (&2.into(), &1.into()));
    assert_eq!(json["turns"][0]["user"], "eve");
    assert_eq!(json["turns"][0]["by"], "eve");
    assert_eq!(json["sanctions"][0]["after"]["reason"], "She tries it");
    assert_eq!(json["idle"], serde_json::json!(["zoe"]));
}

#[tokio::test]
async fn a_plan_names_groups_that_neither_file_nor_hosts_have() {
    let desk = Desk::new().await;
    let store = desk.place.store().await;
    let mut eve = call("eve", "claude");
    eve.caller.user.groups = Some(vec!["staff".to_owned()]);
    apply(&store, &Spool::of("web-2").report(vec![eve])).await;
    store.close().await;
    let of_group = |group: &str| POLICY.replace("user = \"zoe\"", &format!("group = \"{group}\""));
    let plan = async |text: &str| desk.run("plan FILE", text).await.expect("a plan");
    let remark = "neither the file nor any host in the inventory has a group pilots";
    let pilots = of_group("pilots");
    assert!(plan(&pilots).await.contains(remark));
    let with_group = pilots.replace("version = 1", "version = 1\n[groups]\npilots = [\"zoe\"]");
    assert!(!plan(&with_group).await.contains(remark));
    let staff = plan(&of_group("staff")).await;
    assert!(
        !staff.contains("has a group") && !staff.contains("is covered by zoe"),
        "{staff}"
    );
}

#[tokio::test]
async fn a_policy_is_put_in_force_changed_and_listed() {
    let desk = Desk::new().await;
    let applied = desk
        .run("apply FILE --by ada --comment First", POLICY)
        .await
        .expect("it is right");
    assert_eq!(
        applied,
        "policy version 1 is in force:\n  + eve: sanctioned for public data: vendor OpenAI, user eve\n  + zoe: prohibited: user zoe\n"
    );
    let again = desk.run("apply FILE", POLICY).await.expect("it is right");
    assert_eq!(
        again,
        "policy version 1 says the same already; nothing was changed\n"
    );

    let later = POLICY
        .replace("\"public\"", "\"internal\"")
        .replace("She left", "She left in May");
    let applied = desk
        .run("apply FILE --by ada --against 1", &later)
        .await
        .expect("it is right");
    assert_eq!(
        applied,
        "policy version 2 is in force:\n  ~ eve: sanctioned for internal data: vendor OpenAI, user eve\n      was: sanctioned for public data: vendor OpenAI, user eve\n  ~ zoe: prohibited: user zoe; other words, approver, end or ticket\n"
    );
    let late = desk
        .run("apply FILE --against 1", POLICY)
        .await
        .expect_err("it is late");
    assert_eq!(
        late.to_string(),
        "the policy is at version 2 by now, and this was planned against version 1: plan again"
    );
    let shown = desk.run("show --version 1", POLICY).await.expect("it was");
    assert!(
        shown
            .contains("eve: sanctioned for public data: vendor OpenAI, user eve\n  why       She tries it\n"),
        "{shown}"
    );
    let listed = timeless(&desk.run("list", POLICY).await.expect("a list"));
    let lines: Vec<_> = listed
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        lines,
        ["VERSION APPLIED BY COMMENT", "2 TIME ada", "1 TIME ada First"]
    );
    let missing = desk
        .run("show --version 7", POLICY)
        .await
        .expect_err("there is none");
    assert_eq!(
        missing.to_string(),
        "there is no policy 7; `umbra-collector policy list` shows them all"
    );
}

#[tokio::test]
async fn a_file_with_mistakes_is_refused_whole_and_the_one_before_stands() {
    let desk = Desk::new().await;
    desk.run("apply FILE", POLICY).await.expect("it is right");
    let wrong = POLICY
        .replace("She left", " ")
        .replace("\"public\"", "\"secret\"");
    for words in ["check FILE", "plan FILE", "apply FILE"] {
        let refused = desk
            .run(words, &wrong)
            .await
            .expect_err("it is wrong")
            .to_string();
        let lines: Vec<_> = refused.lines().collect();
        assert!(
            lines[0].ends_with("policy.toml cannot be used, and nothing was changed:"),
            "{refused}"
        );
        assert!(
            lines[1].starts_with("  line 3: eve: `data` is secret"),
            "{refused}"
        );
        assert!(
            lines[2].starts_with("  line 12: zoe: `reason` must say something"),
            "{refused}"
        );
    }
    let shown = desk.run("show", POLICY).await.expect("it stands");
    assert!(shown.contains("She left"), "{shown}");
    let checked = desk.run("check FILE", POLICY).await.expect("it is right");
    assert_eq!(checked, "policy.toml: 2 sanctions, 0 groups: it can be applied\n");
}

const RULES: &str = r#"version = 1

[[egress]]
id = "gateway"
vendors = ["openai"]
via = ["10.1.2.3:3128"]
direct = [{ unit = "litellm.service" }]
reason = "Keys are kept there"
approver = "Ada Example"

[[plan]]
id = "copilot"
vendor = "GitHub"
plan = "business"
reason = "Contract 7"
approver = "Ada Example"
"#;

#[tokio::test]
async fn rules_beside_sanctions_are_checked_planned_applied_and_shown() {
    let desk = Desk::new().await;
    let checked = desk.run("check FILE", RULES).await.expect("it can be applied");
    assert_eq!(
        checked,
        "policy.toml: 0 sanctions, 0 groups, 1 egress rule, 1 plan: it can be applied\n"
    );
    let planned = desk.run("plan FILE", RULES).await.expect("a plan");
    for line in [
        "  + egress gateway: vendor OpenAI: through 10.1.2.3:3128; any way for unit litellm.service\n",
        "  + plan copilot: business of GitHub\n",
        "2 uses went directly where egress gateway wants another way: as far as it goes on, that is a finding.\n",
    ] {
        assert!(planned.contains(line), "{planned}");
    }
    let json = desk.run("plan FILE --json", RULES).await.expect("a plan");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        (&json["direct"]["gateway"], &json["turned"]),
        (&2.into(), &0.into())
    );

    desk.run("apply FILE", RULES).await.expect("it is the first");
    let again = desk.run("apply FILE", RULES).await.expect("the same");
    assert_eq!(
        again,
        "policy version 1 says the same already; nothing was changed\n"
    );
    let shown = desk.run("show", "").await.expect("it is in force");
    assert!(
        shown.contains("\negress gateway: vendor OpenAI: through 10.1.2.3:3128; any way"),
        "{shown}"
    );
    assert!(
        shown.contains("\nplan copilot: business of GitHub\n  why       Contract 7\n"),
        "{shown}"
    );

    let other = RULES.replace("10.1.2.3:3128", "10.1.2.4");
    let planned = desk.run("plan FILE", &other).await.expect("a plan");
    assert!(
        planned.contains("  ~ egress gateway: vendor OpenAI: through 10.1.2.4;"),
        "{planned}"
    );
    let reworded = RULES.replace("Contract 7", "Contract 8");
    let planned = desk.run("plan FILE", &reworded).await.expect("a plan");
    assert!(
        planned.contains("  ~ other words or approver of egress or plan\n"),
        "{planned}"
    );
    let removed = desk.run("apply FILE", "version = 1\n").await.expect("the second");
    assert!(
        removed.contains("  - plan copilot: business of GitHub\n"),
        "{removed}"
    );
}
