use super::agent::milliseconds;
use super::metrics::Metrics;
use super::process::{kibibytes, nanoseconds, ticks, ticks_of_all};
use super::programs::{Runs, parse};
use super::ratio::{noise, on_to_off};
use super::spread::Spread;
use super::table::{Goal, Table, machine};

#[test]
fn our_programs_are_found_among_bpftools() {
    let json = r#"[
        {"id":7,"type":"cgroup_skb","name":"sd_fw_egress","run_time_ns":5,"run_cnt":1},
        {"id":8,"type":"cgroup_sock_addr","name":"umbra_connect4","gpl_compatible":true,"run_time_ns":900,
         "run_cnt":3,"map_ids":[1,2],"pids":[{"pid":42,"comm":"umbra-agent"}]},
        {"id":9,"type":"sock_ops","name":"umbra_socket","map_ids":[1]},
        {"id":10,"type":"raw_tracepoint"}]"#;
    let programs = parse(json).expect("bpftool's form");
    let runs = |count, nanoseconds| Runs { count, nanoseconds };
    let expected = [("umbra_connect4", runs(3, 900)), ("umbra_socket", runs(0, 0))];
    assert_eq!(
        programs,
        expected.map(|(name, runs)| (name.to_owned(), runs)).into()
    );
    assert_eq!(runs(5, 1_500).since(programs["umbra_connect4"]), runs(2, 600));
    assert!(parse("{}").is_err());
    assert_eq!(parse("[]").expect("no program at all").len(), 0);
}

#[test]
fn metrics_are_read_with_their_labels() {
    let page = "# HELP umbra_agent_kernel What the kernel programs counted.\n# TYPE umbra_agent_kernel counter\n\
                umbra_agent_kernel_total{counter=\"events_sent\"} 1000\n\
                umbra_agent_ring_buffer_wakeups_total 37\n# EOF\n";
    let metrics = Metrics::parse(page);
    assert_eq!(metrics.kernel("events_sent").ok(), Some(1000.0));
    assert_eq!(
        metrics.get("umbra_agent_ring_buffer_wakeups_total").ok(),
        Some(37.0)
    );
    let missing = metrics
        .kernel("flows_opened")
        .err()
        .map(|error| error.to_string());
    assert_eq!(
        missing.as_deref(),
        Some("the agent's metrics have no `umbra_agent_kernel_total{counter=\"flows_opened\"}`")
    );
}

#[test]
fn cpu_ticks_are_found_behind_any_name() {
    let rest = "S 1 42 42 0 -1 4194560 2187 0 12 0 17 25 3 4 20 0 3 0 5400 170000384 4096";
    for name in ["umbra-agent", "a) S 1 (b", ") 1 2 3"] {
        assert_eq!(ticks(&format!("42 ({name}) {rest}")), Some(42), "{name}");
        assert_eq!(
            ticks_of_all(&format!("42 ({name}) {rest}")),
            Some(49),
            "with children: {name}"
        );
    }
    assert_eq!(ticks("42 (umbra-agent) S 1 42"), None);
    assert_eq!(
        ticks_of_all("42 (a) S 1 42 42 0 -1 4194560 2187 0 12 0 17 25 3"),
        None
    );
    assert_eq!(ticks(""), None);
}

#[test]
fn the_schedulers_account_is_the_first_field() {
    assert_eq!(nanoseconds("12345678901 57626 31\n"), Some(12_345_678_901));
    assert_eq!(nanoseconds(""), None);
}

#[test]
fn memory_is_found_by_its_whole_name() {
    let status = "Name:\tVmRSS: 1 kB\nVmHWM:\t   15232 kB\nVmRSS:\t   12044 kB\nThreads:\t3\n";
    assert_eq!(kibibytes(status, "VmRSS"), Some(12_044));
    assert_eq!(kibibytes(status, "VmHWM"), Some(15_232));
    assert_eq!(kibibytes(status, "Threads"), None);
    assert_eq!(kibibytes(status, "Vm"), None);
}

#[test]
fn the_agents_own_time_is_read() {
    assert_eq!(
        milliseconds("umbra-agent: attached in 212 ms; watching this host"),
        Some(212.0)
    );
    assert_eq!(milliseconds("umbra-agent: attached in no time"), None);
}

#[test]
fn drift_is_no_difference() {
    let off = [100.0, 80.0, 60.0, 40.0];
    assert_eq!(on_to_off(&[90.0, 70.0, 50.0], &off), [1.0, 1.0, 1.0]);
    assert_eq!(noise(&off), [1.0, 1.0]);
    assert_eq!(on_to_off(&[45.0], &off[..2]), [0.5]);
    assert!(noise(&off[..2]).is_empty());
}

#[test]
fn the_median_of_two_lies_between_them() {
    assert!((Spread::of([3.0, 1.0, 2.0]).median - 2.0).abs() < 1e-9);
    assert!((Spread::of([4.0, 1.0, 2.0, 3.0]).median - 2.5).abs() < 1e-9);
    assert_eq!(Spread::of([3.0, 1.0]).range(1).to_string(), "1.0 - 3.0");
    assert_eq!(Spread::from(3.0).range(1).to_string(), "");
}

#[test]
fn goals_are_met_or_missed_in_eighty_columns() {
    let mut table = Table::begin();
    table.goal("ratio", Spread::of([0.97, 0.5, 1.5]), 3, Goal::AtLeast(0.97));
    table.goal("resident at its very most, all told", 20.0, 1, Goal::Under(20.0));
    table.goal(
        "milliseconds",
        Spread::of([123_456.0, 123_457.0, 123_458.0]),
        0,
        Goal::Under(300.0),
    );
    table.absent("umbra_sendmsg6", "did not run");
    let lines: Vec<_> = table.text().lines().map(str::to_owned).collect();
    let is_head = |line: &String| line.trim_start().starts_with("median");
    let head = lines.iter().position(is_head).expect("a head");
    assert!(lines[head..].iter().all(|line| line.len() <= 80), "{lines:#?}");
    let verdicts: Vec<_> = lines[head + 1..]
        .iter()
        .map(|line| line.rsplit(' ').next().unwrap_or(""))
        .collect();
    assert_eq!(verdicts, ["met", "missed", "missed", "run"]);
}

#[test]
fn a_machine_with_long_names_takes_several_lines() {
    let cpus = "processor\t: 0\nmodel name\t: Intel(R) Xeon(R) Processor\n";
    assert_eq!(
        machine(cpus, 2, "6.18.44-own\n", "0.08 0.03 0.01 1/200 4321\n"),
        "2 processors (Intel(R) Xeon(R) Processor), Linux 6.18.44-own\nload average 0.08 before"
    );
    assert_eq!(
        machine("", 1, "6.1.0", "1.00 "),
        "1 processors (unknown), Linux 6.1.0, load average 1.00 before"
    );
    let long = machine(
        cpus,
        64,
        "6.18.44-a-kernel-of-our-own-with-a-name-of-its-own",
        "12.34",
    );
    assert!(long.lines().all(|line| line.len() <= 80), "{long}");
}
