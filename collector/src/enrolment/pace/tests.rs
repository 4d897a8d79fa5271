use super::*;

#[test]
fn a_storm_is_spread_and_everybody_gets_in() {
    let begin = Instant::now();
    let pace = Pace::new(10, begin);
    // Each host's next attempt, in milliseconds; all come at once, and come back when they are told.
    let mut due: Vec<u64> = vec![0; 200];
    let (mut at, mut attempts) = (0, 0);
    let mut by_second = [0_u32; 120];
    while !due.is_empty() {
        let now = begin + Duration::from_millis(at);
        let mut later = Vec::new();
        for next in due {
            if next > at {
                later.push(next);
                continue;
            }
            attempts += 1;
            match pace.turn(now) {
                Ok(()) => by_second[usize::try_from(at / 1000).expect("small")] += 1,
                Err(wait) => {
                    assert!(wait >= Duration::from_secs(1));
                    later.push(at + u64::try_from(wait.as_millis()).expect("small"));
                }
            }
        }
        due = later;
        at += 100;
        assert!(at < 120_000, "{} never get in", due.len());
    }
    assert!(by_second.iter().all(|turns| *turns <= 20), "{by_second:?}");
    assert!(at < 40_000, "200 at 10 a second took {at} ms");
    assert!(attempts < 800, "{attempts}");
}

#[test]
fn nobody_is_sent_away_for_long() {
    let begin = Instant::now();
    let pace = Pace::new(1, begin);
    let longest = (0..10_000).filter_map(|_| pace.turn(begin).err()).max();
    assert_eq!(longest, Some(LONGEST + Duration::from_secs(1)));
    assert_eq!(pace.turn(begin + Duration::from_secs(2)), Ok(()));
}
