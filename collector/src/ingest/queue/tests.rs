use axum::body::Body;
use axum::http::StatusCode;

use super::*;

#[test]
fn an_agent_has_its_places_and_leaves_those_of_others() {
    let queue = Queue::new(Limits::default());
    let first = queue.place("a").expect("the first");
    let _second = queue.place("a").expect("the second");
    let refusal = queue.place("a").expect_err("there are two");
    assert_eq!(refusal.status(), StatusCode::TOO_MANY_REQUESTS);
    let other = queue.place("b").expect("another agent");
    drop(first);
    let _third = queue.place("a").expect("a place that became free");
    drop(other);
    let agents = queue.agents.lock().expect("a lock");
    assert_eq!(
        agents.keys().collect::<Vec<_>>(),
        ["a"],
        "who has none is forgotten"
    );
}

#[test]
fn the_room_that_a_body_takes_is_what_it_says_or_all_that_it_may() {
    let room = |body: Body| room_of(&Request::new(body), 4096);
    assert_eq!(room(Body::empty()), 1);
    assert_eq!(room(Body::from("x".repeat(1023))), 1);
    assert_eq!(room(Body::from("x".repeat(1024))), 2);
    assert_eq!(room(Body::from("x".repeat(100_000))), 5, "more is not read");
    let unknown = Body::from_stream(tokio_stream::once(Ok::<_, std::io::Error>("x")));
    assert_eq!(room(unknown), 5, "without a length it may be as long as any");
}

#[test]
fn bodies_have_room_until_it_is_full() {
    let queue = Queue::new(Limits {
        memory: 4 << 10,
        ..Limits::default()
    });
    let first = queue.room(3).expect("there is room");
    let refusal = queue.room(2).expect_err("there is room for one");
    assert_eq!(refusal.status(), StatusCode::SERVICE_UNAVAILABLE);
    drop(first);
    let _all = queue.room(4).expect("all of it");
}
