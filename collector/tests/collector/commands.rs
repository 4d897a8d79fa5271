//! What an operator does by the program itself, while a collector runs on the same store.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use reqwest::{Client, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

use crate::browser::form;
use crate::made_up::{Spool, call};
use crate::process::Process;
use crate::running::{client, post};

const PASSWORD: &str = "quiet rivers run deep";
const OTHER_PASSWORD: &str = "loud rivers run shallow";

/// A collector, and a shell on its machine.
struct Operator {
    collector: Process,
    http: Client,
    directory: TempDir,
    database: Vec<String>,
}

impl Operator {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let database = crate::on::arguments();
        let data = directory.path().join("data");
        let mut serve = program();
        serve.args(["serve", "--listen", "127.0.0.1:0", "--data"]);
        let collector = Process::start(serve.arg(&data).args(&database));
        Self {
            http: Process::client(&data, &database),
            collector,
            directory,
            database,
        }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// What a command says; it must succeed.
    fn told(&self, words: &[&str]) -> String {
        said(&self.run(words, ""))
    }

    /// The same, with a line of standard input.
    fn told_with(&self, words: &[&str], line: &str) -> String {
        said(&self.run(words, line))
    }

    /// Why a command fails: one sentence, and nothing else is printed.
    fn refused(&self, words: &[&str], line: &str) -> String {
        let output = self.run(words, line);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
        let why = String::from_utf8(output.stderr).expect("text");
        assert_eq!(why.trim_end().lines().count(), 1, "{why}");
        why
    }

    fn run(&self, words: &[&str], line: &str) -> Output {
        let mut child = program()
            .args(words)
            .arg("--data")
            .arg(self.data())
            .args(&self.database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let mut stdin = child.stdin.take().expect("its input");
        // One that wants no password may have ended.
        let _ = writeln!(stdin, "{line}");
        drop(stdin);
        child.wait_with_output().expect("its output")
    }

    async fn log_in(&self, password: &str) -> StatusCode {
        let request = client().post(format!("{}login", self.collector.url));
        let answer = form(request, &[("name", "ada"), ("password", password)])
            .send()
            .await;
        answer.expect("an answer").status()
    }

    async fn answer(&self, path: &str) -> Value {
        let answer = self
            .http
            .get(format!("{}{path}", self.collector.url))
            .send()
            .await;
        answer.expect("an answer").json().await.expect("JSON")
    }

    /// Two people's programs.
    async fn calls(&self) {
        let report = Spool::of("web-1").report(vec![call("alice", "claude"), call("bob", "curl")]);
        let answer = post(&self.http, &self.collector.url, &report).await;
        assert_eq!(answer.expect("an answer").status(), StatusCode::OK);
    }
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_umbra-collector"))
}

fn said(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout.clone()).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_made_changed_shut_and_opened() {
    let operator = Operator::new();
    assert_eq!(operator.told(&["user", "list"]), "there is no account yet\n");
    let made = operator.told_with(&["user", "create", "ada", "--role", "viewer"], PASSWORD);
    assert_eq!(made, "ada may log in as viewer\n");
    assert_eq!(operator.log_in(PASSWORD).await, StatusCode::OK);

    operator.told(&["user", "role", "ada", "approver"]);
    operator.told(&["user", "hosts", "ada", "team=web"]);
    let list = operator.told(&["user", "list"]);
    assert!(
        ["ada", "approver", "team=web", "good"]
            .iter()
            .all(|word| list.contains(word)),
        "{list}"
    );
    operator.told_with(&["user", "password", "ada"], OTHER_PASSWORD);
    assert_eq!(operator.log_in(PASSWORD).await, StatusCode::UNAUTHORIZED);
    assert_eq!(operator.log_in(OTHER_PASSWORD).await, StatusCode::OK);
    operator.told(&["user", "disable", "ada"]);
    assert_eq!(operator.log_in(OTHER_PASSWORD).await, StatusCode::UNAUTHORIZED);
    operator.told(&["user", "enable", "ada"]);
    assert_eq!(operator.log_in(OTHER_PASSWORD).await, StatusCode::OK);

    let why = operator.refused(&["user", "create", "ada", "--role", "admin"], PASSWORD);
    assert!(why.contains("account ada stays as it is"), "{why}");
    let why = operator.refused(&["user", "create", "eve", "--role", "admin"], "short");
    assert!(why.contains("account eve") && why.contains("15"), "{why}");
    let why = operator.refused(&["user", "role", "nobody", "admin"], "");
    assert!(why.contains("account nobody"), "{why}");
    let list = operator.told(&["user", "list"]);
    assert!(!list.contains("eve") && !list.contains("admin"), "{list}");
    operator.told(&["audit", "verify"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_made_and_decided_by_two_people() {
    let operator = Operator::new();
    let ask = |id: &'static str, class: &'static str| {
        let about = ["--vendor", "OpenAI", "--program", "curl", "--by", "ada"];
        let why = ["--for-data", class, "--reason", "The nightly report"];
        [&["request", "create", id][..], &about, &why].concat()
    };
    assert_eq!(operator.told(&["request", "list"]), "no request is pending\n");
    let made = operator.told(&ask("nightly", "confidential"));
    assert!(
        made.starts_with("request 1: nightly is to be sanctioned"),
        "{made}"
    );
    let why = operator.refused(&["request", "approve", "1", "--by", "ada"], "");
    assert!(
        why.contains("another person") || why.contains("second person"),
        "{why}"
    );
    assert!(operator.told(&["request", "list"]).contains("nightly"));
    let done = operator.told(&["request", "approve", "1", "--by", "grace"]);
    assert_eq!(done, "request 1 is approved: policy version 1 is in force\n");
    let list = operator.told(&["request", "list", "--state", "approved"]);
    assert!(list.contains("ada") && list.contains("grace"), "{list}");

    operator.told(&ask("weekly", "public"));
    operator.told(&[
        "request",
        "refuse",
        "2",
        "--reason",
        "One is enough",
        "--by",
        "grace",
    ]);
    operator.told(&ask("monthly", "public"));
    let why = operator.refused(&["request", "withdraw", "3", "--by", "grace"], "");
    assert!(why.contains("ada"), "{why}");
    operator.told(&["request", "withdraw", "3", "--by", "ada"]);
    let why = operator.refused(&["request", "approve", "2", "--by", "grace"], "");
    assert!(why.contains("refused"), "{why}");
    operator.refused(&["request", "approve", "77"], "");

    let policies = operator.answer("v1/policy").await;
    let text = policies.to_string();
    assert!(text.contains("nightly") && !text.contains("weekly"), "{text}");
    operator.told(&["audit", "verify"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_answered_and_each_table_for_others_is_noted() {
    let operator = Operator::new();
    operator.calls().await;
    let ask = |question: &'static str, more: &[&'static str]| {
        [
            &["ask", question, "--vendor", "OpenAI", "--by", "auditor"][..],
            more,
        ]
        .concat()
    };
    let shown = operator.told(&ask("users-of-vendor", &[]));
    assert!(
        ["alice", "bob", "claude", "unreviewed"]
            .iter()
            .all(|word| shown.contains(word)),
        "{shown}"
    );
    let sent = operator.told(&ask("bytes-out", &["--csv"]));
    let mut lines = sent.lines();
    let head: Vec<_> = lines.next().expect("a head").split(',').collect();
    let bytes = head.iter().position(|name| *name == "bytes_out").expect("bytes");
    let sums = lines.map(|line| line.split(',').nth(bytes).map(str::parse::<u64>));
    assert_eq!(sums.flatten().flatten().collect::<Vec<_>>(), [100, 100], "{sent}");
    for question in ["decisions", "spikes"] {
        operator.told(&ask(question, &[]));
    }
    let audit = operator.answer("v1/audit").await.to_string();
    assert!(
        audit.contains("bytes-out") && audit.contains("auditor"),
        "{audit}"
    );
    assert!(!audit.contains("users-of-vendor"), "{audit}");

    let none = operator.told(&["ask", "users-of-vendor", "--vendor", "Nobody at all"]);
    assert_eq!(none.lines().count(), 1, "{none}");
    let upside_down = ["--from", "2026-11-02T00:00:00Z", "--to", "2026-11-01T00:00:00Z"];
    let why = operator.refused(&ask("decisions", &upside_down), "");
    assert!(why.contains("--from, --to"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_taken_out_everywhere() {
    let operator = Operator::new();
    operator.calls().await;
    let why = operator.refused(&["person", "erase", "alice", "--reason", "Ticket of alice"], "");
    assert!(why.contains("--reason") && why.contains("without"), "{why}");
    let done = operator.told(&["person", "erase", "alice", "--reason", "Ticket 7", "--by", "ada"]);
    assert!(done.contains("callers 1"), "{done}");
    let pseudonym = done.split(' ').next().expect("a pseudonym");

    let rows = operator.answer("v1/inventory").await.to_string();
    assert!(
        !rows.contains("alice") && rows.contains(pseudonym) && rows.contains("bob"),
        "{rows}"
    );
    let audit = operator.answer("v1/audit").await.to_string();
    assert!(audit.contains("Ticket 7") && !audit.contains("alice"), "{audit}");
    operator.told(&["audit", "verify"]);
}
