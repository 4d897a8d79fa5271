use super::*;

#[test]
fn one_moment_has_one_time() {
    let first = Clock::now().time(5_000_000_000);
    for _ in 0..1000 {
        assert_eq!(Clock::now().time(5_000_000_000), first);
    }
}
