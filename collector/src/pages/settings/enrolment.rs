//! What lets agents in: the tokens, a form to make one, and what to do with it on a new host.

use askama::Template;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;

use super::{Done, Frame, Part, Wanted, is_mendable, labels, listed};
use crate::access::Principal;
use crate::api::enrolment_tokens::{EnrolmentTokenWanted, make, take_back};
use crate::app::App;
use crate::pages::asked::Asked;
use crate::pages::choice::Choice;
use crate::pages::format::{Time, thousands};
use crate::pages::shell::{Section, Shell};
use crate::pages::{sentence, shown};
use crate::refusal::Refusal;
use crate::store::Token;

/// How long a token may be good: in hours, and in words.
const LIVES: [(&str, &str); 6] = [
    ("1", "1 hour"),
    ("24", "1 day"),
    ("168", "7 days"),
    ("720", "30 days"),
    ("2160", "90 days"),
    ("8784", "366 days"),
];

#[derive(Template)]
#[template(path = "settings/enrolment.html")]
struct Page {
    shell: Shell,
    frame: Frame,
    /// Where agents of other hosts reach this collector.
    address: Option<String>,
    /// The token that was just made.
    made: Option<Made>,
    typed: Typed,
    lives: Vec<Choice>,
    /// What is wrong with what was typed.
    message: String,
    rows: Vec<Row>,
    next: Option<String>,
}

/// A token, this once.
struct Made {
    token: String,
    /// What root types on a new host.
    command: Option<String>,
}

/// A token that is kept, in words.
struct Row {
    id: String,
    label: String,
    state: &'static str,
    is_good: bool,
    uses_left: String,
    expires: Time,
    labels: String,
}

/// What is typed of a token that is to be made.
#[derive(Debug, Deserialize)]
pub(crate) struct Typed {
    label: String,
    uses: String,
    hours: String,
    labels: String,
}

impl Default for Typed {
    fn default() -> Self {
        Self {
            label: String::new(),
            uses: "1".to_owned(),
            hours: "24".to_owned(),
            labels: String::new(),
        }
    }
}

impl Typed {
    fn wanted(&self) -> Result<EnrolmentTokenWanted, Refusal> {
        let number = |what: &str, text: &str| {
            let number = text.trim().parse::<u32>();
            number.map_err(|_| Refusal::bad(format!("{what} must be a whole number")))
        };
        Ok(EnrolmentTokenWanted {
            label: self.label.trim().to_owned(),
            uses: number("uses", &self.uses)?,
            hours: number("hours", &self.hours)?,
            host_labels: labels(&self.labels)?,
        })
    }
}

impl Row {
    fn of(token: Token, now: Timestamp) -> Self {
        let state = token.state(now);
        Self {
            state,
            is_good: state == "good",
            uses_left: thousands(token.uses_left),
            expires: token.expires.into(),
            labels: token.labels.to_string(),
            id: token.id,
            label: token.label,
        }
    }
}

/// `GET /settings`
pub(crate) async fn page(
    State(app): State<App>,
    principal: Principal,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Refusal> {
    let page = of(&app, principal, &wanted).await?;
    shown(StatusCode::OK, &page)
}

/// `POST /settings`: the answer has the token, as nothing else will.
pub(crate) async fn create(
    State(app): State<App>,
    principal: Principal,
    form: Result<Form<Typed>, FormRejection>,
) -> Result<Response, Refusal> {
    let Form(typed) = form.map_err(|error| Refusal::bad(error.body_text()))?;
    let made = match typed.wanted() {
        Ok(wanted) => make(&app, &principal, wanted).await,
        Err(refusal) => Err(refusal),
    };
    let page = of(&app, principal, &Wanted::default()).await?;
    match made {
        Ok(token) => {
            let token = token.to_string();
            let command = app.agents.as_deref().map(|address| command(address, &token));
            let made = Some(Made { token, command });
            shown(StatusCode::OK, &Page { made, ..page })
        }
        Err(refusal) if is_mendable(refusal.status()) => {
            let page = Page {
                lives: lives(&typed.hours),
                typed,
                message: sentence(refusal.error()),
                ..page
            };
            shown(refusal.status(), &page)
        }
        Err(refusal) => Err(refusal),
    }
}

/// `POST /settings/enrolment-tokens/{id}/revoke`
pub(crate) async fn revoke(
    State(app): State<App>,
    principal: Principal,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Refusal> {
    let Path(id) = id.map_err(|error| Refusal::bad(error.body_text()))?;
    take_back(&app, &principal, &id).await?;
    Ok(Part::Enrolment.after(Done::Revoked))
}

async fn of(app: &App, principal: Principal, wanted: &Wanted) -> Result<Page, Refusal> {
    let now = Timestamp::now();
    let tokens = app.store.tokens().await?;
    let (tokens, next) = listed(tokens, wanted.after.as_deref(), |token| &token.id);
    let typed = Typed::default();
    Ok(Page {
        frame: Frame::of(Part::Enrolment, &principal, wanted.done),
        shell: Shell::of(Section::Settings, principal),
        address: app.agents.as_deref().map(str::to_owned),
        made: None,
        lives: lives(&typed.hours),
        typed,
        message: String::new(),
        rows: tokens.into_iter().map(|token| Row::of(token, now)).collect(),
        next,
    })
}

fn lives(chosen: &str) -> Vec<Choice> {
    let chosen = LIVES.into_iter().find(|(hours, _)| *hours == chosen);
    Choice::all(&LIVES, chosen, |life| life)
}

/// What `docs/OPERATIONS.md` has a new host do. Neither part has anything that a shell or TOML reads otherwise:
/// [`crate::config::Agents::known_as`], [`umbra_report::Token`].
fn command(address: &str, token: &str) -> String {
    format!(
        "install -d /etc/umbra
(umask 077 && echo '{token}' > /etc/umbra/token)
cat > /etc/umbra/agent.toml <<'END'
[report]
collector = \"{address}\"
[enrolment]
token_file = \"/etc/umbra/token\"
END
umbra-agent check && systemctl enable --now umbra-agent"
    )
}
