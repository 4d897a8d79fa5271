//! What lets programs use the API: the tokens, and a form to make one.

use askama::Template;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;

use super::{Done, Frame, Part, Wanted, is_mendable, labels, listed};
use crate::access::{Principal, Right};
use crate::api::api_tokens::{ApiTokenWanted, make, take_back};
use crate::app::App;
use crate::pages::asked::Asked;
use crate::pages::choice::Choice;
use crate::pages::format::Time;
use crate::pages::shell::{Section, Shell};
use crate::pages::{sentence, shown};
use crate::refusal::Refusal;
use crate::store::ApiToken;

/// How long a token may be good: in days, and in words.
const LIVES: [(&str, &str); 5] = [
    ("1", "1 day"),
    ("7", "7 days"),
    ("30", "30 days"),
    ("90", "90 days"),
    ("366", "366 days"),
];

#[derive(Template)]
#[template(path = "settings/tokens.html")]
struct Page {
    shell: Shell,
    frame: Frame,
    /// The token that was just made.
    made: Option<String>,
    typed: Typed,
    scopes: Vec<Scope>,
    lives: Vec<Choice>,
    message: String,
    rows: Vec<Row>,
    next: Option<String>,
}

/// A right that may be given.
struct Scope {
    word: &'static str,
    words: &'static str,
    is_chosen: bool,
}

/// A token in words.
struct Row {
    id: String,
    name: String,
    scopes: String,
    hosts: String,
    maker: String,
    state: &'static str,
    is_good: bool,
    expires: Time,
    used: Option<Time>,
}

/// What is typed of a token that is to be made.
struct Typed {
    name: String,
    scopes: Vec<Right>,
    labels: String,
    days: String,
}

impl Default for Typed {
    fn default() -> Self {
        Self {
            name: String::new(),
            scopes: Vec::new(),
            labels: String::new(),
            days: "90".to_owned(),
        }
    }
}

impl Typed {
    /// Of a form's fields, one of which may come several times.
    fn of(fields: Vec<(String, String)>) -> Result<Self, Refusal> {
        let mut typed = Self::default();
        for (field, value) in fields {
            match &*field {
                "name" => typed.name = value,
                "labels" => typed.labels = value,
                "days" => typed.days = value,
                "scope" => typed.scopes.push(value.parse().map_err(Refusal::bad)?),
                _ => {}
            }
        }
        Ok(typed)
    }

    fn wanted(&self) -> Result<ApiTokenWanted, Refusal> {
        let days = self.days.trim().parse();
        Ok(ApiTokenWanted {
            name: self.name.trim().to_owned(),
            scopes: self.scopes.clone(),
            hosts: labels(&self.labels)?,
            days: days.map_err(|_| Refusal::bad("days must be a whole number"))?,
        })
    }

    fn scopes(&self) -> Vec<Scope> {
        let scope = |right: Right| Scope {
            word: right.as_str(),
            words: words(right),
            is_chosen: self.scopes.contains(&right),
        };
        Right::ALL.into_iter().map(scope).collect()
    }

    fn lives(&self) -> Vec<Choice> {
        let chosen = LIVES.into_iter().find(|(days, _)| *days == self.days);
        Choice::all(&LIVES, chosen, |life| life)
    }
}

const fn words(right: Right) -> &'static str {
    match right {
        Right::InventoryRead => "see who uses what, what was found and what is decided",
        Right::AuditRead => "read the audit log, requests and answers to questions",
        Right::MetricsRead => "read what the collector counts",
        Right::FindingsWrite => "put findings into a state",
        Right::RequestsWrite => "ask for sanctions",
        Right::PolicyWrite => "put a policy in force",
        Right::NamesRead => "learn whose pseudonym one is",
        Right::Admin => "change accounts, tokens and settings",
    }
}

impl Row {
    fn of(token: ApiToken, now: Timestamp) -> Self {
        let state = token.state(now);
        let scopes: Vec<&str> = token.rights.iter().map(|right| right.as_str()).collect();
        Self {
            scopes: scopes.join(", "),
            hosts: token.scope.to_string(),
            state,
            is_good: state == "good",
            expires: token.expires.into(),
            used: token.used.map(Time::from),
            id: token.id,
            name: token.name,
            maker: token.maker,
        }
    }
}

/// `GET /settings/api-tokens`
pub(crate) async fn page(
    State(app): State<App>,
    principal: Principal,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Refusal> {
    let page = of(&app, principal, &wanted, Typed::default()).await?;
    shown(StatusCode::OK, &page)
}

/// `POST /settings/api-tokens`: the answer has the token, as nothing else will.
pub(crate) async fn create(
    State(app): State<App>,
    principal: Principal,
    form: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Result<Response, Refusal> {
    let Form(fields) = form.map_err(|error| Refusal::bad(error.body_text()))?;
    let typed = Typed::of(fields)?;
    let made = match typed.wanted() {
        Ok(wanted) => make(&app, &principal, wanted).await,
        Err(refusal) => Err(refusal),
    };
    match made {
        Ok(made) => {
            let page = of(&app, principal, &Wanted::default(), Typed::default()).await?;
            let made = Some(made.token);
            shown(StatusCode::OK, &Page { made, ..page })
        }
        Err(refusal) if is_mendable(refusal.status()) => {
            let page = of(&app, principal, &Wanted::default(), typed).await?;
            let message = sentence(refusal.error());
            shown(refusal.status(), &Page { message, ..page })
        }
        Err(refusal) => Err(refusal),
    }
}

/// `POST /settings/api-tokens/{id}/revoke`
pub(crate) async fn revoke(
    State(app): State<App>,
    principal: Principal,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Refusal> {
    let Path(id) = id.map_err(|error| Refusal::bad(error.body_text()))?;
    take_back(&app, &principal, &id).await?;
    Ok(Part::Tokens.after(Done::Revoked))
}

async fn of(app: &App, principal: Principal, wanted: &Wanted, typed: Typed) -> Result<Page, Refusal> {
    let now = Timestamp::now();
    let tokens = app.store.api_tokens().await?;
    let (tokens, next) = listed(tokens, wanted.after.as_deref(), |token| &token.id);
    Ok(Page {
        frame: Frame::of(Part::Tokens, &principal, wanted.done),
        shell: Shell::of(Section::Settings, principal),
        made: None,
        scopes: typed.scopes(),
        lives: typed.lives(),
        typed,
        message: String::new(),
        rows: tokens.into_iter().map(|token| Row::of(token, now)).collect(),
        next,
    })
}
