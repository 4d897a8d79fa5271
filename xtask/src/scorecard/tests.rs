use super::page;
use super::played::{Run, Verdict};
use super::table;
use super::tally::{Share, Tally};

const HEAD: &str = r#"{"observer":"umbra-agent 0.1.0","kernel":"6.1","trials":2}
{"scenario":"curl","group":"client","what":"OpenSSL over TCP","expected":null}
{"scenario":"starttls","group":"blind_spot","what":"TLS in SMTP","expected":"not read"}
"#;

fn played(id: &str, flows: &[&str]) -> String {
    let flows: Vec<_> = flows.iter().map(|flow| self::flow(flow)).collect();
    format!(
        "{{\"played\":\"{id}\",\"trial\":1,\"outcome\":{{\"flows\":[{}],\"surplus\":1}}}}\n",
        flows.join(",")
    )
}

/// One letter for each thing: p, h (half) or f.
fn flow(verdicts: &str) -> String {
    let words = verdicts.chars().map(|letter| match letter {
        'p' => "pass",
        'h' => "partial",
        _ => "fail",
    });
    let things = super::played::DIMENSIONS.iter().zip(words);
    let things: Vec<_> = things
        .map(|(thing, word)| format!("\"{thing}\":\"{word}\""))
        .collect();
    format!("{{{},\"notes\":[\"user: Some(1) for 0\"]}}", things.join(","))
}

/// Two trials of each.
fn run(curl: [&[&str]; 2], starttls: [&[&str]; 2]) -> Run {
    let mut text = HEAD.to_owned();
    for trial in 0..2 {
        text += &played("curl", curl[trial]);
        text += &played("starttls", starttls[trial]);
    }
    Run::read(&text).expect("a whole run")
}

#[test]
fn a_cell_shows_the_worst_and_how_often_it_was() {
    let run = run([&["ppppp", "phppp"], &["ppppp"]], [&["fffff"], &["fffff"]]);
    let text = table::of(&run);
    let line = |name: &str| {
        let line = text.lines().find(|line| line.trim_start().starts_with(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in\n{text}"));
        let cells = line.as_bytes()[20..].chunks(12);
        let cells = cells.map(|cell| str::from_utf8(cell).expect("ASCII").trim());
        [line[..20].trim()].into_iter().chain(cells).collect::<Vec<_>>()
    };
    assert_eq!(
        line("curl"),
        ["curl", "pass", "partial 1/2", "pass", "pass", "pass"]
    );
    assert_eq!(
        line("starttls"),
        ["starttls *", "FAIL", "FAIL", "FAIL", "FAIL", "FAIL"]
    );
    assert_eq!(line("all"), ["all", "50.0%", "25.0%", "50.0%", "50.0%", "50.0%"]);
    assert_eq!(
        line("without *"),
        ["without *", "100.0%", "50.0%", "100.0%", "100.0%", "100.0%"]
    );
    assert!(
        text.contains("flows told by name") && text.contains("60.0% (3 of 5)"),
        "{text}"
    );
    assert!(text.contains("curl: user: Some(1) for 0"), "{text}");
    assert!(
        !text.contains("starttls: user"),
        "expected shortfalls are no news\n{text}"
    );
}

#[test]
fn the_table_has_80_columns() {
    let run = run([&["ppppp"], &["hhhhh"]], [&["fffff"], &["hhhhh"]]);
    let text = table::of(&run);
    assert!(text.contains("partial 1/2"), "{text}");
    for line in text.lines() {
        assert!(line.len() <= 80, "{line}");
    }
}

#[test]
fn a_play_is_right_when_all_its_flows_are() {
    let run = run([&["ppppp", "fpppp"], &["pfppp"]], [&["fffff"], &["ppppp"]]);
    let tally = Tally::of(&run.scenarios);
    assert_eq!(tally.plays[0], Share { part: 2, of: 4 });
    assert_eq!(tally.attributed, Share { part: 2, of: 4 });
    assert_eq!(tally.flows, Share { part: 3, of: 5 });
    assert_eq!(tally.surplus, 4);
    assert_eq!(run.scenarios[0].worst(0), [Verdict::Fail, Verdict::Pass]);
}

#[test]
fn a_share_is_rounded_down_and_of_nothing_there_is_none() {
    let percent = |part, of| Share { part, of }.percent();
    assert_eq!(percent(1999, 2000), "99.9%");
    assert_eq!(percent(2, 3), "66.6%");
    assert_eq!(percent(5, 5), "100.0%");
    assert_eq!(percent(0, 0), "-");
}

#[test]
fn what_was_not_run_is_shown_and_counts_nowhere() {
    let mut text = HEAD.to_owned();
    for _ in 0..2 {
        text += "{\"played\":\"curl\",\"trial\":1,\"not_run\":\"curl is not installed\"}\n";
        text += &played("starttls", &["ppppp"]);
    }
    let run = Run::read(&text).expect("a whole run");
    assert!(table::of(&run).contains("not run: curl is not installed"));
    assert_eq!(Tally::of(&run.scenarios).plays[0], Share { part: 2, of: 2 });
}

#[test]
fn what_is_broken_is_an_error_and_no_zero() {
    let broken = |text: String| format!("{:#}", Run::read(&text).expect_err("it is broken"));
    let whole = played("curl", &["ppppp"]) + &played("starttls", &["ppppp"]);
    assert!(broken(String::new()).contains("printed nothing"));
    assert!(broken(HEAD.to_owned() + &whole).contains("curl was played 1 times instead of 2"));
    assert!(broken(HEAD.to_owned() + &played("curl", &[])).contains("curl caused no flow"));
    assert!(
        broken(HEAD.to_owned() + &played("wget", &["ppppp"])).contains("wget was played and not announced")
    );
    assert!(
        broken(HEAD.to_owned() + &whole.replace("\"pass\"", "\"good\"")).contains("no verdict on the name")
    );
    assert!(broken(HEAD.to_owned() + "panicked").contains("no JSON"));
    assert!(broken(HEAD.lines().next().unwrap_or_default().to_owned()).contains("no scenario was played"));
}

#[test]
fn the_page_keeps_all_but_its_own_result() {
    let run = run([&["ppppp"], &["ppppp"]], [&["fffff"], &["fffff"]]);
    let mark = |what: &str| {
        format!("<!-- {what}: written by `cargo xtask scorecard --write` -->\nold\n<!-- /{what} -->\n")
    };
    let before = format!(
        "# Words\n{}between\n{}{}end\n",
        mark("umbra"),
        mark("tshark"),
        mark("scenarios")
    );
    let page = page::with(&before, "umbra", &run, "new\n").expect("a page with marks");
    assert!(page.starts_with("# Words\n") && page.ends_with("end\n"), "{page}");
    assert!(
        page.contains("```text\nnew\n```") && page.contains("between"),
        "{page}"
    );
    assert!(page.contains("| `starttls` | TLS in SMTP | not read |"), "{page}");
    assert!(page.contains(&mark("tshark")), "a peer's result stays\n{page}");
    let again = page::with(&page, "umbra", &run, "new\n").expect("a page with marks");
    assert_eq!(page, again);
    assert!(page::with("# Words\n", "umbra", &run, "new\n").is_err());
}

#[test]
fn the_published_page_has_a_place_for_each_observer() {
    let page = include_str!("../../../docs/SCORECARD.md");
    let run = run([&["ppppp"], &["ppppp"]], [&["fffff"], &["fffff"]]);
    for observer in ["umbra", "tshark", "suricata"] {
        page::with(page, observer, &run, "new\n").unwrap_or_else(|error| panic!("{observer}: {error:#}"));
    }
}
