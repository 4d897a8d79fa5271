//! Questions to the inventory that are kept under a name: links to them, and the forms that keep, rename and delete.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::page;
use crate::access::{Principal, Right};
use crate::api::views::{self, NewView, SavedView, account, view_name};
use crate::app::App;
use crate::pages::sentence;
use crate::query::Query;
use crate::refusal::Refusal;

/// Those that are shown without opening the rest.
const AT_ONCE: usize = 8;

/// The saved views of whoever reads the page.
pub(super) struct Views {
    /// Shows that a form comes from this page; `None`: whoever reads it keeps no views.
    pub(super) csrf: Option<String>,
    pub(super) may_share: bool,
    /// What the page shows, as a view keeps it.
    pub(super) query: String,
    pub(super) all: Vec<View>,
    /// What was typed as a name, and why it was refused.
    pub(super) typed: String,
    pub(super) message: String,
}

/// A saved view in words.
pub(super) struct View {
    pub(super) name: String,
    /// `None` where `wrong` says why it cannot be asked.
    pub(super) address: Option<String>,
    pub(super) wrong: String,
    /// Whether it is what the page shows.
    pub(super) is_here: bool,
    /// Whether everybody sees it.
    pub(super) shared: bool,
    /// Whose it is, of another's.
    pub(super) owner: Option<String>,
}

/// A form that could not be done: what was typed as a name, and why.
pub(super) type Refused = (String, Refusal);

impl Views {
    pub(super) async fn of(
        app: &App,
        principal: &Principal,
        query: &Query,
        refused: Option<&Refused>,
    ) -> Result<Self, Refusal> {
        let here = query.as_text();
        let saved = views::all(app, principal).await?.into_iter();
        let view = |saved: SavedView| View {
            is_here: saved.query.as_ref() == Some(&here),
            address: saved.query.map(|query| address(&query)),
            wrong: saved.wrong.as_deref().map(sentence).unwrap_or_default(),
            owner: Some(saved.account).filter(|owner| principal.account.as_ref() != Some(owner)),
            name: saved.name,
            shared: saved.shared,
        };
        Ok(Self {
            csrf: principal.csrf.clone().filter(|_| principal.account.is_some()),
            may_share: principal.may(Right::FindingsWrite),
            all: saved.map(view).collect(),
            typed: refused.map(|(typed, _)| typed.clone()).unwrap_or_default(),
            message: refused.map_or_else(String::new, |(_, refusal)| sentence(refusal.error())),
            query: here,
        })
    }

    /// Those that are shown at once.
    pub(super) fn first(&self) -> impl Iterator<Item = &View> {
        self.all
            .iter()
            .filter(|view| view.address.is_some())
            .take(AT_ONCE)
    }

    /// The reader's own, which the reader may change.
    pub(super) fn own(&self) -> impl Iterator<Item = &View> {
        self.all.iter().filter(|view| view.owner.is_none())
    }

    /// Those that are not shown at once, and those that cannot be asked.
    pub(super) fn others(&self) -> impl Iterator<Item = &View> {
        let wrong = self.all.iter().filter(|view| view.address.is_none());
        let right = self.all.iter().filter(|view| view.address.is_some());
        wrong.chain(right.skip(AT_ONCE))
    }
}

fn address(query: &str) -> String {
    if query.is_empty() {
        return "/inventory".to_owned();
    }
    format!("/inventory?{query}")
}

/// `name=…&query=…&shared=on`
#[derive(Debug, Deserialize)]
pub(crate) struct Kept {
    name: String,
    #[serde(default)]
    query: String,
    shared: Option<String>,
}

/// `name=…&do=rename&to=…`, from the page of `query`
#[derive(Debug, Deserialize)]
pub(crate) struct Change {
    name: String,
    r#do: Do,
    #[serde(default)]
    to: String,
    #[serde(default)]
    query: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Do {
    Rename,
    Delete,
}

/// `POST /inventory/views`: by the page's form.
pub(crate) async fn save_view(
    State(app): State<App>,
    principal: Principal,
    form: Result<Form<Kept>, FormRejection>,
) -> Result<Response, Refusal> {
    let Form(kept) = form.map_err(|error| Refusal::bad(error.body_text()))?;
    let query = Query::of(&kept.query)?;
    let new = NewView {
        query: kept.query,
        shared: kept.shared.is_some(),
    };
    match views::save(&app, &principal, &kept.name, &new).await {
        Ok(_) => Ok(Redirect::to(&query.address()).into_response()),
        Err(refusal) => again(&app, principal, query, (kept.name, refusal)).await,
    }
}

/// `POST /inventory/views/change`: by the page's form.
pub(crate) async fn change_view(
    State(app): State<App>,
    principal: Principal,
    form: Result<Form<Change>, FormRejection>,
) -> Result<Response, Refusal> {
    let Form(change) = form.map_err(|error| Refusal::bad(error.body_text()))?;
    let query = Query::of(&change.query)?;
    match changed(&app, &principal, &change).await {
        Ok(()) => Ok(Redirect::to(&query.address()).into_response()),
        Err(refusal) => again(&app, principal, query, (String::new(), refusal)).await,
    }
}

async fn changed(app: &App, principal: &Principal, change: &Change) -> Result<(), Refusal> {
    let (account, by) = (account(principal)?, principal.now());
    match change.r#do {
        Do::Rename => {
            let to = view_name(&change.to)?;
            app.store.rename_view(account, &change.name, to, &by).await??;
        }
        Do::Delete => app.store.delete_view(account, &change.name, &by).await??,
    }
    Ok(())
}

/// The page with what was typed, and why it was refused.
async fn again(app: &App, principal: Principal, query: Query, refused: Refused) -> Result<Response, Refusal> {
    if refused.1.status().is_client_error() {
        return page(app, principal, query, Some(refused)).await;
    }
    Err(refused.1)
}
