//! A person's name goes from everything that may be changed, and what is left of them is nobody's.

use umbra_catalog::Catalogue;
use umbra_policy::{DataClass, File, Pattern, Sanction, Scope, Verdict};
use umbra_report::{Origin, OriginKind};

use super::*;
use crate::access::Role;
use crate::findings::FindingState;
use crate::person::Pseudonym;

on_both!(
    a_name_goes_from_everything_and_sums_stay,
    whoever_comes_again_is_another_caller,
    what_is_about_others_stays_as_it_was,
    an_account_that_is_shut_loses_its_name,
    one_name_goes_at_a_time,
);

fn by(actor: &str) -> By<'_> {
    By {
        actor,
        time: Timestamp::now(),
    }
}

fn eve() -> Pseudonym {
    Pseudonym::of("eve", Some("person-0f".to_owned())).expect("a name")
}

/// All that is kept as text, but for the audit log and versions of the policy, in which nothing is ever changed.
const TEXTS: &str = "SELECT user_name FROM callers UNION ALL SELECT user_groups FROM callers
    UNION ALL SELECT exe FROM callers UNION ALL SELECT script FROM callers UNION ALL SELECT unit FROM callers
    UNION ALL SELECT origin FROM callers UNION ALL SELECT name FROM programs UNION ALL SELECT text FROM terms
    UNION ALL SELECT decided_by FROM findings UNION ALL SELECT decided_reason FROM findings
    UNION ALL SELECT sanction FROM requests UNION ALL SELECT requester FROM requests
    UNION ALL SELECT settler FROM requests UNION ALL SELECT why FROM requests
    UNION ALL SELECT name FROM views UNION ALL SELECT query FROM views";

async fn texts(store: &Store) -> Vec<String> {
    let found: Vec<Option<String>> = on!(store.readers(), |db| {
        sqlx::query_scalar(TEXTS).fetch_all(db).await
    })
    .expect("texts");
    found.into_iter().flatten().collect()
}

async fn found(store: &Store, text: &str) -> Vec<Use> {
    let selection = Selection::from(Along::Text(text.to_owned()));
    store.uses(&selection, 100).await.expect("rows").rows
}

/// What a user did, with their name wherever it may stand.
fn named(user: &str) -> umbra_report::Observation {
    let mut call = call(user, &format!("python3 /srv/{user}/bot.py"));
    let caller = &mut call.caller;
    caller.user.groups = Some(vec!["staff".to_owned(), user.to_owned()]);
    caller.program.script = Some(format!("/srv/{user}/bot.py"));
    caller.unit = Some(format!("bots@{user}.service"));
    call.origin = Some(Origin {
        kind: OriginKind::Cron,
        name: Some(format!("/home/{user}/nightly")),
        peer: None,
        ancestors: vec![format!("bash /home/{user}/start.sh")],
    });
    call
}

/// A store in which eve and others have left traces.
async fn traces(place: &Place) -> Store {
    let store = place.store().await;
    let mut theirs = call("root", "sync");
    theirs.caller.program.exe = Some("/home/eve/bin/sync".to_owned());
    let calls = vec![named("eve"), named("steve"), named("eve.smith"), theirs];
    apply(&store, &Spool::of("web-1").report(calls)).await;
    apply(&store, &Spool::of("web-2").report(vec![named("eve")])).await;
    let wish = Sanction {
        id: "bots".to_owned(),
        verdict: Verdict::Sanctioned,
        scope: Scope {
            user: Pattern::try_from("eve".to_owned()).ok(),
            ..Scope::default()
        },
        data: Some(DataClass::Public),
        reason: "Eve tries it".to_owned(),
        approver: "eve".to_owned(),
        expires: None,
        ticket: None,
    };
    let request = store.create_request(&wish, &by("eve")).await.expect("a request");
    store
        .refuse_request(request, "Eve must not", &by("ada"))
        .await
        .expect("it is pending");
    let decision = FindingDecision {
        state: FindingState::Resolved,
        until: None,
        reason: "I asked steve, and eve stopped",
    };
    let finding = store.uses(&Selection::default(), 1).await.expect("rows").rows[0].finding;
    let decided = store
        .decide_finding(finding.expect("a finding"), &decision, &by("eve"))
        .await;
    assert!(decided.expect("the store"));
    change(
        &store,
        "INSERT INTO accounts (name, password, role, created) VALUES ('ada', '-', 'admin', 1)",
    )
    .await;
    change(
        &store,
        "INSERT INTO views (account, name, query, shared, saved)
         VALUES ('ada', 'eve at work', 'q=a%26b+eve&user=eve&sort=bytes_out', 0, 1), ('ada', 'all', 'q=stevedore', 0, 1)",
    )
    .await;
    store
}

async fn a_name_goes_from_everything_and_sums_stay(place: Place) {
    let store = traces(&place).await;
    let before = flows(&store).await;
    let is_eve = |text: &String| eve().without(text).is_some();
    assert!(texts(&store).await.iter().filter(|text| is_eve(text)).count() >= 12);
    let text = "version = 1\n[groups]\npilots = [\"eve\"]\n";
    let file = File::parse(text, &Catalogue::builtin(), Timestamp::now()).expect("a policy");
    let new = NewPolicy {
        file: &file,
        text,
        comment: "",
        against: 0,
    };
    store.apply_policy(&new, &by("ada")).await.expect("the first");

    let erased = store
        .erase_person(&eve(), "SEC-40", &by("ada"))
        .await
        .expect("the store")
        .expect("it is alone");
    assert_eq!(
        erased,
        Erased {
            callers: 3,
            programs: 1,
            findings: 1,
            requests: 1,
            accounts: 0,
            views: 1,
            // The request and the decision about the finding.
            audit: 2,
            policies: 1,
        }
    );
    let left: Vec<_> = texts(&store).await.into_iter().filter(is_eve).collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(flows(&store).await, before, "what was done stays");
    let views = store.views(Some("ada")).await.expect("views");
    let views: Vec<_> = views.iter().map(|view| (&*view.name, &*view.query)).collect();
    let cleared = "q=a%26b+person-0f&user=person-0f&sort=bytes_out";
    assert_eq!(views, [("all", "q=stevedore"), ("person-0f at work", cleared)]);

    let rows = found(&store, "person-0f").await;
    let hosts: Vec<_> = rows.iter().map(|row| row.host.as_str()).collect();
    assert_eq!(hosts.len(), 2, "{hosts:?}");
    let row = &rows[0];
    assert_eq!(row.user_name.as_deref(), Some("person-0f"));
    assert_eq!(row.uid, u32::MAX, "a number tells on them as a name does");
    assert_eq!(row.program, "python3 /srv/person-0f/bot.py");
    assert_eq!(
        row.exe.as_deref(),
        Some("/home/person-0f/bin/python3 /srv/person-0f/bot.py")
    );
    assert_eq!(row.unit.as_deref(), Some("bots@person-0f.service"));
    assert_eq!(
        row.user_groups.as_deref(),
        Some(&["staff".to_owned(), "person-0f".to_owned()][..])
    );
    assert!(found(&store, "/srv/eve/").await.is_empty());

    // The log says who did it and why, and not to whom.
    let log = store.audit(u64::MAX, 2).await.expect("the log");
    let entries: Vec<_> = log
        .iter()
        .map(|entry| (entry.action.as_str(), entry.subject.as_str()))
        .collect();
    assert_eq!(
        entries,
        [("person_erased", "person-0f"), ("erasure_begun", "person-0f")]
    );
    assert!(
        log.iter()
            .all(|entry| !is_eve(&entry.detail) && entry.actor == "ada")
    );
    assert!(store.verify_audit(None).await.expect("the store").is_ok());
    let again = store
        .erase_person(&eve(), "SEC-40", &by("ada"))
        .await
        .expect("the store")
        .expect("it is alone");
    assert_eq!(
        (again.callers, again.programs, again.findings, again.requests),
        (0, 0, 0, 0)
    );
}

async fn whoever_comes_again_is_another_caller(place: Place) {
    let store = traces(&place).await;
    store
        .erase_person(&eve(), "SEC-40", &by("ada"))
        .await
        .expect("the store")
        .expect("it is alone");
    let mut spool = Spool::of("web-1");
    apply(&store, &spool.report(vec![named("eve")])).await;
    let rows = found(&store, "eve").await;
    let of = |name: &str| {
        rows.iter()
            .filter(|row| row.user_name.as_deref() == Some(name))
            .collect::<Vec<_>>()
    };
    let eves = of("eve");
    assert_eq!((eves.len(), eves[0].flows), (1, 1), "nothing of before");
    assert_eq!(
        found(&store, "person-0f").await.len(),
        2,
        "and what was before is nobody's"
    );
}

async fn what_is_about_others_stays_as_it_was(place: Place) {
    let store = traces(&place).await;
    let mut before = found(&store, "eve").await;
    before.retain(|row| {
        row.user_name
            .as_deref()
            .is_some_and(|name| name.contains("eve") && name != "eve")
    });
    assert_eq!(before.len(), 2);
    store
        .erase_person(&eve(), "SEC-40", &by("ada"))
        .await
        .expect("the store")
        .expect("it is alone");
    let after = found(&store, "eve").await;
    assert_eq!(after, before);
    // Of root's caller the path alone named her.
    let roots = found(&store, "root").await;
    assert_eq!(roots[0].exe.as_deref(), Some("/home/person-0f/bin/sync"));
    assert_ne!(roots[0].uid, u32::MAX);
}

async fn an_account_that_is_shut_loses_its_name(place: Place) {
    let store = place.store().await;
    let scope = crate::access::Scope::default();
    for name in ["eve", "steve"] {
        let new = NewAccount {
            name,
            password: "a hash",
            role: Role::Viewer,
            scope: &scope,
        };
        let made = store.create_account(&new, &by("ada")).await;
        assert_eq!(made.expect("the store"), Ok(()));
    }
    let token = NewApiToken {
        name: "nightly",
        rights: &[],
        scope: &scope,
        life: Duration::from_hours(1),
    };
    let token = store.create_api_token(&token, &by("eve")).await;
    token.expect("the store").expect("a token");
    let names = async || {
        let accounts = store.accounts().await.expect("the store");
        accounts
            .into_iter()
            .map(|account| account.name)
            .collect::<Vec<_>>()
    };
    let erased = async || {
        store
            .erase_person(&eve(), "SEC-40", &by("ada"))
            .await
            .expect("the store")
            .expect("it is alone")
    };
    assert_eq!(erased().await.accounts, 1, "who may log in has a name");
    assert_eq!(names().await, ["eve", "steve"]);

    let shut = AccountChange {
        disabled: Some(true),
        ..AccountChange::default()
    };
    let done = store.change_account("eve", &shut, &by("ada")).await;
    assert_eq!(done.expect("the store"), Ok(()));
    change(
        &store,
        "INSERT INTO views (account, name, query, shared, saved) VALUES ('eve', 'mine', 'q=a', 1, 1), ('steve', 'his', 'q=a', 0, 1)",
    )
    .await;
    assert_eq!(erased().await.accounts, 0);
    assert_eq!(
        rows(&store, "views").await,
        1,
        "what a shut account kept goes with its name"
    );
    assert_eq!(names().await, ["person-0f", "steve"]);
    let tokens = store.api_tokens().await.expect("the store");
    assert_eq!(tokens[0].maker, "person-0f");
}

async fn one_name_goes_at_a_time(place: Place) {
    let store = traces(&place).await;
    let other = Duty {
        name: "erasure",
        holder: uuid::Uuid::from_u128(1),
    };
    let lease = Duration::from_mins(2);
    let taken = store.take_duty(other, Timestamp::now(), lease).await;
    assert!(taken.expect("the store").is_some());
    let erase = async || {
        store
            .erase_person(&eve(), "SEC-40", &by("ada"))
            .await
            .expect("the store")
    };
    assert_eq!(erase().await, None);
    let log = store.audit(u64::MAX, 1).await.expect("the log");
    assert_ne!(log[0].action, "erasure_begun", "nothing was done");
    store.leave_duty(other).await.expect("the store");
    assert!(erase().await.is_some());
    assert!(erase().await.is_some(), "and then it is free");
}
