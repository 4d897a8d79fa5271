use utoipa::OpenApi;

use super::{Need, Table};
use crate::access::Right;

mod routes {
    #[utoipa::path(get, path = "/said", security(("token" = ["audit:read"])), responses((status = 200)))]
    pub(super) fn said() {}
    #[utoipa::path(get, path = "/forgotten", responses((status = 200)))]
    pub(super) fn forgotten() {}
    #[utoipa::path(get, path = "/misspelt", security(("token" = ["audit:raed"])), responses((status = 200)))]
    pub(super) fn misspelt() {}
    #[utoipa::path(post, path = "/said", security(("token" = [])), responses((status = 200)))]
    pub(super) fn written() {}
}

#[derive(OpenApi)]
#[openapi(paths(routes::said, routes::forgotten, routes::misspelt, routes::written))]
struct Document;

#[test]
fn a_route_that_does_not_say_what_it_takes_is_not_there() {
    routes::said();
    routes::forgotten();
    routes::misspelt();
    routes::written();
    let mut document = Document::openapi();
    let table = Table::of(&mut document, false);
    assert_eq!(table.need("GET", "/said"), Some(Need::Right(Right::AuditRead)));
    assert_eq!(table.need("HEAD", "/said"), Some(Need::Right(Right::AuditRead)));
    assert_eq!(table.need("POST", "/said"), Some(Need::Somebody));
    assert_eq!(table.methods("/said"), "GET,HEAD,POST");
    assert_eq!(table.need("GET", "/forgotten"), None);
    assert_eq!(table.need("GET", "/misspelt"), None);
    let said = document.paths.paths["/said"].get.as_ref().expect("an operation");
    assert!(
        ["401", "403"]
            .iter()
            .all(|status| said.responses.responses.contains_key(*status))
    );
}
