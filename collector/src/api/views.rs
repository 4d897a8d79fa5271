//! `GET /v1/views`, `PUT` and `DELETE /v1/views/{name}`

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use umbra_report::Problem;
use utoipa::ToSchema;

use super::body;
use crate::access::{Principal, Right};
use crate::app::App;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::store::{NoView, View};

/// Characters of a view's name.
pub(crate) const NAME: usize = 60;
/// Bytes of what a view asks.
const QUERY: usize = 4_000;

/// Questions to the inventory that are kept under a name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Views {
    /// Own ones by name, then those that others share.
    views: Vec<SavedView>,
}

/// A question to the inventory under a name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SavedView {
    pub(crate) name: String,
    /// Whose it is.
    pub(crate) account: String,
    /// What it asks, as after the `?` of an inventory's address; null where `wrong` says why it is none.
    pub(crate) query: Option<String>,
    /// Why it can be asked no more, in a sentence.
    pub(crate) wrong: Option<String>,
    /// Whether everybody sees it.
    pub(crate) shared: bool,
    /// When it was saved last.
    pub(crate) saved: Timestamp,
}

/// What is to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewView {
    /// Facets, text and order as in an address, `vendor=OpenAI&sort=bytes_out`; a place to go on from is left out.
    #[schema(max_length = 4000)]
    pub(crate) query: String,
    /// Whether everybody sees it. That takes `findings:write`.
    #[serde(default)]
    pub(crate) shared: bool,
}

impl From<NoView> for Refusal {
    fn from(refused: NoView) -> Self {
        let status = match refused {
            NoView::Missing => StatusCode::NOT_FOUND,
            NoView::Exists | NoView::TooMany => StatusCode::CONFLICT,
        };
        Self::new(status, refused.to_string())
    }
}

/// The question that a text asks, if it still can be asked.
fn asked(app: &App, text: &str) -> Result<Query, Refusal> {
    let query = Query::of(text)?;
    let people = app.store.people();
    let is_name = |user: &String| !user.starts_with("person-") && people.pseudonym(user).is_some();
    // In its place their pseudonym would tell whose it is.
    if query.user.as_ref().is_some_and(is_name) {
        return Err(Refusal::bad(
            "it is about a user by name, and users have pseudonyms here; narrow by one of these",
        ));
    }
    Ok(query)
}

impl SavedView {
    fn of(app: &App, view: View) -> Self {
        let (query, wrong) = match asked(app, &view.query) {
            Ok(query) => (Some(query.as_text()), None),
            Err(why) => (None, Some(why.error().to_owned())),
        };
        Self {
            name: view.name,
            account: view.account,
            query,
            wrong,
            shared: view.shared,
            saved: view.saved,
        }
    }
}

/// A name that a view can have.
pub(crate) fn view_name(text: &str) -> Result<&str, Refusal> {
    let name = text.trim();
    let is_one = (1..=NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    is_one.then_some(name).ok_or_else(|| {
        Refusal::bad(format!(
            "give the view a name of 1 to {NAME} characters in one line"
        ))
    })
}

/// Who keeps views.
pub(crate) fn account(principal: &Principal) -> Result<&str, Refusal> {
    principal.account.as_deref().ok_or_else(|| {
        Refusal::new(
            StatusCode::CONFLICT,
            "a token keeps no views; log in, or ask the inventory itself",
        )
    })
}

/// The views that somebody sees.
pub(crate) async fn all(app: &App, principal: &Principal) -> Result<Vec<SavedView>, Refusal> {
    let views = app.store.views(principal.account.as_deref()).await?;
    Ok(views.into_iter().map(|view| SavedView::of(app, view)).collect())
}

/// Keeps a view.
pub(crate) async fn save(
    app: &App,
    principal: &Principal,
    name: &str,
    new: &NewView,
) -> Result<SavedView, Refusal> {
    let (account, name) = (account(principal)?, view_name(name)?);
    if new.shared && !principal.may(Right::FindingsWrite) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "to share a view takes the role analyst; save it for yourself",
        ));
    }
    let query = asked(app, &new.query)?.as_text();
    if query.len() > QUERY {
        return Err(Refusal::bad(format!(
            "a view has {QUERY} bytes at most; ask for less"
        )));
    }
    let by = principal.now();
    let view = View {
        account: account.to_owned(),
        name: name.to_owned(),
        query,
        shared: new.shared,
        saved: by.time,
    };
    app.store.save_view(&view, &by).await??;
    Ok(SavedView::of(app, view))
}

/// Questions to the inventory that are kept under a name: own ones, and those that others share
#[utoipa::path(
    get,
    path = "/v1/views",
    tag = "inventory",
    security(("token" = ["inventory:read"])),
    responses(
        (status = 200, description = "All of them", body = Views),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn views(State(app): State<App>, principal: Principal) -> Result<Json<Views>, Refusal> {
    let views = all(&app, &principal).await?;
    Ok(Json(Views { views }))
}

/// Keeps a question to the inventory, in the place of the own one of this name
#[utoipa::path(
    put,
    path = "/v1/views/{name}",
    tag = "inventory",
    security(("token" = ["inventory:read"])),
    params(("name" = String, Path, description = "What it is called: 1 to 60 characters")),
    request_body = NewView,
    responses(
        (status = 200, description = "It is kept", body = SavedView),
        (status = 400, description = "The request cannot be read, or name or query are none", body = Problem),
        (status = 408, description = "The body did not arrive in time", body = Problem),
        (status = 409, description = "There are too many, or it is a token that asks", body = Problem),
        (status = 413, description = "The request is too long", body = Problem),
        (status = 415, description = "The body is not said to be JSON", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn save_view(
    State(app): State<App>,
    principal: Principal,
    name: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Json<SavedView>, Refusal> {
    let Path(name) = name.map_err(|error| Refusal::bad(error.body_text()))?;
    let new: NewView = body(&app, request, "a view").await?;
    Ok(Json(save(&app, &principal, &name, &new).await?))
}

/// Keeps an own question no more
#[utoipa::path(
    delete,
    path = "/v1/views/{name}",
    tag = "inventory",
    security(("token" = ["inventory:read"])),
    params(("name" = String, Path, description = "What it is called")),
    responses(
        (status = 204, description = "It is kept no more"),
        (status = 400, description = "The name cannot be read", body = Problem),
        (status = 404, description = "There is no own one of this name", body = Problem),
        (status = 409, description = "It is a token that asks", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn delete_view(
    State(app): State<App>,
    principal: Principal,
    name: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Refusal> {
    let Path(name) = name.map_err(|error| Refusal::bad(error.body_text()))?;
    app.store
        .delete_view(account(&principal)?, &name, &principal.now())
        .await??;
    Ok(StatusCode::NO_CONTENT)
}
