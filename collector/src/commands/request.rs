use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use umbra_catalog::Kind;
use umbra_policy::{DataClass, Pattern, Sanction, Scope, Verdict};

use super::actor::{self, Actor};
use super::table::{table, time};
use super::{CommandError, Place, plain};
use crate::requests::RequestState;
use crate::store::{Request, Requests, Store};

/// Requests that are listed.
const LISTED: u16 = 100;

/// Asks for what nobody has reviewed to be sanctioned, and decides about what was asked
#[derive(Clone, Debug, clap::Subcommand)]
pub enum RequestCommand {
    /// Ask for a sanction; somebody approves or refuses it
    Create(Box<Create>),
    /// List the newest 100 requests in a state; all of them are at `/v1/requests`
    List {
        /// Which ones
        #[arg(long, value_enum, default_value = "pending")]
        state: RequestState,
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
    /// Put what was asked for in force, as its approver; for confidential and restricted data another person must have asked
    Approve {
        /// What it is about.
        #[command(flatten)]
        act: Act,
        /// Only if this version of the policy is in force
        #[arg(long, value_name = "VERSION")]
        against: Option<u64>,
        /// What else there is to say
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// Say no
    Refuse {
        /// What it is about.
        #[command(flatten)]
        act: Act,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Take one's own request back
    Withdraw {
        /// What it is about.
        #[command(flatten)]
        act: Act,
        /// Why
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
}

/// What is asked for: at least one condition, all of which must hold.
#[derive(Clone, Debug, clap::Args)]
pub struct Create {
    /// What the sanction is to be called: 1 to 64 of a-z, 0-9 and -
    id: String,
    /// Vendor, by a name of the catalogue
    #[arg(long)]
    vendor: Option<String>,
    /// Service of the vendor
    #[arg(long)]
    service: Option<String>,
    /// What the service is for: api, `web_app`, `coding_assistant` and so on
    #[arg(long)]
    kind: Option<String>,
    /// Program, as the inventory shows it
    #[arg(long)]
    program: Option<String>,
    /// Script or module behind an interpreter
    #[arg(long)]
    script: Option<String>,
    /// Package, `npm:claude`
    #[arg(long)]
    package: Option<String>,
    /// User
    #[arg(long)]
    user: Option<String>,
    /// Group of users
    #[arg(long)]
    group: Option<String>,
    /// Label of hosts, `env=prod`
    #[arg(long)]
    host_label: Option<String>,
    /// Systemd unit
    #[arg(long)]
    unit: Option<String>,
    /// Image of containers
    #[arg(long)]
    image: Option<String>,
    /// Kubernetes namespace
    #[arg(long)]
    namespace: Option<String>,
    /// Which data are to be sent: public, internal, confidential, restricted, or a class of the policy's own
    #[arg(long, value_name = "CLASS")]
    for_data: String,
    /// What it is needed for
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Where it was discussed: an https:// address
    #[arg(long, value_name = "URL")]
    ticket: Option<String>,
    /// The last day (UTC), 2027-06-30, or a time with its zone
    #[arg(long, value_name = "DAY")]
    until: Option<String>,
    /// Who asks.
    #[command(flatten)]
    actor: Actor,
    /// Whose data.
    #[command(flatten)]
    place: Place,
}

/// Which request, and who decides.
#[derive(Clone, Debug, clap::Args)]
pub struct Act {
    /// The request's number
    id: i64,
    /// Who does it.
    #[command(flatten)]
    actor: Actor,
    /// Whose data.
    #[command(flatten)]
    place: Place,
}

impl RequestCommand {
    /// Does it; gives what to print.
    pub async fn run(self) -> Result<String, CommandError> {
        match self {
            Self::Create(create) => create.run().await,
            Self::List { state, place } => {
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let asked = Requests {
                    state: Some(state),
                    before: None,
                };
                let requests = store.requests(asked, LISTED).await?;
                store.close().await;
                Ok(list(requests, state))
            }
            Self::Approve { act, against, reason } => {
                let Act { id, actor, place } = act;
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let (name, reason) = (actor.name(), plain(&reason, Sanction::TEXT));
                let done = store
                    .approve_request(id, against, &reason, &actor::now(&name))
                    .await;
                store.close().await;
                Ok(format!(
                    "request {id} is approved: policy version {} is in force\n",
                    done?
                ))
            }
            Self::Refuse { act, reason } => settle(act, RequestState::Refused, &reason).await,
            Self::Withdraw { act, reason } => settle(act, RequestState::Withdrawn, &reason).await,
        }
    }
}

async fn settle(act: Act, state: RequestState, reason: &str) -> Result<String, CommandError> {
    let Act { id, actor, place } = act;
    let store = Store::open_beside(&place.settings()?.location()).await?;
    let (name, reason) = (actor.name(), plain(reason, Sanction::TEXT));
    let by = actor::now(&name);
    let done = if state == RequestState::Refused {
        store.refuse_request(id, &reason, &by).await
    } else {
        store.withdraw_request(id, &reason, &by).await
    };
    store.close().await;
    done?;
    Ok(format!("request {id} is {state}\n"))
}

impl Create {
    async fn run(self) -> Result<String, CommandError> {
        let (sanction, place) = self.sanction()?;
        let store = Store::open_beside(&place.settings()?.location()).await?;
        let made = store
            .create_request(&sanction, &actor::now(&sanction.approver))
            .await;
        store.close().await;
        let (id, scope) = (made?, &sanction.scope);
        Ok(format!(
            "request {id}: {} is to be sanctioned for {} data: {scope}\n",
            sanction.id,
            sanction.data.as_ref().map_or("no", DataClass::as_str),
        ))
    }

    /// What is asked for, with whoever asks in the approver's place, so that it can be checked whole.
    fn sanction(self) -> Result<(Sanction, Place), CommandError> {
        let wrong = |what: &'static str, reason: String| CommandError::Argument { what, reason };
        let pattern = |what: &'static str, text: Option<String>| {
            text.map(Pattern::try_from)
                .transpose()
                .map_err(|error| wrong(what, error.to_string()))
        };
        let kind = self
            .kind
            .map(|word| {
                let known = Kind::ALL.into_iter().find(|kind| kind.as_str() == word);
                known.ok_or_else(|| wrong("--kind", format!("{word} is none of the catalogue's kinds")))
            })
            .transpose()?;
        let scope = Scope {
            vendor: self.vendor,
            service: self.service,
            kind,
            script: pattern("--script", self.script)?,
            program: pattern("--program", self.program)?,
            package: pattern("--package", self.package)?,
            user: pattern("--user", self.user)?,
            group: pattern("--group", self.group)?,
            host_label: pattern("--host-label", self.host_label)?,
            unit: pattern("--unit", self.unit)?,
            image: pattern("--image", self.image)?,
            namespace: pattern("--namespace", self.namespace)?,
        };
        if scope.conditions().next().is_none() {
            return Err(wrong(
                "a request",
                "it must say what it is about, such as --vendor or --program".to_owned(),
            ));
        }
        let sanction = Sanction {
            id: self.id,
            verdict: Verdict::Sanctioned,
            scope,
            data: Some(DataClass::from(self.for_data)),
            reason: self.reason,
            approver: self.actor.name(),
            expires: self.until.as_deref().map(end).transpose()?,
            ticket: self.ticket,
        };
        Ok((sanction, self.place))
    }
}

/// The first moment that is not covered any more: a day counts whole, as in a policy file.
fn end(text: &str) -> Result<Timestamp, CommandError> {
    let day = || {
        text.parse::<Date>()
            .ok()?
            .tomorrow()
            .ok()?
            .to_zoned(TimeZone::UTC)
            .ok()
    };
    let time = text.parse::<Timestamp>().ok();
    time.or_else(|| day().map(|next| next.timestamp()))
        .ok_or_else(|| CommandError::Argument {
            what: "--until",
            reason: format!(
                "{text} is neither a day, 2027-06-30, nor a time with its zone, 2027-06-30T12:00:00Z"
            ),
        })
}

fn list(requests: Vec<Request>, state: RequestState) -> String {
    if requests.is_empty() {
        return format!("no request is {state}\n");
    }
    let head = [
        "REQUEST",
        "ASKED",
        "BY",
        "SANCTION",
        "ABOUT",
        "DATA",
        "REASON",
        "DECIDED BY",
        "WHY",
    ]
    .map(str::to_owned);
    let rows = requests.into_iter().map(|request| {
        let sanction = request.sanction;
        let (settler, why) = request.settled.map_or_else(
            || ("-".to_owned(), String::new()),
            |settled| (settled.actor, settled.reason),
        );
        [
            request.id.to_string(),
            time(Some(request.created)),
            request.requester,
            sanction.id,
            sanction.scope.to_string(),
            sanction.data.map_or_else(String::new, |data| data.to_string()),
            sanction.reason,
            settler,
            why,
        ]
    });
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}
