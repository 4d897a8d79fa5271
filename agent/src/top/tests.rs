//! What a person sees, and what keys do.

use std::collections::BTreeMap;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use umbra_catalog::Kind;
use umbra_report::{Caller, Evidence, Judged, Program, User, Verdict};

use super::model::{Model, Next, Over};
use super::{keys, once, view};
use crate::live::{Delivery, Policy, Seen, Used, Word};

const LOOKS: view::Looks = view::Looks { colours: true };

fn used(id: u64, vendor: &str, program: &str, user: &str, bytes_out: u64) -> Used {
    Used {
        id,
        caller: Caller {
            user: User {
                uid: 1000,
                name: Some(user.to_owned()),
                ..User::default()
            },
            program: Program {
                name: program.to_owned(),
                exe: Some("/usr/bin/python3.11".to_owned()),
                ..Program::default()
            },
            container: None,
            unit: None,
        },
        origin: None,
        pid: 4711,
        vendor: vendor.to_owned(),
        service: format!("{vendor} API"),
        kind: Kind::Api,
        names: vec![Seen {
            name: format!("api.{}.com", vendor.to_lowercase()),
            evidence: Evidence::TlsSni,
        }],
        open: 1,
        flows: id,
        bytes_out,
        bytes_in: 10 * bytes_out,
        first_seen: "2026-03-01T12:00:00Z".parse().unwrap(),
        last_seen: "2026-03-01T12:00:30Z".parse().unwrap(),
        verdict: None,
    }
}

/// As a collector has judged it: the first row sanctioned, the second not decided, the third not asked about yet.
fn judged() -> Word {
    let mut word = word();
    word.policy = Some(Policy {
        version: 3,
        time: "2026-03-01T12:00:59Z".parse().unwrap(),
    });
    word.used[0].verdict = Some(Judged {
        verdict: Verdict::Sanctioned,
        sanction: Some("bots".to_owned()),
    });
    word.used[1].verdict = Some(Judged {
        verdict: Verdict::Unreviewed,
        sanction: None,
    });
    word
}

fn word() -> Word {
    Word {
        time: "2026-03-01T12:01:00Z".parse().unwrap(),
        version: "1.2.3".to_owned(),
        host: "web-1".to_owned(),
        started: "2026-03-01T11:00:00Z".parse().unwrap(),
        used: vec![
            used(1, "OpenAI", "python3 ~/bot.py", "ann", 1_234),
            used(2, "Anthropic", "node ~/.npm/claude", "bob", 9_000_000),
            used(3, "OpenAI", "/usr/bin/curl", "ann", 5_000),
        ],
        forgotten: 0,
        losses: BTreeMap::new(),
        delivery: Delivery::default(),
        policy: None,
        no_verdicts: None,
    }
}

fn model() -> Model {
    let mut model = Model::new();
    model.hear(word());
    model
}

fn screen(model: &mut Model, width: u16, height: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| view::draw(frame, model, LOOKS)).unwrap();
    let buffer = terminal.backend().buffer();
    (0..height)
        .map(|row| {
            let line: String = (0..width).map(|column| buffer[(column, row)].symbol()).collect();
            line.trim_end().to_owned()
        })
        .collect()
}

fn press(model: &mut Model, keys: &[KeyCode]) -> Next {
    keys.iter()
        .map(|key| keys::take(model, &Event::Key(KeyEvent::new(*key, KeyModifiers::NONE))))
        .last()
        .unwrap()
}

fn letters(text: &str) -> Vec<KeyCode> {
    text.chars().map(KeyCode::Char).collect()
}

#[test]
fn at_80_columns_callers_stand_below_their_vendors() {
    let screen = screen(&mut model(), 80, 24);
    let expected = [
        "web-1  12:01:00Z  sums since 2026-03-01 11:00:00Z (1 h)",
        "3 open of 6 flows  9.0 MB out  90.1 MB in  0 B/s out",
        "lost: nothing",
        "collector: none; this host is watched by itself",
        "PROGRAM                  USER      OPEN  FLOWS     OUTv       IN    OUT/s   LAST",
        "Anthropic                1 row        1      2   9.0 MB  90.0 MB            30 s",
        "  node ~/.npm/claude     bob          1      2   9.0 MB  90.0 MB            30 s",
        "OpenAI                   2 rows       2      4   6.2 kB  62.3 kB            30 s",
        "  /usr/bin/curl          ann          1      3   5.0 kB  50.0 kB            30 s",
        "  python3 ~/bot.py       ann          1      1   1.2 kB  12.3 kB            30 s",
    ];
    assert_eq!(&screen[..10], expected, "{screen:#?}");
    assert!(screen[23].starts_with("Enter details"), "{screen:#?}");
}

#[test]
fn verdicts_show_once_a_collector_says_them() {
    let mut model = Model::new();
    model.hear(judged());
    let shown = screen(&mut model, 80, 24);
    let expected = [
        "PROGRAM                USER      VERDICT    OPEN  FLOWS     OUTv    OUT/s   LAST",
        "Anthropic              1 row                   1      2   9.0 MB            30 s",
        "  node ~/.npm/claude   bob       unreviewed    1      2   9.0 MB            30 s",
        "OpenAI                 2 rows                  2      4   6.2 kB            30 s",
        "  /usr/bin/curl        ann                     1      3   5.0 kB            30 s",
        "  python3 ~/bot.py     ann       sanctioned    1      1   1.2 kB            30 s",
    ];
    assert_eq!(&shown[4..10], expected, "{shown:#?}");
    assert!(
        screen(&mut model, 100, 24)[4].contains(" IN "),
        "there is room for it"
    );
    assert!(!screen(&mut model, 60, 24)[4].contains("OUT/s"), "there is none");

    // By vendor no longer, and by verdict, the strictest first.
    press(
        &mut model,
        &[KeyCode::Char('v'), KeyCode::Left, KeyCode::Left, KeyCode::Left],
    );
    let order = |model: &Model| model.rows().into_iter().map(|used| used.id).collect::<Vec<_>>();
    assert_eq!(order(&model), [2, 1, 3]);
    press(&mut model, &letters("/sanctioned"));
    assert_eq!(order(&model), [1]);
    press(&mut model, &[KeyCode::Enter, KeyCode::Enter]);
    let details = screen(&mut model, 80, 24);
    assert!(
        details[6].contains("sanctioned by bots (policy version 3, asked at 12:00:59Z)"),
        "{details:#?}"
    );
    let table = once::table(&judged());
    assert!(
        table.contains("VERDICT") && table.contains("sanctioned"),
        "{table}"
    );
}

#[test]
fn a_verdict_that_is_not_known_says_why() {
    let mut word = word();
    let details = |word: &Word| {
        let mut model = Model::new();
        model.hear(word.clone());
        press(&mut model, &[KeyCode::Enter]);
        screen(&mut model, 120, 24).join("\n")
    };
    assert!(details(&word).contains("not known: no collector has answered"));
    word.no_verdicts = Some("connection refused".to_owned());
    assert!(details(&word).contains("not known: connection refused"));
    assert!(once::table(&word).contains("no verdicts: connection refused\n"));
    assert!(!once::table(&word).contains("VERDICT"));
}

#[test]
fn keys_sort_filter_and_open_details() {
    let mut model = model();
    // By the users' names, then the other way round.
    press(
        &mut model,
        &[KeyCode::Char('v'), KeyCode::Left, KeyCode::Left, KeyCode::Left],
    );
    let users = |model: &Model| -> Vec<String> { model.rows().into_iter().map(super::model::user).collect() };
    assert_eq!(users(&model), ["ann", "ann", "bob"]);
    press(&mut model, &letters("r"));
    assert_eq!(users(&model), ["bob", "ann", "ann"]);

    press(&mut model, &letters("/CURL"));
    assert_eq!(model.rows().len(), 1, "while it is typed");
    assert!(screen(&mut model, 80, 24)[23].contains("CURL"));
    // A letter that is a command else is only a letter.
    press(&mut model, &letters("q"));
    assert_eq!(model.rows().len(), 0);
    assert!(
        screen(&mut model, 80, 24)
            .iter()
            .any(|line| line == "no row has this text")
    );
    press(&mut model, &[KeyCode::Backspace, KeyCode::Enter]);
    assert!(
        screen(&mut model, 80, 24)
            .iter()
            .any(|line| line.contains("rows with \"CURL\" alone"))
    );
    press(&mut model, &[KeyCode::Enter]);
    assert_eq!(model.over, Over::Detail);
    let details = screen(&mut model, 80, 24).join("\n");
    for text in [
        "OpenAI API (api)",
        "/usr/bin/python3.11",
        "ann (1000)",
        "api.openai.com (by tls_sni)",
    ] {
        assert!(details.contains(text), "{text} is not in\n{details}");
    }
    press(&mut model, &[KeyCode::Esc, KeyCode::Esc]);
    assert_eq!((model.over, model.rows().len()), (Over::Nothing, 3));
    assert_eq!(press(&mut model, &letters("?")), Next::GoOn);
    assert!(
        screen(&mut model, 80, 24)
            .join("\n")
            .contains("sort by the column beside")
    );
    assert_eq!(press(&mut model, &letters("q")), Next::End);
}

#[test]
fn rates_are_of_the_last_word_and_a_pause_stands_still() {
    let mut model = model();
    let mut later = word();
    later.time = "2026-03-01T12:01:02Z".parse().unwrap();
    later.used[0].bytes_out += 4_000;
    model.hear(later.clone());
    let line = |model: &mut Model| {
        let screen = screen(model, 80, 24);
        screen.into_iter().find(|line| line.contains("bot.py")).unwrap()
    };
    assert!(line(&mut model).contains("2.0 kB"), "{}", line(&mut model));
    press(&mut model, &letters(" "));
    later.used[0].bytes_out = 77_000_000;
    model.hear(later.clone());
    assert!(!line(&mut model).contains("77.0 MB"), "paused");
    press(&mut model, &letters(" "));
    // An agent that was started anew counts from nothing.
    later.started = "2026-03-01T12:01:01Z".parse().unwrap();
    later.used[0].bytes_out = 1;
    model.hear(later);
    assert!(line(&mut model).contains("1 B"), "{}", line(&mut model));
}

#[test]
fn the_selected_row_stays_in_sight_and_selected() {
    let mut model = Model::new();
    let mut many = word();
    many.used = (0..200)
        .map(|id| used(id, "OpenAI", &format!("script-{id:03}"), "ann", 1_000 - id))
        .collect();
    model.hear(many.clone());
    press(&mut model, &[KeyCode::PageDown; 8]);
    let chosen = model.chosen().unwrap().caller.program.name.clone();
    assert!(screen(&mut model, 80, 24).join("\n").contains(&chosen));
    // It is first now.
    let place = many
        .used
        .iter()
        .position(|used| used.caller.program.name == chosen)
        .unwrap();
    many.used[place].bytes_out = 1_000_000;
    model.hear(many);
    assert_eq!(model.chosen().unwrap().caller.program.name, chosen);
    assert!(screen(&mut model, 80, 24).join("\n").contains(&chosen));
    press(&mut model, &[KeyCode::End]);
    assert!(screen(&mut model, 80, 24).join("\n").contains("script-199"));
    press(&mut model, &[KeyCode::Home, KeyCode::Up]);
    assert!(screen(&mut model, 80, 24).join("\n").contains(&chosen));
}

#[test]
fn losses_and_a_collector_that_is_away_are_said_first() {
    let mut model = Model::new();
    let mut word = word();
    word.losses = BTreeMap::from([("spool_full".to_owned(), 3), ("process_unknown".to_owned(), 12)]);
    word.delivery.waiting = 7;
    word.delivery.last_trouble = Some(umbra_report::Trouble {
        time: word.time,
        error: "connection refused".to_owned(),
    });
    model.hear(word);
    model.lose("it has stopped".to_owned());
    let screen = screen(&mut model, 80, 24);
    assert_eq!(screen[2], "lost: 12 process_unknown, 3 spool_full");
    assert_eq!(
        screen[3],
        "collector: 7 records wait; at 12:01:00Z: connection refused"
    );
    assert!(
        screen[4].contains("the agent is not heard: it has stopped"),
        "{}",
        screen[4]
    );
}

#[test]
fn no_name_steers_the_terminal() {
    let mut model = Model::new();
    let mut word = word();
    word.host = "web\u{1b}[2J".to_owned();
    word.used[0].caller.program.name = "evil\u{1b}]0;owned\u{7}\nline".to_owned();
    word.used[0].caller.user.name = Some("a\u{1b}c".to_owned());
    model.hear(word.clone());
    press(&mut model, &letters("/evil"));
    press(&mut model, &[KeyCode::Enter, KeyCode::Enter]);
    for over in [Over::Detail, Over::Nothing] {
        model.over = over;
        let screen = screen(&mut model, 120, 30).join("");
        assert!(!screen.contains(char::is_control), "{screen:?}");
    }
    assert!(!once::table(&word).replace('\n', "").contains(char::is_control));
}

#[test]
fn any_size_is_drawn() {
    let mut model = model();
    for over in [Over::Nothing, Over::Detail, Over::Help] {
        model.over = over;
        model.step(1);
        for (width, height) in [(1, 1), (39, 7), (40, 8), (60, 10), (200, 60), (80, 9)] {
            screen(&mut model, width, height);
        }
    }
    assert_eq!(screen(&mut model, 20, 2)[0], "40 x 8 letters are n");
}

#[test]
fn once_is_a_table_that_cuts_nothing_off() {
    let mut word = word();
    let long = format!("python3 ~/{}/bot.py", "deep/".repeat(20));
    word.used[0].caller.program.name.clone_from(&long);
    word.losses = BTreeMap::from([("spool_full".to_owned(), 3)]);
    let table = once::table(&word);
    assert!(table.contains(&long), "{table}");
    assert!(table.lines().next().unwrap().starts_with("PROGRAM"), "{table}");
    assert!(table.ends_with("lost: 3 spool_full\n"), "{table}");
}
