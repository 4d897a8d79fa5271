use super::{Stat, cpu, cpu_of_tree, resident};

#[test]
fn a_name_with_parentheses_and_spaces_moves_no_field() {
    let stat = "7 (a) b (c)) S 5 7 7 0 -1 4194304 1 2 3 4 11 12 13 14 20 0 1 0 99 1000 10";
    let stat = Stat::parse(stat).expect("fields");
    assert_eq!(stat.parent, 5);
    assert!((stat.own - 23.0).abs() < 1e-9 && (stat.waited_for - 27.0).abs() < 1e-9);
    assert!(Stat::parse("7 (short) S 5").is_none());
}

#[test]
fn this_process_takes_time_and_memory() {
    let pid = std::process::id();
    let before = cpu(pid).expect("stat");
    while cpu(pid).expect("stat") < before + 0.02 {}
    assert!(cpu_of_tree(pid).expect("stat") >= before + 0.02);
    assert!(resident(pid).expect("status") > 1000);
}
