use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that the collector has open besides connections: the store's, its log's, those of the webhook.
const OTHERS: u64 = 200;

/// Lets this process have as many files open as its connections may need: systems give 1,024 unless asked for more.
pub(super) fn allow(connections: usize) {
    let wanted = u64::try_from(connections)
        .unwrap_or(u64::MAX)
        .saturating_add(OTHERS);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // `None` is without a limit.
    let Some(current) = current.filter(|current| *current < wanted) else {
        return;
    };
    let raised = maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let new = Rlimit {
        current: Some(raised),
        maximum,
    };
    let now = match setrlimit(Resource::Nofile, new) {
        Ok(()) => raised,
        Err(_) => current,
    };
    if now < wanted {
        tracing::warn!(
            "this process may have {now} files open, and {connections} connections at each listener need {wanted}: \
             raise LimitNOFILE= of its unit, or lower connections under [limits]"
        );
    }
}
