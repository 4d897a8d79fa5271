//! `GET /v1/questions` and what is below it: saved questions about the past, with an answer each, as JSON or CSV.

mod answer;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query as QueryOf, State};
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use umbra_report::Problem;
use utoipa::{IntoParams, ToSchema};

use super::table::Form;
use super::{MOST_ROWS, ROWS};
use crate::access::Principal;
use crate::app::App;
use crate::questions::{Asked, Covered, Periods, Sent, Spiked, Used};
use crate::refusal::Refusal;
use crate::store::After;
use answer::Answer;

/// `?vendor=…&from=…&to=…&after=…&limit=…&format=…`
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Query {
    /// A vendor's name in the catalogue, or one of its other names; case does not matter.
    #[param(min_length = 1, max_length = 128)]
    vendor: String,
    /// The first hour (RFC 3339, widened to the whole hour); 30 days before `to`, when it is left out.
    #[param(format = "date-time")]
    from: Option<String>,
    /// The hour before which the answer ends; now, when it is left out.
    #[param(format = "date-time")]
    to: Option<String>,
    /// Where to go on: the `next` of an earlier answer.
    #[param(pattern = r"^[0-9]{1,18}\.-?[0-9]{1,18}\.[0-9]{1,18}$")]
    after: Option<String>,
    /// Uses in an answer, 100 unless it says; each gives a row for each period of the policy in which it was seen.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u16>,
    /// `json` or `csv`; without it what `Accept` says, and else JSON.
    #[param(inline)]
    format: Option<Form>,
}

/// A saved question.
#[derive(Debug, Serialize, ToSchema)]
struct Question {
    name: &'static str,
    asks: &'static str,
    path: &'static str,
}

/// The saved questions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Questions {
    questions: Vec<Question>,
}

const QUESTIONS: [(&str, &str, &str); 4] = [
    (
        "users-of-vendor",
        "Who used this vendor in this period, how much, and was it sanctioned then?",
        "/v1/questions/users-of-vendor",
    ),
    (
        "bytes-out",
        "How much left for this vendor in this period, and by whom?",
        "/v1/questions/bytes-out",
    ),
    (
        "decisions",
        "Which decision covered each use of this vendor then, who took it, on which version of the policy?",
        "/v1/questions/decisions",
    ),
    (
        "spikes",
        "Was there a spike before this date: on which days of this period did whose program send far more than usual?",
        "/v1/questions/spikes",
    ),
];

/// Questions that are saved, each with its address
#[utoipa::path(
    get,
    path = "/v1/questions",
    tag = "questions",
    security(("token" = ["audit:read"])),
    responses((status = 200, description = "The questions", body = Questions))
)]
pub(crate) async fn questions() -> Json<Questions> {
    let question = |(name, asks, path)| Question { name, asks, path };
    Json(Questions {
        questions: QUESTIONS.map(question).into(),
    })
}

/// What a question asks, checked.
struct Put {
    asked: Asked,
    after: Option<After>,
    limit: u16,
    form: Form,
}

impl Put {
    fn of(query: Result<QueryOf<Query>, QueryRejection>, headers: &HeaderMap) -> Result<Self, Refusal> {
        let QueryOf(query) = query.map_err(|error| Refusal::bad(error.body_text()))?;
        let limit = query.limit.unwrap_or(ROWS);
        if !(1..=MOST_ROWS).contains(&limit) {
            return Err(Refusal::bad(format!("limit must be from 1 to {MOST_ROWS}")));
        }
        let time = |what: &str, text: Option<String>| {
            text.map(|text| text.parse::<Timestamp>())
                .transpose()
                .map_err(|_| {
                    Refusal::bad(format!(
                        "{what} must be a time with its zone, such as 2026-11-27T12:00:00Z"
                    ))
                })
        };
        let (from, to) = (time("from", query.from)?, time("to", query.to)?);
        let asked = Asked::new(&query.vendor, from, to, Timestamp::now());
        let after = query.after.map(|text| text.parse()).transpose();
        Ok(Self {
            asked: asked.map_err(|error| Refusal::bad(error.to_string()))?,
            after: after.map_err(Refusal::bad)?,
            limit,
            form: query.format.unwrap_or_else(|| Form::accepted(headers)),
        })
    }

    async fn periods(&self, app: &App) -> Result<Periods, Refusal> {
        app.store.periods(&self.asked).await?.ok_or_else(|| {
            Refusal::bad("the policy changed more than 500 times in that period: ask about a shorter one")
        })
    }
}

/// Who used a vendor in a period, and what was decided about it then: a row for each use and each period of the policy
#[utoipa::path(
    get,
    path = "/v1/questions/users-of-vendor",
    tag = "questions",
    security(("token" = ["audit:read"])),
    params(Query),
    responses(
        (status = 200, description = "The answer", content(
            (Answer<Used> = "application/json"), (String = "text/csv"))),
        (status = 400, description = "The question cannot be read", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn users_of_vendor(
    State(app): State<App>,
    principal: Principal,
    headers: HeaderMap,
    query: Result<QueryOf<Query>, QueryRejection>,
) -> Result<Response, Refusal> {
    let put = Put::of(query, &headers)?;
    let periods = put.periods(&app).await?;
    let (parts, next) = app
        .store
        .parts(&put.asked, &periods, put.after, put.limit)
        .await?;
    let rows = parts.iter().map(Used::of).collect();
    answer::give((&app, &principal), "users-of-vendor", &put, rows, next).await
}

/// Which decision covered each use of a vendor in a period, who took it, and on which version of the policy
#[utoipa::path(
    get,
    path = "/v1/questions/decisions",
    tag = "questions",
    security(("token" = ["audit:read"])),
    params(Query),
    responses(
        (status = 200, description = "The answer", content(
            (Answer<Covered> = "application/json"), (String = "text/csv"))),
        (status = 400, description = "The question cannot be read", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn decisions(
    State(app): State<App>,
    principal: Principal,
    headers: HeaderMap,
    query: Result<QueryOf<Query>, QueryRejection>,
) -> Result<Response, Refusal> {
    let put = Put::of(query, &headers)?;
    let periods = put.periods(&app).await?;
    let (parts, next) = app
        .store
        .parts(&put.asked, &periods, put.after, put.limit)
        .await?;
    let rows = parts.iter().map(Covered::of).collect();
    answer::give((&app, &principal), "decisions", &put, rows, next).await
}

/// How much left for a vendor in a period, and by whom: users' programs, those that sent most first
#[utoipa::path(
    get,
    path = "/v1/questions/bytes-out",
    tag = "questions",
    security(("token" = ["audit:read"])),
    params(Query),
    responses(
        (status = 200, description = "The answer; it does not go on, so ask for as many rows as are wanted", content(
            (Answer<Sent> = "application/json"), (String = "text/csv"))),
        (status = 400, description = "The question cannot be read", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn bytes_out(
    State(app): State<App>,
    principal: Principal,
    headers: HeaderMap,
    query: Result<QueryOf<Query>, QueryRejection>,
) -> Result<Response, Refusal> {
    let put = Put::of(query, &headers)?;
    let senders = app.store.senders(&put.asked, put.limit).await?;
    let rows = senders.into_iter().map(Sent::from).collect();
    answer::give((&app, &principal), "bytes-out", &put, rows, None).await
}

/// On which days of a period a program sent far more to a vendor than it was used to, the latest first
#[utoipa::path(
    get,
    path = "/v1/questions/spikes",
    tag = "questions",
    security(("token" = ["audit:read"])),
    params(Query),
    responses(
        (status = 200, description = "The answer; it does not go on, so ask for as many rows as are wanted", content(
            (Answer<Spiked> = "application/json"), (String = "text/csv"))),
        (status = 400, description = "The question cannot be read", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn spikes(
    State(app): State<App>,
    principal: Principal,
    headers: HeaderMap,
    query: Result<QueryOf<Query>, QueryRejection>,
) -> Result<Response, Refusal> {
    let put = Put::of(query, &headers)?;
    let spikes = app.store.past_spikes(&put.asked, put.limit).await?;
    let rows = spikes.into_iter().map(Spiked::from).collect();
    answer::give((&app, &principal), "spikes", &put, rows, None).await
}
