//! What an agent's losses mean, and what to do: the table of `docs/OPERATIONS.md` in short.

/// Causes, what was lost, and what to do.
const CAUSES: [(&str, &str, &str); 21] = [
    (
        "activity_queue_full",
        "counts: sending fell behind",
        "look for a slow disk, or a host short of CPU",
    ),
    (
        "spool_unwritable",
        "observations: the disk was full or away, and so was room in memory",
        "make room, or move the spool to another disk",
    ),
    (
        "spool_full",
        "the oldest records: the collector was away for too long",
        "bring it back, or give the spool more room",
    ),
    (
        "spool_corrupt",
        "nothing yet: a damaged spool file was set aside, and what could be read of it kept",
        "look at disk and memory",
    ),
    (
        "record_damaged",
        "records that a damaged spool file lost",
        "look at disk and memory",
    ),
    (
        "collector_refused",
        "records that the collector refused, now in the agent’s dead letters",
        "read there why; mostly two versions",
    ),
    (
        "dead_letter_full",
        "dead letters, removed or never written",
        "read there why the collector refuses",
    ),
    (
        "output_queue_full",
        "lines of the agent’s own output: nobody read them",
        "a faster reader, or no output",
    ),
    (
        "agent_killed",
        "what the agent before this one had counted in its last seconds",
        "find out who killed it",
    ),
    (
        "process_unknown",
        "the program of a flow, which counts as unknown",
        "if it rises, look for the process and image tables here",
    ),
    (
        "flow_undecided",
        "names of flows, of any site, that said them in too many pieces",
        "look who sends half hellos",
    ),
    (
        "name_encrypted",
        "names in encrypted hellos to shared addresses, at most",
        "have browsers ask this host’s resolver",
    ),
    (
        "lookup_queue_full",
        "names of users, facts of files or containers",
        "see why name service, disk or runtime is slow",
    ),
    (
        "pieces_dropped",
        "names that were not whole in a packet, of any site",
        "a host short of CPU, or a flood",
    ),
    (
        "workspaces_busy",
        "names in packets that came while others were being read",
        "report it to Umbra’s authors",
    ),
    (
        "flow_table_full",
        "flows beyond 16,384 at once",
        "look for a flood",
    ),
    (
        "process_table_full",
        "knowledge of processes beyond 32,768",
        "report it to Umbra’s authors",
    ),
    (
        "image_table_full",
        "knowledge of executed programs beyond 8,192",
        "report it to Umbra’s authors",
    ),
    (
        "cgroup_table_full",
        "where programs ran whose control groups are gone",
        "report it to Umbra’s authors",
    ),
    (
        "socket_storage_failed",
        "a socket that could not be followed",
        "the kernel was out of memory",
    ),
    (
        "hellos_malformed",
        "names of hellos against their syntax, of any site",
        "a client of your own?",
    ),
];

/// What was lost for a cause, and what to do.
pub(super) fn told(cause: &str) -> (&'static str, &'static str) {
    let known = CAUSES.iter().find(|(known, ..)| *known == cause);
    known.map_or(
        (
            "what a newer agent tells of",
            "see the documentation of that version",
        ),
        |(_, lost, remedy)| (lost, remedy),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_cause_of_the_documentation_is_told() {
        let operations = include_str!("../../../../docs/OPERATIONS.md");
        let table = operations
            .split("| cause | lost | do |")
            .nth(1)
            .expect("the table");
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        let documented: BTreeSet<&str> = rows
            .filter_map(|row| row.split('|').nth(1))
            .flat_map(|causes| causes.split(','))
            .map(|cause| cause.trim().trim_matches('`'))
            .collect();
        let told: BTreeSet<&str> = CAUSES.iter().map(|(cause, ..)| *cause).collect();
        assert_eq!(told, documented);
    }
}
