use jiff::Timestamp;

use super::table::{table, time};
use super::{CommandError, Place, plain};
use crate::alerts::{Message, Target};
use crate::store::{Outcome, RouteState, Store};

/// Characters of an error in the list.
const ERROR: usize = 300;

/// Shows where alerts go, and tries it
#[derive(Clone, Debug, clap::Subcommand)]
pub enum RouteCommand {
    /// List every route: what waits for it, what was sent last, and why it fails
    List {
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
    /// Send a message along a route that says it is a test, and say what came back
    Test {
        /// The route's name; `webhook` is that of --webhook
        name: String,
        /// Whose configuration.
        #[command(flatten)]
        place: Place,
    },
}

impl RouteCommand {
    /// Does it; gives what to print.
    pub async fn run(self) -> Result<String, CommandError> {
        match self {
            Self::List { place } => {
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let routes = store.routes().await;
                store.close().await;
                Ok(list(&routes?))
            }
            Self::Test { name, place } => {
                let settings = place.settings()?;
                let routes = settings.all_routes();
                let Some(route) = routes.iter().find(|route| route.name == name) else {
                    let names: Vec<&str> = routes.iter().map(|route| route.name.as_str()).collect();
                    return Err(CommandError::NoRoute {
                        name,
                        known: known(&names),
                    });
                };
                let target = Target::open(&route.receiver).map_err(|error| CommandError::Route {
                    name: name.clone(),
                    reason: error.to_string(),
                })?;
                let message = Message::test(&settings.own_page(), Timestamp::now());
                match target.send(&message).await {
                    Outcome::Delivered { answer } => Ok(format!(
                        "{name} took the test {}: {}\n",
                        message.id,
                        plain(&answer, ERROR)
                    )),
                    Outcome::Retry { error, .. } => Err(CommandError::Route {
                        name,
                        reason: format!("{} (an alert would be tried again)", plain(&error, ERROR)),
                    }),
                    Outcome::Refused { error } => Err(CommandError::Route {
                        name,
                        reason: format!(
                            "{} (an alert would be given up until the next start)",
                            plain(&error, ERROR)
                        ),
                    }),
                }
            }
        }
    }
}

fn known(names: &[&str]) -> String {
    if names.is_empty() {
        "the configuration has none; add one under [[routes]], or give --config the collector's file"
            .to_owned()
    } else {
        format!("the configuration has {}", names.join(", "))
    }
}

/// A line a route, and below it what is wrong.
fn list(routes: &[RouteState]) -> String {
    if routes.is_empty() {
        return "no collector has a route; docs/ALERTS.md shows how to add one\n".to_owned();
    }
    let head = ["ROUTE", "KIND", "TO", "WAITING", "REFUSED", "LAST SENT"].map(str::to_owned);
    let rows = routes.iter().map(|route| {
        [
            route.name.clone(),
            route.settings.kind.clone(),
            plain(&route.settings.place, 60),
            route.pending.to_string(),
            route.refused.to_string(),
            time(route.last_sent),
        ]
    });
    let mut lines = Vec::new();
    for route in routes {
        let name = &route.name;
        if let Some(error) = &route.error {
            let since = time(route.failing_since);
            lines.push(format!("{name} fails since {since}: {}\n", plain(error, ERROR)));
        }
        if route.omitted > 0 {
            let count = route.omitted;
            lines.push(format!(
                "{name}: {count} alerts waited for too long and were dropped\n"
            ));
        }
        if route.removed.is_some() {
            lines.push(format!(
                "{name}: no collector has it any more; what waits is kept for a week\n"
            ));
        }
    }
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>()) + &lines.concat()
}

#[cfg(test)]
mod tests;
