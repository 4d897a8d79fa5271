use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

use tokio::sync::Semaphore;

use super::*;

const PATIENCE: Patience = Patience {
    head: Duration::from_secs(10),
    idle: Duration::from_secs(150),
};

#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn seats(count: usize) -> (Arc<Bench>, Vec<Arc<Seat>>) {
    let places = Arc::new(Semaphore::new(count));
    let bench = Arc::<Bench>::default();
    let seats = (0..count)
        .map(|_| {
            let place = Arc::clone(&places).try_acquire_owned().expect("a place");
            Seat::new(PATIENCE, Arc::clone(&bench), place)
        })
        .collect();
    (bench, seats)
}

/// A request and its answer.
fn exchange(seat: &Arc<Seat>) {
    seat.heard();
    seat.asked();
    seat.answered();
    seat.said();
}

fn deadline(seat: &Seat) -> Option<Instant> {
    match seat.wait(Waker::noop()) {
        Wait::Until(deadline) => Some(deadline),
        Wait::ForEver | Wait::Over => None,
    }
}

#[test]
fn who_waits_for_ever_is_told_that_there_is_a_limit_now() {
    let (_, seats) = seats(1);
    let (seat, bell) = (&seats[0], Arc::new(Bell::default()));
    let reader = Waker::from(Arc::clone(&bell));
    let rung = || bell.0.load(Ordering::Relaxed);
    // An answer at once costs nobody a look.
    assert!(matches!(seat.wait(&reader), Wait::Until(_)));
    exchange(seat);
    assert_eq!(rung(), 0);
    seat.heard();
    seat.asked();
    assert_eq!(seat.wait(&reader), Wait::ForEver);
    seat.answered();
    assert_eq!(rung(), 1);
    assert!(matches!(seat.wait(&reader), Wait::Until(_)));
}

#[test]
fn each_part_of_an_exchange_has_its_limit() {
    let (_, seats) = seats(1);
    let seat = &seats[0];
    let pause = || std::thread::sleep(Duration::from_millis(2));
    let arrived = deadline(seat).expect("a limit");
    assert!(arrived <= Instant::now() + PATIENCE.head);
    pause();
    assert!(seat.heard());
    assert_eq!(
        deadline(seat),
        Some(arrived),
        "of silence and the first head together"
    );
    seat.asked();
    assert_eq!(deadline(seat), None);
    seat.answered();
    seat.said();
    let begun = deadline(seat).expect("a limit");
    assert!(begun > Instant::now() + PATIENCE.head, "a limit of its own");
    pause();
    seat.said();
    let answered = deadline(seat).expect("a limit");
    assert!(answered > begun, "from the last byte of the answer on");
    assert!(seat.heard());
    let asking = deadline(seat).expect("a limit");
    assert!(asking <= Instant::now() + PATIENCE.head);
    pause();
    assert!(seat.heard());
    assert_eq!(deadline(seat), Some(asking), "from the first byte of the head on");
}

#[test]
fn whoever_is_idle_for_longest_gives_its_place_and_is_woken() {
    let (bench, seats) = seats(3);
    assert!(bench.take().is_none(), "nobody has been answered");
    for seat in &seats {
        exchange(seat);
    }
    exchange(&seats[0]);
    let bell = Arc::new(Bell::default());
    seats[1].wait(&Waker::from(Arc::clone(&bell)));
    assert!(bench.take().is_some());
    assert_eq!(bell.0.load(Ordering::Relaxed), 1);
    assert_eq!(
        seats.iter().map(|seat| seat.is_over()).collect::<Vec<_>>(),
        [false, true, false]
    );
    assert!(!seats[1].heard(), "what comes now is not read");
    // Who asks is not idle, and who left does not stand there any more.
    seats[2].heard();
    seats[0].leave();
    assert!(bench.take().is_none());
}

#[test]
fn a_request_that_came_with_the_one_before_is_not_idle() {
    let (bench, seats) = seats(1);
    exchange(&seats[0]);
    seats[0].asked();
    assert!(bench.take().is_none());
    seats[0].answered();
    seats[0].said();
    assert!(bench.take().is_some());
}
