use std::{
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use tokio::{sync::Notify, time::timeout};

use super::*;

fn terms() -> Terms<u32> {
    Terms {
        name: "desk-test",
        threads: 1,
        open_max: 2,
        known_max: 4,
        valid: |_| Duration::from_mins(1),
        patience: PATIENCE,
    }
}

/// A desk whose only thread answers when it is told to.
struct Slow {
    desk: Desk<u32, u32>,
    go: mpsc::Sender<()>,
    bell: Arc<Notify>,
    losses: Arc<Losses>,
}

impl Slow {
    fn new() -> Self {
        let (go, told) = mpsc::channel();
        let told = Arc::new(Mutex::new(told));
        let (bell, losses) = (Arc::new(Notify::new()), Arc::new(Losses::default()));
        let way = || {
            let told = told.clone();
            move |question: &u32| {
                told.lock().unwrap().recv().unwrap();
                question * 2
            }
        };
        let desk = Desk::new(terms(), way, bell.clone(), losses.clone());
        Self {
            desk,
            go,
            bell,
            losses,
        }
    }

    async fn answered(&mut self, now: Instant) {
        self.go.send(()).unwrap();
        timeout(Duration::from_secs(30), self.bell.notified())
            .await
            .unwrap();
        assert!(self.desk.take(now));
    }
}

#[tokio::test]
async fn an_answer_comes_later_and_is_remembered_for_a_while() {
    let (mut slow, now) = (Slow::new(), Instant::now());
    assert_eq!(slow.desk.ask(&21, now), Answer::Open);
    assert_eq!(slow.desk.ask(&21, now), Answer::Open, "asked once");
    assert_eq!(
        slow.desk.ask(&21, now + PATIENCE),
        Answer::Late,
        "and no more waited for"
    );
    assert!(!slow.desk.take(now));
    slow.answered(now).await;
    assert_eq!(slow.desk.ask(&21, now), Answer::Known(42));
    let later = now + Duration::from_secs(61);
    assert_eq!(slow.desk.ask(&21, later), Answer::Open, "asked anew");
}

#[tokio::test]
async fn a_way_that_hangs_costs_a_bounded_number_of_questions() {
    let (mut slow, now) = (Slow::new(), Instant::now());
    let mut late = 0;
    // One may be with the thread, two in the queue.
    for question in 0..10 {
        late += u64::from(slow.desk.ask(&question, now) == Answer::Late);
    }
    assert!((7..=8).contains(&late), "{late}");
    let counted = slow.losses.for_report()["lookup_queue_full"];
    assert_eq!(counted, late);
}

#[tokio::test]
async fn answers_are_bounded() {
    let (mut slow, start) = (Slow::new(), Instant::now());
    for question in 0..9 {
        let now = start + Duration::from_millis(u64::from(question));
        assert_eq!(slow.desk.ask(&question, now), Answer::Open);
        slow.answered(now).await;
        assert!(slow.desk.known.len() <= 4);
    }
    let now = start + Duration::from_millis(9);
    assert_eq!(slow.desk.ask(&8, now), Answer::Known(16), "the newest stays");
}
