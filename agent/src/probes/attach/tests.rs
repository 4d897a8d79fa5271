use super::*;

#[test]
fn the_verifiers_verdict_stands_before_its_statistics() {
    let log = "0: (61) r2 = *(u32 *)(r1 +0)\nR3 pointer arithmetic on sock prohibited\nverification time 432 usec\nstack depth 32\nprocessed 67 insns (limit 1000000) max_states_per_insn 0\n\n";
    assert_eq!(verdict(log), Some("R3 pointer arithmetic on sock prohibited"));
    assert_eq!(verdict(""), None);
}
