//! What the policy says of callers on a host, told to the host's own agent and to nobody else.

use reqwest::StatusCode;
use serde_json::{Value, json};
use umbra_collector::labels::Labels;
use umbra_report::{Caller, Judged, Question, Use, VERSION, Verdict, Verdicts, limits};

use crate::enrolment::host::{Agent, DAY, labelling, send, start};
use crate::made_up::{Spool, call};
use crate::policy::{POLICY, apply};
use crate::running::{Collector, client};

/// The same as a report's.
fn used(user: &str, program: &str) -> Use {
    let call = call(user, program);
    Use {
        caller: call.caller,
        vendor: call.vendor,
        service: call.service,
        kind: call.kind,
    }
}

fn question(spool: &Spool, uses: Vec<Use>) -> Question {
    Question {
        version: VERSION,
        agent: spool.agent.id,
        uses,
    }
}

fn judged(verdict: Verdict, sanction: Option<&str>) -> Judged {
    Judged {
        verdict,
        sanction: sanction.map(str::to_owned),
    }
}

#[tokio::test]
async fn an_agent_is_told_what_its_rows_say() {
    let collector = start().await;
    let labels = "env=prod".parse().map(|label| [label].into_iter().collect());
    let token = labelling(&collector, DAY, 2, labels.expect("a label")).await;
    let mut agent = Agent::enrolled(&collector, "web-1", &token).await;
    let url = format!("{}v1/verdicts", collector.agents());
    let asked = question(
        &agent.spool,
        vec![
            used("eve", "claude"),
            used("adam", "claude"),
            used("eve", "never-seen"),
        ],
    );
    let answer = send(&agent.http, url.clone(), &asked).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let nothing: Verdicts = answer.json().await.expect("verdicts");
    assert_eq!(
        (nothing.policy, nothing.verdicts),
        (0, vec![judged(Verdict::Unreviewed, None); 3])
    );

    // By users' groups, and by the host's labels, as the inventory is.
    let text = format!(
        "{POLICY}\n[[sanction]]\nid = \"prod\"\nverdict = \"unreviewed\"\nvendor = \"OpenAI\"\nprogram = \"never-seen\"\n\
         host_label = \"env=prod\"\ngroup = \"pilots\"\nreason = \"To be looked at\"\napprover = \"Ada\"\n"
    );
    let store = collector.store().await;
    apply(&store, &text, 0).await.expect("it is the first");
    let answer = send(&agent.http, url, &asked).await;
    let told: Verdicts = answer.json().await.expect("verdicts");
    assert_eq!(told.policy, 1);
    assert_eq!(
        told.verdicts,
        [
            judged(Verdict::Sanctioned, Some("pilots")),
            judged(Verdict::Prohibited, Some("openai")),
            judged(Verdict::Unreviewed, Some("prod")),
        ]
    );
    // Asking is no report.
    assert_eq!(collector.rows().await, Vec::<Value>::new());
    let report = agent
        .spool
        .report(vec![call("eve", "claude"), call("adam", "claude")]);
    crate::running::post(&agent.http, &collector.agents(), &report)
        .await
        .expect("an answer");
    for row in collector.rows().await {
        let place = usize::from(row["user"]["name"] == "adam");
        assert_eq!(row["verdict"], told.verdicts[place].verdict.as_str(), "{row}");
    }
}

#[tokio::test]
async fn nobody_asks_for_another_agent() {
    let collector = start().await;
    let token = labelling(&collector, DAY, 2, Labels::default()).await;
    let one = Agent::enrolled(&collector, "web-1", &token).await;
    let two = Agent::enrolled(&collector, "web-2", &token).await;
    let (own, agents) = (
        format!("{}v1/verdicts", collector.url),
        format!("{}v1/verdicts", collector.agents()),
    );
    let asked = question(&one.spool, vec![used("eve", "claude")]);
    let bare = crate::enrolment::host::trusting(&collector, None).await;
    for (http, url, status, code) in [
        (&two.http, &agents, StatusCode::FORBIDDEN, "wrong_agent"),
        (&bare, &agents, StatusCode::UNAUTHORIZED, "certificate_missing"),
        (&client(), &own, StatusCode::FORBIDDEN, "certificate_missing"),
    ] {
        let answer = send(http, url.clone(), &asked).await;
        assert_eq!(answer.status(), status);
        let problem: Value = answer.json().await.expect("a problem");
        assert_eq!(problem["code"], code, "{problem}");
    }
    // Over loopback one that never enrolled asks once it has reported.
    let mut local = Spool::of("local-1");
    let asked = question(&local, asked.uses);
    let answer = send(&client(), own.clone(), &asked).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let problem: Value = answer.json().await.expect("a problem");
    let error = problem["error"].as_str().expect("a sentence");
    assert!(error.contains("no agent with this id has reported"), "{error}");
    collector.take(&local.report(Vec::new())).await;
    let answer = send(&client(), own, &asked).await;
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_is_no_question_is_refused() {
    let collector = Collector::start().await;
    let mut spool = Spool::of("web-1");
    collector.take(&spool.report(Vec::new())).await;
    let url = format!("{}v1/verdicts", collector.url);
    let many = vec![used("eve", "claude"); limits::USES + 1];
    let nameless = Use {
        vendor: String::new(),
        ..used("eve", "claude")
    };
    let newer = Question {
        version: VERSION + 1,
        ..question(&spool, Vec::new())
    };
    for (body, status, why) in [
        (
            json!({}),
            StatusCode::BAD_REQUEST,
            "this is not a question for verdicts",
        ),
        (json!(newer), StatusCode::BAD_REQUEST, "version 2"),
        (
            json!(question(&spool, many)),
            StatusCode::BAD_REQUEST,
            "ask about fewer at once",
        ),
        (
            json!(question(&spool, vec![nameless])),
            StatusCode::BAD_REQUEST,
            "vendor is empty",
        ),
        (
            json!("x".repeat(limits::QUESTION)),
            StatusCode::PAYLOAD_TOO_LARGE,
            "send less at once",
        ),
    ] {
        let answer = send(&client(), url.clone(), &body).await;
        assert_eq!(answer.status(), status);
        let problem: Value = answer.json().await.expect("a problem");
        let error = problem["error"].as_str().expect("a sentence");
        assert!(error.contains(why), "{error}");
    }
    // Names that are too long are cut, as a report's are.
    let long = Use {
        caller: Caller {
            unit: Some("u".repeat(10_000)),
            ..used("eve", "claude").caller
        },
        ..used("eve", "claude")
    };
    let answer = send(&client(), url, &question(&spool, vec![long])).await;
    assert_eq!(answer.status(), StatusCode::OK);
}
