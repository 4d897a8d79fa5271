//! Verdicts are asked for while somebody looks, and no longer.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;
use umbra_report::Verdict;
use uuid::Uuid;

use super::*;
use crate::config::Config;
use crate::flows::Step;
use crate::live::tests::tell;
use crate::report::Client;

type Questions = mpsc::UnboundedSender<Question>;

/// A collector that sanctions what `curl` does, and its way.
async fn collector() -> (Link, mpsc::UnboundedReceiver<Question>) {
    async fn answer(State(questions): State<Questions>, Json(question): Json<Question>) -> Json<Verdicts> {
        let verdicts = question.uses.iter().map(|used| match &*used.caller.program.name {
            "curl" => Judged {
                verdict: Verdict::Sanctioned,
                sanction: Some("tools".to_owned()),
            },
            _ => Judged {
                verdict: Verdict::Unreviewed,
                sanction: None,
            },
        });
        let verdicts = verdicts.collect();
        questions.send(question).unwrap();
        Json(Verdicts { policy: 3, verdicts })
    }
    let (sender, questions) = mpsc::unbounded_channel();
    let routes = Router::new()
        .route("/v1/verdicts", post(answer))
        .with_state(sender);
    (serve(routes).await, questions)
}

async fn serve(routes: Router) -> Link {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, routes).into_future());
    let config: Config = toml::from_str(&format!("[report]\ncollector = \"{url}\"\n")).unwrap();
    Link {
        client: Client::new(&config.report, None).unwrap(),
        collector: url.parse().unwrap(),
        agent: Uuid::from_u128(7),
    }
}

/// What the rows say after the collector was asked.
async fn rows(asked: &Asked, live: &Live) -> (Vec<(String, Option<Judged>)>, Option<u64>, Option<String>) {
    for _ in 0..500 {
        let mut used = live.look().0;
        let (policy, trouble) = asked.judge(&mut used);
        if policy.is_some() || trouble.is_some() {
            let mut rows: Vec<_> = used
                .into_iter()
                .map(|row| (row.caller.program.name, row.verdict))
                .collect();
            rows.sort_by(|one, other| one.0.cmp(&other.0));
            return (rows, policy.map(|policy| policy.version), trouble);
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("the collector was not asked");
}

#[tokio::test]
async fn the_collector_is_asked_while_somebody_looks() {
    let (link, mut questions) = collector().await;
    let (live, asked) = (Live::default(), Asked::default());
    let (links, way) = watch::channel(None);
    tokio::spawn(asked.clone().ask_for_ever(live.clone(), way));
    tell(&live, "curl", "api.openai.com", &[Step::Opened]);
    tell(&live, "python3 bot.py", "api.openai.com", &[Step::Opened]);

    let looker = asked.look();
    sleep(Duration::from_millis(50)).await;
    assert!(questions.is_empty(), "no report was acknowledged yet");
    links.send_replace(Some(link));
    let (told, policy, trouble) = rows(&asked, &live).await;
    assert_eq!((policy, trouble), (Some(3), None));
    let [(_, Some(curl)), (_, Some(bot))] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(
        (curl.verdict, curl.sanction.as_deref()),
        (Verdict::Sanctioned, Some("tools"))
    );
    assert_eq!((bot.verdict, &bot.sanction), (Verdict::Unreviewed, &None));
    let question = questions.recv().await.unwrap();
    assert_eq!(question.agent, Uuid::from_u128(7));
    assert!(question.uses.iter().all(|used| used.caller.program.exe.is_none()));

    // A new caller is asked about before it is time for the others.
    tell(&live, "node", "api.openai.com", &[Step::Opened]);
    let question = timeout(AGAIN / 2, questions.recv()).await.unwrap().unwrap();
    assert_eq!(question.uses.len(), 3);

    drop(looker);
    let forgotten = async {
        while asked.judge(&mut []).0.is_some() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(AGAIN / 2, forgotten).await.unwrap();
    tell(&live, "wget", "api.openai.com", &[Step::Opened]);
    assert!(timeout(SOON * 2, questions.recv()).await.is_err(), "nobody looks");
}

#[tokio::test]
async fn many_rows_are_asked_about_in_several_questions() {
    let (link, mut questions) = collector().await;
    let live = Live::default();
    for number in 0..250 {
        tell(
            &live,
            &format!("script-{number}"),
            "api.openai.com",
            &[Step::Opened],
        );
    }
    let (_, by_row) = ask(&link, &live.look().0).await.unwrap();
    assert_eq!(by_row.len(), 250);
    let mut sizes = Vec::new();
    while let Ok(question) = questions.try_recv() {
        sizes.push(question.uses.len());
    }
    assert_eq!(sizes, [100, 100, 50]);
}

#[tokio::test]
async fn what_the_collector_does_not_answer_is_said() {
    let live = Live::default();
    tell(&live, "curl", "api.openai.com", &[Step::Opened]);
    let refused = || async {
        let problem = serde_json::json!({"error": "the agent was revoked", "code": "agent_revoked"});
        (StatusCode::FORBIDDEN, Json(problem))
    };
    let fewer = || async {
        Json(Verdicts {
            policy: 1,
            verdicts: Vec::new(),
        })
    };
    for (routes, why) in [
        (Router::new(), "the collector is older than this agent"),
        (
            Router::new().route("/v1/verdicts", post(refused)),
            "the agent was revoked",
        ),
        (
            Router::new().route("/v1/verdicts", post(fewer)),
            "answer is of other callers",
        ),
        (
            Router::new().route("/v1/verdicts", post(|| async { "moved" })),
            "the collector's answer is none",
        ),
    ] {
        let (asked, link) = (Asked::default(), serve(routes).await);
        let (_lines, way) = watch::channel(Some(link));
        tokio::spawn(asked.clone().ask_for_ever(live.clone(), way));
        let _looker = asked.look();
        let (rows, policy, trouble) = rows(&asked, &live).await;
        assert_eq!((rows[0].1.clone(), policy), (None, None));
        let trouble = trouble.unwrap();
        assert!(trouble.contains(why), "{trouble}");
    }
}
