//! The description of the API, made of the code that answers (`OpenAPI` 3.1).

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::get;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as OpenApiDocument;
use utoipa::openapi::security::{SecurityRequirement, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

/// Where it is.
pub(super) const ADDRESS: &str = "/v1/openapi.json";

/// What agents of other hosts show.
const CERTIFICATE: &str = "certificate";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Umbra collector",
        description = "Who, on a fleet's Linux hosts, talks to which AI. Every refusal is a Problem: a sentence with the remedy, \
                       and a code where an agent can act on it.",
    ),
    tags(
        (name = "agents", description = "What agents ask for and tell"),
        (name = "inventory", description = "What is known of the fleet"),
        (name = "policy", description = "What has been decided about callers and vendors"),
        (name = "questions", description = "Saved questions about the past, with an answer each"),
        (name = "people", description = "Who may ask, and about what"),
        (name = "health", description = "How the collector is"),
    )
)]
struct Head;

/// The description so far: of nothing.
pub(super) fn begun<S: Clone + Send + Sync + 'static>() -> OpenApiRouter<S> {
    OpenApiRouter::with_openapi(Head::openapi())
}

/// The same for the listener where agents show certificates.
pub(super) fn with_certificates<S: Clone + Send + Sync + 'static>() -> OpenApiRouter<S> {
    let mut document = Head::openapi();
    let scheme = SecurityScheme::MutualTls {
        description: Some("A certificate of the collector's authority, which `/v1/enrol` gives".to_owned()),
        deprecated: None,
        extensions: None,
    };
    document
        .components
        .get_or_insert_default()
        .add_security_scheme(CERTIFICATE, scheme);
    document.security = Some(vec![SecurityRequirement::new(CERTIFICATE, [""; 0])]);
    OpenApiRouter::with_openapi(document)
}

/// The routes, and one more that describes them.
///
/// What the routes ask for is read of the description, and completes it.
pub(super) fn described<S: Clone + Send + Sync + 'static>(
    router: OpenApiRouter<S>,
    complete: impl FnOnce(&mut OpenApiDocument),
) -> Router<S> {
    let (router, mut document) = router.split_for_parts();
    complete(&mut document);
    // Cannot fail: every key is text. An empty answer would only say less.
    let text = Bytes::from(document.to_pretty_json().unwrap_or_default());
    router.route(
        ADDRESS,
        get(move || {
            let text = text.clone();
            async move { ([(header::CONTENT_TYPE, "application/json")], text) }
        }),
    )
}
