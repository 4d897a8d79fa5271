//! A name outside the catalogue never leaves the kernel: no event, no wake-up, no line.

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::{CLIENTS, Call};
use umbra_tests::metrics::Metrics;
use umbra_tests::skip::skip;

use crate::names::{OPENAI, OUTSIDE, bed, share};

/// Other programs of this machine may use AI while the test counts: then it counts again.
const ATTEMPTS: usize = 5;

#[test]
fn a_name_outside_the_catalogue_causes_no_event() {
    let Some(bed) = bed(&[]) else { return };
    let agent = Agent::start(&Setup::default());

    let mut calls = 0;
    for (turn, client) in CLIENTS.iter().enumerate() {
        let names = share(&OUTSIDE, turn);
        let tool = match client.tool() {
            Ok(tool) => tool,
            Err(why) => {
                skip(&format!("{}: {why}", client.name));
                continue;
            }
        };
        quiet(&agent, client.name, names.len(), || {
            for (_, name) in &names {
                bed.run(&tool, &Call::to(name, "/bytes/1000"));
            }
        });
        calls += names.len();
    }
    assert!(calls > 0, "no client ran");
    let told = agent.process.stdout.text() + &agent.process.stderr.text();
    for (_, name) in OUTSIDE {
        assert!(!told.contains(name), "{name} in\n{told}");
    }
    // The same counters do move for a name of the catalogue: the silence above is not that of a broken bell.
    let before = Counts::of(&agent.metrics());
    bed.run(
        &umbra_tests::clients::named("curl"),
        &Call::to(OPENAI.name, "/bytes/1000"),
    );
    umbra_tests::wait::eventually(crate::expect::SOON, || {
        let now = Counts::of(&agent.metrics());
        let woken = now.events >= before.events + 2.0 && now.wakeups > before.wakeups;
        woken
            .then_some(())
            .ok_or_else(|| format!("{before:?} then {now:?}"))
    });
    assert!(agent.stop().success());
}

/// Runs calls to names outside and checks that the kernel looked at them and said nothing.
fn quiet(agent: &Agent, client: &str, made: usize, calls: impl Fn()) {
    #[allow(clippy::cast_precision_loss, reason = "a handful")]
    let made = made as f64;
    for _ in 0..ATTEMPTS {
        let (before, said) = (Counts::of(&agent.metrics()), agent.events().len());
        calls();
        let now = Counts::of(&agent.metrics());
        if agent.events().len() > said {
            continue;
        }
        assert!(
            now.looked_up >= before.looked_up + made,
            "{client}: {before:?} then {now:?}"
        );
        assert!(
            now.flows >= before.flows + made,
            "{client}: {before:?} then {now:?}"
        );
        assert_eq!(
            (now.events, now.wakeups),
            (before.events, before.wakeups),
            "{client}"
        );
        return;
    }
    panic!("{client}: other programs of this machine used AI in {ATTEMPTS} attempts");
}

/// What the kernel programs counted.
#[derive(Debug)]
struct Counts {
    flows: f64,
    looked_up: f64,
    events: f64,
    wakeups: f64,
}

impl Counts {
    fn of(metrics: &Metrics) -> Self {
        Self {
            flows: metrics.get("umbra_agent_kernel_total{counter=\"flows_opened\"}"),
            looked_up: metrics.get("umbra_agent_kernel_total{counter=\"names_looked_up\"}"),
            events: metrics.get("umbra_agent_kernel_total{counter=\"events_sent\"}"),
            wakeups: metrics.get("umbra_agent_ring_buffer_wakeups_total"),
        }
    }
}
