//! `POST /v1/verdicts`: what the policy says of callers on an agent's host, for whoever looks at that host.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use jiff::Timestamp;
use umbra_policy::Subject;
use umbra_report::{Judged, Problem, Question, Use, VERSION, Verdicts, limits};
use uuid::Uuid;

use crate::app::App;
use crate::denied::Denied;
use crate::ingest;
use crate::labels::Labels;
use crate::refusal::Refusal;
use crate::server::Peer;

/// What the policy says of callers on the agent's host
///
/// For `umbra-agent top`, which asks while somebody looks. Judged by the policy in force and the host's labels, whether or not
/// they have been reported; nothing is stored. Agents of other hosts show their certificate; over loopback an agent that has
/// reported and never enrolled needs none.
#[utoipa::path(
    post,
    path = "/v1/verdicts",
    tag = "agents",
    request_body = Question,
    responses(
        (status = 200, description = "A verdict for each use, in their order", body = Verdicts),
        (status = 400, description = "This is no question, of another version, or says what cannot be", body = Problem),
        (status = 401, description = "The certificate is not good: `certificate_missing`, `certificate_unknown`, `certificate_expired`", body = Problem),
        (status = 403, description = "The agent was shut out, names another or shows no certificate: `agent_revoked`, `agent_retired`, `wrong_agent`, `certificate_missing`; or no agent with this id has reported", body = Problem),
        (status = 408, description = "The body did not arrive in time", body = Problem),
        (status = 413, description = "The question is too long", body = Problem),
        (status = 415, description = "The body is not said to be JSON", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The collector is busy: come back", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn verdicts(
    State(app): State<App>,
    peer: Option<Extension<Peer>>,
    request: Request,
) -> Result<Json<Verdicts>, Refusal> {
    let fingerprint = match &peer {
        Some(Extension(peer)) => Some(peer.fingerprint.as_deref().ok_or(Denied::CertificateMissing)?),
        None => None,
    };
    let question = read(&app, request).await?;
    let now = Timestamp::now();
    match fingerprint {
        Some(fingerprint) => app.store.identify(fingerprint, question.agent, now).await??,
        None => open(&app, question.agent).await?,
    }
    let labels = app.store.labels_of(question.agent).await?;
    let policy = app.store.in_force().await?;
    let verdicts = question.uses.iter().map(|used| {
        let package = used.caller.program.package.as_ref();
        let package = package.map(|package| format!("{}:{}", package.manager, package.name));
        let decision = policy
            .policy
            .decide(&subject(used, package.as_deref(), &labels), now);
        Judged {
            verdict: decision.verdict,
            sanction: decision.by.map(|by| by.id.clone()),
        }
    });
    Ok(Json(Verdicts {
        verdicts: verdicts.collect(),
        policy: policy.decided.number(),
    }))
}

/// Without a certificate the policy is told to whoever knows the id of an agent that reports so: nobody else has it.
async fn open(app: &App, agent: Uuid) -> Result<(), Refusal> {
    if app.store.is_enrolled(agent).await? {
        return Err(Denied::Unproven(agent).into());
    }
    if !app.store.has_heard(agent).await? {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "no agent with this id has reported: agents are told verdicts once their first report is in the store",
        ));
    }
    Ok(())
}

async fn read(app: &App, request: Request) -> Result<Question, Refusal> {
    let what = "a question for verdicts";
    let _room = app.queue.room_for(&request, limits::QUESTION)?;
    let body = crate::body::json(request, what, limits::QUESTION, app.limits.body).await?;
    let mut question: Question = serde_json::from_slice(&body)
        .map_err(|error| Refusal::bad(format!("this is not {what}: {error}")))?;
    if question.version != VERSION {
        return Err(ingest::wrong_version(question.version));
    }
    if question.uses.len() > limits::USES {
        return Err(Refusal::bad(format!(
            "a question may be about {} uses; ask about fewer at once",
            limits::USES
        )));
    }
    for used in &mut question.uses {
        ingest::check_use(used)?;
    }
    Ok(question)
}

/// What the policy is asked, as of a report's observation.
fn subject<'a>(used: &'a Use, package: Option<&'a str>, labels: &'a Labels) -> Subject<'a> {
    let caller = &used.caller;
    let container = caller.container.as_ref();
    Subject {
        vendor: &used.vendor,
        service: &used.service,
        kind: Some(used.kind),
        program: &caller.program.name,
        script: caller.program.script.as_deref(),
        package,
        uid: caller.user.uid,
        user: caller.user.name.as_deref(),
        groups: caller.user.groups.iter().flatten().map(String::as_str).collect(),
        labels: labels
            .0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect(),
        unit: caller.unit.as_deref(),
        image: container.and_then(|container| container.image.as_deref()),
        namespace: container.and_then(|container| container.namespace.as_deref()),
    }
}
