//! What stands before every route: who asks, and may they?

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use reqwest::Url;

use super::table::{self, Need, REPORTS, Table, VERDICTS};
use super::{Principal, cookie, origin, secret};
use crate::refusal::Refusal;
use crate::store::{Store, StoreError};

/// Where a session's writes show that they come from the collector's page; forms have a field `csrf` in its place.
const CSRF: &str = "x-csrf-token";
/// Bytes of a form that are looked through for it: of a policy of a megabyte, with three for a character.
const FORM: usize = 3 << 20;

/// Decides about requests.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) store: Arc<Store>,
    pub(crate) table: Arc<Table>,
    /// The page's address, as people know it.
    pub(crate) page: Url,
    /// Whether people come by HTTPS.
    pub(crate) secure: bool,
}

/// Lets a request through that its route takes from whoever sent it.
pub(crate) async fn stand(State(door): State<Door>, request: Request, next: Next) -> Response {
    let Some(path) = request.extensions().get::<MatchedPath>().cloned() else {
        // There is nothing; a page that says so has a head all the same.
        let found = who(&door.store, door.secure, request.headers()).await;
        return told(next.run(request).await, found.ok().flatten());
    };
    let Some(need) = door.table.need(request.method().as_str(), path.as_str()) else {
        return not_taken(&door.table.methods(path.as_str()));
    };
    match door.enter(need, path.as_str(), request).await {
        Ok(request) => {
            let principal = request.extensions().get::<Principal>().cloned();
            told(next.run(request).await, principal)
        }
        Err(refused) => refused,
    }
}

/// The response, with who asked for it: a page that refuses something has a head, too.
fn told(mut response: Response, principal: Option<Principal>) -> Response {
    if let Some(principal) = principal {
        response.extensions_mut().insert(principal);
    }
    response
}

impl Door {
    async fn enter(&self, need: Need, path: &str, mut request: Request) -> Result<Request, Response> {
        let writes = !matches!(*request.method(), Method::GET | Method::HEAD);
        let token = bearer(request.headers());
        let is_agents = [REPORTS, VERDICTS].contains(&path);
        if writes && token.is_none() && !is_agents && !origin::is_own(request.headers(), &self.page) {
            return Err(foreign().into_response());
        }
        if need == Need::Nothing {
            return Ok(request);
        }
        let found = who(&self.store, self.secure, request.headers()).await;
        let found = found.map_err(|error| Refusal::from(error).into_response())?;
        let Some(principal) = found else {
            return Err(nobody(path, &request, token.is_some()));
        };
        if let Need::Right(right) = need
            && !principal.may(right)
        {
            let refusal = not_for(&principal, right);
            return Err(told(refusal.into_response(), Some(principal)));
        }
        if writes && let Some(csrf) = &principal.csrf {
            request = shown(request, csrf).await.map_err(IntoResponse::into_response)?;
        }
        request.extensions_mut().insert(principal);
        Ok(request)
    }
}

/// Who sends these headers, now.
pub(crate) async fn who(
    store: &Store,
    is_secure: bool,
    headers: &HeaderMap,
) -> Result<Option<Principal>, StoreError> {
    match bearer(headers) {
        Some(token) => program(store, token).await,
        None => person(store, is_secure, headers).await,
    }
}

async fn person(
    store: &Store,
    is_secure: bool,
    headers: &HeaderMap,
) -> Result<Option<Principal>, StoreError> {
    let Some(secret) = cookie::of(headers, is_secure) else {
        return Ok(None);
    };
    let account = store.session(&secret::hash(secret), Timestamp::now()).await?;
    Ok(account.map(|account| Principal {
        actor: account.name.clone(),
        account: Some(account.name),
        rights: account.role.rights().collect(),
        scope: account.scope,
        csrf: Some(cookie::csrf(secret)),
    }))
}

async fn program(store: &Store, token: &str) -> Result<Option<Principal>, StoreError> {
    let token = store.api_token(token, Timestamp::now()).await?;
    Ok(token.map(|token| Principal {
        actor: Principal::program(&token.name, &token.id),
        account: None,
        rights: token.rights,
        scope: token.scope,
        csrf: None,
    }))
}

/// The token of `Authorization: Bearer …`. Other schemes are a reverse proxy's.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Sees to it that a write shows what only the collector's page knows.
async fn shown(request: Request, csrf: &str) -> Result<Request, Refusal> {
    // By their hashes, whose comparison tells nothing of what is compared.
    let is_it = |shown: &str| secret::hash(shown) == secret::hash(csrf);
    let header = request.headers().get(CSRF);
    if header.is_some_and(|shown| is_it(shown.to_str().unwrap_or_default())) {
        return Ok(request);
    }
    let form = b"application/x-www-form-urlencoded".as_slice();
    let kind = request.headers().get(header::CONTENT_TYPE);
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(form)) {
        return Err(foreign());
    }
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, FORM).await.map_err(|_| foreign())?;
    let mut fields = form_urlencoded::parse(&body);
    if fields.any(|(key, value)| key == "csrf" && is_it(&value)) {
        Ok(Request::from_parts(head, Body::from(body)))
    } else {
        Err(foreign())
    }
}

fn foreign() -> Refusal {
    Refusal::new(
        StatusCode::FORBIDDEN,
        "this write does not come from the collector's own page: open the page again, or use an API token",
    )
}

fn not_for(principal: &Principal, right: super::Right) -> Refusal {
    let why = if principal.rights.contains(&right) {
        format!(
            "this takes {right} for all hosts, and you see only those with {}: ask an admin for more",
            principal.scope
        )
    } else {
        format!("this takes {right}: ask an admin, or use a token that has it")
    };
    Refusal::new(StatusCode::FORBIDDEN, why)
}

/// People are asked to log in, programs are told.
fn nobody(path: &str, request: &Request, has_token: bool) -> Response {
    if table::is_page(request.method(), path) && !has_token {
        let address = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
        let next: String = form_urlencoded::byte_serialize(address.as_bytes()).collect();
        return Redirect::to(&format!("/login?next={next}")).into_response();
    }
    let why = if has_token {
        "this token is not good: it is unknown, revoked or expired; make another one with `umbra-collector api-token create`"
    } else {
        "log in at /login, or send a token of `umbra-collector api-token create` as `Authorization: Bearer TOKEN`"
    };
    let mut response = Refusal::new(StatusCode::UNAUTHORIZED, why).into_response();
    let challenge = HeaderValue::from_static("Bearer realm=\"umbra\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response
}

fn not_taken(methods: &str) -> Response {
    let mut response = Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "this address does not take this method",
    )
    .into_response();
    if let Ok(methods) = HeaderValue::try_from(methods) {
        response.headers_mut().insert(header::ALLOW, methods);
    }
    response
}
