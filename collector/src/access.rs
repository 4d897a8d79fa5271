//! Who may ask what: people by a session or programs by a token, their rights, and the one place that decides.
//!
//! A route says in its own description what it takes, and [`door`] lets nobody through to one that does not say:
//!
//! ```ignore
//! #[utoipa::path(get, path = "/v1/audit", security(("token" = ["audit:read"])), …)]   // a right of `right.rs`
//! #[utoipa::path(get, path = "/v1/me", security(("token" = [])), …)]                  // whoever has logged in
//! #[utoipa::path(get, path = "/healthz", security(()), …)]                            // anybody
//! ```
//!
//! Sessions, CSRF, refusals 401 and 403 and their description come with that. A handler that must know who asks takes
//! a [`Principal`]; pages, which are not in the description, are in [`table::PAGES`].

pub(crate) mod cookie;
pub(crate) mod door;
mod name;
mod origin;
pub mod password;
mod principal;
mod right;
mod scope;
pub(crate) mod secret;
pub(crate) mod table;

pub use name::{NameError, account_name};
pub use principal::Principal;
pub(crate) use principal::is_program;
pub use right::{Right, Role};
pub use scope::Scope;
